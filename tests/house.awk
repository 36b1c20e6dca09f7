# SPDX-License-Identifier: MIT
#
# The rules of the house that a machine can check: awk -f tests/house.awk FILE...
# A floor of core includes only itself and those before it; #if is the platform
# header's; files are short and say their licence.

BEGIN {
	split("base ident doc wire run", floors)
	for (i in floors)
		level[floors[i]] = i
}
function complain(why) {
	printf "%s:%d: %s\n", FILENAME, FNR, why
	bad = 1
}
FNR == 1 {
	split(FILENAME, at, "/")
	in_core = at[1] == "core"
}
FNR == 1 && !/^\/\/ SPDX-License-Identifier: MIT$/ { complain("no SPDX line") }
FNR == 401 && at[1] != "tests" { complain("file of more than 400 lines") }
in_core && /^#include "core\// {
	split($2, to, "/")
	if (level[to[2]] > level[at[2]])
		complain("core/" at[2] " includes the floor above it")
}
in_core && /^#include "applets\// { complain("core includes an applet") }
in_core && at[2] != "run" && /^# *if(def|ndef)? / && !/_H$/ {
	complain("#if outside core/run")
}
/(^|[^A-Z])(TODO|FIXME|XXX)([^A-Z]|$)/ { complain("unfinished") }
END { exit bad }
