// SPDX-License-Identifier: MIT
#include "core/ident/rng.h"

#include <errno.h>
#include <stdint.h>
#include <sys/random.h>

#include "core/base/bytes.h"

#define SEED_LEN 48 /* 256 bits, and half as much again for the nonce */

static enum err
read_system(uint8_t *dst, size_t len, void (*waiting)(void))
{
	unsigned flags = GRND_NONBLOCK;
	while (len > 0) {
		ssize_t n = getrandom(dst, len, flags);
		if (n < 0 && errno == EAGAIN && flags) {
			if (waiting)
				waiting();
			flags = 0;
			continue;
		}
		if (n < 0 && errno != EINTR)
			return ERR_SYSTEM;
		if (n > 0) {
			dst += n;
			len -= (size_t)n;
		}
	}
	return ERR_OK;
}

enum err
rng_init(struct rng *rng, void (*waiting)(void))
{
	uint8_t seed[SEED_LEN];
	enum err e = read_system(seed, sizeof seed, waiting);
	if (e == ERR_OK)
		rng_init_fixed(rng, seed, sizeof seed);
	bytes_wipe(seed, sizeof seed);
	return e;
}

void
rng_init_fixed(struct rng *rng, const void *seed, size_t len)
{
	br_hmac_drbg_init(&rng->drbg, &br_sha256_vtable, seed, len);
}

void
rng_bytes(struct rng *rng, void *dst, size_t len)
{
	br_hmac_drbg_generate(&rng->drbg, dst, len);
}

const br_prng_class **
rng_class(struct rng *rng)
{
	return &rng->drbg.vtable;
}
