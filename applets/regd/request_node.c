// SPDX-License-Identifier: MIT

/* Member: a node says who it is, by a token or by its ID. */

#include <bearssl.h>
#include <string.h>

#include "applets/regd/request.h"
#include "core/doc/roster.h"

#define OP reg_XLRegMsg_Tag_Member

/* A Member request with a token, on its way through the checks. */
struct claim {
	struct member member;
	struct registry_facts facts;
	uint32_t node; /* the one with this ID, or REGISTRY_NONE */
	bool same;     /* what is stored says all of it already */
	struct record_token token;
};

static void
hash_key(uint8_t hash[static REGISTRY_KEY_LEN], const void *spki, size_t len)
{
	br_sha256_context sha;
	br_sha256_init(&sha);
	br_sha256_update(&sha, spki, len);
	br_sha256_out(&sha, hash);
}

/* Token.DigSig, and in sealed the message's, which ties it to the session. */
static bool
is_signed(const struct claim *claim, const struct session *session,
	  const reg_XLRegMsg *msg)
{
	uint8_t digest[32];
	if (msg_verify_token(&msg->MemberSpecs, &claim->member) != ERR_OK)
		return false;
	if (session->dialect != DIALECT_SEALED)
		return true;
	msg_digest_member(digest, session_bind(session), &msg->MemberSpecs);
	return msg->has_DigSig &&
	       rsakey_verify(&claim->member.sk, RSAKEY_SHA256, digest,
			     msg->DigSig.bytes, msg->DigSig.size) == ERR_OK;
}

/*
 * Finds out which node it is and gives a new one an ID.  Returns NULL, or the
 * text of the refusal.
 */
static const char *
identify(struct serve *s, struct claim *claim, enum dialect dialect)
{
	const struct registry *reg = s->registry;
	struct nodeid *id = &claim->member.id;
	uint32_t key = registry_find_key(reg, claim->facts.key);
	bool known = id->len > 0;
	claim->node = REGISTRY_NONE;
	if (known)
		claim->node = registry_find_node(reg, id);
	else if (key != REGISTRY_NONE)
		claim->node = reg->keys[key].latest;
	if (dialect != DIALECT_SEALED &&
	    ((key != REGISTRY_NONE && reg->keys[key].sealed > 0) ||
	     (claim->node != REGISTRY_NONE &&
	      registry_is_sealed(reg, claim->node))))
		return "bad digital signature";
	if (claim->node != REGISTRY_NONE && reg->nodes[claim->node].key != key)
		return "ID already in use";
	if (!known && claim->node != REGISTRY_NONE)
		*id = reg->nodes[claim->node].id;
	else if (!known)
		nodeid_random(id, s->id_len, s->rng);
	claim->facts.id = *id;
	return NULL;
}

/*
 * Makes the token as it is stored and sent to others: with the node's ID, end
 * points in their bare form, and the DigSig if that still fits.
 */
static void
make_token(struct claim *claim, const reg_Token *sent)
{
	static reg_Token stored;
	uint8_t of_sent[20], of_stored[20];
	struct record_token *token = &claim->token;
	msg_make_token(&stored, &claim->member);
	token->len = token->bare_len = (uint16_t)msg_encode_token(
		&stored, token->bytes, sizeof token->bytes);
	msg_digest_token(of_sent, sent);
	msg_digest_token(of_stored, &stored);
	if (memcmp(of_sent, of_stored, sizeof of_sent) != 0)
		return;
	stored.has_DigSig = true;
	stored.DigSig = sent->DigSig;
	token->len = (uint16_t)msg_encode_token(&stored, token->bytes,
						sizeof token->bytes);
}

/* Whether the store has this token of the node, in this dialect, already. */
static bool
is_stored(const struct serve *s, const struct claim *claim,
	  enum dialect dialect)
{
	static struct record_token old;
	if (claim->node == REGISTRY_NONE)
		return false;
	const struct registry_node *n = &s->registry->nodes[claim->node];
	if (!n->stored || n->token.len != claim->token.len ||
	    (dialect == DIALECT_SEALED && n->dialect != DIALECT_SEALED))
		return false;
	return record_read_token(&s->store, &n->token, &old) == ERR_OK &&
	       memcmp(old.bytes, claim->token.bytes, old.len) == 0;
}

/* Stores what has to be stored, and puts the node into memory. */
static void
admit(struct serve *s, struct client *c, struct claim *claim,
      enum dialect dialect)
{
	struct registry_facts *facts = &claim->facts;
	uint64_t ticket = 0;
	facts->dialect = dialect;
	if (!request_reserve(s, c, OP))
		return;
	if (claim->same)
		facts->token = s->registry->nodes[claim->node].token;
	else if (facts->stored &&
		 record_append_node(&s->store, dialect, &claim->token, &ticket,
				    &facts->token) != ERR_OK) {
		request_refuse_store(s, c, OP);
		return;
	}
	c->node = registry_put_node(s->registry, facts, &c->change);
	request_settle(s, c, OP, ticket);
}

/* Reads the stored token of a node.  False when it cannot be read. */
static bool
load_token(struct serve *s, struct claim *claim)
{
	const struct registry_node *n = &s->registry->nodes[claim->node];
	return record_read_token(&s->store, &n->token, &claim->token) == ERR_OK;
}

/*
 * Has a node that is stored stay as it is, but for being noted as accepted in
 * this dialect.
 */
static void
admit_stored(struct serve *s, struct client *c, struct claim *claim,
	     enum dialect dialect)
{
	const struct registry_node *n = &s->registry->nodes[claim->node];
	claim->facts.id = n->id;
	claim->facts.attrs = n->attrs;
	claim->facts.stored = true;
	memcpy(claim->facts.key, s->registry->keys[n->key].hash,
	       sizeof claim->facts.key);
	claim->same = dialect != DIALECT_SEALED || n->dialect == DIALECT_SEALED;
	admit(s, c, claim, dialect);
}

/* A token that passed all checks. */
static void
admit_token(struct serve *s, struct client *c, struct claim *claim,
	    const reg_Token *sent, enum dialect dialect)
{
	bool passing = request_is_passing(claim->member.attrs);
	bool stored = claim->node != REGISTRY_NONE &&
		      s->registry->nodes[claim->node].stored;
	c->attrs = claim->member.attrs;
	memcpy(c->name, claim->member.name, sizeof c->name);
	if (passing && stored) {
		if (load_token(s, claim))
			admit_stored(s, c, claim, dialect);
		else
			request_refuse_store(s, c, OP);
		return;
	}
	make_token(claim, sent);
	claim->facts.stored = !passing;
	claim->same = !passing && is_stored(s, claim, dialect);
	admit(s, c, claim, dialect);
}

static void
take_token(struct serve *s, struct client *c, const struct session *session,
	   const reg_XLRegMsg *msg)
{
	static struct claim claim;
	const reg_Token *sent = &msg->MemberSpecs;
	const char *refusal = msg_check_token(&claim.member, sent, s->min_bits);
	if (!refusal && !is_signed(&claim, session, msg))
		refusal = "bad digital signature";
	claim.facts = (struct registry_facts){ .attrs = claim.member.attrs };
	hash_key(claim.facts.key, sent->SigKey.bytes, sent->SigKey.size);
	if (!refusal)
		refusal = identify(s, &claim, session->dialect);
	if (refusal) {
		request_refuse(s, c, OP, refusal);
		return;
	}
	admit_token(s, c, &claim, sent, session->dialect);
}

/* Whether the message's DigSig says that the owner of sk has this ID here. */
static bool
is_return(const struct serve *s, const struct session *session,
	  const reg_XLRegMsg *msg, const struct nodeid *id,
	  const struct rsakey_public *sk)
{
	uint8_t digest[32];
	uint8_t spki[RSAKEY_SPKI_MAX];
	enum rsakey_hash hash = RSAKEY_SHA256;
	if (session->dialect == DIALECT_SEALED) {
		msg_digest_return_sealed(digest, session_bind(session), id);
	} else {
		size_t len = rsakey_encode_spki(spki, &s->cred->ck);
		msg_digest_return_older(digest, id, spki, len,
					session_salt2(session));
		hash = RSAKEY_SHA1;
	}
	return msg->has_DigSig &&
	       rsakey_verify(sk, hash, digest, msg->DigSig.bytes,
			     msg->DigSig.size) == ERR_OK;
}

/* Fills in what the stored token of the claim's node says. */
static bool
load_member(struct serve *s, struct claim *claim)
{
	static reg_Token token;
	return load_token(s, claim) &&
	       msg_decode_token(&token, claim->token.bytes, claim->token.len) ==
		       ERR_OK &&
	       !msg_check_token(&claim->member, &token, RSAKEY_BITS_MIN);
}

static void
take_id(struct serve *s, struct client *c, const struct session *session,
	const reg_XLRegMsg *msg)
{
	static struct claim claim;
	struct nodeid id;
	if (nodeid_from_bytes(&id, msg->MemberID.bytes, msg->MemberID.size) !=
	    ERR_OK) {
		request_refuse(s, c, OP, "bad length for nodeID");
		return;
	}
	claim.node = registry_find_node(s->registry, &id);
	if (claim.node == REGISTRY_NONE ||
	    !s->registry->nodes[claim.node].stored) {
		request_refuse(s, c, OP, "member not known to this registry");
		return;
	}
	if (!load_member(s, &claim)) {
		request_refuse_store(s, c, OP);
		return;
	}
	bool closed = session->dialect != DIALECT_SEALED &&
		      registry_is_sealed(s->registry, claim.node);
	if (closed || !is_return(s, session, msg, &id, &claim.member.sk)) {
		request_refuse(s, c, OP, "bad digital signature");
		return;
	}
	c->attrs = claim.member.attrs;
	memcpy(c->name, claim.member.name, sizeof c->name);
	admit_stored(s, c, &claim, session->dialect);
}

void
request_member(struct serve *s, struct client *c, const struct session *session,
	       const reg_XLRegMsg *msg)
{
	if (msg->has_MemberSpecs)
		take_token(s, c, session, msg);
	else if (msg->has_MemberID && msg->MemberID.size > 0)
		take_id(s, c, session, msg);
	else
		request_refuse(s, c, OP, "missing member token or ID");
}
