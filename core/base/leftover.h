// SPDX-License-Identifier: MIT
#ifndef XL_BASE_LEFTOVER_H
#define XL_BASE_LEFTOVER_H

#include <stddef.h>

/*
 * The temporary files through which file_write writes.  A process that is
 * killed leaves its own behind, perhaps with a secret: who next writes the
 * same file takes it away.
 */

/*
 * Writes the name of this process's temporary beside path, NAME.PID.xl-tmp,
 * and returns its length as fmt_text.
 */
size_t
leftover_name(char *dst, size_t cap, const char *path);

/*
 * Removes the temporaries beside path whose process is gone, and what one with
 * this process's number left.  errno stays as it is.
 */
void
leftover_remove(const char *path);

#endif
