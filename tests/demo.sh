#!/bin/sh
# SPDX-License-Identifier: MIT
#
# What `make demo` runs: a registry and three nodes form a cluster, each with
# an address of its own on loopback, and the registry is killed and started
# again in the middle.  Then the nodes stay in touch: they send each other a
# message, serve a client, and notice that one of them is killed.  Uses what a
# user has: the programs, and a folder.  Fails if anything is not as it should
# be.

set -eu
: "${BUILD:=build}"
PATH=$(cd "$BUILD" && pwd):$PATH

# Not everybody's: two demos at a time do not meet.
net=127.$(($$ / 200 % 200 + 1)).$(($$ % 200))
registry='' a='' b='' c=''
folder=$(mktemp -d "${TMPDIR:-/tmp}/xl-demo.XXXXXX")
clean()
{
	for pid in $registry $a $b $c; do
		kill "$pid" 2>/dev/null && wait "$pid" || :
	done
	rm -rf "$folder"
}
trap clean EXIT
trap 'exit 1' HUP INT TERM
cd "$folder"

# Prints a command as a user would type it.
show()
{
	printf '\n$ %s\n' "$*"
}

fail()
{
	echo "demo: $*" >&2
	cat ./*.err >&2
	exit 1
}

# Starts the registry and waits until it says that it is ready.
start_registry()
{
	rm -f ready
	mkfifo ready
	show "$* &"
	"$@" --ready-fd 3 >registry.out 2>>registry.err 3>ready &
	registry=$!
	grep -q '' ready || fail "the registry did not start"
	cat registry.out
}

members()
{
	xl-join --list -r regCred.dat -c alpha -w 0 --format hosts 2>/dev/null |
		wc -l
}

start_registry xl-regd -d registry -a 127.0.0.1 -p 0
port=$(sed 's/.*://' registry.out)

show cp registry/regCred.dat .
cp registry/regCred.dat .

set -- xl-join -r regCred.dat -c alpha
show "$* -d a -n a -e $net.2:7001 -e $net.2:7002 -s 3 &"
"$@" -d a -n a -e $net.2:7001 -e $net.2:7002 -s 3 >a.out 2>a.err &
a=$!
show "$* -d b -n b -e $net.3:7001 -e $net.3:7002 &"
"$@" -d b -n b -e $net.3:7001 -e $net.3:7002 >b.out 2>b.err &
b=$!

tries=0
while [ "$(members)" -lt 2 ]; do
	tries=$((tries + 1))
	[ "$tries" -lt 1200 ] || fail "a and b did not join"
	sleep 0.05
done

show "kill -9 $registry    # the registry, while a and b wait for c"
kill -9 "$registry"
wait "$registry" 2>/dev/null || :
start_registry xl-regd -d registry -a 127.0.0.1 -p "$port"

show xl-join --list -r regCred.dat -c alpha
xl-join --list -r regCred.dat -c alpha
[ "$(members)" -eq 2 ] || fail "the registry forgot a member"

show "$* -d c -n c -e $net.4:7001 -e $net.4:7002"
"$@" -d c -n c -e $net.4:7001 -e $net.4:7002 >c.out 2>c.err || fail "c did not join"
cat c.out
wait "$a" || fail "a did not get to know the others"
a=''
wait "$b" || fail "b did not get to know the others"
b=''
for node in a b; do
	printf '\nWhat the xl-join of %s printed:\n' "$node"
	cat "$node.out"
done

for node in a b c; do
	show "grep -v Self: $node/cluster.dat | sha256sum"
	grep -v Self: "$node/cluster.dat" | sha256sum | tee "$node.sum"
done
cmp -s a.sum b.sum && cmp -s a.sum c.sum || fail "the nodes do not agree"
[ "$(grep -c 'Index:' a/cluster.dat)" -eq 3 ] || fail "not three members"

show kill "$registry"
kill "$registry"
wait "$registry" || fail "the registry did not end well"
registry=''
printf '\nAll three nodes know the same three members.\n'

# Starts xl-member on the folder $1, and waits until it is ready.
start_member()
{
	rm -f ready
	mkfifo ready
	show "xl-member -d $1 -x '$tell' --service '$serve' --clients any &"
	NODE=$1 xl-member -d "$1" -x "$tell" --service "$serve" --clients any \
		--ready-fd 3 2>"$1.err" 3>ready &
	member=$!
	grep -q '' ready || fail "xl-member of $1 did not start"
}

# Waits until the command of b was told of an event.
told()
{
	tries=0
	until grep -q "$1" b.events; do
		tries=$((tries + 1))
		[ "$tries" -lt 1200 ] || fail "b was not told: $1"
		sleep 0.05
	done
}

# shellcheck disable=SC2016 # for the shells of xl-member
tell='echo "$XL_EVENT $XL_MEMBER $(cat)" >>$NODE.events'
# shellcheck disable=SC2016
serve='read -r line; echo "$line, $XL_CLUSTER: $NODE speaking"'
start_member a
a=$member
start_member b
b=$member
start_member c
c=$member
show xl-member -d a wait all
xl-member -d a wait all || fail "a does not see all"
show "echo 'hello, you two' | xl-member -d a send -a"
echo 'hello, you two' | xl-member -d a send -a ||
	fail "the message did not arrive"
show "echo 'Good morning' | xl-member --cluster a/cluster.dat connect any"
echo 'Good morning' | xl-member --cluster a/cluster.dat connect any ||
	fail "no member served"
told 'member-up c'
show "kill -9 $c    # c"
kill -9 "$c"
wait "$c" 2>/dev/null || :
c=''
told 'member-down c'
show xl-member -d b status
xl-member -d b status || fail "two of three are no quorum"
show kill "$a" "$b"
kill "$a" "$b"
wait "$a" || fail "a did not end well"
wait "$b" || fail "b did not end well"
a='' b=''
show cat b.events
cat b.events
told 'message a hello, you two'
printf '\nThe nodes stayed in touch, served a client and missed the one that went.\n'
