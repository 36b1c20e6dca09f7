// SPDX-License-Identifier: MIT
#ifndef XL_WIRE_HELLO_H
#define XL_WIRE_HELLO_H

/* Hello and Reply, which open a session: xl-protocol(7), Hello and Reply. */

enum dialect {
	DIALECT_DOCUMENTED,
	DIALECT_PREFIXED,
	DIALECT_SEALED,
};

#define DIALECTS_LEN 3
#define DIALECT_BIT(d) (1U << (d))
#define DIALECTS_ALL 7U

/* The name that options, logs and manuals use: "sealed". */
const char *
dialect_name(enum dialect d);

#endif
