// SPDX-License-Identifier: MIT

/*
 * malloc and its kin, in place of musl's, which are 8 KB: what is needed here
 * is little.  The daemons allocate when they start and when an index grows,
 * and nothing has threads.
 *
 * A block is a header and a power of two in all.  Small blocks are cut from
 * chunks and kept in a list for each size when freed; large ones are mappings
 * of their own, so that untouched pages of a large pool cost nothing.
 */

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define SMALLEST 5 /* block sizes, as powers of two */
#define LARGEST 15
#define CHUNK_LEN ((size_t)1 << 16)
#define LEN_MAX (SIZE_MAX / 4) /* of one block */

struct block {
	_Alignas(max_align_t) size_t len; /* with this header */
	struct block *next;               /* when free */
};

static struct block *free_blocks[LARGEST + 1];
static char *chunk;
static size_t chunk_left;

static void *
map(size_t len)
{
	void *p = mmap(NULL, len, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return p == MAP_FAILED ? NULL : p;
}

static struct block *
take_large(size_t len)
{
	struct block *b = map(len);
	if (b)
		b->len = len;
	return b;
}

static struct block *
take_small(unsigned power)
{
	struct block *b = free_blocks[power];
	size_t len = (size_t)1 << power;
	if (b) {
		free_blocks[power] = b->next;
		return b;
	}
	if (chunk_left < len) {
		char *more = map(CHUNK_LEN);
		if (!more)
			return NULL;
		chunk = more;
		chunk_left = CHUNK_LEN;
	}
	b = (struct block *)(void *)chunk;
	b->len = len;
	chunk += len;
	chunk_left -= len;
	return b;
}

/* The block for len bytes, or NULL with ENOMEM. */
static struct block *
take(size_t len)
{
	struct block *b = NULL;
	unsigned power = SMALLEST;
	if (len <= LEN_MAX) {
		len += sizeof *b;
		while (power <= LARGEST && (size_t)1 << power < len)
			power++;
		b = power <= LARGEST ? take_small(power) : take_large(len);
	}
	if (!b)
		errno = ENOMEM;
	return b;
}

void *
malloc(size_t len)
{
	struct block *b = take(len);
	return b ? b + 1 : NULL;
}

void
free(void *p)
{
	unsigned power = SMALLEST;
	if (!p)
		return;
	struct block *b = (struct block *)p - 1;
	while (power <= LARGEST && (size_t)1 << power < b->len)
		power++;
	if (power > LARGEST) {
		munmap(b, b->len);
		return;
	}
	b->next = free_blocks[power];
	free_blocks[power] = b;
}

void *
calloc(size_t count, size_t len)
{
	if (len > 0 && count > LEN_MAX / len) {
		errno = ENOMEM;
		return NULL;
	}
	struct block *b = take(count * len);
	if (!b)
		return NULL;
	if (b->len <= (size_t)1 << LARGEST)
		memset(b + 1, 0, count * len); /* a mapping is zero */
	return b + 1;
}

void *
realloc(void *p, size_t len)
{
	if (!p)
		return malloc(len);
	struct block *old = (struct block *)p - 1;
	size_t room = old->len - sizeof *old;
	if (len <= room)
		return p;
	void *bigger = malloc(len);
	if (bigger) {
		memcpy(bigger, p, room);
		free(p);
	}
	return bigger;
}
