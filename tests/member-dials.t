#!/bin/sh
# SPDX-License-Identifier: MIT
#
# xl-member dials a member that misbehaves: each fault of memberfaults.py in
# tests/net/peer. It is never up by that, it is dialled again, and the daemon
# and its other session go on.

. "${0%/*}/lib.sh"
. "$ROOT/tests/net/member.sh"

cluster_make c 3
py_member m1
py_member m2
member m0 --patience 60000 # whoever has to wait for its turn on a busy machine
DAEMON=$PID
ok "both are up" is_up m0 m1
ok "both of them" is_up m0 m2

tell m1 fault hello-close
tell m1 drop m0
ok "who breaks the Hello's exchange" happens m0 "member-down m1"
up=$(happened m0 "member-up m1")
"$PEER/member.py" --list | grep -v '^data-' >faults
ok "there are faults to try" test "$(wc -l <faults)" -gt 25

# struck FAULT: that it was done, and the other end closed then
struck()
{
	number=$(sed -n "s/^struck m0 \(#[0-9]*\) $1\$/\1/p" m1.out |
		head -n 1)
	[ -n "$number" ] && grep -q "^closed m0 $number\$" m1.out
}

while read -r fault; do
	tell m1 fault "$fault"
	tell m1 knock m0
	if wait_for struck "$fault"; then
		pass "$fault: dialled, and closed"
	else
		fail "$fault: dialled, and closed"
	fi
	is "$(happened m0 "member-up m1")" "$up" "$fault: it is not up"
done <faults

tell m1 fault none
tell m1 knock m0
ok "up, when it does as it should" is_up m0 m1
is "$(happened m0 "member-down m2")$(told m2 "closed m0 *")" 00 \
	"the other one was up all the time"
run xl member -d c/m0 status
unlike "$(cat m0.err out)" "$(printf '[\001-\010\013-\037\177]')" \
	"no control characters in log and status"
ok "it ends as it should" stop "$DAEMON"
is "$(cat m1.err m2.err)" "" "the members have no complaints"
done_testing
