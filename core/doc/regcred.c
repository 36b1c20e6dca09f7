// SPDX-License-Identifier: MIT
#include "core/doc/regcred.h"

#include <string.h>

static const struct block_field document[] = {
	{ "regCred", .row = BLOCK_OPEN, .flags = BLOCK_CRLF },
	{ "Name", BLOCK_VALUE, FIELD_NAME, BLOCK_AT(regcred, name) },
	{ "ID", BLOCK_VALUE, FIELD_ID, BLOCK_AT(regcred, id) },
	{ "CommsPubKey", BLOCK_VALUE, FIELD_KEY, BLOCK_LF,
	  BLOCK_AT(regcred, ck) },
	{ "SigPubKey", BLOCK_VALUE, FIELD_KEY, BLOCK_LF,
	  BLOCK_AT(regcred, sk) },
	{ "EndPoints", .row = BLOCK_OPEN },
	{ "TcpEndPoint", BLOCK_VALUE, FIELD_END, BLOCK_WIDE,
	  BLOCK_LIST(regcred, ends), .list_min = 1 },
	{ .row = BLOCK_CLOSE },
	{ "Version", BLOCK_VALUE, FIELD_VERSION, BLOCK_AT(regcred, version) },
	{ .row = BLOCK_CLOSE },
	{ .row = BLOCK_CLOSE },
};

enum err
regcred_parse(struct regcred *cred, const char *text, size_t len,
	      struct block_fault *fault)
{
	memset(cred, 0, sizeof *cred);
	return block_parse(document, cred, text, len, fault);
}

size_t
regcred_format(char dst[static REGCRED_TEXT_MAX], const struct regcred *cred)
{
	return block_format(document, dst, REGCRED_TEXT_MAX, cred);
}
