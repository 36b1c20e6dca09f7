// SPDX-License-Identifier: MIT
/*
 * What the registry answers when several sessions change things in one turn,
 * and the store then fails or does not.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "applets/regd/journal.h"
#include "applets/regd/replay.h"
#include "applets/regd/request.h"
#include "core/base/log.h"
#include "core/ident/keyfile.h"
#include "core/ident/rng.h"
#include "tests/unit/tap.h"
#include "tests/unit/vec.h"

#define PEERS 600

static struct rng rng;
static struct rsakey_private key;
static struct regcred cred;
static struct journal journal;
static struct registry registry;
static struct serve serve;
static bool failing;

/* A client, its session, and what it was answered last. */
static struct peer {
	struct client client;
	struct session session;
	uint8_t in[2048];
	uint32_t op;
	char error[80];
	uint32_t size;
	uint64_t which;
} peers[PEERS];

static reg_XLRegMsg ask, told;

static int
sync_or_not(int fd)
{
	errno = EIO;
	return failing ? -1 : fdatasync(fd);
}

static struct peer *
peer_of(struct client *c)
{
	return &peers[((char *)c - (char *)peers) / (long)sizeof *peers];
}

static void
take_answer(struct peer *p)
{
	p->op = 0;
	p->error[0] = '\0';
	if (msg_decode(&told, serve.answer.bytes, serve.answer.len) != ERR_OK)
		return;
	p->op = told.Op;
	p->size = told.ClusterSize;
	p->which = told.Which;
	if (told.has_ErrDesc)
		snprintf(p->error, sizeof p->error, "%.*s",
			 (int)told.ErrDesc.size, told.ErrDesc.bytes);
}

/* Hands the message in place to serve. */
static void
hand_over(struct peer *p)
{
	p->op = 0;
	serve_message(&serve, &p->client, &p->session);
	if (p->client.state != SERVE_STORING)
		take_answer(p);
}

static void
resume(struct client *c)
{
	struct peer *p = peer_of(c);
	if (serve.answer.len > 0)
		take_answer(p);
	else
		hand_over(p);
}

static void
commit(bool fails)
{
	failing = fails;
	serve.store.commit(serve.store.self);
	failing = false;
}

static void
say_it(struct peer *p)
{
	p->session.in = p->in;
	p->session.dialect = DIALECT_DOCUMENTED;
	p->session.message_at = 0;
	p->session.message_len = msg_encode(&ask, p->in, sizeof p->in);
	hand_over(p);
}

static void
begin(uint32_t op)
{
	memset(&ask, 0, sizeof ask);
	MSG_SET_NUMBER(&ask, Op, op);
}

static void
say_member(struct peer *p, const char *name, unsigned id)
{
	static struct member m;
	uint8_t digest[20], sig[RSAKEY_LEN_MAX];
	m = (struct member){ .ck = key.pub, .sk = key.pub, .ends_len = 1 };
	snprintf(m.name, sizeof m.name, "%s", name);
	m.id.len = NODEID_SHORT;
	m.id.bytes[0] = (uint8_t)id;
	m.id.bytes[1] = (uint8_t)(id >> 8);
	(void)endpoint_parse(&m.ends[0], "h:1", 3);
	begin(reg_XLRegMsg_Tag_Member);
	ask.has_MemberSpecs = true;
	msg_make_token(&ask.MemberSpecs, &m);
	msg_digest_token(digest, &ask.MemberSpecs);
	(void)rsakey_sign(&key, RSAKEY_SHA1, digest, sig);
	MSG_SET(&ask.MemberSpecs, DigSig, sig, key.pub.n_len);
	say_it(p);
}

static void
say_cluster(struct peer *p, uint32_t op, const char *name, uint32_t size)
{
	begin(op);
	MSG_SET(&ask, ClusterName, name, strlen(name));
	MSG_SET_NUMBER(&ask, ClusterMaxSize, size);
	say_it(p);
}

static void
say_create(struct peer *p, const char *name, uint32_t size)
{
	say_cluster(p, reg_XLRegMsg_Tag_Create, name, size);
}

static void
say_join(struct peer *p, const char *name)
{
	say_cluster(p, reg_XLRegMsg_Tag_Join, name, 0);
}

static void
say_get(struct peer *p, const char *name)
{
	say_cluster(p, reg_XLRegMsg_Tag_GetCluster, name, 0);
}

static void
set_up(void)
{
	static struct net_addr addr;
	struct replay none = { 0 };
	(void)net_parse(&addr, "127.0.0.1", 1);
	registry_init(&registry, &rng);
	if (journal_open(&journal, NULL, &rng) != ERR_OK ||
	    replay_journal(&none, &journal) != ERR_OK)
		printf("Bail out! no journal\n");
	journal.sync = sync_or_not;
	serve.registry = &registry;
	serve.store = journal_store(&journal);
	serve.rng = &rng;
	serve.cred = &cred;
	serve.min_bits = RSAKEY_BITS_MIN;
	serve.id_len = NODEID_LONG;
	serve.resume = resume;
	serve_init(&serve);
	for (unsigned i = 0; i < PEERS; i++) {
		serve_begin(&peers[i].client, i, &addr);
		peers[i].client.state = SERVE_ANONYMOUS;
	}
}

static void
tear_down(void)
{
	for (unsigned i = 0; i < PEERS; i++)
		serve_end(&serve, &peers[i].client);
	registry_free(&registry);
	journal_close(&journal);
}

/* The first few are members, each with an ID of its own. */
static void
let_in(unsigned count)
{
	char name[8];
	for (unsigned i = 0; i < count; i++) {
		snprintf(name, sizeof name, "n%u", i);
		say_member(&peers[i], name, i + 1);
	}
	commit(false);
}

static bool
waits(const struct peer *p)
{
	return p->client.state == SERVE_STORING && p->op == 0;
}

static void
test_well(void)
{
	set_up();
	say_member(&peers[0], "n0", 1);
	ok(waits(&peers[0]), "a Member is not answered before it is durable");
	commit(false);
	is_int(peers[0].op, reg_XLRegMsg_Tag_MemberOK, "but then");
	say_member(&peers[1], "n0", 1);
	is_int(peers[1].op, reg_XLRegMsg_Tag_MemberOK,
	       "what is stored already is answered at once");
	say_member(&peers[2], "n2", 3);
	commit(false);
	uint64_t end = journal.end;
	say_create(&peers[0], "alpha", 2);
	ok(waits(&peers[0]), "a Create waits");
	say_join(&peers[2], "alpha");
	say_get(&peers[1], "alpha");
	ok(waits(&peers[1]) && waits(&peers[2]), "and who stands on it");
	is_int(journal.end, end, "nothing is written yet");
	commit(false);
	is_int(peers[0].op, reg_XLRegMsg_Tag_CreateReply, "then it is done");
	is_int(peers[2].op, reg_XLRegMsg_Tag_JoinReply, "the Join is done");
	is_int(peers[1].op, reg_XLRegMsg_Tag_ClusterMembers, "the look too");
	is_int(peers[1].which, 1, "and shows who joined");
	tear_down();
}

static void
test_store_fails(void)
{
	set_up();
	let_in(4);
	uint64_t end = journal.end;
	say_create(&peers[0], "alpha", 2);
	say_create(&peers[1], "alpha", 5);
	say_join(&peers[2], "alpha");
	say_get(&peers[3], "alpha");
	say_member(&peers[4], "n9", 9);
	say_member(&peers[5], "n10", 9);
	is_int(registry.clusters_len, 1, "a cluster in memory");
	commit(true);
	for (unsigned i = 0; i < 6; i++)
		is_int(peers[i].op, reg_XLRegMsg_Tag_Error, "%u: refused", i);
	is_str(peers[0].error, "cannot store the change", "the Create");
	is_str(peers[1].error, "cannot store the change", "who found it");
	is_str(peers[2].error, "cannot store the change", "the Join");
	is_str(peers[3].error, "cannot find cluster with this name",
	       "who only looks sees that there is none");
	is_str(peers[4].error, "cannot store the change", "the Member");
	is_int(registry.clusters_len, 0, "no cluster in memory");
	is_int(registry.members_len, 0, "nor places of one");
	struct nodeid id = { .len = NODEID_SHORT, .bytes = { 9 } };
	is_int(registry_find_node(&registry, &id), REGISTRY_NONE, "no node");
	is_int(journal.end, end, "nothing in the journal");
	ok(!serve.first && !serve.last, "nobody waits");
	tear_down();
}

/* Whom only what is staged keeps out is not turned away before it is done. */
static void
test_refusal_waits(void)
{
	set_up();
	let_in(4);
	say_create(&peers[0], "alpha", 2);
	commit(false);
	for (unsigned i = 0; i < 3; i++)
		say_join(&peers[i], "alpha");
	ok(waits(&peers[2]), "one too many waits");
	commit(true);
	is_str(peers[0].error, "cannot store the change", "the first fails");
	ok(waits(&peers[2]), "so the third has got a place, and waits on");
	commit(false);
	is_int(peers[2].op, reg_XLRegMsg_Tag_JoinReply, "and gets it");
	is_int(peers[2].size, 1, "all alone");
	say_member(&peers[5], "n1", 2);
	say_member(&peers[6], "n3", 4);
	say_join(&peers[5], "alpha");
	say_join(&peers[6], "alpha");
	commit(false);
	is_int(peers[5].op, reg_XLRegMsg_Tag_JoinReply, "another gets in");
	is_str(peers[6].error, "cluster is full", "and then it is full");
	tear_down();
}

/* More than one commit holds: the first are answered before the last are. */
static void
test_no_room(void)
{
	unsigned answered = 0;
	char name[8];
	set_up();
	size_t room = serve.store.room(serve.store.self);
	for (unsigned i = 0; i < PEERS; i++) {
		snprintf(name, sizeof name, "n%u", i);
		say_member(&peers[i], name, i + 1);
		if (serve.store.room(serve.store.self) < RECORD_MAX)
			room = 0;
	}
	is_int(room, 0, "the buffer was full");
	for (unsigned i = 0; i < PEERS; i++)
		answered += peers[i].op == reg_XLRegMsg_Tag_MemberOK;
	ok(answered > 0 && answered < PEERS, "%u are answered", answered);
	commit(false);
	answered = 0;
	for (unsigned i = 0; i < PEERS; i++)
		answered += peers[i].op == reg_XLRegMsg_Tag_MemberOK;
	is_int(answered, PEERS, "and then all");
	tear_down();
}

int
main(void)
{
	static uint8_t pem[KEYFILE_MAX];
	size_t len = vec_file("rsa1024-1.pem", pem, sizeof pem);
	rng_init_fixed(&rng, "serve", 5);
	if (keyfile_parse_private(&key, pem, len) != ERR_OK) {
		printf("Bail out! no key\n");
		return 1;
	}
	log_setup(LOG_LEVEL_ERROR, false);
	test_well();
	test_store_fails();
	test_refusal_waits();
	test_no_room();
	return done_testing();
}
