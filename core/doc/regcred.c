// SPDX-License-Identifier: MIT
#include "core/doc/regcred.h"

#include <string.h>

#include "core/doc/field.h"

static const struct block_field ends[] = {
	{ .key = "TcpEndPoint",
	  .type = &field_end,
	  BLOCK_LIST(regcred, ends),
	  .list_min = 1,
	  .flags = BLOCK_WIDE },
	{ .key = "" },
};

static const struct block_field fields[] = {
	{ "Name", .type = &field_name, .at = offsetof(struct regcred, name) },
	{ "ID", .type = &field_id, .at = offsetof(struct regcred, id) },
	{ "CommsPubKey", .type = &field_key, .at = offsetof(struct regcred, ck),
	  .flags = BLOCK_LF },
	{ "SigPubKey", .type = &field_key, .at = offsetof(struct regcred, sk),
	  .flags = BLOCK_LF },
	{ "EndPoints", .inner = ends },
	{ "Version", .type = &field_version,
	  .at = offsetof(struct regcred, version) },
	{ .key = "" },
};

static const struct block_field document[] = {
	{ "regCred", .inner = fields, .flags = BLOCK_CRLF },
	{ .key = "" },
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
