// SPDX-License-Identifier: MIT
#ifndef XL_MEMBER_WORDS_H
#define XL_MEMBER_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Lines of words with a single space between them, taken apart front to back.
 */

/*
 * Cuts the next word off the line at *at and moves on.  Past the end it is
 * "", and *at is NULL.
 */
char *
words_next(char **at);

/* Reads the next word as a number; min, and false, if it is none. */
bool
words_number(char **at, uint64_t min, uint64_t max, uint64_t *number);

/*
 * Copies the next word, a "-" as nothing.  False: it is not there or has cap
 * bytes or more.
 */
bool
words_copy(char **at, char *dst, size_t cap);

#endif
