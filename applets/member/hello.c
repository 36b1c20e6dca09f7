// SPDX-License-Identifier: MIT
#include "applets/member/hello.h"

#include <string.h>

#include "applets/member/client.h"
#include "applets/member/service.h"
#include "core/base/log.h"
#include "core/base/text.h"
#include "core/wire/peermsg.h"

bool
hello_is_next(struct client *c, const cluster_XLClusterMsg *msg)
{
	return msg->has_MsgN && msg->MsgN == ++c->got_n;
}

/* Whether it is the Hello of one in the list. */
static bool
is_known(struct client *c, const cluster_XLClusterMsg *msg)
{
	static struct clients_one one;
	uint8_t digest[32];
	if (msg->Op != cluster_XLClusterMsg_Tag_Hello || !msg->has_ID ||
	    msg->ID.size != CLIENTS_ID_LEN || !msg->has_DigSig)
		return false;
	text_hex(c->id, msg->ID.bytes, CLIENTS_ID_LEN);
	bool listed = clients_find(&c->service->clients, msg->ID.bytes, &one) ==
		      ERR_OK;
	if (c->service->clients.len == 0)
		return false;
	peermsg_digest_client(digest, session_bind(&c->channel.session),
			      c->service->config->self_id);
	bool good =
		rsakey_verify(&one.key, RSAKEY_SHA256, digest,
			      msg->DigSig.bytes, msg->DigSig.size) == ERR_OK;
	memcpy(c->name, one.name, sizeof c->name);
	return listed && good; /* both are asked: see clients_find */
}

bool
hello_is_known(struct client *c, const uint8_t *bytes, size_t len)
{
	static cluster_XLClusterMsg msg;
	if (peermsg_decode(&msg, bytes, len) == ERR_OK &&
	    hello_is_next(c, &msg) && is_known(c, &msg))
		return true;
	log_line(LOG_LEVEL_INFO, "client %lu %s: %s%s", c->number, c->peer,
		 c->id[0] ? "not a listed client's key: " : "no key", c->id);
	return false;
}

/* One message a process is enough: each is used at once. */
static cluster_XLClusterMsg *
fresh(uint32_t op)
{
	static cluster_XLClusterMsg msg;
	peermsg_clear(&msg);
	msg.has_Op = true;
	msg.Op = op;
	return &msg;
}

/* Posts a message of a few bytes, numbered. */
static void
post(struct client *c, cluster_XLClusterMsg *msg)
{
	uint8_t bytes[64];
	msg->has_MsgN = true;
	msg->MsgN = ++c->sent_n;
	size_t len = peermsg_encode(msg, bytes, sizeof bytes);
	(void)channel_post(&c->channel, bytes, len); /* or it is going */
}

void
hello_post_ack(struct client *c)
{
	cluster_XLClusterMsg *msg = fresh(cluster_XLClusterMsg_Tag_Ack);
	msg->has_YourMsgN = true;
	msg->YourMsgN = c->got_n;
	post(c, msg);
}

void
hello_answer(struct client *c)
{
	if (!c->ack_due || c->relay.connecting)
		return;
	c->ack_due = false;
	hello_post_ack(c);
}

void
hello_post_error(struct client *c, const char *why)
{
	cluster_XLClusterMsg *msg = fresh(cluster_XLClusterMsg_Tag_Error);
	msg->has_ErrDesc = true;
	msg->ErrDesc.size = (pb_size_t)strlen(why);
	memcpy(msg->ErrDesc.bytes, why, msg->ErrDesc.size);
	post(c, msg);
}
