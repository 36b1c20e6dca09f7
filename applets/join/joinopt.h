// SPDX-License-Identifier: MIT
#ifndef XL_JOIN_JOINOPT_H
#define XL_JOIN_JOINOPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "applets/applet.h"
#include "applets/join/enroll.h"
#include "applets/show.h"
#include "core/ident/endpoint.h"

/* The options of xl-join: what is wanted of this run. */

struct joinopt {
	enum enroll_job job;
	const char *registry, *folder, *cluster, *name; /* NULL: not given */
	size_t ends_len;
	struct endpoint ends[ENDPOINTS_MAX];
	unsigned size;     /* 0: not given */
	unsigned bits;     /* of new keys */
	unsigned min_bits; /* of all keys that there are */
	unsigned wait;     /* seconds */
	enum show_format format;
	enum dialect dialect;
	bool verbose, quiet;
};

extern const char joinopt_table[];

/*
 * Whether it is a look at one's own cluster for a new cluster.dat: only with
 * what the folder has, and without a trace in the registry or the folder.
 */
static inline bool
joinopt_is_look(const struct joinopt *o)
{
	return o->job == ENROLL_LIST && o->format == SHOW_DAT;
}

#define JOINOPT_GO_ON -1

/*
 * Reads the command line into o, which is zero.  Returns JOINOPT_GO_ON, or the
 * exit status when there is nothing to do or the usage was wrong, which has
 * been said.
 */
int
joinopt_parse(struct joinopt *o, int argc, char **argv);

/*
 * Whether a node may have that many end points: 1 or 2 to create a cluster,
 * none only if it does not join.  Returns 0, or an exit status after saying
 * why not.
 */
int
joinopt_check_ends(const struct joinopt *o, size_t len);

/* Says a usage error and returns its status. */
#define joinopt_wrong(...) opt_wrong(&join_applet.page, __VA_ARGS__)

#endif
