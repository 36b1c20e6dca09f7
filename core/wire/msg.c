// SPDX-License-Identifier: MIT
#include "core/wire/msg.h"

#include <bearssl.h>
#include <pb_decode.h>
#include <pb_encode.h>

#include "core/base/bytes.h"
#include "core/base/text.h"
#include "core/ident/rsakey.h"

#define LABEL_MEMBER "xlattice2 member"
#define LABEL_RETURN "xlattice2 return"

/*
 * nanopb bounds a bytes field by the size of its structure, padding included:
 * a limit that is no multiple of 4 lets a few bytes more pass.
 */
static bool
within_limits(const reg_Token *token)
{
	return token->CommsKey.size <= sizeof token->CommsKey.bytes &&
	       token->SigKey.size <= sizeof token->SigKey.bytes;
}

enum err
msg_decode(reg_XLRegMsg *msg, const uint8_t *bytes, size_t len)
{
	pb_istream_t in = pb_istream_from_buffer(bytes, len);

	if (!pb_decode(&in, reg_XLRegMsg_fields, msg) || !msg->has_Op ||
	    !within_limits(&msg->MemberSpecs))
		return ERR_PROTOCOL;
	for (size_t i = 0; i < msg->Tokens_count; i++)
		if (!within_limits(&msg->Tokens[i]))
			return ERR_PROTOCOL;
	return ERR_OK;
}

bool
msg_decodes(const uint8_t *bytes, size_t len)
{
	static reg_XLRegMsg scratch; /* 133 KB, too much for the stack */

	return msg_decode(&scratch, bytes, len) == ERR_OK;
}

size_t
msg_encode(const reg_XLRegMsg *msg, uint8_t *dst, size_t cap)
{
	pb_ostream_t out = pb_ostream_from_buffer(dst, cap);

	if (!pb_encode(&out, reg_XLRegMsg_fields, msg))
		return 0;
	return out.bytes_written;
}

size_t
msg_encode_token(const reg_Token *token, uint8_t *dst, size_t cap)
{
	pb_ostream_t out = pb_ostream_from_buffer(dst, cap);

	if (!pb_encode(&out, reg_Token_fields, token))
		return 0;
	return out.bytes_written;
}

enum err
msg_decode_token(reg_Token *token, const uint8_t *bytes, size_t len)
{
	pb_istream_t in = pb_istream_from_buffer(bytes, len);

	if (!pb_decode(&in, reg_Token_fields, token) || !within_limits(token))
		return ERR_PROTOCOL;
	return ERR_OK;
}

const char *
msg_op_name(uint32_t op)
{
	static const char names[][15] = {
		[reg_XLRegMsg_Tag_RegCredRequest] = "RegCredRequest",
		[reg_XLRegMsg_Tag_RegCredReply] = "RegCredReply",
		[reg_XLRegMsg_Tag_Member] = "Member",
		[reg_XLRegMsg_Tag_MemberOK] = "MemberOK",
		[reg_XLRegMsg_Tag_Create] = "Create",
		[reg_XLRegMsg_Tag_CreateReply] = "CreateReply",
		[reg_XLRegMsg_Tag_Join] = "Join",
		[reg_XLRegMsg_Tag_JoinReply] = "JoinReply",
		[reg_XLRegMsg_Tag_GetCluster] = "GetCluster",
		[reg_XLRegMsg_Tag_ClusterMembers] = "ClusterMembers",
		[reg_XLRegMsg_Tag_Bye] = "Bye",
		[reg_XLRegMsg_Tag_Ack] = "Ack",
		[reg_XLRegMsg_Tag_Error] = "Error",
		[reg_XLRegMsg_Tag_Leave] = "Leave",
		[reg_XLRegMsg_Tag_LeaveReply] = "LeaveReply",
	};

	if (op >= sizeof names / sizeof names[0] || !*names[op])
		return "unknown";
	return names[op];
}

/* Feeds what Token.DigSig covers to a hash of either kind. */
static void
hash_token(const br_hash_class **hash, const reg_Token *token)
{
	uint8_t attrs[8];

	bytes_set_le64(attrs, token->has_Attrs ? token->Attrs : 0);
	if (token->has_Name)
		(*hash)->update(hash, token->Name.bytes, token->Name.size);
	(*hash)->update(hash, attrs, sizeof attrs);
	if (token->has_CommsKey)
		(*hash)->update(hash, token->CommsKey.bytes,
				token->CommsKey.size);
	if (token->has_SigKey)
		(*hash)->update(hash, token->SigKey.bytes, token->SigKey.size);
	for (pb_size_t i = 0; i < token->MyEnds_count; i++)
		(*hash)->update(hash, token->MyEnds[i].bytes,
				token->MyEnds[i].size);
}

void
msg_digest_token(uint8_t digest[static 20], const reg_Token *token)
{
	br_sha1_context sha1;

	br_sha1_init(&sha1);
	hash_token(&sha1.vtable, token);
	br_sha1_out(&sha1, digest);
}

void
msg_digest_member(uint8_t digest[static 32], const uint8_t bind[static 32],
		  const reg_Token *token)
{
	br_sha256_context sha256;

	br_sha256_init(&sha256);
	br_sha256_update(&sha256, LABEL_MEMBER, sizeof LABEL_MEMBER - 1);
	br_sha256_update(&sha256, bind, 32);
	hash_token(&sha256.vtable, token);
	br_sha256_out(&sha256, digest);
}

void
msg_digest_return_older(uint8_t digest[static 20], const struct nodeid *id,
			const uint8_t *spki, size_t spki_len,
			const uint8_t salt2[static 8])
{
	br_sha1_context sha1;

	br_sha1_init(&sha1);
	br_sha1_update(&sha1, id->bytes, id->len);
	br_sha1_update(&sha1, spki, spki_len);
	br_sha1_update(&sha1, salt2, 8);
	br_sha1_out(&sha1, digest);
}

void
msg_digest_return_sealed(uint8_t digest[static 32],
			 const uint8_t bind[static 32], const struct nodeid *id)
{
	br_sha256_context sha256;

	br_sha256_init(&sha256);
	br_sha256_update(&sha256, LABEL_RETURN, sizeof LABEL_RETURN - 1);
	br_sha256_update(&sha256, bind, 32);
	br_sha256_update(&sha256, id->bytes, id->len);
	br_sha256_out(&sha256, digest);
}

static bool
check_keys(struct member *member, const reg_Token *token, unsigned min_bits)
{
	return token->has_CommsKey && token->has_SigKey &&
	       rsakey_decode_spki(&member->ck, token->CommsKey.bytes,
				  token->CommsKey.size) == ERR_OK &&
	       rsakey_decode_spki(&member->sk, token->SigKey.bytes,
				  token->SigKey.size) == ERR_OK &&
	       rsakey_check_public(&member->ck, min_bits) == ERR_OK &&
	       rsakey_check_public(&member->sk, min_bits) == ERR_OK;
}

static bool
check_id(struct member *member, const reg_Token *token)
{
	member->id.len = 0;
	if (!token->has_ID || token->ID.size == 0)
		return true;
	return nodeid_from_bytes(&member->id, token->ID.bytes,
				 token->ID.size) == ERR_OK;
}

static bool
check_name(struct member *member, const reg_Token *token)
{
	if (!token->has_Name ||
	    !text_is_name(token->Name.bytes, token->Name.size))
		return false;
	memcpy(member->name, token->Name.bytes, token->Name.size);
	member->name[token->Name.size] = '\0';
	return true;
}

static bool
check_ends(struct member *member, const reg_Token *token)
{
	for (size_t i = 0; i < token->MyEnds_count; i++)
		if (endpoint_parse(&member->ends[i], token->MyEnds[i].bytes,
				   token->MyEnds[i].size) != ERR_OK)
			return false;
	member->ends_len = token->MyEnds_count;
	return true;
}

const char *
msg_check_token(struct member *member, const reg_Token *token,
		unsigned min_bits)
{
	if (!check_keys(member, token, min_bits))
		return "bad key";
	if (!check_id(member, token))
		return "bad length for nodeID";
	if (!check_name(member, token))
		return "bad name";
	if (!check_ends(member, token))
		return "bad end point";
	member->attrs = token->has_Attrs ? token->Attrs : 0;
	return NULL;
}

enum err
msg_verify_token(const reg_Token *token, const struct member *member)
{
	uint8_t digest[20];

	if (!token->has_DigSig)
		return ERR_REFUSED;
	msg_digest_token(digest, token);
	return rsakey_verify(&member->sk, RSAKEY_SHA1, digest,
			     token->DigSig.bytes, token->DigSig.size);
}

static size_t
make_end(uint8_t *dst, const struct endpoint *ep)
{
	char text[ENDPOINT_TEXT_MAX + 1];
	size_t len;

	endpoint_format(text, ep);
	len = strlen(text);
	memcpy(dst, text, len);
	return len;
}

void
msg_make_token(reg_Token *token, const struct member *member)
{
	memset(token, 0, sizeof *token);
	MSG_SET(token, Name, member->name, strlen(member->name));
	MSG_SET_NUMBER(token, Attrs, member->attrs);
	if (member->id.len > 0)
		MSG_SET(token, ID, member->id.bytes, member->id.len);
	token->has_CommsKey = token->has_SigKey = true;
	token->CommsKey.size = (pb_size_t)rsakey_encode_spki(
		token->CommsKey.bytes, &member->ck);
	token->SigKey.size =
		(pb_size_t)rsakey_encode_spki(token->SigKey.bytes, &member->sk);
	for (size_t i = 0; i < member->ends_len; i++)
		token->MyEnds[i].size = (pb_size_t)make_end(
			token->MyEnds[i].bytes, &member->ends[i]);
	token->MyEnds_count = (pb_size_t)member->ends_len;
}
