// SPDX-License-Identifier: MIT
#include <string.h>

#include "applets/applet.h"
#include "applets/member/ask.h"
#include "applets/member/memberopt.h"
#include "applets/member/script.h"
#include "core/base/fmt.h"
#include "core/base/say.h"
#include "core/base/text.h"

#define WAIT_SECONDS 60

/* Writes the conditions, which are names all.  False: one is not. */
static bool
put_conditions(char *dst, size_t cap, int argc, char **argv)
{
	size_t len = 0;
	if (argc == 0)
		fmt_text(dst, cap, " quorum");
	for (int i = 0; i < argc; i++) {
		if (!text_is_name(argv[i], strlen(argv[i]))) {
			opt_wrong(&member_applet.page, "\"%s\" is no name",
				  argv[i]);
			return false;
		}
		len += fmt_text(dst + len, cap - len, " %s", argv[i]);
		if (len >= cap) {
			opt_wrong(&member_applet.page, "too many names");
			return false;
		}
	}
	return true;
}

int
wait_main(const struct memberopt *opt, int argc, char **argv)
{
	static struct ask ask;
	char request[CONTROL_WAIT_MAX + 8] = "wait";
	int64_t seconds =
		opt->wait == MEMBEROPT_NO_WAIT ? WAIT_SECONDS : opt->wait;
	if (!put_conditions(request + 4, sizeof request - 4, argc, argv))
		return err_status(ERR_USAGE);
	ask.folder = opt->dir;
	int64_t until = loop_now() + seconds * 1000;
	ask.patient = true;
	ask.deadline = until;
	if (!ask_open(&ask, request, strlen(request)))
		return ask.status;
	/* A line if it does not hold yet: only then is there a time limit. */
	ask.waits_for = request + 5;
	ask.deadline = loop_now() + ASK_MS;
	if (ask_line(&ask)) {
		ask.deadline = until;
		while (ask_line(&ask))
			;
	}
	return ask.status;
}
