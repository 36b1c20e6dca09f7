// SPDX-License-Identifier: MIT
#ifndef XL_JOIN_JOINOPT_H
#define XL_JOIN_JOINOPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "applets/applet.h"
#include "applets/join/enroll.h"
#include "applets/join/show.h"
#include "core/ident/endpoint.h"

/* The options of xl-join: what is wanted of this run. */

struct joinopt {
	enum enroll_job job;
	const char *registry, *folder, *cluster, *name; /* NULL: not given */
	size_t ends_len;
	struct endpoint ends[ENDPOINTS_MAX];
	unsigned size; /* 0: not given */
	unsigned bits; /* of new keys */
	int64_t wait_ms;
	enum show_format format;
	enum dialect dialect;
	bool formatted; /* a format was given */
	bool verbose, quiet, insecure;
};

extern const char joinopt_table[];

#define JOINOPT_GO_ON -1

/*
 * Reads the command line.  Returns JOINOPT_GO_ON, or the exit status when
 * there is nothing to do or the usage was wrong, which has been said.
 */
int
joinopt_parse(struct joinopt *o, int argc, char **argv);

/* End points of each member of a cluster that is created, at most. */
#define JOINOPT_CLUSTER_ENDS 2
#define JOINOPT_BAD_ENDS "a cluster is created with 1 or 2 end points, not %zu"

/* Says a usage error and returns its status. */
#define joinopt_wrong(...) opt_wrong(&join_applet.page, __VA_ARGS__)

#endif
