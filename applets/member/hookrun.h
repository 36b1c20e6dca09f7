// SPDX-License-Identifier: MIT
#ifndef XL_MEMBER_HOOKRUN_H
#define XL_MEMBER_HOOKRUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "applets/member/hookdir.h"
#include "applets/member/hookexec.h"
#include "applets/member/hookout.h"
#include "core/base/err.h"
#include "core/run/loop.h"

struct mailbox;

/*
 * One command at a time, from its start until it has ended and nobody holds
 * its output any more, or until its time is over; then it and all of its
 * process group are killed.
 */

#define HOOKRUN_LABEL_MAX (HOOKDIR_NAME_MAX + 40)
#define HOOKRUN_WATCHES 2

struct hookrun {
	struct loop_watch in;  /* its input; the deadline is its time limit */
	struct loop_watch out; /* its output; a deadline to go on reading */
	struct hookexec what;
	const struct mailbox *input; /* the first message, or NULL */
	size_t fed;                  /* bytes of it that were written */
	void (*ended)(struct hookrun *run);
	pid_t pid;          /* 0: none */
	bool late;          /* it could not be started at once */
	bool exited;        /* but is not reaped, so that the number is its */
	const char *killed; /* why, or NULL */
	struct hookout output;
	char label[HOOKRUN_LABEL_MAX];
};

/* A run that is none yet.  ended may begin the next.  ERR_BUSY. */
enum err
hookrun_init(struct hookrun *run, struct loop *loop,
	     void (*ended)(struct hookrun *run));

/*
 * Starts what, which the run keeps a copy of, with the first message of input
 * if that is not NULL.  Where processes or descriptors are short it goes on
 * trying.
 */
void
hookrun_begin(struct hookrun *run, const struct hookexec *what,
	      const struct mailbox *input);

/* After SIGCHLD. */
void
hookrun_reap(struct hookrun *run);

/* Kills it, for the reason why; ended is called when it is gone. */
void
hookrun_kill(struct hookrun *run, const char *why);

#endif
