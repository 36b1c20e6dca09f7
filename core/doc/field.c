// SPDX-License-Identifier: MIT
#include "core/doc/field.h"

#include <stdint.h>
#include <string.h>

#include "core/base/bytes.h"
#include "core/base/fmt.h"
#include "core/base/text.h"
#include "core/doc/roster.h"
#include "core/ident/endpoint.h"
#include "core/ident/keyfile.h"
#include "core/ident/nodeid.h"
#include "core/ident/rsakey.h"
#include "core/ident/version.h"

_Static_assert(KEYFILE_SSH_MAX <= FIELD_VALUE_MAX, "a key is a value");

#define ATTRS_DIGITS 16

static const struct {
	char noun[16];
	uint8_t min, max; /* of a number */
} kinds[FIELD_KINDS] = {
	[FIELD_NAME] = { .noun = "name" },
	[FIELD_ID] = { .noun = "ID" },
	[FIELD_KEY] = { .noun = "key" },
	[FIELD_END] = { .noun = "end point" },
	[FIELD_VERSION] = { .noun = "version" },
	[FIELD_ATTRS] = { .noun = "attributes" },
	[FIELD_INDEX] = { "index", 0, ROSTER_MEMBERS_MAX - 1 },
	[FIELD_SELF] = { "index", 0, ROSTER_MEMBERS_MAX - 1 },
	[FIELD_SIZE] = { "size", 2, ROSTER_MEMBERS_MAX },
	[FIELD_COUNT] = { "end point count", 1, 2 },
};

static bool
read_name(char *name, const char *value, size_t len)
{
	if (!text_is_name(value, len))
		return false;
	memcpy(name, value, len + 1);
	return true;
}

/* The key says "TcpEndPoint" already: a value that says it too is wrong. */
static bool
read_end(struct endpoint *end, const char *value, size_t len)
{
	return endpoint_parse(end, value, len) == ERR_OK &&
	       endpoint_bare(value, &len) == value;
}

static bool
read_attrs(uint64_t *attrs, const char *value, size_t value_len)
{
	uint8_t bytes[ATTRS_DIGITS / 2];
	size_t len;
	if (strncmp(value, "0x", 2) != 0 || value_len != 2 + ATTRS_DIGITS)
		return false;
	if (text_unhex(bytes, sizeof bytes, &len, value + 2, ATTRS_DIGITS) !=
	    ERR_OK)
		return false;
	*attrs = 0;
	for (size_t i = 0; i < len; i++)
		*attrs = *attrs << 8 | bytes[i];
	return true;
}

static bool
read_number(unsigned *number, enum field_kind kind, const char *value)
{
	uint64_t n;
	if (text_number(&n, value, kinds[kind].min, kinds[kind].max) != ERR_OK)
		return false;
	*number = (unsigned)n;
	return true;
}

const char *
field_noun(enum field_kind kind)
{
	return kinds[kind].noun;
}

bool
field_read(enum field_kind kind, void *dst, const char *value)
{
	size_t len = strlen(value);
	switch (kind) {
	case FIELD_NAME:
		return read_name(dst, value, len);
	case FIELD_ID:
		return nodeid_parse(dst, value, len) == ERR_OK;
	case FIELD_KEY:
		return keyfile_parse_ssh(dst, value, len) == ERR_OK;
	case FIELD_END:
		return read_end(dst, value, len);
	case FIELD_VERSION:
		return version_parse(dst, value, len) == ERR_OK;
	case FIELD_ATTRS:
		return read_attrs(dst, value, len);
	case FIELD_INDEX:
	case FIELD_SELF:
	case FIELD_SIZE:
	case FIELD_COUNT:
		return read_number(dst, kind, value);
	case FIELD_KINDS:
		break;
	}
	return false;
}

void
field_write(enum field_kind kind, char dst[static FIELD_VALUE_MAX],
	    const void *src)
{
	unsigned number;
	*dst = '\0';
	switch (kind) {
	case FIELD_NAME:
		fmt_text(dst, TEXT_NAME_MAX + 1, "%s", (const char *)src);
		break;
	case FIELD_ID:
		nodeid_format(dst, src);
		break;
	case FIELD_KEY:
		keyfile_format_ssh(dst, src);
		break;
	case FIELD_END:
		endpoint_format(dst, src);
		break;
	case FIELD_VERSION:
		version_format(dst, src);
		break;
	case FIELD_ATTRS:
		fmt_text(dst, FIELD_VALUE_MAX, "0x%016jx",
			 (uintmax_t) * (const uint64_t *)src);
		break;
	case FIELD_INDEX:
	case FIELD_SELF:
	case FIELD_SIZE:
	case FIELD_COUNT:
		number = *(const unsigned *)src;
		if (kind != FIELD_SELF || number != ROSTER_NO_SELF)
			fmt_text(dst, FIELD_VALUE_MAX, "%u", number);
		break;
	case FIELD_KINDS:
		break;
	}
}
