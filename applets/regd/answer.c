// SPDX-License-Identifier: MIT
#include "applets/regd/answer.h"

#include <string.h>

#include "applets/regd/record.h"
#include "core/base/bytes.h"
#include "core/wire/msg.h"

#define TOKENS_TAG 0xaa01 /* field 21, length-delimited, as a varint */
#define TOKEN_EXTRA 4     /* in front of a token: its tag and length */

/* The message being composed; 133 KB, so there is one. */
static reg_XLRegMsg msg;

static void
begin(uint32_t op)
{
	memset(&msg, 0, sizeof msg);
	MSG_SET_NUMBER(&msg, Op, op);
}

static void
finish(struct answer *a)
{
	a->len = msg_encode(&msg, a->bytes, sizeof a->bytes);
}

void
answer_error(struct answer *a, const char *text)
{
	begin(reg_XLRegMsg_Tag_Error);
	MSG_SET(&msg, ErrDesc, text, strlen(text));
	finish(a);
}

void
answer_ack(struct answer *a)
{
	begin(reg_XLRegMsg_Tag_Ack);
	finish(a);
}

/* The wire bytes of the dialect's version as a little-endian number. */
static uint32_t
version_number(enum dialect dialect)
{
	uint8_t wire[4];
	struct version v = session_version(dialect);
	if (dialect == DIALECT_PREFIXED)
		version_put_prefixed(wire, &v);
	else
		version_put_documented(wire, &v);
	return bytes_get_le32(wire);
}

void
answer_cred(struct answer *a, const struct regcred *cred, enum dialect dialect)
{
	static struct member self;
	self = (struct member){ .id = cred->id,
				.ck = cred->ck,
				.sk = cred->sk };
	memcpy(self.name, cred->name, sizeof self.name);
	while (self.ends_len < cred->ends_len &&
	       self.ends_len < ENDPOINTS_MAX) {
		self.ends[self.ends_len] = cred->ends[self.ends_len];
		self.ends_len++;
	}
	begin(reg_XLRegMsg_Tag_RegCredReply);
	MSG_SET_NUMBER(&msg, Version, version_number(dialect));
	msg.Tokens_count = 1;
	msg_make_token(&msg.Tokens[0], &self);
	finish(a);
}

void
answer_member(struct answer *a, const struct nodeid *id, uint64_t attrs,
	      const char *name)
{
	begin(reg_XLRegMsg_Tag_MemberOK);
	MSG_SET(&msg, MemberID, id->bytes, id->len);
	MSG_SET_NUMBER(&msg, MemberAttrs, attrs);
	MSG_SET(&msg, MemberName, name, strlen(name));
	finish(a);
}

void
answer_cluster(struct answer *a, uint32_t op,
	       const struct registry_cluster *cluster)
{
	begin(op);
	MSG_SET(&msg, ClusterID, cluster->id.bytes, cluster->id.len);
	MSG_SET(&msg, ClusterName, cluster->name, cluster->name_len);
	MSG_SET_NUMBER(&msg, ClusterAttrs, cluster->attrs);
	MSG_SET_NUMBER(&msg, ClusterMaxSize, cluster->max_size);
	MSG_SET_NUMBER(&msg, EndPointCount, cluster->endpoint_count);
	MSG_SET_NUMBER(&msg, ClusterSize, cluster->size);
	finish(a);
}

/* What of a member's token this dialect gets. */
static size_t
token_len(const struct registry *reg, const struct registry_member *m,
	  enum dialect dialect)
{
	bool bare =
		dialect != DIALECT_SEALED && registry_is_sealed(reg, m->node);
	return bare ? m->token.bare_len : m->token.len;
}

/* The bits of those of which that are there and fit into left bytes. */
static uint64_t
choose(const struct registry *reg, uint32_t cluster, uint64_t which,
       size_t left, enum dialect dialect)
{
	uint64_t chosen = 0;
	for (uint32_t i = 0; i < reg->clusters[cluster].max_size; i++) {
		const struct registry_member *m =
			registry_member(reg, cluster, i);
		if (m->node == REGISTRY_NONE || !(which >> i & 1))
			continue;
		size_t len = token_len(reg, m, dialect) + TOKEN_EXTRA;
		if (len > left)
			break;
		left -= len;
		chosen |= UINT64_C(1) << i;
	}
	return chosen;
}

static void
put_varint(struct bytes_writer *w, size_t v)
{
	for (; v > 0x7f; v >>= 7)
		bytes_put_u8(w, (uint8_t)(0x80 | (v & 0x7f)));
	bytes_put_u8(w, (uint8_t)v);
}

/* Appends a stored token as it is: nothing of it is decoded. */
static enum err
put_token(struct bytes_writer *w, const struct registry *reg,
	  const struct store *store, const struct registry_member *m,
	  enum dialect dialect)
{
	struct record_token token;
	enum err e = record_read_token(store, &m->token, &token);
	if (e != ERR_OK)
		return e;
	size_t len = token_len(reg, m, dialect);
	bytes_put_be16(w, TOKENS_TAG);
	put_varint(w, len);
	bytes_put(w, token.bytes, len);
	return ERR_OK;
}

/* The fields of ClusterMembers but for the tokens. */
static void
begin_members(struct answer *a, const struct registry_cluster *c,
	      uint64_t which)
{
	begin(reg_XLRegMsg_Tag_ClusterMembers);
	MSG_SET(&msg, ClusterID, c->id.bytes, c->id.len);
	MSG_SET_NUMBER(&msg, ClusterMaxSize, c->max_size);
	MSG_SET_NUMBER(&msg, Which, which);
	MSG_SET_NUMBER(&msg, ClusterSize, c->size);
	finish(a);
}

enum err
answer_members(struct answer *a, size_t cap, const struct registry *reg,
	       const struct store *store, uint32_t cluster, uint64_t which,
	       enum dialect dialect)
{
	const struct registry_cluster *c = &reg->clusters[cluster];
	begin_members(a, c, ANSWER_ALL); /* no other number is longer */
	uint64_t chosen = choose(reg, cluster, which, cap - a->len, dialect);
	begin_members(a, c, chosen);
	struct bytes_writer w = bytes_writer(a->bytes, cap);
	w.len = a->len;
	enum err e = ERR_OK;
	for (uint32_t i = 0; i < c->max_size && e == ERR_OK; i++)
		if (chosen >> i & 1)
			e = put_token(&w, reg, store,
				      registry_member(reg, cluster, i),
				      dialect);
	a->len = w.len;
	return e;
}
