// SPDX-License-Identifier: MIT
/* Formatted text, against the C library's own. */
#include "core/base/fmt.h"

#include <limits.h>

#include "tests/unit/tap.h"

#define SAME(...)                                                      \
	do {                                                           \
		char ours[200], theirs[200];                           \
		size_t len = fmt_text(ours, sizeof ours, __VA_ARGS__); \
		int n = snprintf(theirs, sizeof theirs, __VA_ARGS__);  \
		is_int(len, n, "length");                              \
		is_str(ours, theirs, "text");                          \
	} while (0)

static void
test_conversions(void)
{
	SAME("plain %% text");
	SAME("%s|%10s|%-10s|%.2s|%-6.3s|%.0s", "abc", "abc", "abc", "abc",
	     "abcdef", "abc");
	SAME("%.*s|%*s|%-*s|", 2, "abc", 6, "abc", 6, "abc");
	SAME("%c%c|%3c|", 'a', 'b', 'c');
	SAME("%d %d %d %5d|%-5d|%05d", 0, -1, INT_MAX, -42, -42, -42);
	SAME("%d %ld %lld %jd", INT_MIN, LONG_MIN, LLONG_MIN, INTMAX_MIN);
	SAME("%u %lu %llu %zu %ju", UINT_MAX, ULONG_MAX, ULLONG_MAX, SIZE_MAX,
	     UINTMAX_MAX);
	SAME("%x %02x %04x %016llx %lx", 0U, 0xaU, 0xbeefU, 0x123ULL, 0xffUL);
	SAME("%" PRIu64 " 0x%016" PRIx64 " %" PRId64, UINT64_MAX,
	     UINT64_C(0xfedcba9876543210), INT64_MIN);
}

static void
test_bounds(void)
{
	char dst[5] = "????";
	is_int(fmt_text(dst, 4, "%s", "abcdef"), 6, "the whole length");
	is_str(dst, "abc", "cut, with a NUL");
	is_int(fmt_text(dst, 4, "abc"), 3, "just fits");
	is_str(dst, "abc", "just fits");
	is_int(fmt_text(dst, 0, "%d", 12), 2, "no room at all");
	is_str(dst, "abc", "nothing written");
	char unended[3] = { 'x', 'y', 'z' };
	is_int(fmt_text(dst, 5, "%.*s", 3, unended), 3, "no NUL needed");
	is_str(dst, "xyz", "precision bounds the reading");
}

static void
test_stream(void)
{
	char got[64] = { 0 };
	FILE *out = fmemopen(got, sizeof got, "w");
	fmt_print(out, "%s=%04d;", "n", 7);
	fmt_print(out, "%-3s|", "x");
	fclose(out);
	is_str(got, "n=0007;x  |", "printed");
}

int
main(void)
{
	test_conversions();
	test_bounds();
	test_stream();
	return done_testing();
}
