// SPDX-License-Identifier: MIT
#ifndef XL_MEMBER_HOOKEXEC_H
#define XL_MEMBER_HOOKEXEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "applets/member/event.h"
#include "core/base/err.h"

/* The process of one command, and what its environment tells. */

struct hooks_config {
	const char *command;   /* -x: through /bin/sh -c, or NULL */
	const char *folder;    /* -X: every command in it, or NULL */
	int64_t limit_ms;      /* --hook-timeout, of each command */
	size_t queue_bytes;    /* --queue-bytes, at least MAILBOX_MIN */
	const char *self_name; /* XL_SELF */
	const char *self_id;   /* XL_SELF_ID */
	const char *cluster;   /* XL_CLUSTER */
};

/* One command to start; the caller's while it does. */
struct hookexec {
	const struct hooks_config *config;
	const struct event *event;
	const char *file; /* in the folder; NULL is the command */
};

/* Makes a pipe; end, 0 or 1, is the one that stays here, non-blocking. */
enum err
hookexec_pipe(int ends[static 2], int end);

/*
 * Starts a command in a process group of its own, whose number is its *pid:
 * signals at their defaults, descriptors but the three closed, and in the
 * environment, besides what this process has:
 *
 *	XL_EVENT		start, member-up, ...
 *	XL_SEQ			the number of the event
 *	XL_SELF, XL_SELF_ID	this node
 *	XL_CLUSTER		the cluster's name
 *	XL_MEMBER, XL_MEMBER_ID, XL_MEMBER_INDEX, XL_MEMBER_ADDR
 *				whom it is about, "" when about none
 *	XL_UP, XL_SIZE		members that were up, members in all
 *	XL_QUORUM		1 or 0
 *
 * *out is the end, non-blocking, at which its output and errors arrive, in
 * what it reads, and stays the caller's; -1 is /dev/null.  A command that
 * cannot be executed says so there and exits with 127.  ERR_SYSTEM (errno).
 */
enum err
hookexec_start(const struct hookexec *what, pid_t *pid, int in, int *out);

#endif
