// SPDX-License-Identifier: MIT
#ifndef XL_JOIN_SHOW_H
#define XL_JOIN_SHOW_H

#include <stdbool.h>
#include <stdio.h>

/*
 * What xl-join found out, in the forms that --format offers: an aligned table
 * for people, lines that a shell evaluates, one JSON object, lines for
 * /etc/hosts.  Every value is quoted as its form needs, whatever bytes it
 * has.
 */

struct member;
struct roster;

enum show_format {
	SHOW_TEXT,
	SHOW_JSON,
	SHOW_ENV,
	SHOW_HOSTS,
};

/* Finds a format by its name.  False if there is none. */
bool
show_find(enum show_format *format, const char *name);

/*
 * Writes a cluster and its members.  An endpoint_count of 0 is one that is
 * not known.  Errors are left to ferror(3).
 */
void
show_roster(FILE *out, enum show_format format, const struct roster *roster);

/* Writes one node: its name, ID and end points. */
void
show_node(FILE *out, enum show_format format, const struct member *node);

#endif
