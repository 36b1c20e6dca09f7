// SPDX-License-Identifier: MIT
#ifndef XL_IDENT_KEYPAIR_H
#define XL_IDENT_KEYPAIR_H

#include "core/base/err.h"
#include "core/ident/rsakey.h"

struct rng;

/*
 * Two RSA keys at once: what takes longest when a node is made.  Where there
 * are two processors a child process makes one of them and hands it over
 * through a pipe; where there is one, or no child can be had, both are made
 * here.
 */

/* Makes two keys as rsakey_generate does.  ERR_SYSTEM. */
enum err
keypair_generate(struct rsakey_private *a, struct rsakey_private *b,
		 unsigned bits, struct rng *rng);

#endif
