// SPDX-License-Identifier: MIT
#ifndef XL_MEMBER_ASK_H
#define XL_MEMBER_ASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "applets/member/control.h"

/*
 * A script's end of the control socket: one request, and lines that come back
 * (applets/member/control.h).  Says what goes wrong.
 */

#define ASK_MS 10000 /* what a daemon that is well needs at the most */

struct ask {
	const char *folder;    /* of the daemon */
	int64_t deadline;      /* of loop_now, or LOOP_NEVER */
	const char *waits_for; /* what takes so long; NULL: the daemon */
	/* Dies by SIGPIPE as soon as nobody reads standard output any more. */
	bool for_reader;
	bool patient; /* until the deadline there need not be a daemon */
	int status;   /* how it went, when there are no more lines */
	bool lost;    /* there might have been more of them */
	int fd;
	char line[CONTROL_LINE_MAX + 1];
};

/*
 * Asks; what stands before status is set.  False: there is no daemon,
 * it was said, and status is the exit status.
 */
bool
ask_open(struct ask *a, const void *request, size_t len);

/*
 * The next line, until the next call.  NULL: that was all.  status is then 0
 * when the answer was whole; else why is said.
 */
char *
ask_line(struct ask *a);

#endif
