// SPDX-License-Identifier: MIT
#ifndef XL_DOC_IDENTITY_H
#define XL_DOC_IDENTITY_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/err.h"
#include "core/base/text.h"
#include "core/doc/block.h"
#include "core/doc/node.h"
#include "core/ident/rsakey.h"

struct rng;

/*
 * A node's identity: the comms key, the sig key and node.dat in one folder
 * (xl-protocol(7), Files).  The three are one thing: new ones are written
 * beside the old as NAME.new, node.dat.new last, and then renamed, node.dat
 * last.  So a node.dat.new says that all three are whole, and whoever comes
 * next finishes the renaming; before it is there the old identity stands.
 * Makers in one folder wait for each other.
 *
 * Keys that stand in a folder without node.dat are never thrown away: they
 * become part of the identity, and what is missing is made.
 */

#define IDENTITY_CK "ck.pem"
#define IDENTITY_SK "sk.pem"
#define IDENTITY_NODE "node.dat"

/* About 5 KiB; holds secrets: its owner wipes it with bytes_wipe. */
struct identity {
	struct rsakey_private ck, sk;
	struct node node;
};

/* What a new identity is to be. */
struct identity_wish {
	const char *name;  /* a valid name */
	unsigned bits;     /* of each key, as in rsakey_generate */
	unsigned min_bits; /* of keys that stand in a folder, or ERR_WEAK */
	size_t id_len;     /* NODEID_SHORT or NODEID_LONG */
};

/* What identity_make does when the folder has an identity. */
enum identity_mode {
	IDENTITY_NEW,     /* ERR_EXISTS */
	IDENTITY_MISSING, /* load that one */
	IDENTITY_REPLACE, /* a new one takes its place */
};

/*
 * Where an error lies: file is "ck.pem", "sk.pem" or "node.dat", or "" for
 * the folder itself; at.line is 0 unless a line of node.dat is wrong.
 */
struct identity_fault {
	const char *file;
	struct block_fault at;
};

/*
 * Loads the identity in folder.  ERR_READ (errno ENOENT and fault "node.dat"
 * when there is none), ERR_MALFORMED, ERR_ENCRYPTED, ERR_NOT_RSA,
 * ERR_REFUSED for a public key, ERR_TOO_LONG.
 */
enum err
identity_load(struct identity *id, const char *folder,
	      struct identity_fault *fault);

/*
 * Makes an identity in folder, which is made too if need be (its parent has to
 * be there), and leaves it in id.  The key files have mode 0600 from the first
 * byte.  Takes as long as one key does where there are two processors.
 * Errors as identity_load, ERR_EXISTS as mode says, ERR_CREATE, ERR_WRITE,
 * ERR_SYSTEM; after any of them the identity that was there stands, or, if
 * only the renaming failed, the next to come finishes it.
 */
enum err
identity_make(struct identity *id, const char *folder,
	      const struct identity_wish *wish, enum identity_mode mode,
	      struct rng *rng, struct identity_fault *fault);

/* Makes an identity in memory alone.  ERR_SYSTEM. */
enum err
identity_generate(struct identity *id, const struct identity_wish *wish,
		  struct rng *rng);

/* Loads node.dat alone, which needs no right to read keys.  As above. */
enum err
identity_load_node(struct node *node, const char *folder,
		   struct identity_fault *fault);

/* Replaces node.dat in folder: its end points changed.  As file_write. */
enum err
identity_store_node(const char *folder, const struct node *node);

/* Whether folder has an identity, or one whose making was cut short. */
bool
identity_exists(const char *folder);

/*
 * The name a node has when none is given: the host name up to its first dot,
 * '-' for what a name may not have, '_' in front if need be.
 */
void
identity_default_name(char dst[static TEXT_NAME_MAX + 1]);

#endif
