// SPDX-License-Identifier: MIT
#include "applets/member/reach.h"

#include "core/base/say.h"
#include "core/base/text.h"
#include "core/wire/peermsg.h"

int
reach_say_message(const struct reach *r, const cluster_XLClusterMsg *msg)
{
	const char *name = reach_member(r)->name;
	if (!msg) {
		say("%s: a malformed message", name);
		return err_status(ERR_PROTOCOL);
	}
	if (msg->Op == cluster_XLClusterMsg_Tag_Ack)
		return 0;
	if (msg->Op != cluster_XLClusterMsg_Tag_Error) {
		say("%s: an unexpected %s", name, peermsg_op_name(msg->Op));
		return err_status(ERR_PROTOCOL);
	}
	if (!msg->has_ErrDesc) {
		say("%s: an Error without a reason", name);
		return err_status(ERR_PROTOCOL);
	}
	say("%s: %.*s", name, (int)msg->ErrDesc.size,
	    (const char *)msg->ErrDesc.bytes);
	return err_status(text_is(msg->ErrDesc.bytes, msg->ErrDesc.size,
				  REACH_UNAVAILABLE)
				  ? ERR_UNREACHABLE
				  : ERR_PROTOCOL);
}

int
reach_say_broken(const struct reach *r, enum err why)
{
	bool is_hint = !r->heard && !r->config->sk;
	const char *text = err_text(why);
	if (why == ERR_OK || (why == ERR_UNREACHABLE && is_hint))
		text = is_hint ? "closed: does it want a key, -i?" : "closed";
	say("%s: the stream broke off: %s", reach_member(r)->name, text);
	return err_status(why == ERR_OK ? ERR_UNREACHABLE : why);
}
