// SPDX-License-Identifier: MIT
#ifndef XL_BASE_DATE_H
#define XL_BASE_DATE_H

#include <stdint.h>

/* Times as people read them; strftime would bring zones and locales along. */

#define DATE_MAX 21                   /* "2026-11-21T08:39:00Z" and a NUL */
#define DATE_SECONDS_MAX 253402300799 /* 9999-12-31T23:59:59Z */

/* Writes at, 0 to DATE_SECONDS_MAX since 1970, as UTC (ISO 8601). */
void
date_format(char dst[static DATE_MAX], int64_t at);

#endif
