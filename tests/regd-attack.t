#!/bin/sh
# SPDX-License-Identifier: MIT
#
# What one session, or one mistake of the caller, could do to spoil xl-regd's
# service for others.

. "${0%/*}/lib.sh"
. "$ROOT/tests/net/regd.sh"

# attack JOB OPTION...: on the registry in reg
attack()
{
	job=$1
	shift
	status 0 "$job" "$ROOT/tests/net/attack.py" "$job" \
		--cred reg/regCred.dat "$@"
	diag "$(cat "$T/out" "$T/err")"
}

# --- a session that goes on asking while the registry stops ---

ok "a registry" regd reg
attack flood --pid "$PID" --log reg.err
wait "$PID"
is "$?" 0 "it ends well"

# --- standard error as the ready descriptor ---

# shellcheck disable=SC2086 # XLBOX may be several words
spawn again $XLBOX xl-regd -v -d reg -a 127.0.0.1 -p 0 --ready-fd 2
wait_for grep -qs '^$' again.err
dialect=sealed
cases reg <<-EOF
standard error is not a connection's|regcred bye
EOF
ok "its log goes on" grep -q "RegCredRequest" again.err
ok "it ends well" stop "$PID"

# --- who holds sessions, or descriptors, without saying who it is ---

crowd=10
ok "a registry with 8 sessions" again reg --max-sessions 8 \
	--hello-timeout 9000 --idle-timeout 9000
attack crowd --stage connect --sessions $crowd
attack crowd --stage hello --sessions $crowd
ok "it ends well" stop "$PID"

files=24 crowd=20
ok "a registry with 24 descriptors" again reg --hello-timeout 9000 \
	--idle-timeout 9000
attack crowd --stage connect --sessions $crowd
attack crowd --stage hello --sessions $crowd
ok "it ends well" stop "$PID"

done_testing
