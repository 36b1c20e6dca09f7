// SPDX-License-Identifier: MIT
#ifndef XL_IDENT_RNG_H
#define XL_IDENT_RNG_H

#include <bearssl.h>
#include <stddef.h>

#include "core/base/err.h"

/*
 * Random bytes: getrandom(2), which waits until the kernel's pool is seeded,
 * expanded by HMAC-DRBG (SHA-256, NIST SP 800-90A).  A context is used by one
 * process; a child calls rng_init again after fork, so that it never gives
 * out its parent's bytes.
 */
struct rng {
	br_hmac_drbg_context drbg;
};

/*
 * Seeds rng from the system.  If the pool is not ready yet, calls waiting
 * (unless NULL) once and waits.  ERR_SYSTEM.
 */
enum err
rng_init(struct rng *rng, void (*waiting)(void));

/* Seeds rng from len bytes alone: for tests, to get the same bytes again. */
void
rng_init_fixed(struct rng *rng, const void *seed, size_t len);

/* Fills dst with len random bytes. */
void
rng_bytes(struct rng *rng, void *dst, size_t len);

/* The same source in the form BearSSL takes; lives as long as rng. */
const br_prng_class **
rng_class(struct rng *rng);

#endif
