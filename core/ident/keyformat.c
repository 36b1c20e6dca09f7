// SPDX-License-Identifier: MIT

/* Writes keys in every form; what reads them is in keyfile.c. */

#include <bearssl.h>
#include <string.h>

#include "core/base/bytes.h"
#include "core/base/text.h"
#include "core/ident/der.h"
#include "core/ident/keyfile.h"

#define SSH_TYPE "ssh-rsa"
#define SSH_BLOB_MAX 540

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
	memcpy(dst, "SHA256:", 7);
	memcpy(dst + 7, base64, strlen(base64) + 1);
}

size_t
keyfile_encode_public(uint8_t dst[static KEYFILE_PEM_MAX],
		      enum keyfile_form form, const struct rsakey_public *key)
{
	uint8_t der[RSAKEY_SPKI_MAX];
	char line[KEYFILE_SSH_MAX];
	size_t len;
	if (form == KEYFILE_SSH) {
		keyfile_format_ssh(line, key);
		len = strlen(line);
		memcpy(dst, line, len);
		dst[len++] = '\n';
		return len;
	}
	len = rsakey_encode_spki(der, key);
	if (form == KEYFILE_SPKI_PEM)
		return br_pem_encode(dst, der, len, "PUBLIC KEY",
				     BR_PEM_LINE64);
	memcpy(dst, der, len);
	return len;
}

/* The numbers of a private key in the order of RFC 8017 A.1.2. */
struct pkcs1 {
	struct der_number v[9];
	size_t len; /* of them all, heads included */
};

static struct pkcs1
pkcs1_of(const struct rsakey_private *key)
{
	struct pkcs1 k = { {
				   { NULL, 0 }, /* version: two factors */
				   { key->pub.n, key->pub.n_len },
				   { key->pub.e, key->pub.e_len },
				   { key->d, key->d_len },
				   { key->p, key->p_len },
				   { key->q, key->q_len },
				   { key->dp, key->dp_len },
				   { key->dq, key->dq_len },
				   { key->iq, key->iq_len },
			   },
			   0 };
	for (size_t i = 0; i < sizeof k.v / sizeof *k.v; i++)
		k.len += der_number_len(k.v[i].at, k.v[i].len);
	return k;
}

static void
put_pkcs1(struct bytes_writer *w, const struct pkcs1 *k)
{
	der_put_head(w, DER_SEQUENCE, k->len);
	for (size_t i = 0; i < sizeof k->v / sizeof *k->v; i++)
		der_put_number(w, k->v[i].at, k->v[i].len);
}

static void
put_pkcs8(struct bytes_writer *w, const struct pkcs1 *k)
{
	size_t pkcs1 = der_head_len(k->len) + k->len;
	der_put_head(w, DER_SEQUENCE,
		     der_number_len(NULL, 0) + DER_RSA_LEN +
			     der_head_len(pkcs1) + pkcs1);
	der_put_number(w, NULL, 0); /* version */
	der_put_rsa(w);
	der_put_head(w, DER_OCTET_STRING, pkcs1);
	put_pkcs1(w, k);
}

size_t
keyfile_encode_private(uint8_t dst[static KEYFILE_PEM_MAX],
		       enum keyfile_form form, const struct rsakey_private *key)
{
	uint8_t der[KEYFILE_PEM_MAX * 3 / 4];
	struct bytes_writer w = bytes_writer(der, sizeof der);
	struct pkcs1 k = pkcs1_of(key);
	if (form == KEYFILE_PKCS8_PEM)
		put_pkcs8(&w, &k);
	else
		put_pkcs1(&w, &k);
	/* Its base64 takes the same time whatever the key is. */
	size_t len = br_pem_encode(
		dst, der, w.len,
		form == KEYFILE_PKCS8_PEM ? "PRIVATE KEY" : "RSA PRIVATE KEY",
		BR_PEM_LINE64);
	bytes_wipe(der, sizeof der);
	return len;
}
