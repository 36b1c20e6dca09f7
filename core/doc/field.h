// SPDX-License-Identifier: MIT
#ifndef XL_DOC_FIELD_H
#define XL_DOC_FIELD_H

#include "core/doc/block.h"

/* The kinds of value that several documents have, for their tables. */

extern const struct block_type field_name;    /* char[TEXT_NAME_MAX + 1] */
extern const struct block_type field_id;      /* struct nodeid */
extern const struct block_type field_key;     /* struct rsakey_public */
extern const struct block_type field_end;     /* struct endpoint */
extern const struct block_type field_version; /* struct version */
extern const struct block_type field_attrs;   /* uint64_t, as 0x and hex */

#endif
