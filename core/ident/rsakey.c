// SPDX-License-Identifier: MIT
#include "core/ident/rsakey.h"

#include <bearssl.h>
#include <stdbool.h>
#include <string.h>

#include "core/base/bytes.h"
#include "core/ident/der.h"
#include "core/ident/rng.h"

#define PUBLIC_EXPONENT 65537
#define OAEP_OVERHEAD (2 * br_sha1_SIZE + 2)

/*
 * Where there are 64-bit registers compilers have the 128-bit product that
 * BearSSL's fast code needs.  A constant, so that the other code is not linked.
 */
enum {
	WIDE = sizeof(size_t) >= 8
};

/* BearSSL's structures lack const; what is read only goes in through this. */
static unsigned char *
unconst(const uint8_t *p)
{
	union {
		const uint8_t *in;
		unsigned char *out;
	} u = { p };
	return u.out;
}

static br_rsa_public_key
public_of(const struct rsakey_public *key)
{
	return (br_rsa_public_key){ unconst(key->n), key->n_len,
				    unconst(key->e), key->e_len };
}

static br_rsa_private_key
private_of(const struct rsakey_private *key)
{
	return (br_rsa_private_key){
		.n_bitlen = rsakey_bits(&key->pub),
		.p = unconst(key->p),
		.plen = key->p_len,
		.q = unconst(key->q),
		.qlen = key->q_len,
		.dp = unconst(key->dp),
		.dplen = key->dp_len,
		.dq = unconst(key->dq),
		.dqlen = key->dq_len,
		.iq = unconst(key->iq),
		.iqlen = key->iq_len,
	};
}

/* Where the numbers of a private key are, and how long each may be. */
#define PART(name)                                                   \
	{                                                            \
		offsetof(struct rsakey_private, name),               \
			offsetof(struct rsakey_private, name##_len), \
			sizeof((struct rsakey_private *)0)->name     \
	}

static const struct {
	uint16_t at, len_at, max;
} parts[RSAKEY_PARTS] = {
	[RSAKEY_N] = PART(pub.n), [RSAKEY_E] = PART(pub.e),
	[RSAKEY_D] = PART(d),     [RSAKEY_P] = PART(p),
	[RSAKEY_Q] = PART(q),     [RSAKEY_DP] = PART(dp),
	[RSAKEY_DQ] = PART(dq),   [RSAKEY_IQ] = PART(iq),
};

struct der_number
rsakey_get_part(const struct rsakey_private *key, enum rsakey_part part)
{
	const uint8_t *base = (const uint8_t *)key;
	uint16_t len;
	memcpy(&len, base + parts[part].len_at, sizeof len);
	return (struct der_number){ base + parts[part].at, len };
}

enum err
rsakey_set_part(struct rsakey_private *key, enum rsakey_part part,
		struct der_number number)
{
	uint8_t *base = (uint8_t *)key;
	while (number.len > 0 && *number.at == 0) {
		number.at++;
		number.len--;
	}
	uint16_t len = (uint16_t)number.len;
	if (number.len < 1 || number.len > parts[part].max)
		return ERR_MALFORMED;
	memcpy(base + parts[part].len_at, &len, sizeof len);
	memcpy(base + parts[part].at, number.at, len);
	return ERR_OK;
}

/* What BearSSL's generator makes; secret. */
struct fresh {
	unsigned char private[BR_RSA_KBUF_PRIV_SIZE(RSAKEY_BITS_MAX)];
	unsigned char public[BR_RSA_KBUF_PUB_SIZE(RSAKEY_BITS_MAX)];
	unsigned char d[RSAKEY_LEN_MAX];
	br_rsa_private_key sk;
	br_rsa_public_key pk;
};

static void
take_fresh(struct rsakey_private *key, const struct fresh *f, size_t d_len)
{
	const struct der_number fresh[RSAKEY_PARTS] = {
		[RSAKEY_N] = { f->pk.n, f->pk.nlen },
		[RSAKEY_E] = { f->pk.e, f->pk.elen },
		[RSAKEY_D] = { f->d, d_len },
		[RSAKEY_P] = { f->sk.p, f->sk.plen },
		[RSAKEY_Q] = { f->sk.q, f->sk.qlen },
		[RSAKEY_DP] = { f->sk.dp, f->sk.dplen },
		[RSAKEY_DQ] = { f->sk.dq, f->sk.dqlen },
		[RSAKEY_IQ] = { f->sk.iq, f->sk.iqlen },
	};
	memset(key, 0, sizeof *key);
	for (enum rsakey_part i = RSAKEY_N; i < RSAKEY_PARTS; i++)
		rsakey_set_part(key, i, fresh[i]);
}

enum err
rsakey_generate(struct rsakey_private *key, unsigned bits, struct rng *rng)
{
	struct fresh f;
	br_rsa_keygen generate = WIDE ? br_rsa_i62_keygen : br_rsa_i31_keygen;
	enum err e = ERR_SYSTEM;
	if (generate(rng_class(rng), &f.sk, f.private, &f.pk, f.public, bits,
		     PUBLIC_EXPONENT)) {
		/* Right because both primes are 3 mod 4. */
		size_t d_len =
			br_rsa_i31_compute_privexp(f.d, &f.sk, PUBLIC_EXPONENT);
		take_fresh(key, &f, d_len);
		if (d_len > 0 && rsakey_bits(&key->pub) == bits)
			e = ERR_OK;
	}
	bytes_wipe(&f, sizeof f);
	return e;
}

enum err
rsakey_check_public(const struct rsakey_public *key, unsigned min_bits)
{
	if (key->n_len > RSAKEY_LEN_MAX || key->n_len < min_bits / 8 ||
	    key->n_len < RSAKEY_BITS_MIN / 8)
		return ERR_MALFORMED;
	if (!(key->n[0] & 0x80) || !(key->n[key->n_len - 1] & 1))
		return ERR_MALFORMED;
	if (key->e_len < 1 || key->e_len > sizeof key->e || key->e[0] == 0 ||
	    !(key->e[key->e_len - 1] & 1))
		return ERR_MALFORMED;
	if ((key->e_len == sizeof key->e && (key->e[0] & 0x80)) ||
	    (key->e_len == 1 && key->e[0] < 3))
		return ERR_MALFORMED;
	return ERR_OK;
}

enum err
rsakey_set_public(struct rsakey_public *key, const uint8_t *n, size_t n_len,
		  const uint8_t *e, size_t e_len)
{
	if (n_len > sizeof key->n)
		return ERR_TOO_LONG;
	if (e_len > sizeof key->e)
		return ERR_MALFORMED;
	*key = (struct rsakey_public){
		(uint16_t)n_len, (uint16_t)e_len, { 0 }, { 0 }
	};
	memcpy(key->n, n, n_len);
	memcpy(key->e, e, e_len);
	return rsakey_check_public(key, RSAKEY_BITS_MIN);
}

bool
rsakey_equal(const struct rsakey_public *a, const struct rsakey_public *b)
{
	return a->n_len == b->n_len && memcmp(a->n, b->n, a->n_len) == 0 &&
	       a->e_len == b->e_len && memcmp(a->e, b->e, a->e_len) == 0;
}

unsigned
rsakey_bits(const struct rsakey_public *key)
{
	if (key->n_len == 0)
		return 0;
	unsigned bits = key->n_len * 8U;
	for (unsigned top = key->n[0]; top && !(top & 0x80); top <<= 1)
		bits--;
	return bits;
}

size_t
rsakey_encode_spki(uint8_t dst[static RSAKEY_SPKI_MAX],
		   const struct rsakey_public *key)
{
	struct bytes_writer w = bytes_writer(dst, RSAKEY_SPKI_MAX);
	size_t numbers = der_number_len(key->n, key->n_len) +
			 der_number_len(key->e, key->e_len);
	size_t bits = 1 + der_head_len(numbers) + numbers;
	der_put_head(&w, DER_SEQUENCE, DER_RSA_LEN + der_head_len(bits) + bits);
	der_put_rsa(&w);
	der_put_head(&w, DER_BIT_STRING, bits);
	bytes_put_u8(&w, 0); /* no unused bits */
	der_put_head(&w, DER_SEQUENCE, numbers);
	der_put_number(&w, key->n, key->n_len);
	der_put_number(&w, key->e, key->e_len);
	return w.len;
}

enum err
rsakey_decode_spki(struct rsakey_public *key, const void *src, size_t len)
{
	struct bytes_reader r = bytes_reader(src, len);
	struct bytes_reader spki = der_take(&r, DER_SEQUENCE);
	enum err e = der_take_rsa(&spki);
	if (e != ERR_OK)
		return e;
	struct bytes_reader bits = der_take(&spki, DER_BIT_STRING);
	if (bytes_take_u8(&bits) != 0) /* no unused bits */
		return ERR_MALFORMED;
	struct bytes_reader numbers = der_take(&bits, DER_SEQUENCE);
	struct der_number modulus = der_take_number(&numbers);
	struct der_number exponent = der_take_number(&numbers);
	if (numbers.failed || r.left + spki.left + bits.left + numbers.left > 0)
		return ERR_MALFORMED;
	e = rsakey_set_public(key, modulus.at, modulus.len, exponent.at,
			      exponent.len);
	return e == ERR_OK ? ERR_OK : ERR_MALFORMED;
}

enum err
rsakey_sign(const struct rsakey_private *key, enum rsakey_hash hash,
	    const uint8_t *digest, uint8_t sig[static RSAKEY_LEN_MAX])
{
	br_rsa_private_key sk = private_of(key);
	br_rsa_pkcs1_sign sign =
		WIDE ? br_rsa_i62_pkcs1_sign : br_rsa_i31_pkcs1_sign;
	bool ok = hash == RSAKEY_SHA256 ? sign(BR_HASH_OID_SHA256, digest,
					       br_sha256_SIZE, &sk, sig)
					: sign(BR_HASH_OID_SHA1, digest,
					       br_sha1_SIZE, &sk, sig);
	/*
	 * A signature made with one CRT value wrong gives the factors away:
	 * none leaves that does not verify.
	 */
	if (ok && rsakey_verify(&key->pub, hash, digest, sig, key->pub.n_len) ==
			  ERR_OK)
		return ERR_OK;
	bytes_wipe(sig, key->pub.n_len);
	return ERR_MALFORMED;
}

enum err
rsakey_verify(const struct rsakey_public *key, enum rsakey_hash hash,
	      const uint8_t *digest, const uint8_t *sig, size_t len)
{
	uint8_t signed_digest[br_sha256_SIZE];
	br_rsa_pkcs1_vrfy verify =
		WIDE ? br_rsa_i62_pkcs1_vrfy : br_rsa_i31_pkcs1_vrfy;
	bool sha256 = hash == RSAKEY_SHA256;
	size_t digest_len = sha256 ? br_sha256_SIZE : br_sha1_SIZE;
	if (len != key->n_len || rsakey_check_public(key, 0) != ERR_OK)
		return ERR_REFUSED;
	br_rsa_public_key pk = public_of(key);
	if (!verify(sig, len, sha256 ? BR_HASH_OID_SHA256 : BR_HASH_OID_SHA1,
		    digest_len, &pk, signed_digest))
		return ERR_REFUSED;
	return bytes_equal(signed_digest, digest, digest_len) ? ERR_OK
							      : ERR_REFUSED;
}

enum err
rsakey_encrypt(const struct rsakey_public *key, struct rng *rng,
	       uint8_t block[static RSAKEY_LEN_MAX], const void *src,
	       size_t len)
{
	br_rsa_oaep_encrypt encrypt =
		WIDE ? br_rsa_i62_oaep_encrypt : br_rsa_i31_oaep_encrypt;
	if (rsakey_check_public(key, 0) != ERR_OK ||
	    len > (size_t)(key->n_len - OAEP_OVERHEAD))
		return ERR_TOO_LONG;
	br_rsa_public_key pk = public_of(key);
	size_t n = encrypt(rng_class(rng), &br_sha1_vtable, NULL, 0, &pk, block,
			   RSAKEY_LEN_MAX, src, len);
	return n == key->n_len ? ERR_OK : ERR_TOO_LONG;
}

enum err
rsakey_decrypt(const struct rsakey_private *key, uint8_t *block, size_t *len)
{
	br_rsa_private_key sk = private_of(key);
	br_rsa_oaep_decrypt decrypt =
		WIDE ? br_rsa_i62_oaep_decrypt : br_rsa_i31_oaep_decrypt;
	size_t n = key->pub.n_len;
	bool ok = decrypt(&br_sha1_vtable, NULL, 0, &sk, block, &n);
	*len = ok ? n : 0;
	return ok ? ERR_OK : ERR_REFUSED;
}

void
rsakey_forget(struct rsakey_private *key)
{
	struct rsakey_public pub = key->pub;
	bytes_wipe(key, sizeof *key);
	key->pub = pub;
}
