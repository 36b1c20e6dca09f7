// SPDX-License-Identifier: MIT
#include "core/doc/roster.h"

#include <stdbool.h>
#include <string.h>

#include "core/doc/field.h"

static bool
read_number(void *dst, const char *value, unsigned min, unsigned max)
{
	uint64_t n;
	if (text_number(&n, value, min, max) != ERR_OK)
		return false;
	*(unsigned *)dst = (unsigned)n;
	return true;
}

static bool
read_index(void *dst, const char *value)
{
	return read_number(dst, value, 0, ROSTER_MEMBERS_MAX - 1);
}

static bool
read_size(void *dst, const char *value)
{
	return read_number(dst, value, 2, ROSTER_MEMBERS_MAX);
}

static bool
read_count(void *dst, const char *value)
{
	return read_number(dst, value, 1, 2);
}

/* No number here has more than two digits. */
static void
write_number(char dst[static BLOCK_VALUE_MAX], const void *src)
{
	unsigned n = *(const unsigned *)src;
	size_t len = 0;
	if (n >= 10)
		dst[len++] = (char)('0' + n / 10 % 10);
	dst[len++] = (char)('0' + n % 10);
	dst[len] = '\0';
}

static void
write_self(char dst[static BLOCK_VALUE_MAX], const void *src)
{
	if (*(const unsigned *)src == ROSTER_NO_SELF)
		dst[0] = '\0';
	else
		write_number(dst, src);
}

static const struct block_type type_index = { "bad index", read_index,
					      write_number };
static const struct block_type type_self = { "bad index", read_index,
					     write_self };
static const struct block_type type_size = { "bad size", read_size,
					     write_number };
static const struct block_type type_count = { "bad end point count", read_count,
					      write_number };

static const struct block_field ends[] = {
	{ .key = "TcpEndPoint", .type = &field_end, BLOCK_LIST(member, ends) },
	{ .key = "" },
};

static const struct block_field member_fields[] = {
	{ "Index", .type = &type_index, .at = offsetof(struct member, index) },
	{ "Name", .type = &field_name, .at = offsetof(struct member, name) },
	{ "ID", .type = &field_id, .at = offsetof(struct member, id) },
	{ "Attrs", .type = &field_attrs, .at = offsetof(struct member, attrs) },
	{ "CommsPubKey", .type = &field_key,
	  .at = offsetof(struct member, ck) },
	{ "SigPubKey", .type = &field_key, .at = offsetof(struct member, sk) },
	{ "EndPoints", .inner = ends },
	{ .key = "" },
};

static const struct block_field members[] = {
	{ .key = "member",
	  .inner = member_fields,
	  BLOCK_LIST(roster, members) },
	{ .key = "" },
};

static const struct block_field fields[] = {
	{ "Name", .type = &field_name, .at = offsetof(struct roster, name) },
	{ "ID", .type = &field_id, .at = offsetof(struct roster, id) },
	{ "Attrs", .type = &field_attrs, .at = offsetof(struct roster, attrs) },
	{ "MaxSize", .type = &type_size,
	  .at = offsetof(struct roster, max_size) },
	{ "EPCount", .type = &type_count,
	  .at = offsetof(struct roster, endpoint_count) },
	{ "Self", .type = &type_self, .at = offsetof(struct roster, self),
	  .flags = BLOCK_OPTIONAL },
	{ "Members", .inner = members },
	{ .key = "" },
};

static const struct block_field document[] = {
	{ "cluster", .inner = fields },
	{ .key = "" },
};

/* What is wrong with the nth member, given those before it; or NULL. */
static const char *
member_fault(const struct roster *roster, size_t n)
{
	const struct member *m = &roster->members[n];
	if (m->index >= roster->max_size)
		return "index not below MaxSize";
	if (n > 0 && m->index <= m[-1].index)
		return "index out of order";
	if (m->ends_len < roster->endpoint_count)
		return "fewer end points than EPCount";
	for (size_t i = 0; i < n; i++) {
		if (strcmp(roster->members[i].name, m->name) == 0)
			return "a second member of this name";
		if (nodeid_equal(&roster->members[i].id, &m->id))
			return "a second member of this ID";
	}
	return NULL;
}

static bool
has_self(const struct roster *roster)
{
	if (roster->self == ROSTER_NO_SELF)
		return true;
	for (size_t i = 0; i < roster->members_len; i++)
		if (roster->members[i].index == roster->self)
			return true;
	return false;
}

enum err
roster_parse(struct roster *roster, const char *text, size_t len,
	     struct block_fault *fault)
{
	memset(roster, 0, sizeof *roster);
	roster->self = ROSTER_NO_SELF;
	enum err e = block_parse(document, roster, text, len, fault);
	if (e != ERR_OK)
		return e;
	for (size_t i = 0; i < roster->members_len; i++) {
		const char *what = member_fault(roster, i);
		if (!what)
			continue;
		block_blame(fault, what, text, len, "member", i);
		return ERR_MALFORMED;
	}
	if (has_self(roster))
		return ERR_OK;
	block_blame(fault, "Self is no member", text, len, "Self", 0);
	return ERR_MALFORMED;
}

size_t
roster_format(char dst[static ROSTER_TEXT_MAX], const struct roster *roster)
{
	return block_format(document, dst, ROSTER_TEXT_MAX, roster);
}
