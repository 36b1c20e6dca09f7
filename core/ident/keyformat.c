// SPDX-License-Identifier: MIT

/* Writes keys in every form; what reads them is in keyfile.c. */

#include <bearssl.h>
#include <string.h>

#include "core/base/bytes.h"
#include "core/base/fmt.h"
#include "core/base/text.h"
#include "core/ident/der.h"
#include "core/ident/keyfile.h"

#define SSH_TYPE "ssh-rsa"
#define SSH_BLOB_MAX 540
#define PEM_LINE 48  /* bytes of a line, which are 64 characters */
#define DER_MAX 2560 /* bytes of a private key of 4096 bits; as PEM it fits */

static void
put_mpint(struct bytes_writer *w, const uint8_t *number, size_t len)
{
	bool zero = number[0] & 0x80; /* or it would be negative */
	bytes_put_be32(w, (uint32_t)(len + zero));
	if (zero)
		bytes_put_u8(w, 0);
	bytes_put(w, number, len);
}

/* The public key as RFC 4253 6.6 has it; returns its length. */
static size_t
encode_blob(uint8_t blob[static SSH_BLOB_MAX], const struct rsakey_public *key)
{
	struct bytes_writer w = bytes_writer(blob, SSH_BLOB_MAX);
	bytes_put_be32(&w, (uint32_t)strlen(SSH_TYPE));
	bytes_put(&w, SSH_TYPE, strlen(SSH_TYPE));
	put_mpint(&w, key->e, key->e_len);
	put_mpint(&w, key->n, key->n_len);
	return w.len;
}

void
keyfile_format_ssh(char dst[static KEYFILE_SSH_MAX],
		   const struct rsakey_public *key)
{
	uint8_t blob[SSH_BLOB_MAX];
	size_t len = encode_blob(blob, key);
	memcpy(dst, SSH_TYPE " ", strlen(SSH_TYPE) + 1);
	text_base64(dst + strlen(SSH_TYPE) + 1, blob, len);
}

void
keyfile_fingerprint(char dst[static KEYFILE_FINGERPRINT_MAX],
		    const struct rsakey_public *key)
{
	uint8_t blob[SSH_BLOB_MAX];
	uint8_t digest[br_sha256_SIZE];
	char base64[TEXT_BASE64_LEN(br_sha256_SIZE) + 1];
	br_sha256_context hash;
	br_sha256_init(&hash);
	br_sha256_update(&hash, blob, encode_blob(blob, key));
	br_sha256_out(&hash, digest);
	text_base64(base64, digest, sizeof digest);
	*strchr(base64, '=') = '\0';
	fmt_text(dst, KEYFILE_FINGERPRINT_MAX, "SHA256:%s", base64);
}

/* Writes PEM (RFC 7468), in lines of 64 characters; returns its length. */
static size_t
format_pem(uint8_t dst[static KEYFILE_PEM_MAX], const char *label,
	   const uint8_t *der, size_t der_len)
{
	char *text = (char *)dst;
	size_t len =
		fmt_text(text, KEYFILE_PEM_MAX, "-----BEGIN %s-----\n", label);
	for (size_t at = 0; at < der_len; at += PEM_LINE) {
		size_t left = der_len - at;
		size_t part = left < PEM_LINE ? left : PEM_LINE;
		text_base64(text + len, der + at, part);
		len += TEXT_BASE64_LEN(part);
		text[len++] = '\n';
	}
	return len + fmt_text(text + len, KEYFILE_PEM_MAX - len,
			      "-----END %s-----\n", label);
}

size_t
keyfile_encode_public(uint8_t dst[static KEYFILE_PEM_MAX],
		      enum keyfile_form form, const struct rsakey_public *key)
{
	uint8_t der[RSAKEY_SPKI_MAX];
	if (form == KEYFILE_SPKI_DER)
		return rsakey_encode_spki(dst, key);
	if (form == KEYFILE_SPKI_PEM)
		return format_pem(dst, "PUBLIC KEY", der,
				  rsakey_encode_spki(der, key));
	keyfile_format_ssh((char *)dst, key);
	size_t len = strlen((char *)dst);
	dst[len++] = '\n';
	return len;
}

/* Bytes of the numbers of RSAPrivateKey (RFC 8017 A.1.2). */
static size_t
numbers_len(const struct rsakey_private *key)
{
	size_t len = der_number_len(NULL, 0);
	for (enum rsakey_part i = RSAKEY_N; i < RSAKEY_PARTS; i++) {
		struct der_number n = rsakey_get_part(key, i);
		len += der_number_len(n.at, n.len);
	}
	return len;
}

static void
put_pkcs1(struct bytes_writer *w, const struct rsakey_private *key)
{
	der_put_head(w, DER_SEQUENCE, numbers_len(key));
	der_put_number(w, NULL, 0); /* version: two factors */
	for (enum rsakey_part i = RSAKEY_N; i < RSAKEY_PARTS; i++) {
		struct der_number n = rsakey_get_part(key, i);
		der_put_number(w, n.at, n.len);
	}
}

static void
put_pkcs8(struct bytes_writer *w, const struct rsakey_private *key)
{
	size_t numbers = numbers_len(key);
	size_t pkcs1 = der_head_len(numbers) + numbers;
	der_put_head(w, DER_SEQUENCE,
		     der_number_len(NULL, 0) + DER_RSA_LEN +
			     der_head_len(pkcs1) + pkcs1);
	der_put_number(w, NULL, 0); /* version */
	der_put_rsa(w);
	der_put_head(w, DER_OCTET_STRING, pkcs1);
	put_pkcs1(w, key);
}

size_t
keyfile_encode_private(uint8_t dst[static KEYFILE_PEM_MAX],
		       enum keyfile_form form, const struct rsakey_private *key)
{
	uint8_t der[DER_MAX];
	struct bytes_writer w = bytes_writer(der, sizeof der);
	bool pkcs8 = form == KEYFILE_PKCS8_PEM;
	(pkcs8 ? put_pkcs8 : put_pkcs1)(&w, key);
	size_t len = format_pem(dst, pkcs8 ? "PRIVATE KEY" : "RSA PRIVATE KEY",
				der, w.len);
	bytes_wipe(der, sizeof der);
	return len;
}
