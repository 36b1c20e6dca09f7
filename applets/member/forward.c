// SPDX-License-Identifier: MIT
#include "applets/member/forward.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "applets/member/memberopt.h"
#include "applets/member/reach.h"
#include "applets/member/relay.h"
#include "applets/startup.h"
#include "core/base/say.h"
#include "core/base/text.h"
#include "core/run/listen.h"
#include "core/run/net.h"
#include "core/run/ready.h"
#include "core/run/slots.h"

#define LINE_WATCHES (REACH_WATCHES + 2) /* and the relay's */
#define LINE_FDS 3                       /* both ends, and a resolver's */

/* One connection that is forwarded. */
struct line {
	struct reach reach; /* first */
	struct relay relay;
	size_t slot;
	int fd; /* until it is the relay's; then -1 */
};

/* All that a run knows. */
static struct forward {
	const struct reach_config *config;
	struct loop *loop;
	struct slots slots;
	struct listen listen;
} run;

static struct line *
line_of(struct reach *r)
{
	return (struct line *)(void *)r; /* its first member */
}

static void
free_line(struct line *line)
{
	if (line->fd >= 0)
		close(line->fd);
	line->fd = -1;
	relay_end(&line->relay);
	slots_give(&run.slots, line->slot);
}

static void
break_line(struct line *line)
{
	reach_drop(&line->reach);
	free_line(line);
}

static void
close_if_over(struct line *line)
{
	const struct relay *r = &line->relay;
	if (r->from_done && !r->eof_due && r->eof_came)
		channel_close(&line->reach.channel);
}

static void
take_event(struct relay *r, enum relay_event event)
{
	struct line *line =
		(struct line *)(void *)((char *)r -
					offsetof(struct line, relay));
	if (event == RELAY_SOURCE_BROKE || event == RELAY_SINK_BROKE) {
		break_line(line);
		return;
	}
	if (event == RELAY_SINK_ENDED)
		net_reset_at_close(r->to.fd, false);
	close_if_over(line);
}

static void
take_opened(struct reach *r)
{
	struct line *line = line_of(r);
	int fd = line->fd;
	line->fd = -1;
	if (relay_start(&line->relay, run.loop, &r->channel, fd, fd,
			take_event) != ERR_OK)
		break_line(line);
}

static bool
take_message(struct reach *r, uint8_t *bytes, size_t len)
{
	struct line *line = line_of(r);
	const cluster_XLClusterMsg *msg;
	switch (relay_message(&line->relay, bytes, len, &msg)) {
	case RELAY_TAKEN:
		break;
	case RELAY_LATER:
		return false;
	case RELAY_OTHER:
		if (reach_say_message(r, msg) != 0)
			break_line(line);
		break;
	case RELAY_WRONG:
		(void)reach_say_message(r, NULL);
		break_line(line);
		break;
	}
	return true;
}

static void
take_sent(struct reach *r)
{
	relay_sent(&line_of(r)->relay);
	close_if_over(line_of(r));
}

static void
take_ended(struct reach *r, enum err why)
{
	struct line *line = line_of(r);
	if (!r->open && !r->config->verbose)
		say("%s", r->why);
	if (r->open && !line->relay.eof_came)
		(void)reach_say_broken(r, why);
	free_line(line);
}

static bool
has_room(void *owner)
{
	(void)owner;
	return run.slots.len < run.slots.max;
}

static bool
drop_one(void *owner)
{
	(void)owner;
	return false;
}

static void
begin(struct line *line)
{
	if (reach_start(&line->reach, run.config,
			slots_buffer(&run.slots, line->slot)) != ERR_OK)
		free_line(line);
}

/* Those that have reached nobody yet begin anew, with the present roster. */
static void
begin_again(void)
{
	for (size_t i = 0; i < run.slots.made; i++) {
		struct line *line = slots_item(&run.slots, i);
		if (line->fd < 0)
			continue;
		reach_drop(&line->reach);
		begin(line);
	}
}

static void
take_connection(void *owner, int fd, const struct net_addr *peer)
{
	size_t slot = slots_take(&run.slots);
	struct line *line = slots_item(&run.slots, slot);
	(void)owner;
	(void)peer;
	memset(&line->relay, 0, sizeof line->relay);
	line->slot = slot;
	line->fd = fd;
	/* The local program must not take what breaks off for all. */
	net_reset_at_close(fd, true);
	begin(line);
}

static void
say_waits(void *owner, enum err why)
{
	(void)owner;
	say("connections have to wait: %s",
	    why == ERR_BUSY ? "there are too many" : strerror(errno));
}

/* Reads ADDR:PORT, brackets round IPv6; port 0 is any. */
static enum err
parse_addr(struct net_addr *addr, const char *text)
{
	char host[NET_TEXT_MAX];
	uint64_t port;
	const char *colon = strrchr(text, ':');
	size_t len = colon ? (size_t)(colon - text) : 0;
	bool brackets = len > 2 && text[0] == '[' && text[len - 1] == ']';
	if (!colon || text_number(&port, colon + 1, 0, UINT16_MAX) != ERR_OK)
		return ERR_MALFORMED;
	text += brackets;
	len -= brackets ? 2 : 0;
	if (len >= sizeof host || (!brackets && memchr(text, ':', len)))
		return ERR_MALFORMED;
	memcpy(host, text, len);
	host[len] = '\0';
	return net_parse(addr, host, (uint16_t)port);
}

static int
open_port(const char *text)
{
	struct net_addr addr;
	if (parse_addr(&addr, text) != ERR_OK) {
		say("--listen cannot be %s: not ADDR:PORT", text);
		return err_status(ERR_USAGE);
	}
	enum err e = listen_add(&run.listen, &addr);
	return e == ERR_OK ? 0 : say_cannot(e, "listen at", text);
}

/* Prints where it listens. */
static int
print_port(void)
{
	char real[NET_TEXT_MAX];
	net_format(real, &run.listen.addrs[0]);
	puts(real);
	return say_finish(0);
}

/* How many there can be: the others have to wait, and find nothing broken. */
static size_t
lines_max(size_t want)
{
	size_t can = startup_raise_limit(LINE_FDS * want) / LINE_FDS;
	return can > 0 ? can : 1;
}

static enum err
make_room(size_t max)
{
	run.listen.loop = run.loop;
	run.listen.has_room = has_room;
	run.listen.drop_one = drop_one;
	run.listen.open = take_connection;
	run.listen.waits = say_waits;
	enum err e = loop_init(run.loop, LINE_WATCHES * max + LISTEN_MAX);
	if (e == ERR_OK)
		e = slots_init(&run.slots, max, sizeof(struct line),
			       CHANNEL_BUFFERS_LEN);
	return e == ERR_OK ? listen_start(&run.listen) : e;
}

int
forward_run(const struct memberopt *opt, struct reach_config *config,
	    struct loop *loop, int (*reload)(void))
{
	run.config = config;
	run.loop = loop;
	config->opened = take_opened;
	config->message = take_message;
	config->sent = take_sent;
	config->ended = take_ended;
	int status = open_port(opt->listen);
	if (status != 0)
		return status;
	enum err e = make_room(lines_max(opt->max_clients));
	if (e != ERR_OK)
		return say_cannot(e, "make", "room for --max-clients");
	e = loop_catch(SIGHUP);
	status = e == ERR_OK ? print_port() : 0;
	if (status != 0)
		return status;
	if (e == ERR_OK && opt->ready_fd >= 0 &&
	    ready_tell(opt->ready_fd) != ERR_OK)
		return say_cannot(ERR_WRITE, "write to",
				  "the ready descriptor");
	while (e == ERR_OK) {
		if (loop_signalled(SIGHUP)) {
			(void)reload(); /* or it has been said why not */
			begin_again();
		}
		e = loop_turn(loop);
	}
	return say_cannot(e, "forward", "connections");
}
