#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The client port of xl-member: services, their environment, who may come in,
# limits, and streams both ways. The client is the independent one in
# tests/net/peer.

. "${0%/*}/lib.sh"
. "$ROOT/tests/net/member.sh"
need openssl ssh-keygen

cluster_make c 2
addr=$(cluster_addr 0)
xl keygen -o client.pem
xl keygen -o other.pem
printf '# who may come\n\n%s  Alice \033[1m & Co\r\n' \
	"$(xl keygen -y -f client.pem)" >clients

# serve OPTION...: the member m0 with this service
serve()
{
	spawn_ready m0 xl member -d c/m0 --ready-fd 3 -v "$@"
	m0=$PID
}
# ends it
leave() { stop "$m0"; }
client() { "$PEER/xlclient.py" --roster c/m1/cluster.dat --at m0 "$@"; }
alice() { client --sk client.pem "$@"; }
echo_of() { alice "$@" <data >data.out; }

# Usage.
status 64 "--service without --clients" xl member -d c/m0 --service cat
err_like "needs --clients" "says what is missing"
status 64 "--clients without --service" xl member -d c/m0 --clients any
status 64 "a server without a port" xl member -d c/m0 --clients any \
	--service tcp:localhost
status 64 "a socket without a path" xl member -d c/m0 --clients any \
	--service unix:
status 66 "no file of clients" xl member -d c/m0 --clients none --service cat
echo "ssh-rsa AAAA bob" >wrong
status 65 "a line that is no key" xl member -d c/m0 --clients wrong \
	--service cat
err_like '^xl-member: wrong:1: ' "says where"
{ cat clients; sed 's/Alice/Bob/' clients; } >twice
status 65 "a key twice" xl member -d c/m0 --clients twice --service cat
err_like '^xl-member: twice:6: .*already' "says so"
xl keygen -b 1024 --insecure-test-key -o weak.pem
xl keygen -y -f weak.pem >weak
status 65 "a short key" xl member -d c/m0 --clients weak --service cat
cluster_make one 1 1
if [ "$SAN" = 1 ] || [ -n "$EMULATOR" ]; then
	skip "address space" "what runs it needs more"
else
	# shellcheck disable=SC2016,SC2086 # for that shell; several words
	status 71 "too little address space" sh -c 'ulimit -v 30000 &&
		exec "$@"' sh $XLBOX xl-member -d c/m0 --clients any \
		--service cat
	err_like "cannot make room for --max-clients: Out of memory" \
		"is told with what takes it"
fi
status 64 "a cluster without client ports" xl member -d one/m0 \
	--clients any --service cat

# A command, and a client whom it knows.
head -c 300000 /dev/urandom >data
ok "a command serves" serve --clients clients --service cat
status 0 "an echo" echo_of
same data data.out "of all bytes"
status 0 "in small pieces" echo_of --piece 777
same data data.out "of all bytes"
: >data.out
status 1 "another key" client --sk other.pem </dev/null
status 1 "no key" client </dev/null
like "$(cat m0.err)" "not a listed client.s key: $(xl nodeid -k other.pem)" "is told by its ID"
unlike "$(cat m0.err)" "client 4.*served" "and not served"
xl keygen -y -f other.pem >>clients
kill -HUP "$m0"
ok "the file is read again" wait_for grep -q '2 clients' m0.err
status 0 "and lets it in" client --sk other.pem </dev/null
echo nonsense >>clients
kill -HUP "$m0"
ok "a wrong one is told" wait_for grep -q 'Z clients:5: ' m0.err
ok "and that it stays" wait_for grep -q 'Z clients: it stays as it was' m0.err
status 0 "and changes nothing" client --sk other.pem </dev/null
sed -i '/nonsense/d' clients
ok "it leaves" leave

# The environment.
ok "another service" serve --clients clients \
	--service 'env; grep SigIgn /proc/$$/status; echo "$0" >&2'
# A roster that is read, and one that is not taken, are read over each other.
cp c/m0/cluster.dat mine.dat
kill -HUP "$m0"
wait_for grep -q '[0-9] clients' m0.err
CLUSTER_NAME=beta cluster_make beta 1
cp beta/m0/cluster.dat c/m0/
kill -HUP "$m0"
wait_for grep -q 'cluster.dat: this node is not among the members' m0.err
mv mine.dat c/m0/cluster.dat
alice --source 127.0.0.1 </dev/null >env.out
for want in "PROTO=TCP" "TCPREMOTEIP=127.0.0.1" "TCPREMOTEPORT=[0-9]+" \
	"TCPLOCALIP=$addr" "TCPLOCALPORT=$CLUSTER_CLIENT_PORT" \
	'XL_CLIENT=Alice \?\[1m & Co' "XL_CLIENT_ID=$(xl nodeid -k client.pem)" \
	"XL_SELF=m0" "XL_SELF_ID=$(xl nodeid -d c/m0)" "XL_CLUSTER=alpha" \
	"SigIgn:[^1-9a-f]*(180000000)?"; do # or make's 32 and 33
	like "$(cat env.out)" "^$want\$" "$want"
done
ok "its errors go where the log does" wait_for grep -qx sh m0.err
leave
XL_CLIENT=false XL_CLIENT_ID=false serve --clients any --service env
client </dev/null >env.out
unlike "$(cat env.out)" "^XL_CLIENT" "nobody is known where any may come"
leave
serve --clients any --service cat
status 0 "a Hello is taken there, too" echo_of
same data data.out "and the stream behind it"
leave

# The client side.
to() { xl member --cluster c/m1/cluster.dat -i client.pem connect "$@"; }
echo_by() { "$@" <data >data.out; }
serve --clients clients --service cat
status 0 "connect with a key" echo_by to m0
same data data.out "all bytes come back"
status 0 "any is the one that answers" echo_by to any
same data data.out "all bytes come back"
status 69 "a node whose key is not listed" echo_by xl member -d c/m1 connect m0
err_like "does it list this client" "is asked about it"
status 69 "nor a client without a key" echo_by \
	xl member --cluster c/m1/cluster.dat connect m0
err_like "closed: does it want a key, -i?" "is asked for one"
like "$(cat m0.err)" "client [0-9]+ [^ ]*: no key" "and the member logs it"
xl keygen -y -f c/m1/sk.pem >>clients
kill -HUP "$m0"
wait_for grep -q '3 clients' m0.err
status 0 "a node is a client by its sig key" echo_by \
	xl member -d c/m1 connect m0
status 69 "a member that is down" echo_by to m1
err_like 'cannot reach m1: Connection refused' "is told"
# The other one first, and an answer of m0 before that has had its time.
until_m0()
{
	: >data.out
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		run echo_by to -v any
		! grep -q . err || grep -q 'm0: no answer' err || return 0
	done
	return 1
}
ok "-v tells of each that is tried" until_m0
err_is "xl-member: cannot reach any: m1: Connection refused" "once"
is "$status" 0 "though another one answers"
same data data.out "and serves"
spawn_ready open xl member --cluster c/m1/cluster.dat -i client.pem \
	--ready-fd 3 connect m0
is $? 0 "ready is with an open stream"
not_ok "and not without" spawn_ready shut xl member \
	--cluster c/m1/cluster.dat --ready-fd 3 connect m1
status 1 "no such member" echo_by to m7
status 64 "no name" to
status 64 "two names" to m0 m1
status 66 "no roster" xl member --cluster none connect any
status 66 "no key" xl member --cluster c/m1/cluster.dat -i none connect any
status 65 "a public key" xl member --cluster c/m1/cluster.dat -i clients connect any
err_like 'clients: a public key, where a private one is needed' "is told so"
ssh-keygen -q -t rsa -b 2048 -N '' -f own
status 65 "OpenSSH's own format" xl member --cluster c/m1/cluster.dat -i own connect any
err_like "own: in OpenSSH's own format" "too"
status 64 "neither folder nor roster" xl member connect any
err_like "-d or --cluster is missing" "is told of both"
status 1 "no client ports" xl member --cluster one/m0/cluster.dat connect any
sed "s/$addr:$CLUSTER_CLIENT_PORT/no-such-name.invalid:1/" \
	c/m1/cluster.dat >unnamed.dat
status 69 "a name that is none" xl member --cluster unnamed.dat -w 20 \
	connect m0
sed "s/$addr:$CLUSTER_CLIENT_PORT/localhost:1/" c/m1/cluster.dat >named.dat
status 69 "a name whose port is closed" xl member --cluster named.dat \
	connect m0
err_like "refused" "was resolved"
stop "$m0" KILL
awk '/CommsPubKey/ && !done { sub(/AAAA.*/, key); done = 1 } { print }' \
	key="$(xl keygen -y -f c/m1/ck.pem | cut -d' ' -f2)" \
	c/m1/cluster.dat >stale.dat
serve --clients any --service cat
status 69 "a stale roster" xl member --cluster stale.dat connect m0
err_like "is cluster.dat current" "is asked about"
leave

# Half close, both ways.
serve --clients any --service 'echo first; exec >&-; cat >up; : >over'
simple() { xl member --cluster c/m1/cluster.dat connect m0; }
{ wait_for test -s half.out; cat data; } | simple >half.out
is "$(cat half.out)" first "the service ends first: its output arrives"
wait_for test -e over
same data up "and what it is sent still arrives"
leave
serve --clients any --service 'cat >up; echo end of "$(wc -c <up)"'
status 0 "the client ends first" echo_by simple
is "$(cat data.out)" "end of 300000" "and is still answered"
leave

# How commands end.
serve --clients any --service 'echo out; exit 3'
{ simple; cat data >/dev/null; } </dev/null >short.out
is "$(cat short.out)" out "what a command wrote that failed arrives"
status 0 "one that reads nothing" echo_by simple
ok "its status is logged" wait_for grep -q 'exit status 3' m0.err
leave
serve --clients any --service 'cat data; kill -9 $$'
status 0 "one that kills itself" echo_by simple
same data data.out "has served before"
leave
serve --clients any --service 'no-such-command-at-all'
status 0 "one that is not there" echo_by simple
# Denied: where a folder of PATH is not to be looked into.
ok "is in the log" wait_for grep -qE \
	'no-such-command-at-all: .*(not found|[Dd]enied)' m0.err
leave
serve --clients any --service 'trap "" TERM; echo $$; sleep 1000 & wait; wait'
# Whoever is to take note of its end.
gone()
{
	case $(ps -o stat= -p "$1") in
	"" | Z*) ;;
	*) return 1 ;;
	esac
}
spawn one xl member --cluster c/m1/cluster.dat connect m0
wait_for test -s one.out
stop "$PID" KILL
ok "the command of a client that is gone is ended" \
	wait_for grep -q 'its command is killed' m0.err
ok "altogether" wait_for gone "$(cat one.out)"
spawn one xl member --cluster c/m1/cluster.dat connect m0
wait_for test -s one.out
ok "the daemon leaves" leave
ok "and its commands with it" wait_for gone "$(cat one.out)"

# Local servers.
server() # MODE ADDRESS: tests/net/server.py, once it listens
{
	spawn server "$ROOT/tests/net/server.py" "$@"
	server=$PID
	wait_for test -s server.out
}
server echo 127.0.0.1:0
serve --clients any --service "tcp:$(cat server.out)"
status 0 "a local server" echo_by simple
same data data.out "echoes all bytes"
leave
serve --clients any --service "tcp:localhost:$(sed 's/.*://' server.out)"
status 0 "by its name" echo_by simple
same data data.out "echoes all bytes"
leave
# A server by a name, as hosts (the file here) has it.
port=$(sed 's/.*://' server.out)
named()
{
	# shellcheck disable=SC2016,SC2086 # for that shell; several words
	spawn_ready m0 unshare -rm sh -c 'mount --bind hosts /etc/hosts &&
		mount --bind resolv /etc/resolv.conf && exec "$@"' \
		sh $XLBOX xl-member -d c/m0 --ready-fd 3 -v --clients any \
		--service "tcp:server.test:$port"
	m0=$PID
}
unresolved() { [ "$(grep -c "resolve server.test:$port" m0.err)" -gt "$1" ]; }
served() { echo_by simple 2>/dev/null; }
look_again() { kill -HUP "$m0" && unresolved "$known"; }
: >hosts
echo "nameserver 127.255.255.253" >resolv
if [ -e /etc/hosts ] && [ -e /etc/resolv.conf ] &&
	unshare -rm mount --bind hosts /etc/hosts 2>/dev/null; then
	ok "a server whose name is not known yet" named
	ok "is told" wait_for unresolved 0
	status 69 "and is not there" simple
	err_like "service unavailable" "as clients are told"
	echo "127.0.0.1 server.test" >hosts
	ok "until it is known" wait_for served
	same data data.out "and echoes all bytes"
	stop "$server"
	server echo "127.0.0.2:$port"
	echo "127.0.0.2 server.test" >hosts
	ok "when it moves it is found" wait_for served
	same data data.out "and echoes all bytes"
	known=$(grep -c "resolve server.test" m0.err)
	: >hosts
	ok "SIGHUP looks for it" wait_for look_again
	status 0 "where it is not found it was before" echo_by simple
	same data data.out "and echoes all bytes"
	leave
	echo "127.0.0.9 server.test" >>hosts
	echo "127.0.0.2 server.test" >>hosts
	named
	status 0 "at the second address of a name" echo_by simple
	same data data.out "echoes all bytes"
	leave
	echo_there=$server
	server full "127.0.0.9:$port"
	named
	# shellcheck disable=SC2086 # several words
	# The kernel alone would try for longer than two minutes.
	status 0 "where the first does not answer" echo_by timeout 60 \
		$XLBOX xl-member --cluster c/m1/cluster.dat connect m0
	same data data.out "echoes all bytes"
	stop "$server"
	stop "$echo_there"
	status 69 "at none" simple
	is "$(grep -c 'server.test.*: Connection refused' m0.err)" 1 "is logged"
	leave
	server echo 127.0.0.1:0
else
	skip "a server by a name" "no right to mount"
fi
serve --clients any --service "tcp:$(cat server.out)"
stop "$server"
status 69 "a server that is gone" echo_by simple
err_like "service unavailable" "is told so"
leave
server reset 127.0.0.1:0
serve --clients any --service "tcp:$(cat server.out)"
status 69 "a server that breaks off" echo_by simple
err_like "broke off" "is told so"
stop "$server"
leave
server echo unix:sock
serve --clients any --service unix:sock
status 0 "a local socket" echo_by simple
same data data.out "echoes all bytes"
stop "$server"
rm sock
status 69 "a socket that is gone" echo_by simple
status 69 "for who says a key, too" echo_by to m0
err_like "cannot reach m0: service unavailable" "is told so"
leave
spawn_ready m1 xl member -d c/m1 --ready-fd 3 --clients any --service cat
m1=$PID
past_m0()
{
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		: >data.out
		run echo_by to -v any
		! grep -q 'm0: service unavailable' err || return "$status"
	done
	return 1
}
server echo 127.0.0.1:0
stop "$server"
for gone in unix:sock "tcp:$(cat server.out)"; do
	serve --clients clients --service "$gone"
	ok "any goes past a server that is gone" past_m0
	same data data.out "to who serves"
	leave
done
stop "$m1"
server tight unix:sock
serve --clients any --service unix:sock
# shellcheck disable=SC2016,SC2086 # for that shell; several words
spawn waiter sh -c '"$@" <data' sh $XLBOX xl-member -d c/m1 connect m0
waiter=$PID
wait_for grep -q ' connected$' m0.err
kill -s USR1 "$server"
stop "$waiter" 0
is $? 0 "a socket whose queue is full is waited for"
same data waiter.out "and echoes all bytes"
stop "$server"
leave

# A local port that is forwarded.
forward() # NAME OPTION...
{
	forward_to=$1
	shift
	spawn_ready forward xl member --cluster c/m1/cluster.dat --ready-fd 3 \
		--listen 127.0.0.1:0 "$@" connect "$forward_to"
	forward=$PID
	port=$(cat forward.out)
}
by_port() { "$ROOT/tests/net/server.py" join "$port" <data >data.out; }
status 64 "no port" xl member -d c/m1 --listen 127.0.0.1 connect any
status 64 "a name" xl member -d c/m1 --listen localhost:1 connect any
status 64 "no brackets" xl member -d c/m1 --listen ::1:1 connect any
serve --clients any --service cat
ok "a port" forward any
status 0 "is forwarded" by_port
same data data.out "all bytes come back"
status 0 "and again" by_port
same data data.out "all bytes come back"
stop "$m0"
status 1 "to nobody" by_port
like "$(cat forward.err)" "cannot reach any: m[01]: Connection refused" "is told"
serve --clients any --service 'cat; kill -9 $PPID'
status 1 "a stream that breaks off is reset" by_port
like "$(cat forward.err)" "m0: the stream broke off" "and told"
stop "$forward"
is $? 143 "ends by the signal"
serve --clients any --service cat
sed "s/$addr:$CLUSTER_CLIENT_PORT/$addr:1/" c/m1/cluster.dat >moved.dat
spawn_ready forward xl member --cluster moved.dat --ready-fd 3 \
	--listen 127.0.0.1:0 connect m0
forward=$PID
port=$(cat forward.out)
status 1 "a member that has moved" by_port
cp c/m1/cluster.dat moved.dat
kill -HUP "$forward"
ok "is found by a roster that is read again" wait_for by_port
same data data.out "and serves"
echo wrong >moved.dat
kill -HUP "$forward"
ok "a wrong one is told" wait_for grep -q '^xl-member: moved.dat:1: ' forward.err
status 0 "and changes nothing" by_port
stop "$forward"
leave

# Limits.
serve --clients any --max-clients 2 --service 'echo hello; exec sleep 1000'
spawn one xl member --cluster c/m1/cluster.dat connect m0
one=$PID
spawn two xl member --cluster c/m1/cluster.dat connect m0
wait_for grep -q hello one.out
wait_for grep -q hello two.out
spawn three xl member --cluster c/m1/cluster.dat connect m0
ok "a third of two clients waits" wait_for \
	grep -q 'clients have to wait: there are too many' m0.err
is "$(cat three.out)" "" "and is not served"
stop "$one" HUP
is $? 129 "a client ends by SIGHUP, too"
ok "until one has left" wait_for grep -q hello three.out
kill "$m0"
ok "the commands end with the daemon" leave
scarce() # N: as serve, with so many descriptors
{
	# shellcheck disable=SC2016,SC2086 # for that shell; several words
	spawn_ready m0 sh -c 'ulimit -n "$0"; exec "$@"' "$1" $XLBOX xl-member \
		-d c/m0 --ready-fd 3 -v --workers 1 --clients any \
		--service 'echo hello; exec sleep 1000'
	m0=$PID
}
scarce 400
like "$(cat m0.err)" "at once: at most [1-9][0-9]\$" \
	"clients have some of few descriptors"
leave
scarce 40
n=0
while [ $n -lt 20 ]; do
	n=$((n + 1))
	spawn few$n xl member --cluster c/m1/cluster.dat connect m0
done
ok "where descriptors are scarce some clients come in" \
	wait_for grep -q hello few*.out
ok "and the others wait" wait_for grep -q 'clients have to wait' m0.err
like "$(cat m0.err)" "at once: at most 1\$" "as was told"
ok "and the daemon stays" leave
serve --clients any --max-per-address 1 --service 'echo hello; exec sleep 1000'
spawn one xl member --cluster c/m1/cluster.dat connect m0
one=$PID
wait_for grep -q hello one.out
status 69 "a second client of one an address" simple
spawn two "$PEER/xlclient.py" --roster c/m1/cluster.dat --at m0 \
	--source 127.0.0.77
ok "another address" wait_for grep -q hello two.out
stop "$one"
wait_for grep -q 'signal 15' m0.err
spawn three xl member --cluster c/m1/cluster.dat connect m0
ok "and the first, when its client has left" wait_for grep -q hello three.out
leave
serve --clients any --client-idle 1 --service 'exec sleep 1000'
status 69 "a client that is idle" simple
err_like "broke off" "is closed"
ok "and its command ended" wait_for grep -q 'signal 15' m0.err
leave

# A reader that does not read: all stands still, and nothing grows.
resident() { sed -n 's/^VmHWM:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$m0/status"; }
written() { sed -n 's/^wchar: //p' "/proc/$(cat writer)/io"; }
rests() { grep -q '^State:.S' "/proc/$1/status"; }
# Who waits for its turn does not rest.
stands_still()
{
	still=$(written)
	[ "$still" -gt 0 ] || return 1
	sleep 0.3 # long enough to see a change, and no harm if it is not
	rests "$slow_pid" && rests "$m0" && rests "$(cat writer)" &&
		[ "$still" = "$(written)" ]
}
serve --clients any \
	--service 'echo $$ >writer; exec head -c 60000000 /dev/zero'
simple >data.out
before=$(resident)
rm writer
mkfifo slow
(tap_exec xl member --cluster c/m1/cluster.dat connect m0) >slow &
slow_pid=$!
{ wait_for test -e read_on; wc -c; } <slow >count &
wait_for test -s writer
ok "a slow reader stops the writer" wait_for stands_still
ok "early" test "$(written)" -lt 20000000
ok "and no memory is taken" test $(($(resident) - before)) -lt 128
: >read_on
wait $slow_pid
ok "until it reads on" wait_for grep -qx ' *60000000' count
rm writer
(tap_exec xl member --cluster c/m1/cluster.dat connect m0) >slow &
slow_pid=$!
exec 8<slow
wait_for test -s writer
wait_for stands_still
ok "the daemon leaves one that never does" leave
like "$(cat m0.err)" "client [0-9]+ .*: had its time to read" "when its time is over"
exec 8<&-
wait $slow_pid

# Many at once, with as many descriptors as most processes are given.
# shellcheck disable=SC3045 # dash and busybox have it
ulimit -S -n 1024
server echo 127.0.0.1:0
serve --clients any --max-per-address 1000 --service "tcp:$(cat server.out)"
forward m0 -w 600
status 0 "a thousand clients at once" "$ROOT/tests/net/server.py" many "$port" \
	1000
out_is "1000 answered" "are all served"
served_all() { [ "$(grep -c ': served' m0.err)" -eq 1000 ]; }
ok "as the log has it" wait_for served_all
stop "$forward"
leave

# What is no client's.
cluster_make c 3
serve --clients clients --service cat
"$PEER/stranger.py" -d c/m1 --at m0 --client-sk client.pem client/ \
	>strange.out 2>strange.err
checks strange
leave
done_testing
