// SPDX-License-Identifier: MIT
#ifndef XL_APPLET_SUMS_H
#define XL_APPLET_SUMS_H

#include <bearssl.h>
#include <stdbool.h>
#include <stddef.h>

#include "core/ident/nodeid.h"

/*
 * Sums of files in the format of sha256sum(1) and sha1sum(1), and the check of
 * lists of them.  Prints; for xl-nodeid.
 */

/* A sum that grows; an ID of 32 bytes is a SHA-256, one of 20 a SHA-1. */
struct sum {
	br_hash_compat_context context;
	size_t id_len;
};

/* How the check of a list goes. */
struct sums_rules {
	bool quiet;  /* no lines for what is right */
	bool silent; /* no lines at all: the status says it */
	bool strict; /* a line that is no sum is a failure too */
};

void
sums_begin(struct sum *sum, size_t id_len);
void
sums_add(struct sum *sum, const void *data, size_t len);
void
sums_end(struct sum *sum, struct nodeid *id);

/*
 * Prints the sum of each file in a NULL-ended list ("-" is standard input).
 * Returns the exit status: 0, or that of the last one that cannot be read.
 */
int
sums_print(char **files, size_t id_len);

/*
 * Checks the files named in each list; no list is standard input.  Returns
 * the exit status: 0, 1 when one does not verify, 66 when a list cannot be
 * read.
 */
int
sums_check(char **lists, const struct sums_rules *rules);

#endif
