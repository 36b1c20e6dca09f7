// SPDX-License-Identifier: MIT
#include "core/doc/node.h"

#include "core/doc/field.h"

static const struct block_field ends[] = {
	{ .key = "TcpEndPoint", .type = &field_end, BLOCK_LIST(node, ends) },
	{ .key = "" },
};

static const struct block_field fields[] = {
	{ "Name", .type = &field_name, .at = offsetof(struct node, name) },
	{ "ID", .type = &field_id, .at = offsetof(struct node, id) },
	{ "EndPoints", .inner = ends },
	{ .key = "" },
};

static const struct block_field document[] = {
	{ "node", .inner = fields },
	{ .key = "" },
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
