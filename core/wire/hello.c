// SPDX-License-Identifier: MIT
#include "core/wire/hello.h"

#include <string.h>

#include "core/base/bytes.h"
#include "core/ident/rng.h"
#include "core/wire/agree.h"
#include "core/wire/seal.h"

#define REPLY_DOCUMENTED 80
#define REPLY_PREFIXED 64
#define REPLY_SEALED 100

/* key2 | salt2 | salt1 | version2, what the Reply of sealed encloses. */
#define SEALED_INNER (32 + 8 + 8 + 4)

const char *
dialect_name(enum dialect d)
{
	static const char names[DIALECTS_LEN][11] = {
		[DIALECT_DOCUMENTED] = "documented",
		[DIALECT_PREFIXED] = "prefixed",
		[DIALECT_SEALED] = "sealed",
	};

	return (unsigned)d < DIALECTS_LEN ? names[d] : "unknown";
}

struct version
hello_version(enum dialect d)
{
	static const struct version versions[DIALECTS_LEN] = {
		[DIALECT_DOCUMENTED] = { { 1, 0, 0, 0 } },
		[DIALECT_PREFIXED] = { { 1, 9, 0, 0 } },
		[DIALECT_SEALED] = { { 2, 0, 0, 0 } },
	};

	return versions[d];
}

size_t
hello_reply_len(enum dialect d)
{
	static const uint8_t lens[DIALECTS_LEN] = {
		[DIALECT_DOCUMENTED] = REPLY_DOCUMENTED,
		[DIALECT_PREFIXED] = REPLY_PREFIXED,
		[DIALECT_SEALED] = REPLY_SEALED,
	};

	return lens[d];
}

static void
put_version(struct bytes_writer *w, enum dialect d)
{
	struct version v = hello_version(d);
	uint8_t wire[4];

	if (d == DIALECT_PREFIXED)
		version_put_prefixed(wire, &v);
	else
		version_put_documented(wire, &v);
	bytes_put(w, wire, sizeof wire);
}

static struct version
get_version(const uint8_t *wire, enum dialect d)
{
	return d == DIALECT_PREFIXED ? version_get_prefixed(wire)
				     : version_get_documented(wire);
}

static void
start_transcript(struct hello *h, const uint8_t *block, size_t len)
{
	br_sha256_init(&h->transcript);
	br_sha256_update(&h->transcript, block, len);
}

void
hello_draw(struct hello *h, enum dialect d, struct rng *rng)
{
	memset(h, 0, sizeof *h);
	h->dialect = d;
	rng_bytes(rng, h->iv1, sizeof h->iv1);
	rng_bytes(rng, h->key1, sizeof h->key1);
	rng_bytes(rng, h->salt1, sizeof h->salt1);
	rng_bytes(rng, h->e_private, sizeof h->e_private);
}

enum err
hello_encrypt(struct hello *h, const struct rsakey_public *ck, struct rng *rng,
	      uint8_t block[static RSAKEY_LEN_MAX])
{
	uint8_t plain[HELLO_PLAIN_MAX], e_c[32];
	struct bytes_writer w = bytes_writer(plain, sizeof plain);
	enum err e;

	if (h->dialect == DIALECT_DOCUMENTED)
		bytes_put(&w, h->iv1, sizeof h->iv1);
	bytes_put(&w, h->key1, sizeof h->key1);
	bytes_put(&w, h->salt1, sizeof h->salt1);
	put_version(&w, h->dialect);
	if (h->dialect == DIALECT_SEALED) {
		agree_public(e_c, h->e_private);
		bytes_put(&w, e_c, sizeof e_c);
	}
	e = rsakey_encrypt(ck, rng, block, plain, w.len);
	bytes_wipe(plain, sizeof plain);
	if (e == ERR_OK)
		start_transcript(h, block, ck->n_len);
	return e;
}

static enum err
open_documented(struct hello *h, uint8_t *reply, struct version *version)
{
	static const struct {
		uint8_t salt1, version;
	} orders[] = { { 56, 64 }, { 60, 56 } };
	br_aes_ct_cbcdec_keys keys;
	size_t len;

	br_aes_ct_cbcdec_init(&keys, h->key1, sizeof h->key1);
	br_aes_ct_cbcdec_run(&keys, h->iv1, reply, REPLY_DOCUMENTED);
	bytes_wipe(&keys, sizeof keys);
	if (seal_unpad(reply, REPLY_DOCUMENTED, &len) != ERR_OK || len != 68)
		return ERR_PROTOCOL;
	memcpy(h->iv2, reply, sizeof h->iv2);
	memcpy(h->key2, reply + 16, sizeof h->key2);
	memcpy(h->salt2, reply + 48, sizeof h->salt2);
	for (size_t i = 0; i < 2; i++)
		if (bytes_equal(reply + orders[i].salt1, h->salt1, 8)) {
			*version = get_version(reply + orders[i].version,
					       h->dialect);
			return ERR_OK;
		}
	return ERR_PROTOCOL;
}

static enum err
open_prefixed(struct hello *h, uint8_t *reply, struct version *version)
{
	uint8_t *inner = reply + SEAL_BLOCK;
	br_aes_ct_cbcdec_keys keys;
	size_t len;

	br_aes_ct_cbcdec_init(&keys, h->key1, sizeof h->key1);
	br_aes_ct_cbcdec_run(&keys, reply, inner, REPLY_PREFIXED - SEAL_BLOCK);
	bytes_wipe(&keys, sizeof keys);
	if (seal_unpad(inner, REPLY_PREFIXED - SEAL_BLOCK, &len) != ERR_OK ||
	    len != 44)
		return ERR_PROTOCOL;
	memcpy(h->key2, inner, sizeof h->key2);
	memcpy(h->salt2, inner + 32, sizeof h->salt2);
	*version = get_version(inner + 40, h->dialect);
	return ERR_OK;
}

static enum err
open_sealed(struct hello *h, uint8_t *reply, struct seal *seal,
	    struct version *version)
{
	uint8_t key[32], aad[AGREE_AAD_LEN], inner[SEALED_INNER];
	enum err e;

	memcpy(h->e_peer, reply, sizeof h->e_peer);
	memcpy(inner, reply + 32, sizeof inner);
	agree_reply_key(h, h->e_peer, key, aad);
	e = seal_aead_open(key, 0, aad, sizeof aad, inner, sizeof inner,
			   reply + 32 + sizeof inner);
	bytes_wipe(key, sizeof key);
	memcpy(h->key2, inner, sizeof h->key2);
	memcpy(h->salt2, inner + 32, sizeof h->salt2);
	if (e == ERR_OK && !bytes_equal(inner + 40, h->salt1, 8))
		e = ERR_PROTOCOL;
	*version = get_version(inner + 48, h->dialect);
	bytes_wipe(inner, sizeof inner);
	return e == ERR_OK ? agree_session(seal, h, reply, true) : e;
}

enum err
hello_open_reply(struct hello *h, uint8_t *reply, struct seal *seal,
		 struct version *version)
{
	enum err e;

	switch (h->dialect) {
	case DIALECT_DOCUMENTED:
		e = open_documented(h, reply, version);
		if (e == ERR_OK)
			seal_init_cbc(seal, h->dialect, h->key2, h->iv2,
				      h->salt2);
		return e;
	case DIALECT_PREFIXED:
		e = open_prefixed(h, reply, version);
		if (e == ERR_OK)
			seal_init_cbc(seal, h->dialect, h->key2, NULL,
				      h->salt2);
		return e;
	case DIALECT_SEALED:
		return open_sealed(h, reply, seal, version);
	}
	return ERR_PROTOCOL;
}

enum err
hello_parse(struct hello *h, const uint8_t *plain, size_t len,
	    const uint8_t *block, size_t block_len, struct version *version)
{
	struct bytes_reader r = bytes_reader(plain, len);

	memset(h, 0, sizeof *h);
	switch (len) {
	case 60:
		h->dialect = DIALECT_DOCUMENTED;
		memcpy(h->iv1, bytes_take(&r, 16), 16);
		break;
	case 44:
		h->dialect = DIALECT_PREFIXED;
		break;
	case 76:
		h->dialect = DIALECT_SEALED;
		break;
	default:
		return ERR_PROTOCOL;
	}
	memcpy(h->key1, bytes_take(&r, 32), 32);
	memcpy(h->salt1, bytes_take(&r, 8), 8);
	*version = get_version(bytes_take(&r, 4), h->dialect);
	if (h->dialect == DIALECT_SEALED)
		memcpy(h->e_peer, bytes_take(&r, 32), 32);
	start_transcript(h, block, block_len);
	return ERR_OK;
}

void
hello_draw_reply(struct hello *h, struct rng *rng)
{
	rng_bytes(rng, h->iv2, sizeof h->iv2);
	rng_bytes(rng, h->key2, sizeof h->key2);
	rng_bytes(rng, h->salt2, sizeof h->salt2);
	rng_bytes(rng, h->e_private, sizeof h->e_private);
}

/* Pads what w holds from the start of inner on, and encrypts it with key1. */
static void
close_blocks(const struct hello *h, struct bytes_writer *w, uint8_t *inner,
	     const uint8_t iv[static SEAL_BLOCK])
{
	size_t len = (size_t)(w->buf + w->len - inner);
	size_t pad = SEAL_BLOCK - len % SEAL_BLOCK;
	br_aes_ct_cbcenc_keys keys;
	uint8_t chain[SEAL_BLOCK];

	memset(inner + len, (int)pad, pad);
	memcpy(chain, iv, sizeof chain);
	br_aes_ct_cbcenc_init(&keys, h->key1, sizeof h->key1);
	br_aes_ct_cbcenc_run(&keys, chain, inner, len + pad);
	bytes_wipe(&keys, sizeof keys);
}

static enum err
make_sealed(const struct hello *h, struct bytes_writer *w, struct seal *seal)
{
	uint8_t key[32], aad[AGREE_AAD_LEN];
	uint8_t *inner = w->buf + 32;

	agree_public(w->buf, h->e_private);
	w->len = 32;
	bytes_put(w, h->key2, sizeof h->key2);
	bytes_put(w, h->salt2, sizeof h->salt2);
	bytes_put(w, h->salt1, sizeof h->salt1);
	put_version(w, h->dialect);
	agree_reply_key(h, w->buf, key, aad);
	seal_aead_close(key, 0, aad, sizeof aad, inner, SEALED_INNER,
			inner + SEALED_INNER);
	bytes_wipe(key, sizeof key);
	return agree_session(seal, h, w->buf, false);
}

enum err
hello_make_reply(const struct hello *h, uint8_t reply[static HELLO_REPLY_MAX],
		 size_t *len, struct seal *seal)
{
	struct bytes_writer w = bytes_writer(reply, HELLO_REPLY_MAX);

	*len = hello_reply_len(h->dialect);
	switch (h->dialect) {
	case DIALECT_DOCUMENTED:
		bytes_put(&w, h->iv2, sizeof h->iv2);
		bytes_put(&w, h->key2, sizeof h->key2);
		bytes_put(&w, h->salt2, sizeof h->salt2);
		bytes_put(&w, h->salt1, sizeof h->salt1);
		put_version(&w, h->dialect);
		close_blocks(h, &w, reply, h->iv1);
		seal_init_cbc(seal, h->dialect, h->key2, h->iv2, h->salt2);
		return ERR_OK;
	case DIALECT_PREFIXED:
		bytes_put(&w, h->iv2, sizeof h->iv2);
		bytes_put(&w, h->key2, sizeof h->key2);
		bytes_put(&w, h->salt2, sizeof h->salt2);
		put_version(&w, h->dialect);
		close_blocks(h, &w, reply + SEAL_BLOCK, h->iv2);
		seal_init_cbc(seal, h->dialect, h->key2, NULL, h->salt2);
		return ERR_OK;
	case DIALECT_SEALED:
		return make_sealed(h, &w, seal);
	}
	return ERR_PROTOCOL;
}
