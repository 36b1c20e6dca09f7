// SPDX-License-Identifier: MIT

/* The registry's messages: what decodes, and the limits. */

#include "core/wire/msg.h"

#include "tests/unit/tap.h"

/* 64 tokens at their limits are about 130 KB. */
static uint8_t buf[200000];
static reg_XLRegMsg msg;
static reg_Token token;

/* Appends a bytes field of len times c at buf + at; returns the new end. */
static size_t
put_field(size_t at, unsigned field, const void *src, size_t len)
{
	for (size_t v = field << 3 | 2, i = 0; i < 2; v = len, i++) {
		for (; v > 0x7f; v >>= 7)
			buf[at++] = (uint8_t)(v | 0x80);
		buf[at++] = (uint8_t)v;
	}
	memcpy(buf + at, src, len);
	return at + len;
}

static enum err
decode(const char *bytes, size_t len)
{
	return msg_decode(&msg, (const uint8_t *)bytes, len);
}

#define DECODE(bytes) decode(bytes, sizeof(bytes) - 1)

static void
test_decode(void)
{
	is_int(DECODE("\x08\x01"), ERR_OK, "RegCredRequest");
	is_int(msg.Op, reg_XLRegMsg_Tag_RegCredRequest, "its Op");
	is_int(DECODE("\x08\x05\x72\x05"
		      "alpha\x78\x03\x88\x01\x01"),
	       ERR_OK, "Create, as openssl's vectors have it");
	is_mem(msg.ClusterName.bytes, "alpha", 5, "ClusterName");
	is_int(msg.ClusterMaxSize, 3, "ClusterMaxSize");
	is_int(msg.EndPointCount, 1, "EndPointCount");
	ok(!msg.has_ClusterID && !msg.has_MemberSpecs, "and nothing else");
	is_int(DECODE(""), ERR_PROTOCOL, "nothing");
	is_int(DECODE("\x72\x01x"), ERR_PROTOCOL, "no Op");
	is_int(DECODE("\x08"), ERR_PROTOCOL, "half a field");
	is_int(DECODE("\x08\x01\x00"), ERR_PROTOCOL, "a zero behind it");
	is_int(DECODE("\x08\x01\x08"), ERR_PROTOCOL, "half a field behind it");
	is_int(DECODE("\x0a\x01\x01"), ERR_PROTOCOL, "Op of another type");
	is_int(DECODE("\x08\x01\x72\x7fx"), ERR_PROTOCOL, "a length too long");
	is_int(DECODE("\x08\x01\x72\xff\xff\xff\xff\x0fx"), ERR_PROTOCOL,
	       "a length of 4 GiB");
	is_int(DECODE("\x08\x80\x80\x80\x80\x10"), ERR_PROTOCOL,
	       "an Op of 33 bits");
	is_int(DECODE("\x08\xff\xff\xff\xff\x0f"), ERR_OK,
	       "an Op that nobody knows");
	is_int(DECODE("\x08\x09\xa0\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff"
		      "\x01"),
	       ERR_OK, "Which of all ones");
	ok(msg.Which == UINT64_MAX, "and all of them arrive");
	is_int(DECODE("\x08\x05\x72\x03"
		      "a\0b"),
	       ERR_OK, "a name with NUL");
	is_int(msg.ClusterName.size, 3, "is kept whole");
	is_int(DECODE("\x08\x05\x72\x02\xff\xfe"), ERR_OK,
	       "a name that is not UTF-8 is for who reads it");
}

static void
test_unknown(void)
{
	is_int(DECODE("\x08\x01\x38\x05"), ERR_OK, "unknown varint");
	is_int(DECODE("\x08\x01\x39"
		      "12345678"),
	       ERR_OK, "unknown fixed64");
	is_int(DECODE("\x08\x01\x3a\x02xy"), ERR_OK, "unknown bytes");
	is_int(DECODE("\x08\x01\x3d"
		      "1234"),
	       ERR_OK, "unknown fixed32");
	is_int(DECODE("\x08\x01\x3b\x3c"), ERR_PROTOCOL, "a group");
	is_int(DECODE("\x08\x01\x3e"), ERR_PROTOCOL, "wire type 6");
	is_int(DECODE("\x08\x01\x3a\x03xy"), ERR_PROTOCOL, "cut short");
	is_int(DECODE("\xa2\x06\x01x\x08\x01"), ERR_OK, "in front of Op");
}

/* Protobuf's rules: the last one counts, and a token twice is merged. */
static void
test_twice(void)
{
	is_int(DECODE("\x08\x05\x08\x06\x72\x01x\x72\x02yz"), ERR_OK, "twice");
	is_int(msg.Op, 6, "the last number counts");
	is_int(msg.ClusterName.size, 2, "the last string counts");
	is_int(DECODE("\x08\x03\x5a\x05\x0a\x01x\x10\x07"
		      "\x5a\x06\x0a\x01y\x32\x01z"),
	       ERR_OK, "MemberSpecs twice");
	is_mem(msg.MemberSpecs.Name.bytes, "y", 1, "the last name counts");
	is_int(msg.MemberSpecs.Attrs, 7, "what the second lacks stays");
	is_int(msg.MemberSpecs.MyEnds_count, 1, "its end points are added");
	is_int(DECODE("\x08\x03\x5a\x09\x32\x01z\x32\x01z\x32\x01z"
		      "\x5a\x06\x32\x01z\x32\x01z"),
	       ERR_PROTOCOL, "but not more than four");
	is_int(DECODE("\x08\x03\x5a\x03\x0a\x01x"), ERR_OK, "and again");
	is_int(msg.MemberSpecs.MyEnds_count, 0, "nothing stays from before");
	ok(!msg.MemberSpecs.has_Attrs, "nothing at all");
}

/* A bytes field of a message, or of the token in it, at its limit. */
static void
check_limit(unsigned field, size_t max, bool in_token)
{
	static const uint8_t value[1000];
	uint8_t inner[1100];
	enum err e[2];

	for (size_t over = 0; over < 2; over++) {
		size_t at = put_field(0, field, value, max + over);

		if (in_token) {
			memcpy(inner, buf, at);
			at = put_field(0, 21, inner, at);
		}
		buf[at++] = 0x08;
		buf[at++] = 0x01;
		e[over] = msg_decode(&msg, buf, at);
		is_int(msg_decodes(buf, at), e[over] == ERR_OK,
		       "msg_decodes says the same");
	}
	is_int(e[0], ERR_OK, "%s%u: %zu bytes", in_token ? "Token." : "", field,
	       max);
	is_int(e[1], ERR_PROTOCOL, "%s%u: no more", in_token ? "Token." : "",
	       field);
}

static void
test_limits(void)
{
	static const unsigned fields[][2] = {
		{ 8, 64 },  { 9, 32 },   { 13, 32 },
		{ 14, 64 }, { 22, 512 }, { 23, 256 },
	};
	static const unsigned token_fields[][2] = {
		{ 1, 64 },  { 3, 32 }, { 4, 550 },
		{ 5, 550 }, { 6, 64 }, { 7, 512 },
	};

	for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
		check_limit(fields[i][0], fields[i][1], false);
	for (size_t i = 0; i < sizeof token_fields / sizeof token_fields[0];
	     i++)
		check_limit(token_fields[i][0], token_fields[i][1], true);
	static const uint8_t zeros[551];
	size_t at = 0;

	put_field(0, 4, zeros, 551);
	is_int(msg_decode_token(&token, buf, 554), ERR_PROTOCOL,
	       "a token alone has the same limits");
	buf[at++] = 0x08;
	buf[at++] = 0x0a;
	for (int i = 0; i < 64; i++)
		at = put_field(at, 21, "\x0a\x01x", 3);
	is_int(msg_decode(&msg, buf, at), ERR_OK, "64 tokens");
	is_int(msg.Tokens_count, 64, "are 64");
	at = put_field(at, 21, "\x0a\x01x", 3);
	is_int(msg_decode(&msg, buf, at), ERR_PROTOCOL, "65 tokens");
	at = put_field(2, 11, "\x32\x01x\x32\x01x\x32\x01x\x32\x01x", 12);
	is_int(msg_decode(&msg, buf, at), ERR_OK, "4 end points");
	at = put_field(2, 11, "\x32\x01x\x32\x01x\x32\x01x\x32\x01x\x32\0", 14);
	is_int(msg_decode(&msg, buf, at), ERR_PROTOCOL, "5 end points");
}

static void
test_op_names(void)
{
	is_str(msg_op_name(1), "RegCredRequest", "op 1");
	is_str(msg_op_name(7), "Join", "op 7");
	is_str(msg_op_name(15), "LeaveReply", "op 15");
	is_str(msg_op_name(0), "unknown", "op 0");
	is_str(msg_op_name(16), "unknown", "op 16");
	is_str(msg_op_name(UINT32_MAX), "unknown", "op of all ones");
}

int
main(void)
{
	test_decode();
	test_unknown();
	test_twice();
	test_limits();
	test_op_names();
	return done_testing();
}
