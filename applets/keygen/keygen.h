// SPDX-License-Identifier: MIT
#ifndef XL_APPLET_KEYGEN_H
#define XL_APPLET_KEYGEN_H

#include <stdbool.h>
#include <stddef.h>

#include "core/ident/keyfile.h"

/* What the parts of xl-keygen share.  All of them print. */

#define KEYGEN_COMMENT_MAX 256 /* bytes behind a public key */

/* A form that -e knows. */
struct keygen_form {
	const char *name;
	enum keyfile_form form;
	bool is_private;
};

/* What this run is to do. */
struct keygen {
	int mode;            /* the letter of d, o, y, l, e or p */
	const char *folder;  /* of the identity */
	const char *name;    /* of the node */
	const char *output;  /* file to write; NULL or "-" is standard output */
	const char *key;     /* file to read */
	const char *comment; /* behind the public key; NULL: the one it has */
	const struct keygen_form *form;
	unsigned bits;
	size_t id_len; /* of the NodeID */
	bool force, if_missing, test_key;
	char seen[32]; /* the options given, each once or more */
};

/* Each of these does one mode and returns the exit status. */
int
keygen_make_identity(const struct keygen *job);
int
keygen_make_key(const struct keygen *job);
int
keygen_show(const struct keygen *job);

/*
 * Writes to a file as job says, or to standard output; a private key in one of
 * the private forms, or an ssh-rsa line with its comment.  Each returns the
 * exit status.
 */
int
keygen_put(const struct keygen *job, const char *path, bool is_private,
	   const void *data, size_t len);
int
keygen_put_private(const struct keygen *job, enum keyfile_form form,
		   const struct rsakey_private *key);
int
keygen_put_line(const struct keygen *job, const char *path,
		const struct rsakey_public *key, const char *comment,
		size_t comment_len);

#endif
