// SPDX-License-Identifier: MIT
#ifndef XL_BASE_FMT_H
#define XL_BASE_FMT_H

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

/*
 * Formatted text in one kilobyte: the part of printf(3) that this program
 * uses, without the ten kilobytes of floating point and wide characters that
 * come with it.  Conversions %s %c %d %u %x %%; flags '-' and '0'; width and
 * precision, also '*'; lengths l, ll, z, j.  Compilers check the arguments as
 * they do for printf.
 */

/*
 * Writes at most cap - 1 characters and a NUL to dst (nothing if cap is 0)
 * and returns the characters of the whole text: what did not fit is missing
 * when that is cap or more.
 */
size_t
fmt_text(char *dst, size_t cap, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
size_t
fmt_vtext(char *dst, size_t cap, const char *format, va_list args)
	__attribute__((format(printf, 3, 0)));

/* Prints to a stream; what goes wrong stays with the stream (ferror(3)). */
void
fmt_print(FILE *out, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
