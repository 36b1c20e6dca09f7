// SPDX-License-Identifier: MIT

/* What members say to each other: against openssl's vectors, and the limits. */

#include "core/wire/peermsg.h"

#include <stdlib.h>

#include "core/ident/keyfile.h"
#include "core/ident/nodeid.h"
#include "core/ident/rsakey.h"
#include "tests/unit/tap.h"
#include "tests/unit/vec.h"

static uint8_t buf[20000], wire[20000];
static cluster_XLClusterMsg msg;

static size_t
load(const char *name)
{
	return vec_load("cluster.hex", name, wire, sizeof wire);
}

static struct nodeid
load_id(const char *name)
{
	struct nodeid id;
	size_t len = load(name);

	if (nodeid_from_bytes(&id, wire, len) != ERR_OK)
		printf("Bail out! %s is no ID\n", name);
	return id;
}

/* Decodes the vector called name and encodes it again. */
static void
check_op(const char *name, uint32_t op, const char *op_name)
{
	size_t len = load(name);

	is_int(peermsg_decode(&msg, wire, len), ERR_OK, "%s decodes", name);
	is_int(msg.Op, op, "its Op");
	is_str(peermsg_op_name(msg.Op), op_name, "the name of that");
	is_int(peermsg_encode(&msg, buf, sizeof buf), len, "its length");
	is_mem(buf, wire, len, "%s is encoded as openssl's vector", name);
	is_int(peermsg_encode(&msg, buf, len), len, "it fits its length");
	is_int(peermsg_encode(&msg, buf, len - 1), 0, "and no less");
}

static void
test_vectors(void)
{
	check_op("hello", cluster_XLClusterMsg_Tag_Hello, "Hello");
	ok(msg.has_MsgN && msg.MsgN == 1, "MsgN 1");
	is_int(msg.ID.size, 32, "an ID");
	is_int(msg.ClusterID.size, 32, "a ClusterID");
	is_int(msg.DigSig.size, 256, "a signature");
	ok(!msg.has_Contents && !msg.has_YourMsgN && !msg.has_ErrDesc,
	   "nothing else");
	check_op("client_hello", cluster_XLClusterMsg_Tag_Hello, "Hello");
	check_op("ack", cluster_XLClusterMsg_Tag_Ack, "Ack");
	ok(msg.has_YourMsgN && msg.YourMsgN == 1, "YourMsgN");
	check_op("keepalive", cluster_XLClusterMsg_Tag_KeepAlive, "KeepAlive");
	ok(msg.MsgN == 300, "MsgN of two bytes");
	check_op("bye", cluster_XLClusterMsg_Tag_Bye, "Bye");
	ok(msg.MsgN == UINT64_MAX, "MsgN of 64 bits");
	check_op("error", cluster_XLClusterMsg_Tag_Error, "Error");
	ok(msg.has_ErrCode && msg.ErrCode == 7, "ErrCode");
	is_mem(msg.ErrDesc.bytes, "busy", 4, "ErrDesc");
	check_op("app", cluster_XLClusterMsg_Tag_App, "App");
	is_int(msg.Contents.size, 12, "Contents");
	is_mem(msg.Contents.bytes, "good morning", 12, "what they are");
	check_op("app_empty", cluster_XLClusterMsg_Tag_App, "App");
	ok(msg.has_Contents && msg.Contents.size == 0, "Contents of no bytes");
	check_op("data", cluster_XLClusterMsg_Tag_Data, "Data");
	ok(!msg.has_MsgN && msg.Contents.size == 256, "Data have no MsgN");
	check_op("eof", cluster_XLClusterMsg_Tag_Eof, "Eof");
	check_op("suspect", cluster_XLClusterMsg_Tag_Suspect, "Suspect");
	ok(msg.has_ID && msg.ID.size == 32, "who is suspected");
	ok(!msg.has_DigSig && !msg.has_ClusterID, "of a Hello nothing stays");
}

/* The digests, and that a signature made by openssl is one of them. */
static void
test_digests(void)
{
	static struct rsakey_public key;
	uint8_t bind[32], want[32], got[32], sig[512];
	struct nodeid cluster = load_id("cluster_id");
	struct nodeid from = load_id("from_id"), to = load_id("to_id");
	struct nodeid short_id = load_id("short_id");

	vec_load("cluster.hex", "bind", bind, sizeof bind);
	vec_load("cluster.hex", "peer_digest", want, sizeof want);
	peermsg_digest_peer(got, bind, &cluster, &from, &to);
	is_mem(got, want, 32, "digest of a member's Hello");
	is_int(keyfile_read_public(&key, "tests/data/rsa2048-4.pem"), ERR_OK,
	       "its key");
	size_t len = vec_load("cluster.hex", "peer_sig", sig, sizeof sig);
	is_int(rsakey_verify(&key, RSAKEY_SHA256, got, sig, len), ERR_OK,
	       "its signature verifies");
	peermsg_digest_peer(got, bind, &cluster, &to, &from);
	ok(memcmp(got, want, 32) != 0, "the other way round is another");
	vec_load("cluster.hex", "short_peer_digest", want, sizeof want);
	peermsg_digest_peer(got, bind, &cluster, &short_id, &to);
	is_mem(got, want, 32, "digest with an ID of 20 bytes");
	vec_load("cluster.hex", "client_digest", want, sizeof want);
	peermsg_digest_client(got, bind, &from);
	is_mem(got, want, 32, "digest of a client's Hello");
	len = vec_load("cluster.hex", "client_sig", sig, sizeof sig);
	is_int(rsakey_verify(&key, RSAKEY_SHA256, got, sig, len), ERR_OK,
	       "its signature verifies");
	vec_load("cluster.hex", "short_client_digest", want, sizeof want);
	peermsg_digest_client(got, bind, &short_id);
	is_mem(got, want, 32, "and with an ID of 20 bytes");
}

/* A Hello cut anywhere but between fields, the last bytes out of the way. */
static void
test_cuts(void)
{
	size_t len = load("hello");
	int good = 0;

	for (size_t n = 0; n < len; n++) {
		uint8_t *exact = malloc(n ? n : 1);
		if (!exact)
			return;
		memcpy(exact, wire, n);
		good += peermsg_decode(&msg, exact, n) == ERR_OK;
		free(exact);
	}
	is_int(good, 4, "a Hello cut in a field does not decode");
}

static enum err
decode(const char *bytes, size_t len)
{
	return peermsg_decode(&msg, (const uint8_t *)bytes, len);
}

#define DECODE(bytes) decode(bytes, sizeof(bytes) - 1)

static void
test_odd(void)
{
	is_int(DECODE(""), ERR_PROTOCOL, "nothing");
	is_int(DECODE("\x10\x01"), ERR_PROTOCOL, "no Op");
	is_int(DECODE("\x0a\x01\x01"), ERR_PROTOCOL, "Op of another type");
	is_int(DECODE("\x08\x06\x40\x01"), ERR_PROTOCOL,
	       "Contents of another type");
	is_int(DECODE("\x08\x03\x00"), ERR_PROTOCOL, "a zero behind it");
	is_int(DECODE("\x08\x03\x62"), ERR_PROTOCOL, "half a field behind it");
	is_int(DECODE("\x08\x06\x42\xff\xff\xff\xff\x0fx"), ERR_PROTOCOL,
	       "a length of 4 GiB");
	is_int(DECODE("\x08\x80\x80\x80\x80\x10"), ERR_PROTOCOL,
	       "an Op of 33 bits");
	is_int(DECODE("\x08\x03\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
		      "\x01"),
	       ERR_PROTOCOL, "MsgN of eleven bytes");
	is_int(DECODE("\x08\x03\x4b\x4c"), ERR_PROTOCOL, "a group");
	is_int(DECODE("\x08\x63\x10\x02"), ERR_OK, "an Op that nobody knows");
	is_int(msg.Op, 99, "is told");
	is_int(DECODE("\x48\x05\x51"
		      "12345678"
		      "\x08\x03\x5a\x02xy\x75"
		      "1234"),
	       ERR_OK, "unknown fields of each kind");
	is_int(msg.Op, cluster_XLClusterMsg_Tag_KeepAlive, "go unheeded");
	is_int(DECODE("\x08\x03\x08\x04\x10\x01\x10\x02"), ERR_OK, "twice");
	is_int(msg.Op, cluster_XLClusterMsg_Tag_Bye, "the last Op counts");
	ok(msg.MsgN == 2, "the last MsgN counts");
	is_str(peermsg_op_name(0), "unknown", "op 0");
	is_str(peermsg_op_name(10), "unknown", "op 10");
	is_str(peermsg_op_name(UINT32_MAX), "unknown", "op of all ones");
}

/* Decodes a KeepAlive with a bytes field of len bytes before the Op. */
static enum err
with_field(unsigned number, size_t len)
{
	size_t at = 0;

	for (size_t v = number << 3 | 2, i = 0; i < 2; v = len, i++) {
		for (; v > 0x7f; v >>= 7)
			buf[at++] = (uint8_t)(v | 0x80);
		buf[at++] = (uint8_t)v;
	}
	memset(buf + at, 0xa5, len);
	at += len;
	buf[at++] = 0x08;
	buf[at++] = 0x03;
	return peermsg_decode(&msg, buf, at);
}

static void
test_limits(void)
{
	static const unsigned limits[][2] = {
		{ 3, 32 },  { 5, 32 },
		{ 7, 256 }, { 8, PEERMSG_CONTENTS_MAX },
		{ 12, 32 }, { 13, 512 },
	};

	is_int(PEERMSG_CONTENTS_MAX, 16000, "contents of a message");
	for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
		unsigned n = limits[i][0], max = limits[i][1];
		is_int(with_field(n, 0), ERR_OK, "field %u empty", n);
		is_int(with_field(n, max), ERR_OK, "field %u: %u", n, max);
		is_int(peermsg_encode(&msg, wire, 16384),
		       2 + max +
			       (max < 128     ? 2
				: max < 16384 ? 3
					      : 4),
		       "fits a record");
		for (unsigned over = 1; over <= 5; over++)
			is_int(with_field(n, max + over), ERR_PROTOCOL,
			       "field %u: %u", n, max + over);
	}
}

/* A Data of len bytes made in place, against nanopb. */
static void
check_data(size_t len)
{
	const uint8_t *contents;
	size_t contents_len;
	uint32_t op;

	for (size_t i = 0; i < len; i++)
		buf[PEERMSG_DATA_HEADER + i] = (uint8_t)(i * 31 + len);
	memset(&msg, 0, sizeof msg);
	msg.has_Op = msg.has_Contents = true;
	msg.Op = cluster_XLClusterMsg_Tag_Data;
	msg.Contents.size = (pb_size_t)len;
	memcpy(msg.Contents.bytes, buf + PEERMSG_DATA_HEADER, len);
	size_t n = peermsg_encode(&msg, wire, sizeof wire);
	is_int(peermsg_make_data(buf, len), n, "Data of %zu: its length", len);
	is_mem(buf, wire, n, "its bytes");
	ok(peermsg_is_piece(buf, n, &op, &contents, &contents_len) &&
		   op == cluster_XLClusterMsg_Tag_Data && contents_len == len,
	   "is one");
	is_mem(contents, msg.Contents.bytes, len, "its contents");
	ok(!peermsg_is_piece(buf, n - 1, &op, &contents, &contents_len),
	   "cut off");
	buf[n] = 0;
	ok(!peermsg_is_piece(buf, n + 1, &op, &contents, &contents_len),
	   "with a byte behind");
}

static void
test_pieces(void)
{
	static const size_t lens[] = { 1,   2,   126,  127,   128,
				       129, 255, 8192, 15999, 16000 };
	const uint8_t *contents;
	size_t len;
	uint32_t op;

	for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++)
		check_data(lens[i]);
	is_int(peermsg_make_eof(buf), 2, "Eof");
	ok(peermsg_is_piece(buf, 2, &op, &contents, &len) &&
		   op == cluster_XLClusterMsg_Tag_Eof && len == 0,
	   "is one");
	is_int(peermsg_decode(&msg, buf, 2), ERR_OK, "decodes");
	is_int(msg.Op, cluster_XLClusterMsg_Tag_Eof, "as such");
	ok(!peermsg_is_piece((const uint8_t *)"\x08\x07", 2, &op, &contents,
			     &len),
	   "Data without contents is left to nanopb");
	ok(!peermsg_is_piece((const uint8_t *)"\x08\x07\x42\x80\x80\x01", 6,
			     &op, &contents, &len),
	   "and so are longer numbers");
	ok(!peermsg_is_piece(buf, 0, &op, &contents, &len), "nothing");
}

int
main(void)
{
	test_vectors();
	test_digests();
	test_cuts();
	test_odd();
	test_limits();
	test_pieces();
	return done_testing();
}
