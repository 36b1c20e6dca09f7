# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# For tests of xl-member: clusters without a registry. Source it behind
# lib.sh.
#
#	cluster_make DIR K [EPCOUNT]	K node folders DIR/m0, DIR/m1, ... of
#				members named so, each with ck.pem, sk.pem,
#				node.dat and cluster.dat (EPCOUNT: 2). What is
#				there already stays the same but for cluster.dat,
#				so a second call makes the cluster larger or
#				smaller.
#	cluster_addr N		the address of member N
#	$CLUSTER_PORT, $CLUSTER_CLIENT_PORT	the same for all
#
#	CLUSTER_NET=A.B.C	the addresses are A.B.C.1 to A.B.C.64 (default:
#				a part of 127.0.0.0/8 for this process alone,
#				so that tests can run at the same time)
#	CLUSTER_BITS=1024	short keys, which are quicker (default 2048)
#	CLUSTER_SIZE=N		room for more members than K
#	CLUSTER_NAME=NAME	instead of alpha

: "${CLUSTER_NET:=127.$(($$ / 250 % 250 + 1)).$(($$ % 250 + 1))}"
: "${CLUSTER_PORT:=7001}" "${CLUSTER_CLIENT_PORT:=7002}"
: "${CLUSTER_BITS:=2048}" "${CLUSTER_NAME:=alpha}"

cluster_addr()
{
	echo "$CLUSTER_NET.$(($1 + 1))"
}

# cluster_ends N EPCOUNT INDENT
cluster_ends()
{
	echo "$3EndPoints {"
	echo "$3    TcpEndPoint: $(cluster_addr "$1"):$CLUSTER_PORT"
	[ "$2" -eq 1 ] ||
		echo "$3    TcpEndPoint: $(cluster_addr "$1"):$CLUSTER_CLIENT_PORT"
	echo "$3}"
}

# cluster_node DIR N EPCOUNT: the identity of one member
cluster_node()
{
	cluster_dir=$1/m$2
	cluster_weak=
	[ "$CLUSTER_BITS" -ge 2048 ] || cluster_weak=--insecure-test-key
	# shellcheck disable=SC2086 # an option or none
	xl keygen -d "$cluster_dir" -n "m$2" -b "$CLUSTER_BITS" \
		--if-missing $cluster_weak || return
	cluster_id=$(xl nodeid -d "$cluster_dir") || return
	{
		printf 'node {\n    Name: m%d\n    ID: %s\n' "$2" "$cluster_id"
		cluster_ends "$2" "$3" "    "
		echo "}"
	} >"$cluster_dir/node.dat"
}

# cluster_member DIR N EPCOUNT: its block in cluster.dat
cluster_member()
{
	cat <<-EOT
		        member {
		            Index: $2
		            Name: m$2
		            ID: $(xl nodeid -d "$1/m$2")
		            Attrs: 0x0000000000000000
		            CommsPubKey: $(xl keygen -y -f "$1/m$2/ck.pem")
		            SigPubKey: $(xl keygen -y -f "$1/m$2/sk.pem")
	EOT
	cluster_ends "$2" "$3" "            "
	echo "        }"
}

# cluster_head SELF K EPCOUNT: the top of a cluster.dat
cluster_head()
{
	cat <<-EOT
		cluster {
		    Name: $CLUSTER_NAME
		    ID: $cluster_own_id
		    Attrs: 0x0000000000000000
		    MaxSize: $cluster_size
		    EPCount: $3
		    Self: $1
		    Members {
	EOT
}

cluster_make()
{
	mkdir -p "$1" || return
	cluster_size=${CLUSTER_SIZE:-$2}
	[ "$cluster_size" -ge 2 ] || cluster_size=2
	[ -e "$1/id" ] || xl nodeid >"$1/id" || return
	cluster_own_id=$(cat "$1/id")
	cluster_n=0
	while [ $cluster_n -lt "$2" ]; do
		cluster_node "$1" $cluster_n "${3:-2}" || return
		cluster_member "$1" $cluster_n "${3:-2}"
		cluster_n=$((cluster_n + 1))
	done >"$1/members" || return
	cluster_n=0
	while [ $cluster_n -lt "$2" ]; do
		{
			cluster_head $cluster_n "$2" "${3:-2}"
			cat "$1/members"
			printf '    }\n}\n'
		} >"$1/m$cluster_n/cluster.dat" || return
		cluster_n=$((cluster_n + 1))
	done
}
