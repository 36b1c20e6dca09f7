// SPDX-License-Identifier: MIT
#include "core/ident/nodeid.h"

#include <string.h>

#include "core/base/text.h"
#include "core/ident/rng.h"

void
nodeid_random(struct nodeid *id, size_t len, struct rng *rng)
{
	*id = (struct nodeid){ .len = (uint8_t)len };
	rng_bytes(rng, id->bytes, len);
}

enum err
nodeid_from_bytes(struct nodeid *id, const void *src, size_t len)
{
	if (len != NODEID_SHORT && len != NODEID_LONG)
		return ERR_MALFORMED;
	*id = (struct nodeid){ .len = (uint8_t)len };
	memcpy(id->bytes, src, len);
	return ERR_OK;
}

enum err
nodeid_parse(struct nodeid *id, const char *text, size_t len)
{
	uint8_t bytes[NODEID_LONG];
	size_t n = 0;
	if (text_unhex(bytes, sizeof bytes, &n, text, len) != ERR_OK)
		return ERR_MALFORMED;
	return nodeid_from_bytes(id, bytes, n);
}

void
nodeid_format(char dst[static NODEID_HEX_MAX], const struct nodeid *id)
{
	text_hex(dst, id->bytes, id->len);
}

bool
nodeid_equal(const struct nodeid *a, const struct nodeid *b)
{
	return a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0;
}
