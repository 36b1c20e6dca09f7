// SPDX-License-Identifier: MIT
#ifndef XL_REGD_PUBLIC_H
#define XL_REGD_PUBLIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/err.h"
#include "core/doc/regcred.h"
#include "core/run/listen.h"

/*
 * Where the registry is to be reached: the addresses it listens at, and those
 * that its public credential gives.
 */

#define PUBLIC_PORT 55555

struct public
{
	struct net_addr listen[LISTEN_MAX]; /* -a; none: all addresses */
	size_t listen_len;
	uint16_t port;                       /* 0: any */
	const char *given[REGCRED_ENDS_MAX]; /* -g */
	size_t given_len;
};

/* Reads the argument of -a: an IPv4 or IPv6 address, in brackets or not. */
bool
public_add_address(struct public *p, const char *text);

/* Takes the argument of -g.  False: no ADDR or ADDR:PORT, or too many. */
bool
public_add_given(struct public *p, const char *text);

/*
 * Listens at all addresses, with one port.  A kernel without IPv6 does
 * without [::].  Errors as listen_add (errno); *failed is the address then.
 */
enum err
public_listen(const struct public *p, struct listen *listen,
	      struct net_addr *failed);

/*
 * Fills in the credential's end points.  ERR_USAGE: there is none that others
 * could use.
 */
enum err
public_list_ends(const struct public *p, const struct listen *listen,
		 struct regcred *cred);

/* Writes the credential to path, unless that is what is there. */
enum err
public_write_cred(const struct regcred *cred, const char *path);

#endif
