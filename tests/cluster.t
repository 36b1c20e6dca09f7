#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The clusters that tests of xl-member make (tests/net/cluster.sh), before
# they rest on them.

. "${0%/*}/lib.sh"
. "$ROOT/tests/net/cluster.sh"
need ssh-keygen openssl

# The value of KEY in the member block of member N of a cluster.dat
value() # FILE N KEY
{
	awk -v n="$2" -v key="$3:" '
		$1 == "Index:" { at = $2; found = 1 }
		$1 == key && found && at == n { sub(/^ *[^ ]* /, ""); print; exit }
	' "$1"
}

check_member() # DIR N
{
	own=$1/m$2
	is "$(value "$own/cluster.dat" "$2" ID)" "$(xl nodeid -d "$own")" \
		"member $2: its ID"
	is "$(value "$own/cluster.dat" "$2" Name)" "m$2" "its name"
	is "$(value "$own/cluster.dat" "$2" CommsPubKey)" \
		"$(ssh-keygen -y -f "$own/ck.pem" | cut -d' ' -f1,2)" "its ck"
	is "$(value "$own/cluster.dat" "$2" SigPubKey)" \
		"$(ssh-keygen -y -f "$own/sk.pem" | cut -d' ' -f1,2)" "its sk"
	is "$(sed -n 's/ *Self: //p' "$own/cluster.dat")" "$2" "is itself"
	is "$(sed -n 's/ *TcpEndPoint: //p' "$own/node.dat" | head -n 1)" \
		"$(cluster_addr "$2"):$CLUSTER_PORT" "its end point"
}

status 0 "a cluster of three" cluster_make c 3
is "$(echo c/m*/*)" "$(for m in c/m0 c/m1 c/m2; do
	echo $m/ck.pem $m/cluster.dat $m/node.dat $m/sk.pem
done | tr '\n' ' ' | sed 's/ $//')" "the files of three nodes"
check_member c 0
check_member c 2
is "$(grep -c TcpEndPoint c/m1/cluster.dat)" 6 "two end points each"
is "$(sed -n 's/^    ID: //p' c/*/cluster.dat | sort -u | wc -l)" 1 \
	"one cluster"
is "$(openssl rsa -in c/m0/ck.pem -noout -text 2>&1 |
	grep -c '2048 bit')" 1 "keys of 2048 bits"

cp c/m0/ck.pem first
CLUSTER_BITS=1024 CLUSTER_SIZE=8
status 0 "the same with four and one end point" cluster_make c 4 1
same first c/m0/ck.pem "keeps the keys that are there"
check_member c 3
is "$(grep -c TcpEndPoint c/m1/cluster.dat)" 4 "one end point each"
is "$(sed -n 's/^    MaxSize: //p' c/m3/cluster.dat)" 8 "room for eight"
is "$(openssl rsa -in c/m3/ck.pem -noout -text 2>&1 |
	grep -c '1024 bit')" 1 "a new key, and short"
done_testing
