// SPDX-License-Identifier: MIT

/* Arguments that are numbers, into integers of all types. */

#include "core/base/opt.h"

#include <limits.h>

#include "tests/unit/tap.h"

/* What stands beside a number stays as it was. */
static struct {
	uint16_t before, port, behind;
	unsigned bits, next;
	int fd;
	size_t size;
	int64_t ms, last;
} o;

static void
test_types(void)
{
	o.before = o.behind = 0x5aa5;
	o.next = 0x5aa55aa5;
	o.last = -1;
	ok(OPT_NUMBER(o.port, "65535", 0, UINT16_MAX, 1), "a port");
	is_int(o.port, 65535, "is read");
	ok(o.before == 0x5aa5 && o.behind == 0x5aa5, "and nothing else");
	ok(OPT_NUMBER(o.bits, "4294967295", 0, UINT32_MAX, 1), "unsigned");
	is_int(o.bits, UINT32_MAX, "is read");
	is_int(o.next, 0x5aa55aa5, "and nothing else");
	ok(OPT_NUMBER(o.fd, "2147483647", 0, INT_MAX, 1), "int");
	is_int(o.fd, INT_MAX, "is read");
	ok(OPT_NUMBER(o.size, "77", 1, 100, 1), "size_t");
	is_int(o.size, 77, "is read");
	ok(OPT_NUMBER(o.ms, "31536000", 1, 31536000, 1000), "a year");
	is_int(o.ms, INT64_C(31536000000), "in milliseconds");
	is_int(o.last, -1, "and nothing else");
}

static void
test_wrong(void)
{
	static const char *const wrong[] = { "",          "0",   "101", "-1",
					     " 7",        "7 ",  "7x",  "0x10",
					     "+7",        "1e1", "1.5", "x",
					     "4294967297" };
	o.bits = 9;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		ok(!OPT_NUMBER(o.bits, wrong[i], 1, 100, 1), "not %s",
		   wrong[i]);
	is_int(o.bits, 9, "and it stays as it was");
}

int
main(void)
{
	test_types();
	test_wrong();
	return done_testing();
}
