// SPDX-License-Identifier: MIT
#include "core/doc/node.h"

#include "tests/unit/doc.h"

static struct node node;

static enum err
parse(void *dst, const char *text, size_t len, struct block_fault *fault)
{
	return node_parse(dst, text, len, fault);
}

static size_t
format(char *dst, const void *src)
{
	return node_format(dst, src);
}

static const struct doc doc = { "tests/data/node.dat", &node, parse, format };

#define ENDS                                    \
	"        TcpEndPoint: 192.0.2.1:7001\n" \
	"        TcpEndPoint: a.example:7002\n"
#define END "        TcpEndPoint: 192.0.2.1:7001\n"
#define LONG_40 "A234567890123456789012345678901234567890"

static const struct doc_edit edits[] = {
	{ ENDS, "", NULL },
	{ "}\n}", "}   } ", "7: neither Key: value nor NAME { nor }" },
	{ "node {", "node{", NULL },
	{ "node {", "node \t{", NULL },
	{ "node {", "node", "1: neither Key: value nor NAME { nor }" },
	{ "node {", "node { #", "1: neither Key: value nor NAME { nor }" },
	{ "node {", "{", "1: neither Key: value nor NAME { nor }" },
	{ "node {", "mode {", "1: unknown block mode" },
	{ "node {", "Node {", "1: unknown block Node" },
	{ "node {", "}", "1: } without {" },
	{ "node {", "node:", "1: unknown key node" },
	{ "}\n}", "}\n}\nnode {", "9: repeated block node" },
	{ "}\n}", "}\n}\n}", "9: } without {" },
	{ "}\n}", "}\n}\nName: a", "9: unknown key Name" },
	{ "}\n}", "}\n", "8: missing }" },
	{ "Name: a", "Name:a", NULL },
	{ "Name: a", "Name  :\t  a\t ", NULL },
	{ "Name: a", "Name: ", "2: bad name" },
	{ "Name: a", "Name: a b", "2: bad name" },
	{ "Name: a", "Name: .a", "2: bad name" },
	{ "Name: a", "Name: \303\244", "2: bad name" },
	{ "Name: a", "", "8: missing key Name" },
	{ "Name: a", "Name: a\nName: a", "3: repeated key Name" },
	{ "Name: a", "Name {", "2: unknown block Name" },
	{ "Name: a", "name: a", "2: unknown key name" },
	{ "Name: a", "Foo: a", "2: unknown key Foo" },
	{ "Name: a", ": a", "2: neither Key: value nor NAME { nor }" },
	{ "Name: a", LONG_40 LONG_40 LONG_40 ": a",
	  "2: unknown key " LONG_40 "A23456789012345678901234567" },
	{ "ID: 00", "ID: ", "3: bad ID" },
	{ "ID: 00", "ID: zz", "3: bad ID" },
	{ "EndPoints {", "EndPoints {\n}\nEndPoints {",
	  "6: repeated block EndPoints" },
	{ "EndPoints {", "EndPoints: {", "4: unknown key EndPoints" },
	{ "EndPoints {\n" ENDS "    }", "", "5: missing block EndPoints" },
	{ "192.0.2.1:7001", "192.0.2.1:0", "5: bad end point" },
	{ "192.0.2.1:7001", "192.0.2.1", "5: bad end point" },
	{ "192.0.2.1:7001", "TcpEndPoint: 192.0.2.1:7001", "5: bad end point" },
	{ ENDS, END END END END, NULL },
	{ ENDS, END END END END END, "9: one too many of key TcpEndPoint" },
	{ .from = NULL },
};

static void
test_contents(void)
{
	struct block_fault fault;
	is_int(node_parse(&node, doc_text, doc_len, &fault), ERR_OK, "parse");
	is_str(node.name, "a", "name");
	is_int(node.id.len, 32, "ID of 32 bytes");
	is_int(node.id.bytes[1], 0x11, "the second of them");
	is_int(node.ends_len, 2, "two end points");
	is_str(node.ends[0].host, "192.0.2.1", "host of the first");
	is_str(node.ends[1].host, "a.example", "host of the second");
	is_int(node.ends[1].port, 7002, "its port");
}

static void
test_long_lines(void)
{
	static char text[4096];
	struct block_fault fault;
	for (int len = BLOCK_LINE_MAX - 1; len <= BLOCK_LINE_MAX + 1; len++) {
		int n = snprintf(text, sizeof text, "%*s\r\n%s", len, "",
				 doc_text);
		enum err e = node_parse(&node, text, (size_t)n, &fault);
		is_int(e, len > BLOCK_LINE_MAX ? ERR_MALFORMED : ERR_OK,
		       "line of %d bytes", len);
		if (e != ERR_OK)
			is_str(fault.what, "line too long", "says so");
	}
}

/* The longest of everything. */
static void
test_longest(void)
{
	static char text[NODE_TEXT_MAX];
	memset(node.name, 'n', TEXT_NAME_MAX);
	node.id.len = NODEID_LONG;
	node.ends_len = ENDPOINTS_MAX;
	for (size_t i = 0; i < ENDPOINTS_MAX; i++) {
		node.ends[i] = (struct endpoint){ ENDPOINT_NAME, 55555, "" };
		memset(node.ends[i].host, 'h', ENDPOINT_TEXT_MAX - 6);
	}
	ok(node_format(text, &node) > 0, "the longest node fits");
}

int
main(void)
{
	doc_test(&doc, edits);
	test_contents();
	test_long_lines();
	test_longest();
	return done_testing();
}
