// SPDX-License-Identifier: MIT
#ifndef XL_IDENT_KEYDER_H
#define XL_IDENT_KEYDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/err.h"
#include "core/ident/rsakey.h"

/* RSA keys in DER, for keyfile alone. */

/* What was found; pub is there in any case, priv when is_private. */
struct keyder {
	bool is_private;
	struct rsakey_public pub;
	struct rsakey_private priv;
};

/*
 * Reads a PKCS#1 key of either kind, a PKCS#8 private key, or a
 * SubjectPublicKeyInfo: its first elements tell which it is.  ERR_MALFORMED,
 * ERR_ENCRYPTED, ERR_NOT_RSA, ERR_TOO_LONG for a key over 4096 bits; then too
 * the caller wipes found.
 */
enum err
keyder_parse(struct keyder *found, const uint8_t *src, size_t len);

#endif
