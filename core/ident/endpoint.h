// SPDX-License-Identifier: MIT
#ifndef XL_IDENT_ENDPOINT_H
#define XL_IDENT_ENDPOINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/err.h"

/*
 * End points, HOST:PORT: host an IPv4 literal, [IPv6], or a DNS name; port
 * 1..65535 (xl-protocol(7), The registry's messages).
 */

#define ENDPOINT_TEXT_MAX 64 /* bytes of the text form */
#define ENDPOINTS_MAX 4      /* of a node */

enum endpoint_kind {
	ENDPOINT_IPV4,
	ENDPOINT_IPV6,
	ENDPOINT_NAME,
};

struct endpoint {
	enum endpoint_kind kind;
	uint16_t port;
	char host[ENDPOINT_TEXT_MAX + 1]; /* without brackets */
};

/*
 * Reads len bytes; a leading "TcpEndPoint: " is passed over.  Port 0 is
 * refused.  A DNS name is labels of letters, digits, '-' and '_'; what looks
 * like an IPv4 address but is none (all labels numeric) is refused.  An IPv6
 * literal may have no zone.  ERR_MALFORMED.
 */
enum err
endpoint_parse(struct endpoint *ep, const void *text, size_t len);

/* Writes HOST:PORT with a NUL, brackets round IPv6. */
void
endpoint_format(char dst[static ENDPOINT_TEXT_MAX + 1],
		const struct endpoint *ep);

/*
 * The part of len bytes of a valid end point's text behind an optional
 * "TcpEndPoint: "; *len is then its length.
 */
const char *
endpoint_bare(const char *text, size_t *len);

#endif
