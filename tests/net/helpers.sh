# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# For tests of the processes that do a daemon's private key operations: source
# it behind lib.sh.

need ps
: "${EMULATOR:=}"

children()
{
	ps -o pid= --ppid "$1" | tr -d ' ' | sort -n
}

# helpers DAEMON: its helpers, the children of its only child
helpers()
{
	children "$(children "$1")"
}

# are NUMBER DAEMON [NOT]: it has so many helpers, and process NOT is none
are()
{
	[ "$(helpers "$2" | grep -cvx "${3:-}")" = "$1" ] &&
		[ "$(helpers "$2" | grep -c .)" = "$1" ]
}

# gone PID...: what is left of them is what nobody has taken note of
gone()
{
	for pid in "$@"; do
		case $(ps -o stat= -p "$pid") in
		'' | Z*) ;;
		*) return 1 ;;
		esac
	done
}

# field PID NAME: of its status
field()
{
	sed -n "s/^$2:[[:space:]]*//p" "/proc/$1/status"
}

# forgets PID DIR NAME: parts of the keys in DIR are not in its memory
forgets()
{
	run "$ROOT/tests/net/memory.py" "$1" "$2/ck.pem" "$2/sk.pem"
	if [ "$status" = 2 ]; then
		skip "$3" "not permitted to look"
	else
		is "$status $(cat out err)" "0 " "$3"
	fi
}
