// SPDX-License-Identifier: MIT
/*
 * The registry's messages: what decodes is within its limits, can be encoded,
 * and decodes the same again; tokens are looked at as a registry would; and a
 * session of the older dialects agrees on what a whole message is.
 */
#include "core/wire/msg.h"

#include <stdlib.h>

#include "core/wire/collect.h"

#define WIRE_MAX (SEAL_WIRE_MAX + SEAL_BLOCK)

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static reg_XLRegMsg msg, msg2;
static uint8_t text[200000], again[200000];

static void
need(bool cond)
{
	if (!cond)
		abort();
}

static void
look_at(const reg_Token *token)
{
	static struct member member;
	static reg_Token made;
	const char *refusal = msg_check_token(&member, token, 1024);

	if (refusal) {
		need(strncmp(refusal, "bad ", 4) == 0);
		return;
	}
	msg_verify_token(token, &member);
	msg_make_token(&made, &member);
	need(!msg_check_token(&member, &made, 1024));
}

/* Whether the message is found in its blocks, and only at their end. */
static void
collect(const uint8_t *data, size_t len)
{
	static const uint8_t zero[32];
	static uint8_t blocks[WIRE_MAX];
	struct seal seal;
	struct collect c;
	size_t wire_len;

	seal_init_cbc(&seal, DIALECT_DOCUMENTED, zero, zero, zero);
	wire_len = seal_put(&seal, NULL, blocks, data, len);
	collect_init(&c, DIALECT_DOCUMENTED);
	need(collect_find(&c, &seal, blocks, wire_len, msg_decodes));
	/* an earlier end is possible, where it is as good a message */
	need(c.message_len <= len && memcmp(blocks, data, c.message_len) == 0);
	need(msg_decodes(data, c.message_len));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static reg_Token token;

	if (msg_decode_token(&token, data, len) == ERR_OK) {
		size_t n = msg_encode_token(&token, text, sizeof text);

		need(n > 0 || len == 0 || !token.has_Name);
		look_at(&token);
	}
	if (msg_decode(&msg, data, len) != ERR_OK)
		return 0;
	size_t n = msg_encode(&msg, text, sizeof text);
	need(n > 0 && msg_decode(&msg2, text, n) == ERR_OK);
	need(msg_encode(&msg2, again, sizeof again) == n);
	need(memcmp(text, again, n) == 0);
	need(msg_op_name(msg.Op)[0] != '\0');
	if (msg.has_MemberSpecs)
		look_at(&msg.MemberSpecs);
	for (size_t i = 0; i < msg.Tokens_count; i++)
		look_at(&msg.Tokens[i]);
	if (len <= seal_message_max(DIALECT_DOCUMENTED))
		collect(data, len);
	return 0;
}
