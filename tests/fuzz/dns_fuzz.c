// SPDX-License-Identifier: MIT
#include <stdlib.h>

#include "core/run/dns.h"

#define CAP 3

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* A reply to one fixed query. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct net_addr addrs[CAP];
	uint8_t query[DNS_QUERY_MAX];
	size_t addrs_len = 0;
	size_t query_len = dns_query(query, 0x1234, "a.example", DNS_AAAA);
	enum dns_answer a =
		dns_read(addrs, CAP, &addrs_len, data, len, query, query_len);
	if (addrs_len > CAP || (addrs_len > 0 && a != DNS_ANSWERED))
		abort();
	for (size_t i = 0; i < addrs_len; i++)
		if (addrs[i].any.sa_family != AF_INET6)
			abort();
	return 0;
}
