// SPDX-License-Identifier: MIT
/*
 * What a client may send to the client port: the first byte says whether there
 * is a list of clients, whether the client has been let in, and whether what
 * follows are messages, with two bytes of length in front, or bytes of the
 * connection.  Nobody is let in without a signature, what arrives at the
 * service is what was in Data, in order, and every descriptor is closed.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "applets/member/client.h"
#include "applets/member/service.h"
#include "core/wire/peermsg.h"
#include "tests/fuzz/open.h"

#define HAS_LIST 1 /* of clients; else any may come */
#define IS_IN 2    /* the client has been let in */
#define IS_RAW 4   /* bytes of the connection follow */

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static struct {
	bool ready;
	struct loop loop;
	struct rsapool pool;
	struct nodeid id;
	struct service_config config;
	struct service service;
	uint8_t want[1 << 20]; /* what the service should have got */
	size_t want_len;
} f;

static void
setup(void)
{
	static const struct net_addr none;
	pair_setup("service");
	need(loop_init(&f.loop, 64) == ERR_OK);
	need(rsapool_init(&f.pool, &pair_ck, &pair_ck, 0, &f.loop) == ERR_OK);
	f.id.len = NODEID_SHORT;
	f.config = (struct service_config){
		.target = NULL,
		.clients = "any",
		.max_clients = 2,
		.max_per_address = 2,
		.idle_ms = LOOP_NEVER,
		.min_bits = RSAKEY_BITS_MIN,
		.hello_len = pair_ck.pub.n_len,
		.self_name = "m",
		.self_id = &f.id,
		.self_text = "00",
		.cluster = "c",
		.loop = &f.loop,
		.pool = &f.pool,
		.rng = &pair_rng,
	};
	need(service_start(&f.service, &f.config, &none) == 0);
	f.service.kind = (struct channel_kind){
		.loop = &f.loop,
		.pool = &f.pool,
		.config = pair_config,
		.hello_len = pair_ck.pub.n_len,
	};
	f.service.kind.config.dialects = DIALECT_BIT(DIALECT_SEALED);
	f.service.kind.config.pipelined = true;
	client_set_kind(&f.service.kind);
	need(slots_init(&f.service.slots, 2, sizeof(struct client),
			CHANNEL_BUFFERS_LEN) == ERR_OK);
	need(origins_init(&f.service.origins, 2) == ERR_OK);
	signal(SIGPIPE, SIG_IGN);
	f.ready = true;
}

/* Opens the session of a client: the same one each time. */
static void
open_client(struct client *c)
{
	static struct session opened;
	struct session *s = &c->channel.session;
	c->channel.open = true;
	if (opened.state == SESSION_STATE_OPEN) {
		need(s->in == opened.in); /* there is one slot in use */
		*s = opened;
		return;
	}
	open_session(s, &f.service.kind.config);
	opened = *s;
}

/* Two pipes in place of a command; the ends of the service. */
static void
join(struct client *c, int ends[2])
{
	int in[2], out[2];
	need(pipe2(in, O_NONBLOCK) == 0 && pipe2(out, O_NONBLOCK) == 0);
	const struct target_ends joined = { .from = out[0], .to = in[1] };
	need(client_join(c, &joined) == ERR_OK);
	ends[0] = in[0];
	ends[1] = out[1];
}

/* What the service has got is how all Data so far begins. */
static void
check_output(int fd)
{
	uint8_t got[4096];
	size_t at = 0;
	for (ssize_t n; (n = read(fd, got, sizeof got)) > 0; at += (size_t)n) {
		need((size_t)n <= f.want_len - at);
		need(memcmp(got, f.want + at, (size_t)n) == 0);
	}
	memmove(f.want, f.want + at, f.want_len - at);
	f.want_len -= at;
}

/* Notes what of a message should arrive. */
static void
expect(const uint8_t *bytes, size_t len)
{
	static cluster_XLClusterMsg msg;
	if (peermsg_decode(&msg, bytes, len) != ERR_OK ||
	    msg.Op != cluster_XLClusterMsg_Tag_Data || !msg.has_Contents)
		return;
	need(f.want_len + msg.Contents.size <= sizeof f.want);
	memcpy(f.want + f.want_len, msg.Contents.bytes, msg.Contents.size);
	f.want_len += msg.Contents.size;
}

static void
send_messages(struct client *c, int out, const uint8_t *data, size_t len)
{
	static uint8_t message[SESSION_MESSAGE_MAX];
	while (len > 2 && c->used && !c->channel.closing) {
		size_t n = (size_t)data[0] + 256 * (size_t)data[1];
		data += 2;
		len -= 2;
		n = n < len ? n : len;
		if (n == 0 || n > sizeof message)
			return;
		memcpy(message, data, n);
		if (c->state == CLIENT_JOINED)
			expect(message, n);
		while (!c->channel.kind->message(&c->channel, message, n))
			check_output(out); /* makes room */
		need(f.service.any || c->state != CLIENT_JOINED || out >= 0);
		data += n;
		len -= n;
	}
}

static void
send_bytes(struct client *c, int fd, const uint8_t *data, size_t len)
{
	size_t at = 0;
	while (at < len && c->used) {
		ssize_t n = write(fd, data + at, len - at);
		if (n < 0 && errno != EAGAIN)
			return;
		at += n > 0 ? (size_t)n : 0;
		need(loop_turn(&f.loop) == ERR_OK);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct net_addr nobody = { .v4.sin_family = AF_INET };
	int ends[2], pipes[2] = { -1, -1 };
	if (!f.ready)
		setup();
	if (len < 2 ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) != 0)
		return 0;
	f.service.any = !(data[0] & HAS_LIST);
	f.want_len = 0;
	size_t slot = slots_take(&f.service.slots);
	struct client *c = slots_item(&f.service.slots, slot);
	client_begin(c, &f.service, slot, ends[0], &nobody);
	if (!(data[0] & IS_RAW) || (data[0] & IS_IN))
		open_client(c);
	if ((data[0] & IS_IN) || f.service.any)
		join(c, pipes);
	if (data[0] & IS_RAW)
		send_bytes(c, ends[1], data + 1, len - 1);
	else
		send_messages(c, pipes[0], data + 1, len - 1);
	if (pipes[0] >= 0)
		check_output(pipes[0]);
	need(pipes[0] >= 0 || !c->used || c->state != CLIENT_JOINED);
	if (c->used)
		client_end(c, "the end");
	need(!c->used && f.service.slots.len == 0 && f.loop.len == 1);
	for (int i = 0; i < 2; i++)
		if (pipes[i] >= 0)
			close(pipes[i]);
	close(ends[1]);
	return 0;
}
