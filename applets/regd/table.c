// SPDX-License-Identifier: MIT
#include "applets/regd/table.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_CAP 256U

static uint64_t
rotate(uint64_t v, unsigned n)
{
	return v << n | v >> (64 - n);
}

static void
sip_round(uint64_t v[static 4])
{
	v[0] += v[1];
	v[2] += v[3];
	v[1] = rotate(v[1], 13) ^ v[0];
	v[3] = rotate(v[3], 16) ^ v[2];
	v[0] = rotate(v[0], 32);
	v[2] += v[1];
	v[0] += v[3];
	v[1] = rotate(v[1], 17) ^ v[2];
	v[3] = rotate(v[3], 21) ^ v[0];
	v[2] = rotate(v[2], 32);
}

/* Up to 8 bytes as a little-endian number. */
static uint64_t
load(const uint8_t *p, size_t len)
{
	uint64_t v = 0;
	for (size_t i = 0; i < len; i++)
		v |= (uint64_t)p[i] << (8 * i);
	return v;
}

static void
sip_word(uint64_t v[static 4], uint64_t word)
{
	v[3] ^= word;
	sip_round(v);
	sip_round(v);
	v[0] ^= word;
}

uint64_t
table_hash(const uint8_t key[static 16], const void *data, size_t len)
{
	const uint8_t *p = data;
	uint64_t k0 = load(key, 8);
	uint64_t k1 = load(key + 8, 8);
	uint64_t v[4] = {
		k0 ^ 0x736f6d6570736575,
		k1 ^ 0x646f72616e646f6d,
		k0 ^ 0x6c7967656e657261,
		k1 ^ 0x7465646279746573,
	};
	uint64_t last = (uint64_t)len << 56;
	for (; len >= 8; p += 8, len -= 8)
		sip_word(v, load(p, 8));
	sip_word(v, last | load(p, len));
	v[2] ^= 0xff;
	for (int i = 0; i < 4; i++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

static uint32_t
home(const struct table *t, uint64_t hash)
{
	return (uint32_t)hash & (t->cap - 1);
}

static uint32_t
after(const struct table *t, uint32_t at)
{
	return (at + 1) & (t->cap - 1);
}

void
table_put(struct table *t, uint64_t hash, uint32_t item)
{
	uint32_t at = home(t, hash);
	while (t->slots[at].item != TABLE_NONE)
		at = after(t, at);
	t->slots[at] = (struct table_slot){ hash, item };
	t->len++;
}

static enum err
grow(struct table *t, uint32_t cap)
{
	struct table bigger = { .cap = cap };
	bigger.slots = calloc(cap, sizeof *bigger.slots);
	if (!bigger.slots)
		return ERR_SYSTEM;
	for (uint32_t i = 0; i < cap; i++)
		bigger.slots[i].item = TABLE_NONE;
	for (uint32_t i = 0; i < t->cap; i++)
		if (t->slots[i].item != TABLE_NONE)
			table_put(&bigger, t->slots[i].hash, t->slots[i].item);
	free(t->slots);
	*t = bigger;
	return ERR_OK;
}

enum err
table_reserve(struct table *t)
{
	if (t->cap == 0)
		return grow(t, FIRST_CAP);
	if (t->len < t->cap / 4 * 3)
		return ERR_OK;
	return t->cap > UINT32_MAX / 2 ? ERR_SYSTEM : grow(t, t->cap * 2);
}

uint32_t
table_first(const struct table *t, uint64_t hash, uint32_t *at)
{
	if (t->cap == 0)
		return TABLE_NONE;
	*at = home(t, hash);
	if (t->slots[*at].item != TABLE_NONE && t->slots[*at].hash == hash)
		return t->slots[*at].item;
	return table_next(t, hash, at);
}

uint32_t
table_next(const struct table *t, uint64_t hash, uint32_t *at)
{
	while (t->slots[*at].item != TABLE_NONE) {
		*at = after(t, *at);
		if (t->slots[*at].hash == hash)
			return t->slots[*at].item;
	}
	return TABLE_NONE;
}

/*
 * Moves later entries of the run into the hole, unless that would put them
 * before their home.
 */
static void
close_hole(struct table *t, uint32_t hole)
{
	uint32_t mask = t->cap - 1;
	for (uint32_t at = after(t, hole); t->slots[at].item != TABLE_NONE;
	     at = after(t, at)) {
		uint32_t want = home(t, t->slots[at].hash);
		if (((at - want) & mask) < ((at - hole) & mask))
			continue;
		t->slots[hole] = t->slots[at];
		hole = at;
	}
	t->slots[hole].item = TABLE_NONE;
}

void
table_drop(struct table *t, uint64_t hash, uint32_t item)
{
	uint32_t at;
	for (uint32_t i = table_first(t, hash, &at); i != TABLE_NONE;
	     i = table_next(t, hash, &at)) {
		if (i != item)
			continue;
		close_hole(t, at);
		t->len--;
		return;
	}
}

void
table_free(struct table *t)
{
	free(t->slots);
	*t = (struct table){ 0 };
}
