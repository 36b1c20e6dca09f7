// SPDX-License-Identifier: MIT
#include "core/base/bytes.h"

#include <string.h>

struct bytes_reader
bytes_reader(const void *data, size_t len)
{
	return (struct bytes_reader){ .at = data, .left = len };
}

const uint8_t *
bytes_take(struct bytes_reader *r, size_t len)
{
	if (r->failed || len > r->left) {
		r->failed = true;
		return NULL;
	}
	const uint8_t *p = r->at;
	r->at += len;
	r->left -= len;
	return p;
}

uint8_t
bytes_take_u8(struct bytes_reader *r)
{
	const uint8_t *p = bytes_take(r, 1);
	return p ? *p : 0;
}

uint16_t
bytes_take_be16(struct bytes_reader *r)
{
	const uint8_t *p = bytes_take(r, 2);
	return p ? bytes_get_be16(p) : 0;
}

uint32_t
bytes_take_be32(struct bytes_reader *r)
{
	uint32_t high = bytes_take_be16(r);
	return high << 16 | bytes_take_be16(r);
}

struct bytes_writer
bytes_writer(void *buf, size_t cap)
{
	return (struct bytes_writer){ .buf = buf, .cap = cap };
}

void
bytes_put(struct bytes_writer *w, const void *data, size_t len)
{
	if (w->failed || len > w->cap - w->len) {
		w->failed = true;
		return;
	}
	if (len > 0)
		memcpy(w->buf + w->len, data, len);
	w->len += len;
}

void
bytes_put_u8(struct bytes_writer *w, uint8_t v)
{
	bytes_put(w, &v, 1);
}

void
bytes_put_be16(struct bytes_writer *w, uint16_t v)
{
	uint8_t p[2];
	bytes_set_be16(p, v);
	bytes_put(w, p, sizeof p);
}

void
bytes_put_be32(struct bytes_writer *w, uint32_t v)
{
	bytes_put_be16(w, (uint16_t)(v >> 16));
	bytes_put_be16(w, (uint16_t)v);
}

uint16_t
bytes_get_be16(const uint8_t p[static 2])
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

uint32_t
bytes_get_le32(const uint8_t p[static 4])
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	       (uint32_t)p[3] << 24;
}

void
bytes_set_be16(uint8_t p[static 2], uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

void
bytes_set_le32(uint8_t p[static 4], uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (8 * i));
}

void
bytes_set_le64(uint8_t p[static 8], uint64_t v)
{
	for (int i = 0; i < 8; i++)
		p[i] = (uint8_t)(v >> (8 * i));
}

void
bytes_set_be64(uint8_t p[static 8], uint64_t v)
{
	for (int i = 0; i < 8; i++)
		p[i] = (uint8_t)(v >> (56 - 8 * i));
}

bool
bytes_equal(const void *a, const void *b, size_t len)
{
	const uint8_t *x = a;
	const uint8_t *y = b;
	unsigned diff = 0;
	for (size_t i = 0; i < len; i++)
		diff |= (unsigned)(x[i] ^ y[i]);
	return diff == 0;
}

void
bytes_wipe(void *p, size_t len)
{
	if (len > 0)
		explicit_bzero(p, len);
}
