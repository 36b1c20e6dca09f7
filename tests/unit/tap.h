// SPDX-License-Identifier: MIT
/*
 * The Test Anything Protocol for unit tests: each check prints one line, and a
 * failed one also where it stands and what it saw. The names of checks are
 * printf formats. A test program is
 *
 *	int
 *	main(void)
 *	{
 *		ok(2 > 1, "two is more");
 *		is_int(wire_len(buf), 12, "length of %s", name);
 *		return done_testing();
 *	}
 *
 * It runs from the top of the source tree.
 */
#ifndef TESTS_UNIT_TAP_H
#define TESTS_UNIT_TAP_H

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static int tap_count;
static int tap_failed;

/* True when cond holds. */
#define ok(cond, ...) tap_ok((cond), __FILE__, __LINE__, __VA_ARGS__)

/* Integers of any type, compared as intmax_t. */
#define is_int(got, want, ...)                                            \
	tap_is_int((intmax_t)(got), (intmax_t)(want), __FILE__, __LINE__, \
		   __VA_ARGS__)

/* C strings; either may be NULL. */
#define is_str(got, want, ...) \
	tap_is_str((got), (want), __FILE__, __LINE__, __VA_ARGS__)

/* len bytes. */
#define is_mem(got, want, len, ...) \
	tap_is_mem((got), (want), (len), __FILE__, __LINE__, __VA_ARGS__)

__attribute__((format(printf, 4, 0))) static inline bool
tap_line(bool cond, const char *file, int line, const char *name, va_list ap)
{
	printf("%sok %d - ", cond ? "" : "not ", ++tap_count);
	vprintf(name, ap);
	printf("\n");
	if (!cond) {
		tap_failed++;
		printf("# at %s:%d\n", file, line);
	}
	fflush(stdout);
	return cond;
}

__attribute__((format(printf, 4, 5))) static inline bool
tap_ok(bool cond, const char *file, int line, const char *name, ...)
{
	va_list ap;

	va_start(ap, name);
	tap_line(cond, file, line, name, ap);
	va_end(ap);
	return cond;
}

__attribute__((format(printf, 5, 6))) static inline bool
tap_is_int(intmax_t got, intmax_t want, const char *file, int line,
	   const char *name, ...)
{
	va_list ap;

	va_start(ap, name);
	tap_line(got == want, file, line, name, ap);
	va_end(ap);
	if (got != want)
		printf("# got  %" PRIdMAX "\n# want %" PRIdMAX "\n", got, want);
	return got == want;
}

__attribute__((format(printf, 5, 6))) static inline bool
tap_is_str(const char *got, const char *want, const char *file, int line,
	   const char *name, ...)
{
	bool same = got && want ? strcmp(got, want) == 0 : got == want;
	va_list ap;

	va_start(ap, name);
	tap_line(same, file, line, name, ap);
	va_end(ap);
	if (!same)
		printf("# got  %s\n# want %s\n", got ? got : "(null)",
		       want ? want : "(null)");
	return same;
}

static inline void
tap_dump(const char *label, const unsigned char *p, size_t len)
{
	printf("# %s", label);
	for (size_t i = 0; i < len; i++)
		printf(" %02x", p[i]);
	printf("\n");
}

__attribute__((format(printf, 6, 7))) static inline bool
tap_is_mem(const void *got, const void *want, size_t len, const char *file,
	   int line, const char *name, ...)
{
	const unsigned char *g = got, *w = want;
	size_t i = 0, n;
	va_list ap;

	while (i < len && g[i] == w[i])
		i++;
	va_start(ap, name);
	tap_line(i == len, file, line, name, ap);
	va_end(ap);
	if (i < len) {
		n = len - i < 16 ? len - i : 16;
		printf("# first difference at byte %zu of %zu\n", i, len);
		tap_dump("got ", g + i, n);
		tap_dump("want", w + i, n);
	}
	return i == len;
}

/* Prints the plan; returns the exit status of the program. */
static inline int
done_testing(void)
{
	printf("1..%d\n", tap_count);
	return tap_count == 0 || tap_failed != 0;
}

#endif
