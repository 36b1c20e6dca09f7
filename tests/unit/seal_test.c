// SPDX-License-Identifier: MIT

/* Messages to wire and back, against what openssl computed. */

#include "core/wire/seal.h"

#include "core/ident/rng.h"
#include "tests/unit/tap.h"
#include "tests/unit/vec.h"

static struct rng rng;
static uint8_t wire[SEAL_HEADER + SEAL_RECORD_MAX];

static void
load_cbc(struct seal *seal, enum dialect d, const char *file)
{
	uint8_t key[32], iv[16], salt2[8];

	vec_load(file, "key2", key, sizeof key);
	vec_load(file, "salt2", salt2, sizeof salt2);
	if (d == DIALECT_DOCUMENTED)
		vec_load(file, "iv2", iv, sizeof iv);
	seal_init_cbc(seal, d, key, d == DIALECT_DOCUMENTED ? iv : NULL, salt2);
}

/* The seal of one end of the vectors' session. */
static void
load_aead(struct seal *seal, bool initiator)
{
	uint8_t c2s[32], s2c[32], bind[32], salt2[8];

	vec_load("sealed.hex", "c2s_key", c2s, 32);
	vec_load("sealed.hex", "s2c_key", s2c, 32);
	vec_load("sealed.hex", "bind", bind, 32);
	vec_load("sealed.hex", "salt2", salt2, 8);
	seal_init_aead(seal, initiator ? c2s : s2c, initiator ? s2c : c2s, bind,
		       salt2);
}

static size_t
load(const char *file, const char *dir, const char *what, int n, uint8_t *dst)
{
	char name[64];

	snprintf(name, sizeof name, "%s%s_%d", dir, what, n);
	return vec_load(file, name, dst, 256);
}

/* Three messages in one direction of file, as one end writes them. */
static void
check_put(struct seal *seal, const char *file, const char *dir)
{
	uint8_t message[256], want[256];

	for (int n = 0; n < 3; n++) {
		size_t len = load(file, dir, "message", n, message);
		size_t want_len = load(file, dir, "wire", n, want);

		is_int(seal_put(seal, &rng, wire, message, len), want_len,
		       "%s: length of %s %d", file, dir, n);
		is_mem(wire, want, want_len, "%s: %s %d", file, dir, n);
	}
}

/* And as the other end reads them. */
static void
check_blocks(struct seal *seal, const char *file, const char *dir, size_t iv)
{
	uint8_t message[256], got[256];

	for (int n = 0; n < 3; n++) {
		size_t len = load(file, dir, "message", n, message);
		size_t got_len = load(file, dir, "wire", n, got);
		size_t plain_len = 0;

		if (iv > 0)
			seal_set_iv(seal, got);
		/* a block at a time, as they come */
		for (size_t at = iv; at < got_len; at += SEAL_BLOCK)
			seal_decrypt(seal, got + at, SEAL_BLOCK);
		is_int(seal_unpad(got + iv, got_len - iv, &plain_len), ERR_OK,
		       "%s: padding of %s %d", file, dir, n);
		is_int(plain_len, len, "%s: length of %s %d", file, dir, n);
		is_mem(got + iv, message, len, "%s: %s %d", file, dir, n);
	}
}

static void
check_open(struct seal *seal, const char *dir)
{
	uint8_t message[256], got[256];

	for (int n = 0; n < 3; n++) {
		size_t len = load("sealed.hex", dir, "message", n, message);
		size_t got_len = load("sealed.hex", dir, "wire", n, got);

		is_int(seal_open(seal, got + 2, got_len - 2), ERR_OK,
		       "sealed: open %s %d", dir, n);
		is_int(got_len, len + 18, "sealed: length of %s %d", dir, n);
		is_mem(got + 2, message, len, "sealed: %s %d", dir, n);
	}
}

static void
test_vectors(void)
{
	struct seal seal;

	load_cbc(&seal, DIALECT_DOCUMENTED, "documented.hex");
	check_put(&seal, "documented.hex", "c2s_");
	check_blocks(&seal, "documented.hex", "s2c_", 0);
	load_cbc(&seal, DIALECT_DOCUMENTED, "documented.hex");
	check_put(&seal, "documented.hex", "s2c_");
	check_blocks(&seal, "documented.hex", "c2s_", 0);
	load_cbc(&seal, DIALECT_PREFIXED, "prefixed.hex");
	check_blocks(&seal, "prefixed.hex", "", SEAL_BLOCK);
	load_aead(&seal, true);
	check_put(&seal, "sealed.hex", "c2s_");
	check_open(&seal, "s2c_");
	load_aead(&seal, false);
	check_put(&seal, "sealed.hex", "s2c_");
	check_open(&seal, "c2s_");
}

/* Prefixed: what one end writes the other reads, each with an IV of its own. */
static void
test_prefixed(void)
{
	struct seal a, b;
	uint8_t ivs[2][SEAL_BLOCK];
	size_t len, plain_len;

	load_cbc(&a, DIALECT_PREFIXED, "prefixed.hex");
	load_cbc(&b, DIALECT_PREFIXED, "prefixed.hex");
	for (int i = 0; i < 2; i++) {
		len = seal_put(&a, &rng, wire, (const uint8_t *)"the same", 8);
		is_int(len, 32, "prefixed: IV and one block");
		memcpy(ivs[i], wire, SEAL_BLOCK);
		seal_set_iv(&b, wire);
		seal_decrypt(&b, wire + 16, len - 16);
		is_int(seal_unpad(wire + 16, len - 16, &plain_len), ERR_OK,
		       "prefixed: padding");
		is_mem(wire + 16, "the same", 8, "prefixed: and back");
	}
	ok(memcmp(ivs[0], ivs[1], SEAL_BLOCK) != 0, "prefixed: a fresh IV");
}

static void
test_padding(void)
{
	uint8_t blocks[32];
	size_t len;
	unsigned taken;

	for (uint8_t pad = 1; pad <= SEAL_BLOCK; pad++) {
		memset(blocks, 'x', sizeof blocks);
		memset(blocks + 32 - pad, pad, pad);
		ok(seal_unpad(blocks, 32, &len) == ERR_OK && len == 32U - pad,
		   "padding of %d", pad);
		taken = 0;
		for (size_t i = 1; i <= pad; i++) {
			blocks[32 - i] ^= 0x80;
			taken += seal_unpad(blocks, 32, &len) == ERR_OK;
			blocks[32 - i] ^= 0x80;
		}
		is_int(taken, 0, "padding of %d: each byte counts", pad);
	}
	memset(blocks, 0, sizeof blocks);
	is_int(seal_unpad(blocks, 32, &len), ERR_PROTOCOL, "padding of 0");
	memset(blocks, 17, sizeof blocks);
	is_int(seal_unpad(blocks, 32, &len), ERR_PROTOCOL, "padding of 17");
	memset(blocks, 16, sizeof blocks);
	ok(seal_unpad(blocks, 16, &len) == ERR_OK && len == 0,
	   "nothing but padding");
}

/* Each flip of a record, its length included, and each truncation. */
static void
test_flips(void)
{
	uint8_t record[256], got[256];
	struct seal fresh, seal;
	unsigned opened = 0;
	size_t len;

	load_aead(&fresh, false);
	len = vec_load("sealed.hex", "c2s_wire_1", record, sizeof record);
	fresh.u.aead.in.counter = 1;
	for (size_t bit = 16; bit < 8 * len; bit++) {
		seal = fresh;
		memcpy(got, record, len);
		got[bit / 8] ^= (uint8_t)(1U << (bit % 8));
		opened += seal_open(&seal, got + 2, len - 2) == ERR_OK;
	}
	is_int(opened, 0, "sealed: each flip of a record is noticed");
	for (size_t cut = SEAL_RECORD_MIN; cut < len - 2; cut++) {
		seal = fresh;
		memcpy(got, record, len);
		opened += seal_open(&seal, got + 2, cut) == ERR_OK;
	}
	is_int(opened, 0, "sealed: and each truncation");
	seal = fresh;
	memcpy(got, record, len);
	is_int(seal_open(&seal, got + 2, len - 2), ERR_OK,
	       "sealed: the record itself opens");
	memcpy(got, record, len);
	is_int(seal_open(&seal, got + 2, len - 2), ERR_PROTOCOL,
	       "sealed: but not a second time");
}

static void
test_rekey(void)
{
	uint8_t want[256], message[256];
	struct seal seal, peer;
	size_t len, n;
	unsigned wrong = 0;

	load_aead(&seal, true);
	seal.u.aead.out.counter = SEAL_REKEY_AFTER - 1;
	len = vec_load("sealed.hex", "c2s_message_2", message, sizeof message);
	n = vec_load("sealed.hex", "c2s_wire_last", want, sizeof want);
	is_int(seal_put(&seal, &rng, wire, message, len), n, "rekey: last");
	is_mem(wire, want, n, "rekey: the last record under the first key");
	n = vec_load("sealed.hex", "c2s_rekeyed", want, sizeof want);
	is_mem(seal.u.aead.out.key, want, n, "rekey: the next key");
	is_int(seal.u.aead.out.counter, 0, "rekey: counts from 0");
	n = vec_load("sealed.hex", "c2s_rekeyed_wire_0", want, sizeof want);
	seal_put(&seal, &rng, wire, message, len);
	is_mem(wire, want, n, "rekey: the first record under it");

	load_aead(&seal, true);
	load_aead(&peer, false);
	seal.rekey_after = peer.rekey_after = 3;
	for (int i = 0; i < 7; i++) {
		n = seal_put(&seal, &rng, wire, message, len);
		wrong += seal_open(&peer, wire + 2, n - 2) != ERR_OK;
	}
	is_int(wrong, 0, "rekey: both ends do it after 3 records");
	vec_load("sealed.hex", "c2s_rekeyed_twice", want, sizeof want);
	is_mem(seal.u.aead.out.key, want, 32, "rekey: the key after the next");
	is_mem(peer.u.aead.in.key, want, 32, "rekey: at the other end too");
	is_int(peer.u.aead.in.counter, 1, "rekey: 7 is twice 3 and 1");
}

/* The longest messages fit what they have to. */
static void
test_longest(void)
{
	static uint8_t message[SEAL_WIRE_MAX];
	struct seal seal, peer;

	load_cbc(&seal, DIALECT_DOCUMENTED, "documented.hex");
	is_int(seal_put(&seal, &rng, wire, message, 16383), 16384,
	       "documented: 16,383 bytes");
	is_int(seal_message_max(DIALECT_DOCUMENTED), 16383, "documented: max");
	load_cbc(&seal, DIALECT_PREFIXED, "prefixed.hex");
	is_int(seal_put(&seal, &rng, wire, message, 16367), 16384,
	       "prefixed: 16,367 bytes");
	is_int(seal_message_max(DIALECT_PREFIXED), 16367, "prefixed: max");
	load_aead(&seal, true);
	load_aead(&peer, false);
	is_int(seal_put(&seal, &rng, wire, message, 16384), 16402,
	       "sealed: 16,384 bytes");
	is_int(seal_message_max(DIALECT_SEALED), 16384, "sealed: max");
	is_int(seal_open(&peer, wire + 2, 16400), ERR_OK, "sealed: opens");
	is_mem(wire + 2, message, 16384, "sealed: and is the same");
}

int
main(void)
{
	rng_init_fixed(&rng, "seal", 4);
	test_vectors();
	test_prefixed();
	test_padding();
	test_flips();
	test_rekey();
	test_longest();
	return done_testing();
}
