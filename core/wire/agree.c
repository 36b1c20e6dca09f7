// SPDX-License-Identifier: MIT
#include "core/wire/agree.h"

#include <string.h>

#include "core/base/bytes.h"
#include "core/wire/hello.h"
#include "core/wire/seal.h"

#define LABEL_REPLY "xlattice2 reply"
#define LABEL_C2S "xlattice2 c2s"
#define LABEL_S2C "xlattice2 s2c"
#define LABEL_BIND "xlattice2 bind"
#define LABEL_MAX sizeof LABEL_REPLY
#define DIGEST 32

/* What the keys of a sealed session are derived from and to. */
struct schedule {
	uint8_t th[DIGEST];
	uint8_t salts[16];
	uint8_t ikm[96]; /* key1 | key2 | product */
	uint8_t c2s[32], s2c[32], bind[32];
};

void
agree_public(uint8_t point[static 32], const uint8_t scalar[static 32])
{
	br_ec_c25519_m31.mulgen(point, scalar, 32, BR_EC_curve25519);
}

/*
 * X25519(our key, the peer's).  ERR_PROTOCOL when it is zero: the peer's
 * point is of low order, for which BearSSL reports success.
 */
static enum err
product_with(uint8_t product[static 32], const struct hello *h)
{
	static const uint8_t zero[32];

	memcpy(product, h->e_peer, 32);
	br_ec_c25519_m31.mul(product, 32, h->e_private, 32, BR_EC_curve25519);
	return bytes_equal(product, zero, 32) ? ERR_PROTOCOL : ERR_OK;
}

void
agree_reply_key(const struct hello *h, const uint8_t e_s[static 32],
		uint8_t key[static 32], uint8_t aad[static AGREE_AAD_LEN])
{
	uint8_t info[sizeof LABEL_REPLY - 1 + AGREE_AAD_LEN];
	struct bytes_writer w = bytes_writer(info, sizeof info);
	br_hkdf_context hkdf;

	br_sha256_out(&h->transcript, aad);
	memcpy(aad + DIGEST, e_s, 32);
	bytes_put(&w, LABEL_REPLY, sizeof LABEL_REPLY - 1);
	bytes_put(&w, aad, AGREE_AAD_LEN);
	br_hkdf_init(&hkdf, &br_sha256_vtable, h->salt1, sizeof h->salt1);
	br_hkdf_inject(&hkdf, h->key1, sizeof h->key1);
	br_hkdf_flip(&hkdf);
	br_hkdf_produce(&hkdf, info, w.len, key, 32);
	bytes_wipe(&hkdf, sizeof hkdf);
}

static void
expand(const br_hkdf_context *prk, const char *label,
       const uint8_t th[static DIGEST], uint8_t key[static 32])
{
	uint8_t info[LABEL_MAX + DIGEST];
	struct bytes_writer w = bytes_writer(info, sizeof info);
	br_hkdf_context hkdf = *prk;

	bytes_put(&w, label, strlen(label));
	bytes_put(&w, th, DIGEST);
	br_hkdf_produce(&hkdf, info, w.len, key, 32);
	bytes_wipe(&hkdf, sizeof hkdf);
}

/* Derives the keys of a sealed session from both sides' secrets. */
static enum err
derive(struct schedule *s, const struct hello *h,
       const uint8_t reply[static AGREE_REPLY_LEN])
{
	br_sha256_context transcript = h->transcript;
	struct bytes_writer salts = bytes_writer(s->salts, sizeof s->salts);
	struct bytes_writer ikm = bytes_writer(s->ikm, sizeof s->ikm);
	br_hkdf_context prk;

	br_sha256_update(&transcript, reply, AGREE_REPLY_LEN);
	br_sha256_out(&transcript, s->th);
	bytes_put(&salts, h->salt1, sizeof h->salt1);
	bytes_put(&salts, h->salt2, sizeof h->salt2);
	bytes_put(&ikm, h->key1, sizeof h->key1);
	bytes_put(&ikm, h->key2, sizeof h->key2);
	if (product_with(s->ikm + ikm.len, h) != ERR_OK)
		return ERR_PROTOCOL;
	br_hkdf_init(&prk, &br_sha256_vtable, s->salts, sizeof s->salts);
	br_hkdf_inject(&prk, s->ikm, sizeof s->ikm);
	br_hkdf_flip(&prk);
	expand(&prk, LABEL_C2S, s->th, s->c2s);
	expand(&prk, LABEL_S2C, s->th, s->s2c);
	expand(&prk, LABEL_BIND, s->th, s->bind);
	bytes_wipe(&prk, sizeof prk);
	return ERR_OK;
}

enum err
agree_session(struct seal *seal, const struct hello *h,
	      const uint8_t reply[static AGREE_REPLY_LEN], bool initiator)
{
	struct schedule s;
	enum err e = derive(&s, h, reply);

	if (e == ERR_OK)
		seal_init_aead(seal, initiator ? s.c2s : s.s2c,
			       initiator ? s.s2c : s.c2s, s.bind, h->salt2);
	bytes_wipe(&s, sizeof s);
	return e;
}
