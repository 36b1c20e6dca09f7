// SPDX-License-Identifier: MIT
#include "core/base/text.h"

#include <string.h>

#include "core/base/fmt.h"

void
text_hex(char *dst, const uint8_t *src, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	for (size_t i = 0; i < len; i++) {
		*dst++ = digits[src[i] >> 4];
		*dst++ = digits[src[i] & 15];
	}
	*dst = '\0';
}

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

enum err
text_unhex(uint8_t *dst, size_t cap, size_t *out_len, const char *src,
	   size_t len)
{
	if (len % 2 != 0)
		return ERR_MALFORMED;
	if (len / 2 > cap)
		return ERR_TOO_LONG;
	for (size_t i = 0; i < len; i += 2) {
		int high = hex_value(src[i]);
		int low = hex_value(src[i + 1]);
		if (high < 0 || low < 0)
			return ERR_MALFORMED;
		*dst++ = (uint8_t)(high << 4 | low);
	}
	*out_len = len / 2;
	return ERR_OK;
}

/* Without branches and look-ups, whose time would tell of a private key. */
static char
base64_char(uint32_t v)
{
	uint32_t c = v + 'A';
	c += (25 - v) >> 8 & ('a' - 'A' - 26);
	c -= (51 - v) >> 8 & ('a' + 26 - '0');
	c -= (61 - v) >> 8 & ('0' + 10 - '+');
	c += (62 - v) >> 8 & ('/' - '+' - 1);
	return (char)c;
}

void
text_base64(char *dst, const uint8_t *src, size_t len)
{
	for (size_t i = 0; i < len; i += 3) {
		uint32_t group = (uint32_t)src[i] << 16;
		if (i + 1 < len)
			group |= (uint32_t)src[i + 1] << 8;
		if (i + 2 < len)
			group |= src[i + 2];
		*dst++ = base64_char(group >> 18);
		*dst++ = base64_char(group >> 12 & 63);
		*dst++ = i + 1 < len ? base64_char(group >> 6 & 63) : '=';
		*dst++ = i + 2 < len ? base64_char(group & 63) : '=';
	}
	*dst = '\0';
}

static int
base64_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Reads one group of four; returns the bytes it holds, 0 if malformed. */
static size_t
unbase64_group(uint8_t dst[static 3], const char src[static 4])
{
	size_t bytes = src[3] != '=' ? 3 : src[2] != '=' ? 2 : 1;
	uint32_t group = 0;
	for (size_t i = 0; i < 4; i++) {
		int v = i > bytes ? 0 : base64_value(src[i]);
		if (v < 0)
			return 0;
		group = group << 6 | (uint32_t)v;
	}
	if ((group & (0xffffffU >> (8 * bytes))) != 0)
		return 0;
	for (size_t i = 0; i < bytes; i++)
		dst[i] = (uint8_t)(group >> (16 - 8 * i));
	return bytes;
}

enum err
text_unbase64(uint8_t *dst, size_t cap, size_t *out_len, const char *src,
	      size_t len)
{
	size_t used = 0;
	if (len % 4 != 0)
		return ERR_MALFORMED;
	for (size_t i = 0; i < len; i += 4) {
		uint8_t group[3];
		size_t bytes = unbase64_group(group, src + i);
		if (bytes == 0 || (bytes < 3 && i + 4 < len))
			return ERR_MALFORMED;
		if (bytes > cap - used)
			return ERR_TOO_LONG;
		memcpy(dst + used, group, bytes);
		used += bytes;
	}
	*out_len = used;
	return ERR_OK;
}

enum err
text_number(uint64_t *out, const char *src, uint64_t min, uint64_t max)
{
	uint64_t value = 0;
	if (*src == '\0')
		return ERR_MALFORMED;
	for (; *src; src++) {
		if (*src < '0' || *src > '9')
			return ERR_MALFORMED;
		unsigned digit = (unsigned)(*src - '0');
		if (value > (UINT64_MAX - digit) / 10)
			return ERR_MALFORMED;
		value = value * 10 + digit;
	}
	if (value < min || value > max)
		return ERR_MALFORMED;
	*out = value;
	return ERR_OK;
}

static bool
is_word(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       (c >= '0' && c <= '9') || c == '_';
}

bool
text_is_name(const void *src, size_t len)
{
	const char *s = src;
	if (len < 1 || len > TEXT_NAME_MAX || !is_word(s[0]))
		return false;
	for (size_t i = 1; i < len; i++)
		if (!is_word(s[i]) && s[i] != '.' && s[i] != '-')
			return false;
	return true;
}

bool
text_is(const void *src, size_t len, const char *want)
{
	return len == strlen(want) && memcmp(src, want, len) == 0;
}

char *
text_quote(char *dst, char quote, const char *s)
{
	if (quote)
		*dst++ = quote;
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;
		bool odd = c < 0x20 || c > 0x7e;
		if (odd && quote == '"')
			dst += fmt_text(dst, 7, "\\u%04x", c);
		else if (quote == '"' && (c == '"' || c == '\\'))
			dst += fmt_text(dst, 3, "\\%c", c);
		else if (c == '\'' && quote == '\'')
			dst = stpcpy(dst, "'\\''");
		else
			*dst++ = odd && !quote ? '?' : *s;
	}
	if (quote)
		*dst++ = quote;
	*dst = '\0';
	return dst;
}

void
text_clean(char *line, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (line[i] < 0x20 || line[i] > 0x7e)
			line[i] = '?';
}
