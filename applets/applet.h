// SPDX-License-Identifier: MIT
#ifndef XL_APPLET_H
#define XL_APPLET_H

#include "core/base/opt.h"

/*
 * The applets, one word each.  NAME stands for `const struct applet
 * NAME_applet` at the end of the applet's file.
 */
#define APPLETS(X) \
	X(keygen)  \
	X(nodeid)  \
	X(join)    \
	X(regd)    \
	X(member)

struct applet {
	struct opt_page page;
	int (*main)(int argc, char **argv);
};

#define APPLET_DECLARE(name) extern const struct applet name##_applet;
APPLETS(APPLET_DECLARE)
#undef APPLET_DECLARE

#endif
