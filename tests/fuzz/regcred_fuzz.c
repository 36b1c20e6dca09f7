// SPDX-License-Identifier: MIT
/* regCred.dat: what is read can be written, and reads the same again. */
#include "core/doc/regcred.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct regcred cred;
	static char text[REGCRED_TEXT_MAX], again[REGCRED_TEXT_MAX];
	struct block_fault fault;
	if (regcred_parse(&cred, (const char *)data, len, &fault) != ERR_OK) {
		if (fault.line == 0 || !memchr(fault.what, 0, 80) ||
		    !fault.what[0])
			abort();
		return 0;
	}
	size_t n = regcred_format(text, &cred);
	if (n == 0 || regcred_parse(&cred, text, n, &fault) != ERR_OK ||
	    regcred_format(again, &cred) != n || memcmp(text, again, n) != 0)
		abort();
	return 0;
}
