// SPDX-License-Identifier: MIT
#include "applets/member/relay.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/run/channel.h"
#include "core/run/net.h"
#include "core/wire/peermsg.h"

#define TURN_PIECES 8 /* at once, so that others get their turn */
#define RELAY_OF(pointer, member)                                          \
	((struct relay *)(void *)((char *)(pointer)-offsetof(struct relay, \
							     member)))

/* Ends one way; the other one may use the same descriptor. */
static void
close_from(struct relay *r)
{
	r->from_done = true;
	r->from.events = 0;
	if (r->from.fd != r->to.fd)
		close(r->from.fd);
}

static void
close_to(struct relay *r)
{
	r->to_done = true;
	r->to.events = 0;
	if (r->from.fd != r->to.fd)
		close(r->to.fd);
	else
		(void)shutdown(r->to.fd, SHUT_WR);
}

/* Posts the Eof; it waits when there is no room. */
static void
post_eof(struct relay *r)
{
	uint8_t eof[PEERMSG_EOF_LEN];
	size_t len = peermsg_make_eof(eof);
	r->eof_due = channel_post(r->channel, eof, len) == ERR_BUSY;
	if (!r->eof_due)
		r->tell(r, RELAY_SOURCE_ENDED);
}

static bool
is_later(void)
{
	return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

/* Reads one piece into the channel.  False: no more for now. */
static bool
read_piece(struct relay *r)
{
	size_t cap;
	uint8_t *msg = channel_post_space(r->channel, &cap);
	if (!msg || cap < PEERMSG_DATA_HEADER + PEERMSG_CONTENTS_MAX) {
		r->from.events = 0; /* until relay_sent */
		return false;
	}
	ssize_t n = read(r->from.fd, msg + PEERMSG_DATA_HEADER,
			 PEERMSG_CONTENTS_MAX);
	if (n < 0 && is_later())
		return false;
	if (n > 0) {
		r->active = loop_now();
		channel_post_made(r->channel,
				  peermsg_make_data(msg, (size_t)n));
		return n == PEERMSG_CONTENTS_MAX && !r->from_slow;
	}
	int error = r->reset ? ECONNRESET : errno;
	close_from(r);
	errno = error;
	if (n == 0 && !r->reset)
		post_eof(r);
	else
		r->tell(r, RELAY_SOURCE_BROKE);
	return false;
}

static void
take_from(struct loop_watch *watch, short revents)
{
	struct relay *r = RELAY_OF(watch, from);
	(void)revents;
	for (int i = 0; i < TURN_PIECES; i++)
		if (!read_piece(r))
			return;
}

/* The descriptor takes more: the message that is held back comes again. */
static void
take_to(struct loop_watch *watch, short revents)
{
	struct relay *r = RELAY_OF(watch, to);
	(void)revents;
	watch->events = 0;
	if (r->connecting && net_connected(watch->fd) != ERR_OK) {
		r->tell(r, RELAY_SOURCE_BROKE);
		return;
	}
	if (r->connecting) {
		r->from.events = POLLIN;
		r->connecting = false;
		r->tell(r, RELAY_CONNECTED);
	}
	r->to_ready = true;
	channel_resume(r->channel);
}

static enum relay_answer
wait_for_room(struct relay *r)
{
	r->to.events = POLLOUT;
	r->to_ready = false;
	return RELAY_LATER;
}

/* Writes what is left of a piece. */
static enum relay_answer
write_piece(struct relay *r, const uint8_t *bytes, size_t len)
{
	while (!r->to_done && r->written < len) {
		size_t left = len - r->written;
		if (r->to_slow && !r->to_ready)
			return wait_for_room(r);
		if (r->to_slow && left > PIPE_BUF)
			left = PIPE_BUF;
		ssize_t n = write(r->to.fd, bytes + r->written, left);
		if (n < 0 && is_later())
			return wait_for_room(r);
		if (n < 0) {
			int error = errno;
			/* The end of a stream would have been EPIPE. */
			r->reset =
				r->from.fd == r->to.fd && error == ECONNRESET;
			close_to(r);
			errno = error;
			r->tell(r, RELAY_SINK_BROKE);
			break;
		}
		r->written += (size_t)n;
		r->active = loop_now();
		r->to_ready = false;
	}
	r->written = 0;
	return RELAY_TAKEN;
}

static enum relay_answer
take_piece(struct relay *r, uint32_t op, const uint8_t *bytes, size_t len)
{
	if (r->eof_came)
		return RELAY_WRONG;
	if (r->connecting)
		return RELAY_LATER;
	if (op == cluster_XLClusterMsg_Tag_Data)
		return write_piece(r, bytes, len);
	r->eof_came = true;
	if (r->to_done)
		return RELAY_TAKEN;
	close_to(r);
	r->tell(r, RELAY_SINK_ENDED);
	return RELAY_TAKEN;
}

enum relay_answer
relay_message(struct relay *r, const uint8_t *bytes, size_t len,
	      const cluster_XLClusterMsg **msg)
{
	static cluster_XLClusterMsg decoded; /* one a process is enough */
	const uint8_t *contents;
	size_t contents_len;
	uint32_t op;
	*msg = &decoded;
	if (peermsg_is_piece(bytes, len, &op, &contents, &contents_len))
		return take_piece(r, op, contents, contents_len);
	if (peermsg_decode(&decoded, bytes, len) != ERR_OK)
		return RELAY_WRONG;
	if (decoded.Op != cluster_XLClusterMsg_Tag_Data &&
	    decoded.Op != cluster_XLClusterMsg_Tag_Eof)
		return RELAY_OTHER;
	return take_piece(r, decoded.Op, decoded.Contents.bytes,
			  decoded.has_Contents ? decoded.Contents.size : 0);
}

void
relay_sent(struct relay *r)
{
	if (!r->running)
		return;
	if (r->eof_due)
		post_eof(r);
	else if (!r->from_done && !r->connecting)
		r->from.events = POLLIN;
}

/* Whether an operation on fd may wait, whatever poll says. */
static bool
is_slow(int fd)
{
	struct stat st;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		return false;
	return !(fcntl(fd, F_GETFL) & O_NONBLOCK);
}

enum err
relay_start(struct relay *r, struct loop *loop, struct channel *channel,
	    int from, int to, void (*tell)(struct relay *, enum relay_event))
{
	*r = (struct relay){
		.from = { .fd = from,
			  .events = POLLIN,
			  .deadline = LOOP_NEVER,
			  .ready = take_from },
		.to = { .fd = to, .deadline = LOOP_NEVER, .ready = take_to },
		.loop = loop,
		.channel = channel,
		.tell = tell,
		.running = true,
		.from_slow = is_slow(from),
		.to_slow = is_slow(to),
		.active = loop_now(),
	};
	enum err e = loop_add(loop, &r->from);
	if (e == ERR_OK)
		e = loop_add(loop, &r->to);
	if (e != ERR_OK)
		relay_end(r);
	return e;
}

void
relay_wait_connected(struct relay *r)
{
	r->connecting = true;
	r->from.events = 0;
	r->to.events = POLLOUT;
}

void
relay_end(struct relay *r)
{
	if (!r->running)
		return;
	r->running = false;
	loop_remove(r->loop, &r->from);
	loop_remove(r->loop, &r->to);
	if (r->from.fd == r->to.fd) {
		close(r->from.fd);
		return;
	}
	if (!r->from_done)
		close(r->from.fd);
	if (!r->to_done)
		close(r->to.fd);
}
