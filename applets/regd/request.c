// SPDX-License-Identifier: MIT
#include "applets/regd/request.h"

#include <errno.h>
#include <string.h>

#include "core/base/log.h"

void
request_refuse_now(struct serve *s, struct client *c, uint32_t op,
		   const char *text)
{
	log_line(LOG_LEVEL_INFO, "%lu %s: refused %s: %s", c->number, c->peer,
		 msg_op_name(op), text);
	answer_error(&s->answer, text);
	c->state = SERVE_CLOSING;
}

void
request_refuse_store(struct serve *s, struct client *c, uint32_t op)
{
	log_line(LOG_LEVEL_ERROR, "cannot store a change: %s", strerror(errno));
	request_refuse_now(s, c, op, "cannot store the change");
}

bool
request_reserve(struct serve *s, struct client *c, uint32_t op)
{
	if (registry_reserve(s->registry) == ERR_OK)
		return true;
	request_refuse_store(s, c, op);
	return false;
}

void
request_cred(struct serve *s, struct client *c, const struct session *session,
	     const reg_XLRegMsg *msg)
{
	(void)c;
	(void)msg;
	answer_cred(&s->answer, s->cred, session->dialect);
}

void
request_bye(struct serve *s, struct client *c, const struct session *session,
	    const reg_XLRegMsg *msg)
{
	(void)session;
	(void)msg;
	answer_ack(&s->answer);
	c->state = SERVE_CLOSING;
}

void
request_answer(struct serve *s, struct client *c)
{
	if (c->op == reg_XLRegMsg_Tag_Member) {
		log_line(LOG_LEVEL_DEBUG, "%lu %s: is %s", c->number, c->peer,
			 c->name);
		answer_member(&s->answer, &s->registry->nodes[c->node].id,
			      c->attrs, c->name);
		c->state = SERVE_KNOWN;
		return;
	}
	const struct registry_cluster *cluster =
		&s->registry->clusters[c->cluster];
	const char *did = c->op == reg_XLRegMsg_Tag_Join             ? "joined"
			  : c->change.kind == REGISTRY_CLUSTER_ADDED ? "created"
								     : "found";
	log_line(LOG_LEVEL_INFO, "%lu %s: %s %s cluster %.*s, %u of %u",
		 c->number, c->peer, c->name, did, (int)cluster->name_len,
		 cluster->name, cluster->size, cluster->max_size);
	/* The op of a reply follows that of its request. */
	answer_cluster(&s->answer, c->op + 1, cluster);
}

/* Puts the client behind those who wait for the store. */
static void
enqueue(struct serve *s, struct client *c, uint32_t op, uint64_t ticket)
{
	c->op = op;
	c->ticket = ticket;
	c->before = s->last;
	c->after = NULL;
	if (s->last)
		s->last->after = c;
	else
		s->first = c;
	s->last = c;
	c->back = c->state;
	c->state = SERVE_STORING;
}

void
request_settle(struct serve *s, struct client *c, uint32_t op, uint64_t ticket)
{
	/* What somebody else has staged may be what this stands on. */
	if (ticket == 0 && s->last)
		ticket = s->last->ticket;
	if (ticket != 0) {
		enqueue(s, c, op, ticket);
		return;
	}
	c->op = op;
	request_answer(s, c);
}

bool
request_wait(struct serve *s, struct client *c)
{
	if (!s->last)
		return false;
	c->change.kind = REGISTRY_NO_CHANGE;
	enqueue(s, c, 0, s->last->ticket);
	return true;
}

void
request_refuse(struct serve *s, struct client *c, uint32_t op, const char *text)
{
	if (!request_wait(s, c))
		request_refuse_now(s, c, op, text);
}
