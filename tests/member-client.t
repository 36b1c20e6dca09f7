#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The client port of xl-member by an independent client, and xl-member connect
# at an independent service (tests/net/peer): bytes both ways, half closes,
# keys, and each fault of a stranger.

. "${0%/*}/lib.sh"
. "$ROOT/tests/net/member.sh"

cluster_make c 3
(umask 077 && xl keygen -o client.pem && xl keygen -o other.pem)
xl keygen -y -f client.pem -C "the client" >clients
head -c 300000 /dev/urandom >data
: >empty

# client NAME INPUT OPTION...: what came is in data.out
client()
{
	client_at=$1
	client_input=$2
	shift 2
	"$PEER/xlclient.py" --roster c/m0/cluster.dat --at "$client_at" "$@" \
		<"$client_input" >data.out
}

# --- a service for those who are listed ---

# Descriptors that are open
descriptors() { find "/proc/$DAEMON/fd" -mindepth 1 | wc -l; }
as_before() { [ "$(descriptors)" -le "$fds" ]; }

member m1 --service cat --clients "$T/clients"
DAEMON=$PID
fds=$(descriptors)
status 0 "an echo" client m1 data --sk client.pem
same data data.out "of all bytes"
status 0 "in pieces of 777 bytes" client m1 data --sk client.pem --piece 777
same data data.out "of all bytes"
status 0 "of nothing" client m1 empty --sk client.pem
same empty data.out "is nothing"
status 1 "no Hello" client m1 data
status 1 "a key that nobody lists" client m1 data --sk other.pem
status 1 "a member's key, which is not listed" client m1 data \
	--sk c/m0/sk.pem
is "$(wc -c <data.out)" 0 "gets nothing"

# strange FAULT...: m0 as a client at m1
strange()
{
	"$PEER/stranger.py" -d c/m0 --at m1 --client-sk client.pem "$@" \
		>strange.out 2>strange.err
	checks strange
}
strange client/
strange client/slow-storm client/slow-says-nothing client/slow-half-hello
ok "no descriptor is left open" wait_for as_before
status 0 "the service is as before" client m1 data --sk client.pem
same data data.out "all bytes"
unlike "$(cat m1.err)" "$(printf '[\001-\010\013-\037\177]')" \
	"no control characters in the log"
ok "it ends as it should" stop "$DAEMON"

# --- services that end in their own way ---

member m1 --service 'echo first; exec cat' --clients any
status 0 "who speaks first" client m1 data
(echo first && cat data) >want
same want data.out "comes first"
status 0 "who says a Hello where nobody asks" client m1 data --sk other.pem \
	--anyone
same want data.out "is served too"
ok "it ends as it should" stop "$PID"
member m1 --service 'sum=$(wc -c); echo $((sum))' --clients any
status 0 "an answer behind the end of the input" client m1 data
is "$(cat data.out)" 300000 "is there"
ok "it ends as it should" stop "$PID"
member m1 --service 'head -c 10 >/dev/null; echo enough' --clients any
run client m1 data
is "$(cat data.out)" enough "a service that ends before its input does"
ok "it ends as it should" stop "$PID"

# --- xl-member connect ---

py_member m2 --clients clients
connect()
{
	xl member --cluster c/m0/cluster.dat -i client.pem connect m2 <"$1" \
		>data.out
}
status 0 "connect, to an independent echo" connect data
same data data.out "all bytes come back"
status 0 "nothing" connect empty
same empty data.out "comes back as nothing"
keyless() { xl member --cluster c/m0/cluster.dat connect m2 <data; }
status 69 "connect without a key" keyless
is "$(told m2 "open client *")" 2 "the service saw two clients"

# A member that misbehaves: the end is told from that of the stream, and
# nothing is printed that has not come as Data.
head -c 10 data >ten
judge()
{
	case $status in
	69 | 75 | 76) ;;
	*) echo "status $status" ;;
	esac
	[ ! -s data.out ] || echo "a result is printed"
	[ -z "$(tr -d '\n\040-\176' <err | hex)" ] || echo "control characters"
	grep -q '^xl-member: ' err || echo "no message"
}
# Data and Eof before the Ack are right from who serves anyone.
"$PEER/member.py" --list | grep -vx -e says-data -e says-eof >faults
ok "there are faults to try" test "$(wc -l <faults)" -gt 35
while read -r fault; do
	tell m2 fault "$fault"
	run connect ten
	wrong=$(judge)
	is "$wrong" "" "connect: $fault"
done <faults
tell m2 fault data-as-bare-error
status 76 "an Error without a reason" connect ten
unlike "$(cat err)" unavailable "takes none from another message"
tell m2 quit
is "$(cat m2.err)" "" "and has no complaints"
done_testing
