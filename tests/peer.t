#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The independent implementation of the protocol in tests/net/peer, which the
# other tests use as their oracle: against the vectors of openssl, and its
# client against its registry, before it judges any program.

. "${0%/*}/lib.sh"

PEER=$ROOT/tests/net/peer
/usr/bin/python3 -c 'import cryptography' 2>/dev/null ||
	skip_all "python3-cryptography is not installed"

status 0 "the vectors can be computed anew" \
	sh "$ROOT/tests/data/make-vectors.sh" "$T"
for file in "$ROOT"/tests/data/*.hex "$ROOT"/tests/data/*.pub; do
	cmp -s "$file" "$T/${file##*/}" || echo "${file##*/}"
done >differ
is "$(cat differ)" "" "and come out the same"

status 0 "the peer agrees with openssl and with itself" "$PEER/selftest.py"
grep '^not ok' "$T/out" | sed 's/^/# /'
out_like '^1\.\.6[0-9]$' "in all of its own checks"

# hostile NAME FAULT: a registry with its credential in NAME.cred
hostile()
{
	spawn "$1" "$PEER/hostile.py" --cred "$1.cred" --fault "$2"
	HOSTILE=$PID
	wait_for grep -qs '^ready' "$1.out"
}

hostile fair none
n=2
for dialect in documented prefixed sealed; do
	n=$((n + 2))
	client="$PEER/client.py --cred fair.cred --dialect $dialect"
	client="$client --sk rsa2048-$n"
	session="regcred member:name=$dialect,end=127.0.0.1:1
		create:name=c-$dialect,size=2 join:name=c-$dialect
		get:which=all expect:count=1,Which=1 keep-tokens:tokens bye"
	# shellcheck disable=SC2086 # words
	{
	status 0 "$dialect: a whole session" $client $session
	out_like '"signature": "valid"' "$dialect: tokens with signatures"
	status 0 "$dialect: one byte at a time" $client --bytewise $session
	status 0 "$dialect: each write split in two" "$PEER/racer.py" splits \
		--cred fair.cred --dialect "$dialect" --sk "rsa2048-$n" --step 40
	status 0 "$dialect: a refusal, and the close after it" $client \
		member:name=..,end=127.0.0.1:1 "expect-error:bad name"
	status 1 "$dialect: a refusal that no word expects" $client \
		member:name=..,end=127.0.0.1:1
	status 1 "$dialect: another refusal than the one expected" $client \
		member:name=.. "expect-error:bad key"
	status 1 "$dialect: a value that is not as expected" $client \
		regcred expect:count=2
	status 0 "$dialect: a damaged Hello is closed" $client \
		--hello flip=77 expect-close
	status 1 "$dialect: an answered Hello is no close" $client \
		--timeout 0.3 expect-close
	status 0 "$dialect: many damaged messages" "$PEER/racer.py" storm \
		--cred fair.cred --dialect "$dialect" --count 40
	status 0 "$dialect: a race" "$PEER/racer.py" race --cred fair.cred \
		--dialect "$dialect" --sk "rsa2048-$n" --name "r-$dialect"
	}
done
stop "$HOSTILE"

# what the faults do is seen by the client
for fault in reply-short wrong-op-member close-join cut-get; do
	hostile "$fault" "$fault"
	status 1 "hostile.py: $fault is noticed" "$PEER/client.py" \
		--cred "$fault.cred" member:name=a,end=127.0.0.1:1 \
		create:name=alpha join:name=alpha get:which=all bye
	stop "$HOSTILE"
done
done_testing
