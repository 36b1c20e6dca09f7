// SPDX-License-Identifier: MIT
#include "core/base/date.h"

#include "tests/unit/tap.h"

static void
is_date(int64_t at, const char *want)
{
	char text[DATE_MAX];
	date_format(text, at);
	is_str(text, want, "%" PRId64, at);
}

/* The values are those of date(1). */
int
main(void)
{
	is_date(0, "1970-01-01T00:00:00Z");
	is_date(68169599, "1972-02-28T23:59:59Z");
	is_date(68169600, "1972-02-29T00:00:00Z");
	is_date(951782400, "2000-02-29T00:00:00Z");
	is_date(2147483648, "2038-01-19T03:14:08Z");
	is_date(4107542400, "2100-03-01T00:00:00Z");
	is_date(4107542399, "2100-02-28T23:59:59Z");
	is_date(253402300799, "9999-12-31T23:59:59Z");
	return done_testing();
}
