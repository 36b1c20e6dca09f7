// SPDX-License-Identifier: MIT
#include "core/wire/seal.h"

#include <string.h>

#include "core/base/bytes.h"
#include "core/ident/rng.h"

#define REKEY_LABEL "xlattice2 rekey\x01"

void
seal_init_cbc(struct seal *seal, enum dialect d, const uint8_t key[static 32],
	      const uint8_t *iv, const uint8_t salt2[static 8])
{
	memset(seal, 0, sizeof *seal);
	seal->dialect = d;
	memcpy(seal->salt2, salt2, sizeof seal->salt2);
	br_aes_ct_cbcenc_init(&seal->u.cbc.out, key, 32);
	br_aes_ct_cbcdec_init(&seal->u.cbc.in, key, 32);
	if (iv) {
		memcpy(seal->u.cbc.out_iv, iv, SEAL_BLOCK);
		memcpy(seal->u.cbc.in_iv, iv, SEAL_BLOCK);
	}
}

void
seal_init_aead(struct seal *seal, const uint8_t out[static 32],
	       const uint8_t in[static 32], const uint8_t bind[static 32],
	       const uint8_t salt2[static 8])
{
	memset(seal, 0, sizeof *seal);
	seal->dialect = DIALECT_SEALED;
	seal->rekey_after = SEAL_REKEY_AFTER;
	memcpy(seal->u.aead.out.key, out, 32);
	memcpy(seal->u.aead.in.key, in, 32);
	memcpy(seal->bind, bind, sizeof seal->bind);
	memcpy(seal->salt2, salt2, sizeof seal->salt2);
}

size_t
seal_message_max(enum dialect d)
{
	switch (d) {
	case DIALECT_DOCUMENTED:
		return SEAL_WIRE_MAX - 1;
	case DIALECT_PREFIXED:
		return SEAL_WIRE_MAX - SEAL_BLOCK - 1;
	case DIALECT_SEALED:
		return SEAL_RECORD_MAX - SEAL_TAG;
	}
	return 0;
}

static void
aead_run(const uint8_t key[static 32], uint64_t counter, const uint8_t *aad,
	 size_t aad_len, uint8_t *data, size_t len,
	 uint8_t tag[static SEAL_TAG], bool encrypt)
{
	uint8_t nonce[12] = { 0 };

	bytes_set_be64(nonce + 4, counter);
	br_poly1305_ctmul_run(key, nonce, data, len, aad, aad_len, tag,
			      br_chacha20_ct_run, encrypt);
}

void
seal_aead_close(const uint8_t key[static 32], uint64_t counter,
		const uint8_t *aad, size_t aad_len, uint8_t *data, size_t len,
		uint8_t tag[static SEAL_TAG])
{
	aead_run(key, counter, aad, aad_len, data, len, tag, true);
}

enum err
seal_aead_open(const uint8_t key[static 32], uint64_t counter,
	       const uint8_t *aad, size_t aad_len, uint8_t *data, size_t len,
	       const uint8_t tag[static SEAL_TAG])
{
	uint8_t right[SEAL_TAG];

	aead_run(key, counter, aad, aad_len, data, len, right, false);
	return bytes_equal(right, tag, SEAL_TAG) ? ERR_OK : ERR_PROTOCOL;
}

/* Counts a record; after the last one under a key comes the next key. */
static void
step(const struct seal *seal, struct seal_key *k)
{
	br_hmac_key_context key;
	br_hmac_context hmac;

	if (++k->counter < seal->rekey_after)
		return;
	br_hmac_key_init(&key, &br_sha256_vtable, k->key, sizeof k->key);
	br_hmac_init(&hmac, &key, 0);
	br_hmac_update(&hmac, REKEY_LABEL, sizeof REKEY_LABEL - 1);
	br_hmac_out(&hmac, k->key);
	k->counter = 0;
	bytes_wipe(&key, sizeof key);
	bytes_wipe(&hmac, sizeof hmac);
}

size_t
seal_close(struct seal *seal, uint8_t *dst, size_t len)
{
	struct seal_key *k = &seal->u.aead.out;
	uint8_t *data = dst + SEAL_HEADER;

	bytes_set_be16(dst, (uint16_t)(len + SEAL_TAG));
	seal_aead_close(k->key, k->counter, dst, SEAL_HEADER, data, len,
			data + len);
	step(seal, k);
	return SEAL_HEADER + len + SEAL_TAG;
}

static size_t
put_blocks(struct seal *seal, uint8_t *dst, const uint8_t *src, size_t len)
{
	size_t pad = SEAL_BLOCK - len % SEAL_BLOCK;

	memcpy(dst, src, len);
	memset(dst + len, (int)pad, pad);
	br_aes_ct_cbcenc_run(&seal->u.cbc.out, seal->u.cbc.out_iv, dst,
			     len + pad);
	return len + pad;
}

size_t
seal_put(struct seal *seal, struct rng *rng, uint8_t *dst, const uint8_t *src,
	 size_t len)
{
	switch (seal->dialect) {
	case DIALECT_DOCUMENTED:
		return put_blocks(seal, dst, src, len);
	case DIALECT_PREFIXED:
		rng_bytes(rng, seal->u.cbc.out_iv, SEAL_BLOCK);
		memcpy(dst, seal->u.cbc.out_iv, SEAL_BLOCK);
		return SEAL_BLOCK +
		       put_blocks(seal, dst + SEAL_BLOCK, src, len);
	case DIALECT_SEALED:
		memcpy(dst + SEAL_HEADER, src, len);
		return seal_close(seal, dst, len);
	}
	return 0;
}

void
seal_set_iv(struct seal *seal, const uint8_t iv[static SEAL_BLOCK])
{
	memcpy(seal->u.cbc.in_iv, iv, SEAL_BLOCK);
}

void
seal_decrypt(struct seal *seal, uint8_t *blocks, size_t len)
{
	br_aes_ct_cbcdec_run(&seal->u.cbc.in, seal->u.cbc.in_iv, blocks, len);
}

enum err
seal_unpad(const uint8_t *blocks, size_t len, size_t *message_len)
{
	unsigned pad = blocks[len - 1];
	unsigned wrong = 0;

	if (pad < 1 || pad > SEAL_BLOCK)
		return ERR_PROTOCOL;
	for (size_t i = len - pad; i < len; i++)
		wrong |= blocks[i] ^ pad;
	if (wrong)
		return ERR_PROTOCOL;
	*message_len = len - pad;
	return ERR_OK;
}

enum err
seal_open(struct seal *seal, uint8_t *record, size_t len)
{
	struct seal_key *k = &seal->u.aead.in;
	size_t message_len = len - SEAL_TAG;
	uint8_t header[SEAL_HEADER];

	bytes_set_be16(header, (uint16_t)len);
	if (seal_aead_open(k->key, k->counter, header, sizeof header, record,
			   message_len, record + message_len) != ERR_OK)
		return ERR_PROTOCOL;
	step(seal, k);
	return ERR_OK;
}
