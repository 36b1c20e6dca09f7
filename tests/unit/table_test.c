// SPDX-License-Identifier: MIT
#include "applets/regd/table.h"
#include "tests/unit/tap.h"

#define ITEMS 5000

/* The reference vectors: key 00..0f, inputs of 0, 8 and 15 bytes 00, 01... */
static void
test_hash(void)
{
	uint8_t key[16], in[15];
	for (unsigned i = 0; i < sizeof key; i++)
		key[i] = (uint8_t)i;
	for (unsigned i = 0; i < sizeof in; i++)
		in[i] = (uint8_t)i;
	ok(table_hash(key, in, 0) == 0x726fdb47dd0e0e31, "0 bytes");
	ok(table_hash(key, in, 8) == 0x93f5f5799a932462, "8 bytes");
	ok(table_hash(key, in, 15) == 0xa129ca6149be45e5, "15 bytes");
	key[0] = 1;
	ok(table_hash(key, in, 15) != 0xa129ca6149be45e5, "another key");
}

/* Few different hashes, so that runs are long and mixed. */
static uint64_t
hash_of(uint32_t item)
{
	return item % 7 == 0 ? item / 70 : (uint64_t)item * 0x9e3779b97f4a7c15;
}

static bool
has(const struct table *t, uint32_t item)
{
	uint32_t at;
	uint32_t i = table_first(t, hash_of(item), &at);
	while (i != TABLE_NONE && i != item)
		i = table_next(t, hash_of(item), &at);
	return i == item;
}

static unsigned
count(const struct table *t, uint32_t from, uint32_t step)
{
	unsigned n = 0;
	for (uint32_t i = from; i < ITEMS; i += step)
		n += has(t, i);
	return n;
}

static void
test_put_and_drop(void)
{
	struct table t = { 0 };
	uint32_t at;
	int failed = 0;
	ok(table_first(&t, 0, &at) == TABLE_NONE, "nothing in an empty one");
	for (uint32_t i = 0; i < ITEMS; i++) {
		failed += table_reserve(&t) != ERR_OK;
		table_put(&t, hash_of(i), i);
	}
	is_int(failed, 0, "grows");
	is_int(t.len, ITEMS, "counts");
	is_int(count(&t, 0, 1), ITEMS, "all are found");
	for (uint32_t i = 0; i < ITEMS; i += 2)
		table_drop(&t, hash_of(i), i);
	is_int(t.len, ITEMS / 2, "counts what was dropped");
	is_int(count(&t, 0, 2), 0, "none of those is found");
	is_int(count(&t, 1, 2), ITEMS / 2, "all others are");
	table_drop(&t, hash_of(0), 0);
	is_int(t.len, ITEMS / 2, "dropping what is not there does nothing");
	for (uint32_t i = 0; i < ITEMS; i += 2)
		table_put(&t, hash_of(i), i);
	is_int(count(&t, 0, 1), ITEMS, "put back");
	table_free(&t);
}

int
main(void)
{
	test_hash();
	test_put_and_drop();
	return done_testing();
}
