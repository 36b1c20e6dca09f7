// SPDX-License-Identifier: MIT
#include "core/base/err.h"

#include <stdint.h>

static const struct {
	uint8_t status;
	char text[28]; /* in place: a pointer costs a relocation */
} errors[] = {
	[ERR_OK] = { 0, "done" },
	[ERR_REFUSED] = { 1, "refused" },
	[ERR_USAGE] = { 64, "wrong usage" },
	[ERR_MALFORMED] = { 65, "malformed" },
	[ERR_ENCRYPTED] = { 65, "encrypted with a passphrase" },
	[ERR_OPENSSH] = { 65, "in OpenSSH's own format" },
	[ERR_NOT_RSA] = { 65, "not an RSA key" },
	[ERR_WEAK] = { 65, "fewer than 2048 bits" },
	[ERR_TOO_LONG] = { 65, "too long" },
	[ERR_READ] = { 66, "cannot be read" },
	[ERR_UNREACHABLE] = { 69, "unreachable" },
	[ERR_SYSTEM] = { 71, "system error" },
	[ERR_LOCKED] = { 71, "in use by another instance" },
	[ERR_CREATE] = { 73, "cannot be created" },
	[ERR_EXISTS] = { 73, "exists already" },
	[ERR_NOT_FILE] = { 73, "not a regular file" },
	[ERR_WRITE] = { 74, "cannot be written" },
	[ERR_TIMEOUT] = { 75, "timed out" },
	[ERR_PROTOCOL] = { 76, "broke the protocol" },
	[ERR_PERMISSION] = { 77, "not permitted" },
	[ERR_BUSY] = { 71, "busy" },
};

int
err_status(enum err e)
{
	return errors[e].status;
}

const char *
err_text(enum err e)
{
	return errors[e].text;
}
