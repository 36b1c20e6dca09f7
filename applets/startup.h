// SPDX-License-Identifier: MIT
#ifndef XL_STARTUP_H
#define XL_STARTUP_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/err.h"
#include "core/base/log.h"

/*
 * What daemons have in common when they start, some of it with clients that
 * stay; each says what goes wrong and returns an exit status, 0 when all is
 * well.
 */

struct identity_fault;
struct rng;

/* The ready descriptor (-1: none), and limits of files. */
int
startup_prepare(int ready_fd);

/*
 * The same for a daemon, and its log; process 1 stays behind.  Until
 * startup_finish SIGTERM and SIGINT end the process at once, with 0, and SIGHUP
 * is kept for the loop.
 */
int
startup_begin(enum log_level most, bool to_syslog, int ready_fd);

/* Random numbers; says so when it has to wait for them. */
int
startup_rng(struct rng *rng);

/*
 * Takes folder, which is there, for this process alone; waits a little for
 * another one to be gone.
 */
int
startup_lock(const char *folder);

/* Says why the identity in folder is no good and returns the status. */
int
startup_say_identity(enum err e, const char *folder,
		     const struct identity_fault *fault);

/*
 * As many descriptors as sessions, whatever they are called, need.  Returns for
 * how many of them there are enough.
 */
size_t
startup_raise_limit(size_t sessions);

/*
 * The start is over: what is said goes to the log from now on, and signals to
 * the loop.
 */
int
startup_finish(void);

/* Whether SIGTERM or SIGINT came since it was last asked. */
bool
startup_told_to_stop(void);

/* Tells that name is ready. */
int
startup_tell_ready(const char *name, int ready_fd);

#endif
