#!/bin/sh
# SPDX-License-Identifier: MIT
#
# xl-join and xl-regd on real hosts: over IPv4 and IPv6, on links that lose
# packets, carry small ones, or are cut and healed, and with hosts that move.

. "${0%/*}/lib.sh"
. "$ROOT/tests/net/hosts.sh"
. "$ROOT/tests/net/identity.sh"

need /usr/bin/python3
hosts_make 8 || skip_all "no switch here"
for i in 1 2 3 4 5 6 7 8; do
	identity n$i $i h$i
done
identity reg

# registry: starts it on h1; its process ID is in $REG
registry()
{
	on_ready reg h1 xl regd -d reg --ready-fd 3 || diag "$(cat reg.err)"
	REG=$PID
}

# known_at ENDPOINT...: the credential with these end points, in known
known_at()
{
	printf '\tTcpEndPoint: %s\n' "$@" >known.ends
	sed "/TcpEndPoint: /d
/EndPoints {/r known.ends" reg/regCred.dat >known
}

# join I OPTION...: on hI, with its own folder
join()
{
	i=$1
	shift
	on h$i xl join -r known -d n$i "$@"
}

# spawn_join I OPTION...: the same in the background
spawn_join()
{
	i=$1
	shift
	on_spawn join$i h$i xl join -r known -d n$i "$@"
	pids="$pids $PID"
}

# end_joins: waits for these; $ended has their statuses
end_joins()
{
	ended=
	for pid in $pids; do
		stop "$pid" 0
		ended="$ended${ended:+ }$?"
	done
	pids=
}
pids=

# agree I...: the cluster.dat of these hosts, but for who they are, are one
agree()
{
	for i in "$@"; do
		sed '/^ *Self:/d' "n$i/cluster.dat" >n$i/same &&
			cmp "n$1/same" "n$i/same" || return
	done
}

# seen I NAME: the end points that hI's cluster.dat has for NAME
seen()
{
	awk -v name="$2" '
		$1 == "Name:" { hit = $2 == name }
		hit && $1 == "TcpEndPoint:" { printf "%s%s", sep, $2; sep = " " }
	' "n$1/cluster.dat"
}

# longest NAME: the longest payload that sniff NAME saw
longest()
{
	awk '$6 > n { n = $6 } END { print n + 0 }' "$1.out"
}

# --- both families ---

registry
is "$(tr -d '\r' <reg/regCred.dat | sed -n 's/.*TcpEndPoint: //p' | xargs)" \
	"10.77.0.1:55555$(! hosts_have_ipv6 || echo ' [fd00:77::1]:55555')" \
	"the registry is known at what the host has"
cp reg/regCred.dat known
spawn_join 1 -c both -s 3 -e 10.77.0.1:7001
spawn_join 2 -c both -s 3 -e 10.77.0.2:7001
spawn_join 3 -c both -s 3 -e 10.77.0.3:7001
end_joins
is "$ended" "0 0 0" "three hosts join"
ok "they agree" agree 1 2 3
is "$(seen 3 h2)" 10.77.0.2:7001 "and know each other's address"

for v in 4 6; do
	case $v in
	4) known_at 10.77.0.1:55555 ;;
	6) known_at '[fd00:77::1]:55555' ;;
	esac
	if [ $v = 6 ] && ! hosts_have_ipv6; then
		skip "eight hosts over IPv6" "the kernel has none"
		continue
	fi
	for i in 1 2 3 4 5 6 7 8; do
		end=10.77.0.$i:7001
		[ $v = 4 ] || end="[fd00:77::$i]:7001"
		spawn_join $i -c eight$v -s 8 -e "$end"
	done
	end_joins
	is "$ended" "0 0 0 0 0 0 0 0" "eight hosts over IPv$v"
	ok "eight hosts over IPv$v agree" agree 1 2 3 4 5 6 7 8
	is "$(seen 8 h1)" "$(seen 1 h1)" "IPv$v: they know the first"
done
if hosts_have_ipv6; then
	is "$(seen 8 h1)" '[fd00:77::1]:7001' "at its IPv6 address"
	known_at '[fd00:77::9]:55555' '[fd00:77::1]:55555' 10.77.0.1:55555
	status 0 "an end point that is silent does not keep others waiting" \
		join 2 -c eight6 -w 60
fi

# --- a link that loses packets ---

known_at 10.77.0.1:55555
if lossy h2 20 && lossy h3 20; then
	for i in 2 3 4; do
		spawn_join $i -c lossy -s 3 -e 10.77.0.$i:7001 -w 300
	done
	end_joins
	is "$ended" "0 0 0" "a fifth of all packets is lost: they join"
	ok "and agree" agree 2 3 4
	ok "and packets were lost" test "$(($(lost h2) + $(lost h3)))" -gt 0
	lossy h2 0
	lossy h3 0
else
	skip "a link that loses packets" "the kernel has no means for it"
fi

# --- small packets and small segments ---

mtu h2 576
sniff small h2 55555
status 0 "an MTU of 576: a list of eight" join 2 --list -c eight4 -w 60
is "$(grep -c ' 10.77.0.[1-8]:7001$' out)" 8 "an MTU of 576: all are there"
ok "an MTU of 576: all was seen" sniffed small "$PID"
ok "an MTU of 576: no segment was of more than 536 bytes" \
	test "$(longest small)" -le 536
mtu h2 1500

mss h2 88
mss h1 88
for v in 4 6; do
	if [ $v = 6 ] && ! hosts_have_ipv6; then
		skip "small segments over IPv6" "the kernel has none"
		continue
	fi
	[ $v = 4 ] || known_at '[fd00:77::1]:55555'
	sniff segments h2 55555
	status 0 "small segments: joining over IPv$v" join 2 -c eight$v -w 60
	is "$(grep -c ':7001$' out)" 8 "small segments over IPv$v: all are there"
	ok "small segments over IPv$v: all was seen" sniffed segments "$PID"
	ok "small segments over IPv$v: they were small" \
		test "$(longest segments)" -le 88
	# The Hello is of 256 bytes, and eight tokens with two keys each are
	# of more than 5000.
	ok "small segments over IPv$v: and many" \
		test "$(awk '$6 > 0' segments.out | wc -l)" -gt 60
done
mss h2 0
mss h1 0
known_at 10.77.0.1:55555

# --- partitions ---

partition h1
status 69 "behind a partition" join 2 -c both -w 1
err_like '^xl-join: cannot reach 10.77.0.1:55555: ' "says so"
spawn_join 5 -c healed -s 3 -e 10.77.0.5:7001 -w 300 -v
ok "one that waits is told" wait_for grep -q 'cannot reach' join5.err
ok "and stays" kill -0 "$PID"
heal
spawn_join 6 -c healed -s 3 -e 10.77.0.6:7001 -w 300 -v
ok "the link is healed: it waits for members" \
	wait_for grep -q 'waiting for 1$' join5.err
ok "and so does another" wait_for grep -q 'waiting for 1$' join6.err

# Both have a session now, and the third comes while one of them is cut off.
partition h5
status 0 "the third joins during a partition" \
	join 7 -c healed -e 10.77.0.7:7001 -w 300
stop "${pids##* }" 0
is $? 0 "who is on the registry's side learns of it"
pids=${pids% *}
ok "who is not waits" kill -0 "${pids##* }"
heal
end_joins
is "$ended" 0 "and learns of it when the link is healed"
ok "all three agree" agree 5 6 7

# The registry starts anew where nobody can tell: no reset reaches the client.
spawn_join 5 -c anew -s 2 -e 10.77.0.5:7001 -w 300 -v
ok "one waits" wait_for grep -q 'waiting for 1$' join5.err
partition h5
stop "$REG" KILL
registry
heal
status 0 "another joins at the registry's second life" \
	join 6 -c anew -e 10.77.0.6:7001 -w 300
end_joins
is "$ended" 0 "and the one that waited learns of it"
ok "they agree" agree 5 6

unplug h5
spawn_join 5 -c both5 -s 2 -e 10.77.0.5:7001 -w 300 -v
ok "a host without a link is told" wait_for grep -q 'cannot reach' join5.err
spawn_join 6 -c both5 -s 2 -e 10.77.0.6:7001 -w 300
plug h5
end_joins
is "$ended" "0 0" "and joins when there is one"

# --- hosts that move ---

move h2 10.77.0.102
status 0 "a host with another address" join 2 -c both -e 10.77.0.102:7001
is "$(seen 2 h2)" 10.77.0.102:7001 "says so"
status 0 "another one looks" join 3 -c both
is "$(seen 3 h2)" 10.77.0.102:7001 "and sees it"
is "$(seen 3 h3)" 10.77.0.3:7001 "and is where it was"

named registry.test 10.77.0.1
known_at registry.test:55555
status 0 "the registry by name" join 3 -c both
move h1 10.77.0.101
spawn_join 3 -c moved -s 2 -w 300 -v
ok "it moves: who does not know waits" wait_for grep -q 'cannot reach' join3.err
spawn_join 4 -c moved -s 2 -e 10.77.0.4:7001 -w 300
named registry.test 10.77.0.101
end_joins
is "$ended" "0 0" "and finds it when the name has its new address"

moved()
{
	grep -q '10\.77\.0\.101:55555' reg/regCred.dat
}
kill -s HUP "$REG"
ok "SIGHUP: the registry writes its new address" wait_for moved
unlike "$(cat reg/regCred.dat)" '10\.77\.0\.1:' "and no more the old one"
cp reg/regCred.dat known
status 0 "with which one can join" join 5 -c both5 -w 60
if hosts_have_ipv6; then
	move h1 fd00:77::101
	kill -s HUP "$REG"
	ok "an IPv6 address too" wait_for grep -q 'fd00:77::101]' reg/regCred.dat
	known_at '[fd00:77::101]:55555'
	status 0 "with which one can join" join 5 -c both5 -w 60
else
	skip "an IPv6 address too" "the kernel has none"
fi
cp reg/regCred.dat known
unplug h1
kill -s HUP "$REG"
ok "without an address it says so" \
	wait_for grep -q 'Z no address is known' reg.err
same reg/regCred.dat known "and leaves the credential as it was"
ok "the registry ends with 0" stop "$REG"

done_testing
