// SPDX-License-Identifier: MIT
/*
 * What the tests of xl-join's side of the protocol share: a node, a cluster of
 * three, and the replies of a faithful registry.
 */
#ifndef TESTS_UNIT_ENROLL_H
#define TESTS_UNIT_ENROLL_H

#include <stdlib.h>

#include "applets/join/enroll.h"
#include "core/ident/keyfile.h"
#include "tests/unit/tap.h"

static const uint8_t bind[32] = { 1, 2, 3 };

static struct rsakey_private ck, sk;
static struct regcred registry;
static struct enroll_plan plan;
static struct enroll e;
static struct roster roster;
static reg_XLRegMsg msg;    /* request, then reply */
static reg_Token tokens[4]; /* of members 0 to 3; 1 is us */
static const uint8_t id[32] = { 0xc1 };

static inline void
load_keys(void)
{
	if (keyfile_read_private(&ck, "tests/data/rsa2048-1.pem") ||
	    keyfile_read_private(&sk, "tests/data/rsa2048-2.pem") ||
	    keyfile_read_public(&registry.ck, "tests/data/rsa2048-3.pub") ||
	    keyfile_read_public(&registry.sk, "tests/data/rsa2048-4.pub")) {
		printf("Bail out! no keys\n");
		exit(1);
	}
	strcpy(registry.name, "xlReg");
	registry.id.len = NODEID_LONG;
	registry.ends_len = 1;
}

static inline void
sign_token(reg_Token *token)
{
	uint8_t digest[20];
	uint8_t sig[RSAKEY_LEN_MAX];
	msg_digest_token(digest, token);
	if (rsakey_sign(&sk, RSAKEY_SHA1, digest, sig) == ERR_OK)
		MSG_SET(token, DigSig, sig, sk.pub.n_len);
}

static inline void
make_tokens(void)
{
	struct member m = plan.self;
	for (unsigned i = 0; i < 4; i++) {
		m = plan.self;
		if (i != 1) {
			snprintf(m.name, sizeof m.name, "m%u", i);
			memset(m.id.bytes, (int)(0xa0 + i), sizeof m.id.bytes);
		}
		msg_make_token(&tokens[i], &m);
		sign_token(&tokens[i]);
	}
}

static inline void
make_plan(enum enroll_job job)
{
	memset(&plan, 0, sizeof plan);
	plan.job = job;
	plan.dialect = DIALECT_SEALED;
	plan.wait = true;
	plan.min_bits = RSAKEY_BITS_STRONG;
	plan.sk = &sk;
	plan.registry = &registry;
	strcpy(plan.cluster, "alpha");
	strcpy(plan.self.name, "me");
	plan.self.id.len = NODEID_LONG;
	memset(plan.self.id.bytes, 0x11, NODEID_LONG);
	plan.self.ck = ck.pub;
	plan.self.sk = sk.pub;
	plan.self.ends_len = 1;
	endpoint_parse(&plan.self.ends[0], "127.0.0.1:7001", 14);
}

/* Replies as a faithful registry gives them */

static inline void
reply(uint32_t op)
{
	memset(&msg, 0, sizeof msg);
	MSG_SET_NUMBER(&msg, Op, op);
}

static inline void
reply_member_ok(void)
{
	reply(reg_XLRegMsg_Tag_MemberOK);
	MSG_SET(&msg, MemberID, plan.self.id.bytes, plan.self.id.len);
	MSG_SET(&msg, MemberName, plan.self.name, strlen(plan.self.name));
	MSG_SET_NUMBER(&msg, MemberAttrs, plan.self.attrs);
}

static inline void
reply_cluster(uint32_t op, unsigned size, unsigned members)
{
	reply(op);
	MSG_SET(&msg, ClusterID, id, sizeof id);
	MSG_SET(&msg, ClusterName, "alpha", 5);
	MSG_SET_NUMBER(&msg, ClusterAttrs, 0);
	MSG_SET_NUMBER(&msg, ClusterMaxSize, size);
	MSG_SET_NUMBER(&msg, EndPointCount, 1);
	MSG_SET_NUMBER(&msg, ClusterSize, members);
}

/* The members of which, of those that are there now. */
static inline void
reply_members(uint64_t which, unsigned members)
{
	reply(reg_XLRegMsg_Tag_ClusterMembers);
	MSG_SET(&msg, ClusterID, id, sizeof id);
	MSG_SET_NUMBER(&msg, ClusterMaxSize, 3);
	MSG_SET_NUMBER(&msg, ClusterSize, members);
	MSG_SET_NUMBER(&msg, Which, which);
	for (unsigned i = 0; i < 4; i++)
		if (which >> i & 1)
			msg.Tokens[msg.Tokens_count++] = tokens[i];
}

/* Asks for the next request and takes the reply made by then. */
static inline void
expect_ask(uint32_t op, const char *name)
{
	is_int(enroll_ask(&e, &msg, bind), ERR_OK, "%s: asks", name);
	is_str(msg_op_name(msg.Op), msg_op_name(op), "%s: for this", name);
}

/* Brings the job to the point where the members are asked for. */
static inline void
begin_join(void)
{
	enroll_init(&e, &plan, &roster);
	enroll_ask(&e, &msg, bind);
	reply_member_ok();
	enroll_take(&e, &msg);
	enroll_ask(&e, &msg, bind);
	if (plan.size > 0) {
		reply_cluster(reg_XLRegMsg_Tag_CreateReply, 3, 0);
		enroll_take(&e, &msg);
		enroll_ask(&e, &msg, bind);
	}
	reply_cluster(reg_XLRegMsg_Tag_JoinReply, 3, 2);
	is_int(enroll_take(&e, &msg), ENROLL_ASK, "joined");
	enroll_ask(&e, &msg, bind);
	is_int(msg.Op, reg_XLRegMsg_Tag_GetCluster, "GetCluster is next");
}

static inline void
finish(const char *name)
{
	ok(enroll_is_served(&e), "%s: all is there", name);
	expect_ask(reg_XLRegMsg_Tag_Bye, name);
	reply(reg_XLRegMsg_Tag_Ack);
	is_int(enroll_take(&e, &msg), ENROLL_DONE, "%s: done", name);
}

static inline void
broken(const char *why)
{
	is_int(enroll_take(&e, &msg), ENROLL_BROKEN, "broken");
	is_str(e.why, why, "why");
}

/* Once, before all else. */
static inline void
set_up(void)
{
	load_keys();
	make_plan(ENROLL_JOIN);
	make_tokens();
}

#endif
