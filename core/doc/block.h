// SPDX-License-Identifier: MIT
#ifndef XL_DOC_BLOCK_H
#define XL_DOC_BLOCK_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/err.h"

/*
 * The syntax that all text files share: lines "Key: value", "name {" and "}",
 * LF or CRLF, blank lines and indentation free (xl-protocol(7), Files).  The
 * documents above it are read with it in any order of keys.
 */

/* Where a text is wrong, for "FILE:LINE: what". */
struct block_fault {
	unsigned line;
	char what[80];
};

#endif
