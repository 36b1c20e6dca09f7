// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "applets/regd/frame.h"
#include "applets/regd/journal.h"
#include "applets/regd/replay.h"
#include "core/ident/rng.h"
#include "tests/unit/tap.h"

#define FRAMES 4

static char folder[] = "/dev/shm/xl-journal.XXXXXX";
static char path[64], torn[80], damaged[80];
static struct rng rng;
static struct journal journal;
static struct store store;

/* What durable said last. */
static uint64_t told_ticket;
static int told_reason;

/* What came back from a replay. */
static char seen[512];
static uint64_t seen_where;
static bool seen_readable;

static void
note_durable(void *context, uint64_t ticket, int reason)
{
	(void)context;
	told_ticket = ticket;
	told_reason = reason;
}

static enum err
see(void *context, const uint8_t *record, size_t len, uint64_t where)
{
	uint8_t again[64];
	(void)context;
	if (len == 3 && memcmp(record, "bad", 3) == 0)
		return ERR_MALFORMED;
	strncat(seen, (const char *)record, len);
	strcat(seen, " ");
	seen_where = where;
	seen_readable = seen_readable &&
			store.read(store.self, where, again, len) == ERR_OK &&
			memcmp(again, record, len) == 0;
	return ERR_OK;
}

static enum err
open_and_replay(struct replay *r)
{
	enum err e = journal_open(&journal, folder, &rng);
	seen[0] = '\0';
	seen_readable = true;
	store = journal_store(&journal);
	store.tell(store.self, note_durable, NULL);
	r->record = see;
	return e == ERR_OK ? replay_journal(r, &journal) : e;
}

static void
append(const char *text)
{
	uint64_t ticket, where;
	if (store.append(store.self, (const uint8_t *)text, strlen(text),
			 &ticket, &where) != ERR_OK)
		ok(false, "append %s", text);
}

static void
put(const char *text)
{
	append(text);
	store.commit(store.self);
}

static size_t
slurp(const char *name, uint8_t *dst, size_t cap)
{
	size_t len = 0;
	return file_read(name, dst, cap, &len) == ERR_OK ? len : 0;
}

static void
spill(const uint8_t *src, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (fd < 0 || file_write_all(fd, src, len) != ERR_OK)
		ok(false, "write %s", path);
	close(fd);
	unlink(torn);
	unlink(damaged);
}

/* A file of four frames; ends[i] is where frame i ends, ends[0] the header. */
static size_t
make_file(uint8_t *file, size_t cap, size_t ends[FRAMES + 1])
{
	static const char *const texts[] = { "one", "two", "three", "four" };
	struct replay r = { 0 };
	unlink(path);
	is_int(open_and_replay(&r), ERR_OK, "a new journal");
	ends[0] = (size_t)journal.end;
	for (size_t i = 0; i < FRAMES; i++) {
		put(texts[i]);
		ends[i + 1] = (size_t)journal.end;
	}
	journal_close(&journal);
	return slurp(path, file, cap);
}

static void
test_crc(void)
{
	ok(frame_crc("123456789", 9) == 0xe3069283, "CRC-32C");
}

static void
test_store(void)
{
	struct replay r = { 0 };
	uint64_t ticket, where, first;
	uint8_t back[8];
	unlink(path);
	is_int(open_and_replay(&r), ERR_OK, "a new journal");
	is_int(store.append(store.self, (const uint8_t *)"hello", 5, &first,
			    &where),
	       ERR_OK, "append");
	is_int(store.read(store.self, where, back, 5), ERR_OK, "read staged");
	is_mem(back, "hello", 5, "what was staged");
	is_int(store.read(store.self, where, back, 6), ERR_READ,
	       "nothing behind it");
	is_int(store.read(store.self, where + (1 << 30), back, 1), ERR_READ,
	       "nor far away");
	append("more");
	store.commit(store.self);
	is_int(told_ticket, first, "durable is told the ticket");
	is_int(told_reason, 0, "and that all went well");
	is_int(store.read(store.self, where, back, 5), ERR_OK, "read durable");
	is_mem(back, "hello", 5, "what is durable");
	told_ticket = 0;
	store.commit(store.self);
	is_int(told_ticket, 0, "nothing staged, nothing told");
	store.append(store.self, (const uint8_t *)"x", 1, &ticket, &where);
	is_int(ticket, first + 1, "the next ticket");
	journal_close(&journal);
	is_int(open_and_replay(&r), ERR_OK, "replay");
	is_str(seen, "hello more ", "what was committed, and no more");
	ok(seen_readable, "places read again");
	is_int(r.records, 2, "counted");
	journal_close(&journal);
}

static void
test_room(void)
{
	static uint8_t big[FRAME_PAYLOAD_MAX];
	struct replay r = { 0 };
	uint64_t ticket, where;
	unlink(path);
	open_and_replay(&r);
	memset(big, 'x', sizeof big);
	size_t room = store.room(store.self);
	is_int(store.append(store.self, big, room + 1, &ticket, &where),
	       ERR_BUSY, "too much");
	is_int(store.append(store.self, big, room, &ticket, &where), ERR_OK,
	       "just enough");
	is_int(store.append(store.self, big, 1, &ticket, &where), ERR_BUSY,
	       "full");
	store.commit(store.self);
	is_int(store.room(store.self), room, "room again");
	journal_close(&journal);
	is_int(replay_journal(&(struct replay){ 0 }, &journal), ERR_READ,
	       "a closed journal");
}

/* After each cut, the frames before it are there and it goes on from there. */
static void
test_truncations(void)
{
	uint8_t file[512], now[512];
	size_t ends[FRAMES + 1];
	size_t len = make_file(file, sizeof file, ends);
	static const char *const want[] = { "", "one ", "one two ",
					    "one two three " };
	int wrong = 0;
	for (size_t cut = 0; cut < len; cut++) {
		struct replay r = { 0 };
		size_t whole = 0;
		while (ends[whole + 1] <= cut)
			whole++;
		size_t kept = cut < ends[0] ? 0 : ends[whole];
		spill(file, cut);
		if (open_and_replay(&r) != ERR_OK ||
		    strcmp(seen, want[whole]) != 0 ||
		    r.torn_len != cut - kept ||
		    r.torn_at != (kept == cut ? 0 : kept) ||
		    slurp(torn, now, sizeof now) != cut - kept ||
		    memcmp(now, file + kept, cut - kept) != 0)
			wrong++;
		put("five");
		journal_close(&journal);
		if (open_and_replay(&r) != ERR_OK || r.torn_len != 0 ||
		    !strstr(seen, "five "))
			wrong++;
		journal_close(&journal);
	}
	is_int(wrong, 0, "each of %zu truncations", len);
}

/* In the last frame a flipped bit is a torn tail, elsewhere damage. */
static void
test_flips(void)
{
	uint8_t file[512], now[512];
	size_t ends[FRAMES + 1];
	size_t len = make_file(file, sizeof file, ends);
	int wrong = 0;
	for (size_t bit = 0; bit < 8 * len; bit++) {
		struct replay r = { 0 };
		size_t frame = 0;
		file[bit / 8] ^= (uint8_t)(1 << bit % 8);
		spill(file, len);
		while (ends[frame] <= bit / 8)
			frame++;
		enum err e = open_and_replay(&r);
		bool last = frame == FRAMES;
		if (last && (e != ERR_OK || r.torn_at != ends[FRAMES - 1] ||
			     r.torn_len != len - ends[FRAMES - 1] ||
			     strcmp(seen, "one two three ") != 0))
			wrong++;
		if (!last && (e != ERR_MALFORMED || !r.fault ||
			      r.fault_at != (frame > 0 ? ends[frame - 1] : 0)))
			wrong++;
		journal_close(&journal);
		if (!last && (slurp(path, now, sizeof now) != len ||
			      memcmp(now, file, len) != 0))
			wrong++;
		file[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	is_int(wrong, 0, "each of %zu flipped bits", 8 * len);
}

static void
test_recover(void)
{
	uint8_t file[512], now[512];
	size_t ends[FRAMES + 1];
	size_t len = make_file(file, sizeof file, ends);
	static const char *const want[] = {
		"one two three four ", "two three four ", "one three four ",
		"one two four ",       "one two three ",
	};
	int wrong = 0;
	for (size_t bit = 0; bit < 8 * len; bit++) {
		struct replay r = { .recover = true };
		size_t frame = 0;
		file[bit / 8] ^= (uint8_t)(1 << bit % 8);
		spill(file, len);
		while (ends[frame] <= bit / 8)
			frame++;
		if (open_and_replay(&r) != ERR_OK ||
		    strcmp(seen, want[frame]) != 0 ||
		    r.lost != (frame < FRAMES) ||
		    (r.lost && (slurp(damaged, now, sizeof now) != len ||
				memcmp(now, file, len) != 0)))
			wrong++;
		journal_close(&journal);
		file[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	is_int(wrong, 0, "recovering from each of %zu flipped bits", 8 * len);
}

static void
test_other_faults(void)
{
	uint8_t file[600];
	size_t ends[FRAMES + 1];
	struct replay r = { 0 };
	size_t len = make_file(file, sizeof file, ends);
	memset(file + len, 0, 64);
	spill(file, len + 64);
	is_int(open_and_replay(&r), ERR_OK, "zeros behind the end");
	is_int(r.torn_len, 64, "are torn off");
	journal_close(&journal);
	spill((const uint8_t *)"#!/bin/sh\n", 10);
	is_int(open_and_replay(&r), ERR_MALFORMED, "a short file of others");
	journal_close(&journal);
	spill((const uint8_t *)"#!/bin/sh\necho hello world\n", 27);
	is_int(open_and_replay(&r), ERR_MALFORMED, "a file of others");
	journal_close(&journal);
	r.recover = true;
	is_int(open_and_replay(&r), ERR_MALFORMED, "holds nothing to recover");
	r.recover = false;
	journal_close(&journal);
	/* A damaged header, then a torn last frame: not to be cut as one. */
	file[ends[1]] ^= 1;
	spill(file, len - 1);
	is_int(open_and_replay(&r), ERR_MALFORMED, "damage before a torn tail");
	is_int(r.fault_at, ends[1], "is where the damage is");
	journal_close(&journal);
}

static void
test_senseless_record(void)
{
	struct replay r = { 0 };
	unlink(path);
	open_and_replay(&r);
	put("one");
	uint64_t at = journal.end;
	append("two");
	append("bad");
	put("three");
	put("four");
	journal_close(&journal);
	is_int(open_and_replay(&r), ERR_MALFORMED, "a record without sense");
	is_int(r.fault_at, at, "is told with its frame");
	journal_close(&journal);
	r.recover = true;
	unlink(damaged);
	is_int(open_and_replay(&r), ERR_OK, "recovering leaves it out");
	is_str(seen, "one two three four ", "and keeps the others");
	ok(file_exists(damaged), "and a copy");
	journal_close(&journal);
	is_int(open_and_replay(&r), ERR_OK, "recovering again");
	strcat(damaged, ".1");
	ok(file_exists(damaged), "keeps another copy");
	unlink(damaged);
	damaged[strlen(damaged) - 2] = '\0';
	journal_close(&journal);
}

/* How many of the next syncs fail. */
static int syncs_to_fail;

static int
failing_sync(int fd)
{
	if (syncs_to_fail == 0)
		return fdatasync(fd);
	syncs_to_fail--;
	errno = EIO;
	return -1;
}

static void
test_sync_fails(void)
{
	struct replay r = { 0 };
	unlink(path);
	open_and_replay(&r);
	journal.sync = failing_sync;
	put("one");
	uint64_t end = journal.end;
	syncs_to_fail = 1;
	put("two");
	is_int(told_reason, EIO, "a sync that fails is told");
	is_int(journal.end, end, "and undone");
	ok(!journal.broken, "and repaired");
	put("three");
	is_int(told_reason, 0, "the next one is well");
	syncs_to_fail = 3;
	put("four");
	is_int(told_reason, EIO, "sync and repair fail");
	ok(journal.broken, "so nothing is certain");
	put("five");
	is_int(told_reason, EIO, "refused while the repair fails");
	is_int(syncs_to_fail, 0, "having tried it");
	put("six");
	is_int(told_reason, 0, "accepted when it works again");
	ok(!journal.broken && !journal.doubtful, "and certain");
	journal_close(&journal);
	is_int(open_and_replay(&r), ERR_OK, "replay");
	is_str(seen, "one three six ", "just what was acknowledged");
	is_int(r.torn_len, 0, "nothing torn");
	journal_close(&journal);
}

static void
test_disk_full(void)
{
	struct replay r = { 0 };
	struct rlimit limit, old;
	static const char big[] = "0123456789abcdef0123456789abcdef";
	unlink(path);
	open_and_replay(&r);
	put("one");
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &old);
	limit = old;
	limit.rlim_cur = journal.end + 30;
	setrlimit(RLIMIT_FSIZE, &limit);
	put(big);
	is_int(told_reason, EFBIG, "no room on the disk");
	struct stat st;
	stat(path, &st);
	is_int(st.st_size, journal.end, "the part that was written is gone");
	put("two");
	is_int(told_reason, 0, "what fits is accepted");
	setrlimit(RLIMIT_FSIZE, &old);
	put(big);
	is_int(told_reason, 0, "and all when there is room again");
	journal_close(&journal);
	is_int(open_and_replay(&r), ERR_OK, "replay");
	is_str(seen, "one two 0123456789abcdef0123456789abcdef ",
	       "just what was acknowledged");
	journal_close(&journal);
}

static void
test_rewriting(void)
{
	struct replay r = { 0 };
	struct journal fresh;
	char beside[80];
	unlink(path);
	open_and_replay(&r);
	put("one");
	put("two");
	snprintf(beside, sizeof beside, "%s.new", path);
	is_int(journal_begin(&fresh, &journal), ERR_OK, "begin");
	ok(file_exists(beside), "a file beside");
	journal_abandon(&fresh);
	ok(!file_exists(beside), "abandoned");
	is_int(journal_begin(&fresh, &journal), ERR_OK, "begin again");
	store = journal_store(&fresh);
	put("2");
	put("3");
	is_int(journal_end(&fresh, &journal), ERR_OK, "end");
	journal_abandon(&fresh);
	store = journal_store(&journal);
	put("4");
	journal_close(&journal);
	is_int(open_and_replay(&r), ERR_OK, "replay");
	is_str(seen, "2 3 4 ", "the new records and what came then");
	ok(!file_exists(beside), "nothing beside");
	journal_close(&journal);
}

static void
test_memory(void)
{
	uint64_t ticket, where;
	uint8_t back[3];
	is_int(journal_open(&journal, NULL, &rng), ERR_OK, "in memory");
	store = journal_store(&journal);
	store.tell(store.self, note_durable, NULL);
	store.append(store.self, (const uint8_t *)"one", 3, &ticket, &where);
	store.commit(store.self);
	is_int(told_ticket, ticket, "commits");
	is_int(store.read(store.self, where, back, 3), ERR_OK, "reads");
	is_mem(back, "one", 3, "what was put");
	journal_close(&journal);
}

int
main(void)
{
	if (!mkdtemp(folder)) {
		strcpy(folder, "/tmp/xl-journal.XXXXXX");
		if (!mkdtemp(folder))
			return 1;
	}
	snprintf(path, sizeof path, "%s/registry.log", folder);
	snprintf(torn, sizeof torn, "%s.torn", path);
	snprintf(damaged, sizeof damaged, "%s.damaged", path);
	rng_init_fixed(&rng, "journal", 7);
	test_crc();
	test_store();
	test_room();
	test_truncations();
	test_flips();
	test_recover();
	test_other_faults();
	test_senseless_record();
	test_sync_fails();
	test_disk_full();
	test_rewriting();
	test_memory();
	unlink(path);
	unlink(torn);
	unlink(damaged);
	rmdir(folder);
	return done_testing();
}
