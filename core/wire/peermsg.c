// SPDX-License-Identifier: MIT
#include "core/wire/peermsg.h"

#include <bearssl.h>
#include <pb_decode.h>
#include <pb_encode.h>
#include <string.h>

#include "core/ident/nodeid.h"

/* How fields begin (protobuf: number << 3 | wire type). */
#define FIELD_OP 0x08
#define FIELD_CONTENTS 0x42
#define VARINT_MORE 0x80 /* another byte follows, of seven bits more */

#define LABEL_PEER "xlattice2 peer"
#define LABEL_CLIENT "xlattice2 client"

/* Field by field: to clear it all would touch 17 KB for each message. */
void
peermsg_clear(cluster_XLClusterMsg *msg)
{
	msg->has_Op = msg->has_MsgN = msg->has_ID = false;
	msg->has_YourMsgN = msg->has_ClusterID = msg->has_ErrCode = false;
	msg->has_ErrDesc = msg->has_Contents = msg->has_Salt = false;
	msg->has_DigSig = false;
}

enum err
peermsg_decode(cluster_XLClusterMsg *msg, const uint8_t *bytes, size_t len)
{
	pb_istream_t in = pb_istream_from_buffer(bytes, len);

	peermsg_clear(msg);
	if (!pb_decode_ex(&in, cluster_XLClusterMsg_fields, msg,
			  PB_DECODE_NOINIT) ||
	    !msg->has_Op)
		return ERR_PROTOCOL;
	return ERR_OK;
}

size_t
peermsg_encode(const cluster_XLClusterMsg *msg, uint8_t *dst, size_t cap)
{
	pb_ostream_t out = pb_ostream_from_buffer(dst, cap);

	if (!pb_encode(&out, cluster_XLClusterMsg_fields, msg))
		return 0;
	return out.bytes_written;
}

size_t
peermsg_make_data(uint8_t *msg, size_t len)
{
	size_t at = 3;

	msg[0] = FIELD_OP;
	msg[1] = cluster_XLClusterMsg_Tag_Data;
	msg[2] = FIELD_CONTENTS;
	if (len >= VARINT_MORE)
		msg[at++] = (uint8_t)(VARINT_MORE | len % VARINT_MORE);
	else /* one byte less */
		memmove(msg + PEERMSG_DATA_HEADER - 1,
			msg + PEERMSG_DATA_HEADER, len);
	msg[at++] = (uint8_t)(len >= VARINT_MORE ? len / VARINT_MORE : len);
	return at + len;
}

size_t
peermsg_make_eof(uint8_t msg[static PEERMSG_EOF_LEN])
{
	msg[0] = FIELD_OP;
	msg[1] = cluster_XLClusterMsg_Tag_Eof;
	return PEERMSG_EOF_LEN;
}

bool
peermsg_is_piece(const uint8_t *bytes, size_t len, uint32_t *op,
		 const uint8_t **contents, size_t *contents_len)
{
	size_t n, at = 4;

	*contents_len = 0;
	if (len < PEERMSG_EOF_LEN || bytes[0] != FIELD_OP)
		return false;
	*op = bytes[1];
	if (len == PEERMSG_EOF_LEN)
		return *op == cluster_XLClusterMsg_Tag_Eof;
	if (*op != cluster_XLClusterMsg_Tag_Data || len < at ||
	    bytes[2] != FIELD_CONTENTS)
		return false;
	n = bytes[3];
	if (n >= VARINT_MORE) {
		if (len < ++at || bytes[4] >= VARINT_MORE)
			return false;
		n = n % VARINT_MORE + (size_t)bytes[4] * VARINT_MORE;
	}
	*contents = bytes + at;
	*contents_len = n;
	return n == len - at && n <= PEERMSG_CONTENTS_MAX;
}

const char *
peermsg_op_name(uint32_t op)
{
	static const char *const names[] = {
		[cluster_XLClusterMsg_Tag_Hello] = "Hello",
		[cluster_XLClusterMsg_Tag_Ack] = "Ack",
		[cluster_XLClusterMsg_Tag_KeepAlive] = "KeepAlive",
		[cluster_XLClusterMsg_Tag_Bye] = "Bye",
		[cluster_XLClusterMsg_Tag_Error] = "Error",
		[cluster_XLClusterMsg_Tag_App] = "App",
		[cluster_XLClusterMsg_Tag_Data] = "Data",
		[cluster_XLClusterMsg_Tag_Eof] = "Eof",
		[cluster_XLClusterMsg_Tag_Suspect] = "Suspect",
	};

	if (op >= sizeof names / sizeof names[0] || !names[op])
		return "unknown";
	return names[op];
}

void
peermsg_digest_peer(uint8_t digest[static 32], const uint8_t bind[static 32],
		    const struct nodeid *cluster, const struct nodeid *from,
		    const struct nodeid *to)
{
	br_sha256_context sha256;

	br_sha256_init(&sha256);
	br_sha256_update(&sha256, LABEL_PEER, sizeof LABEL_PEER - 1);
	br_sha256_update(&sha256, bind, 32);
	br_sha256_update(&sha256, cluster->bytes, cluster->len);
	br_sha256_update(&sha256, from->bytes, from->len);
	br_sha256_update(&sha256, to->bytes, to->len);
	br_sha256_out(&sha256, digest);
}

void
peermsg_digest_client(uint8_t digest[static 32], const uint8_t bind[static 32],
		      const struct nodeid *member)
{
	br_sha256_context sha256;

	br_sha256_init(&sha256);
	br_sha256_update(&sha256, LABEL_CLIENT, sizeof LABEL_CLIENT - 1);
	br_sha256_update(&sha256, bind, 32);
	br_sha256_update(&sha256, member->bytes, member->len);
	br_sha256_out(&sha256, digest);
}
