#!/bin/sh
# SPDX-License-Identifier: MIT
#
# That tests/lib.sh waits for readiness as it should in each shell there is:
# whatever other children do meanwhile, and whatever becomes of the process.

. "${0%/*}/lib.sh"

# In another shell: what spawn_ready returns in each case. Process $2 is none of
# its own, though it has the number of what was.
if [ $# -gt 0 ]; then
	# shellcheck disable=SC2034 # of lib.sh
	tap_pids=$2
	# shellcheck disable=SC2034
	tap_adopted=$2:1
	i=0
	while [ $i -lt 50 ]; do
		i=$((i + 1))
		spawn one true
		spawn two sleep 0.001
		spawn three sleep 0.002
		spawn four sleep 0.003
		spawn_ready late sh -c 'echo >&3; exec sleep 60' || echo "$i"
		stop "$PID"
	done
	spawn_ready ended true
	echo "ended: $?"
	spawn_ready missing "$T/missing"
	echo "missing: $?"
	spawn_ready closed sh -c 'exec sleep 60 3>&-'
	echo "closed: $?"
	stop "$PID"
	spawn_ready killed sh -c 'kill -9 $$'
	echo "killed: $?"
	exit
fi

cat >want <<'EOT'
ended: 1
missing: 1
closed: 1
killed: 1
EOT
for shell in sh dash "busybox ash" bash; do
	# shellcheck disable=SC2086 # one word or two
	if command -v ${shell%% *} >/dev/null; then
		spawn other sleep 600
		KEEP=0 $shell "$ROOT/tests/lib.t" there "$PID" >got 2>/dev/null
		same want got "readiness in $shell"
		stop "$PID"
		is "$?" 143 "who is another's child is not killed in $shell"
	else
		skip "readiness in $shell" "it is not installed"
		skip "who is another's child" "it is not installed"
	fi
done
done_testing
