// SPDX-License-Identifier: MIT
#include "core/base/date.h"

#include <stdbool.h>

#include "core/base/fmt.h"

/* Splits days since 1970-01-01 into a date of the Gregorian calendar. */
static void
split_days(int64_t days, int *year, int *month, int *day)
{
	static const int lengths[] = { 31, 28, 31, 30, 31, 30,
				       31, 31, 30, 31, 30, 31 };
	int y = 1970, m = 0;
	for (;; y++) {
		bool leap = y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);
		int length = leap ? 366 : 365;
		if (days < length) {
			while (days >= lengths[m] + (m == 1 && leap)) {
				days -= lengths[m] + (m == 1 && leap);
				m++;
			}
			break;
		}
		days -= length;
	}
	*year = y;
	*month = m + 1;
	*day = (int)days + 1;
}

void
date_format(char dst[static DATE_MAX], int64_t at)
{
	int seconds = (int)(at % 86400);
	int year, month, day;
	split_days(at / 86400, &year, &month, &day);
	fmt_text(dst, DATE_MAX, "%04d-%02d-%02dT%02d:%02d:%02dZ", year, month,
		 day, seconds / 3600, seconds / 60 % 60, seconds % 60);
}
