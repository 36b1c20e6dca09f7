// SPDX-License-Identifier: MIT
#ifndef XL_RUN_RSAPOOL_H
#define XL_RUN_RSAPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/err.h"
#include "core/ident/rsakey.h"
#include "core/run/loop.h"

/*
 * Private key operations, done elsewhere and later: submit a job, go on, and
 * its done is called from a later turn of the loop.  With 0 workers the jobs
 * run in this process, one a turn.
 */

enum rsapool_op {
	RSAPOOL_DECRYPT, /* an OAEP block, with ck */
	RSAPOOL_SIGN,    /* a digest, with sk */
};

/* The caller's, and not to be touched between submit and done. */
struct rsapool_job {
	enum rsapool_op op;
	enum rsakey_hash hash;        /* of what is signed */
	enum err result;              /* ERR_OK, or the operation failed */
	size_t len;                   /* of data, before and after */
	uint8_t data[RSAKEY_LEN_MAX]; /* block or digest; plaintext or
					 signature */
	void (*done)(struct rsapool_job *job);
	struct rsapool_job *next; /* the pool's own */
};

struct rsapool {
	const struct rsakey_private *ck, *sk;
	struct loop *loop;
	struct loop_watch turn;
	struct rsapool_job *first, **last;
};

/*
 * Starts a pool that uses ck and sk, which outlive it.  workers must be 0.
 * ERR_SYSTEM, ERR_BUSY when the loop is full.
 */
enum err
rsapool_init(struct rsapool *pool, const struct rsakey_private *ck,
	     const struct rsakey_private *sk, unsigned workers,
	     struct loop *loop);

/* Queues a job. */
void
rsapool_submit(struct rsapool *pool, struct rsapool_job *job);

/*
 * Takes a job back, whose done will not be called; nothing happens if it is
 * not queued.  Its data is wiped.
 */
void
rsapool_cancel(struct rsapool *pool, struct rsapool_job *job);

#endif
