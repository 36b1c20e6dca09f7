// SPDX-License-Identifier: MIT
#include "core/doc/regcred.h"

#include "core/ident/keyfile.h"
#include "tests/unit/doc.h"

static struct regcred cred;

static enum err
parse(void *dst, const char *text, size_t len, struct block_fault *fault)
{
	return regcred_parse(dst, text, len, fault);
}

static size_t
format(char *dst, const void *src)
{
	return regcred_format(dst, src);
}

static const struct doc doc = { "tests/data/regCred.dat", &cred, parse,
				format };

#define END "         TcpEndPoint: 192.0.2.7:55555\r\n"
#define END_2 "         TcpEndPoint: [2001:db8::7]:55555\r\n"

static const struct doc_edit edits[] = {
	{ "Name: xlReg", "Name: x/y", "2: bad name" },
	{ "ID: 839f", "ID: 83", "3: bad ID" },
	{ "    SigPubKey: ssh", "    CommsPubKey: ssh",
	  "5: repeated key CommsPubKey" },
	{ "SigPubKey: ssh-rsa", "SigPubKey: ssh-dss", "5: bad key" },
	{ "SigPubKey: ssh-rsa ", "SigPubKey: ssh-rsa", "5: bad key" },
	{ "\n    SigPubKey: ssh", " root@xl\n    SigPubKey: ssh", NULL },
	{ "Version: 1.0", "Version: 1.0.0.0", NULL },
	{ "Version: 1.0", "Version: 1", NULL },
	{ "Version: 1.0", "Version: 1.256", "10: bad version" },
	{ "    Version: 1.0\r\n", "", "10: missing key Version" },
	{ END END_2, "", "7: missing key TcpEndPoint" },
	{ END END_2, END_2, NULL },
	{ END END_2, END END END END END END END END, NULL },
	{ END END_2, END END END END END END END END END,
	  "15: one too many of key TcpEndPoint" },
	{ "55555", "65536", "7: bad end point" },
	{ "regCred", "regcred", "1: unknown block regcred" },
	{ .from = NULL },
};

static void
test_contents(void)
{
	struct block_fault fault;
	struct rsakey_public ck;
	is_int(regcred_parse(&cred, doc_text, doc_len, &fault), ERR_OK,
	       "parse");
	is_str(cred.name, "xlReg", "name");
	is_int(cred.id.len, 20, "ID of 20 bytes");
	is_int(cred.id.bytes[0], 0x83, "the first of them");
	is_int(keyfile_read_public(&ck, "tests/data/rsa2048-1.pem"), ERR_OK,
	       "the key in another file");
	is_int(cred.ck.n_len, 256, "length of ck");
	is_mem(cred.ck.n, ck.n, 256, "ck is that key");
	ok(memcmp(cred.sk.n, ck.n, 256) != 0, "sk is not");
	is_int(cred.ends_len, 2, "two end points");
	is_str(cred.ends[1].host, "2001:db8::7", "host of the second");
	is_int(cred.version.field[0], 1, "version");
}

static const char *
next_line(const char *p)
{
	return strchr(p, '\n') + 1;
}

/* The keys in the opposite order. */
static void
test_order(void)
{
	static char text[REGCRED_TEXT_MAX];
	const char *line[11];
	struct block_fault fault;
	line[0] = doc_text;
	for (int i = 1; i <= 10; i++)
		line[i] = next_line(line[i - 1]);
	static const int order[] = { 0, 9, 5, 6, 7, 8, 4, 3, 2, 1, 10 };
	size_t len = 0;
	for (size_t i = 0; i < 11; i++) {
		const char *p = line[order[i]];
		size_t n = (size_t)(next_line(p) - p);
		memcpy(text + len, p, n);
		len += n;
	}
	is_int(len, doc_len, "the same lines");
	is_int(regcred_parse(&cred, text, len, &fault), ERR_OK,
	       "keys in another order");
	ok(doc_writes_golden(&doc), "read the same");
}

/* The longest of everything, of keys too. */
static void
test_longest(void)
{
	static char text[REGCRED_TEXT_MAX];
	static struct regcred again;
	struct block_fault fault;
	memset(cred.name, 'n', TEXT_NAME_MAX);
	is_int(keyfile_read_public(&cred.ck, "tests/data/rsa4096-1.pem"),
	       ERR_OK, "a key of 4096 bits");
	cred.sk = cred.ck;
	cred.id.len = NODEID_LONG;
	cred.ends_len = REGCRED_ENDS_MAX;
	for (size_t i = 0; i < REGCRED_ENDS_MAX; i++) {
		cred.ends[i] = (struct endpoint){ ENDPOINT_NAME, 55555, "" };
		memset(cred.ends[i].host, 'h', ENDPOINT_TEXT_MAX - 6);
	}
	cred.version = (struct version){ { 255, 255, 255, 255 } };
	size_t len = regcred_format(text, &cred);
	ok(len > 0, "the longest credential fits");
	is_int(regcred_parse(&again, text, len, &fault), ERR_OK,
	       "and is read again");
	is_int(again.ck.n_len, 512, "with its key");
}

int
main(void)
{
	doc_test(&doc, edits);
	test_contents();
	test_order();
	test_longest();
	return done_testing();
}
