// SPDX-License-Identifier: MIT
#include "applets/member/report.h"

#include <string.h>

#include "applets/member/words.h"
#include "core/base/date.h"

static bool
take_id(char **at, struct nodeid *id)
{
	const char *word = words_next(at);
	return nodeid_parse(id, word, strlen(word)) == ERR_OK;
}

static bool
take_unsigned(char **at, unsigned max, unsigned *number)
{
	uint64_t wide;
	bool good = words_number(at, 0, max, &wide);
	*number = (unsigned)wide;
	return good;
}

static bool
take_bool(char **at, bool *yes)
{
	unsigned number;
	bool good = take_unsigned(at, 1, &number);
	*yes = number;
	return good;
}

static bool
take_name(char **at, char name[static TEXT_NAME_MAX + 1])
{
	return words_copy(at, name, TEXT_NAME_MAX + 1) &&
	       text_is_name(name, strlen(name));
}

static bool
take_cluster(struct report *r, char *at)
{
	unsigned size;
	memset(r, 0, sizeof *r);
	return take_name(&at, r->roster.name) && take_id(&at, &r->roster.id) &&
	       take_unsigned(&at, ROSTER_NO_SELF, &r->roster.self) &&
	       take_unsigned(&at, ROSTER_MEMBERS_MAX, &r->up) &&
	       take_unsigned(&at, ROSTER_MEMBERS_MAX, &size) &&
	       take_unsigned(&at, ROSTER_MEMBERS_MAX, &r->roster.max_size) &&
	       take_bool(&at, &r->quorum) && !at;
}

/* Microseconds, or -1 where there was none yet. */
static bool
take_rtt(char **at, int64_t *rtt_us)
{
	uint64_t value;
	*rtt_us = -1;
	if (*at && **at == '-')
		return strcmp(words_next(at), "-1") == 0;
	bool good = words_number(at, 0, INT64_MAX, &value);
	*rtt_us = (int64_t)value;
	return good;
}

static bool
take_ends(char **at, struct member *m)
{
	const char *ends = words_next(at);
	if (strcmp(ends, "-") == 0)
		return true;
	while (m->ends_len < ENDPOINTS_MAX) {
		size_t len = strcspn(ends, ",");
		if (endpoint_parse(&m->ends[m->ends_len], ends, len) != ERR_OK)
			return false;
		m->ends_len++;
		if (!ends[len])
			return true;
		ends += len + 1;
	}
	return false;
}

static bool
take_status(char **at, struct peer_status *s)
{
	uint64_t since;
	if (!take_bool(at, &s->up) ||
	    !words_number(at, 0, DATE_SECONDS_MAX, &since))
		return false;
	s->since = (int64_t)since;
	return take_rtt(at, &s->rtt_us) &&
	       words_number(at, 0, UINT64_MAX, &s->messages_in) &&
	       words_number(at, 0, UINT64_MAX, &s->messages_out) &&
	       words_number(at, 0, UINT64_MAX, &s->bytes_in) &&
	       words_number(at, 0, UINT64_MAX, &s->bytes_out);
}

static bool
take_member(struct report *r, char *at)
{
	size_t i = r->roster.members_len;
	struct member *m = &r->roster.members[i];
	struct peer_status *s = &r->status[i];
	if (i == ROSTER_MEMBERS_MAX)
		return false;
	memset(m, 0, sizeof *m);
	memset(s, 0, sizeof *s);
	if (!take_unsigned(&at, ROSTER_MEMBERS_MAX - 1, &m->index) ||
	    !take_name(&at, m->name) || !take_id(&at, &m->id) ||
	    !take_status(&at, s) || !take_ends(&at, m))
		return false;
	if (at && strlen(at) >= sizeof s->error)
		return false;
	strcpy(s->error, at ? at : "");
	s->self = m->index == r->roster.self;
	r->roster.members_len++;
	return true;
}

enum err
report_take(struct report *r, char *line)
{
	char *at = line;
	const char *kind = words_next(&at);
	bool good = false;
	if (strcmp(kind, "cluster") == 0)
		good = take_cluster(r, at);
	else if (strcmp(kind, "member") == 0)
		good = take_member(r, at);
	return good ? ERR_OK : ERR_PROTOCOL;
}
