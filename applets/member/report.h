// SPDX-License-Identifier: MIT
#ifndef XL_MEMBER_REPORT_H
#define XL_MEMBER_REPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "applets/member/peers.h"
#include "applets/show.h"
#include "core/doc/roster.h"

/*
 * What the daemon says of its cluster, as `status` shows it.  A report is
 * about 100 KiB: never on the stack.
 */

struct report {
	struct roster roster; /* without keys and attributes */
	unsigned up;
	bool quorum;
	/* Of roster.members, in that order; since counts from 1970. */
	struct peer_status status[ROSTER_MEMBERS_MAX];
};

/*
 * Takes one line of the daemon's answer (applets/member/control.h); the line
 * is written over.  ERR_PROTOCOL.
 */
enum err
report_take(struct report *r, char *line);

/* Writes it; not for SHOW_DAT.  Errors are left to ferror(3). */
void
report_show(FILE *out, enum show_format format, const struct report *r);

#endif
