# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# Real hosts for a test: network namespaces h1, h2 ... on a switch, which is a
# bridge in a namespace of its own. Source it behind lib.sh. It runs the test
# once more in namespaces of processes, mounts and networks that are its own,
# so that nothing of it outlives the test, not even when that is killed; as
# root, or as anybody where user namespaces are permitted. Skips the test
# where neither is.
#
# hI has the addresses 10.77.0.I/24 and fd00:77::I/64 on its eth0, which sends
# each segment as a packet of its own; the names h1 ... are in /etc/hosts. Neighbours are known for good, so that a
# packet which is lost is followed by silence and by nothing else.
#
#	hosts_make N		makes h1 to hN
#	hosts_have_ipv6		whether the kernel knows IPv6
#	on HOST CMD...		runs CMD (also `xl APPLET ...`) on a host
#	on_spawn NAME HOST CMD...	like spawn of lib.sh
#	on_ready NAME HOST CMD...	like spawn_ready
#	partition HOST... [-- HOST...]...
#				cuts each group off from all others: packets
#				between them are lost; who is in none is in
#				the group of the rest, and how it was before
#				is forgotten
#	estrange HOST HOST	packets between these two are lost; 1 where the
#				kernel cannot
#	deafen HOST HOST	what the second sends to the first is lost; the same
#	heal			ends all of them
#	unplug HOST, plug HOST	takes its interface down, and up again
#	lossy HOST N		N percent of all packets from and to it are
#				lost (0: none); 1 where the kernel cannot
#	lost HOST		how many that were so far, since lossy
#	mtu HOST N		its interface's; there is no IPv6 below 1280
#	mss HOST N		what others may put into a segment to it (0: what
#				its MTU holds)
#	move HOST ADDR		gives it that address, IPv4 or IPv6, in place
#				of what it had
#	hide HOST NAME PORT...	makes a host NAME, 192.168.77.2, behind HOST, which
#				translates addresses: what is sent to these of
#				its TCP ports goes there, and what comes from
#				there seems to be its own; 1 without nft
#	hide_more HOST		from then on what is sent there seems to be its
#				own as well, and nothing else begins there
#	named NAME ADDR		what /etc/hosts says from now on
#	sniff NAME HOST [PORT]	writes the TCP segments at HOST's interface to
#				NAME.out: FROM PORT TO PORT FLAGS BYTES
#				(tests/net/sniff.py); its process ID in $PID
#	sniffed NAME PID	ends that, when all that was seen is written;
#				1 if any was missed

hosts_way="--net --mount --pid --fork --kill-child --mount-proc"
# The switch, and its folder of names: the real one is not ours to write.
hosts_try='mount -t tmpfs none /var/run && ip netns add sw &&
	ip -n sw link add name br0 type bridge &&
	ip -n sw link add name here type veth peer name there'

# The first process in there. It is not the test itself, which would have to
# reap what others leave behind, at any time.
# shellcheck disable=SC2016 # not here
hosts_init='"$@" & wait $!'

# Runs the test once more, inside; here only its end is waited for.
hosts_enter()
{
	need unshare nsenter setpriv ip tc
	[ -e /etc/hosts ] || skip_all "no /etc/hosts to mount another over"
	for hosts_user in "" "--user --map-root-user"; do
		# shellcheck disable=SC2086 # several words
		unshare $hosts_user $hosts_way sh -c "$hosts_try" \
			2>/dev/null || continue
		export XLBOX
		trap - EXIT HUP INT TERM
		# shellcheck disable=SC2086 # several words
		XL_HOSTS=$$ TMPDIR=$T setpriv --pdeathsig KILL \
			unshare $hosts_user $hosts_way sh -c "$hosts_init" \
			sh ${TEST_SH:-sh} "$ROOT/tests/${0##*/}" &
		tap_pids=$!
		tap_traps
		hosts_status=0
		wait "$tap_pids" || hosts_status=$?
		tap_pids=
		exit "$hosts_status"
	done
	skip_all "no right to make network namespaces"
}

[ "${XL_HOSTS:-}" ] || hosts_enter
unset XL_HOSTS
hosts_count=0
# Where rules of the switch send what is to be lost.
hosts_sink="mirred egress redirect dev sink"

hosts_have_ipv6()
{
	[ -e /proc/sys/net/ipv6 ]
}

hosts_batch()
{
	ip -n "$1" -batch -
}

hosts_each()
{
	hosts_i=1
	while [ $hosts_i -le "$hosts_count" ]; do
		"$@" $hosts_i
		hosts_i=$((hosts_i + 1))
	done
}

# Sets $hosts_net to what enters a host's network.
hosts_at()
{
	hosts_net="nsenter --net=/var/run/netns/$1"
}

on()
{
	hosts_at "$1"
	shift
	if [ "$1" = xl ]; then
		hosts_applet=$2
		shift 2
		# shellcheck disable=SC2086 # XLBOX may be several words
		set -- $XLBOX "xl-$hosts_applet" "$@"
	fi
	$hosts_net "$@"
}

# hosts_neigh ADDR I: lines that make the address known as that of hI
hosts_neigh()
{
	echo "neigh replace $1 dev eth0 lladdr 02:00:00:00:77:0$2 nud permanent"
}

# Lines for what goes when the interface goes down.
hosts_neigh4()
{
	hosts_neigh "10.77.0.$1" "$1"
}

hosts_neigh6()
{
	hosts_neigh "fd00:77::$1" "$1"
}

hosts_back()
{
	hosts_each hosts_neigh4
	if on "h$1" test -e /proc/sys/net/ipv6/conf/eth0; then
		echo "addr replace fd00:77::$1/64 dev eth0 nodad"
		hosts_each hosts_neigh6
	fi
}

hosts_add()
{
	ip netns add "h$1" &&
	hosts_batch sw <<-END &&
		link add name p$1 type veth peer name eth0 address 02:00:00:00:77:0$1 netns h$1
		link set p$1 master br0 addrgenmode none up
	END
	{
		echo "link set lo up"
		echo "link set eth0 up gso_max_segs 1"
		echo "addr add 10.77.0.$1/24 dev eth0"
		hosts_back "$1"
	} | hosts_batch "h$1" &&
	printf '%s\n' "10.77.0.$1 h$1" >>"$T/.hosts"
}

hosts_make()
{
	hosts_count=$1
	printf '%s\n' "127.0.0.1 localhost" "::1 localhost" >"$T/.hosts"
	mount -t tmpfs none /var/run && ip netns add sw &&
	mount --bind "$T/.hosts" /etc/hosts &&
	hosts_batch sw <<-END || return
		link set lo up
		link add name br0 type bridge
		link set br0 addrgenmode none up
		link add name sink type veth peer name nowhere
		link set sink addrgenmode none up
		link set nowhere addrgenmode none up
	END
	hosts_number=1
	while [ $hosts_number -le "$1" ]; do
		hosts_add $hosts_number || return
		hosts_number=$((hosts_number + 1))
	done
}

on_spawn()
{
	hosts_start=spawn
	hosts_begin "$@"
}

on_ready()
{
	hosts_start=spawn_ready
	hosts_begin "$@"
}

hosts_begin()
{
	hosts_log=$1
	hosts_at "$2"
	shift 2
	if [ "$1" = xl ]; then
		hosts_applet=$2
		shift 2
		# shellcheck disable=SC2086 # XLBOX may be several words
		set -- $XLBOX "xl-$hosts_applet" "$@"
	fi
	# shellcheck disable=SC2086 # nsenter becomes CMD, so $PID is CMD's
	$hosts_start "$hosts_log" $hosts_net "$@"
}

hosts_off()
{
	ip -n sw link set "p$1" nomaster
}

# hosts_port HOST GROUP
hosts_port()
{
	ip -n sw link set "p${1#h}" master "br$2"
}

hosts_rest()
{
	case " $hosts_named " in
	*" h$1 "*) ;;
	*) hosts_port "h$1" 0 ;;
	esac
}

# Each group has a bridge; a port that changes bridges loses no carrier. First
# all leave, so that no packet passes between those who are to be apart.
# shellcheck disable=SC2120 # of a test
partition()
{
	hosts_named=$*
	hosts_group=1
	hosts_each hosts_off
	for hosts_word in "$@"; do
		if [ "$hosts_word" = -- ]; then
			hosts_group=$((hosts_group + 1))
			continue
		fi
		ip -n sw link add name br$hosts_group type bridge 2>/dev/null
		ip -n sw link set br$hosts_group addrgenmode none up &&
		hosts_port "$hosts_word" $hosts_group || return
	done
	hosts_each hosts_rest
}

# By the source in the Ethernet header, which is in front of where rules look.
deafen()
{
	tc -n sw qdisc add dev "p${1#h}" clsact 2>/dev/null
	# shellcheck disable=SC2086 # several words
	tc -n sw filter add dev "p${1#h}" egress prio 7 protocol all u32 \
		match u16 "0x770${2#h}" 0xffff at -4 action $hosts_sink \
		2>/dev/null
}

estrange()
{
	deafen "$1" "$2" && deafen "$2" "$1"
}

hosts_friend()
{
	tc -n sw filter del dev "p$1" egress prio 7 2>/dev/null
}

heal()
{
	partition
	hosts_each hosts_friend
}

unplug()
{
	ip -n "$1" link set eth0 down
}

plug()
{
	{
		echo "link set eth0 up"
		hosts_back "${1#h}"
	} | hosts_batch "$1"
}

# Where there is no netem: a filter that matches at random, on the way in and
# on the way out, and sends what it hit away.
hosts_lossy_filter()
{
	hosts_code="4,32 0 0 4294963256,37 1 0 $(($2 * 42949672))"
	hosts_code="$hosts_code,6 0 0 4294967295,6 0 0 0"
	for hosts_side in ingress egress; do
		# shellcheck disable=SC2086 # several words
		tc -n sw filter add dev "p${1#h}" $hosts_side protocol all \
			bpf bytecode "$hosts_code" action $hosts_sink ||
			return
	done
}

lossy()
{
	tc -n "$1" qdisc del dev eth0 root 2>/dev/null
	tc -n sw qdisc del dev "p${1#h}" root 2>/dev/null
	tc -n sw qdisc del dev "p${1#h}" clsact 2>/dev/null
	[ "$2" != 0 ] || return 0
	{
		tc -n "$1" qdisc add dev eth0 root netem loss "$2%" &&
		tc -n sw qdisc add dev "p${1#h}" root netem loss "$2%"
	} 2>/dev/null && return
	{
		tc -n sw qdisc add dev "p${1#h}" clsact &&
		hosts_lossy_filter "$@"
	} 2>/dev/null
}

lost()
{
	{
		tc -n "$1" -s qdisc show dev eth0
		tc -n sw -s qdisc show dev "p${1#h}"
		tc -n sw -s filter show dev "p${1#h}" ingress
		tc -n sw -s filter show dev "p${1#h}" egress
	} | awk '
		/^qdisc/ { netem = $2 == "netem" }
		$1 == "action" { filter = 1 }
		netem && /dropped/ { sub(",", "", $7); n += $7 }
		filter && $1 == "Sent" { n += $4; filter = 0 }
		END { print n + 0 }
	'
}

mtu()
{
	ip -n "$1" link set eth0 mtu "$2" && plug "$1"
}

mss()
{
	hosts_mss="advmss $2"
	[ "$2" != 0 ] || hosts_mss=
	# shellcheck disable=SC2086 # two words or none
	ip -n "$1" route replace 10.77.0.0/24 dev eth0 $hosts_mss || return
	! hosts_have_ipv6 || {
		ip -n "$1" -6 route del fd00:77::/64 dev eth0 &&
		ip -n "$1" -6 route add fd00:77::/64 dev eth0 $hosts_mss
	}
}

hosts_tell()
{
	[ "h$1" = "$hosts_who" ] || hosts_neigh "$hosts_new" "${hosts_who#h}" |
		hosts_batch "h$1"
}

move()
{
	hosts_who=$1
	hosts_new=$2
	case $2 in
	*:*)
		ip -n "$1" -6 addr flush dev eth0 scope global &&
		ip -n "$1" addr add "$2/64" dev eth0 nodad || return
		;;
	*)
		ip -n "$1" -4 addr flush dev eth0 &&
		ip -n "$1" addr add "$2/24" dev eth0 || return
		;;
	esac
	hosts_each hosts_tell
}

hide()
{
	command -v nft >/dev/null || return
	hosts_ports=$(shift 2 && echo "$@" | tr ' ' ,)
	ip netns add "$2" &&
	ip -n "$1" link add name inside type veth peer name eth0 netns "$2" &&
	ip -n "$1" addr add 192.168.77.1/24 dev inside &&
	ip -n "$1" link set inside up &&
	hosts_batch "$2" <<-END &&
		link set lo up
		addr add 192.168.77.2/24 dev eth0
		link set eth0 up
		route add default via 192.168.77.1
	END
	on "$1" sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward' &&
	on "$1" nft -f - <<-END 2>/dev/null
		table ip nat {
			chain in {
				type nat hook prerouting priority -100;
				iifname eth0 tcp dport { $hosts_ports } dnat to 192.168.77.2
			}
			chain out {
				type nat hook postrouting priority 100;
				oifname eth0 masquerade
			}
		}
	END
}

hide_more()
{
	on "$1" nft -f - <<-END
		add rule ip nat out oifname inside masquerade
		table ip filter {
			chain forward {
				type filter hook forward priority 0;
				iifname inside ct state new drop
			}
		}
	END
}

# In place: a new file would not be the one that is mounted.
named()
{
	hosts_names=$(awk -v name="$1" '$2 != name' "$T/.hosts")
	printf '%s\n' "$hosts_names" "$2 $1" >"$T/.hosts"
}

sniff()
{
	on_ready "$1" "$2" /usr/bin/python3 -B "$ROOT/tests/net/sniff.py" \
		--ready-fd 3 eth0 ${3+"$3"}
}

sniffed()
{
	stop "$2"
	grep -qx 'end 0' "$T/$1.out"
}
