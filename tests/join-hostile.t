#!/bin/sh
# SPDX-License-Identifier: MIT
#
# xl-join against a registry that misbehaves: each fault of tests/net/peer in
# each dialect. The exit status tells what is wrong, cluster.dat stays as it
# was, nothing is printed as a result, and nothing that came from the peer
# reaches a terminal with control characters in it.

. "${0%/*}/lib.sh"

PEER=$ROOT/tests/net/peer
DATA=$ROOT/tests/data
/usr/bin/python3 -c 'import cryptography' 2>/dev/null ||
	skip_all "python3-cryptography is not installed"

mkdir node && chmod 700 node
(umask 077 && cp "$DATA/rsa2048-3.pem" node/ck.pem &&
	cp "$DATA/rsa2048-4.pem" node/sk.pem)
cat >node/node.dat <<EOF
node {
    Name: me
    ID: $(printf '%064d' 7)
    EndPoints {
    }
}
EOF

join()
{
	case $1 in
	--cred) xl join -r cred "$@" ;;
	*) xl join -r cred -d node -c alpha -e 127.0.0.1:7001 -s 3 -n me "$@" ;;
	esac
}

# The control characters in what was printed, but for ends of lines, which
# are CRLF in a credential.
control()
{
	sed 's/\r$//' | tr -d '\n\t\040-\176' | hex
}

# What is wrong with the last run, which was to end with one of $1.
judge()
{
	case ,$1, in
	*,"$status",*) ;;
	*) echo "status $status, want $1" ;;
	esac
	[ -z "$(cat out err | control)" ] || echo "control characters"
	[ "$status" -eq 0 ] || [ ! -s out ] || echo "a result is printed"
	[ "$status" -eq 0 ] || grep -q '^xl-join: ' err || echo "no message"
	cmp -s node/cluster.dat good || echo "cluster.dat is not as it was"
}

# try NAME STATUSES OPTION...
try()
{
	name=$1 want=$2
	shift 2
	run join "$@"
	wrong=$(judge "$want")
	if [ -z "$wrong" ]; then
		pass "$name"
	else
		fail "$name"
		diag "$wrong"
		diag "stderr: $(head -c 2000 err | tr -c '\n\040-\176' '?')"
	fi
}

echo none >fault
spawn hostile "$PEER/hostile.py" --cred cred --fault-file fault --members 1
HOSTILE=$PID
wait_for grep -qs '^ready' hostile.out

status 0 "two of three members, with no fault" join -w 0
ok "cluster.dat is written" cp node/cluster.dat good
"$PEER/hostile.py" --list >faults
ok "there are faults to try" test "$(wc -l <faults)" -gt 100

for dialect in sealed documented prefixed; do
	while read -r fault statuses dialects stage; do
		case ,$dialects, in
		*,"$dialect",*) ;;
		*) continue ;;
		esac
		# silence takes as long as one is ready to wait
		case $statuses in
		75) wait=1 ;;
		*) wait=0 ;;
		esac
		case $stage in
		RegCredRequest) job=--cred ;;
		*) job=-v ;;
		esac
		echo "$fault" >fault
		try "$dialect: $fault" "$statuses" "$job" --dialect $dialect -w $wait
	done <faults
	# the Reply and each answer, cut in two
	failed=
	at=1
	while [ $at -lt 120 ]; do
		echo "none $at" >fault
		run join -w 0 --dialect $dialect
		[ -z "$(judge 0)" ] || failed="$failed $at"
		at=$((at + 2))
	done
	is "$failed" "" "$dialect: answers cut at every other byte"
done

echo token-same-id >fault
rm node/cluster.dat good
run join -w 0
is "$status" 76 "a fault with no cluster.dat before"
not_ok "leaves none behind" test -e node/cluster.dat
is "$(echo node/*)" "node/ck.pem node/node.dat node/sk.pem" \
	"and nothing else"
stop "$HOSTILE"
run join -w 0
is "$status" 69 "nobody listens"
done_testing
