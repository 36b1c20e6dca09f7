// SPDX-License-Identifier: MIT
#include "applets/regd/frame.h"

#include <string.h>

#define VERSION 1
#define RECORD_TAG 0x0a /* field 1, length-delimited */

static const uint8_t magic[4] = { 'X', 'L', 'r', 'j' };

/* CRC-32C (Castagnoli), half a byte at a time. */
uint32_t
frame_crc(const void *data, size_t len)
{
	static const uint32_t half[16] = {
		0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1,
		0x417b1dbc, 0x5125dad3, 0x61c69362, 0x7198540d,
		0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9,
		0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75,
	};
	const uint8_t *p = data;
	uint32_t crc = 0xffffffff;
	for (size_t i = 0; i < len; i++) {
		crc ^= p[i];
		crc = crc >> 4 ^ half[crc & 15];
		crc = crc >> 4 ^ half[crc & 15];
	}
	return ~crc;
}

void
frame_put_file_header(uint8_t dst[static FRAME_HEADER_LEN], uint32_t mark)
{
	memcpy(dst, magic, sizeof magic);
	bytes_set_le32(dst + 4, VERSION);
	bytes_set_le32(dst + 8, mark);
	bytes_set_le32(dst + 12, frame_crc(dst, 12));
}

enum err
frame_get_file_header(uint32_t *mark,
		      const uint8_t src[static FRAME_HEADER_LEN])
{
	*mark = bytes_get_le32(src + 8);
	if (memcmp(src, magic, sizeof magic) != 0 ||
	    bytes_get_le32(src + 12) != frame_crc(src, 12))
		return ERR_MALFORMED;
	return bytes_get_le32(src + 4) == VERSION ? ERR_OK : ERR_REFUSED;
}

bool
frame_is_cut_file_header(const uint8_t *src, size_t len)
{
	uint8_t header[8];
	memcpy(header, magic, sizeof magic);
	bytes_set_le32(header + 4, VERSION);
	return memcmp(src, header, len < 8 ? len : 8) == 0;
}

void
frame_put_header(uint8_t dst[static FRAME_HEADER_LEN], uint32_t mark,
		 const uint8_t *payload, size_t len)
{
	bytes_set_le32(dst, mark);
	bytes_set_le32(dst + 4, (uint32_t)len);
	bytes_set_le32(dst + 8, frame_crc(dst, 8));
	bytes_set_le32(dst + 12, frame_crc(payload, len));
}

bool
frame_get_header(struct frame *frame, uint32_t mark,
		 const uint8_t src[static FRAME_HEADER_LEN])
{
	uint32_t found;
	frame->len = bytes_get_le32(src + 4);
	frame->crc = bytes_get_le32(src + 12);
	return frame_guess_mark(&found, src) && found == mark;
}

bool
frame_guess_mark(uint32_t *mark, const uint8_t src[static FRAME_SEEN_LEN])
{
	*mark = bytes_get_le32(src);
	return bytes_get_le32(src + 8) == frame_crc(src, 8);
}

size_t
frame_put_record(uint8_t dst[static FRAME_RECORD_EXTRA], size_t len)
{
	size_t n = 0;
	dst[n++] = RECORD_TAG;
	for (; len > 0x7f; len >>= 7)
		dst[n++] = (uint8_t)(0x80 | (len & 0x7f));
	dst[n++] = (uint8_t)len;
	return n;
}

const uint8_t *
frame_take_record(struct bytes_reader *payload, size_t *len)
{
	size_t n = 0;
	if (payload->left == 0)
		return NULL;
	if (bytes_take_u8(payload) != RECORD_TAG)
		payload->failed = true;
	for (unsigned shift = 0; !payload->failed; shift += 7) {
		uint8_t b = bytes_take_u8(payload);
		n |= (size_t)(b & 0x7f) << shift;
		if (b < 0x80)
			break;
		if (shift >= 14)
			payload->failed = true;
	}
	*len = n;
	return bytes_take(payload, n);
}
