// SPDX-License-Identifier: MIT
#include "applets/member/control.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "applets/member/control_part.h"
#include "applets/member/event.h"
#include "applets/member/words.h"
#include "core/base/file.h"
#include "core/base/fmt.h"
#include "core/base/text.h"
#include "core/doc/roster.h"
#include "core/run/local.h"
#include "core/run/net.h"

#define REQUEST_MS 10000 /* for a request, with room for it, and a status */
#define PAUSE_MS 1000    /* when there are no descriptors */

/* Bytes that a client may leave unread, and where the last line finds room. */
#define UNREAD_MAX 65536
#define UNREAD_LAST (UNREAD_MAX + 4096)

enum err
control_tell(struct control_conn *conn, const char *format, ...)
{
	char line[CONTROL_LINE_MAX];
	size_t sent;
	va_list args;
	va_start(args, format);
	size_t len = fmt_vtext(line, sizeof line, format, args);
	va_end(args);
	if (len >= sizeof line)
		len = sizeof line - 1;
	return net_send(conn->watch.fd, line, len, &sent);
}

static void
set_unread(int fd, int bytes)
{
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
}

void
control_end(struct control_conn *conn)
{
	struct control *c = conn->all;
	if (conn->send)
		control_send_forget(conn->send);
	loop_remove(c->loop, &conn->watch);
	close(conn->watch.fd);
	conn->state = CONTROL_FREE;
	conn->send = NULL;
	c->listener.events = POLLIN;
	c->listener.deadline = LOOP_NEVER;
	/* Who waits for its turn to send may have it now. */
	for (size_t i = 0; i < CONTROL_CONNS; i++)
		if (c->conns[i].state == CONTROL_ASKED)
			c->conns[i].watch.events = POLLIN;
}

void
control_refuse(struct control_conn *conn, enum err e, const char *format, ...)
{
	char text[CONTROL_LINE_MAX];
	va_list args;
	va_start(args, format);
	fmt_vtext(text, sizeof text, format, args);
	va_end(args);
	set_unread(conn->watch.fd, UNREAD_LAST);
	(void)control_tell(conn, "error %d %s", err_status(e), text);
	control_end(conn);
}

const struct member *
control_find(const struct control *c, const char *name)
{
	for (size_t i = 0; i < c->roster->members_len; i++)
		if (strcmp(c->roster->members[i].name, name) == 0)
			return &c->roster->members[i];
	return NULL;
}

/* Waiting */

static bool
is_up(const struct control *c, const char *name)
{
	struct peer_status status;
	const struct member *m = control_find(c, name);
	if (!m)
		return false;
	peers_status(c->peers, m->index, &status);
	return status.up;
}

static bool
holds(const struct control *c, const char *condition)
{
	if (strcmp(condition, "quorum") == 0)
		return peers_have_quorum(c->peers);
	if (strcmp(condition, "all") == 0)
		return peers_up(c->peers) == c->roster->members_len;
	return is_up(c, condition);
}

/* False: it does not hold yet. */
static bool
look_again(struct control_conn *conn)
{
	char words[CONTROL_WAIT_MAX];
	char *at = words;
	strcpy(words, conn->wait);
	while (at)
		if (!holds(conn->all, words_next(&at)))
			return false;
	(void)control_tell(conn, "end");
	control_end(conn);
	return true;
}

void
control_changed(struct control *c)
{
	for (size_t i = 0; i < CONTROL_CONNS; i++)
		if (c->conns[i].state == CONTROL_WAIT)
			(void)look_again(&c->conns[i]);
}

/* Who waits and watches must not keep out those who are quick. */
static bool
may_stay(struct control_conn *conn)
{
	const struct control *c = conn->all;
	unsigned n = 0;
	for (size_t i = 0; i < CONTROL_CONNS; i++)
		n += c->conns[i].state == CONTROL_WAIT ||
		     c->conns[i].state == CONTROL_WATCH;
	if (n < CONTROL_LONG_MAX)
		return true;
	control_refuse(conn, ERR_TIMEOUT, "%u wait and watch already", n);
	return false;
}

static void
take_wait(struct control_conn *conn, const char *words)
{
	if (!words || !*words) {
		control_refuse(conn, ERR_USAGE, "nothing to wait for");
	} else if (strlen(words) >= sizeof conn->wait) {
		control_refuse(conn, ERR_USAGE, "too many names");
	} else if (may_stay(conn)) {
		strcpy(conn->wait, words);
		conn->state = CONTROL_WAIT;
		if (!look_again(conn))
			(void)control_tell(conn, "waiting");
	}
}

/* Watching */

/* Who does not read loses its connection, and what it has not read counts. */
static void
cut_off(struct control_conn *conn)
{
	control_refuse(conn, ERR_UNREACHABLE, "cut off: events were not read");
}

static void
take_watch(struct control_conn *conn, const char *words)
{
	if (!may_stay(conn))
		return;
	conn->state = CONTROL_WATCH;
	if (words && strcmp(words, "all") == 0 &&
	    control_tell_present(conn) != ERR_OK)
		cut_off(conn);
}

void
control_event(struct control *c, const struct event *event)
{
	c->seq = event->seq;
	for (size_t i = 0; i < CONTROL_CONNS; i++)
		if (c->conns[i].state == CONTROL_WATCH &&
		    control_tell_event(&c->conns[i], event) != ERR_OK)
			cut_off(&c->conns[i]);
}

/* Requests */

static void
take_status(struct control_conn *conn)
{
	conn->state = CONTROL_STATUS;
	conn->next = 0;
	conn->watch.deadline = loop_now() + REQUEST_MS;
	control_tell_status(conn);
}

/* len bytes with a NUL behind them: a line, and perhaps contents. */
static void
take_request(struct control_conn *conn, char *request, size_t len)
{
	char *end = memchr(request, '\n', len);
	char *line_end = end ? end : request + len;
	const uint8_t *contents = (uint8_t *)(end ? end + 1 : line_end);
	size_t contents_len = (size_t)((uint8_t *)request + len - contents);
	*line_end = '\0';
	text_clean(request, (size_t)(line_end - request));
	char *words = request;
	const char *verb = words_next(&words);
	conn->watch.deadline = LOOP_NEVER;
	if (strcmp(verb, "send") == 0 && end)
		control_take_send(conn, words, contents, contents_len);
	else if (strcmp(verb, "status") == 0)
		take_status(conn);
	else if (strcmp(verb, "wait") == 0)
		take_wait(conn, words);
	else if (strcmp(verb, "watch") == 0)
		take_watch(conn, words);
	else
		control_refuse(conn, ERR_PROTOCOL, "no such request");
}

/* Whether it is a message that there is no room for: it stays where it is. */
static bool
has_to_wait(struct control_conn *conn)
{
	char verb[5];
	ssize_t n = recv(conn->watch.fd, verb, sizeof verb, MSG_PEEK);
	return n == sizeof verb && memcmp(verb, "send ", sizeof verb) == 0 &&
	       !control_can_send(conn->all);
}

static void
receive(struct control_conn *conn)
{
	struct control *c = conn->all;
	size_t len;
	if (has_to_wait(conn)) {
		conn->watch.events = 0; /* until there is */
		return;
	}
	enum err e = net_recv(conn->watch.fd, c->request, sizeof c->request - 1,
			      &len);
	if (e == ERR_BUSY)
		return;
	if (e != ERR_OK || len == 0)
		control_end(conn);
	else if (len > CONTROL_REQUEST_MAX)
		control_refuse(conn, ERR_TOO_LONG, "too long a request");
	else
		take_request(conn, (char *)c->request, len);
}

/* What is unread at the end would keep the client from reading the error. */
static void
give_up(struct control_conn *conn)
{
	size_t len;
	(void)net_recv(conn->watch.fd, conn->all->request, 1, &len);
	control_refuse(conn, ERR_TIMEOUT, "no room, or no request");
}

static void
serve(struct loop_watch *watch, short revents)
{
	struct control_conn *conn = (struct control_conn *)watch;
	if (conn->state == CONTROL_ASKED && revents == POLLIN)
		receive(conn);
	else if (conn->state == CONTROL_ASKED && !revents)
		give_up(conn);
	else if (conn->state == CONTROL_STATUS && revents == POLLOUT)
		control_tell_status(conn);
	else if (conn->state == CONTROL_SEND && !revents)
		control_send_timeout(conn->send);
	else /* gone, or has more to say than it should */
		control_end(conn);
}

static struct control_conn *
find_free(struct control *c)
{
	for (size_t i = 0; i < CONTROL_CONNS; i++)
		if (c->conns[i].state == CONTROL_FREE)
			return &c->conns[i];
	return NULL;
}

/* When all are taken, others wait in the kernel's queue. */
static void
accept_one(struct loop_watch *listener, short revents)
{
	struct control *c = (struct control *)listener;
	struct control_conn *conn = find_free(c);
	c->listener.events = conn ? POLLIN : 0;
	c->listener.deadline = LOOP_NEVER;
	if (!conn || !revents)
		return;
	int fd =
		accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd < 0) {
		if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED)
			return;
		c->listener.events = 0;
		c->listener.deadline = loop_now() + PAUSE_MS;
		return;
	}
	conn->watch = (struct loop_watch){ .fd = fd,
					   .events = POLLIN,
					   .deadline = loop_now() + REQUEST_MS,
					   .ready = serve };
	if (loop_add(c->loop, &conn->watch) != ERR_OK) {
		close(fd);
		return;
	}
	set_unread(fd, UNREAD_MAX);
	conn->all = c;
	conn->send = NULL;
	conn->state = CONTROL_ASKED;
}

enum err
control_init(struct control *c, struct loop *loop, const char *folder,
	     const struct roster *roster, struct peers *peers)
{
	/* Not all of it: what is never written to takes no memory. */
	for (size_t i = 0; i < CONTROL_CONNS; i++)
		c->conns[i].state = CONTROL_FREE;
	for (size_t i = 0; i < CONTROL_SENDS; i++)
		c->sends[i].conn = NULL;
	c->seq = 0;
	c->loop = loop;
	c->folder = folder;
	c->roster = roster;
	c->peers = peers;
	c->listener = (struct loop_watch){ .events = POLLIN,
					   .deadline = LOOP_NEVER,
					   .ready = accept_one };
	enum err e = local_listen(folder, CONTROL_NAME, &c->listener.fd);
	if (e != ERR_OK)
		return e;
	e = loop_add(loop, &c->listener);
	if (e != ERR_OK)
		close(c->listener.fd);
	return e;
}

void
control_set_roster(struct control *c, const struct roster *roster)
{
	c->roster = roster;
	control_changed(c);
}

void
control_stop(struct control *c)
{
	char path[FILE_PATH_MAX];
	for (size_t i = 0; i < CONTROL_CONNS; i++) {
		struct control_conn *conn = &c->conns[i];
		if (conn->state == CONTROL_SEND)
			control_send_timeout(conn->send);
		else if (conn->state != CONTROL_FREE)
			control_end(conn);
	}
	loop_remove(c->loop, &c->listener);
	close(c->listener.fd);
	if (file_join(path, c->folder, CONTROL_NAME) == ERR_OK)
		unlink(path);
}
