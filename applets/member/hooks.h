// SPDX-License-Identifier: MIT
#ifndef XL_MEMBER_HOOKS_H
#define XL_MEMBER_HOOKS_H

#include <stdbool.h>

#include "applets/member/event.h"
#include "applets/member/hookexec.h"
#include "applets/member/hookrun.h"
#include "applets/member/mailbox.h"
#include "applets/member/pending.h"
#include "core/base/err.h"
#include "core/run/loop.h"

/*
 * Commands that are told of events, in order and one at a time: messages in a
 * queue of their own, so that those who are slow to handle them delay nothing
 * else.  Both queues are bounded (pending.h, mailbox.h).
 */

#define HOOKS_WATCHES (2 * HOOKRUN_WATCHES) /* in the loop */

/* What one queue is about. */
struct hooks_lane {
	struct hookrun run;
	struct hooks *hooks;
	bool messages;
	bool telling; /* event, to the command and to those in the folder */
	bool told_command;
	char file[HOOKDIR_NAME_MAX]; /* that was told last, or "" */
	struct event event;
};

struct hooks {
	const struct hooks_config *config;
	bool stopped;
	struct hooks_lane states, messages;
	struct pending pending;
	struct mailbox mailbox;
};

/*
 * Makes all that is needed; config outlives it.  The loop needs HOOKS_WATCHES
 * more, and SIGCHLD caught.  ERR_SYSTEM; ERR_BUSY: the loop is full.
 */
enum err
hooks_init(struct hooks *hooks, const struct hooks_config *config,
	   struct loop *loop);

/*
 * Tells the commands of event, at once or when they have been told what is
 * before.  All but messages always find room.  Of a message: ERR_BUSY: there
 * is none now; ERR_REFUSED: there is no command.
 */
enum err
hooks_tell(struct hooks *hooks, const struct event *event);

/* After SIGCHLD. */
void
hooks_reap(struct hooks *hooks);

/* Whether a command runs or waits. */
bool
hooks_busy(const struct hooks *hooks);

/*
 * Forgets what waits, kills what runs and tells no more: for the end.  Until
 * what runs is gone and reaped, hooks_busy holds.
 */
void
hooks_kill(struct hooks *hooks);

#endif
