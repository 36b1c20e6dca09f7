#!/bin/sh
# SPDX-License-Identifier: MIT
#
# How quickly the members of a cluster find each other, miss one, and have it
# back; what they take at rest; their memory; messages between two, and events
# to scripts. All of a cluster run here, so what limits them is mostly RSA: its
# time is measured in the same run, and the ratio is what counts. Beside them,
# where they are installed, serf and tinc (Debian's packages serf and tinc).
#
#	MEMBER_SIZES	of clusters (default 3 8 32 64; none: only the others)
#	MEMBER_RUNS	starts of a cluster of up to 8 (default 30)
#	MEMBER_RUNS_LARGE	and of a larger one (default 5)
#	MEMBER_KILLS	how many are killed (default 20)
#	MEMBER_SECONDS	of rest, and of false alarms (default 30)
#	MEMBER_OTHERS	what is measured beside (default serf tinc)
#	MEMBER_OTHERS_SIZES	(default 8)
#	MEMBER_OTHERS_RUNS	(default 3)

set -eu
: "${BUILD:=build}" "${MEMBER_RUNS:=30}" "${MEMBER_RUNS_LARGE:=5}"
: "${MEMBER_KILLS:=20}" "${MEMBER_SECONDS:=30}" "${MEMBER_OTHERS_RUNS:=3}"
: "${MEMBER_SIZES=3 8 32 64}" "${MEMBER_OTHERS=serf tinc}"
: "${MEMBER_OTHERS_SIZES=8}"
XLBOX=$(cd "$BUILD" && pwd)/xlbox
PATH=$PATH:/usr/sbin
export XLBOX

xl()
{
	app=$1
	shift
	"$XLBOX" "xl-$app" "$@"
}

. tests/net/cluster.sh
NET=$CLUSTER_NET
export NET
bench=$PWD/tests/bench
keys=$BUILD/bench/keys
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' INT TERM

# Identities take longer than all else, so they stay.
cluster_make "$keys" 64
PAIR_MS=$("$BUILD/bench/crypto" "$keys/m0" | awk '
	{ sum += $2 * ($1 == "x25519" ? 4 : 1); text = text " " $1 " " $2 }
	END { print sum; print "member: ms of processor time:" text >"/dev/stderr" }')
FIGURES=$dir/figures
export PAIR_MS FIGURES

# folders SIZE: those of a cluster
folders()
{
	rm -rf "$dir/c"
	mkdir "$dir/c"
	cp "$keys/id" "$dir/c/"
	n=0
	while [ $n -lt "$1" ]; do
		cp -r "$keys/m$n" "$dir/c/"
		n=$((n + 1))
	done
	cluster_make "$dir/c" "$1"
}

# tinc_folders SIZE: the same nodes, each of which dials those before it
tinc_folders()
{
	mkdir "$dir/c/hosts"
	n=0
	while [ $n -lt "$1" ]; do
		{
			printf 'Address = %s\nPort = %d\n' \
				"$(cluster_addr $n)" "$CLUSTER_PORT"
			openssl rsa -in "$dir/c/m$n/ck.pem" -RSAPublicKey_out \
				2>/dev/null
		} >"$dir/c/hosts/m$n"
		n=$((n + 1))
	done
	n=0
	while [ $n -lt "$1" ]; do
		own=$dir/c/m$n/tinc
		mkdir "$own"
		cp "$dir/c/m$n/ck.pem" "$own/rsa_key.priv"
		ln -s ../../hosts "$own/hosts"
		{
			printf 'Name = m%d\nDeviceType = dummy\n' $n
			printf 'BindToAddress = %s\n' "$(cluster_addr $n)"
			m=0
			while [ $m -lt $n ]; do
				printf 'ConnectTo = m%d\n' $m
				m=$((m + 1))
			done
		} >"$own/tinc.conf"
		n=$((n + 1))
	done
}

# measure PROGRAM SIZE MEASURE [RUNS]
measure()
{
	(cd "$dir/c" && "$bench/member.py" "$@")
}

for size in $MEMBER_SIZES; do
	runs=$MEMBER_RUNS
	[ "$size" -le 8 ] || runs=$MEMBER_RUNS_LARGE
	folders "$size"
	measure xl-member "$size" all "$runs"
	case $size in
	8 | 64)
		measure xl-member "$size" kill "$MEMBER_KILLS"
		measure xl-member "$size" hang 2
		measure xl-member "$size" idle "$MEMBER_SECONDS"
		measure xl-member "$size" memory
		;;
	esac
	[ "$size" != 8 ] || measure xl-member "$size" script "$MEMBER_KILLS"
done
if [ "$MEMBER_SIZES" ]; then
	folders 2
	measure xl-member 2 memory
	measure xl-member 2 send 1000
	folders 16
	measure xl-member 16 calm "$MEMBER_SECONDS"
fi

for other in $MEMBER_OTHERS; do
	program=$other
	[ "$other" != tinc ] || program=tincd
	command -v "$program" >/dev/null || continue
	for size in $MEMBER_OTHERS_SIZES; do
		folders "$size"
		[ "$other" != tinc ] || tinc_folders "$size"
		for what in all kill; do
			measure "$other" "$size" $what "$MEMBER_OTHERS_RUNS"
		done
		measure "$other" "$size" hang
		measure "$other" "$size" idle "$MEMBER_SECONDS"
		measure "$other" "$size" memory
	done
done
