#!/bin/sh
# SPDX-License-Identifier: MIT
#
# xl-member as a daemon: options, exit statuses, what it reads, readiness,
# signals, and who is up. Its hooks, its control socket, its service and what it
# says on the wire have tests of their own.

. "${0%/*}/lib.sh"

need perl jq
. "$ROOT/tests/net/cluster.sh"

# member N OPTION...: the daemon of member N, ready
member()
{
	n=$1
	shift
	spawn_ready "m$n" xl member -d "c/m$n" --ready-fd 3 "$@"
	eval "PID$n=$PID"
}

# up N COUNT [DIR]: member N, in c/mN or DIR, has so many up
up()
{
	[ "$(xl member -d "${3:-c/m$1}" status --format json |
		jq '[.members[] | select(.up)] | length')" = "$2" ]
}

# --- usage ---

usage()
{
	status 64 "usage: $*" xl member "$@"
}

usage
usage -d
usage -d ''
usage nonsense
err_is "xl-member: unknown subcommand nonsense (see xl-member -h)" "it is told"
usage -d x status nonsense
err_like "^xl-member: unexpected operand nonsense " "and what goes too far"
usage -d x --nonsense
usage -d x --bind localhost
usage -d x --hook-timeout 0
usage -d x --hook-timeout 1s
usage -d x --queue-bytes 1
usage -d x --registry-interval 0
usage -d x --keepalive 0
usage -d x --keepalive 60001
usage -d x --far-keepalive 0
usage -d x --patience x
usage -d x --probe -1
usage -d x --workers 65
usage -d x --ready-fd x
usage -d x -a
usage -d x -w 1
usage -d x --format json
usage -d x --initial
usage -d x status -x true
usage -d x wait --ready-quorum
ok "and no folder is made" test ! -e x

# --- files ---

cluster_make c 3 || exit 1

# daemon ARGUMENT...: that fails; bounded, should it run all the same
daemon()
{
	xl member "$@"
}

status 66 "no folder" daemon -d none
status 64 "a folder without a name" daemon -d ""
err_like "^xl-member: --dir cannot be empty " "it says so"
mkdir empty
status 66 "no identity" daemon -d empty
err_like "node.dat" "what is missing is named"
status 66 "no credential of a registry" daemon -d empty -r none
err_like "^xl-member: cannot read none: No such file" "it is named"
echo nonsense >wrong
status 65 "a malformed one" daemon -d empty -r wrong
err_like "^xl-member: wrong:1: " "where is told"
status 64 "one from standard input" daemon -d empty -r - </dev/null
err_like "^xl-member: --registry cannot be -: it is read again" "why is told"
mkfifo pipe
status 64 "one from a pipe" daemon -d empty -r pipe
status 64 "nor can clients come from one" \
	daemon -d empty --service cat --clients pipe
err_like "^xl-member: --clients cannot be pipe: it is read again" "it says so"

# broken FILE STATUS NAME: the folder b is m0's, with another FILE
broken()
{
	status "$2" "$3" daemon -d b
	rm -rf b
}

cp -r c/m0 b
rm b/cluster.dat
broken cluster.dat 66 "no cluster.dat"
err_like "cannot read b/cluster.dat: No such file" "which is named"
cp -r c/m0 b
echo "cluster {" >b/cluster.dat
broken cluster.dat 65 "a malformed cluster.dat"
err_like "b/cluster.dat:1: " "with its line"
cp -r c/m0 b
sed 's/Self: 0/Self: 1/' c/m0/cluster.dat >b/cluster.dat
broken cluster.dat 65 "another node's cluster.dat"
err_like "this node is not among the members" "which is said"
cp -r c/m0 b
sed '/Self:/d' c/m0/cluster.dat >b/cluster.dat
broken cluster.dat 65 "a cluster.dat without Self"
cp -r c/m0 b
cp c/m1/sk.pem b/sk.pem
broken sk.pem 65 "another node's key"
cp -r c/m0 b
echo >b/ck.pem
broken ck.pem 65 "a key that is none"
for file in cluster.dat node.dat ck.pem sk.pem; do
	cp -r c/m0 b
	rm b/$file
	mkfifo b/$file
	# shellcheck disable=SC2086 # XLBOX may be several words
	status 65 "a FIFO as $file is not waited for" \
		timeout 60 $XLBOX xl-member -d b
	rm -rf b
done
cp -r c/m0 b
chmod 0 b/ck.pem
if [ "$(id -u)" -eq 0 ]; then
	skip "a key that cannot be read" "root reads everything"
	rm -rf b
else
	broken ck.pem 66 "a key that cannot be read"
fi
cp -r c/m0 b
echo mine >b/control
status 73 "a file where the socket should be" daemon -d b
err_like "^xl-member: cannot create b/control: Address " "it is named"
is "$(cat b/control)" mine "and stays"
rm -rf b
status 66 "no folder of commands" daemon -d c/m0 -X none
err_is "xl-member: cannot read none: No such file or directory" "it is named"

CLUSTER_BITS=1024 cluster_make weak 2
status 65 "short keys" daemon -d weak/m0
err_like "too few bits" "are said to be short"

cp -r c/m0 b
sed "s/$(cluster_addr 0)/192.0.2.1/" c/m0/cluster.dat >b/cluster.dat
status 71 "an address that is not of this machine" daemon -d b
err_like "192.0.2.1:7001 is no address of this machine" "is said to be that"
err_like "give one with --bind" "and what to do about it"
sed "s/$(cluster_addr 0)/nowhere.invalid/" c/m0/cluster.dat >b/cluster.dat
status 69 "a name that has no address" daemon -d b
rm -rf b

# --- just before ---

# What was killed may be about to be gone. It does not wait for long: where the
# test itself was kept waiting, it is tried again.
gone()
{
	! kill -0 "$PID" 2>/dev/null
}
rests()
{
	gone || grep -q '^State:.S' "/proc/$PID/status" 2>/dev/null
}
ready_or_gone()
{
	gone || grep -q " m0 is ready" late.err
}
waits_for_lock()
{
	rm -f held
	spawn holder perl -e 'use Fcntl ":flock"; open F, "+<", "b/lock" or die;
		flock F, LOCK_EX or die; open R, ">", "held"; close R; sleep 600'
	holder=$PID
	wait_for test -e held
	spawn late xl member -d b
	wait_for rests
	stop "$holder" KILL
	wait_for ready_or_gone
	stop "$PID"
}
cp -r c/m0 b
: >b/lock
ok "it waits for the lock" eval \
	"waits_for_lock || waits_for_lock || waits_for_lock"
rm -rf b

# reading PID: it has its cluster.dat open, a pipe
reading()
{
	find "/proc/$1/fd" -lname '*/cluster.dat' 2>/dev/null | grep -q .
}

# SIGHUP while it reads its files for the first time.
cp -r c/m0 b
rm -f b/cluster.dat b/lock
mkfifo b/cluster.dat
exec 4<>b/cluster.dat # it waits for what is written
spawn early xl member -d b 4<&-
wait_for test -e b/lock
kill -HUP "$PID"
early=$PID
wait_for reading "$early"
cat c/m0/cluster.dat >&4
exec 4<&-
ok "SIGHUP at the start does not end it" wait_for grep -q " is ready" early.err
spawn feed cp c/m0/cluster.dat b/cluster.dat
ok "it reads again" wait_for grep -q "reading cluster.dat again" early.err
stop "$early"
rm -rf b

# reads: one that is about to read its cluster.dat, a pipe
reads()
{
	rm -rf b
	cp -r c/m0 b
	rm -f b/cluster.dat b/lock
	mkfifo b/cluster.dat
	exec 5<>b/cluster.dat
	spawn b xl member -d b 5<&-
	wait_for test -e b/lock # before that the shell may have the pipe open
	wait_for reading "$PID"
}

for signal in TERM INT; do
	reads
	ok "SIG$signal before it is ready ends it with 0" stop "$PID" $signal
	exec 5>&-
done
rm -rf b

# --- start ---

member 0
ok "the first is ready alone" kill -0 "$PID0"
status 71 "a second instance" daemon -d c/m0
status 1 "no quorum alone" xl member -d c/m0 status -q
member 1
member 2
ok "all see all: 0" wait_for up 0 3
ok "all see all: 1" wait_for up 1 3
ok "all see all: 2" wait_for up 2 3
status 0 "quorum" xl member -d c/m0 status -q
like "$(cat m0.err)" "m0 is ready" "the log says so"
like "$(cat m0.err)" "member-up m1" "and who is up"
is "$(cat m0.out)" "" "standard output is left alone"

# --- who is up ---

ok "it ends with 0 at SIGTERM" stop "$PID2"
ok "who says Bye is down" wait_for up 0 2
like "$(cat m0.err)" "member-down m2 \(2 of 3 up\)$" "and the log says no more"
like "$(cat m2.err)" "stopping" "it says that it stops"
ok "its socket is gone" test ! -e c/m2/control
member 2
ok "who is back is up" wait_for up 0 3
kill -9 "$PID2"
ok "who is killed is down" wait_for up 0 2
like "$(cat m0.err)" "member-down m2 .*: (Connection re|closed)" "and the log says why"
ok "on all" wait_for up 1 2
ok "its socket stands" test -S c/m2/control
member 2
ok "and up when it is back" wait_for up 0 3
ok "on all" wait_for up 1 3
kill -STOP "$PID2"
ok "who hangs is down" wait_for up 0 2
xl member -d c/m0 status --format json >hangs
like "$(jq -r '.members[2].last_error' hangs)" "no answer|timed out" "and why"
like "$(cat m0.err)" "member-down m2 .*: (no answer|timed out)$" "in the log, too"
ok "on all" wait_for up 1 2
status 0 "quorum is without it" xl member -d c/m1 status -q
kill -CONT "$PID2"
ok "and up when it goes on" wait_for up 0 3
ok "and holds nobody down" wait_for up 2 3
kill -9 "$PID1" "$PID2"
ok "a minority" wait_for up 0 1
status 1 "has no quorum" xl member -d c/m0 status -q
like "$(cat m0.err)" "no-quorum" "which the log says"

# --- options ---

stop "$PID0"
member 0 -q
is "$(cat m0.err)" "" "-q: no word"
stop "$PID0"
member 0 -v --workers 0
ok "--workers 0: no helpers" test -z "$(pgrep -P "$PID0")"
member 1 --workers 2
ok "all see all with and without helpers" wait_for up 0 2
ok "there are helpers" test -n "$(pgrep -P "$PID1")"
stop "$PID1"
stop "$PID0"

spawn m0 sh -c 'exec 3>q; exec "$@"' sh $XLBOX xl-member -d c/m0 \
	--ready-fd 3 --ready-quorum
PID0=$PID
ok "--ready-quorum: it runs" wait_for test -S c/m0/control
ok "it is not ready alone" test ! -s q
member 1
ok "it is with a majority" wait_for test -s q
stop "$PID0"
stop "$PID1"

sed "s/$(cluster_addr 1):7001/$(cluster_addr 1):7009/" c/m0/cluster.dat >new
cp -r c/m0 b
cp new b/cluster.dat
spawn_ready b xl member -d b --ready-fd 3
like "$(cat b.err)" "warning: the cluster port of m1 is 7009, not 7001" \
	"another port is warned of"
stop "$PID"

# Behind another address than the one it is known by.
sed "s/$(cluster_addr 0)/192.0.2.1/" c/m0/cluster.dat >b/cluster.dat
spawn_ready b xl member -d b --ready-fd 3 --bind "$(cluster_addr 0)"
b=$PID
member 1
ok "--bind: who is behind another address is up" wait_for up 1 2
stop "$b"
stop "$PID1"

# Known by host names: ports of their own, as the address is the same.
cp -r c/m1 b1
port=$((20000 + $$ % 10000))
named()
{
	sed "s/$(cluster_addr 0):7001/localhost:$port/
		s/$(cluster_addr 1):7001/localhost:$((port + 1))/" "$1/cluster.dat" >"$2"
}
named c/m0 b/cluster.dat
named c/m1 b1/cluster.dat
spawn_ready b xl member -d b --ready-fd 3
b=$PID
spawn_ready b1 xl member -d b1 --ready-fd 3
PID1=$PID
ok "members with host names find each other" wait_for up 1 2 b
ok "and each other" wait_for up 1 2 b1
stop "$b"
stop "$PID1"
rm -rf b1

# Dials from an address that is no member's.
sed "s/$(cluster_addr 0)/$(cluster_addr 8)/" c/m0/cluster.dat >b/cluster.dat
spawn_ready b xl member -d b --ready-fd 3
b=$PID
member 1 -v
ok "a connection from elsewhere is not taken" \
	wait_for grep -q "$(cluster_addr 8):[0-9]* is no member's address" m1.err
ok "and its sender not up" up 1 1
stop "$PID1"
member 1 --any-address
ok "--any-address: it is" wait_for up 1 2
stop "$b"
stop "$PID1"
rm -rf b

# --- SIGHUP ---

# Nobody is to be down for a while only, where there is but one look.
calm="--patience 60000 --probe 60000"
CLUSTER_SIZE=4
export CLUSTER_SIZE
# shellcheck disable=SC2086 # several words
member 0 $calm
# shellcheck disable=SC2086
member 1 $calm
ok "two of three" wait_for up 0 2
cluster_make c 4 || exit 1
kill -HUP "$PID0" "$PID1"
ok "SIGHUP: the new roster is told" wait_for grep -q " roster " m0.err
# shellcheck disable=SC2086
member 3 $calm
ok "and who came with it is up" wait_for up 0 3
ok "on all" wait_for up 1 3
cp c/m0/cluster.dat good
echo "nonsense" >c/m0/cluster.dat
kill -HUP "$PID0"
ok "a malformed one is logged" wait_for grep -q \
	"^20.*Z c/m0/cluster\.dat:1: .*; it stays as it was" m0.err
ok "and changes nothing" up 0 3
sed 's/^    ID: .*/    ID: 00112233445566778899aabbccddeeff00112233/' \
	good >c/m0/cluster.dat
kill -HUP "$PID0"
ok "another cluster's is refused" wait_for grep -q "another cluster" m0.err
ok "and changes nothing" up 0 3
rm c/m0/cluster.dat
kill -HUP "$PID0"
ok "and one that is not there" wait_for grep -q \
	"^20.*Z c/m0/cluster\.dat: No such file.*; it stays as it was" m0.err
cluster_make c 3 || exit 1
kill -HUP "$PID0"
ok "who is no member any more is gone" wait_for up 0 2
like "$(cat m0.err)" "member-down m3" "which is told"
stop "$PID0"
stop "$PID1"
stop "$PID3" || :

# --- the notification socket ---

/usr/bin/perl -MSocket -e '
	socket(S, PF_UNIX, SOCK_DGRAM, 0) && bind(S, pack_sockaddr_un("note"))
		or die;
	open(R, ">bound"); close(R);
	for (1 .. 2) { recv(S, $m, 100, 0); print "$m\n"; $| = 1; }
' >notes &
notes=$!
ok "there is a socket" wait_for test -e bound
NOTIFY_SOCKET=$T/note
export NOTIFY_SOCKET
member 0
stop "$PID0"
unset NOTIFY_SOCKET
wait $notes
is "$(cat notes)" "READY=1
STOPPING=1" "what the service manager is told"

done_testing
