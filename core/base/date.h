// SPDX-License-Identifier: MIT
#ifndef XL_BASE_DATE_H
#define XL_BASE_DATE_H

#include <stdint.h>

/* Times as people read them; strftime would bring zones and locales along. */

#define DATE_MAX 21 /* "2026-11-21T08:39:00Z" and a NUL */

/* Writes at, seconds since 1970 (years 1970 to 9999), as UTC (ISO 8601). */
void
date_format(char dst[static DATE_MAX], int64_t at);

#endif
