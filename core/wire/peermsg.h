// SPDX-License-Identifier: MIT
#ifndef XL_WIRE_PEERMSG_H
#define XL_WIRE_PEERMSG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/err.h"
#include "xlcluster.pb.h"

struct nodeid;

/*
 * What members say to each other and to clients: bytes to structures and
 * back, and what signatures cover (xl-protocol(7), Member to member; The
 * client port).  cluster_XLClusterMsg is 17 KB: one of each direction a
 * process, never on the stack.
 */

#define PEERMSG_CONTENTS_MAX 16000 /* bytes of an App or Data message */

/* Empties msg: no field is there.  What was in them is left, and untouched. */
void
peermsg_clear(cluster_XLClusterMsg *msg);

/*
 * Decodes len bytes into msg, of which only those fields mean anything whose
 * has_ is set.  ERR_PROTOCOL: not a message, something over its limit, or no
 * Op.
 */
enum err
peermsg_decode(cluster_XLClusterMsg *msg, const uint8_t *bytes, size_t len);

/* Encodes msg; 0 when it does not fit cap. */
size_t
peermsg_encode(const cluster_XLClusterMsg *msg, uint8_t *dst, size_t cap);

/*
 * Streams, without a copy: the contents of a Data are put PEERMSG_DATA_HEADER
 * behind where the message is to begin.
 */
#define PEERMSG_DATA_HEADER 5
#define PEERMSG_EOF_LEN 2

/* Makes a Data of the len bytes, 1..16,000, there; returns its length. */
size_t
peermsg_make_data(uint8_t *msg, size_t len);

/* Makes an Eof; returns its length. */
size_t
peermsg_make_eof(uint8_t msg[static PEERMSG_EOF_LEN]);

/*
 * Whether len bytes are a Data or an Eof as they are made here; *op is which,
 * and the contents are *contents_len bytes at *contents.  Other forms are
 * peermsg_decode's matter.
 */
bool
peermsg_is_piece(const uint8_t *bytes, size_t len, uint32_t *op,
		 const uint8_t **contents, size_t *contents_len);

/* The name of an op for a log: "KeepAlive"; "unknown" for others. */
const char *
peermsg_op_name(uint32_t op);

/*
 * What the DigSig of a Hello covers, as SHA-256: on the cluster port, from
 * one member to another, and on the client port, to the member that serves.
 */
void
peermsg_digest_peer(uint8_t digest[static 32], const uint8_t bind[static 32],
		    const struct nodeid *cluster, const struct nodeid *from,
		    const struct nodeid *to);
void
peermsg_digest_client(uint8_t digest[static 32], const uint8_t bind[static 32],
		      const struct nodeid *member);

#endif
