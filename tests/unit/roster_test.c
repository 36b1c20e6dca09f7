// SPDX-License-Identifier: MIT
#include "core/doc/roster.h"

#include "core/ident/keyfile.h"
#include "tests/unit/doc.h"

static struct roster roster;

static enum err
parse(void *dst, const char *text, size_t len, struct block_fault *fault)
{
	return roster_parse(dst, text, len, fault);
}

static size_t
format(char *dst, const void *src)
{
	return roster_format(dst, src);
}

static const struct doc doc = { "tests/data/cluster.dat", &roster, parse,
				format };

#define ID_A "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define ID_B "fedcba9876543210fedcba9876543210fedcba98"

static const struct doc_edit edits[] = {
	{ "cluster {", "roster {", "1: unknown block roster" },
	{ "Attrs: 0x0000000000000000", "Attrs: 0x1", "4: bad attributes" },
	{ "Attrs: 0x0000000000000000", "Attrs: 0x000000000000000g",
	  "4: bad attributes" },
	{ "Attrs: 0x0", "Attrs: 0x00", "4: bad attributes" },
	{ "Attrs: 0x0", "Attrs: 0X0", "4: bad attributes" },
	{ "MaxSize: 3", "MaxSize: 64", NULL },
	{ "MaxSize: 3", "MaxSize: 65", "5: bad size" },
	{ "MaxSize: 3", "MaxSize: 1", "5: bad size" },
	{ "MaxSize: 3", "MaxSize: 2", "21: index not below MaxSize" },
	{ "EPCount: 2", "EPCount: 1", NULL },
	{ "EPCount: 2", "EPCount: 3", "6: bad end point count" },
	{ "EPCount: 2", "EPCount: 0", "6: bad end point count" },
	{ "                TcpEndPoint: a.example:7002\n", "",
	  "9: fewer end points than EPCount" },
	{ "Self: 2", "Self: 0", NULL },
	{ "    Self: 2\n", "", NULL },
	{ "Self: 2", "Self: 1", "7: Self is no member" },
	{ "Self: 2", "Self: 64", "7: bad index" },
	{ "Self: 2", "Self: -1", "7: bad index" },
	{ "Self: 2", "Self: 2\nSelf: 2", "8: repeated key Self" },
	{ "Index: 2", "Index: 0", "21: index out of order" },
	{ "Index: 0", "Index: 2", "21: index out of order" },
	{ "Index: 2", "Index: 3", "21: index not below MaxSize" },
	{ "Index: 2", "Index: 1", "7: Self is no member" },
	{ "Index: 2", "Index: 0x2", "22: bad index" },
	{ "Name: b.c-d", "Name: a", "21: a second member of this name" },
	{ ID_B, ID_A, "21: a second member of this ID" },
	{ "            Name: a\n", "", "19: missing key Name" },
	{ "        member {", "    member: {", "9: unknown key member" },
	{ "    Members {", "    Members {\n    }\n    Members {",
	  "10: repeated block Members" },
	{ .from = NULL },
};

static void
test_contents(void)
{
	struct block_fault fault;
	const struct member *m = roster.members;
	is_int(roster_parse(&roster, doc_text, doc_len, &fault), ERR_OK,
	       "parse");
	is_str(roster.name, "alpha", "name");
	is_int(roster.id.len, 32, "ID of 32 bytes");
	is_int(roster.max_size, 3, "size");
	is_int(roster.endpoint_count, 2, "end point count");
	is_int(roster.self, 2, "self");
	is_int(roster.members_len, 2, "two members");
	is_int(m[0].index, 0, "index of the first");
	is_int(m[1].index, 2, "index of the second");
	is_str(m[1].name, "b.c-d", "its name");
	ok(m[1].attrs == 0x8000000000000007, "its attributes");
	is_int(m[1].ends_len, 2, "its end points");
	is_str(m[1].ends[0].host, "2001:db8::2", "the first of them");
	ok(memcmp(m[1].ck.n, m[1].sk.n, 256) != 0, "its keys");
}

/* A cluster that nobody has joined yet, and a reader that is no member. */
static void
test_empty(void)
{
	static char text[ROSTER_TEXT_MAX];
	struct block_fault fault;
	roster.members_len = 0;
	roster.self = ROSTER_NO_SELF;
	size_t len = roster_format(text, &roster);
	ok(len > 0, "an empty cluster is written");
	is_int(roster_parse(&roster, text, len, &fault), ERR_OK, "and read");
	is_int(roster.members_len, 0, "it has no members");
	is_int(roster.self, ROSTER_NO_SELF, "and no self");
}

static void
fill_member(struct member *m, unsigned index, const struct rsakey_public *key)
{
	*m = (struct member){ .index = index, .ck = *key, .sk = *key };
	memset(m->name, 'n', TEXT_NAME_MAX);
	m->name[0] = (char)('a' + index / 26);
	m->name[1] = (char)('a' + index % 26);
	m->id.len = NODEID_LONG;
	m->id.bytes[0] = (uint8_t)index;
	m->ends_len = ENDPOINTS_MAX;
	for (size_t i = 0; i < ENDPOINTS_MAX; i++) {
		m->ends[i] = (struct endpoint){ ENDPOINT_NAME, 55555, "" };
		memset(m->ends[i].host, 'h', ENDPOINT_TEXT_MAX - 6);
	}
}

/* 64 members with the longest of everything. */
static void
test_longest(void)
{
	static char text[ROSTER_TEXT_MAX];
	struct block_fault fault;
	struct rsakey_public key;
	is_int(keyfile_read_public(&key, "tests/data/rsa4096-1.pem"), ERR_OK,
	       "a key of 4096 bits");
	memset(roster.name, 'n', TEXT_NAME_MAX);
	roster.max_size = ROSTER_MEMBERS_MAX;
	roster.members_len = ROSTER_MEMBERS_MAX;
	roster.self = ROSTER_MEMBERS_MAX - 1;
	for (unsigned i = 0; i < ROSTER_MEMBERS_MAX; i++)
		fill_member(&roster.members[i], i, &key);
	size_t len = roster_format(text, &roster);
	ok(len > 0, "the longest roster fits, %zu bytes", len);
	is_int(roster_parse(&roster, text, len, &fault), ERR_OK,
	       "and is read again");
	is_int(roster.members_len, ROSTER_MEMBERS_MAX, "with all members");
	is_int(roster.members[63].ck.n_len, 512, "and keys");
}

int
main(void)
{
	doc_test(&doc, edits);
	test_contents();
	test_empty();
	test_longest();
	return done_testing();
}
