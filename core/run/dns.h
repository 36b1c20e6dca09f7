// SPDX-License-Identifier: MIT
#ifndef XL_RUN_DNS_H
#define XL_RUN_DNS_H

#include <stddef.h>
#include <stdint.h>

#include "core/run/net.h"

/*
 * The messages of DNS (RFC 1035, 4) that ask for the addresses of a name and
 * answer that: bytes only, no sockets.  No EDNS, so that a reply fits in
 * DNS_REPLY_MAX; one cut short by its server gives what it holds.
 */

#define DNS_QUERY_MAX 271 /* bytes: a header, a name of 255, type and class */
#define DNS_REPLY_MAX 512

enum dns_type {
	DNS_A = 1,
	DNS_AAAA = 28,
};

enum dns_answer {
	DNS_NOT_OURS, /* no reply to this query: go on waiting */
	DNS_REFUSED,  /* this server cannot say */
	DNS_ANSWERED, /* with addresses, or there is none */
};

/*
 * Writes the query for a type of address of name (a dot at its end changes
 * nothing).  Returns its length, or 0: no name of DNS.
 */
size_t
dns_query(uint8_t dst[static DNS_QUERY_MAX], uint16_t id, const char *name,
	  enum dns_type type);

/*
 * Reads a reply to query; its addresses are put behind the *len that addrs
 * holds, up to cap in all, with port 0.
 */
enum dns_answer
dns_read(struct net_addr *addrs, size_t cap, size_t *len, const uint8_t *reply,
	 size_t reply_len, const uint8_t *query, size_t query_len);

#endif
