// SPDX-License-Identifier: MIT
#ifndef XL_JOIN_CALL_H
#define XL_JOIN_CALL_H

#include <stdint.h>

#include "core/base/err.h"
#include "core/wire/msg.h"
#include "core/wire/session.h"

/*
 * A session with a registry over a connected socket, one request and its
 * reply at a time; each call waits for no longer than it is told to.
 */

/* About 34 KiB; holds secrets until call_close. */
struct call {
	int fd;
	bool ended; /* the registry closed, or the connection broke */
	struct session_config config;
	struct session session;
	uint8_t in[SESSION_BUF_LEN], out[SESSION_BUF_LEN];
};

/*
 * Opens a session with the owner of ck over fd, which is the call's from now
 * on, whatever is returned.
 * ERR_UNREACHABLE: closed after Hello; ERR_TIMEOUT; ERR_PROTOCOL: not the
 * owner of ck, or no registry; ERR_TOO_LONG: ck is too small.
 */
enum err
call_open(struct call *c, int fd, enum dialect dialect,
	  const struct rsakey_public *ck, struct rng *rng, int64_t deadline);

/*
 * Sends msg and puts the reply in its place.
 * ERR_UNREACHABLE: closed; ERR_TIMEOUT; ERR_PROTOCOL: not a message;
 * ERR_TOO_LONG: msg does not fit.
 */
enum err
call_ask(struct call *c, reg_XLRegMsg *msg, int64_t deadline);

/* Closes and wipes. */
void
call_close(struct call *c);

#endif
