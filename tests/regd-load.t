#!/bin/sh
# SPDX-License-Identifier: MIT
#
# xl-regd under what arrives split, damaged, changed, replayed, too slowly, or
# from many at once, sent by the independent client in tests/net/peer.

. "${0%/*}/lib.sh"
. "$ROOT/tests/net/regd.sh"

# racer JOB OPTION...
racer()
{
	job=$1
	shift
	status 0 "$dialect: $job" "$PEER/racer.py" "$job" \
		--cred reg/regCred.dat --dialect "$dialect" --sk "$sk" "$@"
	[ "$status" -eq 0 ] && diag "$(cat "$T/out")"
}

ok "a registry" regd reg --idle-timeout 900 --message-timeout 300 \
	--hello-timeout 300
REGD=$PID
mkfifo hold-in
"$PEER/racer.py" stop --cred reg/regCred.dat --sk rsa2048-8 <hold-in \
	>hold.out 2>hold.err &
HOLD=$!
exec 9>hold-in
wait_for grep -qs ready hold.out

# What waits for the other end to read is slow among many connections
for dialect in sealed documented prefixed; do
	case $dialect in
	sealed) sk=rsa2048-4 ;;
	documented) sk=rsa2048-6 ;;
	prefixed) sk=rsa2048-7 ;;
	esac
	cases reg --dialect $dialect --sk $sk --bytewise <<-EOF
	one byte at a time|regcred member:name=slow,end=127.0.0.1:1 create:name=bytes-$dialect,size=2 join: get: bye
	EOF
	racer splits --last 300 --step 3
done

for dialect in sealed documented prefixed; do
	case $dialect in
	sealed) sk=rsa2048-4 ;;
	documented) sk=rsa2048-6 ;;
	prefixed) sk=rsa2048-7 ;;
	esac
	racer keys
	racer storm --count 300
	racer mutate --count 300
	racer replay
	racer crowd --name crowd-$dialect
	racer race --name race-$dialect
	racer idle --sessions 500
done

# --- the published clients, and the session there from the start ---

ok "a registry for the Go clients" regd go
for generation in 2014 2015; do
	status 0 "the Go clients of $generation" "$PEER/goclient.py" \
		--cred go/regCred.dat --generation $generation \
		--name "go-$generation" --members 6
done
status 0 "more of them than one reply holds" "$PEER/goclient.py" \
	--cred go/regCred.dat --generation 2015 --name many --members 40
ok "that registry ends well" stop "$PID"

exec 9>&-
wait "$HOLD"
is "$? $(tail -n 1 hold.out | jq -c .ended)" "0 1" \
	"a session held through all of this still answers"
ok "the registry ends well" stop "$REGD"

# --- deadlines, and more than there is room for ---

ok "a registry in a hurry" regd hurry --hello-timeout 1 --message-timeout 1 \
	--idle-timeout 1 --max-sessions 8
for dialect in sealed documented prefixed; do
	case $dialect in
	sealed) damage='cut:1' ;;
	*) damage='badpad:first' ;;
	esac
	cases hurry --dialect $dialect --tries 5 <<-EOF
	half a Hello|--hello cut=1 expect-close
	nearly nothing of one|--hello cut=255 expect-close
	a message that does not end|nowait $damage regcred expect-close
	nothing for long|regcred expect-close
	EOF
done
status 0 "more sessions than may be, one after another" "$PEER/racer.py" \
	idle --cred hurry/regCred.dat --sessions 20 --tries 5
ok "it ends well" stop "$PID"

files=24
ok "a registry with 24 descriptors" regd few --hello-timeout 1
dialect=sealed
status 0 "it takes more sessions than that, one after another" \
	"$PEER/racer.py" idle --cred few/regCred.dat --sessions 40 --tries 5
cases few --tries 5 <<-EOF
a session after that|regcred bye
EOF
ok "it ends well" stop "$PID"
files=

# --- a registry of one dialect ---

for one in sealed documented prefixed; do
	ok "a registry that speaks $one" regd "only-$one" --dialects "$one"
	for dialect in sealed documented prefixed; do
		how=expect-close
		[ $dialect != $one ] || how="regcred bye"
		cases "only-$one" --dialect $dialect <<-EOF
		to one that speaks $one|$how
		EOF
	done
	ok "it ends well" stop "$PID"
done
done_testing
