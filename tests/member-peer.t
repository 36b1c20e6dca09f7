#!/bin/sh
# SPDX-License-Identifier: MIT
#
# xl-member in a cluster of independent members (tests/net/peer) that do what
# they are told: who dials, knocks, crossing sessions, the ring of KeepAlives,
# suspicion, probes, and when a member is down and up again.

. "${0%/*}/lib.sh"
. "$ROOT/tests/net/member.sh"

# The daemon is member 1: 0 has to dial it, and it has to dial the others. It
# bears silence for longer than is usual: a member that has to wait for its turn
# on a busy machine is not to be taken for one that hangs.
cluster_make c 5
for m in m0 m2 m3 m4; do
	py_member $m --clients any
done
member m1 -x 'cat >>app' --patience 4000 --probe 4000
DAEMON=$PID
# Before it has waited for so long that it dials by itself.
tell m0 dial m1

# down NAME: how often it has been told so
down() { happened m1 "member-down $1"; }

# --- who dials ---

for m in m2 m3 m4; do
	ok "it dials $m, which comes behind it" logged $m "open m1 #* in"
done
ok "it knocks at m0, which comes before it" logged m0 "knock m1 #*"
ok "m0 dials" logged m0 "open m1 #* out"
for m in m0 m2 m3 m4; do
	ok "$m is up" is_up m1 $m
	unlike "$(cat $m.out)" '^(bad|leave)' "$m has nothing to complain of"
done
is "$(told m2 "knock m1 *")$(told m4 "knock m1 *")" 00 \
	"it knocks nowhere else"

# --- messages ---

tell m2 send m1 one
ok "App gets its Ack" logged m2 "recv m1 #* Ack *"
wait_for test -s app
is "$(cat app)" one "and is told"
send() { printf %s "$2" | xl member -d c/m1 send "$1"; }
status 0 "send" send m2 hello
is "$(told m2 "recv m1 #* App * 5 hello")" 1 "arrives whole, and once"
tell m2 busy
status 1 "who is busy" send m2 again
out_like busy "is told of"
tell m2 idle

# A session that breaks between a message and its Ack.
tell m2 hang
{
	printf late | xl member -d c/m1 send m2 m3
	echo "status $?"
} >sent 2>&1 &
SENDER=$!
ok "a message arrives" logged m2 "recv m1 #* App * 4 late"
tell m2 drop m1
wait "$SENDER"
is "$(sort sent)" "$(printf 'm2: unknown\nm3: ok\nstatus 1')" \
	"the session breaks before its Ack: nobody knows"
tell m2 resume
ok "there is another session" logged m2 "open m1 #* in" 2
status 0 "for other messages" send m2 other
is "$(told m2 "recv m1 #* App * 4 late")" 1 "that one is not sent again"
is "$(down m2)" 0 "and m2 was never down"

# --- two sessions that cross ---

# 2 dials too: what 1 has dialled stays.
tell m2 dial m1
ok "the session that the higher one dialled" logged m2 "open m1 #* out"
ok "is closed with Bye" logged m2 "leave m1 #* Bye"
is "$(told m2 "closed m1 *")" 1 "it alone"
status 0 "the other one stays" send m2 there
is "$(told m2 "recv m1 #* App * 5 there")" 1 "and is used"

# 0 lets 1 dial, which it does when nothing has come for a while; then it
# dials as well, and that session stays.
tell m0 bye m1
ok "m0 says Bye" logged m0 "leave m1 #* Ack"
ok "the higher one dials, when nobody else does" logged m0 "open m1 #* in"
ok "and m0 is up" is_up m1 m0
tell m0 dial m1
ok "then the lower one does" logged m0 "open m1 #* out" 2
ok "the session that the higher one dialled" logged m0 "* m1 #* Bye*"
status 0 "the other one stays" send m0 there
like "$(cat m0.out)" "recv m1 $(sed -n 's/open m1 \(#[0-9]*\) out/\1/p' \
	m0.out | tail -n 1) App [0-9]+ 5 there" "and is used"

# --- when a member is down, and up again ---

n=$(down m2)
k=$(told m3 "recv m1 #* Suspect * m2")
tell m2 bye m1
ok "Bye: down" happens m1 "member-down m2" $((n + 1))
is "$(told m3 "recv m1 #* Suspect * m2")" "$k" "which is nothing to suspect"
ok "and dialled again" logged m2 "open m1 #* in" 3
ok "up" is_up m1 m2

n=$(down m2)
tell m2 refuse
tell m2 drop m1
ok "no session, no listener: down" happens m1 "member-down m2" \
	$((n + 1))
ok "the others are told of a suspicion" logged m3 \
	"recv m1 #* Suspect * m2" $((k + 1))
tell m2 dial m1
ok "it dials by itself" logged m2 "open m1 #* out" 2
ok "and is up" is_up m1 m2
tell m2 listen

n=$(down m3)
k=$(told m4 "recv m1 #* Suspect * m3")
tell m3 drop m1
ok "a session that breaks" logged m4 "recv m1 #* Suspect * m3" $((k + 1))
ok "is dialled anew" logged m3 "open m1 #* in" 2
is "$(down m3)" "$n" "who answers was never down"

tell m3 mute
tell m3 drop m1
ok "who accepts a connection, but says nothing" happens m1 \
	"member-down m3" $((n + 1))
tell m3 speak
tell m3 knock m1
ok "is back when it does" is_up m1 m3

# --- back-off, and a knock that resets it ---

# m2 closes each connection at once, while m4 counts the seconds.
tell m2 slam
tell m2 drop m1
ok "the daemon dials again and again" logged m2 "slammed m1" 8
n=$(told m2 "slammed m1")
ticks=$(told m4 "recv m1 #* KeepAlive *")
tell m2 knock m1
ok "and after a knock more often" logged m2 "slammed m1" $((n + 5))
ticks=$(($(told m4 "recv m1 #* KeepAlive *") - ticks))
tell m2 open
ok "up" is_up m1 m2
ok "within $ticks seconds of the daemon's own" test "$ticks" -lt 12

# --- the ring: 2 and 3 come behind 1, 4 and 0 are far ---

asked() { told "$1" "recv m1 #* KeepAlive *"; }
n0=$(asked m0) n2=$(asked m2) n3=$(asked m3) n4=$(asked m4)
ok "m2 gets KeepAlives" logged m2 "recv m1 #* KeepAlive *" $((n2 + 4))
ok "m3 too" logged m3 "recv m1 #* KeepAlive *" $((n3 + 3))
ok "m4 gets none, or the one of that minute" \
	test $(($(asked m4) - n4)) -le 1
ok "nor does m0" test $(($(asked m0) - n0)) -le 1

n=$(down m2)
k=$(told m3 "recv m1 #* Suspect * m2")
far=$(told m0 "recv m1 #* Suspect * m2")
tell m2 mute
tell m2 hang
ok "who hangs is suspected" logged m3 "recv m1 #* Suspect * m2" $((k + 1))
ok "the far ones are told too" logged m0 "recv m1 #* Suspect * m2" \
	$((far + 1))
ok "and it is down" happens m1 "member-down m2" $((n + 1))
n4=$(asked m4)
ok "now m4 is next but one" logged m4 "recv m1 #* KeepAlive *" $((n4 + 3))
tell m2 resume
tell m2 speak
tell m2 knock m1
ok "back, and up" is_up m1 m2

# --- suspected by another ---

# What was sent to a member before this has arrived there.
flush() { send "$1" flush >/dev/null; }
n=$(down m4)
k=$(told m3 "recv m1 #* Suspect * m4")
flush m4
n4=$(asked m4)
printf 'suspect m1 m4\nsuspect m1 m4\nsuspect m1 m4\n' >m3.in # within a second
tell m3 idle
ok "a member that is called suspected is probed" \
	logged m4 "recv m1 #* KeepAlive *" $((n4 + 1))
flush m3
flush m4
is "$(asked m4)" $((n4 + 1)) "once, however often it is called so"
is "$(down m4)" "$n" "it is not down"
flush m0
is "$(told m0 "recv m1 #* Suspect * m4")$(told m3 \
	"recv m1 #* Suspect * m4")" "0$k" \
	"nobody is told of that"

# A probe of the last second would do: let one go by.
logged m2 "recv m1 #* KeepAlive *" $(($(asked m2) + 3))
tell m4 mute
tell m4 hang
ticks=$(asked m2)
tell m3 suspect m1 m4
ok "a far one that hangs" happens m1 "member-down m4" $((n + 1))
ticks=$(($(asked m2) - ticks))
ok "is down within $ticks seconds of the daemon's own" test $ticks -lt 12
tell m4 resume
tell m4 speak

# --- the end ---

ok "it ends as it should" stop "$DAEMON"
for m in m0 m2 m3; do
	ok "with a Bye to $m" logged $m "recv m1 #* Bye *"
	is "$(cat $m.err)" "" "$m has no complaints"
done
done_testing
