// SPDX-License-Identifier: MIT
#ifndef XL_MEMBER_LOOK_H
#define XL_MEMBER_LOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/base/err.h"
#include "core/run/loop.h"

/*
 * A look at the registry: xl-join in a child process, because it blocks and
 * takes the node's keys.  `xl-join --list --format dat` holds the registry to
 * what cluster.dat says; what it prints is collected here.
 */

#define LOOK_REASON_MAX 256

/* How it went. */
struct look_result {
	int status;       /* xl-join's exit status, 75 when time was up, or
			     128 + N for signal N */
	const char *text; /* a cluster.dat, with status 0 */
	size_t len;
	char reason[LOOK_REASON_MAX]; /* else */
};

/* The owner's struct; the fields are look.c's own but for the first three. */
struct look {
	struct loop *loop;
	int64_t limit_ms;
	/* It is over: result is gone when this returns. */
	void (*done)(struct look *l, const struct look_result *result);
	struct loop_watch watch; /* the pipe, and the time limit */
	pid_t pid;               /* -1: has been reaped */
	int errors;              /* the child's standard error, or -1 */
	int status;              /* of waitpid(2) */
	bool over;               /* all it had to say has been read */
	const char *problem;     /* why it was ended, or NULL */
	char *text;              /* mapped while it is under way, else NULL */
	size_t len;
};

/* The first three fields are set. */
void
look_init(struct look *l);

/*
 * Begins one, with xl-join's options -r, -d and -c, and --insecure-test-key
 * if min_bits asks for it; none is under way.  ERR_SYSTEM (errno), ERR_BUSY
 * when the loop is full.
 */
enum err
look_start(struct look *l, const char *registry, const char *folder,
	   const char *cluster, unsigned min_bits);

/* Whether one is under way. */
bool
look_is_on(const struct look *l);

/* After SIGCHLD: takes note if the child has ended. */
void
look_reap(struct look *l);

/* Ends one that is under way; done is not called. */
void
look_stop(struct look *l);

#endif
