#!/bin/sh
# SPDX-License-Identifier: MIT
#
# One stream through a forwarded port, from a local server by xl-member and its
# connect to a local client: MB/s, beside what BearSSL's ChaCha20-Poly1305 does
# on one core in the same run, and beside stunnel (Debian's) in the same place,
# with the same cipher. Both have their two ends on this machine, and the server
# and the client too. Then the memory of many connections at rest.
#
#	FORWARD_MB	megabytes of a stream (default 2000)
#	FORWARD_RUNS	streams of each (default 5), of which the best counts
#	FORWARD_HELD	connections at rest (default 1000)

set -eu
: "${BUILD:=build}" "${XLBOX:=$BUILD/xlbox}" "${FORWARD_MB:=2000}"
: "${FORWARD_RUNS:=5}" "${FORWARD_HELD:=1000}"
case $XLBOX in
/*) ;;
*) XLBOX=$PWD/$XLBOX ;;
esac

xl()
{
	app=$1
	shift
	"$XLBOX" "xl-$app" "$@"
}

. tests/net/cluster.sh
stream=$PWD/tests/bench/stream.py
rate=$("$BUILD/bench/cipher" | sed -n 's/^best //p')
dir=$(mktemp -d)
pids=
clean()
{
	for pid in $pids; do
		kill "$pid" 2>/dev/null || :
	done
	wait
	rm -rf "$dir"
}
trap clean EXIT
trap 'exit 1' INT TERM
# shellcheck disable=SC3045 # every sh that is here has it
ulimit -n 8192 2>/dev/null || ulimit -n "$(ulimit -H -n)"
cluster_make "$dir/c" 2 >/dev/null 2>&1
cd "$dir"

# Ports that nobody uses are asked for where they can be; these are for one run.
port=$((20000 + $$ % 8000))
zeros=$port echo=$((port + 1))

# Starts a command and waits until it has printed a line.
start()
{
	rm -f ready
	mkfifo ready
	"$@" >ready 2>>err &
	pids="$pids $!"
	read -r _ <ready
}

# at PORT: waits until something listens there
at()
{
	tries=0
	until "$stream" fetch "$1" 1 >/dev/null 2>&1; do
		tries=$((tries + 1))
		[ "$tries" -lt 100 ] || exit 1
		sleep 0.05
	done
}

# best PORT: the best stream of some
best()
{
	i=0
	while [ $i -lt "$FORWARD_RUNS" ]; do
		"$stream" fetch "$1" $((FORWARD_MB * 1000000))
		i=$((i + 1))
	done | sort -n | tail -n 1
}

# rss PID...: KiB that all of them have resident, children too
rss()
{
	for pid; do
		sed -n 's/^VmRSS:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$pid/status"
	done | awk '{ sum += $1 } END { print sum }'
}

# held PORT PID...: what COUNT connections at rest add to the memory of PIDs
held()
{
	to=$1
	shift
	before=$(rss "$@")
	mkfifo hold
	"$stream" hold "$to" "$FORWARD_HELD" <hold >held &
	holder=$!
	exec 9>hold
	tries=0
	until [ -s held ]; do
		kill -0 "$holder" 2>/dev/null && [ $tries -lt 2400 ] || exit 1
		tries=$((tries + 1))
		sleep 0.05
	done
	sleep 2 # until memory that is not needed is given back
	after=$(rss "$@")
	exec 9>&-
	wait "$holder"
	rm hold held
	echo $((after - before))
}

# tunnel SERVICE-PORT LISTEN-PORT MEMBER: leaves $ends, its processes
tunnel()
{
	"$XLBOX" xl-member -d "c/m$3" -q --service "tcp:127.0.0.1:$1" \
		--clients any --max-clients 4096 --max-per-address 4096 2>>err &
	ends=$!
	"$XLBOX" xl-member --cluster "c/m$3/cluster.dat" -w 10 connect \
		--listen "127.0.0.1:$2" "m$3" >/dev/null 2>>err &
	ends="$ends $!"
	pids="$pids $ends"
}

start "$stream" serve "$zeros"
start "$stream" echo "$echo"
tunnel "$zeros" $((port + 2)) 0
streaming=$ends
tunnel "$echo" $((port + 3)) 1
at $((port + 2))
# echoes PORT: waits until what comes back there is what was sent
echoes()
{
	tries=0
	until "$stream" hold "$1" 1 </dev/null >/dev/null 2>&1; do
		tries=$((tries + 1))
		[ "$tries" -lt 100 ] || exit 1
		sleep 0.05
	done
}
echoes $((port + 3))

# ticks PID...: processor time of all of them, in hundredths of a second
ticks()
{
	for pid; do
		cut -d ' ' -f 14,15 "/proc/$pid/stat"
	done | awk '{ sum += $1 + $2 } END { print sum }'
}

bare=$(best "$zeros")
# shellcheck disable=SC2086 # two numbers
before=$(ticks $streaming)
ours=$(best $((port + 2)))
# shellcheck disable=SC2086 # two numbers
after=$(ticks $streaming)
awk -v bare="$bare" -v ours="$ours" -v rate="$rate" 'BEGIN {
	printf "forward: without anything %d MB/s, ", bare
	printf "ChaCha20-Poly1305 on one core %d MB/s\n", rate
	printf "forward: xl-member %d MB/s, %.2f of the cipher (aim: 0.60)\n",
		ours, ours / rate
}'
# What else runs here takes its share of the two; their own time says more.
awk -v ticks=$((after - before)) -v mb=$((FORWARD_RUNS * FORWARD_MB)) \
	-v rate="$rate" 'BEGIN {
	each = 2 * mb / (ticks / 100)
	printf "forward: an end does %d MB in a second of its own, %.2f\n",
		each, each / rate
}'
# shellcheck disable=SC2086 # two numbers
kept=$(held $((port + 3)) $ends)
echo "forward: xl-member: $FORWARD_HELD connections take $kept KiB, both ends"

command -v stunnel >/dev/null || {
	echo "forward: stunnel is not here to be compared"
	exit 0
}
openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=bench -keyout key.pem \
	-out cert.pem 2>/dev/null
# stunnel_ends SERVICE-PORT INNER LISTEN: leaves $ends
stunnel_ends()
{
	for end in server client; do
		{
			echo "foreground = yes
debug = 3
pid =
ciphersuites = TLS_CHACHA20_POLY1305_SHA256
sslVersion = TLSv1.3
[forward]"
			if [ $end = server ]; then
				echo "accept = 127.0.0.1:$2
connect = 127.0.0.1:$1
cert = $dir/cert.pem
key = $dir/key.pem"
			else
				echo "client = yes
accept = 127.0.0.1:$3
connect = 127.0.0.1:$2"
			fi
		} >"$end.conf"
		stunnel "$end.conf" 2>>err &
		ends="${ends:+$ends }$!"
		[ $end = server ] && sleep 0.3
	done
	pids="$pids $ends"
}
ends=
stunnel_ends "$zeros" $((port + 4)) $((port + 5))
at $((port + 5))
theirs=$(best $((port + 5)))
awk -v ours="$ours" -v theirs="$theirs" 'BEGIN {
	printf "forward: stunnel %d MB/s; xl-member %.2f of that\n", theirs,
		ours / theirs
}'
ends=
stunnel_ends "$echo" $((port + 6)) $((port + 7))
echoes $((port + 7))
# shellcheck disable=SC2086 # two numbers
other=$(held $((port + 7)) $ends)
echo "forward: stunnel: $FORWARD_HELD connections take $other KiB, both ends"
awk -v ours="$kept" -v theirs="$other" \
	'BEGIN { printf "forward: memory: %.2f of that\n", ours / theirs }'
