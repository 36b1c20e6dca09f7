// SPDX-License-Identifier: MIT
/* node.dat: what is read can be written, and reads the same again. */
#include "core/doc/node.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct node node;
	static char text[NODE_TEXT_MAX], again[NODE_TEXT_MAX];
	struct block_fault fault;
	if (node_parse(&node, (const char *)data, len, &fault) != ERR_OK) {
		if (fault.line == 0 || !memchr(fault.what, 0, 80) ||
		    !fault.what[0])
			abort();
		return 0;
	}
	size_t n = node_format(text, &node);
	if (n == 0 || node_parse(&node, text, n, &fault) != ERR_OK ||
	    node_format(again, &node) != n || memcmp(text, again, n) != 0)
		abort();
	return 0;
}
