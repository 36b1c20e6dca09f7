// SPDX-License-Identifier: MIT
#ifndef XL_CREDFILE_H
#define XL_CREDFILE_H

struct regcred;

/*
 * Reads regCred.dat at path ("-": standard input), whose comms key has to have
 * min_bits at least.  Returns 0, or an exit status after saying what is wrong.
 */
int
credfile_read(struct regcred *cred, const char *path, unsigned min_bits);

#endif
