// SPDX-License-Identifier: MIT
#ifndef XL_MEMBER_ROSTERFILE_H
#define XL_MEMBER_ROSTERFILE_H

#include "core/base/err.h"

struct block_fault;
struct roster;

/* cluster.dat as a file; its text takes memory only meanwhile. */

/* Reads it.  ERR_READ (errno), ERR_MALFORMED (fault), ERR_SYSTEM. */
enum err
rosterfile_read(struct roster *roster, const char *path,
		struct block_fault *fault);

/* Writes it.  Errors as file_write, ERR_SYSTEM. */
enum err
rosterfile_write(const struct roster *roster, const char *path);

#endif
