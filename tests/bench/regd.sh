#!/bin/sh
# SPDX-License-Identifier: MIT
#
# What a join costs xl-regd: processor time from Hello to JoinReply, beside the
# one RSA private operation that it cannot do without, as openssl does it in
# the same run; what of it is the Hello, in each dialect; Hellos a second with
# and without processes for RSA; memory with and after many sessions, and that
# of these processes; and how long it takes to read its journal again. The
# clients are slow Python, so it is the registry's own processor time that
# counts, but for Hellos a second: these are made before, and answers not read.
#
#	JOINS		how many (default 1000)
#	HELLOS		how many of each dialect (default 500)
#	FLOOD		how many to open as fast as it can (default 3000)
#	SESSIONS	how many at once (default 500)

set -eu
: "${BUILD:=build}" "${JOINS:=1000}" "${HELLOS:=500}" "${SESSIONS:=500}"
: "${FLOOD:=3000}"
load=tests/net/load.py
dir=$(mktemp -d)
pid=
trap '[ -z "$pid" ] || kill "$pid" 2>/dev/null; rm -rf "$dir"' EXIT

# start [WORKERS]
start()
{
	rm -f "$dir/ready"
	mkfifo "$dir/ready"
	"$BUILD/xlbox" xl-regd -d "$dir/regd" -a 127.0.0.1 -p 0 -q \
		--max-per-address 1024 --ready-fd 3 --workers "${1:-0}" >"$dir/out" 3>"$dir/ready" &
	pid=$!
	read -r _ <"$dir/ready"
}

# Milliseconds of processor time so far.
cpu()
{
	awk -v hz="$(getconf CLK_TCK)" '{ print ($14 + $15) * 1000 / hz }' \
		"/proc/$pid/stat"
}

rss()
{
	awk '/^VmRSS/ { print $2 }' "/proc/$pid/status"
}

now()
{
	date +%s%N
}

start
before=$(cpu)
began=$(now)
"$load" load --cred "$dir/regd/regCred.dat" --out "$dir/acked" \
	--count "$JOINS" --threads 4
ended=$(now)
after=$(cpu)
joins=$(wc -l <"$dir/acked")
rsa=$(openssl speed -seconds 2 rsa2048 2>/dev/null |
	awk '/^rsa 2048/ { sub("s", "", $4); print $4 * 1000 }')
awk -v a="$before" -v b="$after" -v n="$joins" -v rsa="$rsa" \
	-v ms="$(((ended - began) / 1000000))" 'BEGIN {
	each = (b - a) / n
	printf "regd: %d joins, each %.2f ms of its processor time: " \
	    "%.1f of openssl'\''s private operation (%.2f ms)\n",
	    n, each, each / rsa, rsa
	printf "regd: %.0f joins a second from the clients here, synced\n",
	    n * 1000 / ms
}'

for dialect in sealed documented prefixed; do
	before=$(cpu)
	"$load" hello --cred "$dir/regd/regCred.dat" --dialect $dialect \
		--count "$HELLOS"
	awk -v a="$before" -v b="$(cpu)" -v n="$HELLOS" -v d=$dialect 'BEGIN {
		each = (b - a) / n
		printf "regd: Hello, %s: %.2f ms of its processor time, " \
		    "%.0f a second on a core\n", d, each, 1000 / each
	}'
done

kill "$pid"
wait "$pid"

# kib FIELD PID: of its memory
kib()
{
	awk -v field="$1:" '$1 == field { print $2 }' "/proc/$2/smaps_rollup"
}

for workers in 0 1 2; do
	start $workers
	rate=$("$load" flood --cred "$dir/regd/regCred.dat" --dialect sealed \
		--count "$FLOOD")
	echo "regd: --workers $workers: $rate Hellos a second"
	[ $workers = 2 ] || {
		kill "$pid"
		wait "$pid"
	}
done
keeper=$(ps -o pid= --ppid "$pid" | tr -d ' ')
one=$(ps -o pid= --ppid "$keeper" | tr -d ' ' | head -n 1)
echo "regd: memory of its own and proportional: keeper" \
	"$(kib Private_Dirty "$keeper") and $(kib Pss "$keeper") KiB, helper" \
	"$(kib Private_Dirty "$one") and $(kib Pss "$one") KiB"
kill "$pid"
wait "$pid"

start 2
idle=$(rss)
mkfifo "$dir/hold"
"$load" hold --cred "$dir/regd/regCred.dat" --count "$SESSIONS" \
	<"$dir/hold" >"$dir/held" &
exec 4>"$dir/hold"
until grep -q held "$dir/held"; do
	sleep 0.05
done
held=$(rss)
exec 4>&-
wait $!
tries=0
until [ "$(rss)" -lt $(((idle + held) / 2)) ] || [ $tries -ge 100 ]; do
	tries=$((tries + 1))
	sleep 0.05
done
echo "regd: memory ${idle} KiB, $(((held - idle) * 1024 / SESSIONS)) bytes" \
	"more for each of $SESSIONS sessions, $(rss) KiB when they are gone"

kill "$pid"
wait "$pid"
began=$(now)
start
ended=$(now)
echo "regd: ready in $(((ended - began) / 1000000)) ms with a journal of" \
	"$(wc -c <"$dir/regd/registry.log") bytes"
