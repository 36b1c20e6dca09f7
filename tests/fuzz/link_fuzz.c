// SPDX-License-Identifier: MIT
/*
 * What another member may say on a link, in each of its states: the first byte
 * chooses one, then come messages with two bytes of length in front.  Nothing
 * is done after the end, each message of ours is answered once, and nobody is
 * let in without a signature.
 */
#include <sys/socket.h>
#include <unistd.h>

#include "applets/member/link.h"
#include "applets/member/linkin.h"
#include "tests/fuzz/open.h"

#define POSTS 2

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static struct {
	bool ready;
	struct loop loop;
	struct rsapool pool;
	struct rsakey_private sk;
	struct roster roster;
	struct link_kind kind;
	struct link link, open;
	struct peer_post posts[POSTS];
	unsigned answered[POSTS];
	unsigned ended, opened;
} f;

static _Alignas(4096) uint8_t buffers[CHANNEL_BUFFERS_LEN];

static void
take_opened(struct link *l)
{
	/* By a Hello nobody can: the signature would have to be right. */
	need(l->dialled);
	f.opened++;
}

static void
take_nothing(struct link *l)
{
	need(l == &f.link && f.ended == 0);
}

static void
take_suspects(struct link *l, unsigned index)
{
	need(l->state >= LINK_STATE_OPEN && index < 2);
}

static enum err
take_message(struct link *l, const uint8_t *bytes, size_t len)
{
	need(l->state >= LINK_STATE_OPEN && len <= 16000);
	return len > 0 && bytes[0] == 'b' ? ERR_BUSY : ERR_OK;
}

static void
take_ended(struct link *l, enum link_end how, const char *why)
{
	(void)how;
	need(l == &f.link && why && f.ended++ == 0);
}

static void
take_answer(struct peer_post *post, enum peer_answer answer)
{
	(void)answer;
	need(f.answered[post - f.posts]++ == 0);
}

static void
add_member(unsigned index, const char *name)
{
	struct member *m = &f.roster.members[f.roster.members_len++];
	m->index = index;
	strcpy(m->name, name);
	m->id.len = NODEID_SHORT;
	memset(m->id.bytes, (int)index + 1, NODEID_SHORT);
	m->ck = m->sk = pair_ck.pub;
	m->ends_len = 1;
}

/* An open responder's channel, without a peer. */
static void
make_open(void)
{
	int ends[2];
	need(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0);
	need(link_accept(&f.link, &f.kind, buffers, ends[0]) == ERR_OK);
	open_session(&f.link.channel.session, &f.kind.channel.config);
	f.link.channel.open = true;
	f.open = f.link;
	close(ends[1]);
	channel_drop(&f.link.channel);
}

static void
setup(void)
{
	pair_setup("link");
	f.sk = pair_ck;
	need(loop_init(&f.loop, 8) == ERR_OK);
	need(rsapool_init(&f.pool, &pair_ck, &f.sk, 0, &f.loop) == ERR_OK);
	add_member(0, "a");
	add_member(1, "b");
	f.roster.id.len = NODEID_SHORT;
	f.kind = (struct link_kind){
		.channel = { .loop = &f.loop,
			     .pool = &f.pool,
			     .config = pair_config,
			     .hello_len = pair_ck.pub.n_len },
		.roster = &f.roster,
		.opened = take_opened,
		.heard = take_nothing,
		.answered = take_nothing,
		.suspects = take_suspects,
		.message = take_message,
		.room = take_nothing,
		.stranger = take_nothing,
		.ended = take_ended,
	};
	f.kind.channel.config.dialects = DIALECT_BIT(DIALECT_SEALED);
	f.kind.channel.config.pipelined = true;
	link_kind_init(&f.kind);
	make_open();
	f.ready = true;
}

/* A link in that state, with messages of ours on their way where it is open. */
static void
begin(enum link_state state, int fd)
{
	f.link = f.open;
	f.link.channel.watch.fd = fd;
	need(loop_add(&f.loop, &f.link.channel.watch) == ERR_OK);
	posts_init(&f.link.sent);
	f.link.state = LINK_STATE_OPEN;
	f.link.index = 1;
	for (unsigned i = 0; i < POSTS && state >= LINK_STATE_OPEN; i++) {
		f.posts[i] = (struct peer_post){ .bytes = (const uint8_t *)"x",
						 .len = 1,
						 .answered = take_answer };
		need(link_send(&f.link, &f.posts[i]) == ERR_OK);
	}
	if (state >= LINK_STATE_OPEN)
		link_ask(&f.link);
	f.link.state = state;
	f.link.dialled = state == LINK_STATE_ACK;
	f.link.out_n += f.link.dialled;
	if (state == LINK_STATE_HELLO)
		f.link.index = LINK_STRANGER;
	memset(f.answered, 0, sizeof f.answered);
	f.ended = f.opened = 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static uint8_t message[SESSION_MESSAGE_MAX];
	int ends[2];
	if (!f.ready)
		setup();
	if (len < 1 ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) != 0)
		return 0;
	enum link_state state = data[0] % LINK_STATES;
	begin(state, ends[0]);
	for (size_t at = 1;
	     at + 2 <= len && f.ended == 0 && !f.link.channel.closing;) {
		size_t n = (size_t)data[at] + 256 * (size_t)data[at + 1];
		at += 2;
		if (n == 0 || n > len - at || n > sizeof message)
			break;
		memcpy(message, data + at, n);
		need(linkin_take(&f.link.channel, message, n));
		at += n;
	}
	if (f.ended == 0)
		link_drop(&f.link);
	need(f.opened <= 1 && (f.opened == 0 || state == LINK_STATE_ACK));
	for (unsigned i = 0; i < POSTS && state >= LINK_STATE_OPEN; i++)
		need(f.answered[i] == 1);
	close(ends[1]);
	return 0;
}
