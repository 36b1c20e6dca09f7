#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The independent member, stranger and client in tests/net/peer, against each
# other and the vectors of openssl, before they judge xl-member.

. "${0%/*}/lib.sh"
. "$ROOT/tests/net/member.sh"

status 0 "members' messages agree with openssl" "$PEER/clusterself.py"
grep '^not ok' "$T/out" | sed 's/^/# /'
out_like '^1\.\.2[0-9]$' "in all of its checks"

cluster_make c 3
xl keygen -o client.pem
xl keygen -y -f client.pem >clients
py_member m0
py_member m1 --clients clients
py_member m2

# Two members that do as they are told.
tell m0 dial m1
ok "a session" logged m1 "open m0 #* in"
ok "on both sides" logged m0 "open m1 #* out"
tell m0 send m1 good morning
ok "App" logged m1 "recv m0 #* App 2 12 good%20morning"
ok "its Ack" logged m0 "recv m1 #* Ack 2 2 "
tell m1 suspect m0 m2
ok "Suspect" logged m0 "recv m1 #* Suspect 3 m2"
tell m1 busy
tell m0 send m1 again
ok "busy" logged m0 "recv m1 #* Error 4 4 busy"
tell m1 idle
tell m1 hang
tell m0 keepalive m1
tell m1 resume
tell m0 knock m1
ok "knock" logged m1 "knock m0 #*"
tell m0 data m1 x
ok "Data on the cluster port" logged m1 "leave m0 #* Data"
ok "closes" logged m0 "closed m1 #*"
tell m2 dial m1
ok "another session" logged m1 "open m2 #* in"
tell m2 bye m1
ok "Bye" logged m2 "leave m1 #* Ack"
tell m1 refuse
tell m2 dial m1
ok "who listens no more" logged m2 "refused m1 ECONNREFUSED"
tell m1 listen
tell m1 mute
tell m2 dial m1
ok "who accepts and says nothing" logged m1 "accept m2 #*"
is "$(told m2 "open m1 *")" 1 "opens no session"
tell m1 speak

# What is no member's, and what is wrong.
strange()
{
	"$PEER/stranger.py" -d c/m0 --at m1 --client-sk client.pem "$@" \
		>strange.out 2>strange.err
	checks strange
}
strange cluster/ client/ cluster/slow-storm client/slow-storm
is "$(grep -c '^ok' strange.out)" "$("$PEER/stranger.py" --list |
	grep -vc -e /slow-says -e /slow-half)" "all faults were tried"
ok "there are many" test "$(grep -c '^ok' strange.out)" -gt 140

# A stranger sees a member that does not keep to the protocol.
tell m1 hang
status 1 "a member that does not answer is noticed" "$PEER/stranger.py" \
	-d c/m0 --at m1 --timeout 4 cluster/keepalive cluster/bye
out_like '^not ok cluster/keepalive: silence, not Ack alive' "as silence"
tell m1 resume

# Clients.
client()
{
	"$PEER/xlclient.py" --roster c/m0/cluster.dat --at m1 "$@"
}
head -c 300000 /dev/urandom >data
echo_of() { client "$@" <data >data.out; }
status 0 "an echo" echo_of --sk client.pem
same data data.out "of all bytes"
status 0 "in small pieces" echo_of --sk client.pem --piece 777
same data data.out "of all bytes"
status 1 "without a key" echo_of
status 1 "with a key that nobody lists" echo_of --sk c/m0/sk.pem
tell m0 quit
tell m1 quit
tell m2 quit
for m in m0 m1 m2; do
	is "$(cat $m.err)" "" "$m has no complaints"
done
done_testing
