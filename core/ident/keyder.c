// SPDX-License-Identifier: MIT
#include "core/ident/keyder.h"

#include "core/base/bytes.h"
#include "core/ident/der.h"

/* Numbers of a PKCS#1 structure (RFC 8017 A.1). */
enum {
	PKCS1_PUBLIC = 2,  /* n, e */
	DSA_PRIVATE = 6,   /* 0, p, q, g, y, x */
	PKCS1_PRIVATE = 9, /* 0, n, e, d, p, q, dp, dq, iq */
	NUMBERS_MAX,
};

/*
 * Refuses what BearSSL's arithmetic was not made for: factors that are even,
 * lopsided, or together not as long as the modulus, CRT values too long.
 */
static bool
is_well_shaped(const struct rsakey_private *key)
{
	unsigned sum = (unsigned)key->p_len + key->q_len;
	return (key->p[key->p_len - 1] & 1) && (key->q[key->q_len - 1] & 1) &&
	       key->p_len >= key->pub.n_len / 4 &&
	       key->q_len >= key->pub.n_len / 4 &&
	       (sum == key->pub.n_len || sum == key->pub.n_len + 1U) &&
	       key->d_len <= key->pub.n_len && key->dp_len <= key->p_len &&
	       key->dq_len <= key->q_len && key->iq_len <= key->p_len;
}

static enum err
take_private(struct rsakey_private *key, const struct der_number *v)
{
	*key = (struct rsakey_private){ .d_len = 0 };
	if (v[0].len != 0) /* version: two factors */
		return ERR_MALFORMED;
	enum err e = rsakey_set_public(&key->pub, v[1].at, v[1].len, v[2].at,
				       v[2].len);
	if (e != ERR_OK)
		return e;
	for (enum rsakey_part i = RSAKEY_D; i < RSAKEY_PARTS && e == ERR_OK;
	     i++)
		e = rsakey_set_part(key, i, v[i + 1]);
	return e == ERR_OK && !is_well_shaped(key) ? ERR_MALFORMED : e;
}

/* PKCS#1: a sequence of numbers; how many tells what it is. */
static enum err
parse_pkcs1(struct keyder *f, struct bytes_reader in)
{
	struct der_number v[NUMBERS_MAX];
	size_t n = 0;
	while (n < NUMBERS_MAX && der_peek(&in) == DER_INTEGER)
		v[n++] = der_take_number(&in);
	if (in.failed || in.left > 0)
		return ERR_MALFORMED;
	if (n == DSA_PRIVATE && v[0].len == 0)
		return ERR_NOT_RSA;
	if (n == PKCS1_PUBLIC)
		return rsakey_set_public(&f->pub, v[0].at, v[0].len, v[1].at,
					 v[1].len);
	if (n != PKCS1_PRIVATE)
		return ERR_MALFORMED;
	f->is_private = true;
	enum err e = take_private(&f->priv, v);
	f->pub = f->priv.pub;
	return e;
}

/*
 * PKCS#8 behind its version: the algorithm, then PKCS#1 in an OCTET STRING,
 * then attributes, which mean nothing here.
 */
static enum err
parse_pkcs8(struct keyder *f, struct bytes_reader in)
{
	enum err e = der_take_rsa(&in);
	if (e != ERR_OK)
		return e;
	struct bytes_reader inner = der_take(&in, DER_OCTET_STRING);
	struct bytes_reader key = der_take(&inner, DER_SEQUENCE);
	if (key.failed || inner.left > 0)
		return ERR_MALFORMED;
	e = parse_pkcs1(f, key);
	return e == ERR_OK && !f->is_private ? ERR_MALFORMED : e;
}

enum err
keyder_parse(struct keyder *f, const uint8_t *src, size_t len)
{
	f->is_private = false;
	struct bytes_reader r = bytes_reader(src, len);
	struct bytes_reader in = der_take(&r, DER_SEQUENCE);
	struct bytes_reader all = in;
	if (in.failed || r.left > 0)
		return ERR_MALFORMED;
	if (der_peek(&in) == DER_SEQUENCE) {
		der_take(&in, DER_SEQUENCE);
		if (der_peek(&in) == DER_OCTET_STRING)
			return ERR_ENCRYPTED; /* EncryptedPrivateKeyInfo */
		return rsakey_decode_spki(&f->pub, src, len);
	}
	der_take_number(&in);
	if (der_peek(&in) == DER_SEQUENCE)
		return parse_pkcs8(f, in);
	if (der_peek(&in) == DER_OCTET_STRING)
		return ERR_NOT_RSA; /* RFC 5915: an EC key */
	return parse_pkcs1(f, all);
}
