#!/bin/sh
# SPDX-License-Identifier: MIT
#
# xl-member -r at a registry that misbehaves (tests/net/peer): no roster of
# its making is taken, the daemon goes on with what it has, and a true one is
# taken afterwards.

. "${0%/*}/lib.sh"
. "$ROOT/tests/net/member.sh"

echo none >fault
spawn hostile "$PEER/hostile.py" --cred cred --fault-file fault \
	--members 1 --remember --verbose
wait_for grep -qs '^ready' hostile.out
status 0 "join, while it is fair" xl join -q -r cred -d node -c alpha \
	-e "$(cluster_addr 0):7001" -s 3 -n me -w 0
cp node/cluster.dat good
spawn_ready node xl member -d node -r cred --registry-interval 1 \
	-x 'echo $XL_EVENT >>events' --ready-fd 3
DAEMON=$PID

looks() { grep -c '^sealed: Member$' hostile.err; }
looked() { [ "$(looks)" -ge "$1" ]; }
# two: the first may have begun before
look_again() { wait_for looked $(($(looks) + 2)); }

for fault in cluster-id-other which-beyond which-one-less roster-size-65 \
	tokens-65 token-twice token-same-name token-same-id token-sig-wrong \
	own-other-key own-missing size-above-max token-id-31 \
	token-name-escape token-name-quote token-name-slash token-name-nul \
	token-end-none token-end-escape token-end-newline \
	token-commskey-garbage token-sigkey-garbage error-escape error-get \
	close-get malformed-get
do
	echo $fault >fault
	ok "$fault: it looks" look_again
	same good node/cluster.dat "$fault: its roster is not taken"
done
is "$(grep -c roster events)" 0 "nobody is told of a change"
is "$(tr -d '\n\040-\176' <node.err | hex)" "" \
	"no control characters in the log"
ok "the daemon lives" kill -s 0 "$DAEMON"

echo none >fault
status 0 "a newcomer" xl join -q -r cred -d other -c alpha \
	-e "$(cluster_addr 1):7001" -n other -w 0
ok "is taken in" wait_for grep -q roster events
ok "and written down" wait_for grep -q 'Name: other$' node/cluster.dat
ok "it ends as it should" stop "$DAEMON"
done_testing
