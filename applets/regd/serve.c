// SPDX-License-Identifier: MIT
#include "applets/regd/request.h"

#include <string.h>

#include "core/base/log.h"

#define OPS_LEN (reg_XLRegMsg_Tag_LeaveReply + 1)

/* The message in hand; 133 KB, so there is one. */
static reg_XLRegMsg message;

/* What is allowed when; NULL is not allowed. */
static request_handler *const handlers[SERVE_STATES][OPS_LEN] = {
	[SERVE_ANONYMOUS] = {
		[reg_XLRegMsg_Tag_RegCredRequest] = request_cred,
		[reg_XLRegMsg_Tag_Member] = request_member,
		[reg_XLRegMsg_Tag_Bye] = request_bye,
	},
	[SERVE_KNOWN] = {
		[reg_XLRegMsg_Tag_RegCredRequest] = request_cred,
		[reg_XLRegMsg_Tag_Create] = request_create,
		[reg_XLRegMsg_Tag_Join] = request_join,
		[reg_XLRegMsg_Tag_GetCluster] = request_get,
		[reg_XLRegMsg_Tag_Bye] = request_bye,
	},
};

static request_handler *
find_handler(enum serve_state state, uint32_t op)
{
	if (state >= SERVE_STATES || op >= OPS_LEN)
		return NULL;
	return handlers[state][op];
}

/* Takes back what the clients that wait have changed, the last one first. */
static void
undo_all(struct serve *s)
{
	for (struct client *c = s->last; c; c = c->before) {
		registry_undo(s->registry, &c->change);
		if (c->op == reg_XLRegMsg_Tag_Member)
			c->node = REGISTRY_NONE;
	}
}

/* Takes those whose ticket is at most this one out of the queue. */
static struct client *
dequeue(struct serve *s, uint64_t ticket)
{
	struct client *settled = s->first;
	struct client *rest = s->first;
	while (rest && rest->ticket <= ticket)
		rest = rest->after;
	if (rest == settled)
		return NULL;
	if (rest) {
		rest->before->after = NULL;
		rest->before = NULL;
	} else {
		s->last = NULL;
	}
	s->first = rest;
	return settled;
}

/* The store has settled what the client waited for. */
static void
wake(struct serve *s, struct client *c, int reason)
{
	c->before = c->after = NULL;
	c->state = c->back;
	s->answer.len = 0;
	if (c->op != 0 && reason != 0)
		request_refuse_now(s, c, c->op, "cannot store the change");
	else if (c->op != 0)
		request_answer(s, c);
	s->resume(c);
}

/* Later changes stand on earlier ones: if one fails, so do all. */
static void
take_durable(void *context, uint64_t ticket, int reason)
{
	struct serve *s = context;
	if (reason != 0) {
		log_line(LOG_LEVEL_ERROR, "cannot write the journal: %s",
			 strerror(reason));
		undo_all(s);
		ticket = UINT64_MAX;
	}
	struct client *next;
	for (struct client *c = dequeue(s, ticket); c; c = next) {
		next = c->after;
		wake(s, c, reason);
	}
}

void
serve_init(struct serve *s)
{
	s->first = s->last = NULL;
	s->store.tell(s->store.self, take_durable, s);
}

void
serve_begin(struct client *c, unsigned long number, const struct net_addr *peer)
{
	*c = (struct client){
		.state = SERVE_HELLO,
		.number = number,
		.node = REGISTRY_NONE,
		.cluster = REGISTRY_NONE,
	};
	net_format(c->peer, peer);
}

void
serve_message(struct serve *s, struct client *c, const struct session *session)
{
	size_t len;
	const uint8_t *bytes = session_message(session, &len);
	/* Room for what this message may change; others get their answers. */
	if (s->store.room(s->store.self) < RECORD_MAX)
		s->store.commit(s->store.self);
	s->answer.len = 0;
	if (msg_decode(&message, bytes, len) != ERR_OK) {
		request_refuse_now(s, c, 0, "malformed message");
		return;
	}
	log_line(LOG_LEVEL_DEBUG, "%lu %s: %s", c->number, c->peer,
		 msg_op_name(message.Op));
	request_handler *handle = find_handler(c->state, message.Op);
	if (handle)
		handle(s, c, session, &message);
	else
		request_refuse_now(s, c, message.Op,
				   "invalid msg type for current state");
}

void
serve_end(struct serve *s, struct client *c)
{
	if (c->node != REGISTRY_NONE)
		registry_release_node(s->registry, c->node);
	c->node = REGISTRY_NONE;
}
