#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Two members that send each other as much as they can, one with a handler
# that is too slow for it: each message is acknowledged or refused as busy,
# arrives once if it is acknowledged, in the order of its sender, and nobody
# grows or stops.

. "${0%/*}/lib.sh"
. "$ROOT/tests/net/cluster.sh"

SENDERS='1 2 3 4' # at a time, to each member
: "${MESSAGES:=40}" # of each

cluster_make c 2

# start NAME COMMAND: its handler notes each message by COMMAND. It bears silence
# for long: who is down for a while gets no messages, and answers none.
start()
{
	spawn_ready "$1" xl member -d "c/$1" --ready-fd 3 -q \
		--patience 60000 --probe 60000 \
		-x "[ \$XL_EVENT != message ] || { $2; } >>got.$1"
}
# shellcheck disable=SC2016 # for the handler's shell
start m0 'read -r line; echo "$line $(wc -c)"'
M0=$PID
# This one begins when its queue is full, and is slow then.
# shellcheck disable=SC2016
start m1 'until [ -e full ]; do sleep 0.05; done; sleep 0.02
	read -r line; echo "$line $(wc -c)"'
M1=$PID
status 0 "they see each other" xl member -d c/m0 wait all -w 60
status 0 "both" xl member -d c/m1 wait all -w 60

head -c 16000 /dev/zero | tr '\0' x >long

# flood FROM TO SENDER: numbered messages of all lengths, and what became of
# each
flood()
{
	i=0
	while [ "$i" -lt "$MESSAGES" ]; do
		i=$((i + 1))
		len=$(((i * 7919 + $3 * 4001) % 15950))
		{
			echo "$3 $i"
			head -c "$len" long
		} >"part.$1.$3"
		xl member -d "c/$1" send -w 60 "$2" <"part.$1.$3" \
			>"answer.$1.$3" 2>&1
		echo "$? $3 $i $len $(cat "answer.$1.$3")"
	done >"sent.$1.$3"
}

flood_all()
{
	tap_jobs=
	for sender in $SENDERS; do
		flood m0 m1 "$sender" &
		tap_jobs="$tap_jobs $!"
		flood m1 m0 "$sender" &
		tap_jobs="$tap_jobs $!"
	done
	# shellcheck disable=SC2086 # a list
	wait $tap_jobs
}

peak() { awk '/^VmHWM/ { print $2 }' "/proc/$1/status"; }

# acked FROM: sender, number and length of what its receiver has
acked() { cat "sent.$1".* | awk '$1 == 0 { print $2, $3, $4 }' | sort -n; }
has_all()
{
	[ "$(wc -l <"got.$2")" -ge "$(acked "$1" | wc -l)" ]
}

# in_order FILE: the numbers of each sender
in_order()
{
	awk '$2 <= last[$1] { exit 1 } { last[$1] = $2 }' "$1"
}

# check FROM TO
check()
{
	cat "sent.$1".* >all
	is "$(wc -l <all | tr -d ' ')" $((MESSAGES * 4)) \
		"$1: all its messages were answered"
	is "$(grep -vcE '^(0 .* m.: ok|1 .* m.: busy)$' all)" 0 "$1: ok or busy"
	ok "$2 handles them all" wait_for has_all "$1" "$2"
	acked "$1" | sort >want
	sort "got.$2" >got
	same got want "$2: each one that was acknowledged, once"
	ok "$2: in the order of their senders" in_order "got.$2"
}

is_busy() { grep -q busy sent.m0.* 2>/dev/null; }
{
	wait_for is_busy
	: >full
} &
flood_all
check m0 m1
check m1 m0
ok "the slow one was busy at times" is_busy
before="$(peak "$M0") $(peak "$M1")"

rm -f got.* sent.*
flood_all
check m0 m1
check m1 m0
after="$(peak "$M0") $(peak "$M1")"

# has_not_grown BEFORE0 BEFORE1 AFTER0 AFTER1, in KiB
has_not_grown()
{
	[ $(($3 - $1)) -lt 256 ] && [ $(($4 - $2)) -lt 256 ]
}
if [ "$SAN" = 1 ]; then
	skip "memory" "a sanitizer keeps its own"
else
	# shellcheck disable=SC2086 # two numbers each
	ok "memory has not grown: $before, $after KiB" \
		has_not_grown $before $after
fi

ok "m0 ends as it should" stop "$M0"
ok "and m1" stop "$M1"
done_testing
