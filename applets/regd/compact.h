// SPDX-License-Identifier: MIT
#ifndef XL_REGD_COMPACT_H
#define XL_REGD_COMPACT_H

#include <stdbool.h>

#include "core/base/err.h"

struct journal;
struct registry;

/*
 * Writes the journal anew with what is in the registry alone: tokens that
 * were replaced pile up in it, and flash fills up.  Each record gets a frame
 * of its own, so that a damaged place costs one record.
 */

/* Whether more than half of the journal, and 64 KiB, would go. */
bool
compact_is_due(struct registry *reg, const struct journal *j);

/*
 * Does it; the registry's tokens are then in the new file.  Nothing may be
 * staged in the journal.  ERR_CREATE, ERR_WRITE, ERR_READ, ERR_SYSTEM
 * (errno): all is as it was.
 */
enum err
compact_journal(struct registry *reg, struct journal *j);

#endif
