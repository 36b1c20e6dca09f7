// SPDX-License-Identifier: MIT
#include "core/wire/collect.h"

#include <string.h>

#include "core/base/bytes.h"

/* Protobuf's wire types. */
enum {
	WIRE_VARINT = 0,
	WIRE_FIXED64 = 1,
	WIRE_BYTES = 2,
	WIRE_FIXED32 = 5,
};

#define VARINT_MAX 10 /* bytes */
#define FIELD_OP 1

void
collect_init(struct collect *c, enum dialect d)
{
	memset(c, 0, sizeof *c);
	if (d == DIALECT_PREFIXED)
		c->start = c->decrypted = c->end = SEAL_BLOCK;
}

static uint64_t
take_varint(struct bytes_reader *r)
{
	uint64_t v = 0;

	for (unsigned i = 0; i < VARINT_MAX; i++) {
		uint8_t byte = bytes_take_u8(r);

		v |= (uint64_t)(byte & 0x7f) << (7 * i);
		if (byte < 0x80)
			return v;
	}
	r->failed = true;
	return 0;
}

static void
skip(struct bytes_reader *r, uint64_t len)
{
	if (len > r->left)
		r->failed = true;
	else
		bytes_take(r, (size_t)len);
}

/* Of any length, as nanopb passes over those that it does not know. */
static void
skip_varint(struct bytes_reader *r)
{
	while (bytes_take_u8(r) >= 0x80)
		;
}

/* Takes one field and returns its number. */
static uint64_t
take_field(struct bytes_reader *r)
{
	uint64_t tag = take_varint(r);

	switch (tag & 7) {
	case WIRE_VARINT:
		skip_varint(r);
		break;
	case WIRE_FIXED64:
		skip(r, 8);
		break;
	case WIRE_BYTES:
		skip(r, take_varint(r));
		break;
	case WIRE_FIXED32:
		skip(r, 4);
		break;
	default:
		r->failed = true;
	}
	return tag >> 3;
}

/* Whether len bytes are whole fields, Op among them. */
static bool
scan(struct collect *c, const uint8_t *bytes, size_t len)
{
	while (c->scanned < len) {
		struct bytes_reader r =
			bytes_reader(bytes + c->scanned, len - c->scanned);
		uint64_t field = take_field(&r);

		if (r.failed)
			return false;
		c->scanned = len - r.left;
		if (field == FIELD_OP)
			c->has_op = true;
	}
	return c->scanned == len && c->has_op;
}

static bool
is_whole(struct collect *c, const uint8_t *blocks,
	 bool (*decodes)(const uint8_t *bytes, size_t len))
{
	size_t len;

	if (c->hopeless ||
	    seal_unpad(blocks, c->end - c->start, &len) != ERR_OK ||
	    !scan(c, blocks, len))
		return false;
	if (!decodes(blocks, len)) {
		c->hopeless = true;
		return false;
	}
	c->message_len = len;
	return true;
}

bool
collect_find(struct collect *c, struct seal *seal, uint8_t *in, size_t in_len,
	     bool (*decodes)(const uint8_t *bytes, size_t len))
{
	size_t whole = in_len - in_len % SEAL_BLOCK;

	if (whole <= c->decrypted)
		return false;
	if (c->start > 0 && c->decrypted == c->start)
		seal_set_iv(seal, in);
	seal_decrypt(seal, in + c->decrypted, whole - c->decrypted);
	c->decrypted = whole;
	while (c->end < whole) {
		c->end += SEAL_BLOCK;
		if (is_whole(c, in + c->start, decodes))
			return true;
	}
	return false;
}
