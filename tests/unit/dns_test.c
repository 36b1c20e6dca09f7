// SPDX-License-Identifier: MIT

/*
 * Messages of DNS against bytes put together by hand from RFC 1035, 4.
 */

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "core/run/dns.h"
#include "tests/unit/tap.h"

#define CAP 4

/* a.example, of type AAAA, with the identifier 0x1234 */
static const char query_bytes[] = "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00"
				  "\x00\x00\x01"
				  "a\x07"
				  "example\x00\x00\x1c\x00\x01";
#define QUERY_LEN (sizeof query_bytes - 1)
#define QUESTION (query_bytes + 12)
#define QUESTION_LEN (QUERY_LEN - 12)

#define POINTER "\xc0\x0c" /* to the name of the question */
#define CNAME_RECORD                                           \
	POINTER "\x00\x05\x00\x01\x00\x00\x00\x3c\x00\x04\x01" \
		"b\xc0\x0e"
#define AAAA_RECORD                                         \
	"\x01"                                              \
	"b\xc0\x0e\x00\x1c\x00\x01\x00\x00\x00\x3c\x00\x10" \
	"\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01"
#define A_RECORD \
	POINTER "\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\xc0\x00\x02\x01"

struct reply {
	uint8_t bytes[DNS_REPLY_MAX];
	size_t len;
};

static struct net_addr addrs[CAP];
static size_t addrs_len;

static void
put(struct reply *r, const char *bytes, size_t len)
{
	memcpy(r->bytes + r->len, bytes, len);
	r->len += len;
}

#define PUT(r, literal) put((r), (literal), sizeof(literal) - 1)

/* The head of a reply with count answers and the flags' low byte. */
static struct reply
reply_head(uint8_t count, uint8_t rcode)
{
	struct reply r = { .len = 0 };
	PUT(&r, "\x12\x34\x81");
	r.bytes[r.len++] = 0x80 | rcode;
	PUT(&r, "\x00\x01\x00");
	r.bytes[r.len++] = count;
	PUT(&r, "\x00\x00\x00\x00");
	put(&r, QUESTION, QUESTION_LEN);
	return r;
}

/* Read from memory of its exact length, for the sanitizers to see. */
static enum dns_answer
take(const void *bytes, size_t len)
{
	uint8_t *copy = malloc(len + 1);
	enum dns_answer a = DNS_NOT_OURS;
	addrs_len = 0;
	if (!copy)
		return a;
	memcpy(copy + 1, bytes, len);
	a = dns_read(addrs, CAP, &addrs_len, copy + 1, len,
		     (const uint8_t *)query_bytes, QUERY_LEN);
	free(copy);
	return a;
}

static void
test_query(void)
{
	uint8_t q[DNS_QUERY_MAX];
	char name[300];
	is_int(dns_query(q, 0x1234, "a.example", DNS_AAAA), QUERY_LEN,
	       "length of a query");
	is_mem(q, query_bytes, QUERY_LEN, "its bytes");
	is_int(dns_query(q, 0x1234, "a.example.", DNS_AAAA), QUERY_LEN,
	       "a dot at the end changes nothing");
	is_int(dns_query(q, 1, "", DNS_A), 0, "no empty name");
	is_int(dns_query(q, 1, ".", DNS_A), 0, "nor the root");
	is_int(dns_query(q, 1, "a..b", DNS_A), 0, "nor an empty label");
	memset(name, 'x', sizeof name);
	name[63] = '\0';
	is_int(dns_query(q, 1, name, DNS_A), 12 + 65 + 4, "a label of 63");
	name[63] = 'x';
	name[64] = '\0';
	is_int(dns_query(q, 1, name, DNS_A), 0, "none of 64");
	for (int i = 0; i < 253; i++)
		name[i] = i % 50 == 49 ? '.' : 'x';
	name[253] = '\0';
	is_int(dns_query(q, 1, name, DNS_A), DNS_QUERY_MAX, "253 characters");
	name[253] = 'x';
	name[254] = '\0';
	is_int(dns_query(q, 1, name, DNS_A), 0, "not 254");
}

static void
test_addresses(void)
{
	char text[INET6_ADDRSTRLEN];
	struct reply r = reply_head(3, 0);
	PUT(&r, CNAME_RECORD);
	PUT(&r, A_RECORD);
	PUT(&r, AAAA_RECORD);
	is_int(take(r.bytes, r.len), DNS_ANSWERED, "a reply");
	is_int(addrs_len, 1, "with the one address of the type asked for");
	is_int(addrs[0].any.sa_family, AF_INET6, "its family");
	is_str(inet_ntop(AF_INET6, &addrs[0].v6.sin6_addr, text, sizeof text),
	       "2001:db8::1", "it");
	r = reply_head(CAP + 2, 0);
	for (int i = 0; i < CAP + 2; i++)
		PUT(&r, AAAA_RECORD);
	is_int(take(r.bytes, r.len), DNS_ANSWERED, "many addresses");
	is_int(addrs_len, CAP, "no more than there is room for");
	r = reply_head(200, 0);
	PUT(&r, AAAA_RECORD);
	is_int(take(r.bytes, r.len), DNS_ANSWERED, "fewer than announced");
	is_int(addrs_len, 1, "those that are there");
}

static void
test_refusals(void)
{
	struct reply r = reply_head(0, 3);
	is_int(take(r.bytes, r.len), DNS_ANSWERED, "no such name");
	is_int(addrs_len, 0, "no address");
	r = reply_head(0, 2);
	is_int(take(r.bytes, r.len), DNS_REFUSED, "a server that fails");
	is_int(take(r.bytes, 12), DNS_REFUSED, "also without the question");
	r = reply_head(1, 0);
	PUT(&r, AAAA_RECORD);
	r.bytes[1] ^= 1;
	is_int(take(r.bytes, r.len), DNS_NOT_OURS, "another identifier");
	r.bytes[1] ^= 1;
	r.bytes[2] ^= 0x80;
	is_int(take(r.bytes, r.len), DNS_NOT_OURS, "a query");
	r.bytes[2] ^= 0x80;
	r.bytes[13] ^= 1;
	is_int(take(r.bytes, r.len), DNS_NOT_OURS, "another name");
	r.bytes[13] ^= 1;
	r.bytes[12 + QUESTION_LEN - 3] ^= 1;
	is_int(take(r.bytes, r.len), DNS_NOT_OURS, "another type");
	r.bytes[12 + QUESTION_LEN - 3] ^= 1;
	r.bytes[r.len - 17] = 15;
	is_int(take(r.bytes, r.len), DNS_ANSWERED, "an address of 15 bytes");
	is_int(addrs_len, 0, "is none");
}

/* No truncation gives an address that was not whole. */
static void
test_truncations(void)
{
	struct reply r = reply_head(2, 0);
	PUT(&r, AAAA_RECORD);
	size_t first = r.len;
	PUT(&r, AAAA_RECORD);
	int wrong = 0;
	for (size_t len = 0; len <= r.len; len++) {
		enum dns_answer a = take(r.bytes, len);
		size_t want = len == r.len ? 2 : len >= first ? 1 : 0;
		bool ours = len >= 12 + QUESTION_LEN;
		if (a != (ours ? DNS_ANSWERED : DNS_NOT_OURS) ||
		    addrs_len != want)
			wrong++;
	}
	is_int(wrong, 0, "each truncation gives the whole records before it");
}

int
main(void)
{
	test_query();
	test_addresses();
	test_refusals();
	test_truncations();
	return done_testing();
}
