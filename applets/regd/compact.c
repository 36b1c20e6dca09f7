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
#define RECORD_EXTRA (FRAME_HEADER_LEN + 11)
#define CLUSTER_EXTRA 64 /* more where there is a cluster in it */

/* What is to stay: a node, a cluster, or a member of one. */
struct item {
	struct registry_token *token;           /* NULL: a cluster */
	const struct registry_cluster *cluster; /* NULL: a node */
	uint32_t index;                         /* of a member */
	enum dialect dialect; /* in which the node was accepted */
};

/*
 * One run over all that is to stay, in an order that replay accepts: of the
 * nodes of one key the oldest first.
 */
struct walk {
	enum err (*visit)(struct walk *w, const struct item *item);
	struct registry *reg;
	struct store from, to;
	uint64_t len;     /* of the file that comes out */
	uint64_t *places; /* where the tokens are in it */
	size_t places_len;
	int reason; /* of the last commit */
};

/* The nodes of one key, from the oldest on. */
static enum err
walk_key(struct walk *w, uint32_t oldest)
{
	enum err e = ERR_OK;
	for (uint32_t i = oldest; i != REGISTRY_NONE && e == ERR_OK;
	     i = w->reg->nodes[i].newer) {
		struct registry_node *n = &w->reg->nodes[i];
		if (n->stored)
			e = w->visit(w, &(struct item){
						.token = &n->token,
						.dialect = n->dialect,
					});
	}
	return e;
}

static enum err
walk_nodes(struct walk *w)
{
	const struct registry *reg = w->reg;
	enum err e = ERR_OK;
	for (uint32_t i = 0; i < reg->nodes_len && e == ERR_OK; i++)
		if (reg->nodes[i].id.len > 0 &&
		    reg->nodes[i].older == REGISTRY_NONE)
			e = walk_key(w, i);
	return e;
}

static enum err
walk_cluster(struct walk *w, const struct registry_cluster *c)
{
	enum err e = w->visit(w, &(struct item){ .cluster = c });
	for (uint32_t i = 0; i < c->max_size && e == ERR_OK; i++) {
		struct registry_member *m = &w->reg->members[c->members + i];
		if (m->node == REGISTRY_NONE)
			continue;
		e = w->visit(w,
			     &(struct item){
				     .token = &m->token,
				     .cluster = c,
				     .index = i,
				     .dialect = w->reg->nodes[m->node].dialect,
			     });
	}
	return e;
}

static enum err
walk_all(struct walk *w)
{
	enum err e = walk_nodes(w);
	for (uint32_t i = 0; i < w->reg->clusters_len && e == ERR_OK; i++)
		e = walk_cluster(w, &w->reg->clusters[i]);
	return e;
}

static enum err
visit_measure(struct walk *w, const struct item *item)
{
	w->len += RECORD_EXTRA;
	if (item->cluster)
		w->len += CLUSTER_EXTRA;
	if (item->token)
		w->len += item->token->len;
	if (item->token)
		w->places_len++;
	return ERR_OK;
}

static enum err
copy(struct walk *w, const struct item *item, struct registry_token *place)
{
	struct record_token token;
	uint64_t ticket;
	if (!item->token)
		return record_append_cluster(&w->to, item->cluster, &ticket);
	enum err e = record_read_token(&w->from, item->token, &token);
	if (e != ERR_OK)
		return e;
	if (item->cluster)
		return record_append_member(&w->to, &item->cluster->id,
					    item->index, item->dialect, &token,
					    &ticket, place);
	return record_append_node(&w->to, item->dialect, &token, &ticket,
				  place);
}

/* Copies one record to the new file and notes where its token is. */
static enum err
visit_copy(struct walk *w, const struct item *item)
{
	struct registry_token place = { 0 };
	enum err e = copy(w, item, &place);
	if (e != ERR_OK)
		return e;
	if (item->token)
		w->places[w->places_len++] = place.at;
	w->to.commit(w->to.self);
	errno = w->reason;
	return w->reason == 0 ? ERR_OK : ERR_WRITE;
}

static enum err
visit_move(struct walk *w, const struct item *item)
{
	if (item->token)
		item->token->at = w->places[w->places_len++];
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
go(struct walk *w, enum err (*visit)(struct walk *w, const struct item *item))
{
	w->visit = visit;
	w->places_len = 0;
	return walk_all(w);
}

static void
measure(struct walk *w, struct registry *reg)
{
	w->reg = reg;
	w->len = FRAME_HEADER_LEN;
	(void)go(w, visit_measure);
}

bool
compact_is_due(struct registry *reg, const struct journal *j)
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
