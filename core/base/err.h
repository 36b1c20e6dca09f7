// SPDX-License-Identifier: MIT
#ifndef XL_BASE_ERR_H
#define XL_BASE_ERR_H

/*
 * What core functions return, and the one place where errors become exit
 * statuses.  Where an operating system call failed, errno still says why.
 */

enum err {
	ERR_OK = 0,
	ERR_REFUSED,     /* the answer is no: does not verify, not found */
	ERR_USAGE,       /* wrong options or operands */
	ERR_MALFORMED,   /* a key, credential or cluster file is malformed */
	ERR_ENCRYPTED,   /* a key file that needs a passphrase */
	ERR_OPENSSH,     /* a key file that ssh-keygen has to convert */
	ERR_NOT_RSA,     /* a well-formed key of another kind */
	ERR_WEAK,        /* a key of fewer bits than 2048, where that counts */
	ERR_TOO_LONG,    /* does not fit the limits of this program */
	ERR_READ,        /* cannot read an input file (errno) */
	ERR_UNREACHABLE, /* registry or peer unreachable */
	ERR_SYSTEM,      /* a system call failed (errno) */
	ERR_LOCKED,      /* another instance holds the lock */
	ERR_CREATE,      /* cannot create an output file (errno) */
	ERR_EXISTS,      /* the output exists and must not be replaced */
	ERR_NOT_FILE,    /* nor may what is no regular file */
	ERR_WRITE,       /* writing failed: disk, standard output (errno) */
	ERR_TIMEOUT,     /* timed out */
	ERR_PROTOCOL,    /* the peer broke the protocol */
	ERR_PERMISSION,  /* not permitted (errno) */
	ERR_BUSY,        /* no room now: a queue or buffer is full */
};

/* The exit status for e: xlbox(1), EXIT STATUS. */
int
err_status(enum err e);

/* A lower-case phrase for e, without errno's text: "malformed". */
const char *
err_text(enum err e);

#endif
