// SPDX-License-Identifier: MIT

/*
 * xl-member: what runs on each member of a cluster.  Keeps in touch with the
 * others over the cluster port, serves clients on the client port, tells
 * scripts what happens, and, called with a subcommand, talks to the one that
 * runs.
 */

#include "applets/applet.h"
#include "applets/member/connect.h"
#include "applets/member/daemon.h"
#include "applets/member/memberopt.h"
#include "applets/member/script.h"
#include "core/base/opt.h"

/* The ids of options, see memberopt.c. */
#define DAEMON_TAKES "d\1\2xX\3\4r\5\6\7\10\11\12\13\14\15\16\17vq\20\21\22\27"
#define CONNECT_TAKES "diwv\10\21\25\26\27"

static const struct memberopt_job jobs[] = {
	{ "status", "dq\23", false, status_main },
	{ "send", "daw\23", true, send_main },
	{ "wait", "dw", true, wait_main },
	{ "watch", "d\23\24", false, watch_main },
	{ "connect", CONNECT_TAKES, true, connect_main },
	{ "", DAEMON_TAKES, false, daemon_main },
};

static int
member_main(int argc, char **argv)
{
	static struct memberopt opt;
	int status;
	const struct memberopt_job *job =
		memberopt_parse(&opt, jobs, &argc, &argv, &status);
	if (!job)
		return status;
	if (!opt.dir && !opt.cluster)
		return opt_wrong(&member_applet.page, "%s is missing",
				 job->main == connect_main ? "-d or --cluster"
							   : "-d");
	return job->main(&opt, argc, argv);
}

const struct applet member_applet = {
	.page = {
		.name = "xl-member",
		.summary = "Keep in touch with a cluster's members, serve its "
			   "clients",
		.synopsis =
			"-d DIR [-x COMMAND] [-X DIR] [-r FILE]\n"
			"-d DIR status [-q] [--format FORMAT]\n"
			"-d DIR send -a|NAME... [-w SECONDS] < FILE\n"
			"-d DIR wait [quorum|all|NAME]... [-w SECONDS]\n"
			"-d DIR watch [--initial] [--format FORMAT]\n"
			"-d DIR connect [--listen ADDR:PORT] NAME|any\n"
			"--cluster FILE [-i FILE] connect [--listen ADDR:PORT] "
			"NAME|any",
		.opts = memberopt_table,
	},
	.main = member_main,
};
