// SPDX-License-Identifier: MIT
#include "tests/unit/enroll.h"

static void
check_member_request(void)
{
	struct member m;
	uint8_t digest[32];
	ok(msg.has_MemberSpecs && !msg.has_MemberID, "Member with a token");
	ok(!msg_check_token(&m, &msg.MemberSpecs, RSAKEY_BITS_STRONG),
	   "the token is sound");
	ok(nodeid_equal(&m.id, &plan.self.id), "it has our ID");
	is_int(msg_verify_token(&msg.MemberSpecs, &m), ERR_OK, "it is signed");
	msg_digest_member(digest, bind, &msg.MemberSpecs);
	is_int(rsakey_verify(&sk.pub, RSAKEY_SHA256, digest, msg.DigSig.bytes,
			     msg.DigSig.size),
	       ERR_OK, "and bound to the session");
}

static void
test_join(void)
{
	make_plan(ENROLL_JOIN);
	plan.size = 3;
	enroll_init(&e, &plan, &roster);
	expect_ask(reg_XLRegMsg_Tag_Member, "Member");
	check_member_request();
	ok(!e.accepted, "not accepted yet");
	reply_member_ok();
	is_int(enroll_take(&e, &msg), ENROLL_ASK, "MemberOK");
	ok(e.accepted, "accepted");
	expect_ask(reg_XLRegMsg_Tag_Create, "Create");
	ok(msg.ClusterMaxSize == 3 && msg.EndPointCount == 1 &&
		   msg.ClusterName.size == 5,
	   "Create: the cluster");
	reply_cluster(reg_XLRegMsg_Tag_CreateReply, 3, 0);
	is_int(enroll_take(&e, &msg), ENROLL_ASK, "CreateReply");
	expect_ask(reg_XLRegMsg_Tag_Join, "Join");
	ok(msg.has_ClusterName && !msg.has_ClusterID, "Join: by name");
	reply_cluster(reg_XLRegMsg_Tag_JoinReply, 3, 3);
	is_int(enroll_take(&e, &msg), ENROLL_ASK, "JoinReply");
	expect_ask(reg_XLRegMsg_Tag_GetCluster, "GetCluster");
	is_int(msg.Which, 7, "all three members");
	ok(!msg.has_WaitSeconds, "without waiting");
	reply_members(7, 3);
	is_int(enroll_take(&e, &msg), ENROLL_ASK, "ClusterMembers");
	finish("join");
	is_int(roster.members_len, 3, "three members");
	is_int(roster.self, 1, "we are member 1");
	is_str(roster.members[2].name, "m2", "the last one");
	is_int(roster.members[2].index, 2, "its index");
}

static void
test_other_jobs(void)
{
	make_plan(ENROLL_CREATE);
	plan.size = 4;
	enroll_init(&e, &plan, &roster);
	enroll_ask(&e, &msg, bind);
	reply_member_ok();
	enroll_take(&e, &msg);
	expect_ask(reg_XLRegMsg_Tag_Create, "create only");
	reply_cluster(reg_XLRegMsg_Tag_CreateReply, 3, 0);
	is_int(enroll_take(&e, &msg), ENROLL_ASK, "it is there already");
	is_int(roster.max_size, 3, "with another size");
	finish("create only");

	make_plan(ENROLL_REGISTER);
	enroll_init(&e, &plan, &roster);
	enroll_ask(&e, &msg, bind);
	reply_member_ok();
	enroll_take(&e, &msg);
	finish("register only");

	make_plan(ENROLL_LIST);
	plan.self.id.bytes[0] ^= 1;
	enroll_init(&e, &plan, &roster);
	enroll_ask(&e, &msg, bind);
	reply_member_ok();
	enroll_take(&e, &msg);
	expect_ask(reg_XLRegMsg_Tag_GetCluster, "list");
	ok(msg.has_ClusterName && !msg.has_ClusterID && !msg.has_Which,
	   "list: all, by name");
	reply_members(3, 2);
	is_int(enroll_take(&e, &msg), ENROLL_ASK, "list: two of three");
	is_int(roster.self, ROSTER_NO_SELF, "list: not us");
	finish("list");
}

static void
reply_cred(void)
{
	struct member m = plan.self;
	strcpy(m.name, registry.name);
	m.id = registry.id;
	m.ck = registry.ck;
	m.sk = registry.sk;
	reply(reg_XLRegMsg_Tag_RegCredReply);
	MSG_SET_NUMBER(&msg, Version, 0x02000000);
	msg.Tokens_count = 1;
	msg_make_token(&msg.Tokens[0], &m);
}

static void
test_cred(void)
{
	make_plan(ENROLL_CRED);
	enroll_init(&e, &plan, &roster);
	expect_ask(reg_XLRegMsg_Tag_RegCredRequest, "cred");
	reply_cred();
	msg.Tokens[0].ID.bytes[0] ^= 1;
	broken("RegCredReply: not the registry's ID");
	reply_cred();
	MSG_SET(&msg.Tokens[0], CommsKey, msg.Tokens[0].SigKey.bytes,
		msg.Tokens[0].SigKey.size);
	broken("RegCredReply: not the registry's comms key");
	reply_cred();
	MSG_SET(&msg.Tokens[0], SigKey, msg.Tokens[0].CommsKey.bytes,
		msg.Tokens[0].CommsKey.size);
	broken("RegCredReply: not the registry's sig key");
	reply_cred();
	msg.Tokens_count = 0;
	broken("RegCredReply: not one token");
	reply_cred();
	msg.Tokens[0].MyEnds_count = 0;
	broken("RegCredReply: no end points");
	reply_cred();
	msg.Tokens[0].Name.bytes[0] = '\n';
	broken("RegCredReply: bad name");
	reply_cred();
	is_int(enroll_take(&e, &msg), ENROLL_ASK, "cred: taken");
	is_str(e.cred.name, "xlReg", "cred: name");
	is_int(e.cred.version.field[0], 2, "cred: version");
	is_int(e.cred.ends[0].port, 7001, "cred: end point");
	finish("cred");
}

static void
test_member_ok(void)
{
	make_plan(ENROLL_JOIN);
	enroll_init(&e, &plan, &roster);
	enroll_ask(&e, &msg, bind);
	reply_member_ok();
	msg.has_MemberID = false;
	broken("MemberOK: bad ID");
	reply_member_ok();
	msg.MemberID.size = 31;
	broken("MemberOK: bad ID");
	reply_member_ok();
	msg.MemberID.bytes[31] ^= 1;
	broken("MemberOK: another ID than ours");
	reply_member_ok();
	msg.MemberName.size = 1;
	broken("MemberOK: another name than ours");
	reply_member_ok();
	msg.has_MemberName = false;
	broken("MemberOK: no name");
	reply_cluster(reg_XLRegMsg_Tag_JoinReply, 3, 1);
	broken("JoinReply where MemberOK was due");
	reply(99);
	broken("unknown where MemberOK was due");
	ok(!e.accepted, "none of them counts");
}

static void
test_join_reply(void)
{
	const uint32_t op = reg_XLRegMsg_Tag_JoinReply;
	make_plan(ENROLL_JOIN);
	enroll_init(&e, &plan, &roster);
	enroll_ask(&e, &msg, bind);
	reply_member_ok();
	enroll_take(&e, &msg);
	reply_cluster(op, 3, 1);
	msg.has_ClusterID = false;
	broken("JoinReply: bad cluster ID");
	reply_cluster(op, 3, 1);
	msg.ClusterID.size = 21;
	broken("JoinReply: bad cluster ID");
	reply_cluster(op, 3, 1);
	msg.ClusterName.bytes[0] = 'A';
	broken("JoinReply: another cluster name");
	reply_cluster(op, 3, 1);
	msg.has_ClusterName = false;
	broken("JoinReply: no cluster name");
	reply_cluster(op, 1, 1);
	broken("JoinReply: bad cluster size");
	reply_cluster(op, 65, 1);
	broken("JoinReply: bad cluster size");
	reply_cluster(op, 3, 1);
	msg.has_ClusterMaxSize = false;
	broken("JoinReply: bad cluster size");
	reply_cluster(op, 3, 1);
	msg.EndPointCount = 3;
	broken("JoinReply: bad end point count");
	reply_cluster(op, 3, 1);
	msg.has_EndPointCount = false;
	broken("JoinReply: bad end point count");
	reply_cluster(op, 3, 4);
	broken("JoinReply: bad number of members");
	reply_cluster(op, 3, 0);
	broken("JoinReply: no members");
}

static void
test_errors(void)
{
	make_plan(ENROLL_JOIN);
	enroll_init(&e, &plan, &roster);
	enroll_ask(&e, &msg, bind);
	reply(reg_XLRegMsg_Tag_Error);
	MSG_SET(&msg, ErrDesc, "bad\x1b[2J\n\0key", 12);
	is_int(enroll_take(&e, &msg), ENROLL_REFUSED, "refused");
	is_str(e.why, "bad?[2J??key", "a text that is harmless");
	reply(reg_XLRegMsg_Tag_Error);
	is_int(enroll_take(&e, &msg), ENROLL_REFUSED, "without text");
	is_str(e.why, "no reason given", "says so");
	reply(reg_XLRegMsg_Tag_Error);
	MSG_SET(&msg, ErrDesc, "cannot find cluster with this name", 34);
	is_int(enroll_take(&e, &msg), ENROLL_ABSENT, "no such cluster");
	begin_join();
	reply_members(7, 3);
	enroll_take(&e, &msg);
	enroll_ask(&e, &msg, bind);
	reply(reg_XLRegMsg_Tag_Error);
	broken("Error where Ack was due");
	begin_join();
	is_int(e.step, ENROLL_STEP_GET, "a new session starts from the start");
	enroll_start(&e);
	is_int(e.step, ENROLL_STEP_MEMBER, "whatever was reached before");
	is_int(roster.members_len, 0, "with nothing known");
}

/* Published registries say less. */
static void
test_older(void)
{
	make_plan(ENROLL_JOIN);
	plan.dialect = DIALECT_PREFIXED;
	enroll_init(&e, &plan, &roster);
	expect_ask(reg_XLRegMsg_Tag_Member, "older");
	ok(!msg.has_DigSig && msg.MemberSpecs.has_DigSig,
	   "older: the token alone is signed");
	reply_member_ok();
	msg.has_MemberName = false;
	is_int(enroll_take(&e, &msg), ENROLL_ASK, "older: MemberOK");
	reply_cluster(reg_XLRegMsg_Tag_JoinReply, 3, 2);
	msg.has_ClusterName = msg.has_EndPointCount = false;
	msg.has_ClusterSize = msg.has_ClusterAttrs = false;
	is_int(enroll_take(&e, &msg), ENROLL_ASK, "older: JoinReply");
	is_int(roster.endpoint_count, 1, "older: one end point");
	enroll_ask(&e, &msg, bind);
	reply_members(3, 0);
	msg.has_ClusterSize = msg.has_ClusterMaxSize = false;
	is_int(enroll_take(&e, &msg), ENROLL_ASK, "older: two of three");
	enroll_ask(&e, &msg, bind);
	is_int(msg.Which, 4, "older: asks for the third");
	reply_members(0, 0);
	msg.has_ClusterSize = msg.has_Which = false;
	is_int(enroll_take(&e, &msg), ENROLL_PAUSE, "older: waits for it");
	enroll_ask(&e, &msg, bind);
	ok(!msg.has_WaitSeconds, "older: without WaitSeconds");
}

int
main(void)
{
	set_up();
	test_join();
	test_other_jobs();
	test_cred();
	test_member_ok();
	test_join_reply();
	test_errors();
	test_older();
	return done_testing();
}
