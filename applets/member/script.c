// SPDX-License-Identifier: MIT
#include "applets/member/script.h"

#include "applets/applet.h"

bool
script_can_show(enum show_format format)
{
	if (format == SHOW_TEXT || format == SHOW_JSON)
		return true;
	opt_wrong(&member_applet.page, "--format can be text or json here");
	return false;
}
