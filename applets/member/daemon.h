// SPDX-License-Identifier: MIT
#ifndef XL_MEMBER_DAEMON_H
#define XL_MEMBER_DAEMON_H

#include <stdbool.h>
#include <stdint.h>

#include "applets/member/control.h"
#include "applets/member/event.h"
#include "applets/member/follow.h"
#include "applets/member/hooks.h"
#include "applets/member/memberopt.h"
#include "applets/member/peers.h"
#include "applets/member/place.h"
#include "applets/member/service.h"
#include "core/base/text.h"
#include "core/doc/identity.h"
#include "core/doc/roster.h"
#include "core/ident/rng.h"
#include "core/run/listen.h"
#include "core/run/loop.h"
#include "core/run/rsapool.h"

/* What the files of the daemon itself share: start, run, and what happens. */

/* All that a run knows. */
struct daemon {
	const struct memberopt *opt;
	struct rng rng;
	struct identity identity; /* without private keys once there is a pool
				     of helpers */
	struct roster rosters[2]; /* one is in force, one is read into */
	struct roster *roster;
	struct loop loop;
	struct rsapool pool;
	struct listen listen; /* at the cluster port */
	struct place place;
	struct peers_config peers_config;
	struct peers peers;
	struct hooks_config hooks_config;
	char self_id[NODEID_HEX_MAX];
	char cluster[TEXT_NAME_MAX + 1]; /* its name, for hooks and services */
	struct hooks hooks;
	struct control control;
	struct follow_config follow_config;
	struct follow follow;
	struct service_config service_config;
	struct service service;
	uint64_t seq;    /* of the last event */
	bool had_quorum; /* as the last event has it */
	bool ready;      /* has been told */
	int status;      /* of a failure that ends the run */
};

/*
 * Brings everything up until connections can be accepted, and says what fails.
 * Returns the exit status, 0 when all is well.
 */
int
daemon_start(struct daemon *d);

/* Serves until a signal.  Returns the exit status. */
int
daemon_run(struct daemon *d);

/*
 * Reads cluster.dat into the roster that is not in force, and checks that this
 * node is in it.  Returns 0, or an exit status after saying why not.
 */
int
daemon_read_roster(struct daemon *d);

/* Puts it in force; tells of it if it is another one. */
void
daemon_swap_roster(struct daemon *d);

/* Tells of something that has happened to the member with index, or to all. */
void
daemon_tell(struct daemon *d, enum event_kind kind, unsigned index);

/* Sets what the parts of the daemon tell it. */
void
daemon_wire(struct daemon *d);

/* Whether ready has to be told now, and tells it. */
void
daemon_check_ready(struct daemon *d);

/* xl-member without a subcommand. */
int
daemon_main(const struct memberopt *opt, int argc, char **argv);

#endif
