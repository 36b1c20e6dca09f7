// SPDX-License-Identifier: MIT
#include "core/run/dns.h"

#include <stdbool.h>
#include <string.h>

#include "core/base/bytes.h"

#define HEADER_LEN 12
#define NAME_MAX_LEN 255
#define LABEL_MAX 63
#define CLASS_IN 1

enum {
	FLAG_REPLY = 0x8000,
	FLAG_RECURSE = 0x0100,
	MASK_OPCODE = 0x7800,
	MASK_RCODE = 0x000f,
	RCODE_NO_NAME = 3,
};

/* The labels of name, each behind its length, and the root's. */
static void
put_name(struct bytes_writer *w, const char *name)
{
	size_t start = w->len;
	while (*name) {
		const char *dot = strchr(name, '.');
		size_t len = dot ? (size_t)(dot - name) : strlen(name);
		if (len < 1 || len > LABEL_MAX)
			w->failed = true;
		bytes_put_u8(w, (uint8_t)len);
		bytes_put(w, name, len);
		name += len + (dot ? 1 : 0);
	}
	bytes_put_u8(w, 0);
	if (w->len - start < 2 || w->len - start > NAME_MAX_LEN)
		w->failed = true;
}

size_t
dns_query(uint8_t dst[static DNS_QUERY_MAX], uint16_t id, const char *name,
	  enum dns_type type)
{
	struct bytes_writer w = bytes_writer(dst, DNS_QUERY_MAX);
	bytes_put_be16(&w, id);
	bytes_put_be16(&w, FLAG_RECURSE);
	bytes_put_be16(&w, 1); /* question; answers and so on: none */
	bytes_put_be16(&w, 0);
	bytes_put_be32(&w, 0);
	put_name(&w, name);
	bytes_put_be16(&w, (uint16_t)type);
	bytes_put_be16(&w, CLASS_IN);
	return w.failed ? 0 : w.len;
}

/* A name ends with the root's empty label or with a pointer to another. */
static void
skip_name(struct bytes_reader *r)
{
	uint8_t len;
	while ((len = bytes_take_u8(r)) != 0 && !r->failed) {
		if (len > LABEL_MAX) {
			bytes_take_u8(r);
			return;
		}
		bytes_take(r, len);
	}
}

/* Aliases stand among the answers too, and are passed over. */
static void
take_answers(struct net_addr *addrs, size_t cap, size_t *len, unsigned count,
	     unsigned type, struct bytes_reader *r)
{
	int family = type == DNS_A ? AF_INET : AF_INET6;
	while (count-- > 0 && *len < cap) {
		skip_name(r);
		unsigned its_type = bytes_take_be16(r);
		unsigned its_class = bytes_take_be16(r);
		bytes_take_be32(r);
		size_t data_len = bytes_take_be16(r);
		const uint8_t *data = bytes_take(r, data_len);
		if (!data)
			return;
		if (its_type == type && its_class == CLASS_IN &&
		    net_set_ip(&addrs[*len], family, data, data_len) == ERR_OK)
			++*len;
	}
}

enum dns_answer
dns_read(struct net_addr *addrs, size_t cap, size_t *len, const uint8_t *reply,
	 size_t reply_len, const uint8_t *query, size_t query_len)
{
	struct bytes_reader r = bytes_reader(reply, reply_len);
	uint16_t id = bytes_take_be16(&r);
	unsigned flags = bytes_take_be16(&r);
	unsigned questions = bytes_take_be16(&r);
	unsigned answers = bytes_take_be16(&r);
	bytes_take_be32(&r);
	const uint8_t *question = bytes_take(&r, query_len - HEADER_LEN);
	if (id != bytes_get_be16(query) || !(flags & FLAG_REPLY) ||
	    (flags & MASK_OPCODE))
		return DNS_NOT_OURS;
	/* A server that cannot read it sends no question back. */
	unsigned rcode = flags & MASK_RCODE;
	if (rcode != 0 && rcode != RCODE_NO_NAME)
		return DNS_REFUSED;
	if (questions != 1 || !question ||
	    memcmp(question, query + HEADER_LEN, query_len - HEADER_LEN) != 0)
		return DNS_NOT_OURS;
	take_answers(addrs, cap, len, answers,
		     bytes_get_be16(query + query_len - 4), &r);
	return DNS_ANSWERED;
}
