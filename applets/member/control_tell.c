// SPDX-License-Identifier: MIT
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "applets/member/control_part.h"
#include "applets/member/event.h"
#include "core/doc/roster.h"

_Static_assert(CONTROL_LINE_MAX >=
		       256 + 2 * TEXT_NAME_MAX +
			       ENDPOINTS_MAX * (ENDPOINT_TEXT_MAX + 1) +
			       PEER_ERROR_MAX,
	       "a line has room for a member");

/* Seconds since 1970 at the time since of loop_now; a clock may be wrong. */
static int64_t
utc_of(int64_t since)
{
	int64_t at = (int64_t)time(NULL) - (loop_now() - since) / 1000;
	return at > 0 ? at : 0;
}

static void
join_ends(char dst[static ENDPOINTS_MAX * (ENDPOINT_TEXT_MAX + 1)],
	  const struct member *m)
{
	strcpy(dst, "-");
	for (size_t i = 0; i < m->ends_len; i++) {
		if (i > 0)
			*dst++ = ',';
		endpoint_format(dst, &m->ends[i]);
		dst += strlen(dst);
	}
}

static enum err
tell_member(struct control_conn *conn, const struct member *m)
{
	char id[NODEID_HEX_MAX];
	char ends[ENDPOINTS_MAX * (ENDPOINT_TEXT_MAX + 1)];
	struct peer_status s;
	peers_status(conn->all->peers, m->index, &s);
	nodeid_format(id, &m->id);
	join_ends(ends, m);
	text_clean(s.error, strlen(s.error));
	return control_tell(
		conn,
		"member %u %s %s %d %" PRId64 " %" PRId64 " %" PRIu64
		" %" PRIu64 " %" PRIu64 " %" PRIu64 " %s %s",
		m->index, m->name, id, s.up, utc_of(s.since),
		s.self ? -1 : s.rtt_us, s.messages_in, s.messages_out,
		s.bytes_in, s.bytes_out, ends, s.error);
}

static enum err
tell_cluster(struct control_conn *conn)
{
	const struct control *c = conn->all;
	const struct roster *r = c->roster;
	char id[NODEID_HEX_MAX];
	nodeid_format(id, &r->id);
	return control_tell(conn, "cluster %s %s %u %u %zu %u %d", r->name, id,
			    r->self, peers_up(c->peers), r->members_len,
			    r->max_size, peers_have_quorum(c->peers));
}

/* The first member whose index is not below next, or NULL. */
static const struct member *
find_from(const struct roster *r, unsigned next)
{
	for (size_t i = 0; i < r->members_len; i++)
		if (r->members[i].index >= next)
			return &r->members[i];
	return NULL;
}

/* next counts the line on the cluster as 0. */
void
control_tell_status(struct control_conn *conn)
{
	enum err e = ERR_OK;
	if (conn->next == 0) {
		e = tell_cluster(conn);
		conn->next += e == ERR_OK;
	}
	while (e == ERR_OK) {
		const struct member *m =
			find_from(conn->all->roster, conn->next - 1);
		if (!m)
			break;
		e = tell_member(conn, m);
		if (e == ERR_OK)
			conn->next = m->index + 2;
	}
	if (e == ERR_OK)
		e = control_tell(conn, "end");
	conn->watch.events = POLLOUT;
	if (e != ERR_BUSY)
		control_end(conn);
}

enum err
control_tell_event(struct control_conn *conn, const struct event *event)
{
	char id[NODEID_HEX_MAX];
	nodeid_format(id, &event->id);
	return control_tell(
		conn,
		"event %" PRId64 " %" PRIu64 " %s %s %u %s %s %u %u %d %zu",
		event->at, event->seq, event_name(event->kind),
		*event->name ? event->name : "-", event->member, *id ? id : "-",
		*event->addr ? event->addr : "-", event->up, event->size,
		event->quorum, event->contents_len);
}

static void
fill_member(struct event *event, const struct member *m,
	    const struct peer_status *status)
{
	event->kind = status->up ? EVENT_MEMBER_UP : EVENT_MEMBER_DOWN;
	event->at = utc_of(status->since);
	event->member = m->index;
	event->id = m->id;
	strcpy(event->name, m->name);
	if (m->ends_len > 0)
		endpoint_format(event->addr, &m->ends[0]);
}

enum err
control_tell_present(struct control_conn *conn)
{
	const struct control *c = conn->all;
	const struct roster *r = c->roster;
	struct event now = { .member = EVENT_NO_MEMBER,
			     .seq = c->seq,
			     .at = (int64_t)time(NULL),
			     .up = peers_up(c->peers),
			     .size = (unsigned)r->members_len,
			     .quorum = peers_have_quorum(c->peers) };
	now.kind = now.quorum ? EVENT_QUORUM : EVENT_NO_QUORUM;
	enum err e = control_tell_event(conn, &now);
	for (size_t i = 0; i < r->members_len && e == ERR_OK; i++) {
		const struct member *m = &r->members[i];
		struct peer_status status;
		peers_status(c->peers, m->index, &status);
		if (m->index == r->self)
			continue;
		fill_member(&now, m, &status);
		e = control_tell_event(conn, &now);
	}
	return e;
}
