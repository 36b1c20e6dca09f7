// SPDX-License-Identifier: MIT
#ifndef XL_WIRE_HELLO_H
#define XL_WIRE_HELLO_H

#include <bearssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/err.h"
#include "core/ident/rsakey.h"
#include "core/ident/version.h"

struct rng;
struct seal;

/*
 * Hello and Reply, which open a session, in both roles and all dialects:
 * xl-protocol(7), Hello and Reply.  What is agreed on becomes a struct seal.
 * Does not decrypt the Hello: the private key is elsewhere.
 *
 * An initiator calls hello_draw, hello_encrypt, and with the Reply
 * hello_open_reply.  A responder calls hello_parse, hello_draw_reply and
 * hello_make_reply.  Whatever they return, the caller wipes struct hello with
 * bytes_wipe.
 */

enum dialect {
	DIALECT_DOCUMENTED,
	DIALECT_PREFIXED,
	DIALECT_SEALED,
};

#define DIALECTS_LEN 3
#define DIALECT_BIT(d) (1U << (d))
#define DIALECTS_ALL 7U

#define HELLO_PLAIN_MAX 76  /* bytes of a Hello's plaintext */
#define HELLO_REPLY_MAX 100 /* bytes of a Reply */

/* All that an exchange keeps secret, and the transcript so far. */
struct hello {
	enum dialect dialect;
	uint8_t iv1[16]; /* documented */
	uint8_t key1[32];
	uint8_t salt1[8];
	uint8_t iv2[16]; /* documented; in prefixed the IV of the Reply */
	uint8_t key2[32];
	uint8_t salt2[8];
	uint8_t e_private[32]; /* sealed: our own X25519 key, RFC 7748 order */
	uint8_t e_peer[32];    /* sealed: the peer's public one */
	br_sha256_context transcript; /* sealed: the Hello as sent */
};

/* The name that options, logs and manuals use: "sealed". */
const char *
dialect_name(enum dialect d);

/* The version that a responder of this dialect answers with. */
struct version
hello_version(enum dialect d);

/* Bytes of a Reply. */
size_t
hello_reply_len(enum dialect d);

/* Initiator: draws the secrets of a Hello. */
void
hello_draw(struct hello *h, enum dialect d, struct rng *rng);

/*
 * Initiator: makes the Hello, ck's modulus length long.  ERR_TOO_LONG when ck
 * is too small for it.
 */
enum err
hello_encrypt(struct hello *h, const struct rsakey_public *ck, struct rng *rng,
	      uint8_t block[static RSAKEY_LEN_MAX]);

/*
 * Initiator: opens the Reply of hello_reply_len bytes, which is overwritten
 * and to be wiped.  ERR_PROTOCOL when it does not open or does not echo salt1;
 * else seal is ready and version is the responder's.
 */
enum err
hello_open_reply(struct hello *h, uint8_t *reply, struct seal *seal,
		 struct version *version);

/*
 * Responder: takes the plaintext of a Hello, and the Hello itself.  The
 * plaintext's length tells the dialect.  ERR_PROTOCOL when it is none's.
 */
enum err
hello_parse(struct hello *h, const uint8_t *plain, size_t len,
	    const uint8_t *block, size_t block_len, struct version *version);

/* Responder: draws the secrets of a Reply. */
void
hello_draw_reply(struct hello *h, struct rng *rng);

/*
 * Responder: makes the Reply; *len is its length, and seal is ready.
 * ERR_PROTOCOL when the peer's public key has no product with ours.
 */
enum err
hello_make_reply(const struct hello *h, uint8_t reply[static HELLO_REPLY_MAX],
		 size_t *len, struct seal *seal);

#endif
