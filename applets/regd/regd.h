// SPDX-License-Identifier: MIT
#ifndef XL_REGD_REGD_H
#define XL_REGD_REGD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "applets/regd/conn.h"
#include "applets/regd/journal.h"
#include "applets/regd/public.h"
#include "core/base/log.h"
#include "core/doc/identity.h"
#include "core/ident/rng.h"
#include "core/run/listen.h"

/* What the files of the applet itself share: options, start and run. */

/* All that a run knows.  The first part is what the options say. */
struct regd {
	const char *dir; /* NULL: all in memory */
	const char *name;
	const char *cred_out;
	struct public public;
	unsigned bits, min_bits; /* of keys made, and of keys accepted */
	size_t id_len;
	size_t max_sessions, max_per_address;
	unsigned workers; /* processes for private key operations */
	unsigned dialects;
	int64_t hello_ms, message_ms, idle_ms;
	bool recover, syslog;
	enum log_level level;
	int ready_fd; /* -1: none */

	struct rng rng;
	struct identity identity;
	struct regcred cred;
	struct journal journal;
	struct registry registry;
	struct loop loop;
	struct rsapool pool;
	struct serve serve;
	struct conns conns;
	struct listen listen;
	uint64_t compact_at; /* length of the journal to look at it again */
};

/*
 * Brings everything up until connections can be accepted, and says what fails.
 * Returns the exit status, 0 when all is well.
 */
int
regd_start(struct regd *r);

/*
 * Takes the folder for this process alone, and loads the identity in it, or
 * makes it.  Returns the exit status.
 */
int
regd_get_identity(struct regd *r);

/*
 * Finds out where others reach this registry, for the credential.  Returns the
 * exit status; the credential is as it was unless that is 0.
 */
int
regd_find_ends(struct regd *r);

/* Writes the credential's files.  Returns the exit status. */
int
regd_write_cred(struct regd *r);

/* Tells that it is ready, and serves until a signal.  Returns the status. */
int
regd_run(struct regd *r);

#endif
