// SPDX-License-Identifier: MIT
#include "core/ident/version.h"

#include <stdio.h>
#include <string.h>

#include "core/base/fmt.h"

#define FIELDS 4
#define FIELD_DIGITS 3

/* Reads one field at *text and moves past it; -1 when there is none. */
static int
take_field(const char **text, const char *end)
{
	const char *p = *text;
	int value = 0;
	while (p < end && *p >= '0' && *p <= '9' && p - *text < FIELD_DIGITS)
		value = value * 10 + (*p++ - '0');
	if (p == *text || value > UINT8_MAX)
		return -1;
	*text = p;
	return value;
}

enum err
version_parse(struct version *v, const char *text, size_t len)
{
	const char *end = text + len;
	*v = (struct version){ { 0 } };
	for (int i = 0; i < FIELDS; i++) {
		int field = take_field(&text, end);
		if (field < 0)
			return ERR_MALFORMED;
		v->field[i] = (uint8_t)field;
		if (text == end)
			return ERR_OK;
		if (*text++ != '.')
			return ERR_MALFORMED;
	}
	return ERR_MALFORMED;
}

void
version_format(char dst[static VERSION_TEXT_MAX], const struct version *v)
{
	int fields = FIELDS;
	while (fields > 2 && v->field[fields - 1] == 0)
		fields--;
	size_t len = 0;
	for (int i = 0; i < fields; i++)
		len += fmt_text(dst + len, VERSION_TEXT_MAX - len,
				i ? ".%u" : "%u", v->field[i]);
}

void
version_put_documented(uint8_t dst[static 4], const struct version *v)
{
	for (int i = 0; i < FIELDS; i++)
		dst[i] = v->field[FIELDS - 1 - i];
}

struct version
version_get_documented(const uint8_t src[static 4])
{
	return (struct version){ { src[3], src[2], src[1], src[0] } };
}

void
version_put_prefixed(uint8_t dst[static 4], const struct version *v)
{
	memcpy(dst, v->field, FIELDS);
}

struct version
version_get_prefixed(const uint8_t src[static 4])
{
	return (struct version){ { src[0], src[1], src[2], src[3] } };
}
