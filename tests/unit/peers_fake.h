// SPDX-License-Identifier: MIT
#ifndef TESTS_UNIT_PEERS_FAKE_H
#define TESTS_UNIT_PEERS_FAKE_H

/*
 * A cluster of five for tests of the control socket, whose members are up and
 * answer as the test says.
 */

#include <string.h>

#include "applets/member/peers.h"
#include "core/doc/roster.h"
#include "core/run/loop.h"

#define FAKE_SELF 1

/* What a member does with a message. */
enum fake_manner {
	FAKE_AT_ONCE, /* answers with fake.answer */
	FAKE_HOLD,    /* keeps it for fake_answer */
};

static struct {
	struct roster roster;
	bool up[ROSTER_MEMBERS_MAX];
	enum fake_manner manner[ROSTER_MEMBERS_MAX];
	enum peer_answer answer[ROSTER_MEMBERS_MAX];
	struct peer_post *held[256];
	size_t held_len;
	uint8_t bytes[16000]; /* of the last message */
	size_t len;
	unsigned sent;
	char error[PEER_ERROR_MAX];
} fake;

static inline void
fake_add(unsigned index, const char *name, const char *end)
{
	struct member *m = &fake.roster.members[fake.roster.members_len++];
	memset(m, 0, sizeof *m);
	m->index = index;
	strcpy(m->name, name);
	m->id.len = NODEID_SHORT;
	memset(m->id.bytes, (int)(0xa0 + index), NODEID_SHORT);
	endpoint_parse(&m->ends[m->ends_len++], end, strlen(end));
}

static inline void
fake_init(void)
{
	memset(&fake, 0, sizeof fake);
	strcpy(fake.roster.name, "alpha");
	fake.roster.id.len = NODEID_SHORT;
	memset(fake.roster.id.bytes, 0xc1, NODEID_SHORT);
	fake.roster.max_size = 7;
	fake.roster.endpoint_count = 1;
	fake.roster.self = FAKE_SELF;
	fake_add(0, "a", "192.0.2.1:7001");
	fake_add(1, "b", "192.0.2.2:7001");
	fake_add(2, "c", "[2001:db8::3]:7001");
	fake_add(4, "d-d", "box.example:7001");
	fake_add(63, "e", "192.0.2.5:7001");
	fake.up[FAKE_SELF] = true;
}

unsigned
peers_up(const struct peers *p)
{
	unsigned n = 0;
	(void)p;
	for (unsigned i = 0; i < fake.roster.members_len; i++)
		n += fake.up[fake.roster.members[i].index];
	return n;
}

bool
peers_have_quorum(const struct peers *p)
{
	return 2 * peers_up(p) > fake.roster.members_len;
}

void
peers_status(const struct peers *p, unsigned index, struct peer_status *status)
{
	(void)p;
	*status = (struct peer_status){
		.self = index == FAKE_SELF,
		.up = fake.up[index],
		.since = loop_now() - 5000,
		.rtt_us = index == FAKE_SELF ? -1 : 1000 + (int64_t)index,
		.messages_in = 10 + index,
		.messages_out = 20 + index,
		.bytes_in = 30 + index,
		.bytes_out = UINT64_MAX,
	};
	strcpy(status->error, fake.error);
}

void
peers_send(struct peers *p, unsigned index, struct peer_post *post)
{
	(void)p;
	fake.sent++;
	fake.len = post->len;
	memcpy(fake.bytes, post->bytes, post->len);
	post->index = index;
	if (fake.manner[index] == FAKE_AT_ONCE)
		post->answered(post, fake.answer[index]);
	else
		fake.held[fake.held_len++] = post;
}

static inline void
fake_drop(size_t i)
{
	fake.held_len--;
	memmove(&fake.held[i], &fake.held[i + 1],
		(fake.held_len - i) * sizeof *fake.held);
}

void
peers_forget(struct peers *p, struct peer_post *post)
{
	(void)p;
	for (size_t i = fake.held_len; i-- > 0;)
		if (fake.held[i] == post)
			fake_drop(i);
}

/* Answers the first message that was kept. */
static inline void
fake_answer(enum peer_answer answer)
{
	struct peer_post *post = fake.held[0];
	fake_drop(0);
	post->answered(post, answer);
}

#endif
