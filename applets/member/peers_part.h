// SPDX-License-Identifier: MIT
#ifndef XL_MEMBER_PEERS_PART_H
#define XL_MEMBER_PEERS_PART_H

#include "applets/member/peers.h"

/* What the files that make up peers.h share. */

#define PART_STRANGERS_MAX 128 /* who did not say who they are */
#define PART_SESSIONS_MAX 4    /* of a member, with those that say Bye */

/* peers_dial.c: the way to the others. */

/* Nothing is known of the way to its member yet. */
void
part_dial_init(struct peer *p);

/* The index of a peer. */
unsigned
part_index(const struct peer *p);

/* Dials now, unless that is under way. */
void
part_dial(struct peer *p);

/* There is no session (any more): sets when to dial, unless that is set. */
void
part_plan(struct peer *p);

/* The time that was set is there: dials, unless the member just does. */
void
part_dial_due(struct peer *p);

/* There is a session. */
void
part_dial_done(struct peer *p);

/* A dial came to nothing: the next one comes later. */
void
part_dial_failed(struct peer *p);

/* Whether the member may be at that address. */
bool
part_is_at(const struct peer *p, const struct net_addr *from);

/* Somebody at this address is there: dials those soon that are down. */
void
part_take_knock(struct peers *all, const struct net_addr *from);

/* Tells a member that we are there, without a session. */
void
part_knock(struct peer *p);

/* Resolves the next name that waits for it. */
void
part_resolve(struct peers *all);

/* Ends all that is under way to p. */
void
part_dial_stop(struct peer *p);

/* peers_link.c: connections; peers_accept.c: those that come in. */

/* A slot for a link, or NULL. */
struct link *
part_take_slot(struct peers *all);

/* Its slot is free from the next turn on. */
void
part_give_slot(struct peers *all, struct link *l);

/* Gives the slots back that were ended in this turn. */
void
part_bury(struct peers *all);

uint8_t *
part_buffers(const struct peers *all, const struct link *l);

/* Sets what links are told. */
void
part_set_kind(struct peers *all);

/* Whether a Hello may be under way from the member. */
bool
part_is_coming(const struct peer *p);

/* Closes what is left of the sessions with p. */
void
part_drop_links(struct peer *p);

/* The time is up in which the first of two sessions had to prove itself. */
void
part_judge_rivals(struct peers *all, int64_t now);

/* Closes links that never said who they are, and Byes without answer. */
void
part_sweep(struct peers *all, int64_t now);

/* Sends what waits for a session, or for room on it. */
void
part_flush(struct peer *p);

#endif
