// SPDX-License-Identifier: MIT
/* Events that wait: one of each subject, in order, never too many. */
#include "applets/member/pending.h"
#include "tests/unit/tap.h"

static struct pending pending;
static uint64_t seq;

/* An event about the member with that index, who is number who there. */
static void
put(enum event_kind kind, unsigned index, unsigned who)
{
	seq++;
	struct event event = {
		.kind = kind,
		.seq = seq,
		.member = index,
		.id = { .len = NODEID_SHORT },
	};
	event.id.bytes[0] = (uint8_t)index;
	event.id.bytes[1] = (uint8_t)who;
	pending_put(&pending, &event);
}

static void
begin(void)
{
	pending.len = 0;
	seq = 0;
}

/* Takes all out and says what they were: "member-up 1.0 #3; ". */
static const char *
drain(void)
{
	static char text[1024];
	struct event e;
	text[0] = '\0';
	while (pending_take(&pending, &e)) {
		size_t len = strlen(text);
		snprintf(text + len, sizeof text - len, "%s %u.%u #%u; ",
			 event_name(e.kind), e.member, e.id.bytes[1],
			 (unsigned)e.seq);
	}
	return text;
}

static void
test_order(void)
{
	begin();
	put(EVENT_START, EVENT_NO_MEMBER, 0);
	put(EVENT_MEMBER_UP, 1, 0);
	put(EVENT_QUORUM, EVENT_NO_MEMBER, 0);
	put(EVENT_ROSTER, EVENT_NO_MEMBER, 0);
	put(EVENT_STOP, EVENT_NO_MEMBER, 0);
	is_str(drain(),
	       "start 64.0 #1; member-up 1.0 #2; quorum 64.0 #3; "
	       "roster 64.0 #4; stop 64.0 #5; ",
	       "what is put in comes out");
	is_str(drain(), "", "once");
}

static void
test_replaced(void)
{
	begin();
	put(EVENT_MEMBER_UP, 1, 0);
	put(EVENT_MEMBER_UP, 2, 0);
	put(EVENT_QUORUM, EVENT_NO_MEMBER, 0);
	put(EVENT_MEMBER_DOWN, 1, 0);
	put(EVENT_NO_QUORUM, EVENT_NO_MEMBER, 0);
	put(EVENT_ROSTER, EVENT_NO_MEMBER, 0);
	put(EVENT_ROSTER, EVENT_NO_MEMBER, 0);
	is_str(drain(),
	       "member-up 2.0 #2; member-down 1.0 #4; no-quorum 64.0 #5; "
	       "roster 64.0 #7; ",
	       "later ones take the places of earlier ones, at the end");
}

static void
test_index_given_away(void)
{
	begin();
	put(EVENT_MEMBER_DOWN, 5, 0);
	put(EVENT_MEMBER_UP, 5, 1);
	is_str(drain(), "member-down 5.0 #1; member-up 5.1 #2; ",
	       "another member at the same index is another");
	begin();
	put(EVENT_MEMBER_DOWN, 5, 0);
	put(EVENT_MEMBER_DOWN, 5, 1);
	put(EVENT_MEMBER_DOWN, 6, 0);
	put(EVENT_MEMBER_UP, 5, 2);
	is_str(drain(),
	       "member-down 5.1 #2; member-down 6.0 #3; member-up 5.2 #4; ",
	       "the one before the one before is forgotten");
}

static void
test_bound(void)
{
	static const enum event_kind others[] = { EVENT_START, EVENT_QUORUM,
						  EVENT_ROSTER, EVENT_STOP };
	begin();
	for (unsigned who = 0; who < 5; who++)
		for (unsigned i = 0; i < EVENT_NO_MEMBER; i++)
			put(EVENT_MEMBER_UP, i, who);
	is_int(pending.len, 2 * EVENT_NO_MEMBER, "two an index");
	for (size_t i = 0; i < 4; i++)
		put(others[i], EVENT_NO_MEMBER, 0);
	is_int(pending.len, PENDING_MAX, "and one of each other kind");
	for (unsigned i = 0; i < 1000; i++)
		put(i % 2 ? EVENT_MEMBER_UP : EVENT_MEMBER_DOWN,
		    i % EVENT_NO_MEMBER, 4);
	is_int(pending.len, PENDING_MAX, "however often they come and go");
	uint64_t last = 0;
	bool ascending = true;
	unsigned of_last = 0;
	struct event e;
	while (pending_take(&pending, &e)) {
		ascending = ascending && e.seq > last;
		last = e.seq;
		of_last += e.member < EVENT_NO_MEMBER && e.id.bytes[1] == 4;
	}
	ok(ascending, "in the order of their numbers");
	is_int(of_last, EVENT_NO_MEMBER, "the last of each member is there");
}

int
main(void)
{
	test_order();
	test_replaced();
	test_index_given_away();
	test_bound();
	return done_testing();
}
