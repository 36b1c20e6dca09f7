// SPDX-License-Identifier: MIT

/*
 * Key files in every form, whole, cut off at every byte and with every bit
 * flipped.  The forms as openssl and ssh-keygen write them are in tests/data
 * and in keygen.t.
 */

#include "core/base/bytes.h"
#include "core/base/text.h"
#include "core/ident/der.h"
#include "core/ident/keyfile.h"
#include "core/ident/keypair.h"
#include "core/ident/rng.h"
#include "tests/unit/tap.h"
#include "tests/unit/vec.h"

static struct rng rng;
static uint8_t file[KEYFILE_MAX];

static struct rsakey_private
load_key(const char *name)
{
	struct rsakey_private key = { .d_len = 0 };
	size_t len = vec_file(name, file, sizeof file);
	is_int(keyfile_parse_private(&key, file, len), ERR_OK, "%s", name);
	return key;
}

/* What we write is what openssl writes, and reads the same again. */
static void
test_forms(const char *pem, const char *pub, const char *fp, const char *hex)
{
	struct rsakey_private key = load_key(pem), again;
	struct rsakey_public back;
	static uint8_t out[KEYFILE_PEM_MAX], want[KEYFILE_PEM_MAX];
	static char text[4 * KEYFILE_SSH_MAX];
	char line[KEYFILE_SSH_MAX];
	char print[KEYFILE_FINGERPRINT_MAX];
	size_t want_len = vec_file(pem, want, sizeof want);
	size_t len = keyfile_encode_private(out, KEYFILE_PKCS1_PEM, &key);
	is_int(len, want_len, "%s: length of PKCS#1", pem);
	is_mem(out, want, want_len, "%s: PKCS#1 is openssl's", pem);
	len = keyfile_encode_private(out, KEYFILE_PKCS8_PEM, &key);
	is_int(keyfile_parse_private(&again, out, len), ERR_OK, "PKCS#8");
	is_mem(&again, &key, sizeof key, "the same key");
	for (enum keyfile_form form = KEYFILE_SSH; form <= KEYFILE_SPKI_DER;
	     form++) {
		len = keyfile_encode_public(out, form, &key.pub);
		is_int(keyfile_parse_public(&back, out, len), ERR_OK,
		       "public form %d", form);
		ok(rsakey_equal(&back, &key.pub), "the same key");
		is_int(keyfile_parse_private(&again, out, len), ERR_REFUSED,
		       "is no private key");
	}
	want_len = vec_load(hex, "spki", want, sizeof want);
	is_int(len, want_len, "%s: length of DER", pem);
	is_mem(out, want, len, "%s: DER is openssl's", pem);
	text[vec_file(pub, text, sizeof text - 1)] = '\0';
	keyfile_format_ssh(line, &key.pub);
	is_mem(line, text, strlen(line), "%s: the line is ssh-keygen's", pub);
	is_int(text[strlen(line)], ' ', "up to its comment");
	text[vec_file(fp, text, sizeof text - 1)] = '\0';
	keyfile_fingerprint(print, &key.pub);
	ok(strstr(text, print), "%s: the fingerprint is ssh-keygen's", fp);
}

static void
test_vectors(void)
{
	struct rsakey_private key = load_key("rsa2048-1.pem"), got;
	static uint8_t der[KEYFILE_PEM_MAX];
	static const char *const forms[] = { "pkcs1", "pkcs8" };
	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		size_t len = vec_load("key-rsa2048-1.hex", forms[i], der,
				      sizeof der);
		is_int(keyfile_parse_private(&got, der, len), ERR_OK, "DER %s",
		       forms[i]);
		is_mem(&got, &key, sizeof key, "the same key");
		der[len] = 0;
		is_int(keyfile_parse_private(&got, der, len + 1), ERR_MALFORMED,
		       "a byte behind it");
	}
}

/*
 * Neither cut off nor changed does a DER key crash; what is taken in spite of
 * a flipped bit is within the bounds of the structure.
 */
static void
test_damage(const char *form)
{
	uint8_t der[KEYFILE_PEM_MAX];
	struct rsakey_private key;
	struct rsakey_public pub;
	size_t len = vec_load("key-rsa1024-1.hex", form, der, sizeof der);
	size_t refused = 0, outside = 0, taken = 0;
	for (size_t cut = 0; cut < len; cut++)
		refused += keyfile_parse_public(&pub, der, cut) != ERR_OK;
	is_int(refused, len, "%s: every truncation is refused", form);
	for (size_t bit = 0; bit < 8 * len; bit++) {
		der[bit / 8] ^= (uint8_t)(1U << bit % 8);
		if (keyfile_parse_private(&key, der, len) == ERR_OK) {
			taken++;
			outside += rsakey_check_public(&key.pub, 1024) ||
				   key.p_len + key.q_len > 130 ||
				   key.p_len + key.q_len < 128 ||
				   key.iq_len > key.p_len ||
				   !(key.p[key.p_len - 1] & 1) ||
				   !(key.q[key.q_len - 1] & 1);
		}
		der[bit / 8] ^= (uint8_t)(1U << bit % 8);
	}
	ok(taken > 0, "%s: flips of the numbers are read", form);
	is_int(outside, 0, "%s: all within bounds", form);
}

/* Hostile factors that are well-formed numbers: none may reach the RSA code. */
struct numbers {
	struct der_number v[9];
};

static enum err
parse_numbers(const struct numbers *k)
{
	struct rsakey_private key;
	struct bytes_writer w = bytes_writer(file, sizeof file);
	size_t len = 0;
	for (size_t i = 0; i < 9; i++)
		len += der_number_len(k->v[i].at, k->v[i].len);
	der_put_head(&w, DER_SEQUENCE, len);
	for (size_t i = 0; i < 9; i++)
		der_put_number(&w, k->v[i].at, k->v[i].len);
	return keyfile_parse_private(&key, file, w.len);
}

static void
test_hostile_numbers(void)
{
	static uint8_t large[600];
	struct rsakey_private key = load_key("rsa2048-1.pem");
	const struct numbers good = { {
		{ NULL, 0 },
		{ key.pub.n, key.pub.n_len },
		{ key.pub.e, key.pub.e_len },
		{ key.d, key.d_len },
		{ key.p, key.p_len },
		{ key.q, key.q_len },
		{ key.dp, key.dp_len },
		{ key.dq, key.dq_len },
		{ key.iq, key.iq_len },
	} };
	struct numbers k = good;
	memset(large, 0x55, sizeof large);
	is_int(parse_numbers(&k), ERR_OK, "the numbers of a key");
	for (size_t i = 1; i < 9; i++) {
		k = good;
		k.v[i] = (struct der_number){ NULL, 0 };
		is_int(parse_numbers(&k), ERR_MALFORMED, "number %zu is 0", i);
		k.v[i] = (struct der_number){ large, 261 };
		ok(parse_numbers(&k) == ERR_MALFORMED,
		   "number %zu has 261 bytes", i);
		k.v[i] = (struct der_number){ large, sizeof large };
		ok(parse_numbers(&k) != ERR_OK, "number %zu has 600 bytes", i);
	}
	k = good;
	k.v[0] = (struct der_number){ large, 1 };
	is_int(parse_numbers(&k), ERR_MALFORMED, "another version");
	k = good;
	k.v[5] = (struct der_number){ large, 1 };
	is_int(parse_numbers(&k), ERR_MALFORMED, "a tiny factor");
	k = good;
	k.v[4] = (struct der_number){ large, 255 };
	k.v[5] = (struct der_number){ large, 1 };
	is_int(parse_numbers(&k), ERR_MALFORMED, "lopsided factors");
	k = good;
	key.p[key.p_len - 1] &= 0xfe;
	is_int(parse_numbers(&k), ERR_MALFORMED, "an even factor");
}

static void
test_pem(void)
{
	static const struct {
		const char *text;
		enum err want;
	} rows[] = {
		{ "", ERR_MALFORMED },
		{ "\n", ERR_MALFORMED },
		{ "hello\n", ERR_MALFORMED },
		{ "-----BEGIN PRIVATE KEY-----\n", ERR_MALFORMED },
		{ "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n",
		  ERR_MALFORMED },
		{ "-----BEGIN PRIVATE KEY-----\n!!!!\n"
		  "-----END PRIVATE KEY-----\n",
		  ERR_MALFORMED },
		{ "-----BEGIN PRIVATE KEY-----\nAAA\n"
		  "-----END PRIVATE KEY-----\n",
		  ERR_MALFORMED },
		{ "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n"
		  "-----END ENCRYPTED PRIVATE KEY-----\n",
		  ERR_ENCRYPTED },
		{ "-----BEGIN RSA PRIVATE KEY-----\n"
		  "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n"
		  "AAAA\n-----END RSA PRIVATE KEY-----\n",
		  ERR_ENCRYPTED },
		{ "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA me\n", ERR_NOT_RSA },
		{ "ssh-rsa\n", ERR_MALFORMED },
		{ "ssh-rsa AAAA\n", ERR_MALFORMED },
		{ "ssh-rsa !!!!\n", ERR_MALFORMED },
		{ "ssh-rsa AAAAB3NzaC1yc2E=\n", ERR_MALFORMED },
		{ "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAAQA=\n", ERR_MALFORMED },
		{ "ssh-rsa AAAAB3NzaC1yc2H/////AQAB\n", ERR_MALFORMED },
	};
	struct rsakey_public pub;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		is_int(keyfile_parse_public(&pub, rows[i].text,
					    strlen(rows[i].text)),
		       rows[i].want, "text %zu", i);
	size_t len = vec_file("ec256.pem", file, sizeof file);
	is_int(keyfile_parse_public(&pub, file, len), ERR_NOT_RSA, "an EC key");
}

/* What people do to text files: other line ends, remarks, no last newline. */
static void
test_pem_dress(void)
{
	static char text[KEYFILE_MAX];
	struct rsakey_private key = load_key("rsa1024-1.pem"), got;
	size_t len = vec_file("rsa1024-1.pem", file, sizeof file);
	size_t n = 0;
	for (size_t i = 0; i < len; i++) {
		if (file[i] == '\n')
			text[n++] = '\r';
		text[n++] = (char)file[i];
	}
	is_int(keyfile_parse_private(&got, text, n), ERR_OK, "CRLF");
	is_mem(&got, &key, sizeof key, "the same key");
	is_int(keyfile_parse_private(&got, file, len - 1), ERR_OK,
	       "no newline at the end");
	n = (size_t)snprintf(text, sizeof text,
			     "Bag Attributes\n    friendlyName: x\n"
			     "-----BEGIN EC PARAMETERS-----\nAAAA\n"
			     "-----END EC PARAMETERS-----\n%.*s more\n",
			     (int)len, (const char *)file);
	is_int(keyfile_parse_private(&got, text, n), ERR_OK,
	       "text before and behind");
	is_mem(&got, &key, sizeof key, "the same key");
	size_t refused = 0;
	for (size_t cut = 0; cut < len - 1; cut++)
		refused += keyfile_parse_private(&got, file, cut) != ERR_OK;
	is_int(refused, len - 1, "every truncation is refused");
	memset(text, 'A', sizeof text);
	memcpy(text, "-----BEGIN PRIVATE KEY-----\n", 28);
	is_int(keyfile_parse_private(&got, text, sizeof text), ERR_TOO_LONG,
	       "a body without end");
}

static void
test_ssh(void)
{
	char line[KEYFILE_SSH_MAX + 64];
	struct rsakey_private key = load_key("rsa2048-1.pem");
	struct rsakey_public got;
	size_t len, n;
	keyfile_format_ssh(line, &key.pub);
	len = strlen(line);
	is_int(keyfile_parse_ssh(&got, line, len), ERR_OK, "a line");
	ok(rsakey_equal(&got, &key.pub), "the same key");
	strcpy(line + len, "\t two words \r\n");
	is_int(keyfile_parse_ssh(&got, line, strlen(line)), ERR_OK,
	       "with a comment");
	const char *comment = keyfile_comment(line, strlen(line), &n);
	is_int(n, 9, "its comment has 9 characters");
	is_mem(comment, "two words", 9, "it is");
	strcpy(line + len, "\nx");
	is_int(keyfile_parse_ssh(&got, line, strlen(line)), ERR_MALFORMED,
	       "two lines");
	line[len] = '\0';
	size_t refused = 0;
	for (size_t cut = 0; cut < len; cut++)
		refused += keyfile_parse_ssh(&got, line, cut) != ERR_OK;
	is_int(refused, len, "every truncation is refused");
	keyfile_comment("", 0, &n);
	is_int(n, 0, "nothing has no comment");
}

static void
test_keypair(void)
{
	struct rsakey_private a, b;
	is_int(keypair_generate(&a, &b, 1024, &rng), ERR_OK, "two keys");
	is_int(rsakey_check_private(&a, &rng), ERR_OK, "one is sound");
	is_int(rsakey_check_private(&b, &rng), ERR_OK, "the other is sound");
	ok(!rsakey_equal(&a.pub, &b.pub), "they differ");
}

int
main(void)
{
	is_int(rng_init(&rng, NULL), ERR_OK, "random bytes");
	test_forms("rsa1024-1.pem", "rsa1024-1.pub", "rsa1024-1.fp",
		   "key-rsa1024-1.hex");
	test_forms("rsa2048-e3.pem", "rsa2048-e3.pub", "rsa2048-e3.fp",
		   "key-rsa2048-e3.hex");
	test_forms("rsa4096-1.pem", "rsa4096-1.pub", "rsa4096-1.fp",
		   "key-rsa4096-1.hex");
	test_vectors();
	test_damage("pkcs1");
	test_damage("pkcs8");
	test_hostile_numbers();
	test_pem();
	test_pem_dress();
	test_ssh();
	test_keypair();
	return done_testing();
}
