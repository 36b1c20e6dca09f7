// SPDX-License-Identifier: MIT

/*
 * RSA keys against values computed by openssl: tests/data/README.md.
 */

#include <bearssl.h>

#include "core/base/bytes.h"
#include "core/ident/keyfile.h"
#include "core/ident/rng.h"
#include "core/ident/rsakey.h"
#include "tests/unit/tap.h"
#include "tests/unit/vec.h"

static struct rng rng;

static struct rsakey_private
load_key(const char *file)
{
	static uint8_t pem[KEYFILE_MAX];
	struct rsakey_private key;
	size_t len = vec_file(file, pem, sizeof pem);
	is_int(keyfile_parse_private(&key, pem, len), ERR_OK, "read %s", file);
	return key;
}

static void
check_number(const char *file, const char *name, const uint8_t *got, size_t len)
{
	uint8_t want[1024];
	size_t want_len = vec_load(file, name, want, sizeof want);
	is_int(len, want_len, "%s: length of %s", file, name);
	is_mem(got, want, len, "%s: %s", file, name);
}

static void
check_key(const char *pem, const char *hex, unsigned bits)
{
	struct rsakey_private key = load_key(pem);
	struct rsakey_public pub;
	uint8_t spki[RSAKEY_SPKI_MAX];
	is_int(rsakey_bits(&key.pub), bits, "%s: bits", pem);
	check_number(hex, "n", key.pub.n, key.pub.n_len);
	check_number(hex, "e", key.pub.e, key.pub.e_len);
	check_number(hex, "d", key.d, key.d_len);
	check_number(hex, "p", key.p, key.p_len);
	check_number(hex, "q", key.q, key.q_len);
	check_number(hex, "dp", key.dp, key.dp_len);
	check_number(hex, "dq", key.dq, key.dq_len);
	check_number(hex, "qinv", key.iq, key.iq_len);
	size_t len = rsakey_encode_spki(spki, &key.pub);
	check_number(hex, "spki", spki, len);
	is_int(rsakey_decode_spki(&pub, spki, len), ERR_OK, "%s: decode", pem);
	is_mem(pub.n, key.pub.n, key.pub.n_len, "%s: n is back", pem);
	is_int(rsakey_check_private(&key, &rng), ERR_OK, "%s: sound", pem);
}

static void
test_spki(void)
{
	static const struct {
		const char *name;
		enum err want;
	} rows[] = {
		{ "good", ERR_OK },
		{ "good_e3", ERR_OK },
		{ "good_e_largest", ERR_OK },
		{ "good_4096", ERR_OK },
		{ "short_1024", ERR_OK },
		{ "short_2040", ERR_OK },
		{ "bad_1016", ERR_MALFORMED },
		{ "bad_4104", ERR_MALFORMED },
		{ "bad_2047", ERR_MALFORMED },
		{ "bad_2049", ERR_MALFORMED },
		{ "bad_n_even", ERR_MALFORMED },
		{ "bad_n_negative", ERR_MALFORMED },
		{ "bad_n_padded", ERR_MALFORMED },
		{ "bad_n_empty", ERR_MALFORMED },
		{ "bad_e_1", ERR_MALFORMED },
		{ "bad_e_0", ERR_MALFORMED },
		{ "bad_e_even", ERR_MALFORMED },
		{ "bad_e_2_31", ERR_MALFORMED },
		{ "bad_e_long", ERR_MALFORMED },
		{ "bad_e_padded", ERR_MALFORMED },
		{ "bad_e_negative", ERR_MALFORMED },
		{ "bad_trailing", ERR_MALFORMED },
		{ "bad_truncated", ERR_MALFORMED },
		{ "bad_trailing_inside", ERR_MALFORMED },
		{ "bad_third_integer", ERR_MALFORMED },
		{ "bad_no_null", ERR_MALFORMED },
		{ "bad_pss_oid", ERR_NOT_RSA },
		{ "bad_unused_bits", ERR_MALFORMED },
		{ "bad_pkcs1", ERR_MALFORMED },
		{ "bad_long_length", ERR_MALFORMED },
		{ "bad_indefinite", ERR_MALFORMED },
		{ "bad_ec", ERR_NOT_RSA },
		{ "bad_x25519", ERR_NOT_RSA },
		{ "bad_empty_sequence", ERR_MALFORMED },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		uint8_t spki[1024], back[RSAKEY_SPKI_MAX];
		struct rsakey_public key;
		size_t len =
			vec_load("spki.hex", rows[i].name, spki, sizeof spki);
		enum err e = rsakey_decode_spki(&key, spki, len);
		is_int(e, rows[i].want, "spki: %s", rows[i].name);
		if (e != ERR_OK)
			continue;
		is_int(rsakey_encode_spki(back, &key), len,
		       "spki: %s: same length again", rows[i].name);
		is_mem(back, spki, len, "spki: %s: same bytes again",
		       rows[i].name);
		is_int(rsakey_check_public(&key, RSAKEY_BITS_STRONG),
		       *rows[i].name == 's' ? ERR_MALFORMED : ERR_OK,
		       "spki: %s: strong", rows[i].name);
	}
}

static void
test_spki_cuts(void)
{
	uint8_t spki[RSAKEY_SPKI_MAX];
	struct rsakey_public key;
	size_t len = vec_load("spki.hex", "good", spki, sizeof spki);
	size_t refused = 0;
	for (size_t cut = 0; cut < len; cut++)
		refused += rsakey_decode_spki(&key, spki, cut) != ERR_OK;
	is_int(refused, len, "spki: every truncation is refused");
}

static void
test_sign(void)
{
	struct rsakey_private key = load_key("rsa2048-4.pem");
	uint8_t digest[20], want[RSAKEY_LEN_MAX], sig[RSAKEY_LEN_MAX];
	vec_load("sign.hex", "covered_sha1", digest, sizeof digest);
	size_t len = vec_load("sign.hex", "token_sig", want, sizeof want);
	is_int(rsakey_sign(&key, RSAKEY_SHA1, digest, sig), ERR_OK, "sign");
	is_mem(sig, want, len, "the signature is openssl's");
	is_int(rsakey_verify(&key.pub, RSAKEY_SHA1, digest, want, len), ERR_OK,
	       "verify");
	is_int(rsakey_verify(&key.pub, RSAKEY_SHA1, digest, want, len - 1),
	       ERR_REFUSED, "verify: short");
	is_int(rsakey_verify(&key.pub, RSAKEY_SHA256, digest, want, len),
	       ERR_REFUSED, "verify: another hash");
	want[len - 1] ^= 1;
	is_int(rsakey_verify(&key.pub, RSAKEY_SHA1, digest, want, len),
	       ERR_REFUSED, "verify: a bit flipped");
	want[len - 1] ^= 1;
	digest[0] ^= 1;
	is_int(rsakey_verify(&key.pub, RSAKEY_SHA1, digest, want, len),
	       ERR_REFUSED, "verify: another digest");
}

/* A wrong CRT value would let a signature give the factors away. */
static void
test_faults(void)
{
	uint8_t digest[32] = { 7 }, sig[RSAKEY_LEN_MAX];
	struct rsakey_private key = load_key("rsa2048-1.pem");
	uint8_t *parts[] = { key.d, key.p, key.q, key.dp, key.dq, key.iq };
	static const char *const names[] = { "d", "p", "q", "dp", "dq", "iq" };
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		parts[i][9] ^= 4;
		is_int(rsakey_check_private(&key, &rng), ERR_REFUSED,
		       "a wrong %s is seen", names[i]);
		if (parts[i] != key.d)
			is_int(rsakey_sign(&key, RSAKEY_SHA256, digest, sig),
			       ERR_MALFORMED, "no signature with a wrong %s",
			       names[i]);
		parts[i][9] ^= 4;
	}
	is_int(rsakey_check_private(&key, &rng), ERR_OK, "and is right again");
}

static void
test_oaep_vectors(void)
{
	static const char *const names[] = { "documented", "prefixed",
					     "sealed" };
	struct rsakey_private key = load_key("rsa2048-1.pem");
	uint8_t block[RSAKEY_LEN_MAX], plain[256];
	size_t len;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		char name[64];
		snprintf(name, sizeof name, "%s_plaintext", names[i]);
		size_t want = vec_load("hello.hex", name, plain, sizeof plain);
		snprintf(name, sizeof name, "%s_rsa2048_1", names[i]);
		vec_load("hello.hex", name, block, sizeof block);
		is_int(rsakey_decrypt(&key, block, &len), ERR_OK,
		       "open openssl's %s Hello", names[i]);
		is_int(len, want, "its length");
		is_mem(block, plain, want, "its bytes");
	}
	vec_load("hello.hex", "empty_rsa2048_1", block, sizeof block);
	is_int(rsakey_decrypt(&key, block, &len), ERR_OK, "open an empty one");
	is_int(len, 0, "it is empty");
	vec_load("hello.hex", "above_rsa2048_1", block, sizeof block);
	is_int(rsakey_decrypt(&key, block, &len), ERR_REFUSED,
	       "a block above the modulus");
}

static void
test_oaep(const char *file)
{
	struct rsakey_private key = load_key(file);
	uint8_t src[RSAKEY_LEN_MAX], block[RSAKEY_LEN_MAX];
	size_t most = key.pub.n_len - 42U, len;
	rng_bytes(&rng, src, sizeof src);
	for (size_t n = 0; n <= most; n += most / 2) {
		is_int(rsakey_encrypt(&key.pub, &rng, block, src, n), ERR_OK,
		       "%s: %zu bytes", file, n);
		is_int(rsakey_decrypt(&key, block, &len), ERR_OK, "open it");
		is_int(len, n, "its length");
		is_mem(block, src, n, "its bytes");
	}
	is_int(rsakey_encrypt(&key.pub, &rng, block, src, most + 1),
	       ERR_TOO_LONG, "%s: one byte more", file);
}

static void
test_generate(unsigned bits)
{
	struct rsakey_private key;
	struct rsakey_public pub;
	uint8_t spki[RSAKEY_SPKI_MAX];
	is_int(rsakey_generate(&key, bits, &rng), ERR_OK, "make %u bits", bits);
	is_int(rsakey_bits(&key.pub), bits, "it has %u bits", bits);
	is_int(rsakey_check_private(&key, &rng), ERR_OK, "it is sound");
	size_t len = rsakey_encode_spki(spki, &key.pub);
	is_int(rsakey_decode_spki(&pub, spki, len), ERR_OK, "it encodes");
}

int
main(void)
{
	is_int(rng_init(&rng, NULL), ERR_OK, "random bytes");
	check_key("rsa1024-1.pem", "key-rsa1024-1.hex", 1024);
	check_key("rsa2048-1.pem", "key-rsa2048-1.hex", 2048);
	check_key("rsa2048-e3.pem", "key-rsa2048-e3.hex", 2048);
	check_key("rsa3072-1.pem", "key-rsa3072-1.hex", 3072);
	check_key("rsa4096-1.pem", "key-rsa4096-1.hex", 4096);
	test_spki();
	test_spki_cuts();
	test_sign();
	test_faults();
	test_oaep_vectors();
	test_oaep("rsa1024-1.pem");
	test_oaep("rsa4096-1.pem");
	test_generate(1024);
	test_generate(1032);
	test_generate(2048);
	return done_testing();
}
