// SPDX-License-Identifier: MIT
#ifndef XL_WIRE_SEAL_H
#define XL_WIRE_SEAL_H

#include <bearssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/err.h"
#include "core/wire/hello.h"

struct rng;

/*
 * What turns messages into bytes on the wire and back in an open session: the
 * keys, chains and counters of both directions (xl-protocol(7), Messages in
 * documented and prefixed; The sealed dialect).  AES-256-CBC and
 * ChaCha20-Poly1305 (RFC 8439) by BearSSL, constant-time.
 */

#define SEAL_BLOCK 16      /* bytes of an AES block, and of an IV */
#define SEAL_TAG 16        /* bytes of a Poly1305 tag */
#define SEAL_HEADER 2      /* bytes of a record's length */
#define SEAL_RECORD_MIN 17 /* bytes of a record behind its length */
#define SEAL_RECORD_MAX 16400
#define SEAL_WIRE_MAX 16384 /* bytes of a message in the older dialects */
/* Records under one key: 2^20, and fewer in a build for tests (Makefile). */
#define SEAL_REKEY_AFTER (UINT32_C(1) << SEAL_REKEY_BITS)

/* One direction of a sealed session. */
struct seal_key {
	uint8_t key[32];
	uint64_t counter;
};

/* Both directions of any session.  All of it is secret. */
struct seal {
	enum dialect dialect;
	uint8_t salt2[8];
	uint8_t bind[32];     /* sealed: the channel binding */
	uint32_t rekey_after; /* records; a test may lower it */
	union {
		struct {
			br_aes_ct_cbcenc_keys out;
			br_aes_ct_cbcdec_keys in;
			uint8_t out_iv[SEAL_BLOCK];
			uint8_t in_iv[SEAL_BLOCK];
		} cbc;
		struct {
			struct seal_key out, in;
		} aead;
	} u;
};

/*
 * Sets the key of an older dialect.  iv starts both chains of documented;
 * prefixed takes none (NULL).
 */
void
seal_init_cbc(struct seal *seal, enum dialect d, const uint8_t key[static 32],
	      const uint8_t *iv, const uint8_t salt2[static 8]);

/* Sets the keys of a sealed session as one side sees them. */
void
seal_init_aead(struct seal *seal, const uint8_t out[static 32],
	       const uint8_t in[static 32], const uint8_t bind[static 32],
	       const uint8_t salt2[static 8]);

/* The longest message that seal_put takes. */
size_t
seal_message_max(enum dialect d);

/*
 * Writes the wire form of a message of 1..seal_message_max bytes to dst and
 * returns its length, at most SEAL_HEADER + SEAL_RECORD_MAX.
 */
size_t
seal_put(struct seal *seal, struct rng *rng, uint8_t *dst, const uint8_t *src,
	 size_t len);

/*
 * Sealed: as seal_put, of a message of len bytes that is already where it
 * goes, SEAL_HEADER behind dst.
 */
size_t
seal_close(struct seal *seal, uint8_t *dst, size_t len);

/* Older dialects: sets the IV of the message that is being received. */
void
seal_set_iv(struct seal *seal, const uint8_t iv[static SEAL_BLOCK]);

/* Older dialects: decrypts len bytes, whole blocks, in place. */
void
seal_decrypt(struct seal *seal, uint8_t *blocks, size_t len);

/*
 * Older dialects: the length of the message in len bytes, whole blocks and not
 * none, without its padding, every byte of which is checked.  ERR_PROTOCOL.
 */
enum err
seal_unpad(const uint8_t *blocks, size_t len, size_t *message_len);

/*
 * Sealed: opens the record of len bytes behind its length, 17..16,400, in
 * place; its message is then the first len - SEAL_TAG bytes.  ERR_PROTOCOL.
 */
enum err
seal_open(struct seal *seal, uint8_t *record, size_t len);

/*
 * ChaCha20-Poly1305 of len bytes in place, with the nonce 4 zero bytes and
 * counter in 8 bytes, big-endian.  Opening gives ERR_PROTOCOL when the tag is
 * wrong; data is then of no use.
 */
void
seal_aead_close(const uint8_t key[static 32], uint64_t counter,
		const uint8_t *aad, size_t aad_len, uint8_t *data, size_t len,
		uint8_t tag[static SEAL_TAG]);
enum err
seal_aead_open(const uint8_t key[static 32], uint64_t counter,
	       const uint8_t *aad, size_t aad_len, uint8_t *data, size_t len,
	       const uint8_t tag[static SEAL_TAG]);

#endif
