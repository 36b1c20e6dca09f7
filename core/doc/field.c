// SPDX-License-Identifier: MIT
#include "core/doc/field.h"

#include <stdint.h>
#include <string.h>

#include "core/base/bytes.h"
#include "core/base/text.h"
#include "core/ident/endpoint.h"
#include "core/ident/keyfile.h"
#include "core/ident/nodeid.h"
#include "core/ident/rsakey.h"
#include "core/ident/version.h"

_Static_assert(KEYFILE_SSH_MAX <= BLOCK_VALUE_MAX, "a key is a value");

#define ATTRS_DIGITS 16

static bool
read_name(void *dst, const char *value)
{
	size_t len = strlen(value);
	if (!text_is_name(value, len))
		return false;
	memcpy(dst, value, len + 1);
	return true;
}

static void
write_name(char dst[static BLOCK_VALUE_MAX], const void *src)
{
	const char *name = src;
	size_t len = strnlen(name, TEXT_NAME_MAX);
	memcpy(dst, name, len);
	dst[len] = '\0';
}

static bool
read_id(void *dst, const char *value)
{
	return nodeid_parse(dst, value, strlen(value)) == ERR_OK;
}

static void
write_id(char dst[static BLOCK_VALUE_MAX], const void *src)
{
	nodeid_format(dst, src);
}

static bool
read_key(void *dst, const char *value)
{
	return keyfile_parse_ssh(dst, value, strlen(value)) == ERR_OK;
}

static void
write_key(char dst[static BLOCK_VALUE_MAX], const void *src)
{
	keyfile_format_ssh(dst, src);
}

/* The key says "TcpEndPoint" already: a value that says it too is wrong. */
static bool
read_end(void *dst, const char *value)
{
	size_t len = strlen(value);
	return endpoint_parse(dst, value, len) == ERR_OK &&
	       endpoint_bare(value, &len) == value;
}

static void
write_end(char dst[static BLOCK_VALUE_MAX], const void *src)
{
	endpoint_format(dst, src);
}

static bool
read_version(void *dst, const char *value)
{
	return version_parse(dst, value, strlen(value)) == ERR_OK;
}

static void
write_version(char dst[static BLOCK_VALUE_MAX], const void *src)
{
	version_format(dst, src);
}

static bool
read_attrs(void *dst, const char *value)
{
	uint8_t bytes[ATTRS_DIGITS / 2];
	uint64_t attrs = 0;
	size_t len;
	if (strncmp(value, "0x", 2) != 0 || strlen(value) != 2 + ATTRS_DIGITS)
		return false;
	if (text_unhex(bytes, sizeof bytes, &len, value + 2, ATTRS_DIGITS) !=
	    ERR_OK)
		return false;
	for (size_t i = 0; i < len; i++)
		attrs = attrs << 8 | bytes[i];
	*(uint64_t *)dst = attrs;
	return true;
}

static void
write_attrs(char dst[static BLOCK_VALUE_MAX], const void *src)
{
	uint8_t bytes[ATTRS_DIGITS / 2];
	bytes_set_be64(bytes, *(const uint64_t *)src);
	memcpy(dst, "0x", 2);
	text_hex(dst + 2, bytes, sizeof bytes);
}

const struct block_type field_name = { "bad name", read_name, write_name };
const struct block_type field_id = { "bad ID", read_id, write_id };
const struct block_type field_key = { "bad key", read_key, write_key };
const struct block_type field_end = { "bad end point", read_end, write_end };
const struct block_type field_version = {
	"bad version",
	read_version,
	write_version,
};
const struct block_type field_attrs = { "bad attributes", read_attrs,
					write_attrs };
