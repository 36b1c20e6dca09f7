// SPDX-License-Identifier: MIT
#include "applets/regd/replay.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "applets/regd/frame.h"
#include "applets/regd/journal.h"
#include "applets/regd/range.h"
#include "core/base/file.h"
#include "core/base/fmt.h"

#define SEARCH_STEP 4096
#define COPIES_MAX 1000 /* of damaged files */

/* The whole state of a run over one file. */
struct scan {
	struct replay *r;
	struct journal *j;
	uint64_t size;
	uint64_t at; /* the frame being looked at */
};

/* Keeps the bytes from..to in a file beside; of one in memory, nothing. */
static enum err
keep(const struct journal *j, uint64_t from, uint64_t to, const char *suffix)
{
	char path[FILE_PATH_MAX];
	if (j->path[0] == '\0')
		return ERR_OK;
	if (fmt_text(path, sizeof path, "%s%s", j->path, suffix) >=
	    sizeof path) {
		errno = ENAMETOOLONG;
		return ERR_CREATE;
	}
	return range_copy(j->fd, from, to, path);
}

/* Keeps a copy of a damaged file, once. */
static enum err
keep_damaged(const struct scan *s)
{
	char *suffix = s->r->kept;
	char path[FILE_PATH_MAX + sizeof s->r->kept];
	for (unsigned i = 0; i < COPIES_MAX; i++) {
		fmt_text(suffix, sizeof s->r->kept,
			 i > 0 ? ".damaged.%u" : ".damaged", i);
		fmt_text(path, sizeof path, "%s%s", s->j->path, suffix);
		if (!file_exists(path))
			return keep(s->j, 0, s->size, suffix);
	}
	errno = EEXIST;
	return ERR_CREATE;
}

/* Damage at the present place: the end, unless recovering. */
static enum err
damaged(struct scan *s, const char *what)
{
	if (!s->r->recover) {
		s->r->fault_at = s->at;
		s->r->fault = what;
		return ERR_MALFORMED;
	}
	return s->r->lost++ == 0 ? keep_damaged(s) : ERR_OK;
}

/*
 * Looks for the header of a frame at from or behind; *found is its place, or
 * the size.  ERR_READ.
 */
static enum err
search(const struct scan *s, uint64_t from, uint64_t *found)
{
	uint8_t piece[SEARCH_STEP + FRAME_SEEN_LEN];
	uint32_t mark;
	for (; from < s->size; from += SEARCH_STEP) {
		size_t len = s->size - from < sizeof piece
				     ? (size_t)(s->size - from)
				     : sizeof piece;
		enum err e = range_read(s->j->fd, from, piece, len);
		if (e != ERR_OK)
			return e;
		for (size_t i = 0; i + FRAME_SEEN_LEN <= len; i++) {
			*found = from + i;
			if (frame_guess_mark(&mark, piece + i) &&
			    mark == s->j->mark)
				return ERR_OK;
		}
	}
	*found = s->size;
	return ERR_OK;
}

/* Keeps what is behind the last whole frame and cuts it off. */
static enum err
cut_tail(struct scan *s)
{
	enum err e = keep(s->j, s->at, s->size, ".torn");
	if (e == ERR_OK &&
	    (ftruncate(s->j->fd, (off_t)s->at) != 0 || fsync(s->j->fd) != 0))
		e = ERR_WRITE;
	s->r->torn_at = s->at;
	s->r->torn_len = s->size - s->at;
	s->size = s->at;
	return e;
}

static enum err
take_records(struct scan *s, size_t len)
{
	uint8_t *payload = s->j->frame + FRAME_HEADER_LEN;
	uint64_t start = s->at + FRAME_HEADER_LEN;
	struct bytes_reader reader = bytes_reader(payload, len);
	const uint8_t *record;
	size_t record_len;
	while ((record = frame_take_record(&reader, &record_len))) {
		enum err e = s->r->record(s->r->context, record, record_len,
					  start + (uint64_t)(record - payload));
		if (e == ERR_OK)
			s->r->records++;
		else if (e == ERR_MALFORMED)
			e = damaged(s, "a record that makes no sense here");
		if (e != ERR_OK)
			return e;
	}
	return reader.failed ? damaged(s, "malformed records") : ERR_OK;
}

/* A frame whose header is whole.  *whole: so is the rest of it. */
static enum err
take_frame(struct scan *s, const struct frame *frame, bool *whole)
{
	uint8_t *payload = s->j->frame + FRAME_HEADER_LEN;
	*whole = false;
	if (frame->len > FRAME_PAYLOAD_MAX)
		return ERR_OK; /* of no frame that was ever written */
	enum err e = range_read(s->j->fd, s->at + FRAME_HEADER_LEN, payload,
				frame->len);
	if (e != ERR_OK)
		return e;
	*whole = frame_crc(payload, frame->len) == frame->crc;
	return *whole ? take_records(s, frame->len) : ERR_OK;
}

/* What is here is no header: a torn tail, or damage with more behind it. */
static enum err
pass_over(struct scan *s)
{
	uint64_t next;
	enum err e = search(s, s->at + 1, &next);
	if (e != ERR_OK)
		return e;
	if (next == s->size)
		return cut_tail(s);
	e = damaged(s, "damaged frame header");
	s->at = next;
	return e;
}

/* Looks at what is at s->at and moves on. */
static enum err
step(struct scan *s)
{
	uint8_t header[FRAME_HEADER_LEN];
	struct frame frame;
	bool whole;
	if (s->size - s->at < sizeof header)
		return cut_tail(s);
	enum err e = range_read(s->j->fd, s->at, header, sizeof header);
	if (e != ERR_OK)
		return e;
	if (!frame_get_header(&frame, s->j->mark, header))
		return pass_over(s);
	uint64_t next = s->at + sizeof header + frame.len;
	if (next > s->size)
		return cut_tail(s);
	e = take_frame(s, &frame, &whole);
	if (e == ERR_OK && !whole && next == s->size)
		return cut_tail(s);
	if (e == ERR_OK && !whole)
		e = damaged(s, "damaged frame");
	s->at = next;
	return e;
}

/* A file that ends within its header has never held a frame: a new one. */
static enum err
mend_file(struct scan *s)
{
	uint8_t header[FRAME_HEADER_LEN];
	struct journal fresh;
	size_t len = (size_t)s->size;
	enum err e = range_read(s->j->fd, 0, header, len);
	if (e == ERR_OK && !frame_is_cut_file_header(header, len)) {
		s->r->fault = "not a journal of this version";
		return ERR_MALFORMED;
	}
	if (e == ERR_OK && len > 0)
		e = keep(s->j, 0, len, ".torn");
	s->r->torn_len = len;
	if (e == ERR_OK)
		e = journal_begin(&fresh, s->j);
	if (e != ERR_OK)
		return e;
	e = journal_end(&fresh, s->j);
	journal_abandon(&fresh);
	s->size = s->at;
	return e;
}

/* The header is damaged; the first frame still says what its mark was. */
static enum err
guess_header(struct scan *s)
{
	uint8_t first[FRAME_SEEN_LEN];
	uint64_t at = s->at;
	s->at = 0;
	enum err e = damaged(s, "damaged file header");
	s->at = at;
	if (e != ERR_OK || s->size == at)
		return e;
	if (s->size - at >= sizeof first) {
		e = range_read(s->j->fd, at, first, sizeof first);
		if (e != ERR_OK || frame_guess_mark(&s->j->mark, first))
			return e;
	}
	s->r->fault_at = at;
	s->r->fault = "no frame behind a damaged file header";
	return ERR_MALFORMED;
}

static enum err
read_header(struct scan *s)
{
	uint8_t header[FRAME_HEADER_LEN];
	if (s->size < sizeof header)
		return mend_file(s);
	enum err e = range_read(s->j->fd, 0, header, sizeof header);
	if (e != ERR_OK)
		return e;
	e = frame_get_file_header(&s->j->mark, header);
	if (e == ERR_MALFORMED)
		return guess_header(s);
	if (e == ERR_REFUSED)
		s->r->fault = "a journal of another version";
	return e == ERR_REFUSED ? ERR_MALFORMED : e;
}

enum err
replay_journal(struct replay *r, struct journal *j)
{
	struct stat st;
	if (fstat(j->fd, &st) != 0)
		return ERR_READ;
	struct scan s = {
		.r = r,
		.j = j,
		.size = (uint64_t)st.st_size,
		.at = FRAME_HEADER_LEN,
	};
	j->end = s.size; /* so that all of it can be read */
	r->fault_at = r->torn_at = r->torn_len = 0;
	r->records = r->lost = 0;
	enum err e = read_header(&s);
	while (e == ERR_OK && s.at < s.size)
		e = step(&s);
	j->end = s.size;
	return e;
}
