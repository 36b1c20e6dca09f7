#!/bin/sh
# SPDX-License-Identifier: MIT
#
# That tests/lib.sh waits for readiness as it should in each shell there is:
# whatever other children do meanwhile, and whatever becomes of the process.

. "${0%/*}/lib.sh"

# In another shell: what spawn_ready returns in each case.
if [ $# -gt 0 ]; then
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
		KEEP=0 $shell "$ROOT/tests/lib.t" there >got 2>/dev/null
		same want got "readiness in $shell"
	else
		skip "readiness in $shell" "it is not installed"
	fi
done
done_testing
