// SPDX-License-Identifier: MIT
#include "applets/join/enroll.h"

#include <string.h>

#include "core/base/bytes.h"
#include "core/base/fmt.h"
#include "core/ident/version.h"

void
enroll_init(struct enroll *e, const struct enroll_plan *plan,
	    struct roster *roster)
{
	memset(e, 0, sizeof *e);
	e->plan = plan;
	e->roster = roster;
	e->gather.roster = roster;
	e->gather.self = &plan->self;
	e->gather.min_bits = plan->min_bits;
	enroll_start(e);
}

void
enroll_start(struct enroll *e)
{
	const struct enroll_plan *plan = e->plan;
	struct roster *r = e->roster;
	memcpy(r->name, plan->cluster, sizeof r->name);
	r->id = plan->cluster_id;
	r->attrs = plan->attrs;
	r->max_size = plan->max_size;
	r->endpoint_count = plan->endpoint_count;
	gather_start(&e->gather);
	e->held = false;
	e->step = plan->job == ENROLL_CRED ? ENROLL_STEP_CRED
					   : ENROLL_STEP_MEMBER;
}

bool
enroll_is_served(const struct enroll *e)
{
	return e->step == ENROLL_STEP_BYE;
}

/* Requests */

static enum err
ask_member(struct enroll *e, reg_XLRegMsg *msg, const uint8_t *bind)
{
	const struct rsakey_private *sk = e->plan->sk;
	reg_Token *token = &msg->MemberSpecs;
	uint8_t digest[32];
	msg->has_MemberSpecs = true;
	msg_make_token(token, &e->plan->self);
	msg_digest_token(digest, token);
	token->has_DigSig = true;
	token->DigSig.size = sk->pub.n_len;
	enum err err =
		rsakey_sign(sk, RSAKEY_SHA1, digest, token->DigSig.bytes);
	if (err != ERR_OK || e->plan->dialect != DIALECT_SEALED)
		return err;
	msg_digest_member(digest, bind, token);
	msg->has_DigSig = true;
	msg->DigSig.size = sk->pub.n_len;
	return rsakey_sign(sk, RSAKEY_SHA256, digest, msg->DigSig.bytes);
}

enum err
enroll_ask(struct enroll *e, reg_XLRegMsg *msg, const uint8_t *bind)
{
	const struct enroll_plan *plan = e->plan;
	memset(msg, 0, sizeof *msg);
	MSG_SET_NUMBER(msg, Op, e->step);
	switch (e->step) {
	case ENROLL_STEP_MEMBER:
		return ask_member(e, msg, bind);
	case ENROLL_STEP_CREATE:
		MSG_SET_NUMBER(msg, ClusterMaxSize, plan->size);
		MSG_SET_NUMBER(msg, EndPointCount,
			       plan->self.ends_len > 1 ? 2 : 1);
		break;
	case ENROLL_STEP_JOIN:
		break;
	case ENROLL_STEP_GET:
		gather_ask(&e->gather, msg);
		if (e->held && plan->dialect == DIALECT_SEALED)
			MSG_SET_NUMBER(msg, WaitSeconds, ENROLL_HOLD_SECONDS);
		break;
	case ENROLL_STEP_CRED:
	case ENROLL_STEP_BYE:
		return ERR_OK;
	}
	if (!msg->has_ClusterID)
		MSG_SET(msg, ClusterName, plan->cluster, strlen(plan->cluster));
	return ERR_OK;
}

/* Replies: each keeps what it says and sets the next step, or says what is
 * wrong with it. */

static struct version
get_version(enum dialect dialect, uint32_t number)
{
	uint8_t wire[4];
	bytes_set_le32(wire, number);
	if (dialect == DIALECT_PREFIXED)
		return version_get_prefixed(wire);
	return version_get_documented(wire);
}

static const char *
take_cred(struct enroll *e, const reg_XLRegMsg *msg)
{
	const struct regcred *known = e->plan->registry;
	struct regcred *cred = &e->cred;
	struct member m;
	if (msg->Tokens_count != 1)
		return "not one token";
	const char *what =
		msg_check_token(&m, &msg->Tokens[0], e->plan->min_bits);
	if (what)
		return what;
	if (!nodeid_equal(&m.id, &known->id))
		return "not the registry's ID";
	if (!rsakey_equal(&m.ck, &known->ck))
		return "not the registry's comms key";
	if (!rsakey_equal(&m.sk, &known->sk))
		return "not the registry's sig key";
	if (m.ends_len < 1)
		return "no end points";
	*cred = *known;
	memcpy(cred->name, m.name, sizeof cred->name);
	cred->ends_len = m.ends_len;
	memcpy(cred->ends, m.ends, sizeof m.ends);
	if (msg->has_Version)
		cred->version = get_version(e->plan->dialect, msg->Version);
	e->step = ENROLL_STEP_BYE;
	return NULL;
}

static const char *
take_member(struct enroll *e, const reg_XLRegMsg *msg)
{
	static const uint8_t next[] = {
		[ENROLL_JOIN] = ENROLL_STEP_JOIN,
		[ENROLL_CREATE] = ENROLL_STEP_CREATE,
		[ENROLL_LIST] = ENROLL_STEP_GET,
		[ENROLL_REGISTER] = ENROLL_STEP_BYE,
	};
	const struct enroll_plan *plan = e->plan;
	struct nodeid id;
	if (!msg->has_MemberID ||
	    nodeid_from_bytes(&id, msg->MemberID.bytes, msg->MemberID.size))
		return "bad ID";
	if (!nodeid_equal(&id, &plan->self.id))
		return "another ID than ours";
	if (!msg->has_MemberName && plan->dialect == DIALECT_SEALED)
		return "no name";
	if (msg->has_MemberName && !MSG_IS(msg, MemberName, plan->self.name))
		return "another name than ours";
	e->accepted = true;
	e->step = next[plan->job];
	if (plan->job == ENROLL_JOIN && plan->size > 0)
		e->step = ENROLL_STEP_CREATE;
	return NULL;
}

/*
 * CreateReply and JoinReply.  The published registries leave fields out, ours
 * does not.
 */
static const char *
take_cluster(struct enroll *e, const reg_XLRegMsg *msg)
{
	bool sealed = e->plan->dialect == DIALECT_SEALED;
	uint32_t ends = msg->has_EndPointCount ? msg->EndPointCount : !sealed;
	struct roster *r = e->roster;
	if (!msg->has_ClusterName && sealed)
		return "no cluster name";
	if (!msg->has_ClusterMaxSize)
		return "bad cluster size";
	const char *what = gather_take_cluster(r, msg);
	if (what)
		return what;
	if (ends < 1 || ends > 2)
		return "bad end point count";
	r->attrs = msg->has_ClusterAttrs ? msg->ClusterAttrs : 0;
	r->endpoint_count = ends;
	if (e->step == ENROLL_STEP_JOIN) {
		if (msg->has_ClusterSize && msg->ClusterSize == 0)
			return "no members";
		e->step = ENROLL_STEP_GET;
	} else {
		e->step = e->plan->job == ENROLL_CREATE ? ENROLL_STEP_BYE
							: ENROLL_STEP_JOIN;
	}
	return NULL;
}

static const char *
take_members(struct enroll *e, const reg_XLRegMsg *msg)
{
	struct gather *g = &e->gather;
	bool joined = e->plan->job == ENROLL_JOIN;
	enum gather_next next;
	const char *what = gather_take(g, msg, &next);
	if (what || next == GATHER_MORE)
		return what;
	if (next == GATHER_COMPLETE && g->stale) {
		gather_start(g); /* who came first may have moved meanwhile */
		return NULL;
	}
	if (joined && e->roster->self == ROSTER_NO_SELF)
		return "we are missing";
	if (next == GATHER_PART && joined && e->plan->wait)
		e->held = g->stale = true;
	else
		e->step = ENROLL_STEP_BYE;
	return NULL;
}

static const char *
take_reply(struct enroll *e, const reg_XLRegMsg *msg)
{
	switch (e->step) {
	case ENROLL_STEP_CRED:
		return take_cred(e, msg);
	case ENROLL_STEP_MEMBER:
		return take_member(e, msg);
	case ENROLL_STEP_CREATE:
	case ENROLL_STEP_JOIN:
		return take_cluster(e, msg);
	case ENROLL_STEP_GET:
		return take_members(e, msg);
	case ENROLL_STEP_BYE:
		break;
	}
	return NULL;
}

/* The registry's reason for a refusal is not ours: only kept printable. */
static enum enroll_next
take_error(struct enroll *e, const reg_XLRegMsg *msg)
{
	size_t len = msg->has_ErrDesc ? msg->ErrDesc.size : 0;
	bool absent =
		MSG_IS(msg, ErrDesc, "cannot find cluster with this name");
	memcpy(e->why, msg->ErrDesc.bytes, len);
	text_clean(e->why, len);
	e->why[len] = '\0';
	if (len == 0)
		strcpy(e->why, "no reason given");
	return absent ? ENROLL_ABSENT : ENROLL_REFUSED;
}

enum enroll_next
enroll_take(struct enroll *e, const reg_XLRegMsg *msg)
{
	const char *op = msg_op_name(msg->Op);
	if (msg->Op == reg_XLRegMsg_Tag_Error && !enroll_is_served(e))
		return take_error(e, msg);
	if (msg->Op != ENROLL_REPLY(e->step)) {
		fmt_text(e->why, sizeof e->why, "%s where %s was due", op,
			 msg_op_name(ENROLL_REPLY(e->step)));
		return ENROLL_BROKEN;
	}
	if (enroll_is_served(e))
		return ENROLL_DONE;
	e->held = false;
	const char *what = take_reply(e, msg);
	if (what) {
		fmt_text(e->why, sizeof e->why, "%s: %s", op, what);
		return ENROLL_BROKEN;
	}
	return e->held ? ENROLL_PAUSE : ENROLL_ASK;
}
