#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The processes that do xl-member's private key operations: the daemon has no
# keys, goes on when one is killed, and leaves nobody behind.

. "${0%/*}/lib.sh"

need perl jq
. "$ROOT/tests/net/cluster.sh"
. "$ROOT/tests/net/helpers.sh"
/usr/bin/python3 -c 'import cryptography' 2>/dev/null ||
	skip_all "python3-cryptography is not installed"

# member N OPTION...: the daemon of member N, ready
member()
{
	n=$1
	shift
	spawn_ready "m$n" xl member -d "c/m$n" --ready-fd 3 --workers 1 "$@"
	eval "PID$n=$PID"
}

up()
{
	[ "$(xl member -d "c/m$1" status --format json |
		jq '[.members[] | select(.up)] | length')" = "$2" ]
}

cluster_make c 2 || exit 1
member 0
member 1
ok "two members are up" wait_for up 0 2
ok "on both" wait_for up 1 2
forgets "$PID0" c/m0 "the keys are not in the memory of one"
forgets "$PID1" c/m1 "nor of the other"

# Each of them signs or decrypts when they meet again.
for n in 0 1; do
	eval "pid=\$PID$n"
	one=$(helpers "$pid")
	kill -s KILL "$one"
	ok "a helper is killed, and replaced" wait_for are 1 "$pid" "$one"
done
stop "$PID1"
ok "one is gone" wait_for up 0 1
member 1
ok "one that comes is up" wait_for up 0 2
ok "on both" wait_for up 1 2

all="$(children "$PID0") $(helpers "$PID0")"
stop "$PID0" KILL
# shellcheck disable=SC2086 # a list
ok "a daemon is killed: no process is left" wait_for gone $all

all="$(children "$PID1") $(helpers "$PID1")"
for pid in $all; do
	kill -s KILL "$pid"
done
stop "$PID1" 0
is $? 71 "its processes are all killed: it ends with 71"
like "$(cat m1.err)" 'the RSA processes were killed$' "and says why"

done_testing
