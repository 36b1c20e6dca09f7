#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The processes that do xl-regd's private key operations: who has the keys, who
# may do what, who outlives whom, and what goes on when one is killed.

. "${0%/*}/lib.sh"
. "$ROOT/tests/net/regd.sh"
. "$ROOT/tests/net/helpers.sh"

LOAD=$ROOT/tests/net/load.py

works()
{
	"$PEER/client.py" --cred "$1/regCred.dat" regcred bye >works.out 2>&1
}

# --- who has the keys ---

ok "a registry with no helpers" regd none --workers 0
is "$(children "$PID")" "" "has no children"
run "$ROOT/tests/net/memory.py" "$PID" none/ck.pem none/sk.pem
if [ "$status" = 2 ]; then
	skip "the keys are in its memory" "not permitted to look"
else
	out_like '^none/ck.pem p ' "the keys are in its memory"
fi
stop "$PID"

ok "a registry with helpers" regd keys --workers 2
REGD=$PID
ok "two helpers" wait_for are 2 "$REGD"
ok "it serves" works keys
forgets "$REGD" keys "the keys are not in its memory"
stop "$REGD"

ok "keys made at the first start" spawn_ready made xl regd -d made \
	-a 127.0.0.1 -p 0 --ready-fd 3 --workers 1
forgets "$PID" made "are not in its memory"
stop "$PID"

ok "one a processor, if nothing is said" again keys
ok "are there" wait_for are "$(nproc)" "$PID"
stop "$PID"

# --- what they may do ---

ok "a registry" regd few --workers 2
REGD=$PID
KEEPER=$(children "$REGD")
wait_for are 2 "$REGD"
works few
one=$(helpers "$REGD" | head -n 1)
confined()
{
	[ "$(field "$1" Seccomp)" -gt 0 ]
}
has_files()
{
	[ "$(ls "/proc/$1/fd" | wc -l)" -eq "$2" ]
}
# It may have done nothing yet, not even that.
if [ -z "$EMULATOR" ] && [ -n "$(field "$one" Seccomp)" ]; then
	wait_for confined "$one"
	is "$(field "$one" Seccomp)" \
		"$([ "$(field $$ Seccomp)" = 0 ] && echo 1 || echo 2)" \
		"a helper may read and write only"
else
	skip "a helper may read and write only" "no seccomp here"
fi
if [ -n "$EMULATOR" ]; then
	skip "a helper has one descriptor" "an emulator's are its own"
	skip "the keeper has its helpers'" "an emulator's are its own"
elif ls "/proc/$one/fd" >/dev/null 2>&1; then
	ok "a helper has one descriptor" wait_for has_files "$one" 1
	ok "the keeper has its helpers'" has_files "$KEEPER" 3
else
	skip "a helper has one descriptor" "not permitted to look"
	skip "the keeper has its helpers'" "not permitted to look"
fi
# In a container there is a filter from the start, and no strict mode then.
cat >filtered.py <<'EOT'
import ctypes, os, struct, sys
step = ctypes.create_string_buffer(struct.pack("HBBI", 6, 0, 0, 0x7FFF0000))
filter = struct.pack("HP", 1, ctypes.addressof(step))
prctl = ctypes.CDLL(None).prctl
if prctl(38, 1, 0, 0, 0) or prctl(22, 2, filter):
    sys.exit(9)
if sys.argv[1:]:
    os.execv(sys.argv[1], sys.argv[1:])
EOT
if [ -z "$EMULATOR" ] && /usr/bin/python3 filtered.py; then
	# shellcheck disable=SC2086 # XLBOX may be several words
	ok "a registry in a filter" spawn_ready filtered /usr/bin/python3 \
		filtered.py $XLBOX xl-regd -d keys -a 127.0.0.1 -p 0 \
		--ready-fd 3 --workers 1
	filtered=$PID
	wait_for are 1 "$filtered"
	ok "serves" works keys
	# Linux before 5.9 does not tell how many.
	is "$(field "$(helpers "$filtered")" Seccomp_filters)" \
		"$(field $$ Seccomp_filters | sed 's/.*/2/')" \
		"and its helper has one more"
	stop "$filtered"
else
	skip "a registry in a filter" "none here"
fi
for pid in $(helpers "$REGD") $KEEPER; do
	kill -s TERM "$pid"
	kill -s INT "$pid"
done
ok "signals to all of a group do not end them" works few
like "$(helpers "$REGD")" "^$one\$" "they are the same"

# --- what is killed ---

mkfifo hold.in
spawn hold sh -c 'exec "$@" <hold.in' sh "$LOAD" hold \
	--cred few/regCred.dat --count 5
HOLD=$PID
exec 4>hold.in
ok "sessions are open" wait_for grep -q held hold.out
spawn load "$LOAD" load --cred few/regCred.dat --out acked
acked()
{
	wc -l <acked
}
more()
{
	[ "$(acked)" -gt "$before" ]
}
wait_for test -s acked
killed=0
while [ $killed -lt 20 ]; do
	one=$(helpers "$REGD" | tail -n 1)
	kill -s KILL "$one"
	wait_for are 2 "$REGD" "$one" || break
	killed=$((killed + 1))
done
is "$killed" 20 "helpers are killed while nodes join, and replaced"
before=$(acked)
ok "nodes still join" wait_for more
stop "$PID"
ok "and are there" "$LOAD" check --cred few/regCred.dat --out acked
exec 4>&-
ok "sessions from before go on" stop "$HOLD" 0
is "$(children "$REGD")" "$KEEPER" "the keeper is the same"

kill -s KILL "$KEEPER"
ok "the keeper is killed, and taken note of" wait_for sh -c \
	'[ -z "$(ps -o pid= --ppid "$1")" ]' sh "$REGD"
ok "the helpers go on" works few
stop "$REGD"
is $? 0 "and it ends with 0"

ok "a registry whose processes are all killed" regd all --workers 2
wait_for are 2 "$PID"
for pid in $(children "$PID") $(helpers "$PID"); do
	kill -s KILL "$pid"
done
stop "$PID" 0
is $? 71 "ends with 71"
like "$(cat all.err)" 'the RSA processes were killed$' "and says why"

# --- who outlives whom ---

for signal in TERM KILL; do
	ok "a registry" regd $signal --workers 3
	wait_for are 3 "$PID"
	all="$(children "$PID") $(helpers "$PID")"
	stop "$PID" $signal
	# shellcheck disable=SC2086 # a list
	ok "SIG$signal: no process is left" wait_for gone $all
	ok "SIG$signal: the folder is free" again $signal
	stop "$PID"
done

done_testing
