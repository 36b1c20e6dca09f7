// SPDX-License-Identifier: MIT
#ifndef XL_DOC_REGCRED_H
#define XL_DOC_REGCRED_H

#include <stddef.h>

#include "core/base/err.h"
#include "core/base/text.h"
#include "core/doc/block.h"
#include "core/ident/endpoint.h"
#include "core/ident/nodeid.h"
#include "core/ident/rsakey.h"
#include "core/ident/version.h"

/*
 * regCred.dat, a registry's public credential: xl-regcred(5).  Written with
 * CRLF but for the bare LF after each key line, in the order that the
 * published programs need; read with either line end.
 */

#define REGCRED_TEXT_MAX 8192 /* bytes of a file */
#define REGCRED_ENDS_MAX 8

struct regcred {
	char name[TEXT_NAME_MAX + 1];
	struct nodeid id;
	struct rsakey_public ck, sk;
	size_t ends_len; /* 1 and up */
	struct endpoint ends[REGCRED_ENDS_MAX];
	struct version version;
};

/* Reads len bytes.  ERR_MALFORMED, and fault says where and what. */
enum err
regcred_parse(struct regcred *cred, const char *text, size_t len,
	      struct block_fault *fault);

/* Writes cred and returns the length. */
size_t
regcred_format(char dst[static REGCRED_TEXT_MAX], const struct regcred *cred);

#endif
