// SPDX-License-Identifier: MIT

/* Hello and Reply against what openssl computed: tests/data/README.md. */

#include "core/wire/hello.h"

#include "core/base/bytes.h"
#include "core/ident/keyfile.h"
#include "core/ident/rng.h"
#include "core/wire/agree.h"
#include "core/wire/seal.h"
#include "tests/unit/tap.h"
#include "tests/unit/vec.h"

#define FILES_LEN 3

static const char *const files[FILES_LEN] = { "documented.hex", "prefixed.hex",
					      "sealed.hex" };
static struct rng rng;

/* What an initiator of the vectors has drawn and sent. */
static void
load_initiator(struct hello *h, enum dialect d)
{
	uint8_t block[RSAKEY_LEN_MAX];
	const char *file = files[d];
	char name[64];
	size_t len;

	memset(h, 0, sizeof *h);
	h->dialect = d;
	if (d == DIALECT_DOCUMENTED)
		vec_load(file, "iv1", h->iv1, 16);
	vec_load(file, "key1", h->key1, 32);
	vec_load(file, "salt1", h->salt1, 8);
	if (d == DIALECT_SEALED)
		vec_load(file, "e_c_private", h->e_private, 32);
	snprintf(name, sizeof name, "%s_rsa2048_1", dialect_name(d));
	len = vec_load("hello.hex", name, block, sizeof block);
	br_sha256_init(&h->transcript);
	br_sha256_update(&h->transcript, block, len);
}

/* What a responder of the vectors has drawn, behind hello_parse. */
static void
load_reply_secrets(struct hello *h)
{
	const char *file = files[h->dialect];

	if (h->dialect == DIALECT_DOCUMENTED)
		vec_load(file, "iv2", h->iv2, 16);
	if (h->dialect == DIALECT_PREFIXED)
		vec_load(file, "reply_iv", h->iv2, 16);
	vec_load(file, "key2", h->key2, 32);
	vec_load(file, "salt2", h->salt2, 8);
	if (h->dialect == DIALECT_SEALED)
		vec_load(file, "e_s_private", h->e_private, 32);
}

static enum err
load_responder(struct hello *h, enum dialect d, struct version *v)
{
	uint8_t block[RSAKEY_LEN_MAX], plain[RSAKEY_PLAIN_MAX];
	size_t block_len, len;
	char name[64];
	enum err e;

	snprintf(name, sizeof name, "%s_rsa2048_1", dialect_name(d));
	block_len = vec_load("hello.hex", name, block, sizeof block);
	snprintf(name, sizeof name, "%s_plaintext", dialect_name(d));
	len = vec_load("hello.hex", name, plain, sizeof plain);
	e = hello_parse(h, plain, len, block, block_len, v);
	load_reply_secrets(h);
	return e;
}

static void
is_vector(const uint8_t *got, const char *file, const char *name)
{
	uint8_t want[512];
	size_t len = vec_load(file, name, want, sizeof want);

	is_mem(got, want, len, "%s: %s", file, name);
}

static void
is_version(struct version v, enum dialect d)
{
	static const char *const texts[] = { "1.0", "1.9", "2.0" };
	char text[VERSION_TEXT_MAX];

	version_format(text, &v);
	is_str(text, texts[d], "%s: version", dialect_name(d));
}

static void
test_responder(enum dialect d)
{
	uint8_t reply[HELLO_REPLY_MAX];
	struct hello h;
	struct seal seal;
	struct version v;
	size_t len;

	is_int(load_responder(&h, d, &v), ERR_OK, "%s: parse", dialect_name(d));
	is_int(h.dialect, d, "%s: is its dialect", dialect_name(d));
	is_version(v, d);
	is_int(hello_make_reply(&h, reply, &len, &seal), ERR_OK, "%s: reply",
	       dialect_name(d));
	is_int(len, hello_reply_len(d), "%s: its length", dialect_name(d));
	is_vector(reply, files[d], "reply");
	is_vector(seal.salt2, files[d], "salt2");
	if (d == DIALECT_SEALED) {
		is_vector(seal.u.aead.out.key, files[d], "s2c_key");
		is_vector(seal.u.aead.in.key, files[d], "c2s_key");
		is_vector(seal.bind, files[d], "bind");
	}
}

static void
test_initiator(enum dialect d)
{
	uint8_t reply[HELLO_REPLY_MAX];
	struct hello h;
	struct seal seal;
	struct version v;

	load_initiator(&h, d);
	vec_load(files[d], "reply", reply, sizeof reply);
	is_int(hello_open_reply(&h, reply, &seal, &v), ERR_OK,
	       "%s: open the Reply", dialect_name(d));
	is_version(v, d);
	is_int(seal.dialect, d, "%s: sealed as such", dialect_name(d));
	is_vector(seal.salt2, files[d], "salt2");
	is_vector(h.key2, files[d], "key2");
	if (d == DIALECT_SEALED) {
		is_vector(seal.u.aead.out.key, files[d], "c2s_key");
		is_vector(seal.u.aead.in.key, files[d], "s2c_key");
		is_vector(seal.bind, files[d], "bind");
	}
}

/* Opens a Reply of the vectors. */
static enum err
open_vector(enum dialect d, const char *name, struct version *v)
{
	uint8_t reply[HELLO_REPLY_MAX];
	struct hello h;
	struct seal seal;

	load_initiator(&h, d);
	vec_load(files[d], name, reply, sizeof reply);
	return hello_open_reply(&h, reply, &seal, v);
}

static void
test_salts(void)
{
	struct version v = { { 9, 9, 9, 9 } };

	is_int(open_vector(DIALECT_DOCUMENTED, "reply_swapped", &v), ERR_OK,
	       "documented: the other order of salt1 and version2");
	is_version(v, DIALECT_DOCUMENTED);
	is_int(open_vector(DIALECT_DOCUMENTED, "reply_wrong_salt", &v),
	       ERR_PROTOCOL, "documented: another salt1");
	is_int(open_vector(DIALECT_SEALED, "reply_wrong_salt", &v),
	       ERR_PROTOCOL, "sealed: another salt1");
}

/*
 * Flips each bit of a Reply.  From byte at on, each flip has to be noticed;
 * before that CBC lets it pass, but then the secrets come out as others.
 */
static void
test_flips(enum dialect d, size_t at)
{
	uint8_t reply[HELLO_REPLY_MAX], flipped[HELLO_REPLY_MAX];
	struct hello h, fresh, right;
	struct seal seal;
	struct version v;
	unsigned passed = 0, same = 0;

	load_initiator(&fresh, d);
	vec_load(files[d], "reply", reply, sizeof reply);
	right = fresh;
	memcpy(flipped, reply, sizeof flipped);
	hello_open_reply(&right, flipped, &seal, &v);
	for (size_t bit = 0; bit < 8 * hello_reply_len(d); bit++) {
		memcpy(flipped, reply, sizeof flipped);
		flipped[bit / 8] ^= (uint8_t)(1U << (bit % 8));
		h = fresh;
		if (hello_open_reply(&h, flipped, &seal, &v) != ERR_OK)
			continue;
		passed += bit / 8 >= at;
		same += memcmp(h.iv2, right.iv2, 16) == 0 &&
			memcmp(h.key2, right.key2, 32) == 0 &&
			memcmp(h.salt2, right.salt2, 8) == 0;
	}
	is_int(passed, 0, "%s: each flip from byte %zu on", dialect_name(d),
	       at);
	is_int(same, 0, "%s: no flip goes unnoticed", dialect_name(d));
}

static void
test_lengths(void)
{
	static const uint8_t plain[RSAKEY_PLAIN_MAX], block[256];
	struct hello h;
	struct version v;
	unsigned taken = 0;

	for (size_t len = 0; len <= sizeof plain; len++)
		if (hello_parse(&h, plain, len, block, sizeof block, &v) ==
		    ERR_OK)
			taken++;
	is_int(taken, 3, "three lengths of plaintext are known");
}

static void
test_encrypt(enum dialect d, const char *file)
{
	static struct rsakey_private key;
	static uint8_t pem[KEYFILE_MAX];
	uint8_t block[RSAKEY_LEN_MAX], sent[RSAKEY_LEN_MAX];
	uint8_t e_c[32];
	size_t len = vec_file(file, pem, sizeof pem);
	struct hello h, peer;
	struct version v;

	is_int(keyfile_parse_private(&key, pem, len), ERR_OK, "%s", file);
	hello_draw(&h, d, &rng);
	is_int(hello_encrypt(&h, &key.pub, &rng, block), ERR_OK, "%s: encrypt",
	       dialect_name(d));
	memcpy(sent, block, sizeof sent);
	len = key.pub.n_len;
	is_int(rsakey_decrypt(&key, block, &len), ERR_OK, "%s: decrypt",
	       dialect_name(d));
	is_int(hello_parse(&peer, block, len, sent, key.pub.n_len, &v), ERR_OK,
	       "%s: parse", dialect_name(d));
	is_int(peer.dialect, d, "%s: recognised", dialect_name(d));
	is_mem(peer.key1, h.key1, 32, "%s: key1", dialect_name(d));
	is_mem(peer.salt1, h.salt1, 8, "%s: salt1", dialect_name(d));
	if (d == DIALECT_DOCUMENTED)
		is_mem(peer.iv1, h.iv1, 16, "%s: iv1", dialect_name(d));
	if (d == DIALECT_SEALED) {
		agree_public(e_c, h.e_private);
		is_mem(peer.e_peer, e_c, 32, "%s: e_c", dialect_name(d));
	}
	is_version(v, d);
}

static void
test_small_key(void)
{
	struct rsakey_public ck = { .n_len = 100, .e_len = 3 };
	uint8_t block[RSAKEY_LEN_MAX];
	struct hello h;

	memset(ck.n, 0xff, ck.n_len);
	memcpy(ck.e, "\x01\x00\x01", 3);
	hello_draw(&h, DIALECT_SEALED, &rng);
	is_int(hello_encrypt(&h, &ck, &rng, block), ERR_TOO_LONG,
	       "a key too small for a Hello");
}

/* A point of low order from the initiator, and from the responder. */
static void
test_low_order(unsigned n)
{
	uint8_t point[32], reply[HELLO_REPLY_MAX], key[32];
	uint8_t aad[AGREE_AAD_LEN];
	struct hello h;
	struct seal seal;
	struct version v;
	char name[32];
	size_t len;

	snprintf(name, sizeof name, "low_order_%u", n);
	vec_load("sealed.hex", name, point, sizeof point);
	load_responder(&h, DIALECT_SEALED, &v);
	memcpy(h.e_peer, point, 32);
	is_int(hello_make_reply(&h, reply, &len, &seal), ERR_PROTOCOL,
	       "%s in a Hello", name);

	load_initiator(&h, DIALECT_SEALED);
	memset(reply, 0, sizeof reply);
	memcpy(reply, point, 32);
	memcpy(reply + 72, h.salt1, 8);
	agree_reply_key(&h, point, key, aad);
	seal_aead_close(key, 0, aad, sizeof aad, reply + 32, 52, reply + 84);
	is_int(hello_open_reply(&h, reply, &seal, &v), ERR_PROTOCOL,
	       "%s in a Reply", name);
}

/* The same Hello twice: nothing of one Reply is in the other. */
static void
test_replayed(void)
{
	uint8_t reply[2][HELLO_REPLY_MAX], k_r[2][32], aad[AGREE_AAD_LEN];
	struct hello h[2];
	struct seal seal[2];
	struct version v;
	size_t len;

	for (int i = 0; i < 2; i++) {
		load_responder(&h[i], DIALECT_SEALED, &v);
		hello_draw_reply(&h[i], &rng);
		hello_make_reply(&h[i], reply[i], &len, &seal[i]);
		agree_reply_key(&h[i], reply[i], k_r[i], aad);
	}
	ok(memcmp(reply[0], reply[1], 32) != 0, "replayed: another e_s");
	ok(memcmp(k_r[0], k_r[1], 32) != 0, "replayed: another k_r");
	ok(memcmp(h[0].key2, h[1].key2, 32) != 0, "replayed: another key2");
	ok(memcmp(seal[0].salt2, seal[1].salt2, 8) != 0,
	   "replayed: another salt2");
	ok(memcmp(seal[0].bind, seal[1].bind, 32) != 0,
	   "replayed: another bind");
	ok(memcmp(seal[0].u.aead.in.key, seal[1].u.aead.in.key, 32) != 0 &&
		   memcmp(seal[0].u.aead.out.key, seal[1].u.aead.out.key, 32) !=
			   0,
	   "replayed: other record keys");
}

int
main(void)
{
	rng_init_fixed(&rng, "hello", 5);
	for (enum dialect d = 0; d < DIALECTS_LEN; d++) {
		test_responder(d);
		test_initiator(d);
		test_encrypt(d, "rsa2048-1.pem");
		test_encrypt(d, "rsa1024-1.pem");
	}
	test_salts();
	test_flips(DIALECT_DOCUMENTED, 40);
	test_flips(DIALECT_PREFIXED, 44);
	test_flips(DIALECT_SEALED, 0);
	test_lengths();
	test_small_key();
	for (unsigned n = 0; n < 7; n++)
		test_low_order(n);
	test_replayed();
	return done_testing();
}
