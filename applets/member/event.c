// SPDX-License-Identifier: MIT
#include "applets/member/event.h"

const char *
event_name(enum event_kind kind)
{
	static const char names[EVENT_KINDS][12] = {
		[EVENT_START] = "start",
		[EVENT_MEMBER_UP] = "member-up",
		[EVENT_MEMBER_DOWN] = "member-down",
		[EVENT_MESSAGE] = "message",
		[EVENT_QUORUM] = "quorum",
		[EVENT_NO_QUORUM] = "no-quorum",
		[EVENT_ROSTER] = "roster",
		[EVENT_STOP] = "stop",
	};
	return names[kind];
}
