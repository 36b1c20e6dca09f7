#!/bin/sh
# SPDX-License-Identifier: MIT
#
# xl-member against who means no good: each fault of tests/net/peer on the
# cluster port. Members get the answer of xl-protocol(7), strangers not
# one byte; the daemon lives, and its sessions with the others stay up.

. "${0%/*}/lib.sh"
. "$ROOT/tests/net/member.sh"

cluster_make c 5

# Member 0 is the stranger, 1 the one under attack; 2 and 3 look on, one of
# them by the same program. 4 is down. Who has to wait for its turn on a busy
# machine is not to be taken for one that is lost.
calm="--patience 30000 --probe 30000"
# shellcheck disable=SC2086 # several words
member m1 $calm -x '[ $XL_EVENT != message ] || cat >>app'
DAEMON=$PID
# shellcheck disable=SC2086
member m2 $calm
py_member m3
ok "m1 and m2 see each other" is_up m2 m1
ok "m1 has a session with m3" logged m3 "open m1 #* in"

strange()
{
	"$PEER/stranger.py" -d c/m0 --at m1 \
		--outside "$CLUSTER_NET.200" "$@" >strange.out 2>strange.err
	checks strange
}

# Descriptors that are open
descriptors() { find "/proc/$DAEMON/fd" -mindepth 1 | wc -l; }
as_before() { [ "$(descriptors)" -le "$fds" ]; }

# Resident kilobytes, at the most so far
peak() { awk '/^VmHWM/ { print $2 }' "/proc/$DAEMON/status"; }

strange cluster/keepalive cluster/garbage cluster/crowd
before=$(peak)
fds=$(descriptors)
strange cluster/
after=$(peak)
if [ "$SAN" = 1 ]; then
	skip "memory" "a sanitizer keeps its own"
else
	ok "memory has not grown: $before KiB, $after KiB" \
		test "$after" -lt $((before + 512))
fi
strange cluster/slow-says-nothing cluster/slow-half-hello

ok "no descriptor is left open" wait_for as_before

# What was acked has arrived, and nothing else.
perl -e 'print pack("C*", 0..249) x 64, "\0\n\0"' >want
wait_for cmp -s app want
same app want "the messages that were acked"
strange cluster/slow-storm

ok "the daemon lives" kill -s 0 "$DAEMON"
is "$(happened m2 "member-down m1")" 0 "m2 has never lost m1"
is "$(told m3 "closed m1 *")" 0 "nor has m3"
tell m3 send m1 still here
ok "its session answers" logged m3 "recv m1 #* Ack *"
run xl member -d c/m1 status
unlike "$(cat m1.err out)" "$(printf '[\001-\010\013-\037\177]')" \
	"no control characters in log and status"
ok "it ends as it should" stop "$DAEMON"

# Members that may come from anywhere.
member m1 --any-address
strange --source "$CLUSTER_NET.200" cluster/hello-right cluster/garbage \
	cluster/hello-stolen-id cluster/sig-flipped cluster/sig-other-bind
ok "it ends as it should" stop "$PID"
done_testing
