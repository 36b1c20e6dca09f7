#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Members that are killed, stopped and started at random, while all send to all:
# whatever happens, what they tell is consistent, and left alone they agree.
# CHAOS_SEED=N and CHAOS_ROUNDS=N are for longer searches.

. "${0%/*}/lib.sh"

need md5sum
[ -x /usr/bin/python3 ] || skip_all "no /usr/bin/python3"
[ -d /proc/self/fd ] || skip_all "no /proc"
export CLUSTER_BITS=1024
. "$ROOT/tests/net/cluster.sh"
cluster_make c 3 1 || exit 1

: "${CHAOS_SEED:=1}" "${CHAOS_ROUNDS:=3}"
diag "CHAOS_SEED=$CHAOS_SEED"
run env XLBOX="$XLBOX" /usr/bin/python3 -B "$ROOT/tests/net/chaos.py" \
	"$CHAOS_SEED" "$CHAOS_ROUNDS" 3
is "$status $(cat err)" "0 " "it comes to its end"
while IFS= read -r line; do
	case $line in
	"ok "*) pass "${line#ok }" ;;
	"not ok "*) fail "${line#not ok }" ;;
	*) diag "${line#??}" ;;
	esac
done <out

done_testing
