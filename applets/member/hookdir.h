// SPDX-License-Identifier: MIT
#ifndef XL_MEMBER_HOOKDIR_H
#define XL_MEMBER_HOOKDIR_H

#include <limits.h>

#include "core/base/err.h"

/* The commands in a folder, in order, as run-parts(8) has them. */

#define HOOKDIR_NAME_MAX (NAME_MAX + 1)

/*
 * Replaces name, "" at the start, by that of the next command: of the
 * executable files whose names are of [A-Za-z0-9_-], the first behind it in
 * the order of bytes.  The folder may change between calls; nothing is
 * allocated.  ERR_REFUSED: there is none; ERR_READ (errno).
 */
enum err
hookdir_next(const char *folder, char name[static HOOKDIR_NAME_MAX]);

#endif
