// SPDX-License-Identifier: MIT

/*
 * The check of a private key, with plain arithmetic on bytes: its time tells
 * of the key, so it is for a user's own key on the user's own machine.
 */

#include <stdbool.h>
#include <string.h>

#include "core/base/bytes.h"
#include "core/ident/rng.h"
#include "core/ident/rsakey.h"

#define WIDE_MAX (2 * RSAKEY_FACTOR_MAX)

/* A number at the end of its bytes, leading zeros included. */
struct number {
	uint8_t b[WIDE_MAX];
};

static struct number
number(const uint8_t *src, size_t len)
{
	struct number x = { { 0 } };
	memcpy(x.b + WIDE_MAX - len, src, len);
	return x;
}

static bool
same(const struct number *a, const struct number *b)
{
	return bytes_equal(a->b, b->b, WIDE_MAX);
}

/* The product of two numbers of RSAKEY_FACTOR_MAX bytes. */
static struct number
multiply(const struct number *a, const struct number *b)
{
	struct number x = { { 0 } };
	for (size_t i = WIDE_MAX; i-- > RSAKEY_FACTOR_MAX;) {
		unsigned carry = 0;
		for (size_t j = WIDE_MAX; j-- > RSAKEY_FACTOR_MAX;) {
			uint8_t *at = &x.b[i + j + 1 - WIDE_MAX];
			carry += *at + (unsigned)a->b[i] * b->b[j];
			*at = (uint8_t)carry;
			carry >>= 8;
		}
		x.b[i - RSAKEY_FACTOR_MAX] = (uint8_t)carry;
	}
	return x;
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

/* x mod m, bit by bit; m is RSAKEY_FACTOR_MAX bytes and not 0. */
static struct number
modulo(const struct number *x, const struct number *m)
{
	struct number rest = { { 0 } };
	for (size_t bit = 0; bit < 8 * WIDE_MAX; bit++) {
		unsigned carry = x->b[bit / 8] >> (7 - bit % 8) & 1U;
		for (size_t i = WIDE_MAX; i-- > 0;) {
			carry += 2U * rest.b[i];
			rest.b[i] = (uint8_t)carry;
			carry >>= 8;
		}
		subtract_if_more(&rest, m);
	}
	return rest;
}

/* Whether the exponent of one factor is d modulo the factor less one. */
static bool
exponent_fits(const struct number *d, struct number factor,
	      const uint8_t *exponent, size_t len)
{
	factor.b[WIDE_MAX - 1] &= 0xfe; /* factors are odd */
	struct number got = modulo(d, &factor);
	struct number want = number(exponent, len);
	bool fits = same(&got, &want);
	bytes_wipe(&got, sizeof got);
	bytes_wipe(&want, sizeof want);
	bytes_wipe(&factor, sizeof factor);
	return fits;
}

/* The numbers of a key; secret but for n. */
struct numbers {
	struct number n, d, p, q, iq, product, one;
};

static bool
numbers_fit(const struct rsakey_private *key, struct numbers *v)
{
	static const uint8_t one = 1;
	v->n = number(key->pub.n, key->pub.n_len);
	v->d = number(key->d, key->d_len);
	v->p = number(key->p, key->p_len);
	v->q = number(key->q, key->q_len);
	v->iq = number(key->iq, key->iq_len);
	v->one = number(&one, 1);
	v->product = multiply(&v->p, &v->q);
	if (!same(&v->product, &v->n))
		return false;
	v->product = multiply(&v->iq, &v->q);
	v->product = modulo(&v->product, &v->p);
	return same(&v->product, &v->one) &&
	       exponent_fits(&v->d, v->p, key->dp, key->dp_len) &&
	       exponent_fits(&v->d, v->q, key->dq, key->dq_len);
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
	bool fits = numbers_fit(key, &v);
	bytes_wipe(&v, sizeof v);
	return fits && signs(key, rng) && opens(key, rng) ? ERR_OK
							  : ERR_REFUSED;
}
