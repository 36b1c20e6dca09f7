// SPDX-License-Identifier: MIT
/*
 * The replies of a registry to xl-join: whatever they are, a job that ends
 * well has left a cluster file that can be read again, with us in it.
 *
 * Input: a byte (job, 3 bits; dialect, 2 bits; wait, 1 bit), then messages,
 * each with its length in two bytes, most significant first.
 */
#include <stdlib.h>

#include "applets/join/enroll.h"
#include "core/base/bytes.h"
#include "core/ident/keyfile.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static struct enroll_plan plan;
static struct regcred registry;
static struct rsakey_private ck, sk;
static struct enroll e;
static struct roster roster, again;
static reg_XLRegMsg msg;
static char text[ROSTER_TEXT_MAX];

static void
need(bool cond)
{
	if (!cond)
		abort();
}

/* The node and registry that the seeds are about. */
static void
set_up(uint8_t kind)
{
	if (sk.pub.n_len == 0) {
		need(!keyfile_read_private(&ck, "tests/data/rsa2048-3.pem"));
		need(!keyfile_read_private(&sk, "tests/data/rsa2048-4.pem"));
		need(!keyfile_read_public(&registry.ck,
					  "tests/data/rsa2048-1.pub"));
		registry.id.len = NODEID_LONG;
		memset(registry.id.bytes, 0x5a, NODEID_LONG);
	}
	plan.job = (enum enroll_job)((kind & 7) % 5);
	plan.dialect = (enum dialect)((kind >> 3 & 3) % DIALECTS_LEN);
	plan.wait = kind >> 5 & 1;
	plan.min_bits = RSAKEY_BITS_STRONG;
	plan.size = plan.job == ENROLL_CREATE ? 3 : 0;
	strcpy(plan.cluster, "alpha");
	strcpy(plan.self.name, "me");
	plan.self.id.len = NODEID_LONG;
	memset(plan.self.id.bytes, 0x11, NODEID_LONG);
	plan.self.ck = ck.pub;
	plan.self.sk = sk.pub;
	plan.sk = &sk;
	plan.registry = &registry;
}

static void
check_cluster(void)
{
	struct block_fault fault;
	size_t len = roster_format(text, &roster);
	need(roster_parse(&again, text, len, &fault) == ERR_OK);
	need(again.self == roster.self && again.self < ROSTER_NO_SELF);
	need(again.members_len == roster.members_len);
	need(!plan.wait || again.members_len == again.max_size);
}

/* The request of Member is passed over: it takes milliseconds to sign. */
static bool
exchange(const uint8_t *reply, size_t len, enum enroll_next *next)
{
	static const uint8_t bind[32];
	if (e.step != ENROLL_STEP_MEMBER)
		need(enroll_ask(&e, &msg, bind) == ERR_OK);
	if (!reply || msg_decode(&msg, reply, len) != ERR_OK)
		return false;
	*next = enroll_take(&e, &msg);
	return true;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct bytes_reader in = bytes_reader(data, len);
	enum enroll_next next = ENROLL_ASK;
	set_up(bytes_take_u8(&in));
	enroll_init(&e, &plan, &roster);
	while (next == ENROLL_ASK || next == ENROLL_PAUSE) {
		size_t n = bytes_take_be16(&in);
		const uint8_t *reply = bytes_take(&in, n);
		if (!exchange(reply, n, &next))
			return 0;
	}
	if (next == ENROLL_DONE && plan.job == ENROLL_JOIN)
		check_cluster();
	else if (next != ENROLL_DONE)
		need(strlen(e.why) > 0);
	return 0;
}
