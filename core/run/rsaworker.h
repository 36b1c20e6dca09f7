// SPDX-License-Identifier: MIT
#ifndef XL_RUN_RSAWORKER_H
#define XL_RUN_RSAWORKER_H

#include <stdint.h>
#include <sys/types.h>

#include "core/base/err.h"
#include "core/ident/rsakey.h"

/*
 * The other side of rsapool: helper processes that hold the private keys, and
 * a keeper that starts another when one dies.  A helper has one descriptor, a
 * SOCK_SEQPACKET socket, reads requests from it and answers each; it may call
 * read(2), write(2) and exit(2) only (by seccomp), leaves no core,
 * takes no signal but SIGKILL, and leaves when the pool's end of the socket is
 * closed.  The keeper has its helpers' sockets, and reads nothing.
 */

#define RSAWORKER_MAX 64 /* helpers of a pool */
#define RSAWORKER_LOST 0 /* the number of no request */

/*
 * A request, and its answer with the same number.  With RSAWORKER_LOST it is
 * from the keeper: the helper has died, and what it had in hand is lost.
 */
struct rsaworker_packet {
	uint32_t number;
	uint32_t op;     /* enum rsapool_op */
	uint32_t hash;   /* enum rsakey_hash */
	uint32_t result; /* enum err */
	uint32_t len;    /* of data */
	uint8_t data[RSAKEY_LEN_MAX];
};

/* The pool's ends. */
struct rsaworker_ends {
	pid_t keeper;
	int keeper_fd; /* nothing comes from it but its end: the keeper's */
	int fds[RSAWORKER_MAX]; /* of the helpers */
};

/*
 * Does what a request asks for, in place, whatever is in it: result is ERR_OK,
 * or len is 0.
 */
void
rsaworker_do(struct rsaworker_packet *packet, const struct rsakey_private *ck,
	     const struct rsakey_private *sk);

/*
 * Starts the keeper and len (1..RSAWORKER_MAX) helpers, and waits only until
 * the keeper has closed what it has from this process.  ERR_SYSTEM.
 */
enum err
rsaworker_start(struct rsaworker_ends *ends, unsigned len,
		const struct rsakey_private *ck,
		const struct rsakey_private *sk);

/* Takes note of the end of a keeper, whose end of keeper_fd is closed. */
void
rsaworker_reap(pid_t keeper);

#endif
