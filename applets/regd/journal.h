// SPDX-License-Identifier: MIT
#ifndef XL_REGD_JOURNAL_H
#define XL_REGD_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "applets/regd/store.h"
#include "core/base/err.h"
#include "core/base/file.h"

struct rng;

/*
 * A store in one file, registry.log, to which frames are only ever appended:
 * one for all records of a commit, written and synced at once.  Reading it
 * back at start is replay.h's part, what records mean is record.h's.
 *
 * When a frame cannot be written or synced, the file is cut back to what is
 * durable.  Where that fails too, nothing more is accepted until it works.
 */

#define JOURNAL_FILE "registry.log"

struct journal {
	int fd;
	char path[FILE_PATH_MAX]; /* empty: in memory only */
	uint32_t mark;            /* what frames begin with */
	uint64_t end;             /* bytes of the file that are durable */
	uint8_t *frame;      /* header and payload of the frame being made */
	size_t frame_len;    /* header included */
	uint64_t ticket;     /* of that frame */
	bool broken;         /* what lies behind end is not known to be gone */
	bool doubtful;       /* a sync failed: the last block is not, either */
	bool folder_dirty;   /* the file's name is not known to be durable */
	int (*sync)(int fd); /* fdatasync; tests put a failing one */
	struct rng *rng;
	store_durable *durable;
	void *context;
};

/*
 * Opens the journal in folder, made when there is none, or with NULL one in
 * memory, and allocates its buffer.  What is in the file is not looked at:
 * replay_journal comes next.  rng must outlive it.  ERR_CREATE, ERR_WRITE,
 * ERR_SYSTEM (errno), ERR_NOT_FILE.
 */
enum err
journal_open(struct journal *j, const char *folder, struct rng *rng);

void
journal_close(struct journal *j);

/* The journal as a store. */
struct store
journal_store(struct journal *j);

/*
 * Compaction: begin makes an empty journal beside old, whose store takes the
 * records that are to stay (each commit writes a frame, without a sync), and
 * end puts it in old's place, or abandon removes it.  fresh borrows old's
 * buffer: nothing may be staged in old, nor appended to it before the end.
 * ERR_CREATE, ERR_WRITE (errno): old is as it was.
 */
enum err
journal_begin(struct journal *fresh, const struct journal *old);
enum err
journal_end(struct journal *fresh, struct journal *old);
void
journal_abandon(struct journal *fresh);

#endif
