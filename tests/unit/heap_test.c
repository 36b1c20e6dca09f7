// SPDX-License-Identifier: MIT

/*
 * The heap: blocks do not overlap, are aligned, keep what is in them, and come
 * back.  Linked with another C library this is a test of that one.
 */

#include <errno.h>
#include <stdalign.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/tap.h"

#define SLOTS 64
#define ROUNDS 20000
#define LEN_MAX 70000 /* beyond what is cut from a chunk */

static unsigned char *slots[SLOTS];
static size_t lens[SLOTS];
static uint32_t state = 1;

/* xorshift: the same sequence on every machine. */
static uint32_t
next(void)
{
	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state;
}

/* Mostly small, with each size of block at times. */
static size_t
next_len(void)
{
	return next() % ((size_t)1 << next() % 17) % LEN_MAX + 1;
}

static bool
is_filled(const unsigned char *p, int c, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (p[i] != c)
			return false;
	return true;
}

/* Frees the block in a slot; whether it held what was put there. */
static bool
drop(int i)
{
	bool kept = !slots[i] || is_filled(slots[i], i, lens[i]);
	free(slots[i]);
	slots[i] = NULL;
	return kept;
}

static bool
grow(int i)
{
	size_t len = next_len();
	unsigned char *p = realloc(slots[i], len);
	if (!p)
		return false;
	size_t same = slots[i] && lens[i] < len ? lens[i] : len;
	bool kept = !slots[i] || is_filled(p, i, same);
	slots[i] = p;
	lens[i] = len;
	memset(p, i, len);
	return kept;
}

static bool
renew(int i)
{
	if (!drop(i))
		return false;
	lens[i] = next_len();
	slots[i] = calloc(1, lens[i]);
	if (!slots[i] || !is_filled(slots[i], 0, lens[i]))
		return false;
	memset(slots[i], i, lens[i]);
	return true;
}

static void
check_churn(void)
{
	int wrong = 0;
	int crooked = 0;
	for (int n = 0; n < ROUNDS; n++) {
		int i = (int)(next() % SLOTS);
		if (!(next() % 2 ? grow(i) : renew(i)))
			wrong++;
		if ((uintptr_t)slots[i] % alignof(max_align_t) != 0)
			crooked++;
	}
	for (int i = 0; i < SLOTS; i++)
		if (!drop(i))
			wrong++;
	is_int(wrong, 0, "every block keeps its bytes");
	is_int(crooked, 0, "every block is aligned");
}

static void
check_limits(void)
{
	/* Volatile: compilers know malloc well enough to leave it out. */
	static volatile size_t huge = SIZE_MAX;
	static void *volatile none;
	static void *volatile one;
	errno = 0;
	none = malloc(huge);
	ok(!none, "no block of SIZE_MAX bytes");
	is_int(errno, ENOMEM, "and errno says why");
	none = malloc(huge - 8);
	ok(!none, "nor one whose header wraps round");
	none = calloc(huge / 2 + 1, 2);
	ok(!none, "nor one whose product wraps round");
	one = malloc(1);
	none = realloc(one, huge);
	ok(!none, "nor by growing");
	free(none ? none : one);
	free(NULL);
}

static void
check_return(void)
{
	bool all = true;
	/* 16 GB in turn: fits only when blocks come back. */
	for (int i = 0; i < 16384; i++) {
		unsigned char *p = malloc((size_t)1 << 20);
		all = all && p;
		if (p)
			p[0] = p[(1 << 20) - 1] = 1;
		free(p);
	}
	ok(all, "large blocks come back");
}

int
main(void)
{
	check_churn();
	check_limits();
	check_return();
	return done_testing();
}
