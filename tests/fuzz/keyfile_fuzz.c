// SPDX-License-Identifier: MIT
/*
 * Key files: what is read is within the bounds that the RSA code needs, can be
 * written in every form, and reads the same again.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/ident/keyfile.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static uint8_t out[KEYFILE_PEM_MAX];

static void
check_public(const struct rsakey_public *key)
{
	struct rsakey_public again;
	char print[KEYFILE_FINGERPRINT_MAX];
	if (rsakey_check_public(key, RSAKEY_BITS_MIN) != ERR_OK)
		abort();
	for (enum keyfile_form form = KEYFILE_SSH; form <= KEYFILE_SPKI_DER;
	     form++) {
		size_t n = keyfile_encode_public(out, form, key);
		if (keyfile_parse_public(&again, out, n) != ERR_OK ||
		    !rsakey_equal(&again, key))
			abort();
	}
	keyfile_fingerprint(print, key);
	if (strlen(print) != KEYFILE_FINGERPRINT_MAX - 1)
		abort();
}

static void
check_private(const struct rsakey_private *key)
{
	static struct rsakey_private again;
	static const enum keyfile_form forms[] = { KEYFILE_PKCS1_PEM,
						   KEYFILE_PKCS8_PEM };
	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		size_t n = keyfile_encode_private(out, forms[i], key);
		if (keyfile_parse_private(&again, out, n) != ERR_OK ||
		    memcmp(&again, key, sizeof again) != 0)
			abort();
	}
	/* Any answer will do, as long as it stays in its buffers. */
	uint8_t digest[32] = { 1 };
	uint8_t block[RSAKEY_LEN_MAX] = { 0 };
	size_t n = 0;
	rsakey_sign(key, RSAKEY_SHA256, digest, block);
	memset(block, 0x5a, sizeof block);
	rsakey_decrypt(key, block, &n);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct rsakey_private key;
	struct rsakey_public pub;
	size_t comment_len;
	const char *comment = keyfile_comment(data, len, &comment_len);
	if (comment_len > 0 &&
	    (comment < (const char *)data ||
	     comment + comment_len > (const char *)data + len))
		abort();
	enum err e = keyfile_parse_public(&pub, data, len);
	enum err p = keyfile_parse_private(&key, data, len);
	if (e == ERR_OK)
		check_public(&pub);
	if (p == ERR_OK && (e != ERR_OK || !rsakey_equal(&pub, &key.pub)))
		abort();
	if (p == ERR_OK)
		check_private(&key);
	else if (p != (e == ERR_OK ? ERR_REFUSED : e))
		abort();
	return 0;
}
