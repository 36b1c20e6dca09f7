// SPDX-License-Identifier: MIT
/* cluster.dat: what is read can be written, and reads the same again. */
#include "core/doc/roster.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct roster roster;
	static char text[ROSTER_TEXT_MAX], again[ROSTER_TEXT_MAX];
	struct block_fault fault;
	if (roster_parse(&roster, (const char *)data, len, &fault) != ERR_OK) {
		if (fault.line == 0 || !memchr(fault.what, 0, 80) ||
		    !fault.what[0])
			abort();
		return 0;
	}
	size_t n = roster_format(text, &roster);
	if (n == 0 || roster_parse(&roster, text, n, &fault) != ERR_OK ||
	    roster_format(again, &roster) != n || memcmp(text, again, n) != 0)
		abort();
	return 0;
}
