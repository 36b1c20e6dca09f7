// SPDX-License-Identifier: MIT
#ifndef XL_MEMBER_HOOKOUT_H
#define XL_MEMBER_HOOKOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/err.h"

/*
 * What a command says, line by line to the log, as much as one may say; what
 * is more is counted.
 */

#define HOOKOUT_LINE_MAX 512        /* a longer line becomes several */
#define HOOKOUT_LOG_MAX (64 * 1024) /* bytes of one command */
#define HOOKOUT_LINE_COSTS 64       /* bytes that a line counts besides */

struct hookout {
	const char *label; /* in front of each line: "message 7" */
	size_t left;       /* bytes that may still be logged */
	uint64_t lost;     /* bytes that were not */
	size_t len;
	char line[HOOKOUT_LINE_MAX]; /* that has no end yet */
};

/* Begins anew.  label outlives it. */
void
hookout_begin(struct hookout *o, const char *label);

/*
 * Reads from fd, which is non-blocking, once.  ERR_BUSY: nothing now;
 * ERR_UNREACHABLE: that was all.
 */
enum err
hookout_read(struct hookout *o, int fd);

/* Whether there was too much: what comes now is only counted. */
bool
hookout_is_full(const struct hookout *o);

/* Logs what is left, and how much was too much. */
void
hookout_end(struct hookout *o);

#endif
