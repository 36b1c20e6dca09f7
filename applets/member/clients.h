// SPDX-License-Identifier: MIT
#ifndef XL_MEMBER_CLIENTS_H
#define XL_MEMBER_CLIENTS_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/err.h"
#include "core/ident/rsakey.h"

/*
 * Who may use the client port: a file in the style of authorized_keys, one
 * "ssh-rsa BASE64 NAME" a line, blank lines and # comments between.  A client
 * is known by the SHA-256 of its key's SubjectPublicKeyInfo.  The text stays
 * in memory, and a key is read from it when its client comes.
 */

#define CLIENTS_ID_LEN 32
#define CLIENTS_NAME_MAX 128 /* bytes of a comment that are kept, and a NUL */
#define CLIENTS_TEXT_MAX (4 * 1024 * 1024) /* bytes of a file */

struct clients_entry {
	uint8_t id[CLIENTS_ID_LEN];
	uint32_t at, len; /* of its line in the text */
};

/* All zero is an empty list. */
struct clients {
	char *text; /* NULL, or CLIENTS_TEXT_MAX bytes, untouched at the end */
	struct clients_entry *entries; /* CLIENTS_MAX of them, likewise */
	size_t len;
};

/* What is known of one client. */
struct clients_one {
	struct rsakey_public key;
	char name[CLIENTS_NAME_MAX]; /* printable */
};

/*
 * Reads a file in place of what c holds, which stays when that fails:
 * ERR_READ (errno); ERR_TOO_LONG; ERR_MALFORMED: *line says where, and *what
 * what is wrong; ERR_SYSTEM.  Keys have min_bits at least.
 */
enum err
clients_load(struct clients *c, const char *path, unsigned min_bits,
	     unsigned *line, const char **what);

/*
 * Finds the client with an ID.  ERR_REFUSED: it is not in the list; *one is
 * then another whom the ID picks, so that the work can go on as with one who
 * is, and the time does not tell who is listed.  An empty list leaves it alone.
 */
enum err
clients_find(const struct clients *c, const uint8_t id[static CLIENTS_ID_LEN],
	     struct clients_one *one);

/* Frees the list. */
void
clients_free(struct clients *c);

#endif
