// SPDX-License-Identifier: MIT
#ifndef XL_MEMBER_CONNECT_H
#define XL_MEMBER_CONNECT_H

struct memberopt;

/*
 * xl-member connect NAME|any: joins standard input and output to a member's
 * service, or forwards a local port to it.  Of the options it takes -d or
 * --cluster, -i, --listen, --max-clients (of --listen), --ready-fd, -v,
 * -w (seconds until a member has to have answered) and --insecure-test-key.
 */
int
connect_main(const struct memberopt *opt, int argc, char **argv);

#endif
