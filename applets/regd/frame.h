// SPDX-License-Identifier: MIT
#ifndef XL_REGD_FRAME_H
#define XL_REGD_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/bytes.h"
#include "core/base/err.h"

/*
 * The journal's bytes, without any file.  Integers are little-endian.
 *
 *	file header	magic(4) version(4) mark(4) CRC-32C of these 12(4)
 *	frame header	mark(4) length(4) CRC-32C of these 8(4)
 *			CRC-32C of the payload(4)
 *	payload		length bytes: records, each 0x0a, its length as a
 *			varint, and a journal.Record
 *
 * The mark is what frames begin with in this file.  It is random, so that no
 * peer can send a token that looks like a frame where one is searched for.
 */

#define FRAME_HEADER_LEN 16 /* of the file, and of a frame */
#define FRAME_SEEN_LEN 12   /* what of a frame's header proves itself */
#define FRAME_PAYLOAD_MAX (256 * 1024)
#define FRAME_RECORD_EXTRA 4 /* at most, in front of a record */

struct frame {
	uint32_t len; /* of the payload */
	uint32_t crc; /* of the payload */
};

uint32_t
frame_crc(const void *data, size_t len);

void
frame_put_file_header(uint8_t dst[static FRAME_HEADER_LEN], uint32_t mark);

/*
 * Reads the header of a file; *mark is then its mark.  ERR_MALFORMED, or
 * ERR_REFUSED: a journal of another version.
 */
enum err
frame_get_file_header(uint32_t *mark,
		      const uint8_t src[static FRAME_HEADER_LEN]);

/* Whether len bytes could be the begin of a header that was cut off. */
bool
frame_is_cut_file_header(const uint8_t *src, size_t len);

/* Writes the header of a frame with this payload. */
void
frame_put_header(uint8_t dst[static FRAME_HEADER_LEN], uint32_t mark,
		 const uint8_t *payload, size_t len);

/*
 * Whether src is the header of a frame in a file of this mark.  Says nothing
 * of its payload.
 */
bool
frame_get_header(struct frame *frame, uint32_t mark,
		 const uint8_t src[static FRAME_HEADER_LEN]);

/*
 * Whether the first bytes at src prove themselves as those of a frame's
 * header; *mark is then its mark, whatever the file's header says.
 */
bool
frame_guess_mark(uint32_t *mark, const uint8_t src[static FRAME_SEEN_LEN]);

/*
 * Writes what stands in front of a record of len bytes (1..2^21 - 1) and
 * returns how much that is.
 */
size_t
frame_put_record(uint8_t dst[static FRAME_RECORD_EXTRA], size_t len);

/*
 * The next record of a payload, *len bytes, or NULL at the end or when the
 * payload is malformed, which sets failed.
 */
const uint8_t *
frame_take_record(struct bytes_reader *payload, size_t *len);

#endif
