// SPDX-License-Identifier: MIT
#ifndef XL_IDENT_KEYFILE_H
#define XL_IDENT_KEYFILE_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/err.h"
#include "core/ident/rsakey.h"

/*
 * Keys in files: PKCS#1 (RFC 8017 A.1) and PKCS#8 (RFC 5208) private keys,
 * SubjectPublicKeyInfo, each as PEM (RFC 7468) or DER, and public keys as
 * ssh-rsa lines (RFC 4253 6.6).  All readers bound first and then look.
 */

#define KEYFILE_MAX 16384    /* bytes of a file that is read */
#define KEYFILE_PEM_MAX 4096 /* characters of a PEM text that is written */
#define KEYFILE_SSH_MAX 768  /* characters of an ssh-rsa line, and a NUL */
#define KEYFILE_FINGERPRINT_MAX 51 /* "SHA256:", 43 characters, NUL */

enum keyfile_form {
	KEYFILE_SSH,       /* ssh-rsa line */
	KEYFILE_SPKI_PEM,  /* public */
	KEYFILE_SPKI_DER,  /* public */
	KEYFILE_PKCS1_PEM, /* private */
	KEYFILE_PKCS8_PEM, /* private */
};

/*
 * Reads a private key in any of the forms.
 * ERR_MALFORMED, ERR_ENCRYPTED, ERR_OPENSSH, ERR_NOT_RSA, ERR_TOO_LONG (over
 * 4096 bits); ERR_REFUSED for a public key.
 */
enum err
keyfile_parse_private(struct rsakey_private *key, const void *src, size_t len);

/*
 * Reads the public key of any of the forms, private ones included.
 * ERR_MALFORMED, ERR_ENCRYPTED, ERR_OPENSSH, ERR_NOT_RSA, ERR_TOO_LONG.
 */
enum err
keyfile_parse_public(struct rsakey_public *key, const void *src, size_t len);

/* The same from a file ("-" is standard input); ERR_READ too. */
enum err
keyfile_read_private(struct rsakey_private *key, const char *path);
enum err
keyfile_read_public(struct rsakey_public *key, const char *path);

/*
 * Reads "ssh-rsa BASE64", as it stands in the text files and the .pub files;
 * what follows the next blank is a comment and passed over.
 * ERR_MALFORMED, ERR_NOT_RSA, ERR_TOO_LONG.
 */
enum err
keyfile_parse_ssh(struct rsakey_public *key, const char *text, size_t len);

/*
 * The comment of the ssh-rsa line that stands in src, in place; *comment_len
 * is 0 when there is none.
 */
const char *
keyfile_comment(const void *src, size_t len, size_t *comment_len);

/* Writes "ssh-rsa BASE64" with a NUL, without comment or newline. */
void
keyfile_format_ssh(char dst[static KEYFILE_SSH_MAX],
		   const struct rsakey_public *key);

/*
 * Writes a public key in a public form.  Returns its length; text ends with a
 * newline and is not NUL-terminated.
 */
size_t
keyfile_encode_public(uint8_t dst[static KEYFILE_PEM_MAX],
		      enum keyfile_form form, const struct rsakey_public *key);

/* The same for a private key and the two private forms.  The caller wipes. */
size_t
keyfile_encode_private(uint8_t dst[static KEYFILE_PEM_MAX],
		       enum keyfile_form form,
		       const struct rsakey_private *key);

/*
 * Writes the fingerprint as ssh-keygen -l prints it: "SHA256:" and the SHA-256
 * of the RFC 4253 key blob in base64 without padding.
 */
void
keyfile_fingerprint(char dst[static KEYFILE_FINGERPRINT_MAX],
		    const struct rsakey_public *key);

#endif
