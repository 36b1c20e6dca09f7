// SPDX-License-Identifier: MIT
#include "applets/member/ask.h"
#include "applets/member/memberopt.h"
#include "applets/member/report.h"
#include "applets/member/script.h"
#include "core/base/say.h"

static struct report report;

int
status_main(const struct memberopt *opt, int argc, char **argv)
{
	static struct ask ask;
	enum err e = ERR_OK;
	(void)argc;
	(void)argv;
	ask.folder = opt->dir;
	ask.deadline = loop_now() + ASK_MS;
	if (!ask_open(&ask, "status", 6))
		return ask.status;
	for (char *line; e == ERR_OK && (line = ask_line(&ask));)
		e = report_take(&report, line);
	if (e == ERR_OK && ask.status == 0 && !*report.roster.name)
		e = ERR_PROTOCOL;
	if (e != ERR_OK)
		return say_cannot(e, "read", "the daemon's answer");
	if (ask.status != 0)
		return ask.status;
	if (!opt->quiet)
		report_show(stdout, opt->format, &report);
	return say_finish(report.quorum ? 0 : 1);
}
