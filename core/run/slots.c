// SPDX-License-Identifier: MIT
#include "core/run/slots.h"

#include <sys/mman.h>
#include <unistd.h>

/* Memory that is not there before it is touched. */
static void *
map(size_t max, size_t len)
{
	if (max > SIZE_MAX / 2 / len)
		return NULL;
	void *p = mmap(NULL, max * len, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	return p == MAP_FAILED ? NULL : p;
}

enum err
slots_init(struct slots *s, size_t max, size_t item_len, size_t buffer_len)
{
	size_t page = (size_t)getpagesize();
	*s = (struct slots){
		.item_len = item_len,
		.buffer_len = (buffer_len + page - 1) / page * page,
		.max = max,
		.first = SLOTS_NONE,
	};
	s->items = map(max, s->item_len);
	s->buffers = map(max, s->buffer_len);
	s->next = map(max, sizeof *s->next);
	if (max < UINT32_MAX && s->items && s->buffers && s->next)
		return ERR_OK;
	slots_free(s);
	return ERR_SYSTEM;
}

void
slots_free(struct slots *s)
{
	if (s->items)
		munmap(s->items, s->max * s->item_len);
	if (s->buffers)
		munmap(s->buffers, s->max * s->buffer_len);
	if (s->next)
		munmap(s->next, s->max * sizeof *s->next);
	*s = (struct slots){ .first = SLOTS_NONE };
}

size_t
slots_take(struct slots *s)
{
	size_t slot = s->first;
	if (slot != SLOTS_NONE)
		s->first = s->next[slot] == UINT32_MAX ? SLOTS_NONE
						       : s->next[slot];
	else if (s->made < s->max)
		slot = s->made++;
	if (slot != SLOTS_NONE)
		s->len++;
	return slot;
}

void
slots_give(struct slots *s, size_t slot)
{
	(void)madvise(slots_buffer(s, slot), s->buffer_len, MADV_DONTNEED);
	s->next[slot] = (uint32_t)s->first; /* SLOTS_NONE is UINT32_MAX */
	s->first = slot;
	s->len--;
}

void *
slots_item(const struct slots *s, size_t slot)
{
	return s->items + slot * s->item_len;
}

uint8_t *
slots_buffer(const struct slots *s, size_t slot)
{
	return s->buffers + slot * s->buffer_len;
}
