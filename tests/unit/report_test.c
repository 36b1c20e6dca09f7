// SPDX-License-Identifier: MIT
#include "applets/member/report.h"

#include <stdlib.h>

#include "tests/unit/tap.h"

#define ID20(x) x x x x x x x x x x x x x x x x x x x x
#define A1 ID20("a1")
#define B2 ID20("b2")
#define C1 ID20("c1")

static struct report report;
static char *text;

static enum err
take(const char *line)
{
	static char copy[2048];
	strcpy(copy, line);
	return report_take(&report, copy);
}

static const char *
shown(enum show_format format)
{
	size_t len;
	free(text);
	FILE *out = open_memstream(&text, &len);
	report_show(out, format, &report);
	fclose(out);
	return text;
}

static void
test_take(void)
{
	is_int(take("cluster alpha " C1 " 1 2 3 5 1"), ERR_OK, "a cluster");
	is_int(take("member 0 a " A1 " 0 1795262400 -1 0 0 0 0 "
		    "192.0.2.1:7001,box.example:7002 it's \"gone\" \\"),
	       ERR_OK, "a member");
	is_int(take("member 1 b " B2 " 1 1795262401 1234567 5 6 7 "
		    "18446744073709551615 [2001:db8::2]:7001 "),
	       ERR_OK, "another");
	is_int(take("member 63 c-.C " B2 " 1 0 0 0 0 0 0 -"), ERR_OK,
	       "one without end points and error");
	is_int(report.roster.members_len, 3, "three of them");
	ok(report.status[1].self && !report.status[0].self, "which is us");
	is_int(report.status[0].rtt_us, -1, "no round trip");
	is_str(report.status[0].error, "it's \"gone\" \\", "an error");
}

static void
test_wrong(void)
{
	static const char *const lines[] = {
		"",
		"what",
		"cluster",
		"cluster alpha " C1 " 1 2 3 5",
		"cluster alpha " C1 " 1 2 3 5 2",
		"cluster alpha " C1 " 65 2 3 5 1",
		"cluster alpha " C1 " 1 2 3 65 1",
		"cluster alpha " C1 " 1 2 3 5 1 x",
		"cluster - " C1 " 1 2 3 5 1",
		"cluster al/pha " C1 " 1 2 3 5 1",
		"cluster alpha c1 1 2 3 5 1",
		"member",
		"member 64 a " A1 " 0 0 0 0 0 0 0 -",
		"member -1 a " A1 " 0 0 0 0 0 0 0 -",
		"member 0  " A1 " 0 0 0 0 0 0 0 -",
		"member 0 a' " A1 " 0 0 0 0 0 0 0 -",
		"member 0 a " A1 " 2 0 0 0 0 0 0 -",
		"member 0 a " A1 " 0 -1 0 0 0 0 0 -",
		"member 0 a " A1 " 0 253402300800 0 0 0 0 0 -",
		"member 0 a " A1 " 0 0 -2 0 0 0 0 -",
		"member 0 a " A1 " 0 0 9223372036854775808 0 0 0 0 -",
		"member 0 a " A1 " 0 0 0 0 0 0 18446744073709551616 -",
		"member 0 a " A1 " 0 0 0 0 0 0 0 x",
		"member 0 a " A1 " 0 0 0 0 0 0 0 h:1,h:2,h:3,h:4,h:5",
		"member 0 a " A1 " 0 0 0 0 0 0 0 h:1,",
		"member 0 a " A1 " 0 0 0 0 0 0 0 ",
		"member 0 a " A1 " 0 0 0 0 0 0 0",
	};
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
		is_int(take(lines[i]), ERR_PROTOCOL, "%.70s", lines[i]);
	char longest[256];
	strcpy(longest, "member 0 a " A1 " 0 0 0 0 0 0 0 - ");
	size_t len = strlen(longest);
	memset(longest + len, 'e', PEER_ERROR_MAX);
	longest[len + PEER_ERROR_MAX] = '\0';
	is_int(take(longest), ERR_PROTOCOL, "an error too long");
	longest[len + PEER_ERROR_MAX - 1] = '\0';
	take("cluster alpha " C1 " 1 2 3 5 1");
	for (int i = 0; i < 64; i++)
		if (take(longest) != ERR_OK)
			ok(false, "member %d", i);
	is_int(take(longest), ERR_PROTOCOL, "65 members");
}

static void
test_text(void)
{
	is_str(shown(SHOW_TEXT),
	       "alpha " C1 " 2 of 3 members up, quorum\n"
	       "  INDEX  NAME  ADDRESS             STATE  SINCE            "
	       "       RTT/MS  MSGS-IN  MSGS-OUT    BYTES-IN   BYTES-OUT  LAST "
	       "ERROR\n"
	       "      0  a     192.0.2.1:7001      down   2026-11-21T12:00:"
	       "00Z         -        0         0           0           0  it's "
	       "\"gone\" \\\n"
	       "*     1  b     [2001:db8::2]:7001  up     2026-11-21T12:00:"
	       "01Z  1234.567        5         6           7  "
	       "18446744073709551615  -\n"
	       "     63  c-.C  -                   up     1970-01-01T00:00:"
	       "00Z     0.000        0         0           0           0  -\n",
	       "text");
	report.quorum = false;
	ok(strstr(shown(SHOW_TEXT), "2 of 3 members up, no quorum\n"),
	   "no quorum");
	report.quorum = true;
}

static void
test_json(void)
{
	is_str(shown(SHOW_JSON),
	       "{\"name\":\"alpha\",\"id\":\"" C1 "\",\"self\":1,\"up\":2,"
	       "\"size\":3,\"max_size\":5,\"quorum\":true,\"members\":["
	       "{\"index\":0,\"name\":\"a\",\"id\":\"" A1
	       "\",\"self\":false,\"up\":false,\"since\":1795262400,"
	       "\"rtt_us\":null,\"messages_in\":0,\"messages_out\":0,"
	       "\"bytes_in\":0,\"bytes_out\":0,"
	       "\"endpoints\":[\"192.0.2.1:7001\",\"box.example:7002\"],"
	       "\"last_error\":\"it's \\\"gone\\\" \\\\\"},"
	       "{\"index\":1,\"name\":\"b\",\"id\":\"" B2
	       "\",\"self\":true,\"up\":true,\"since\":1795262401,"
	       "\"rtt_us\":1234567,\"messages_in\":5,\"messages_out\":6,"
	       "\"bytes_in\":7,\"bytes_out\":18446744073709551615,"
	       "\"endpoints\":[\"[2001:db8::2]:7001\"],\"last_error\":null},"
	       "{\"index\":63,\"name\":\"c-.C\",\"id\":\"" B2
	       "\",\"self\":false,\"up\":true,\"since\":0,"
	       "\"rtt_us\":0,\"messages_in\":0,\"messages_out\":0,"
	       "\"bytes_in\":0,\"bytes_out\":0,"
	       "\"endpoints\":[],\"last_error\":null}]}\n",
	       "JSON");
}

static void
test_env(void)
{
	const char *more = "XL_UP='2'\nXL_SIZE='3'\nXL_QUORUM='1'\n"
			   "XL_MEMBER_0_STATE='down'\n"
			   "XL_MEMBER_0_SINCE='1795262400'\n"
			   "XL_MEMBER_0_RTT_US=''\n"
			   "XL_MEMBER_0_MESSAGES_IN='0'\n"
			   "XL_MEMBER_0_MESSAGES_OUT='0'\n"
			   "XL_MEMBER_0_BYTES_IN='0'\n"
			   "XL_MEMBER_0_BYTES_OUT='0'\n"
			   "XL_MEMBER_0_ERROR='it'\\''s \"gone\" \\'\n"
			   "XL_MEMBER_1_STATE='up'\n";
	shown(SHOW_ENV);
	ok(strstr(text, "XL_CLUSTER_NAME='alpha'\n") == text &&
		   strstr(text, "XL_INDEXES='0 1 63'\nXL_SELF='1'\n"),
	   "what xl-join shows");
	ok(strstr(text, more), "and more: %s", text);
}

static void
test_hosts(void)
{
	is_str(shown(SHOW_HOSTS),
	       "192.0.2.1 a a.alpha # down\n"
	       "# box.example a a.alpha # down\n"
	       "2001:db8::2 b b.alpha\n",
	       "hosts");
}

static void
test_prometheus(void)
{
	shown(SHOW_PROMETHEUS);
	ok(strstr(text, "# HELP xl_cluster_members Members of the cluster.\n"
			"# TYPE xl_cluster_members gauge\n"
			"xl_cluster_members{cluster=\"alpha\"} 3\n") == text,
	   "a metric of the cluster");
	ok(strstr(text, "# TYPE xl_member_rtt_seconds gauge\n"
			"xl_member_rtt_seconds{cluster=\"alpha\",member=\"b\","
			"index=\"1\"} 1.234567\n"
			"xl_member_rtt_seconds{cluster=\"alpha\","
			"member=\"c-.C\",index=\"63\"} 0.000000\n"
			"# HELP"),
	   "none of who has none");
	ok(strstr(text, "# TYPE xl_member_sent_bytes_total counter\n"),
	   "a counter");
	ok(strstr(text, "id=\"" A1 "\",address=\"192.0.2.1:7001\","
			"error=\"it's \\\"gone\\\" \\\\\"} 1\n"),
	   "labels are quoted");
}

int
main(void)
{
	test_take();
	test_text();
	test_json();
	test_env();
	test_hosts();
	test_prometheus();
	test_wrong();
	free(text);
	return done_testing();
}
