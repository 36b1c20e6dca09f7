// SPDX-License-Identifier: MIT
#include "core/doc/roster.h"

#include <stdbool.h>
#include <string.h>

static const struct block_field document[] = {
	{ "cluster", .row = BLOCK_OPEN },
	{ "Name", BLOCK_VALUE, FIELD_NAME, BLOCK_AT(roster, name) },
	{ "ID", BLOCK_VALUE, FIELD_ID, BLOCK_AT(roster, id) },
	{ "Attrs", BLOCK_VALUE, FIELD_ATTRS, BLOCK_AT(roster, attrs) },
	{ "MaxSize", BLOCK_VALUE, FIELD_SIZE, BLOCK_AT(roster, max_size) },
	{ "EPCount", BLOCK_VALUE, FIELD_COUNT,
	  BLOCK_AT(roster, endpoint_count) },
	{ "Self", BLOCK_VALUE, FIELD_SELF, BLOCK_OPTIONAL,
	  BLOCK_AT(roster, self) },
	{ "Members", .row = BLOCK_OPEN },
	{ "member", .row = BLOCK_OPEN, BLOCK_LIST(roster, members) },
	{ "Index", BLOCK_VALUE, FIELD_INDEX, BLOCK_AT(member, index) },
	{ "Name", BLOCK_VALUE, FIELD_NAME, BLOCK_AT(member, name) },
	{ "ID", BLOCK_VALUE, FIELD_ID, BLOCK_AT(member, id) },
	{ "Attrs", BLOCK_VALUE, FIELD_ATTRS, BLOCK_AT(member, attrs) },
	{ "CommsPubKey", BLOCK_VALUE, FIELD_KEY, BLOCK_AT(member, ck) },
	{ "SigPubKey", BLOCK_VALUE, FIELD_KEY, BLOCK_AT(member, sk) },
	{ "EndPoints", .row = BLOCK_OPEN },
	{ "TcpEndPoint", BLOCK_VALUE, FIELD_END, BLOCK_LIST(member, ends) },
	{ .row = BLOCK_CLOSE },
	{ .row = BLOCK_CLOSE },
	{ .row = BLOCK_CLOSE },
	{ .row = BLOCK_CLOSE },
	{ .row = BLOCK_CLOSE },
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

static bool
has_same_ends(const struct member *a, const struct member *b)
{
	if (a->ends_len != b->ends_len)
		return false;
	for (size_t i = 0; i < a->ends_len; i++)
		if (a->ends[i].port != b->ends[i].port ||
		    strcmp(a->ends[i].host, b->ends[i].host) != 0)
			return false;
	return true;
}

static bool
is_same_member(const struct member *a, const struct member *b)
{
	return a->index == b->index && a->attrs == b->attrs &&
	       strcmp(a->name, b->name) == 0 && nodeid_equal(&a->id, &b->id) &&
	       rsakey_equal(&a->ck, &b->ck) && rsakey_equal(&a->sk, &b->sk) &&
	       has_same_ends(a, b);
}

bool
roster_equal(const struct roster *a, const struct roster *b)
{
	if (strcmp(a->name, b->name) != 0 || !nodeid_equal(&a->id, &b->id) ||
	    a->attrs != b->attrs || a->max_size != b->max_size ||
	    a->endpoint_count != b->endpoint_count || a->self != b->self ||
	    a->members_len != b->members_len)
		return false;
	for (size_t i = 0; i < a->members_len; i++)
		if (!is_same_member(&a->members[i], &b->members[i]))
			return false;
	return true;
}

const struct member *
roster_find(const struct roster *roster, unsigned index)
{
	for (size_t i = 0; i < roster->members_len; i++)
		if (roster->members[i].index == index)
			return &roster->members[i];
	return NULL;
}

const struct member *
roster_find_name(const struct roster *roster, const char *name)
{
	for (size_t i = 0; i < roster->members_len; i++)
		if (strcmp(roster->members[i].name, name) == 0)
			return &roster->members[i];
	return NULL;
}

const struct member *
roster_find_id(const struct roster *roster, const uint8_t *id, size_t len)
{
	for (size_t i = 0; i < roster->members_len; i++) {
		const struct nodeid *have = &roster->members[i].id;
		if (have->len == len && memcmp(have->bytes, id, len) == 0)
			return &roster->members[i];
	}
	return NULL;
}
