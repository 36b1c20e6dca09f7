// SPDX-License-Identifier: MIT
/*
 * What members say to each other: what decodes is within its limits, fits a
 * record when it is encoded, and decodes the same again.
 */
#include "core/wire/peermsg.h"

#include <stdlib.h>
#include <string.h>

#include "core/wire/session.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static cluster_XLClusterMsg msg, msg2;
static uint8_t bytes[SESSION_MESSAGE_MAX + 1000], again[sizeof bytes];

static void
need(bool cond)
{
	if (!cond)
		abort();
}

/* What is read in place is what decodes. */
static void
check_piece(const uint8_t *data, size_t len)
{
	const uint8_t *contents = data;
	size_t n;
	uint32_t op;
	if (!peermsg_is_piece(data, len, &op, &contents, &n))
		return;
	need(peermsg_decode(&msg, data, len) == ERR_OK && msg.Op == op);
	need(contents >= data && n <= len && n <= PEERMSG_CONTENTS_MAX);
	need(n == 0 || memcmp(contents, msg.Contents.bytes, n) == 0);
	need(n == (msg.has_Contents ? msg.Contents.size : 0));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	check_piece(data, len);
	if (peermsg_decode(&msg, data, len) != ERR_OK)
		return 0;
	need(msg.has_Op && peermsg_op_name(msg.Op)[0] != '\0');
	need(msg.ID.size <= 32 && msg.ClusterID.size <= 32 &&
	     msg.Salt.size <= 32 && msg.DigSig.size <= 512 &&
	     msg.ErrDesc.size <= 256 &&
	     msg.Contents.size <= PEERMSG_CONTENTS_MAX);
	size_t n = peermsg_encode(&msg, bytes, sizeof bytes);
	need(n > 0 && peermsg_decode(&msg2, bytes, n) == ERR_OK);
	need(peermsg_encode(&msg2, again, sizeof again) == n);
	need(memcmp(bytes, again, n) == 0);
	/* without what belongs into a Hello and an Error alone */
	msg.has_DigSig = msg.has_Salt = msg.has_ErrDesc = false;
	need(peermsg_encode(&msg, bytes, SESSION_MESSAGE_MAX) > 0);
	return 0;
}
