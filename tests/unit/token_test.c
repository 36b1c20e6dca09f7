// SPDX-License-Identifier: MIT

/* Tokens: what their signatures cover, and what they must be. */

#include "core/ident/rsakey.h"
#include "core/wire/msg.h"
#include "tests/unit/tap.h"
#include "tests/unit/vec.h"

/* 64 tokens at their limits are about 130 KB. */
static uint8_t buf[200000];
static reg_XLRegMsg msg, msg2;
static reg_Token token;
static struct member member;

/* The node of the vectors, with a signature of theirs. */
static void
load_token(reg_Token *t, const char *sig)
{
	static const struct {
		const char *name;
		unsigned which;
	} ends[] = { { "end_0", 0 }, { "end_1", 1 } };

	memset(t, 0, sizeof *t);
	t->has_Name = t->has_Attrs = t->has_CommsKey = true;
	t->has_SigKey = t->has_DigSig = true;
	t->Name.size =
		(pb_size_t)vec_load("sign.hex", "name", t->Name.bytes, 64);
	t->Attrs = 0x0102030405060708;
	t->CommsKey.size = (pb_size_t)vec_load("sign.hex", "comms_key",
					       t->CommsKey.bytes, 550);
	t->SigKey.size = (pb_size_t)vec_load("sign.hex", "sig_key",
					     t->SigKey.bytes, 550);
	t->DigSig.size =
		(pb_size_t)vec_load("sign.hex", sig, t->DigSig.bytes, 512);
	for (size_t i = 0; i < 2; i++)
		t->MyEnds[i].size = (pb_size_t)vec_load(
			"sign.hex", ends[i].name, t->MyEnds[i].bytes, 64);
	t->MyEnds_count = 2;
}

static void
check_signature(const char *name, enum rsakey_hash hash, const uint8_t *digest)
{
	uint8_t sig[512];
	size_t len = vec_load("sign.hex", name, sig, sizeof sig);

	is_int(rsakey_verify(&member.sk, hash, digest, sig, len), ERR_OK,
	       "%s verifies", name);
}

static void
test_digests(void)
{
	uint8_t digest[32], want[32], bind[32], salt2[8], spki[550], id[32];
	struct nodeid node;
	size_t len;

	load_token(&token, "token_sig");
	msg_digest_token(digest, &token);
	vec_load("sign.hex", "covered_sha1", want, sizeof want);
	is_mem(digest, want, 20, "what Token.DigSig covers");
	is_str(msg_check_token(&member, &token, 2048), NULL, "the token");
	check_signature("token_sig", RSAKEY_SHA1, digest);
	vec_load("sign.hex", "bind", bind, sizeof bind);
	msg_digest_member(digest, bind, &token);
	check_signature("member_sig", RSAKEY_SHA256, digest);
	vec_load("sign.hex", "member_id", id, sizeof id);
	vec_load("sign.hex", "salt2", salt2, sizeof salt2);
	len = vec_load("sign.hex", "registry_ck", spki, sizeof spki);
	nodeid_from_bytes(&node, id, sizeof id);
	msg_digest_return_older(digest, &node, spki, len, salt2);
	check_signature("return_sig", RSAKEY_SHA1, digest);
	msg_digest_return_sealed(digest, bind, &node);
	check_signature("return_sealed_sig", RSAKEY_SHA256, digest);
}

static void
test_verify(void)
{
	load_token(&token, "token_sig");
	is_int(msg_verify_token(&token, &member), ERR_OK, "token_sig");
	token.MyEnds_count = 1;
	is_int(msg_verify_token(&token, &member), ERR_REFUSED,
	       "an end point less");
	token.MyEnds_count = 0;
	is_int(msg_verify_token(&token, &member), ERR_REFUSED, "none");
	load_token(&token, "token_no_ends_sig");
	token.MyEnds_count = 0;
	is_int(msg_verify_token(&token, &member), ERR_OK, "signed with none");
	load_token(&token, "token_sig");
	token.Attrs ^= 1;
	is_int(msg_verify_token(&token, &member), ERR_REFUSED, "other Attrs");
	load_token(&token, "token_sig");
	token.MyEnds[1].size = (pb_size_t)vec_load("sign.hex", "end_1",
						   token.MyEnds[1].bytes, 64);
	memmove(token.MyEnds[1].bytes, token.MyEnds[1].bytes + 13,
		token.MyEnds[1].size -= 13);
	is_int(msg_verify_token(&token, &member), ERR_REFUSED,
	       "its end point without the prefix");
	load_token(&token, "token_sig");
	token.DigSig.bytes[7] ^= 1;
	is_int(msg_verify_token(&token, &member), ERR_REFUSED, "a flip");
	token.DigSig.size = 0;
	is_int(msg_verify_token(&token, &member), ERR_REFUSED, "empty");
	token.has_DigSig = false;
	is_int(msg_verify_token(&token, &member), ERR_REFUSED, "missing");
}

static void
test_check(void)
{
	struct endpoint ep;

	load_token(&token, "token_sig");
	is_str(msg_check_token(&member, &token, 2048), NULL, "a good token");
	is_str(member.name, "alpha-node", "its name");
	ok(member.attrs == 0x0102030405060708, "its attributes");
	is_int(member.id.len, 0, "no ID");
	is_int(member.ends_len, 2, "two end points");
	endpoint_parse(&ep, "127.0.0.1:7002", 14);
	is_int(member.ends[1].port, ep.port, "the prefix is passed over");
	is_int(rsakey_bits(&member.sk), 2048, "its key");

	token.has_ID = true;
	token.ID.size = 0;
	is_str(msg_check_token(&member, &token, 2048), NULL, "an empty ID");
	token.ID.size = 20;
	is_str(msg_check_token(&member, &token, 2048), NULL, "20 bytes");
	is_int(member.id.len, 20, "are its ID");
	token.ID.size = 31;
	is_str(msg_check_token(&member, &token, 2048), "bad length for nodeID",
	       "31 bytes");
	token.ID.size = 32;
	token.MyEnds[1].size = 4;
	is_str(msg_check_token(&member, &token, 2048), "bad end point",
	       "an end point cut short");
	token.MyEnds_count = 0;
	is_str(msg_check_token(&member, &token, 2048), NULL, "no end points");
	token.Name.bytes[2] = '\0';
	is_str(msg_check_token(&member, &token, 2048), "bad name", "NUL");
	token.Name.size = 0;
	is_str(msg_check_token(&member, &token, 2048), "bad name", "empty");
	token.has_Name = false;
	is_str(msg_check_token(&member, &token, 2048), "bad name", "missing");
	is_str(msg_check_token(&member, &token, 2056), "bad key", "too short");
	load_token(&token, "token_sig");
	memset(token.Name.bytes, 'n', 64);
	token.Name.size = 64;
	is_str(msg_check_token(&member, &token, 2048), NULL, "a long name");
	is_int(strlen(member.name), 64, "all of it");
}

/* A public key of spki.hex in the place of each of the token's. */
static void
check_key(const char *name, unsigned min_bits, const char *want)
{
	load_token(&token, "token_sig");
	token.CommsKey.size = (pb_size_t)vec_load("spki.hex", name,
						  token.CommsKey.bytes, 550);
	is_str(msg_check_token(&member, &token, min_bits), want, "ck: %s",
	       name);
	load_token(&token, "token_sig");
	token.SigKey.size =
		(pb_size_t)vec_load("spki.hex", name, token.SigKey.bytes, 550);
	is_str(msg_check_token(&member, &token, min_bits), want, "sk: %s",
	       name);
}

static void
test_keys(void)
{
	static const char *const bad[] = {
		"short_1024", "short_2040",    "bad_2047",   "bad_n_even",
		"bad_e_1",    "bad_e_even",    "bad_e_2_31", "bad_trailing",
		"bad_ec",     "bad_truncated",
	};

	check_key("good", 2048, NULL);
	check_key("good_4096", 2048, NULL);
	check_key("short_1024", 1024, NULL);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		check_key(bad[i], 2048, "bad key");
	load_token(&token, "token_sig");
	token.has_CommsKey = false;
	is_str(msg_check_token(&member, &token, 2048), "bad key", "no ck");
	load_token(&token, "token_sig");
	token.has_SigKey = false;
	is_str(msg_check_token(&member, &token, 2048), "bad key", "no sk");
}

static void
test_token(void)
{
	static reg_Token again;
	static struct member back;
	size_t len, cut = 0;

	load_token(&token, "token_sig");
	token.has_ID = true;
	token.ID.size = 32;
	msg_check_token(&member, &token, 2048);
	msg_make_token(&again, &member);
	is_str(msg_check_token(&back, &again, 2048), NULL, "made and checked");
	is_str(back.name, member.name, "same name");
	ok(nodeid_equal(&back.id, &member.id), "same ID");
	is_mem(back.sk.n, member.sk.n, 256, "same key");
	is_mem(again.MyEnds[1].bytes, "127.0.0.1:7002", again.MyEnds[1].size,
	       "end points go out without prefix");
	ok(!again.has_DigSig, "and without signature");

	len = msg_encode_token(&token, buf, sizeof buf);
	is_int(msg_encode_token(&token, buf, len), len, "fits exactly");
	is_int(msg_encode_token(&token, buf, len - 1), 0, "or not at all");
	memset(&again, 0xff, sizeof again);
	is_int(msg_decode_token(&again, buf, len), ERR_OK, "decodes");
	is_int(msg_verify_token(&again, &member), ERR_OK, "and verifies");
	for (size_t n = 0; n < len; n++)
		cut += msg_decode_token(&again, buf, n) == ERR_OK;
	is_int(cut, 8, "cut, it decodes between its fields only");
}

/* The largest message there can be comes back as it was. */
static void
test_largest(void)
{
	size_t len, len2;

	memset(&msg, 0, sizeof msg);
	MSG_SET_NUMBER(&msg, Op, reg_XLRegMsg_Tag_ClusterMembers);
	MSG_SET_NUMBER(&msg, Which, UINT64_MAX);
	load_token(&msg.Tokens[0], "token_sig");
	for (size_t i = 1; i < 64; i++)
		msg.Tokens[i] = msg.Tokens[0];
	msg.Tokens_count = 64;
	len = msg_encode(&msg, buf, sizeof buf);
	ok(len > 64 * 800, "64 tokens in %zu bytes", len);
	is_int(msg_decode(&msg2, buf, len), ERR_OK, "decode");
	is_int(msg2.Tokens_count, 64, "64 again");
	is_int(msg_verify_token(&msg2.Tokens[63], &member), ERR_OK,
	       "the last one verifies");
	len2 = msg_encode(&msg2, buf, len);
	is_int(len2, len, "encoded again");
	is_int(msg_encode(&msg, buf, len - 1), 0, "a byte too little room");
	is_int(msg_encode(&msg, buf, 0), 0, "no room");
}

int
main(void)
{
	test_digests();
	test_verify();
	test_check();
	test_keys();
	test_token();
	test_largest();
	return done_testing();
}
