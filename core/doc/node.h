// SPDX-License-Identifier: MIT
#ifndef XL_DOC_NODE_H
#define XL_DOC_NODE_H

#include <stddef.h>

#include "core/base/err.h"
#include "core/base/text.h"
#include "core/doc/block.h"
#include "core/ident/endpoint.h"
#include "core/ident/nodeid.h"

/* node.dat: a node's name, ID and end points (none are allowed). */

#define NODE_TEXT_MAX 1024 /* bytes of a file */

struct node {
	char name[TEXT_NAME_MAX + 1];
	struct nodeid id;
	size_t ends_len;
	struct endpoint ends[ENDPOINTS_MAX];
};

/* Reads len bytes.  ERR_MALFORMED, and fault says where and what. */
enum err
node_parse(struct node *node, const char *text, size_t len,
	   struct block_fault *fault);

/* Writes node and returns the length. */
size_t
node_format(char dst[static NODE_TEXT_MAX], const struct node *node);

#endif
