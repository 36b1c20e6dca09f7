// SPDX-License-Identifier: MIT
#ifndef XL_RUN_LOOP_H
#define XL_RUN_LOOP_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/err.h"

/*
 * One poll(2) loop a process: descriptors, deadlines, and signals.  Nothing is
 * allocated after loop_init.
 */

#define LOOP_NEVER INT64_MAX

/*
 * A descriptor, what is waited for, and a deadline; the owner changes fd,
 * events and deadline as it likes.  fd -1 is a timer alone.
 */
struct loop_watch {
	int fd;
	short events;     /* POLLIN, POLLOUT; 0: only the deadline */
	int64_t deadline; /* of loop_now, or LOOP_NEVER */
	/*
	 * Called with what poll reported (POLLERR and POLLHUP too), or with 0
	 * when the deadline has passed.  May add and remove any watch.
	 */
	void (*ready)(struct loop_watch *watch, short revents);
	size_t slot, poll; /* the loop's own */
};

struct loop {
	struct loop_watch **watches;
	struct pollfd *polls; /* of those with a descriptor */
	size_t len, cap, polls_len;
	int64_t hear_at; /* when signals are looked for that nothing told of */
};

/* Makes room for cap watches.  ERR_SYSTEM. */
enum err
loop_init(struct loop *loop, size_t cap);

void
loop_free(struct loop *loop);

/* Starts to look after watch, which the caller keeps.  ERR_BUSY when full. */
enum err
loop_add(struct loop *loop, struct loop_watch *watch);

/* Stops looking after it; nothing happens if it was not there. */
void
loop_remove(struct loop *loop, struct loop_watch *watch);

/*
 * Waits until something is ready, a deadline passes or a signal came, and
 * calls ready for each.  ERR_SYSTEM.
 */
enum err
loop_turn(struct loop *loop);

/* Milliseconds of the monotonic clock. */
int64_t
loop_now(void);

/*
 * From now on signo ends a loop_turn early instead of the process and is
 * remembered for loop_signalled.  ERR_SYSTEM.
 */
enum err
loop_catch(int signo);

/* Whether signo came since it was last asked. */
bool
loop_signalled(int signo);

#endif
