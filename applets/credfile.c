// SPDX-License-Identifier: MIT
#include "applets/credfile.h"

#include <string.h>

#include "core/base/file.h"
#include "core/base/say.h"
#include "core/doc/regcred.h"

int
credfile_read(struct regcred *cred, const char *path, unsigned min_bits)
{
	static char text[REGCRED_TEXT_MAX]; /* too much for the stack */
	const char *name = strcmp(path, "-") == 0 ? "standard input" : path;
	struct block_fault fault = { .line = 0 };
	size_t len;
	enum err e = file_read(path, text, sizeof text, &len);
	if (e != ERR_OK)
		return say_cannot(e, "read", name);
	e = regcred_parse(cred, text, len, &fault);
	if (e != ERR_OK) {
		say("%s:%u: %s", name, fault.line, fault.what);
		return err_status(e);
	}
	if (rsakey_check_public(&cred->ck, min_bits) == ERR_OK)
		return 0;
	say("%s: the comms key has fewer than %u bits", name, min_bits);
	return err_status(ERR_MALFORMED);
}
