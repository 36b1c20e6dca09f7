// SPDX-License-Identifier: MIT
#include "applets/member/reach.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "core/base/fmt.h"
#include "core/base/say.h"
#include "core/base/text.h"
#include "core/ident/rng.h"
#include "core/wire/peermsg.h"

#define CLIENT_END 1 /* the end point that is the client port */
/* How long a first try may take where there is another one to make. */
#define PATIENCE_MIN_MS 250
#define PATIENCE_MAX_MS 1000
#define SILENT_MS 30000 /* until a silent member is tried in its turn again */

/* Until when others are tried first, by index into the roster. */
static int64_t silent_until[ROSTER_MEMBERS_MAX];

static struct reach *
reach_of(struct channel *channel)
{
	return (struct reach *)(void *)channel; /* its first member */
}

const struct member *
reach_member(const struct reach *r)
{
	return &r->roster->members[r->order[r->at]];
}

static void
stop_waiting(struct reach *r)
{
	r->waiting.events = 0;
	r->waiting.deadline = LOOP_NEVER;
	if (r->resolver.fd >= 0)
		resolver_stop(&r->resolver);
}

static void
note(struct reach *r, enum err e, const char *reason)
{
	r->error = e;
	fmt_text(r->why, sizeof r->why, "cannot reach %s%s: %s",
		 r->config->name ? "" : "any: ", reach_member(r)->name, reason);
	if (r->config->verbose)
		say("%s", r->why);
}

static void
end(struct reach *r, enum err why)
{
	stop_waiting(r);
	loop_remove(r->config->kind.loop, &r->waiting);
	r->config->ended(r, why);
}

/*
 * Who is alone has all the time; who is not, must not waste the others', with
 * however many addresses.
 */
static void
limit_try(struct reach *r)
{
	size_t shares = r->addrs_len > 1 ? r->addrs_len : 1;
	int64_t until = loop_now() + r->patience / (int64_t)shares;
	bool alone = r->order_len == 1 && r->addrs_len <= 1;
	r->waiting.deadline = alone || until > r->limit ? r->limit : until;
}

/* Connects to the next address of the member.  False: there is none. */
static bool
try_addr(struct reach *r)
{
	while (r->addr < r->addrs_len) {
		int fd;
		enum err e = net_connect(&r->addrs[r->addr++], NULL, &fd);
		if (e != ERR_OK) {
			note(r, e, strerror(errno));
			continue;
		}
		e = channel_dial(&r->channel, &r->config->kind, r->buffers, fd,
				 &reach_member(r)->ck);
		if (e == ERR_OK) {
			limit_try(r);
			return true;
		}
		note(r, e, err_text(e));
	}
	return false;
}

/* Finds the addresses of the member, now or in a while. */
static void
start_member(struct reach *r)
{
	const struct endpoint *ep = &reach_member(r)->ends[CLIENT_END];
	r->addr = r->addrs_len = 0;
	r->silent = false;
	if (net_parse(&r->addrs[0], ep->host, ep->port) == ERR_OK) {
		r->addrs_len = 1;
		return;
	}
	enum err e = resolver_start(&r->resolver, ep->host, ep->port);
	if (e != ERR_OK) {
		note(r, e, strerror(errno));
		return;
	}
	r->waiting.fd = r->resolver.fd;
	r->waiting.events = POLLIN;
	limit_try(r);
}

/*
 * Goes to the next member; one that was silent has its turn again, and more
 * time then.  False: there is none, or no time.
 */
static bool
next_member(struct reach *r)
{
	uint8_t *at = &r->order[r->at];
	if (loop_now() >= r->limit)
		return false;
	if (r->silent)
		r->at++;
	else
		memmove(at, at + 1, --r->order_len - r->at);
	if (r->at == r->order_len) {
		r->at = 0;
		r->patience *= 2;
	}
	return r->order_len > 0;
}

/* Goes on with whatever comes next. */
static void
go_on(struct reach *r)
{
	while (!try_addr(r) && r->resolver.fd < 0) {
		if (!next_member(r)) {
			end(r, r->error);
			return;
		}
		start_member(r);
	}
}

static void
note_silence(struct reach *r)
{
	channel_drop(&r->channel);
	if (r->resolver.fd >= 0)
		note(r, ERR_TIMEOUT, "its name takes too long");
	else
		note(r, ERR_TIMEOUT,
		     r->greeted ? "no answer to our Hello" : "no answer");
	r->greeted = false;
	r->silent = true;
	silent_until[r->order[r->at]] = loop_now() + SILENT_MS;
}

/* The resolver has answered, or the try takes too long. */
static void
take_waiting(struct loop_watch *watch, short revents)
{
	struct reach *r =
		(struct reach *)(void *)((char *)watch -
					 offsetof(struct reach, waiting));
	if (revents == 0)
		note_silence(r);
	else if (resolver_finish(&r->resolver, r->addrs, &r->addrs_len) !=
		 ERR_OK)
		note(r, ERR_UNREACHABLE, "no such name");
	stop_waiting(r);
	go_on(r);
}

static void
open_stream(struct reach *r)
{
	stop_waiting(r);
	silent_until[r->order[r->at]] = 0;
	r->greeted = false;
	r->open = true;
	r->config->opened(r);
}

/* Says who the client is. */
static void
take_opened(struct channel *channel)
{
	static cluster_XLClusterMsg msg;
	struct reach *r = reach_of(channel);
	const struct rsakey_private *sk = r->config->sk;
	uint8_t spki[RSAKEY_SPKI_MAX], digest[32], bytes[RSAKEY_LEN_MAX + 64];
	if (!sk) {
		open_stream(r);
		return;
	}
	br_sha256_context sha256;
	br_sha256_init(&sha256);
	br_sha256_update(&sha256, spki, rsakey_encode_spki(spki, &sk->pub));
	msg.has_Op = msg.has_MsgN = msg.has_ID = msg.has_DigSig = true;
	msg.Op = cluster_XLClusterMsg_Tag_Hello;
	msg.MsgN = 1;
	msg.ID.size = br_sha256_SIZE;
	br_sha256_out(&sha256, msg.ID.bytes);
	peermsg_digest_client(digest, session_bind(&channel->session),
			      &reach_member(r)->id);
	msg.DigSig.size = sk->pub.n_len;
	enum err e = rsakey_sign(sk, RSAKEY_SHA256, digest, msg.DigSig.bytes);
	size_t len = peermsg_encode(&msg, bytes, sizeof bytes);
	if (e == ERR_OK)
		e = channel_post(channel, bytes, len);
	r->greeted = e == ERR_OK;
}

/*
 * The answer to Hello: Ack, or from a member that asks for none Data, or the
 * Error that it sent before it had read Hello.
 */
static bool
take_answer(struct reach *r, const uint8_t *bytes, size_t len)
{
	static cluster_XLClusterMsg msg;
	enum err e = peermsg_decode(&msg, bytes, len);
	bool ack = e == ERR_OK && msg.Op == cluster_XLClusterMsg_Tag_Ack &&
		   msg.has_MsgN && msg.MsgN == 1 && msg.has_YourMsgN &&
		   msg.YourMsgN == 1;
	if (ack || (e == ERR_OK && (msg.Op == cluster_XLClusterMsg_Tag_Data ||
				    msg.Op == cluster_XLClusterMsg_Tag_Eof))) {
		open_stream(r);
		return ack;
	}
	bool refused =
		e == ERR_OK && msg.Op == cluster_XLClusterMsg_Tag_Error &&
		text_is(msg.ErrDesc.bytes, msg.ErrDesc.size, REACH_UNAVAILABLE);
	note(r, refused ? ERR_UNREACHABLE : ERR_PROTOCOL,
	     refused ? REACH_UNAVAILABLE : "no Ack of our Hello");
	r->greeted = false;
	channel_drop(&r->channel);
	stop_waiting(r);
	go_on(r);
	return true;
}

static bool
take_message(struct channel *channel, uint8_t *bytes, size_t len)
{
	struct reach *r = reach_of(channel);
	if (r->greeted && take_answer(r, bytes, len))
		return true;
	r->heard = r->open;
	return r->open && r->config->message(r, bytes, len);
}

static void
take_sent(struct channel *channel)
{
	struct reach *r = reach_of(channel);
	if (r->open)
		r->config->sent(r);
}

/* What a channel's end before the stream began tells. */
static const char *
reason(const struct reach *r, enum err why, int error)
{
	if (why == ERR_PROTOCOL)
		return "its Reply is wrong";
	if (r->greeted || why == ERR_OK)
		return "it closed: does it list this client's key?";
	if (error == ECONNRESET)
		return "closed after Hello: is cluster.dat current?";
	return strerror(error);
}

static void
take_closed(struct channel *channel, enum err why)
{
	struct reach *r = reach_of(channel);
	int error = errno;
	if (r->open) {
		end(r, why);
		return;
	}
	note(r, why == ERR_OK ? ERR_UNREACHABLE : why, reason(r, why, error));
	r->greeted = false;
	stop_waiting(r);
	go_on(r);
}

/*
 * All members with a client port, or the one with the name, in any order;
 * those who were silent lately, or those who were not.
 */
static void
choose(struct reach *r, int64_t now, bool silent)
{
	const struct reach_config *config = r->config;
	size_t first = r->order_len;
	for (size_t i = 0; i < r->roster->members_len; i++) {
		const struct member *m = &r->roster->members[i];
		uint8_t random;
		if (m->ends_len <= CLIENT_END ||
		    (silent_until[i] > now) != silent ||
		    (config->name && strcmp(config->name, m->name) != 0))
			continue;
		rng_bytes(config->kind.config.rng, &random, sizeof random);
		size_t at = first + random % (r->order_len + 1 - first);
		r->order[r->order_len++] = r->order[at];
		r->order[at] = (uint8_t)i;
	}
}

/* Half the time is for a first try with each. */
static int64_t
first_patience(const struct reach *r)
{
	int64_t each = r->config->wait_ms / 2 / (int64_t)r->order_len;
	if (each > PATIENCE_MAX_MS)
		return PATIENCE_MAX_MS;
	return each < PATIENCE_MIN_MS ? PATIENCE_MIN_MS : each;
}

void
reach_set_kind(struct reach_config *config, struct loop *loop, struct rng *rng)
{
	config->kind = (struct channel_kind){
		.loop = loop,
		.config = { .pipelined = true,
			    .hello_ms = SESSION_NEVER,
			    .message_ms = SESSION_NEVER,
			    .idle_ms = SESSION_NEVER,
			    .rng = rng },
		.connect_ms = 2 * config->wait_ms, /* ours ends it */
		.gives_all = true,
		.keeps_rest = true,
		.opened = take_opened,
		.message = take_message,
		.sent = take_sent,
		.closed = take_closed,
	};
}

enum err
reach_start(struct reach *r, const struct reach_config *config,
	    uint8_t *buffers)
{
	memset(r, 0, sizeof *r);
	r->config = config;
	r->roster = config->roster;
	r->buffers = buffers;
	r->resolver.fd = -1;
	r->waiting.fd = -1;
	r->waiting.deadline = LOOP_NEVER;
	r->waiting.ready = take_waiting;
	int64_t now = loop_now();
	choose(r, now, false);
	choose(r, now, true);
	r->limit = now + config->wait_ms;
	r->patience = first_patience(r);
	enum err e = loop_add(config->kind.loop, &r->waiting);
	if (e != ERR_OK)
		return e;
	start_member(r);
	go_on(r);
	return ERR_OK;
}

void
reach_drop(struct reach *r)
{
	channel_drop(&r->channel);
	stop_waiting(r);
	loop_remove(r->config->kind.loop, &r->waiting);
}
