// SPDX-License-Identifier: MIT
#include <string.h>

#include "applets/member/control_part.h"
#include "applets/member/words.h"
#include "core/doc/roster.h"

bool
control_can_send(const struct control *c)
{
	for (size_t i = 0; i < CONTROL_SENDS; i++)
		if (!c->sends[i].conn)
			return true;
	return false;
}

void
control_send_forget(struct control_send *send)
{
	for (size_t i = 0; i < send->posts_len; i++) {
		struct control_post *post = &send->posts[i];
		if (post->open)
			peers_forget(send->conn->all->peers, &post->post);
		post->open = false;
	}
	send->conn = NULL;
}

/*
 * Tells of one member.  Who does not read is cut off in a later turn: peers
 * may be in the middle of something here.
 */
static void
tell_answer(struct control_post *post, enum peer_answer answer)
{
	static const char words[][8] = {
		[PEER_HAS_IT] = "ok",       [PEER_DOWN] = "down",
		[PEER_BUSY] = "busy",       [PEER_REFUSED] = "refused",
		[PEER_UNKNOWN] = "unknown",
	};
	struct control_conn *conn = post->send->conn;
	post->open = false;
	post->send->open--;
	if (control_tell(conn, "answer %s %s", post->name, words[answer]) !=
	    ERR_OK)
		conn->watch.deadline = 0;
}

static void
take_answer(struct peer_post *peer_post, enum peer_answer answer)
{
	struct control_post *post = (struct control_post *)peer_post;
	struct control_conn *conn = post->send->conn;
	tell_answer(post, answer);
	if (conn->send && conn->send->open == 0) {
		(void)control_tell(conn, "end");
		control_end(conn);
	}
}

void
control_send_timeout(struct control_send *send)
{
	struct control_conn *conn = send->conn;
	for (size_t i = 0; i < send->posts_len; i++) {
		struct control_post *post = &send->posts[i];
		if (!post->open)
			continue;
		peers_forget(conn->all->peers, &post->post);
		tell_answer(post, PEER_UNKNOWN);
	}
	(void)control_tell(conn, "end");
	control_end(conn);
}

/* Finds whom a message is for, as bits.  False: refused. */
static bool
find_targets(struct control_conn *conn, char *words, uint64_t *targets)
{
	const struct control *c = conn->all;
	*targets = 0;
	while (words) {
		const char *name = words_next(&words);
		const struct member *m = control_find(c, name);
		if (strcmp(name, "*") == 0) {
			*targets = UINT64_MAX;
			continue;
		}
		if (!m) {
			control_refuse(conn, ERR_USAGE, "no member %s", name);
			return false;
		}
		if (m->index == c->roster->self) {
			control_refuse(conn, ERR_USAGE, "%s is this member",
				       name);
			return false;
		}
		*targets |= (uint64_t)1 << m->index;
	}
	return true;
}

static void
add_post(struct control_send *send, const struct member *m, size_t len)
{
	struct control_post *post = &send->posts[send->posts_len++];
	post->post = (struct peer_post){ .bytes = send->contents,
					 .len = len,
					 .answered = take_answer,
					 .index = m->index };
	post->send = send;
	post->open = true;
	strcpy(post->name, m->name);
}

static struct control_send *
find_free(struct control *c)
{
	size_t i = 0;
	while (c->sends[i].conn)
		i++;
	return &c->sends[i];
}

/* All are there before the first one is answered, which may be at once. */
static void
start(struct control_conn *conn, uint64_t targets, const uint8_t *contents,
      size_t len)
{
	struct control *c = conn->all;
	struct control_send *send = find_free(c);
	conn->state = CONTROL_SEND;
	conn->send = send;
	send->conn = conn;
	send->posts_len = 0;
	memcpy(send->contents, contents, len);
	for (size_t i = 0; i < c->roster->members_len; i++) {
		const struct member *m = &c->roster->members[i];
		if (m->index != c->roster->self && targets >> m->index & 1)
			add_post(send, m, len);
	}
	size_t posts_len = send->open = send->posts_len;
	if (posts_len == 0)
		control_send_timeout(send);
	for (size_t i = 0; i < posts_len; i++)
		peers_send(c->peers, send->posts[i].post.index,
			   &send->posts[i].post);
}

void
control_take_send(struct control_conn *conn, char *words,
		  const uint8_t *contents, size_t len)
{
	uint64_t ms, targets;
	if (!words_number(&words, 1, CONTROL_SEND_MS_MAX, &ms))
		control_refuse(conn, ERR_PROTOCOL, "no such time");
	else if (len == 0 || len > CONTROL_CONTENTS_MAX)
		control_refuse(conn, ERR_TOO_LONG, "1 to %d bytes, not %zu",
			       CONTROL_CONTENTS_MAX, len);
	else if (!words)
		control_refuse(conn, ERR_USAGE, "nobody to send to");
	else if (find_targets(conn, words, &targets)) {
		conn->watch.deadline = loop_now() + (int64_t)ms;
		start(conn, targets, contents, len);
	}
}
