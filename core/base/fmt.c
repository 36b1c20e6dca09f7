// SPDX-License-Identifier: MIT
#include "core/base/fmt.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Where text goes: a stream, or cap bytes at dst. */
struct sink {
	FILE *out;
	char *dst;
	size_t cap, len;
};

/* One conversion: "%-08.*lx". */
struct spec {
	bool left, zero;
	size_t width, precision;
	unsigned longs; /* 0 int, 1 long, 2 long long, 3 size_t, 4 intmax_t */
	char conversion;
};

#define NO_PRECISION SIZE_MAX

static void
put(struct sink *s, const char *text, size_t len)
{
	if (s->out)
		fwrite(text, 1, len, s->out);
	for (size_t i = 0; !s->out && i < len; i++)
		if (s->len + i + 1 < s->cap)
			s->dst[s->len + i] = text[i];
	s->len += len;
}

static void
pad(struct sink *s, char c, size_t len, size_t width)
{
	for (; len < width; len++)
		put(s, &c, 1);
}

static void
put_padded(struct sink *s, const struct spec *spec, const char *text,
	   size_t len)
{
	if (!spec->left)
		pad(s, ' ', len, spec->width);
	put(s, text, len);
	if (spec->left)
		pad(s, ' ', len, spec->width);
}

static void
put_number(struct sink *s, const struct spec *spec, bool minus, uintmax_t v)
{
	char digits[24];
	size_t at = sizeof digits;
	unsigned base = spec->conversion == 'x' ? 16 : 10;
	do {
		digits[--at] = "0123456789abcdef"[v % base];
		v /= base;
	} while (v > 0);
	while (spec->zero && at > 1 && sizeof digits - at + minus < spec->width)
		digits[--at] = '0';
	if (minus)
		digits[--at] = '-';
	put_padded(s, spec, digits + at, sizeof digits - at);
}

static size_t
read_count(const char **format, va_list *args)
{
	size_t n = 0;
	if (**format == '*') {
		int given = va_arg(*args, int);
		++*format;
		return given > 0 ? (size_t)given : 0;
	}
	for (; **format >= '0' && **format <= '9'; ++*format)
		n = n * 10 + (size_t)(**format - '0');
	return n;
}

static const char *
read_spec(struct spec *spec, const char *format, va_list *args)
{
	*spec = (struct spec){ .precision = NO_PRECISION };
	for (; *format == '-' || *format == '0'; format++) {
		spec->left = spec->left || *format == '-';
		spec->zero = spec->zero || *format == '0';
	}
	spec->width = read_count(&format, args);
	if (*format == '.') {
		format++;
		spec->precision = read_count(&format, args);
	}
	for (; *format == 'l'; format++)
		spec->longs++;
	if (*format == 'z' || *format == 'j')
		spec->longs = *format++ == 'z' ? 3 : 4;
	spec->conversion = *format;
	return *format ? format + 1 : format;
}

static uintmax_t
take_unsigned(const struct spec *spec, va_list *args)
{
	switch (spec->longs) {
	case 0:
		return va_arg(*args, unsigned);
	case 1:
		return va_arg(*args, unsigned long);
	case 2:
		return va_arg(*args, unsigned long long);
	case 3:
		return va_arg(*args, size_t);
	default:
		return va_arg(*args, uintmax_t);
	}
}

/* All signed types here have the width of their unsigned ones. */
static intmax_t
take_signed(const struct spec *spec, va_list *args)
{
	switch (spec->longs) {
	case 0:
		return va_arg(*args, int);
	case 1:
		return va_arg(*args, long);
	case 3:
		return va_arg(*args, ptrdiff_t);
	default:
		return va_arg(*args, intmax_t);
	}
}

static void
convert(struct sink *s, const struct spec *spec, va_list *args)
{
	intmax_t v;
	const char *text;
	char c;
	switch (spec->conversion) {
	case 's':
		text = va_arg(*args, const char *);
		put_padded(s, spec, text, strnlen(text, spec->precision));
		break;
	case 'c':
		c = (char)va_arg(*args, int);
		put_padded(s, spec, &c, 1);
		break;
	case 'd':
		v = take_signed(spec, args);
		put_number(s, spec, v < 0,
			   v < 0 ? 0 - (uintmax_t)v : (uintmax_t)v);
		break;
	case 'u':
	case 'x':
		put_number(s, spec, false, take_unsigned(spec, args));
		break;
	default:
		put(s, &spec->conversion, 1);
	}
}

static void
format_to(struct sink *s, const char *format, va_list *args)
{
	struct spec spec;
	while (*format) {
		size_t plain = strcspn(format, "%");
		put(s, format, plain);
		format += plain;
		if (!*format)
			break;
		format = read_spec(&spec, format + 1, args);
		convert(s, &spec, args);
	}
}

size_t
fmt_vtext(char *dst, size_t cap, const char *format, va_list args)
{
	struct sink s = { .dst = dst, .cap = cap };
	va_list copy;
	va_copy(copy, args);
	format_to(&s, format, &copy);
	va_end(copy);
	if (cap > 0)
		dst[s.len < cap ? s.len : cap - 1] = '\0';
	return s.len;
}

size_t
fmt_text(char *dst, size_t cap, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	size_t len = fmt_vtext(dst, cap, format, args);
	va_end(args);
	return len;
}

void
fmt_print(FILE *out, const char *format, ...)
{
	struct sink s = { .out = out };
	va_list args;
	va_start(args, format);
	format_to(&s, format, &args);
	va_end(args);
}
