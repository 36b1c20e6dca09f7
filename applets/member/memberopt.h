// SPDX-License-Identifier: MIT
#ifndef XL_MEMBER_MEMBEROPT_H
#define XL_MEMBER_MEMBEROPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "applets/show.h"
#include "core/base/log.h"

/* The options of xl-member: of the daemon, and of what talks to it. */

#define MEMBEROPT_NO_WAIT (-1)

struct memberopt {
	const char *dir;      /* NULL: not given, as with all texts */
	const char *cluster;  /* --cluster: cluster.dat */
	const char *registry; /* -r: regCred.dat */
	const char *bind;
	const char *command, *folder; /* -x and -X */
	const char *service, *clients;
	const char *identity, *listen; /* connect: the client's key; where */
	bool any_address, ready_quorum, syslog, quiet, all, initial;
	enum log_level level;
	enum show_format format;
	int ready_fd;      /* -1: none */
	int64_t wait;      /* seconds, or MEMBEROPT_NO_WAIT */
	unsigned workers;  /* RSA processes */
	unsigned min_bits; /* of all keys */
	unsigned max_clients, max_per_address;
	size_t queue_bytes; /* of messages that wait for the command */
	int64_t keepalive_ms, far_ms, patience_ms, probe_ms;
	int64_t hook_ms, registry_ms, client_idle_ms;
};

/* What xl-member was called to do. */
struct memberopt_job {
	const char *name;  /* the first operand; "" is the daemon */
	const char *takes; /* the ids of its options */
	bool operands;     /* whether it takes any more */
	int (*main)(const struct memberopt *opt, int argc, char **argv);
};

extern const char memberopt_table[];

/*
 * Reads the command line into o and finds the job among jobs, whose last is
 * the daemon.  Returns it, with *argc and *argv being what is left for it; or
 * NULL when there is nothing to do or the usage was wrong, which has been
 * said: then *status is the exit status.
 */
const struct memberopt_job *
memberopt_parse(struct memberopt *o, const struct memberopt_job *jobs,
		int *argc, char ***argv, int *status);

#endif
