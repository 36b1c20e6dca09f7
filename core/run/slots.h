// SPDX-License-Identifier: MIT
#ifndef XL_RUN_SLOTS_H
#define XL_RUN_SLOTS_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/err.h"

/*
 * A fixed number of slots, each an item and a buffer, had at start.  They take
 * memory only once they are used, and the buffers' pages are given back: after
 * a burst of sessions a small machine has its memory again.
 */

#define SLOTS_NONE SIZE_MAX

struct slots {
	uint8_t *items, *buffers;
	uint32_t *next;    /* of each that is free again, the next such */
	size_t item_len;   /* bytes of an item, as asked for */
	size_t buffer_len; /* bytes of a buffer, whole pages */
	size_t max;        /* how many there are, */
	size_t made;       /* were ever used, */
	size_t len;        /* and are used now */
	size_t first;      /* that is free again, or SLOTS_NONE */
};

/*
 * Makes room for max items of item_len bytes, a multiple of their alignment,
 * and as many buffers of at least buffer_len bytes.  ERR_SYSTEM.
 */
enum err
slots_init(struct slots *s, size_t max, size_t item_len, size_t buffer_len);

void
slots_free(struct slots *s);

/* The number of a slot that was free, or SLOTS_NONE. */
size_t
slots_take(struct slots *s);

/* Gives a slot back; its buffer's contents are gone, its item's are not. */
void
slots_give(struct slots *s, size_t slot);

/* The item and the buffer of a slot below made. */
void *
slots_item(const struct slots *s, size_t slot);
uint8_t *
slots_buffer(const struct slots *s, size_t slot);

#endif
