// SPDX-License-Identifier: MIT
#ifndef XL_RUN_RSAPOOL_H
#define XL_RUN_RSAPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/base/err.h"
#include "core/ident/rsakey.h"
#include "core/run/loop.h"
#include "core/run/rsaworker.h"

/*
 * Private key operations, done elsewhere and later: submit a job, go on, and
 * its done is called from a later turn of the loop.  Helper processes do
 * them, which hold the keys, so that the process that reads the network need
 * not; a job each at a time, and the others wait in order, the urgent ones
 * first.  With 0 helpers the jobs run in this process, one a turn.
 *
 * A helper that dies is replaced, and what it had in hand fails.  Where
 * nobody is left to replace them, the others go on.
 */

enum rsapool_op {
	RSAPOOL_DECRYPT, /* an OAEP block, with ck */
	RSAPOOL_SIGN,    /* a digest, with sk */
};

/* The caller's, and not to be touched between submit and done. */
struct rsapool_job {
	enum rsapool_op op;
	enum rsakey_hash hash; /* of what is signed */
	bool urgent;           /* before all that are not */
	/*
	 * ERR_OK; ERR_REFUSED, ERR_MALFORMED: of the operation; ERR_SYSTEM:
	 * the helper died, or there is none any more.
	 */
	enum err result;
	size_t len;                   /* of data, before and after; 0 but for
					 ERR_OK */
	uint8_t data[RSAKEY_LEN_MAX]; /* block or digest; plaintext or
					 signature */
	void (*done)(struct rsapool_job *job);
	struct rsapool_job *next; /* the pool's own */
};

/* A helper, as the pool sees it. */
struct rsapool_worker {
	struct loop_watch watch; /* fd -1: it is gone for good */
	struct rsapool *pool;
	struct rsapool_job *job; /* NULL: none, or it was taken back */
	uint32_t number;         /* of the last request */
	bool busy;
};

struct rsapool {
	const struct rsakey_private *ck, *sk; /* NULL where helpers are */
	struct loop *loop;
	/* The work of this process, and the keeper's end. */
	struct loop_watch turn;
	pid_t keeper;
	struct rsapool_job *first, **last; /* those who wait */
	unsigned len;
	struct rsapool_worker workers[RSAWORKER_MAX];
};

/* How many watches of the loop a pool takes. */
#define RSAPOOL_WATCHES(workers) ((workers) + 1)

/*
 * Starts a pool of so many helpers (0..RSAWORKER_MAX) that use ck and sk.
 * With 0 these outlive it; otherwise they are not looked at again, and the
 * caller wipes them (rsakey_forget), and seeds its random bytes anew: the
 * helpers have a copy of all its memory.  So it is best started early, while
 * that is small.  ERR_SYSTEM, ERR_BUSY when the loop is full.
 */
enum err
rsapool_init(struct rsapool *pool, const struct rsakey_private *ck,
	     const struct rsakey_private *sk, unsigned workers,
	     struct loop *loop);

/* Ends the helpers.  Jobs that are not done never will be. */
void
rsapool_free(struct rsapool *pool);

/* Queues a job. */
void
rsapool_submit(struct rsapool *pool, struct rsapool_job *job);

/*
 * Takes a job back, whose done will not be called; nothing happens if it is
 * not in the pool's hands.  Its data is wiped.
 */
void
rsapool_cancel(struct rsapool *pool, struct rsapool_job *job);

/* Whether anybody is there to do jobs; if not, all of them fail. */
bool
rsapool_works(const struct rsapool *pool);

/* How many helpers to use where nobody says: one a processor. */
unsigned
rsapool_default(void);

#endif
