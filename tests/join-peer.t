#!/bin/sh
# SPDX-License-Identifier: MIT
#
# xl-join with the registry of tests/net/peer when that is faithful: a cluster
# of 64, of which no dialect can send all members in one message, and what is
# seen on a terminal.

. "${0%/*}/lib.sh"

. "$ROOT/tests/net/identity.sh"
/usr/bin/python3 -c 'import cryptography' 2>/dev/null ||
	skip_all "python3-cryptography is not installed"
$XLBOX --list 2>/dev/null | grep -qx xl-join || skip_all "xl-join is not built"

spawn hostile "$ROOT/tests/net/peer/hostile.py" --cred cred --members 63
wait_for grep -qs '^ready' hostile.out

identity old 3
identity new 1
for dialect in prefixed documented sealed; do
	[ $dialect = sealed ] && dir=new || dir=old
	status 0 "$dialect: a cluster of 64" xl join -r cred -d $dir \
		-c all-$dialect -s 64 -e 127.0.0.1:7001 -e 127.0.0.1:7002 \
		--dialect $dialect --format env
	is "$(eval "$(cat out)" && echo "$XL_MEMBERS $XL_SELF $XL_INDEXES")" \
		"64 63 $(seq 0 63 | tr '\n' ' ' | sed 's/ $//')" \
		"$dialect: all are there"
	is "$(grep -c '^ *Index:' $dir/cluster.dat)" 64 "$dialect: and written"
	status 0 "$dialect: a list of 64" xl join --list -r cred \
		-c all-$dialect --dialect $dialect --format hosts
	is "$(sort -u out | wc -l)" 64 "$dialect: has them all"
done

# What comes out of a terminal while one waits for two that never come.
cat >terminal.py <<'EOF2'
import os, pty, sys
out = b""
pid, fd = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
while True:
    try:
        data = os.read(fd, 4096)
    except OSError:
        break
    if not data:
        break
    out += data
sys.stdout.buffer.write(out)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
EOF2
stop "$PID"
spawn few "$ROOT/tests/net/peer/hostile.py" --cred cred --members 1
wait_for grep -qs '^ready' few.out
# waits SECONDS OPTION...: on a terminal; for longer where that was over before
# the registry had said who is there
waits()
{
	seconds=$1
	shift
	for _ in 1 2 3; do
		# shellcheck disable=SC2086 # XLBOX may be several words
		run /usr/bin/python3 terminal.py $XLBOX xl-join -r cred -d new \
			-c few -w "$seconds" "$@"
		grep -q 'no reply' out || break
		seconds=$((seconds * 5))
	done
	is "$status" 75 "time is up on a terminal: $*"
}

waits 3 -s 4 -e 127.0.0.1:7001
is "$(tr '\r' '\n' <out | grep -c 'xl-join: 2 of 4 members, waiting for 2')" \
	1 "progress is shown when it changes"
like "$(tr '\r' '\n' <out)" '^xl-join: timed out with 2 of 4 members$' \
	"and the end on a line of its own"
is "$(tr -d '\r\n\040-\176' <out | hex)" "" "without escape sequences"
waits 1 -q
is "$(tr -d '\r' <out)" "xl-join: timed out with 2 of 4 members" \
	"only the error is shown"
status 0 "-w 0" xl join -r cred -d new -c few -w 0
out_like '^few [0-9a-f]{64} 2 of 4 members$' "takes those who are there"
is "$(grep -c '^ *Index:' new/cluster.dat)" 2 "and writes them"
done_testing
