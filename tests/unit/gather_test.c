// SPDX-License-Identifier: MIT
#include "tests/unit/enroll.h"

static void
test_parts(void)
{
	make_plan(ENROLL_JOIN);
	begin_join();
	reply_members(4, 3);
	is_int(enroll_take(&e, &msg), ENROLL_ASK, "one of three");
	expect_ask(reg_XLRegMsg_Tag_GetCluster, "the rest");
	is_int(msg.Which, 3, "the missing ones");
	reply_members(2, 3);
	is_int(enroll_take(&e, &msg), ENROLL_ASK, "two of three");
	expect_ask(reg_XLRegMsg_Tag_GetCluster, "the last");
	is_int(msg.Which, 1, "the missing one");
	reply_members(1, 3);
	is_int(enroll_take(&e, &msg), ENROLL_ASK, "three of three");
	is_int(roster.members[0].index, 0, "in index order");
	is_int(roster.members[1].index, 1, "in index order");
	is_int(roster.self, 1, "self");
	finish("in parts");
}

static void
test_wait(void)
{
	make_plan(ENROLL_JOIN);
	begin_join();
	reply_members(3, 2);
	is_int(enroll_take(&e, &msg), ENROLL_PAUSE, "two of three: wait");
	expect_ask(reg_XLRegMsg_Tag_GetCluster, "ask again");
	is_int(msg.Which, 4, "for the third");
	is_int(msg.WaitSeconds, ENROLL_HOLD_SECONDS, "which may take a while");
	reply_members(0, 2);
	is_int(enroll_take(&e, &msg), ENROLL_PAUSE, "still not");
	expect_ask(reg_XLRegMsg_Tag_GetCluster, "again");
	reply_members(4, 3);
	is_int(enroll_take(&e, &msg), ENROLL_ASK, "there it is");
	expect_ask(reg_XLRegMsg_Tag_GetCluster, "all anew");
	is_int(msg.Which, 7, "because some are old");
	reply_members(7, 3);
	is_int(enroll_take(&e, &msg), ENROLL_ASK, "now all are new");
	finish("waited");
	plan.wait = false;
	begin_join();
	reply_members(3, 2);
	is_int(enroll_take(&e, &msg), ENROLL_ASK, "without waiting");
	is_int(roster.members_len, 2, "two are enough");
	finish("did not wait");
}

/* A member that moved between two replies is not the registry's fault. */
static void
test_doubles(void)
{
	reg_Token kept = tokens[2];
	make_plan(ENROLL_JOIN);
	begin_join();
	tokens[2] = tokens[0];
	for (int i = 0; i < GATHER_AGAIN_MAX; i++) {
		reply_members(3, 3);
		is_int(enroll_take(&e, &msg), ENROLL_ASK, "two of three");
		enroll_ask(&e, &msg, bind);
		reply_members(4, 3);
		is_int(enroll_take(&e, &msg), ENROLL_ASK, "the first again");
		enroll_ask(&e, &msg, bind);
		is_int(msg.Which, 7, "all anew");
	}
	reply_members(3, 3);
	enroll_take(&e, &msg);
	enroll_ask(&e, &msg, bind);
	reply_members(4, 3);
	is_int(enroll_take(&e, &msg), ENROLL_BROKEN, "too often");
	is_str(e.why, "ClusterMembers: members 0 and 2 are the same", "why");
	tokens[2] = kept;
}

/* Takes a reply in which something was changed; the step stays. */
static void
broken_members(const char *why)
{
	char text[ENROLL_WHY_MAX];
	snprintf(text, sizeof text, "ClusterMembers: %s", why);
	is_int(enroll_take(&e, &msg), ENROLL_BROKEN, "%s", why);
	is_str(e.why, text, "why");
	begin_join();
}

static void
test_cluster_fields(void)
{
	make_plan(ENROLL_JOIN);
	begin_join();
	reply_members(7, 3);
	msg.has_ClusterID = false;
	broken_members("bad cluster ID");
	reply_members(7, 3);
	msg.ClusterID.bytes[31] = 1;
	broken_members("another cluster ID");
	reply_members(7, 3);
	msg.ClusterMaxSize = 4;
	broken_members("another cluster size");
	reply_members(7, 3);
	msg.ClusterMaxSize = 65;
	broken_members("bad cluster size");
	reply_members(15, 3);
	broken_members("members that were not asked for");
	reply_members(7, 3);
	msg.Which |= (uint64_t)1 << 63;
	broken_members("members that were not asked for");
	reply_members(3, 3);
	msg.Which = 7;
	broken_members("Which does not fit the tokens");
	reply_members(7, 3);
	msg.has_Which = false;
	broken_members("Which does not fit the tokens");
	reply_members(7, 2);
	broken_members("bad number of members");
	reply_members(3, 4);
	broken_members("bad number of members");
	reply_members(0, 3);
	broken_members("members without tokens");
	reply_members(5, 2);
	is_int(enroll_take(&e, &msg), ENROLL_BROKEN, "without us");
	is_str(e.why, "ClusterMembers: we are missing", "why");
}

static void
test_tokens(void)
{
	make_plan(ENROLL_JOIN);
	begin_join();
	reply_members(7, 3);
	msg.Tokens[2].CommsKey.bytes[4] ^= 1;
	broken_members("member 2: bad key");
	reply_members(7, 3);
	msg.Tokens[0].has_ID = false;
	broken_members("member 0: no ID");
	reply_members(7, 3);
	msg.Tokens[0].ID.size = 31;
	broken_members("member 0: bad length for nodeID");
	reply_members(7, 3);
	msg.Tokens[0].Name.bytes[0] = '-';
	broken_members("member 0: bad name");
	reply_members(7, 3);
	msg.Tokens[0].MyEnds[0].size = 5;
	broken_members("member 0: bad end point");
	reply_members(7, 3);
	msg.Tokens[0].MyEnds_count = 0;
	broken_members("member 0: too few end points");
	reply_members(7, 3);
	msg.Tokens[0].DigSig.bytes[9] ^= 1;
	broken_members("member 0: bad digital signature");
	reply_members(7, 3);
	msg.Tokens[0].Attrs ^= 8;
	broken_members("member 0: bad digital signature");
	reply_members(7, 3);
	msg.Tokens[2] = msg.Tokens[0];
	broken_members("members 0 and 2 are the same");
	reply_members(7, 3);
	msg.Tokens[2].ID = msg.Tokens[0].ID;
	broken_members("members 0 and 2 are the same");
	reply_members(7, 3);
	MSG_SET(&msg.Tokens[1], SigKey, msg.Tokens[1].CommsKey.bytes,
		msg.Tokens[1].CommsKey.size);
	msg.Tokens[1].has_DigSig = false;
	broken_members("member 1: our ID, but not our name and keys");
	reply_members(7, 3);
	msg.Tokens[0].has_DigSig = false;
	is_int(enroll_take(&e, &msg), ENROLL_ASK, "unsigned ones may be");
	plan.min_bits = 3072;
	begin_join();
	reply_members(7, 3);
	broken_members("member 0: bad key");
}

int
main(void)
{
	set_up();
	test_parts();
	test_wait();
	test_doubles();
	test_cluster_fields();
	test_tokens();
	return done_testing();
}
