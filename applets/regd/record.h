// SPDX-License-Identifier: MIT
#ifndef XL_REGD_RECORD_H
#define XL_REGD_RECORD_H

#include <stddef.h>
#include <stdint.h>

#include "applets/regd/registry.h"
#include "applets/regd/store.h"
#include "core/base/err.h"
#include "core/wire/hello.h"

/*
 * The records of the store (proto/xljournal.proto): changes to bytes, and
 * back into a registry.
 */

#define RECORD_MAX 2400       /* bytes of a record */
#define RECORD_TOKEN_MAX 2048 /* bytes of a token */

/* A token as it is stored; DigSig, if it has one, is its end. */
struct record_token {
	uint16_t len;
	uint16_t bare_len; /* without DigSig */
	uint8_t bytes[RECORD_TOKEN_MAX];
};

/*
 * Appends a change to the store.  *ticket is the store's, *place says where
 * the token can be read.  ERR_BUSY: no room.
 */
enum err
record_append_node(const struct store *store, enum dialect dialect,
		   const struct record_token *token, uint64_t *ticket,
		   struct registry_token *place);
enum err
record_append_cluster(const struct store *store,
		      const struct registry_cluster *cluster, uint64_t *ticket);
enum err
record_append_member(const struct store *store, const struct nodeid *cluster,
		     uint32_t index, enum dialect dialect,
		     const struct record_token *token, uint64_t *ticket,
		     struct registry_token *place);

/* Reads a token from its place.  ERR_READ (errno). */
enum err
record_read_token(const struct store *store, const struct registry_token *place,
		  struct record_token *token);

/*
 * Does to the registry reg what the record at where says.  ERR_MALFORMED: it
 * cannot have been written in this state; ERR_SYSTEM: no memory.
 */
enum err
record_replay(void *reg, const uint8_t *record, size_t len, uint64_t where);

#endif
