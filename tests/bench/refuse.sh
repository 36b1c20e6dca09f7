#!/bin/sh
# SPDX-License-Identifier: MIT
#
# What a stranger who knows a member's ck and comes from a member's address
# can tell by the time until it is refused: whether an ID is a member's, or
# a key is that of a client in the list. One line a kind of Hello or message:
# median and quartiles in microseconds, how it ended, and how probable it is
# that one takes longer than the first one of the group does: 50 % is what
# cannot be told apart. Where the answer comes before anything secret is
# looked at, it may be quicker.
#
#	REFUSE_TIMES	how often each is tried (default 500)

set -eu
: "${BUILD:=build}" "${REFUSE_TIMES:=500}"
XLBOX=$(cd "$BUILD" && pwd)/xlbox

xl()
{
	app=$1
	shift
	"$XLBOX" "xl-$app" "$@"
}

. tests/net/cluster.sh
bench=$PWD/tests/bench
PYTHONPATH=$PWD/tests/net/peer
export PYTHONPATH
dir=$(mktemp -d)
pids=
trap 'kill $pids 2>/dev/null; rm -rf "$dir"' EXIT
trap 'exit 1' INT TERM
cd "$dir"

# Member 0 is the stranger, 1 is asked, 2 is up, and 3 is down.
cluster_make c 4
for i in 1 2 3 4 5 6 7 8; do
	xl keygen -o "client$i.pem"
	xl keygen -y -f "client$i.pem"
done >clients
mkfifo ready
for i in 1 2; do
	# The program itself, not a shell that runs it: its id is killed.
	"$XLBOX" xl-member -d c/m$i -q --clients clients --service cat \
		--ready-fd 3 3>ready 2>>err &
	pids="$pids $!"
	read -r _ <ready
done
xl member -d c/m1 wait m2
/usr/bin/python3 -B "$bench/refuse.py" "$REFUSE_TIMES" c/m0 m1 \
	"$CLUSTER_NET.200" client1.pem client8.pem
