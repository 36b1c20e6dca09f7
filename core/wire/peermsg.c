// SPDX-License-Identifier: MIT
#include "core/wire/peermsg.h"

#include <bearssl.h>
#include <pb_decode.h>
#include <pb_encode.h>

#include "core/ident/nodeid.h"

#define LABEL_PEER "xlattice2 peer"
#define LABEL_CLIENT "xlattice2 client"

enum err
peermsg_decode(cluster_XLClusterMsg *msg, const uint8_t *bytes, size_t len)
{
	pb_istream_t in = pb_istream_from_buffer(bytes, len);

	if (!pb_decode(&in, cluster_XLClusterMsg_fields, msg) || !msg->has_Op)
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
