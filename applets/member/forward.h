// SPDX-License-Identifier: MIT
#ifndef XL_MEMBER_FORWARD_H
#define XL_MEMBER_FORWARD_H

struct loop;
struct memberopt;
struct reach_config;

/*
 * xl-member connect --listen: each connection to a local port is forwarded to
 * a member's service, so that any program may use it.
 */

/*
 * Listens where opt says, prints the address, and forwards until a signal
 * ends the process; SIGHUP calls reload.  Returns an exit status after saying
 * what fails.
 */
int
forward_run(const struct memberopt *opt, struct reach_config *config,
	    struct loop *loop, int (*reload)(void));

#endif
