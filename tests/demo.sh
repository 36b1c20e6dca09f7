#!/bin/sh
# SPDX-License-Identifier: MIT
#
# What `make demo` runs: a registry and three nodes form a cluster, each with
# an address of its own on loopback, and the registry is killed and started
# again in the middle.  Uses what a user has: the programs, and a folder.
# Fails if anything is not as it should be.

set -eu
: "${BUILD:=build}"
PATH=$(cd "$BUILD" && pwd):$PATH

registry='' a='' b=''
folder=$(mktemp -d "${TMPDIR:-/tmp}/xl-demo.XXXXXX")
clean()
{
	for pid in $registry $a $b; do
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
show "$* -d a -n a -e 127.0.0.2:7001 -s 3 &"
"$@" -d a -n a -e 127.0.0.2:7001 -s 3 >a.out 2>a.err &
a=$!
show "$* -d b -n b -e 127.0.0.3:7001 &"
"$@" -d b -n b -e 127.0.0.3:7001 >b.out 2>b.err &
b=$!

tries=0
while [ "$(members)" -lt 2 ]; do
	tries=$((tries + 1))
	[ "$tries" -lt 200 ] || fail "a and b did not join"
	sleep 0.05
done

show "kill -9 $registry    # the registry, while a and b wait for c"
kill -9 "$registry"
wait "$registry" 2>/dev/null || :
start_registry xl-regd -d registry -a 127.0.0.1 -p "$port"

show xl-join --list -r regCred.dat -c alpha
xl-join --list -r regCred.dat -c alpha
[ "$(members)" -eq 2 ] || fail "the registry forgot a member"

show "$* -d c -n c -e 127.0.0.4:7001"
"$@" -d c -n c -e 127.0.0.4:7001 >c.out 2>c.err || fail "c did not join"
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
