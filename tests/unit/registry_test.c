// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <unistd.h>

#include "applets/regd/compact.h"
#include "applets/regd/journal.h"
#include "applets/regd/record.h"
#include "applets/regd/registry.h"
#include "applets/regd/replay.h"
#include "core/ident/rng.h"
#include "tests/unit/tap.h"
#include "xlreg.pb.h"
#include <pb_encode.h>

static struct rng rng;
static char folder[] = "/tmp/xl-registry.XXXXXX";

static struct nodeid
id_of(unsigned n)
{
	struct nodeid id = { .len = NODEID_LONG };
	id.bytes[0] = (uint8_t)n;
	id.bytes[31] = (uint8_t)(n >> 8);
	return id;
}

static struct registry_facts
facts_of(unsigned id, unsigned key, enum dialect dialect)
{
	struct registry_facts f = {
		.id = id_of(id),
		.dialect = dialect,
		.stored = true,
		.token = { .at = 100 * id, .len = 10, .bare_len = 5 },
	};
	f.key[3] = (uint8_t)key;
	return f;
}

static uint32_t
put_node(struct registry *reg, const struct registry_facts *f,
	 struct registry_change *change)
{
	registry_reserve(reg);
	return registry_put_node(reg, f, change);
}

static uint32_t
latest_of(const struct registry *reg, const struct registry_facts *f)
{
	uint32_t key = registry_find_key(reg, f->key);
	return key == REGISTRY_NONE ? key : reg->keys[key].latest;
}

static void
test_nodes(void)
{
	struct registry reg;
	struct registry_change c[4];
	struct registry_facts a = facts_of(1, 1, DIALECT_DOCUMENTED);
	struct registry_facts b = facts_of(2, 1, DIALECT_SEALED);
	struct nodeid none = id_of(3);
	registry_init(&reg, &rng);
	is_int(registry_find_node(&reg, &none), REGISTRY_NONE, "none yet");
	uint32_t na = put_node(&reg, &a, &c[0]);
	is_int(registry_find_node(&reg, &a.id), na, "found by its ID");
	is_int(latest_of(&reg, &a), na, "and its key");
	is_int(registry_find_node(&reg, &none), REGISTRY_NONE, "no other is");
	none = a.id;
	none.len = NODEID_SHORT;
	is_int(registry_find_node(&reg, &none), REGISTRY_NONE,
	       "nor the begin of its ID");
	ok(!registry_is_sealed(&reg, na), "accepted in an older dialect");
	uint32_t nb = put_node(&reg, &b, &c[1]);
	is_int(latest_of(&reg, &a), nb, "of a key the latest is given");
	ok(registry_is_sealed(&reg, na), "sealed goes for all of a key");
	a.token.at = 7;
	is_int(put_node(&reg, &a, &c[2]), na, "the same node again");
	is_int(reg.nodes[na].token.at, 7, "with another token");
	is_int(reg.nodes[na].sessions, 2, "held twice");
	registry_undo(&reg, &c[2]);
	is_int(reg.nodes[na].token.at, 100, "taken back");
	registry_undo(&reg, &c[1]);
	ok(!registry_is_sealed(&reg, na), "not sealed any more");
	is_int(latest_of(&reg, &a), na, "the older one is the latest");
	is_int(registry_find_node(&reg, &b.id), REGISTRY_NONE, "b is gone");
	a.dialect = DIALECT_SEALED;
	put_node(&reg, &a, &c[1]);
	a.dialect = DIALECT_PREFIXED;
	put_node(&reg, &a, &c[2]);
	ok(registry_is_sealed(&reg, na), "sealed once is sealed for ever");
	registry_undo(&reg, &c[2]);
	registry_undo(&reg, &c[1]);
	registry_undo(&reg, &c[0]);
	is_int(registry_find_key(&reg, a.key), REGISTRY_NONE, "all is gone");
	put_node(&reg, &b, &c[0]);
	is_int(reg.nodes_len, 2, "numbers are used again");
	registry_free(&reg);
}

static void
test_unstored(void)
{
	struct registry reg;
	struct registry_change c[3];
	struct registry_facts a = facts_of(1, 1, DIALECT_SEALED);
	struct registry_facts b = facts_of(2, 1, DIALECT_SEALED);
	struct registry_facts d = facts_of(4, 1, DIALECT_SEALED);
	registry_init(&reg, &rng);
	put_node(&reg, &d, &c[0]);
	a.stored = false;
	uint32_t n = put_node(&reg, &a, &c[0]);
	put_node(&reg, &b, &c[1]);
	put_node(&reg, &a, &c[2]);
	registry_release_node(&reg, n);
	is_int(registry_find_node(&reg, &a.id), n, "held by a session");
	registry_release_node(&reg, n);
	is_int(registry_find_node(&reg, &a.id), REGISTRY_NONE,
	       "gone with the last");
	uint32_t nb = registry_find_node(&reg, &b.id);
	uint32_t nd = registry_find_node(&reg, &d.id);
	is_int(reg.nodes[nb].older, nd, "the others of the key are linked");
	is_int(reg.nodes[nd].newer, nb, "both ways");
	registry_release_node(&reg, nb);
	is_int(registry_find_node(&reg, &b.id), nb, "stored nodes stay");
	b.stored = false;
	b.token.at = 9;
	put_node(&reg, &b, &c[0]);
	is_int(reg.nodes[nb].token.at, 200, "and keep what is stored");
	registry_release_node(&reg, nb);
	is_int(registry_find_node(&reg, &b.id), nb, "and stay");
	a.stored = false;
	put_node(&reg, &a, &c[0]);
	a.stored = true;
	n = put_node(&reg, &a, &c[1]);
	registry_undo(&reg, &c[1]);
	ok(!reg.nodes[n].stored, "not stored after all");
	registry_undo(&reg, &c[0]);
	is_int(registry_find_node(&reg, &a.id), REGISTRY_NONE, "nor there");
	registry_free(&reg);
}

static struct registry_cluster
cluster_of(unsigned id, const char *name, unsigned size)
{
	struct registry_cluster c = {
		.id = id_of(id),
		.name_len = (uint8_t)strlen(name),
		.max_size = (uint8_t)size,
		.endpoint_count = 1,
		.attrs = 5,
	};
	memcpy(c.name, name, strlen(name));
	return c;
}

static void
test_clusters(void)
{
	struct registry reg;
	struct registry_change c[8];
	struct registry_cluster alpha = cluster_of(1, "alpha", 3);
	struct registry_cluster beta = cluster_of(2, "beta", 2);
	struct registry_member m = { .node = 17, .name = 4711 };
	registry_init(&reg, &rng);
	is_int(registry_find_cluster_name(&reg, "alpha", 5), REGISTRY_NONE,
	       "none yet");
	registry_reserve(&reg);
	uint32_t a = registry_put_cluster(&reg, &alpha, &c[0]);
	registry_reserve(&reg);
	uint32_t b = registry_put_cluster(&reg, &beta, &c[1]);
	is_int(registry_find_cluster_name(&reg, "alpha", 5), a, "by name");
	is_int(registry_find_cluster_name(&reg, "alph", 4), REGISTRY_NONE,
	       "by its whole name");
	is_int(registry_find_cluster(&reg, &beta.id), b, "by ID");
	is_int(registry_find_place(&reg, a), 0, "all free");
	registry_put_member(&reg, a, 0, &m, &c[2]);
	m.node = 18;
	m.name = 4712;
	registry_put_member(&reg, a, 1, &m, &c[3]);
	is_int(reg.clusters[a].size, 2, "two members");
	is_int(registry_find_place(&reg, a), 2, "the next place");
	is_int(registry_find_member(&reg, a, 18), 1, "a member by its node");
	is_int(registry_find_member_name(&reg, a, 4711), 0, "and by name");
	is_int(registry_find_member(&reg, b, 18), REGISTRY_NONE,
	       "but not of the other cluster");
	m.name = 4713;
	registry_put_member(&reg, a, 1, &m, &c[4]);
	is_int(reg.clusters[a].size, 2, "renewed");
	is_int(registry_find_member_name(&reg, a, 4712), REGISTRY_NONE,
	       "its old name is free");
	m.node = 19;
	registry_put_member(&reg, a, 2, &m, &c[5]);
	is_int(registry_find_place(&reg, a), REGISTRY_NONE, "full");
	registry_undo(&reg, &c[5]);
	registry_undo(&reg, &c[4]);
	registry_undo(&reg, &c[3]);
	is_int(reg.clusters[a].size, 1, "taken back");
	is_int(registry_find_place(&reg, a), 1, "its place is free");
	registry_undo(&reg, &c[2]);
	registry_undo(&reg, &c[1]);
	is_int(registry_find_cluster(&reg, &beta.id), REGISTRY_NONE,
	       "the cluster is gone");
	is_int(registry_find_cluster(&reg, &alpha.id), a, "the other is not");
	registry_undo(&reg, &c[0]);
	is_int(registry_find_cluster_name(&reg, "alpha", 5), REGISTRY_NONE,
	       "gone too");
	is_int(reg.members_len, 0, "and its places");
	registry_free(&reg);
}

/* A token as the registry stores it, with a DigSig. */
static void
make_token(struct record_token *token, unsigned n, const char *end)
{
	static reg_Token t;
	static uint8_t sig[256];
	struct nodeid id = id_of(n);
	pb_ostream_t s =
		pb_ostream_from_buffer(token->bytes, sizeof token->bytes);
	t = (reg_Token)reg_Token_init_zero;
	t.has_Name = t.has_ID = t.has_SigKey = true;
	t.Name.size = (pb_size_t)snprintf((char *)t.Name.bytes,
					  sizeof t.Name.bytes, "n%u", n);
	t.ID.size = id.len;
	memcpy(t.ID.bytes, id.bytes, id.len);
	t.SigKey.size = 2;
	t.SigKey.bytes[0] = (uint8_t)n;
	t.MyEnds_count = 1;
	t.MyEnds[0].size = (pb_size_t)strlen(end);
	memcpy(t.MyEnds[0].bytes, end, strlen(end));
	pb_encode(&s, reg_Token_fields, &t);
	token->bare_len = (uint16_t)s.bytes_written;
	t.has_DigSig = true;
	t.DigSig.size = sizeof sig;
	memset(t.DigSig.bytes, (int)n, sizeof sig);
	s = pb_ostream_from_buffer(token->bytes, sizeof token->bytes);
	pb_encode(&s, reg_Token_fields, &t);
	token->len = (uint16_t)s.bytes_written;
}

struct place {
	struct journal journal;
	struct registry reg;
	struct store store;
	struct replay replay;
};

static enum err
open_place(struct place *p)
{
	enum err e = journal_open(&p->journal, folder, &rng);
	registry_init(&p->reg, &rng);
	p->store = journal_store(&p->journal);
	p->replay =
		(struct replay){ .record = record_replay, .context = &p->reg };
	return e == ERR_OK ? replay_journal(&p->replay, &p->journal) : e;
}

static void
close_place(struct place *p)
{
	journal_close(&p->journal);
	registry_free(&p->reg);
}

/* Whether what the registry says of node n is this token. */
static bool
has_token(const struct place *p, const struct registry_token *place, unsigned n,
	  const char *end)
{
	struct record_token want, got;
	make_token(&want, n, end);
	return record_read_token(&p->store, place, &got) == ERR_OK &&
	       got.len == want.len && got.bare_len == want.bare_len &&
	       memcmp(got.bytes, want.bytes, want.len) == 0;
}

static void
check_place(struct place *p, const char *when)
{
	struct nodeid id = id_of(1);
	uint32_t n1 = registry_find_node(&p->reg, &id);
	id = id_of(2);
	uint32_t n2 = registry_find_node(&p->reg, &id);
	uint32_t a = registry_find_cluster_name(&p->reg, "alpha", 5);
	if (!ok(n1 != REGISTRY_NONE && n2 != REGISTRY_NONE &&
			a != REGISTRY_NONE,
		"%s: all there", when))
		return;
	ok(has_token(p, &p->reg.nodes[n1].token, 1, "h:999"),
	   "%s: the latest token of a node", when);
	const struct registry_member *m = registry_member(&p->reg, a, 1);
	is_int(m->node, n1, "%s: the member at its place", when);
	ok(has_token(p, &m->token, 1, "h:1"),
	   "%s: with the token it joined with", when);
	is_int(registry_member(&p->reg, a, 0)->node, n2, "%s: the other", when);
	is_int(p->reg.clusters[a].size, 2, "%s: size", when);
	is_int(p->reg.clusters[a].max_size, 3, "%s: maximum", when);
	is_int(p->reg.clusters[a].attrs, 5, "%s: attributes", when);
	ok(registry_is_sealed(&p->reg, n1), "%s: sealed", when);
	ok(!registry_is_sealed(&p->reg, n2), "%s: not sealed", when);
	is_int(p->reg.nodes[n1].sessions, 0, "%s: nobody holds it", when);
	is_int(registry_find_member_name(&p->reg, a,
					 registry_hash_name(&p->reg, "n1", 2)),
	       1, "%s: its name", when);
}

static void
put_records(struct place *p)
{
	struct registry_cluster alpha = cluster_of(9, "alpha", 3);
	struct record_token token;
	struct registry_token at;
	uint64_t ticket;
	char end[16];
	make_token(&token, 2, "h:2");
	record_append_node(&p->store, DIALECT_PREFIXED, &token, &ticket, &at);
	record_append_cluster(&p->store, &alpha, &ticket);
	record_append_member(&p->store, &alpha.id, 0, DIALECT_PREFIXED, &token,
			     &ticket, &at);
	make_token(&token, 1, "h:1");
	record_append_node(&p->store, DIALECT_SEALED, &token, &ticket, &at);
	record_append_member(&p->store, &alpha.id, 1, DIALECT_SEALED, &token,
			     &ticket, &at);
	p->store.commit(p->store.self);
	for (unsigned i = 0; i < 1000; i++) {
		snprintf(end, sizeof end, "h:%u", i);
		make_token(&token, 1, end);
		record_append_node(&p->store, DIALECT_SEALED, &token, &ticket,
				   &at);
		if (i % 100 == 99)
			p->store.commit(p->store.self);
	}
}

static void
test_records(void)
{
	static struct place p;
	is_int(open_place(&p), ERR_OK, "a new place");
	put_records(&p);
	close_place(&p);
	is_int(open_place(&p), ERR_OK, "replay");
	is_int(p.replay.records, 1005, "all records");
	check_place(&p, "replayed");
	ok(compact_is_due(&p.reg, &p.journal), "mostly garbage");
	uint64_t before = p.journal.end;
	is_int(compact_journal(&p.reg, &p.journal), ERR_OK, "compacted");
	ok(p.journal.end < before / 50, "is much smaller");
	check_place(&p, "compacted");
	ok(!compact_is_due(&p.reg, &p.journal), "nothing more to gain");
	close_place(&p);
	is_int(open_place(&p), ERR_OK, "replay of the new file");
	is_int(p.replay.records, 5, "what is needed and no more");
	check_place(&p, "replayed again");
	close_place(&p);
}

/* Of the nodes of a key the latest stays the latest, whatever its number. */
static void
test_compact_order(void)
{
	static struct place p;
	struct registry_change change;
	struct record_token token;
	struct registry_facts f[3];
	uint64_t ticket;
	char path[64];
	snprintf(path, sizeof path, "%s/registry.log", folder);
	unlink(path);
	open_place(&p);
	for (unsigned i = 0; i < 3; i++) {
		f[i] = facts_of(i + 1, 1, DIALECT_SEALED);
		make_token(&token, i + 1, "h:1");
		record_append_node(&p.store, DIALECT_SEALED, &token, &ticket,
				   &f[i].token);
	}
	p.store.commit(p.store.self);
	f[0].stored = false;
	uint32_t first = put_node(&p.reg, &f[0], &change);
	put_node(&p.reg, &f[1], &change);
	registry_release_node(&p.reg, first);
	is_int(put_node(&p.reg, &f[2], &change), first, "a lower number");
	compact_journal(&p.reg, &p.journal);
	ok(p.reg.nodes[first].token.at >
		   p.reg.nodes[registry_find_node(&p.reg, &f[1].id)].token.at,
	   "the latest comes last");
	is_int(p.reg.nodes[first].token.len, f[2].token.len, "its token too");
	close_place(&p);
}

/* Records that cannot be: of no kind, no cluster, a place taken. */
static void
test_senseless(void)
{
	static struct place p;
	struct registry_cluster alpha = cluster_of(9, "alpha", 3);
	struct nodeid other = id_of(77);
	struct record_token token;
	struct registry_token at;
	uint64_t ticket;
	char path[64];
	snprintf(path, sizeof path, "%s/registry.log", folder);
	for (int i = 0; i < 5; i++) {
		unlink(path);
		open_place(&p);
		make_token(&token, 1, "h:1");
		record_append_cluster(&p.store, &alpha, &ticket);
		record_append_member(&p.store, &alpha.id, 0, DIALECT_SEALED,
				     &token, &ticket, &at);
		p.store.commit(p.store.self);
		uint64_t end = p.journal.end;
		make_token(&token, 2, "h:1");
		if (i == 0)
			record_append_member(&p.store, &alpha.id, 0,
					     DIALECT_SEALED, &token, &ticket,
					     &at);
		else if (i == 1)
			record_append_member(&p.store, &alpha.id, 3,
					     DIALECT_SEALED, &token, &ticket,
					     &at);
		else if (i == 2)
			record_append_member(&p.store, &other, 1,
					     DIALECT_SEALED, &token, &ticket,
					     &at);
		else if (i == 3)
			record_append_cluster(&p.store, &alpha, &ticket);
		else
			p.store.append(p.store.self,
				       (const uint8_t *)"\x08\x09", 2, &ticket,
				       &at.at);
		p.store.commit(p.store.self);
		close_place(&p);
		is_int(open_place(&p), ERR_MALFORMED, "case %d", i);
		is_int(p.replay.fault_at, end, "where it is");
		close_place(&p);
	}
	unlink(path);
}

int
main(void)
{
	if (!mkdtemp(folder))
		return 1;
	rng_init_fixed(&rng, "registry", 8);
	test_nodes();
	test_unstored();
	test_clusters();
	test_records();
	test_compact_order();
	test_senseless();
	rmdir(folder);
	return done_testing();
}
