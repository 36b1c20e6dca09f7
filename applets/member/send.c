// SPDX-License-Identifier: MIT
#include <inttypes.h>
#include <string.h>

#include "applets/applet.h"
#include "applets/member/ask.h"
#include "applets/member/memberopt.h"
#include "applets/member/script.h"
#include "applets/member/words.h"
#include "core/base/file.h"
#include "core/base/fmt.h"
#include "core/base/say.h"
#include "core/base/text.h"

#define SEND_SECONDS 10
#define SEND_SECONDS_MAX (CONTROL_SEND_MS_MAX / 1000)

static uint8_t request[CONTROL_REQUEST_MAX];

static int64_t
seconds_of(const struct memberopt *opt)
{
	return opt->wait == MEMBEROPT_NO_WAIT ? SEND_SECONDS : opt->wait;
}

/* Writes the line of the request; its length, or 0 when it was wrong. */
static size_t
put_names(char *dst, size_t cap, const struct memberopt *opt, int argc,
	  char **argv)
{
	int64_t seconds = seconds_of(opt);
	size_t len = fmt_text(dst, cap, "send %" PRId64 "000%s", seconds,
			      opt->all ? " *" : "");
	if (seconds == 0 || seconds > SEND_SECONDS_MAX) {
		opt_wrong(&member_applet.page, "--wait cannot be %" PRId64,
			  seconds);
		return 0;
	}
	if (opt->all != (argc == 0)) {
		opt_wrong(&member_applet.page, "give one of -a and names");
		return 0;
	}
	for (int i = 0; i < argc; i++) {
		if (!text_is_name(argv[i], strlen(argv[i]))) {
			opt_wrong(&member_applet.page, "\"%s\" is no name",
				  argv[i]);
			return 0;
		}
		len += fmt_text(dst + len, cap - len, " %s", argv[i]);
		if (len >= cap) {
			opt_wrong(&member_applet.page, "too many names");
			return 0;
		}
	}
	dst[len] = '\n';
	return len + 1;
}

/* Reads the contents.  Returns 0 or an exit status. */
static int
read_contents(uint8_t *dst, size_t *len)
{
	enum err e = file_read("-", dst, CONTROL_CONTENTS_MAX, len);
	if (e == ERR_TOO_LONG)
		say("more than %d bytes: that is for the client port",
		    CONTROL_CONTENTS_MAX);
	else if (e != ERR_OK)
		return say_cannot(e, "read", "standard input");
	else if (*len == 0) {
		say("nothing to send: standard input is empty");
		e = ERR_MALFORMED;
	}
	return err_status(e);
}

/* Shows how it went with one member.  False: not well, or no answer at all. */
static bool
show_answer(char *line, enum show_format format)
{
	char *at = line;
	const char *kind = words_next(&at);
	const char *name = words_next(&at);
	const char *answer = words_next(&at);
	if (strcmp(kind, "answer") != 0 || !text_is_name(name, strlen(name)) ||
	    !text_is_name(answer, strlen(answer)))
		return false;
	if (format == SHOW_JSON)
		fmt_print(stdout, "{\"member\":\"%s\",\"answer\":\"%s\"}\n",
			  name, answer);
	else
		fmt_print(stdout, "%s: %s%s\n", name,
			  strcmp(answer, "down") == 0 ? "not sent: " : "",
			  answer);
	fflush(stdout);
	return strcmp(answer, "ok") == 0;
}

/* Sending again may be twice: once it is sent, the answer is yes or no. */
static int
finish(const struct ask *ask, bool all_have_it)
{
	int status = ask->status;
	if (ask->lost)
		say("who else has the message is unknown");
	if (ask->lost || (status == 0 && !all_have_it))
		status = err_status(ERR_REFUSED);
	return say_finish(status);
}

int
send_main(const struct memberopt *opt, int argc, char **argv)
{
	static struct ask ask;
	bool all_have_it = true;
	size_t len;
	if (!script_can_show(opt->format))
		return err_status(ERR_USAGE);
	size_t head = put_names((char *)request,
				sizeof request - CONTROL_CONTENTS_MAX, opt,
				argc, argv);
	if (head == 0)
		return err_status(ERR_USAGE);
	int status = read_contents(request + head, &len);
	if (status != 0)
		return status;
	ask.folder = opt->dir;
	/* It may have to wait for its turn, and for the daemon. */
	ask.deadline = loop_now() + seconds_of(opt) * 1000 + 2 * ASK_MS;
	if (!ask_open(&ask, request, head + len))
		return ask.status;
	for (char *line; (line = ask_line(&ask));)
		all_have_it &= show_answer(line, opt->format);
	return finish(&ask, all_have_it);
}
