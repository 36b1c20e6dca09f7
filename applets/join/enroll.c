// SPDX-License-Identifier: MIT
#include "applets/join/enroll.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/base/bytes.h"
#include "core/base/fmt.h"
#include "core/ident/version.h"

static const char absent[] = "cannot find cluster with this name";

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
	struct roster *r = e->roster;
	memcpy(r->name, e->plan->cluster, sizeof r->name);
	r->id.len = 0;
	r->attrs = 0;
	r->max_size = 0;
	r->endpoint_count = 0;
	gather_start(&e->gather);
	e->held = false;
	e->step = e->plan->job == ENROLL_CRED ? ENROLL_STEP_CRED
					      : ENROLL_STEP_MEMBER;
}

bool
enroll_is_served(const struct enroll *e)
{
	return e->step == ENROLL_STEP_BYE;
}

__attribute__((format(printf, 2, 3))) static enum enroll_next
broken(struct enroll *e, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	fmt_vtext(e->why, sizeof e->why, format, args);
	va_end(args);
	return ENROLL_BROKEN;
}

static enum enroll_next
go_on(struct enroll *e, enum enroll_step step)
{
	e->step = step;
	return ENROLL_ASK;
}

/* Requests */

static enum err
ask_cred(struct enroll *e, reg_XLRegMsg *msg, const uint8_t *bind)
{
	(void)e;
	(void)bind;
	MSG_SET_NUMBER(msg, Op, reg_XLRegMsg_Tag_RegCredRequest);
	return ERR_OK;
}

static enum err
ask_member(struct enroll *e, reg_XLRegMsg *msg, const uint8_t *bind)
{
	const struct rsakey_private *sk = e->plan->sk;
	reg_Token *token = &msg->MemberSpecs;
	uint8_t digest[32];
	uint8_t sig[RSAKEY_LEN_MAX];
	MSG_SET_NUMBER(msg, Op, reg_XLRegMsg_Tag_Member);
	msg->has_MemberSpecs = true;
	msg_make_token(token, &e->plan->self);
	msg_digest_token(digest, token);
	enum err err = rsakey_sign(sk, RSAKEY_SHA1, digest, sig);
	if (err != ERR_OK)
		return err;
	MSG_SET(token, DigSig, sig, sk->pub.n_len);
	if (e->plan->dialect != DIALECT_SEALED)
		return ERR_OK;
	msg_digest_member(digest, bind, token);
	err = rsakey_sign(sk, RSAKEY_SHA256, digest, sig);
	if (err != ERR_OK)
		return err;
	MSG_SET(msg, DigSig, sig, sk->pub.n_len);
	return ERR_OK;
}

static void
set_cluster_name(struct enroll *e, reg_XLRegMsg *msg)
{
	MSG_SET(msg, ClusterName, e->plan->cluster, strlen(e->plan->cluster));
}

static enum err
ask_create(struct enroll *e, reg_XLRegMsg *msg, const uint8_t *bind)
{
	size_t ends_len = e->plan->self.ends_len;
	(void)bind;
	MSG_SET_NUMBER(msg, Op, reg_XLRegMsg_Tag_Create);
	set_cluster_name(e, msg);
	MSG_SET_NUMBER(msg, ClusterMaxSize, e->plan->size);
	MSG_SET_NUMBER(msg, EndPointCount, ends_len > 1 ? 2 : 1);
	return ERR_OK;
}

static enum err
ask_join(struct enroll *e, reg_XLRegMsg *msg, const uint8_t *bind)
{
	(void)bind;
	MSG_SET_NUMBER(msg, Op, reg_XLRegMsg_Tag_Join);
	set_cluster_name(e, msg);
	return ERR_OK;
}

static enum err
ask_get(struct enroll *e, reg_XLRegMsg *msg, const uint8_t *bind)
{
	(void)bind;
	gather_ask(&e->gather, msg);
	if (e->held && e->plan->dialect == DIALECT_SEALED)
		MSG_SET_NUMBER(msg, WaitSeconds, ENROLL_HOLD_SECONDS);
	return ERR_OK;
}

static enum err
ask_bye(struct enroll *e, reg_XLRegMsg *msg, const uint8_t *bind)
{
	(void)e;
	(void)bind;
	MSG_SET_NUMBER(msg, Op, reg_XLRegMsg_Tag_Bye);
	return ERR_OK;
}

/* Replies */

static bool
same_name(const uint8_t *bytes, size_t len, const char *name)
{
	return len == strlen(name) && memcmp(bytes, name, len) == 0;
}

static struct version
get_version(enum dialect dialect, uint32_t number)
{
	uint8_t wire[4];
	bytes_set_le32(wire, number);
	if (dialect == DIALECT_PREFIXED)
		return version_get_prefixed(wire);
	return version_get_documented(wire);
}

static enum enroll_next
take_cred(struct enroll *e, const reg_XLRegMsg *msg)
{
	const struct regcred *known = e->plan->registry;
	struct regcred *cred = &e->cred;
	struct member m;
	if (msg->Tokens_count != 1)
		return broken(e, "RegCredReply without one token");
	const char *what =
		msg_check_token(&m, &msg->Tokens[0], e->plan->min_bits);
	if (what)
		return broken(e, "RegCredReply: %s", what);
	if (!nodeid_equal(&m.id, &known->id))
		return broken(e, "RegCredReply: not the registry's ID");
	if (!rsakey_equal(&m.ck, &known->ck))
		return broken(e, "RegCredReply: not the registry's comms key");
	if (m.ends_len < 1)
		return broken(e, "RegCredReply: no end points");
	memcpy(cred->name, m.name, sizeof cred->name);
	cred->id = m.id;
	cred->ck = m.ck;
	cred->sk = m.sk;
	cred->ends_len = m.ends_len;
	memcpy(cred->ends, m.ends, sizeof m.ends);
	cred->version = msg->has_Version
				? get_version(e->plan->dialect, msg->Version)
				: known->version;
	return go_on(e, ENROLL_STEP_BYE);
}

static enum enroll_next
take_member(struct enroll *e, const reg_XLRegMsg *msg)
{
	const struct member *self = &e->plan->self;
	struct nodeid id;
	if (!msg->has_MemberID ||
	    nodeid_from_bytes(&id, msg->MemberID.bytes, msg->MemberID.size))
		return broken(e, "MemberOK: bad ID");
	if (!nodeid_equal(&id, &self->id))
		return broken(e, "MemberOK: another ID than ours");
	if (!msg->has_MemberName && e->plan->dialect == DIALECT_SEALED)
		return broken(e, "MemberOK: no name");
	if (msg->has_MemberName &&
	    !same_name(msg->MemberName.bytes, msg->MemberName.size, self->name))
		return broken(e, "MemberOK: another name than ours");
	e->accepted = true;
	if (e->plan->job == ENROLL_REGISTER)
		return go_on(e, ENROLL_STEP_BYE);
	if (e->plan->job == ENROLL_LIST)
		return go_on(e, ENROLL_STEP_GET);
	return go_on(e,
		     e->plan->size > 0 ? ENROLL_STEP_CREATE : ENROLL_STEP_JOIN);
}

/*
 * Checks and keeps what CreateReply and JoinReply say.  The published
 * registries leave fields out, ours do not.  What is wrong, or NULL.
 */
static const char *
take_cluster(struct enroll *e, const reg_XLRegMsg *msg)
{
	bool sealed = e->plan->dialect == DIALECT_SEALED;
	uint32_t ends = msg->has_EndPointCount ? msg->EndPointCount : !sealed;
	struct roster *r = e->roster;
	struct nodeid id;
	if (!msg->has_ClusterID ||
	    nodeid_from_bytes(&id, msg->ClusterID.bytes, msg->ClusterID.size))
		return "bad cluster ID";
	if (r->id.len > 0 && !nodeid_equal(&id, &r->id))
		return "another cluster ID";
	if (!msg->has_ClusterName && sealed)
		return "no cluster name";
	if (msg->has_ClusterName &&
	    !same_name(msg->ClusterName.bytes, msg->ClusterName.size, r->name))
		return "another cluster name";
	if (!msg->has_ClusterMaxSize || msg->ClusterMaxSize < 2 ||
	    msg->ClusterMaxSize > ROSTER_MEMBERS_MAX)
		return "bad cluster size";
	if (r->max_size > 0 && msg->ClusterMaxSize != r->max_size)
		return "another cluster size";
	if (ends < 1 || ends > 2)
		return "bad end point count";
	if (msg->has_ClusterSize && msg->ClusterSize > msg->ClusterMaxSize)
		return "bad number of members";
	r->id = id;
	r->attrs = msg->has_ClusterAttrs ? msg->ClusterAttrs : 0;
	r->max_size = msg->ClusterMaxSize;
	r->endpoint_count = ends;
	return NULL;
}

static enum enroll_next
take_create(struct enroll *e, const reg_XLRegMsg *msg)
{
	const char *what = take_cluster(e, msg);
	if (what)
		return broken(e, "CreateReply: %s", what);
	return go_on(e, e->plan->job == ENROLL_CREATE ? ENROLL_STEP_BYE
						      : ENROLL_STEP_JOIN);
}

static enum enroll_next
take_join(struct enroll *e, const reg_XLRegMsg *msg)
{
	const char *what = take_cluster(e, msg);
	if (what)
		return broken(e, "JoinReply: %s", what);
	if (msg->has_ClusterSize && msg->ClusterSize == 0)
		return broken(e, "JoinReply: no members");
	return go_on(e, ENROLL_STEP_GET);
}

static enum enroll_next
take_get(struct enroll *e, const reg_XLRegMsg *msg)
{
	struct gather *g = &e->gather;
	bool joined = e->plan->job == ENROLL_JOIN;
	char what[ENROLL_WHY_MAX - 32];
	switch (gather_take(g, msg, what, sizeof what)) {
	case GATHER_BROKEN:
		return broken(e, "ClusterMembers: %s", what);
	case GATHER_MORE:
		e->held = false;
		return ENROLL_ASK;
	case GATHER_PART:
		if (joined && e->roster->self == ROSTER_NO_SELF)
			return broken(e, "ClusterMembers: we are missing");
		if (!joined || !e->plan->wait)
			return go_on(e, ENROLL_STEP_BYE);
		e->held = true;
		g->stale = true;
		return ENROLL_PAUSE;
	case GATHER_COMPLETE:
		break;
	}
	if (g->stale) { /* who came first may have moved meanwhile */
		gather_start(g);
		e->held = false;
		return ENROLL_ASK;
	}
	if (joined && e->roster->self == ROSTER_NO_SELF)
		return broken(e, "ClusterMembers: we are missing");
	return go_on(e, ENROLL_STEP_BYE);
}

static enum enroll_next
take_bye(struct enroll *e, const reg_XLRegMsg *msg)
{
	(void)e;
	(void)msg;
	return ENROLL_DONE;
}

static const struct {
	enum err (*ask)(struct enroll *e, reg_XLRegMsg *msg,
			const uint8_t *bind);
	uint32_t reply;
	enum enroll_next (*take)(struct enroll *e, const reg_XLRegMsg *msg);
} steps[] = {
	[ENROLL_STEP_CRED] = { ask_cred, reg_XLRegMsg_Tag_RegCredReply,
			       take_cred },
	[ENROLL_STEP_MEMBER] = { ask_member, reg_XLRegMsg_Tag_MemberOK,
				 take_member },
	[ENROLL_STEP_CREATE] = { ask_create, reg_XLRegMsg_Tag_CreateReply,
				 take_create },
	[ENROLL_STEP_JOIN] = { ask_join, reg_XLRegMsg_Tag_JoinReply,
			       take_join },
	[ENROLL_STEP_GET] = { ask_get, reg_XLRegMsg_Tag_ClusterMembers,
			      take_get },
	[ENROLL_STEP_BYE] = { ask_bye, reg_XLRegMsg_Tag_Ack, take_bye },
};

enum err
enroll_ask(struct enroll *e, reg_XLRegMsg *msg, const uint8_t *bind)
{
	memset(msg, 0, sizeof *msg);
	return steps[e->step].ask(e, msg, bind);
}

/* The registry's reason for a refusal is not ours: only kept printable. */
static enum enroll_next
take_error(struct enroll *e, const reg_XLRegMsg *msg)
{
	size_t len = msg->has_ErrDesc ? msg->ErrDesc.size : 0;
	if (len > 0)
		memcpy(e->why, msg->ErrDesc.bytes, len);
	text_clean(e->why, len);
	e->why[len] = '\0';
	if (len == 0)
		fmt_text(e->why, sizeof e->why, "no reason given");
	if (len == strlen(absent) &&
	    memcmp(msg->ErrDesc.bytes, absent, len) == 0)
		return ENROLL_ABSENT;
	return ENROLL_REFUSED;
}

enum enroll_next
enroll_take(struct enroll *e, const reg_XLRegMsg *msg)
{
	if (msg->Op == reg_XLRegMsg_Tag_Error && !enroll_is_served(e))
		return take_error(e, msg);
	if (msg->Op != steps[e->step].reply)
		return broken(e, "%s where %s was due", msg_op_name(msg->Op),
			      msg_op_name(steps[e->step].reply));
	return steps[e->step].take(e, msg);
}
