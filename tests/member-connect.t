#!/bin/sh
# SPDX-License-Identifier: MIT
#
# xl-member connect where things go wrong: members that are silent, streams
# that break off, and whatever standard input and output can be.

. "${0%/*}/lib.sh"
. "$ROOT/tests/net/member.sh"

cluster_make c 4
head -c 300000 /dev/urandom >data
to() { xl member --cluster c/m0/cluster.dat connect "$@"; }
serve() { member "$@" --clients any; }

# --- members that are silent ---

# full NAME ADDR: a port there whose queue is full, so that it drops all else
full()
{
	spawn "$1" "$ROOT/tests/net/server.py" full "$2:$CLUSTER_CLIENT_PORT"
	wait_for test -s "$1.out"
}

# m0 hangs, m1 drops packets, m2 hangs, m3 serves.
serve m0 --service cat
m0=$PID
full m1 "$(cluster_addr 1)"
serve m2 --service cat
m2=$PID
serve m3 --service cat
m3=$PID
kill -STOP "$m0" "$m2"
# Few of these would have begun with the one that serves.
for i in 1 2 3 4 5 6; do
	# shellcheck disable=SC2016,SC2086 # for that shell; several words
	spawn "any$i" sh -c '"$@" <data' sh $XLBOX xl-member \
		--cluster c/m0/cluster.dat -w 600 connect any
done
for i in 1 2 3 4 5 6; do
	ok "any, of which one answers" wait_for cmp -s data "any$i.out"
done
spawn_ready forward xl member --cluster c/m0/cluster.dat --ready-fd 3 -v \
	-w 600 --listen 127.0.0.1:0 connect any
forward=$PID
by_port()
{
	"$ROOT/tests/net/server.py" join "$(cat forward.out)" <data >data.out &&
		cmp -s data data.out
}
silent() { grep -c 'm[012]: no answer' forward.err; }
ten_at_once()
{
	before=$(silent)
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		by_port || return
	done
	[ "$(silent)" = "$before" ]
}
ok "--listen is served too" by_port
ok "and remembers who is silent" wait_for ten_at_once
stop "$forward"

# m3 is where m1 drops packets, and moves to where it serves.
sed "s/$(cluster_addr 3):/$(cluster_addr 1):/" c/m0/cluster.dat >moved.dat
spawn_ready forward xl member --cluster moved.dat --ready-fd 3 -w 600 \
	--listen 127.0.0.1:0 connect m3
forward=$PID
descriptors() { find "/proc/$forward/fd" -type l | wc -l; }
wait_for test ! -e "/proc/$forward/fd/3" # it is ready, and closes that
before=$(descriptors)
# shellcheck disable=SC2016 # for that shell
spawn moved sh -c 'exec "$@" <data' sh \
	"$ROOT/tests/net/server.py" join "$(cat forward.out)"
dials() { [ "$(descriptors)" -ge $((before + 2)) ]; }
ok "one that is where nobody answers is dialled" wait_for dials
cp c/m0/cluster.dat moved.dat
kill -HUP "$forward"
ok "SIGHUP is for those that wait, too" wait_for cmp -s data moved.out
stop "$forward"
status 75 "one that is silent" to -w 1 m0 </dev/null
err_is "xl-member: cannot reach m0: no answer" "is told"
status 64 "no time" to -w 0 m0 </dev/null

printf '%s double\n%s double\n' "$(cluster_addr 1)" "$(cluster_addr 3)" >hosts
sed "s/$(cluster_addr 3):$CLUSTER_CLIENT_PORT/double:$CLUSTER_CLIENT_PORT/" \
	c/m0/cluster.dat >named.dat
if [ -e /etc/hosts ] && unshare -rm mount --bind hosts /etc/hosts 2>/dev/null; then
	# shellcheck disable=SC2016,SC2086 # for that shell; several words
	spawn double unshare -rm sh -c \
		'mount --bind hosts /etc/hosts && exec "$@" <data' sh $XLBOX \
		xl-member --cluster named.dat -v -w 600 connect m3
	ok "a second address" wait_for cmp -s data double.out
	like "$(cat double.err)" "m3: no answer" "behind one that is silent"
else
	skip "a second address" "no right to mount"
fi

stop "$m3"
status 75 "none that answers" to -w 2 any </dev/null
# shellcheck disable=SC2016,SC2086 # for that shell; several words
spawn alone sh -c '"$@" <data' sh $XLBOX xl-member \
	--cluster c/m0/cluster.dat -v -w 600 connect m0
# shellcheck disable=SC2016,SC2086 # for that shell; several words
spawn late sh -c '"$@" <data' sh $XLBOX xl-member \
	--cluster c/m0/cluster.dat -v -w 600 connect any
twice() { [ "$(grep -c 'm0: no answer' late.err)" -ge 2 ]; }
ok "each has its turn again" wait_for twice
kill -CONT "$m0"
ok "so that one is found that answers late" wait_for cmp -s data late.out
ok "as is the one that was asked for" wait_for cmp -s data alone.out
is "$(cat alone.err)" "" "at the first try"
kill -CONT "$m2"
stop "$m0"
stop "$m2"

# --- streams that are cut off ---

mkfifo open
# standing NAME CMD...: starts CMD with an input that ends with "exec 5>&-"
standing()
{
	standing_name=$1
	shift
	exec 5<>open
	# shellcheck disable=SC2016 # for that shell and for perl
	spawn "$standing_name" sh -c 'exec perl -e "
		\$SIG{HUP} = qw(DEFAULT); exec { \$ARGV[0] } @ARGV" "$@" <open 5>&-' \
		sh "$@"
}

serve m3 --service 'echo hello; exec cat'
m3=$PID
# shellcheck disable=SC2086 # several words
standing ended $XLBOX xl-member --cluster c/m0/cluster.dat connect m3
wait_for test -s ended.out
kill -HUP "$PID"
exec 5>&-
stop "$PID" 0
is $? 129 "SIGHUP ends what reads nothing again"

# A local program is told an end from a stream that is cut off.
# listening [ULIMIT]: leaves $forward and $port
# shellcheck disable=SC2120 # ok passes them
listening()
{
	# shellcheck disable=SC2016,SC2086 # for that shell; several words
	spawn_ready forward sh -c "ulimit ${1:--c 0}"' && exec "$@"' sh $XLBOX \
		xl-member --cluster c/m0/cluster.dat --ready-fd 3 -w 600 \
		--max-clients 100 --listen 127.0.0.1:0 connect m3
	forward=$PID
	port=$(cat forward.out)
}
listening
standing joined "$ROOT/tests/net/server.py" join "$port"
joined=$PID
wait_for test -s joined.out
stop "$forward"
is $? 143 "--listen ends by SIGTERM"
exec 5>&-
stop "$joined" 0
is $? 1 "and its streams do not look whole"
stop "$m3"

if [ "$SAN" = 1 ] || [ -n "$EMULATOR" ]; then
	skip "address space" "what runs it needs more"
else
	# shellcheck disable=SC2016,SC2086 # for that shell; several words
	status 71 "too little address space" sh -c 'ulimit -v 30000 &&
		exec "$@"' sh $XLBOX xl-member --cluster c/m0/cluster.dat \
		--listen 127.0.0.1:0 connect any
	err_like "cannot make room for --max-clients: Out of memory" \
		"is told with what takes it"
	out_is "" "and nothing that it listens"
fi

# Few descriptors: connections wait, and nothing breaks.
serve m3 --service cat --max-per-address 1000
m3=$PID
ok "--listen with fewer descriptors than it wants" listening "-Sn 64"
status 0 "a hundred at once" "$ROOT/tests/net/server.py" many "$port" 100
out_is "100 answered" "are all served"
stop "$forward"
ok "with far too few" listening "-n 20"
i=0
while [ $i -lt 20 ]; do
	# shellcheck disable=SC2016 # for that shell
	spawn "few$i" sh -c '{ cat data; until [ -e go ]; do sleep 0.1; done; } |
		"$@"' sh "$ROOT/tests/net/server.py" join "$port"
	i=$((i + 1))
done
ok "not all can come in at once, which is told" wait_for grep -q \
	"connections have to wait: there are too many" forward.err
: >go
while [ $i -gt 0 ]; do
	i=$((i - 1))
	wait_for cmp -s data "few$i.out" || echo "$i"
done >unserved
is "$(cat unserved)" "" "twenty wait for each other"
stop "$forward"
stop "$m3"

# A service whose own output has ended, and that is killed in mid-stream.
: >running
serve m3 --service \
	'cat data; exec >&-; while [ -e running ]; do sleep 0.1; done'
m3=$PID
# shellcheck disable=SC2016,SC2086 # for that shell; several words
spawn cut sh -c 'exec "$@" </dev/zero' sh $XLBOX xl-member \
	--cluster c/m0/cluster.dat connect m3
sends() { [ "$(sed -n 's/^rchar: //p' "/proc/$PID/io")" -gt 500000 ]; }
wait_for cmp -s data cut.out
wait_for sends
kill -KILL "$m3"
stop "$PID" 0
is $? 69 "sending to who is killed fails"
like "$(cat cut.err)" "m3: the stream broke off" "and is told"

# What had come before that is not lost on a slow reader: more than a pipe holds,
# in large and small pieces.
cat >speaks <<'EOT'
$| = 1;
print "x" x 70000;
for (1 .. 300) { print "line $_\n"; select undef, undef, undef, 0.001 }
EOT
perl speaks >said
mkfifo slow
# The member has read all, and waits: what it read is sent.
rests()
{
	read_before=$(grep rchar "/proc/$m3/io")
	sleep 0.1 # to see a change; who calls it tries again
	grep -q '^State:.S' "/proc/$m3/status" &&
		[ "$(grep rchar "/proc/$m3/io")" = "$read_before" ]
}
reads_late()
{
	rm -f sent
	serve m3 --service \
		'perl speaks; : >sent; while [ -e running ]; do sleep 0.1; done'
	m3=$PID
	# shellcheck disable=SC2016,SC2086 # for that shell; several words
	spawn late sh -c 'exec "$@" </dev/zero >slow' sh $XLBOX xl-member \
		--cluster c/m0/cluster.dat connect m3
	exec 7<slow
	wait_for test -e sent
	wait_for rests
	stop "$m3" KILL
	cat <&7 >got
	exec 7<&-
	stop "$PID" 0
	[ $? -eq 69 ] && cmp -s said got
}
reads_late || reads_late || reads_late
is $? 0 "what came before is there"
rm running
done_testing
