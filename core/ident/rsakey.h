// SPDX-License-Identifier: MIT
#ifndef XL_IDENT_RSAKEY_H
#define XL_IDENT_RSAKEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/err.h"

struct der_number;
struct rng;

/*
 * RSA keys and what is done with them: generation, the SubjectPublicKeyInfo
 * form, signatures (PKCS#1 v1.5, RFC 8017), and OAEP blocks (SHA-1,
 * MGF1-SHA-1, empty label).  Numbers are big-endian without leading zeros.
 * Structures hold no pointers and may be copied; private ones are wiped with
 * bytes_wipe by their owner.
 */

#define RSAKEY_BITS_MIN 1024    /* read at all */
#define RSAKEY_BITS_STRONG 2048 /* least without a test option */
#define RSAKEY_BITS_MAX 4096
#define RSAKEY_LEN_MAX 512    /* bytes of a modulus, block or signature */
#define RSAKEY_FACTOR_MAX 260 /* bytes of p, q, dp, dq, iq */
#define RSAKEY_SPKI_MAX 550   /* bytes of a SubjectPublicKeyInfo */
#define RSAKEY_PLAIN_MAX 470  /* bytes an OAEP block of 4096 bits holds */

enum rsakey_hash {
	RSAKEY_SHA1,   /* 20 bytes */
	RSAKEY_SHA256, /* 32 bytes */
};

/* The numbers of a private key in the order of RFC 8017 A.1.2. */
enum rsakey_part {
	RSAKEY_N,
	RSAKEY_E,
	RSAKEY_D,
	RSAKEY_P,
	RSAKEY_Q,
	RSAKEY_DP,
	RSAKEY_DQ,
	RSAKEY_IQ,
	RSAKEY_PARTS,
};

struct rsakey_public {
	uint16_t n_len;
	uint16_t e_len;
	uint8_t n[RSAKEY_LEN_MAX];
	uint8_t e[4];
};

struct rsakey_private {
	struct rsakey_public pub;
	uint16_t d_len, p_len, q_len, dp_len, dq_len, iq_len;
	uint8_t d[RSAKEY_LEN_MAX];
	uint8_t p[RSAKEY_FACTOR_MAX], q[RSAKEY_FACTOR_MAX];
	uint8_t dp[RSAKEY_FACTOR_MAX], dq[RSAKEY_FACTOR_MAX];
	uint8_t iq[RSAKEY_FACTOR_MAX];
};

/*
 * Makes a key of bits (1024..4096, a multiple of 8), e = 65537.  Takes from
 * 0.1 s to seconds.  ERR_SYSTEM if the generator gives up.
 */
enum err
rsakey_generate(struct rsakey_private *key, unsigned bits, struct rng *rng);

/*
 * Whether a public key is within the rules: modulus odd, a whole number of
 * bytes (top bit set), min_bits..4096 bits; exponent odd, 3 <= e < 2^31.
 * ERR_MALFORMED.
 */
enum err
rsakey_check_public(const struct rsakey_public *key, unsigned min_bits);

/*
 * Takes a modulus and an exponent without leading zeros.  ERR_TOO_LONG for a
 * modulus over 4096 bits, ERR_MALFORMED unless rsakey_check_public allows
 * them with 1024 bits.
 */
enum err
rsakey_set_public(struct rsakey_public *key, const uint8_t *n, size_t n_len,
		  const uint8_t *e, size_t e_len);

/*
 * Whether a private key is sound: n = p * q, d, dp, dq and iq fit, a signature
 * made with it verifies and an OAEP block opens.  Takes milliseconds, in time
 * that tells of the key: for a user's check of a file.  ERR_REFUSED.
 */
enum err
rsakey_check_private(const struct rsakey_private *key, struct rng *rng);

/* One number of a private key. */
struct der_number
rsakey_get_part(const struct rsakey_private *key, enum rsakey_part part);

/*
 * Sets it; leading zeros are passed over.  ERR_MALFORMED when it is zero or too
 * long.
 */
enum err
rsakey_set_part(struct rsakey_private *key, enum rsakey_part part,
		struct der_number number);

/* Whether both are the same key. */
bool
rsakey_equal(const struct rsakey_public *a, const struct rsakey_public *b);

/* Bits of the modulus. */
unsigned
rsakey_bits(const struct rsakey_public *key);

/* Writes the DER SubjectPublicKeyInfo and returns its length. */
size_t
rsakey_encode_spki(uint8_t dst[static RSAKEY_SPKI_MAX],
		   const struct rsakey_public *key);

/*
 * Reads a DER SubjectPublicKeyInfo: rsaEncryption, NULL parameters, canonical
 * lengths and integers, nothing behind it, the rules of rsakey_check_public
 * with 1024 bits.  ERR_MALFORMED, or ERR_NOT_RSA for another algorithm.
 */
enum err
rsakey_decode_spki(struct rsakey_public *key, const void *src, size_t len);

/*
 * Signs a digest (20 or 32 bytes, as hash says) with PKCS#1 v1.5.  Writes
 * n_len bytes to sig.  ERR_MALFORMED when the key cannot sign.
 */
enum err
rsakey_sign(const struct rsakey_private *key, enum rsakey_hash hash,
	    const uint8_t *digest, uint8_t sig[static RSAKEY_LEN_MAX]);

/* Checks a signature of len bytes over a digest.  ERR_REFUSED. */
enum err
rsakey_verify(const struct rsakey_public *key, enum rsakey_hash hash,
	      const uint8_t *digest, const uint8_t *sig, size_t len);

/*
 * Encrypts len bytes into one OAEP block of n_len bytes.  ERR_TOO_LONG when
 * they do not fit the key.
 */
enum err
rsakey_encrypt(const struct rsakey_public *key, struct rng *rng,
	       uint8_t block[static RSAKEY_LEN_MAX], const void *src,
	       size_t len);

/*
 * Decrypts one OAEP block of n_len bytes in place; *len is then the length of
 * the plaintext at its start.  ERR_REFUSED, in time that tells nothing of the
 * cause.
 */
enum err
rsakey_decrypt(const struct rsakey_private *key, uint8_t *block, size_t *len);

/* Wipes all of a key but its public half. */
void
rsakey_forget(struct rsakey_private *key);

#endif
