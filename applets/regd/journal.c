// SPDX-License-Identifier: MIT
#include "applets/regd/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "applets/regd/frame.h"
#include "applets/regd/range.h"
#include "core/ident/rng.h"

#define BUFFER_LEN (FRAME_HEADER_LEN + FRAME_PAYLOAD_MAX)
#define BLOCK 4096
#define FRESH_SUFFIX ".new"

/* Writes the last block again, for the kernel may have dropped it. */
static enum err
write_last_block(const struct journal *j)
{
	uint8_t block[BLOCK];
	uint64_t at = (j->end - 1) / BLOCK * BLOCK;
	size_t len = (size_t)(j->end - at);
	if (range_read(j->fd, at, block, len) != ERR_OK)
		return ERR_WRITE;
	return range_write(j->fd, at, block, len);
}

/* Brings the file back to what is durable, and makes sure of that. */
static enum err
repair(struct journal *j)
{
	j->broken = true;
	if (ftruncate(j->fd, (off_t)j->end) != 0)
		return ERR_WRITE;
	if (j->doubtful && write_last_block(j) != ERR_OK)
		return ERR_WRITE;
	if (j->sync(j->fd) != 0) {
		j->doubtful = true;
		return ERR_WRITE;
	}
	if (j->folder_dirty && file_sync_folder(j->path) != ERR_OK)
		return ERR_WRITE;
	j->broken = j->doubtful = j->folder_dirty = false;
	return ERR_OK;
}

/* Writes the frame that was made; 0, or the errno. */
static int
write_frame(struct journal *j)
{
	if (j->broken && repair(j) != ERR_OK)
		return errno;
	frame_put_header(j->frame, j->mark, j->frame + FRAME_HEADER_LEN,
			 j->frame_len - FRAME_HEADER_LEN);
	bool written =
		range_write(j->fd, j->end, j->frame, j->frame_len) == ERR_OK;
	if (written && j->sync(j->fd) == 0) {
		j->end += j->frame_len;
		return 0;
	}
	int reason = errno;
	j->doubtful = j->doubtful || written;
	(void)repair(j); /* or the next commit tries again */
	return reason;
}

static void
store_commit(void *self)
{
	struct journal *j = self;
	if (j->frame_len == FRAME_HEADER_LEN)
		return;
	int reason = write_frame(j);
	j->frame_len = FRAME_HEADER_LEN;
	uint64_t ticket = j->ticket++;
	if (j->durable)
		j->durable(j->context, ticket, reason);
}

static void
store_tell(void *self, store_durable *durable, void *context)
{
	struct journal *j = self;
	j->durable = durable;
	j->context = context;
}

static size_t
store_room(void *self)
{
	const struct journal *j = self;
	size_t left = BUFFER_LEN - j->frame_len;
	return left > FRAME_RECORD_EXTRA ? left - FRAME_RECORD_EXTRA : 0;
}

static enum err
store_append(void *self, const uint8_t *record, size_t len, uint64_t *ticket,
	     uint64_t *where)
{
	struct journal *j = self;
	if (len > store_room(j))
		return ERR_BUSY;
	j->frame_len += frame_put_record(j->frame + j->frame_len, len);
	memcpy(j->frame + j->frame_len, record, len);
	*where = j->end + j->frame_len;
	*ticket = j->ticket;
	j->frame_len += len;
	return ERR_OK;
}

static enum err
store_read(void *self, uint64_t where, uint8_t *dst, size_t len)
{
	const struct journal *j = self;
	if (where < j->end)
		return range_read(j->fd, where, dst, len);
	if (where - j->end > j->frame_len ||
	    len > j->frame_len - (where - j->end)) {
		errno = EIO;
		return ERR_READ;
	}
	memcpy(dst, j->frame + (where - j->end), len);
	return ERR_OK;
}

struct store
journal_store(struct journal *j)
{
	return (struct store){
		.self = j,
		.tell = store_tell,
		.room = store_room,
		.append = store_append,
		.commit = store_commit,
		.read = store_read,
	};
}

/* A mark for a new file: not zero, which is what holes in files hold. */
static uint32_t
new_mark(struct rng *rng)
{
	uint8_t p[4];
	uint32_t mark = 0;
	while (mark == 0) {
		rng_bytes(rng, p, sizeof p);
		mark = bytes_get_le32(p);
	}
	return mark;
}

/* Makes an empty journal at path, or in memory when that is empty. */
static enum err
make_file(struct journal *j)
{
	uint8_t header[FRAME_HEADER_LEN];
	j->mark = new_mark(j->rng);
	j->end = sizeof header;
	frame_put_file_header(header, j->mark);
	if (j->path[0] == '\0')
		j->fd = memfd_create(JOURNAL_FILE, MFD_CLOEXEC);
	else
		j->fd = open(j->path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC,
			     0600);
	if (j->fd < 0)
		return ERR_CREATE;
	return range_write(j->fd, 0, header, sizeof header);
}

/* A journal that is being made is synced once, at its end. */
static int
sync_nothing(int fd)
{
	(void)fd;
	return 0;
}

enum err
journal_begin(struct journal *fresh, const struct journal *old)
{
	static const char suffix[] = FRESH_SUFFIX;
	*fresh = (struct journal){
		.frame = old->frame,
		.frame_len = FRAME_HEADER_LEN,
		.sync = sync_nothing,
		.rng = old->rng,
	};
	size_t len = strlen(old->path);
	if (len + sizeof suffix > sizeof fresh->path) {
		errno = ENAMETOOLONG;
		fresh->fd = -1;
		return ERR_CREATE;
	}
	if (len > 0) {
		memcpy(fresh->path, old->path, len);
		memcpy(fresh->path + len, suffix, sizeof suffix);
	}
	enum err e = make_file(fresh);
	if (e != ERR_OK)
		journal_abandon(fresh);
	return e;
}

enum err
journal_end(struct journal *fresh, struct journal *old)
{
	if (fsync(fresh->fd) != 0)
		return ERR_WRITE;
	if (old->path[0] != '\0' && rename(fresh->path, old->path) != 0)
		return ERR_CREATE;
	if (old->fd >= 0)
		close(old->fd);
	old->fd = fresh->fd;
	old->mark = fresh->mark;
	old->end = fresh->end;
	old->folder_dirty =
		old->path[0] != '\0' && file_sync_folder(old->path) != ERR_OK;
	old->broken = old->folder_dirty;
	old->doubtful = false;
	fresh->fd = -1;
	return ERR_OK;
}

void
journal_abandon(struct journal *fresh)
{
	int saved = errno;
	if (fresh->fd >= 0)
		close(fresh->fd);
	if (fresh->fd >= 0 && fresh->path[0] != '\0')
		unlink(fresh->path);
	fresh->fd = -1;
	errno = saved;
}

/* Opens the file at path, made when there is none. */
static enum err
open_file(struct journal *j)
{
	struct journal fresh;
	struct stat st;
	j->end = FRAME_HEADER_LEN;
	if (j->path[0] != '\0' && lstat(j->path, &st) == 0) {
		if (!S_ISREG(st.st_mode))
			return ERR_NOT_FILE; /* rename would take its place */
		j->fd = open(j->path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
		return j->fd >= 0 ? ERR_OK : ERR_CREATE;
	}
	enum err e = journal_begin(&fresh, j);
	if (e == ERR_OK)
		e = journal_end(&fresh, j);
	if (e == ERR_OK && j->broken)
		e = ERR_WRITE;
	journal_abandon(&fresh);
	return e;
}

enum err
journal_open(struct journal *j, const char *folder, struct rng *rng)
{
	*j = (struct journal){
		.fd = -1,
		.frame_len = FRAME_HEADER_LEN,
		.ticket = 1,
		.sync = fdatasync,
		.rng = rng,
	};
	if (folder && file_join(j->path, folder, JOURNAL_FILE) != ERR_OK)
		return ERR_CREATE;
	j->frame = malloc(BUFFER_LEN);
	if (!j->frame)
		return ERR_SYSTEM;
	enum err e = open_file(j);
	if (e != ERR_OK)
		journal_close(j);
	return e;
}

void
journal_close(struct journal *j)
{
	int saved = errno;
	if (j->fd >= 0)
		close(j->fd);
	free(j->frame);
	j->fd = -1;
	j->frame = NULL;
	errno = saved;
}
