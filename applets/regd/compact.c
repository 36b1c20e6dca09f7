// SPDX-License-Identifier: MIT
#include "applets/regd/compact.h"

#include <errno.h>
#include <stdlib.h>

#include "applets/regd/frame.h"
#include "applets/regd/journal.h"
#include "applets/regd/record.h"
#include "applets/regd/registry.h"

#define GARBAGE_MIN (64 * 1024)
/* Bytes of a record, with its frame, without its token. */
#define NODE_EXTRA (FRAME_HEADER_LEN + 11)
#define CLUSTER_EXTRA (FRAME_HEADER_LEN + 96)
#define MEMBER_EXTRA (FRAME_HEADER_LEN + 47)

/*
 * One run over all that is to stay, in an order that replay accepts: of the
 * nodes of one key the oldest first.  cluster and member are NULL for a node,
 * member is NULL for a cluster.
 */
struct walk {
	enum err (*visit)(struct walk *w, struct registry_node *node,
			  const struct registry_cluster *cluster,
			  struct registry_member *member);
	struct registry *reg;
	struct store from, to;
	uint64_t len;     /* of the file that comes out */
	uint64_t *places; /* where the tokens are in it */
	size_t places_len;
	int reason; /* of the last commit */
};

static enum err
walk_nodes(struct walk *w)
{
	struct registry *reg = w->reg;
	enum err e = ERR_OK;
	for (uint32_t i = 0; i < reg->nodes_len && e == ERR_OK; i++) {
		if (reg->nodes[i].id.len == 0 ||
		    reg->nodes[i].older != REGISTRY_NONE)
			continue;
		for (uint32_t n = i; n != REGISTRY_NONE && e == ERR_OK;
		     n = reg->nodes[n].newer)
			if (reg->nodes[n].stored)
				e = w->visit(w, &reg->nodes[n], NULL, NULL);
	}
	return e;
}

static enum err
walk_members(struct walk *w, const struct registry_cluster *c)
{
	struct registry *reg = w->reg;
	enum err e = ERR_OK;
	for (uint32_t i = 0; i < c->max_size && e == ERR_OK; i++) {
		struct registry_member *m = &reg->members[c->members + i];
		if (m->node != REGISTRY_NONE)
			e = w->visit(w, &reg->nodes[m->node], c, m);
	}
	return e;
}

static enum err
walk_all(struct walk *w)
{
	enum err e = walk_nodes(w);
	for (uint32_t i = 0; i < w->reg->clusters_len && e == ERR_OK; i++) {
		const struct registry_cluster *c = &w->reg->clusters[i];
		e = w->visit(w, NULL, c, NULL);
		if (e == ERR_OK)
			e = walk_members(w, c);
	}
	return e;
}

static enum err
visit_measure(struct walk *w, struct registry_node *node,
	      const struct registry_cluster *cluster,
	      struct registry_member *member)
{
	if (member)
		w->len += MEMBER_EXTRA + member->token.len;
	else if (cluster)
		w->len += CLUSTER_EXTRA;
	else
		w->len += NODE_EXTRA + node->token.len;
	if (!cluster || member)
		w->places_len++;
	return ERR_OK;
}

/* Copies one record to the new file and notes where its token is. */
static enum err
visit_copy(struct walk *w, struct registry_node *node,
	   const struct registry_cluster *cluster,
	   struct registry_member *member)
{
	struct record_token token;
	struct registry_token place = { 0 };
	uint64_t ticket;
	enum err e = ERR_OK;
	if (!cluster || member)
		e = record_read_token(&w->from,
				      member ? &member->token : &node->token,
				      &token);
	if (e != ERR_OK)
		return e;
	if (member)
		e = record_append_member(
			&w->to, &cluster->id,
			(uint32_t)(member - w->reg->members) - cluster->members,
			node->dialect, &token, &ticket, &place);
	else if (cluster)
		e = record_append_cluster(&w->to, cluster, &ticket);
	else
		e = record_append_node(&w->to, node->dialect, &token, &ticket,
				       &place);
	if (e != ERR_OK)
		return e;
	if (place.len > 0)
		w->places[w->places_len++] = place.at;
	w->to.commit(w->to.self);
	errno = w->reason;
	return w->reason == 0 ? ERR_OK : ERR_WRITE;
}

static enum err
visit_move(struct walk *w, struct registry_node *node,
	   const struct registry_cluster *cluster,
	   struct registry_member *member)
{
	if (member)
		member->token.at = w->places[w->places_len++];
	else if (!cluster)
		node->token.at = w->places[w->places_len++];
	return ERR_OK;
}

/* The walk tells its callback the reason of a commit that failed. */
static void
note_reason(void *context, uint64_t ticket, int reason)
{
	struct walk *w = context;
	(void)ticket;
	w->reason = reason;
}

/* Goes over everything from the start with another visitor. */
static enum err
go(struct walk *w,
   enum err (*visit)(struct walk *, struct registry_node *,
		     const struct registry_cluster *, struct registry_member *))
{
	w->visit = visit;
	w->places_len = 0;
	return walk_all(w);
}

static void
measure(struct walk *w, const struct registry *reg)
{
	/* This visitor changes nothing. */
	w->reg = (struct registry *)(uintptr_t)reg;
	w->len = FRAME_HEADER_LEN;
	(void)go(w, visit_measure);
}

bool
compact_is_due(const struct registry *reg, const struct journal *j)
{
	struct walk w = { 0 };
	if (j->end < GARBAGE_MIN)
		return false;
	measure(&w, reg);
	return j->end > GARBAGE_MIN + w.len && j->end / 2 > w.len;
}

enum err
compact_journal(struct registry *reg, struct journal *j)
{
	struct journal fresh;
	struct walk w = { .from = journal_store(j),
			  .to = journal_store(&fresh) };
	measure(&w, reg);
	w.places = calloc(w.places_len + 1, sizeof *w.places);
	if (!w.places)
		return ERR_SYSTEM;
	enum err e = journal_begin(&fresh, j);
	if (e == ERR_OK) {
		w.to.tell(&fresh, note_reason, &w);
		e = go(&w, visit_copy);
		if (e == ERR_OK)
			e = journal_end(&fresh, j);
		if (e == ERR_OK)
			(void)go(&w, visit_move);
		journal_abandon(&fresh);
	}
	free(w.places);
	return e;
}
