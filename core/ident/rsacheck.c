// SPDX-License-Identifier: MIT

/*
 * The check of a private key, with plain arithmetic on bytes: its time tells
 * of the key, so it is for a user's own key on the user's own machine.
 */

#include <stdbool.h>
#include <string.h>

#include "core/base/bytes.h"
#include "core/ident/der.h"
#include "core/ident/rng.h"
#include "core/ident/rsakey.h"

#define WIDE_MAX (2 * RSAKEY_FACTOR_MAX)

/* A number at the end of its bytes, leading zeros included. */
struct number {
	uint8_t b[WIDE_MAX];
};

/* What the check works with; secret. */
struct numbers {
	struct number n, d, p, q, iq; /* of the key */
	struct number product, rest, want;
};

static void
load(struct number *x, const struct rsakey_private *key, enum rsakey_part part)
{
	struct der_number from = rsakey_get_part(key, part);
	memset(x, 0, sizeof *x);
	memcpy(x->b + WIDE_MAX - from.len, from.at, from.len);
}

static bool
same(const struct number *a, const struct number *b)
{
	return bytes_equal(a->b, b->b, WIDE_MAX);
}

/* The product of two numbers of RSAKEY_FACTOR_MAX bytes. */
static void
multiply(struct number *x, const struct number *a, const struct number *b)
{
	memset(x, 0, sizeof *x);
	for (size_t i = WIDE_MAX; i-- > RSAKEY_FACTOR_MAX;) {
		unsigned carry = 0;
		for (size_t j = WIDE_MAX; j-- > RSAKEY_FACTOR_MAX;) {
			uint8_t *at = &x->b[i + j + 1 - WIDE_MAX];
			carry += *at + (unsigned)a->b[i] * b->b[j];
			*at = (uint8_t)carry;
			carry >>= 8;
		}
		x->b[i - RSAKEY_FACTOR_MAX] = (uint8_t)carry;
	}
}

/* x -= y when x has reached it. */
static void
subtract_if_more(struct number *x, const struct number *y)
{
	if (memcmp(x->b, y->b, WIDE_MAX) < 0)
		return;
	int borrow = 0;
	for (size_t i = WIDE_MAX; i-- > 0;) {
		borrow += x->b[i] - y->b[i];
		x->b[i] = (uint8_t)borrow;
		borrow = borrow < 0 ? -1 : 0;
	}
}

/* rest = x mod m, bit by bit; m is RSAKEY_FACTOR_MAX bytes and not 0. */
static void
modulo(struct number *rest, const struct number *x, const struct number *m)
{
	memset(rest, 0, sizeof *rest);
	for (size_t bit = 0; bit < 8 * WIDE_MAX; bit++) {
		unsigned carry = x->b[bit / 8] >> (7 - bit % 8) & 1U;
		for (size_t i = WIDE_MAX; i-- > 0;) {
			carry += 2U * rest->b[i];
			rest->b[i] = (uint8_t)carry;
			carry >>= 8;
		}
		subtract_if_more(rest, m);
	}
}

/* Whether iq * q is 1 modulo p. */
static bool
inverse_fits(struct numbers *v)
{
	multiply(&v->product, &v->iq, &v->q);
	modulo(&v->rest, &v->product, &v->p);
	memset(&v->want, 0, sizeof v->want);
	v->want.b[WIDE_MAX - 1] = 1;
	return same(&v->rest, &v->want);
}

/*
 * Whether the exponent of one factor is d modulo the factor less one, to which
 * the factor, an odd number, is brought.
 */
static bool
exponent_fits(struct numbers *v, struct number *factor,
	      const struct rsakey_private *key, enum rsakey_part exponent)
{
	factor->b[WIDE_MAX - 1] &= 0xfe;
	modulo(&v->rest, &v->d, factor);
	load(&v->want, key, exponent);
	return same(&v->rest, &v->want);
}

static bool
numbers_fit(struct numbers *v, const struct rsakey_private *key)
{
	load(&v->n, key, RSAKEY_N);
	load(&v->d, key, RSAKEY_D);
	load(&v->p, key, RSAKEY_P);
	load(&v->q, key, RSAKEY_Q);
	load(&v->iq, key, RSAKEY_IQ);
	multiply(&v->product, &v->p, &v->q);
	return same(&v->product, &v->n) && inverse_fits(v) &&
	       exponent_fits(v, &v->p, key, RSAKEY_DP) &&
	       exponent_fits(v, &v->q, key, RSAKEY_DQ);
}

static bool
signs(const struct rsakey_private *key, struct rng *rng)
{
	uint8_t digest[32];
	uint8_t sig[RSAKEY_LEN_MAX];
	rng_bytes(rng, digest, sizeof digest);
	return rsakey_sign(key, RSAKEY_SHA256, digest, sig) == ERR_OK;
}

static bool
opens(const struct rsakey_private *key, struct rng *rng)
{
	uint8_t plain[32];
	uint8_t block[RSAKEY_LEN_MAX];
	size_t len = 0;
	rng_bytes(rng, plain, sizeof plain);
	return rsakey_encrypt(&key->pub, rng, block, plain, sizeof plain) ==
		       ERR_OK &&
	       rsakey_decrypt(key, block, &len) == ERR_OK &&
	       len == sizeof plain && bytes_equal(block, plain, len);
}

enum err
rsakey_check_private(const struct rsakey_private *key, struct rng *rng)
{
	struct numbers v;
	bool fits = numbers_fit(&v, key);
	bytes_wipe(&v, sizeof v);
	return fits && signs(key, rng) && opens(key, rng) ? ERR_OK
							  : ERR_REFUSED;
}
