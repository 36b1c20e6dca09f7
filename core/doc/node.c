// SPDX-License-Identifier: MIT
#include "core/doc/node.h"

static const struct block_field document[] = {
	{ "node", .row = BLOCK_OPEN },
	{ "Name", BLOCK_VALUE, FIELD_NAME, BLOCK_AT(node, name) },
	{ "ID", BLOCK_VALUE, FIELD_ID, BLOCK_AT(node, id) },
	{ "EndPoints", .row = BLOCK_OPEN },
	{ "TcpEndPoint", BLOCK_VALUE, FIELD_END, BLOCK_LIST(node, ends) },
	{ .row = BLOCK_CLOSE },
	{ .row = BLOCK_CLOSE },
	{ .row = BLOCK_CLOSE },
};

enum err
node_parse(struct node *node, const char *text, size_t len,
	   struct block_fault *fault)
{
	*node = (struct node){ .ends_len = 0 };
	return block_parse(document, node, text, len, fault);
}

size_t
node_format(char dst[static NODE_TEXT_MAX], const struct node *node)
{
	return block_format(document, dst, NODE_TEXT_MAX, node);
}
