// SPDX-License-Identifier: MIT
#include "applets/member/mailbox.h"

#include <string.h>
#include <sys/mman.h>

#include "core/wire/peermsg.h"

/* A message is a struct event, and then its contents; either may wrap. */
#define HEADER sizeof(struct event)
_Static_assert(HEADER + PEERMSG_CONTENTS_MAX <= MAILBOX_MIN, "a message fits");

#define KEEP 4096 /* bytes that are not worth giving back */

enum err
mailbox_init(struct mailbox *box, size_t cap)
{
	void *ring = mmap(NULL, cap, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (ring == MAP_FAILED)
		return ERR_SYSTEM;
	*box = (struct mailbox){ .ring = ring, .cap = cap };
	return ERR_OK;
}

/* Where the byte is that comes offset behind the first message's first. */
static size_t
place(const struct mailbox *box, size_t offset)
{
	size_t to_end = box->cap - box->at;
	return offset < to_end ? box->at + offset : offset - to_end;
}

/* At most len bytes at offset: how many of them are in one piece. */
static size_t
piece(const struct mailbox *box, size_t offset, size_t len)
{
	size_t to_end = box->cap - place(box, offset);
	return len < to_end ? len : to_end;
}

/* len is at most what is free. */
static void
append(struct mailbox *box, const void *data, size_t len)
{
	const uint8_t *from = data;
	while (len > 0) {
		size_t at = place(box, box->used);
		size_t n = piece(box, box->used, len);
		memcpy(box->ring + at, from, n);
		box->used += n;
		from += n;
		len -= n;
		if (at + n > box->top)
			box->top = at + n;
	}
}

enum err
mailbox_put(struct mailbox *box, const struct event *event)
{
	size_t len = event->contents_len;
	if (len > box->cap || HEADER + len > box->cap - box->used)
		return ERR_BUSY;
	append(box, event, HEADER);
	append(box, event->contents, len);
	return ERR_OK;
}

bool
mailbox_first(const struct mailbox *box, struct event *event)
{
	if (box->used == 0)
		return false;
	size_t n = piece(box, 0, HEADER);
	memcpy(event, box->ring + box->at, n);
	memcpy((uint8_t *)event + n, box->ring, HEADER - n);
	event->contents = NULL;
	return true;
}

const uint8_t *
mailbox_contents(const struct mailbox *box, size_t offset, size_t *len)
{
	struct event event = { .contents_len = 0 };
	mailbox_first(box, &event);
	*len = 0;
	if (offset >= event.contents_len)
		return NULL;
	offset += HEADER;
	*len = piece(box, offset, HEADER + event.contents_len - offset);
	return box->ring + place(box, offset);
}

static void
give_back(struct mailbox *box)
{
	box->at = box->used = 0;
	if (box->top <= KEEP)
		return;
	(void)madvise(box->ring, box->cap, MADV_DONTNEED);
	box->top = 0;
}

void
mailbox_drop(struct mailbox *box)
{
	struct event event;
	if (!mailbox_first(box, &event))
		return;
	size_t len = HEADER + event.contents_len;
	if (len == box->used) {
		give_back(box);
		return;
	}
	box->at = place(box, len);
	box->used -= len;
}
