// SPDX-License-Identifier: MIT
#ifndef XL_SHOW_H
#define XL_SHOW_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/*
 * Clusters and their members in the forms that --format offers: an aligned
 * table for people, lines that a shell evaluates, one JSON object, lines for
 * /etc/hosts, a file as nodes keep it.  Every value is quoted as its form
 * needs, whatever bytes it has.
 */

struct member;
struct roster;

enum show_format {
	SHOW_TEXT,
	SHOW_JSON,
	SHOW_ENV,
	SHOW_HOSTS,
	SHOW_DAT,        /* of a cluster as it is stored alone */
	SHOW_PROMETHEUS, /* of a running cluster alone */
};

/* Finds a format by its name.  False if there is none. */
bool
show_find(enum show_format *format, const char *name);

/*
 * Writes a cluster and its members.  An endpoint_count of 0 is one that is
 * not known.  Errors are left to ferror(3).  Not for SHOW_PROMETHEUS.
 */
void
show_roster(FILE *out, enum show_format format, const struct roster *roster);

/*
 * Writes the lines of SHOW_HOSTS; bit N of down adds a remark to those of the
 * member with index N.
 */
void
show_hosts(FILE *out, const struct roster *roster, uint64_t down);

/* Writes one node: its name, ID and end points. */
void
show_node(FILE *out, enum show_format format, const struct member *node);

#endif
