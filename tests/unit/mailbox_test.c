// SPDX-License-Identifier: MIT
/* The ring of messages: order, wrapping, its bound, memory given back. */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "applets/member/mailbox.h"
#include "tests/unit/tap.h"

#define CAP (MAILBOX_MIN + 777)

static struct mailbox box;

/* Byte i of message number seq. */
static uint8_t
byte_of(uint64_t seq, size_t i)
{
	return (uint8_t)(seq * 31 + i * 7 + i / 256);
}

static enum err
put(uint64_t seq, size_t len)
{
	static uint8_t contents[CAP];
	struct event event = {
		.kind = EVENT_MESSAGE,
		.seq = seq,
		.member = 3,
		.name = "sender",
		.contents = contents,
		.contents_len = len,
	};
	for (size_t i = 0; i < len; i++)
		contents[i] = byte_of(seq, i);
	return mailbox_put(&box, &event);
}

/* Whether the first message is number seq, of len bytes, and all there. */
static bool
is_first(uint64_t seq, size_t len)
{
	struct event e;
	size_t at = 0, n;
	const uint8_t *bytes;
	if (!mailbox_first(&box, &e) || e.seq != seq || e.member != 3 ||
	    strcmp(e.name, "sender") != 0 || e.contents_len != len ||
	    e.contents)
		return false;
	while ((bytes = mailbox_contents(&box, at, &n)))
		for (size_t i = 0; i < n; i++)
			if (bytes[i] != byte_of(seq, at++))
				return false;
	return n == 0 && at == len;
}

static void
test_one(void)
{
	struct event e;
	size_t n = 1;
	is_int(mailbox_init(&box, CAP), ERR_OK, "a box");
	ok(!mailbox_first(&box, &e), "nothing in it");
	ok(!mailbox_contents(&box, 0, &n) && n == 0, "no contents either");
	mailbox_drop(&box);
	is_int(box.used, 0, "nothing to forget");
	is_int(put(1, 0), ERR_OK, "a message without contents");
	is_int(put(2, 100), ERR_OK, "one with");
	ok(is_first(1, 0), "the first is first");
	mailbox_drop(&box);
	ok(is_first(2, 100), "then the second");
	mailbox_drop(&box);
	ok(!mailbox_first(&box, &e), "then none");
}

/* Less than below, the same in every run. */
static size_t
pick(size_t below)
{
	static uint32_t state = 1;
	state = state * 1664525 + 1013904223;
	return (state >> 8) % below;
}

/* All sizes go round so often that each part of each wraps somewhere. */
static void
test_wrap(void)
{
	static size_t lens[CAP];
	uint64_t in = 0, out = 0;
	unsigned busy = 0;
	bool good = true;
	while (out < 20000 && good) {
		size_t len = pick(in % 50 ? 300 : 16001);
		if (put(in, len) == ERR_OK) {
			lens[in++ % CAP] = len;
			if (pick(4) != 0)
				continue;
		} else {
			busy++;
		}
		good = out == in || is_first(out, lens[out % CAP]);
		out += out < in;
		mailbox_drop(&box);
	}
	ok(good, "%d messages, all as they were put in", (int)out);
	ok(busy > 100, "full %u times", busy);
	while (box.used > 0)
		mailbox_drop(&box);
}

static void
test_bound(void)
{
	size_t len = CAP - sizeof(struct event);
	is_int(put(1, len + 1), ERR_BUSY, "one byte too many");
	is_int(put(1, len), ERR_OK, "every byte is used");
	is_int(put(2, 0), ERR_BUSY, "nothing besides");
	ok(is_first(1, len), "it is as it was put in");
	mailbox_drop(&box);
	struct event absurd = { .contents_len = SIZE_MAX - 10 };
	is_int(mailbox_put(&box, &absurd), ERR_BUSY, "lengths do not overflow");
	is_int(put(3, 16000), ERR_OK, "the largest message fits");
	mailbox_drop(&box);
}

/* Pages of the ring that take memory. */
static size_t
count_resident(size_t pages, size_t page)
{
	unsigned char here[1024] = { 0 };
	size_t count = 0;
	if (pages > sizeof here || mincore(box.ring, pages * page, here) != 0)
		return SIZE_MAX;
	for (size_t i = 0; i < pages; i++)
		count += here[i] & 1;
	return count;
}

static void
test_memory(size_t page)
{
	size_t pages = (size_t)256 * 1024 / page;
	is_int(mailbox_init(&box, pages * page), ERR_OK, "a larger box");
	is_int(count_resident(pages, page), 0, "no memory before a message");
	for (int i = 0; i < 10; i++)
		put(1, 16000);
	ok(count_resident(pages, page) >= 160000 / page, "memory for ten");
	for (int i = 0; i < 10; i++)
		mailbox_drop(&box);
	is_int(count_resident(pages, page), 0, "given back with the last");
}

int
main(void)
{
	const char *emulator = getenv("EMULATOR");
	test_one();
	test_wrap();
	test_bound();
	if (!emulator || !*emulator)
		test_memory((size_t)sysconf(_SC_PAGESIZE));
	return done_testing();
}
