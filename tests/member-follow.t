#!/bin/sh
# SPDX-License-Identifier: MIT
#
# xl-member -r: members that join, move and change their keys while the others
# run; the registry away, stopped, and without the cluster; strangers that
# knock.

. "${0%/*}/lib.sh"
. "$ROOT/tests/net/identity.sh"
need perl

net=127.$(($$ / 250 % 250 + 1)).$(($$ % 250 + 1))

# registry PORT: sets REG and PORT; its log goes on in registry.log. At an address
# of its own, where nobody's connection takes the port while it is away.
registry()
{
	spawn_ready reg xl regd -d reg -a "$net.100" -p "$1" -v --ready-fd 3 ||
		diag "$(cat reg.err)"
	REG=$PID
	PORT=$(sed -n "s/^$net\.100:\([0-9]*\)\$/\1/p" reg.out)
}

# join NODE N OPTION...: at the address N
join()
{
	node=$1
	host=$net.$2
	shift 2
	xl join -q -r cred -d "$node" -c alpha -e "$host:7001" \
		-e "$host:7002" -w 0 "$@" \
		>"$node.join" 2>&1 || diag "$(cat "$node.join")"
}

# member NODE OPTION...: starts its daemon; events go to NODE.events. It bears
# silence for long: nobody is to be down but who says Bye.
member()
{
	node=$1
	shift
	spawn_ready "$node" xl member -d "$node" -r cred --ready-fd 3 \
		--patience 60000 --probe 60000 \
		-x "echo \"\$XL_EVENT \$XL_MEMBER \$XL_SIZE\" >>$T/$node.events" \
		"$@" || diag "$(cat "$node.err")"
}

# told NODE WORD...: waits for an event
told()
{
	node=$1
	shift
	wait_for grep -qsx "$*" "$node.events"
}

# roster NODE: its cluster.dat without what is its own
roster()
{
	sed '/^ *Self:/d' "$1/cluster.dat"
}

agree()
{
	roster "$1" >"$1.roster" && roster "$2" >"$2.roster" &&
		cmp -s "$1.roster" "$2.roster"
}

# knock N [TIMES]: a stranger at the address 200 + N at a's cluster port, which
# is at the address $home
home=1
knock()
{
	perl -MIO::Socket::INET -e '
		my ($net, $home, $n, $times) = @ARGV;
		for (1 .. $times) {
			my $s = IO::Socket::INET->new(
				PeerAddr => "$net.$home:7001",
				LocalAddr => "$net.$n") or die "$@";
			sysread $s, my $byte, 1; # it closes
		}' "$net" $home $((200 + $1)) "${2:-1}"
}

# looks: how many the registry has seen of a in all
looks()
{
	cat reg.err* | grep -c ': is a$'
}

identity reg 1
identity a 3
identity b 5
identity c 7
registry 0
cp reg/regCred.dat cred

# --- those who join later ---

join a 1 -s 3
join b 2
member a
A=$PID
member b --registry-interval 2
B=$PID
ok "the second joined after the first: it is taken in" \
	told a member-up b 2
ok "after an event that tells of it" told a roster "" 2
ok "cluster.dat has it" agree a b
like "$(cat a/cluster.dat)" '^    Self: 0$' "and still who we are"
is "$(stat -c %a a/cluster.dat)" 644 "for all to read"
join c 3
ok "the third joins" wait_for agree b c
member c
C=$PID
ok "one that asks often takes it in" told b member-up c 3
ok "one that does not is knocked at" told a member-up c 3
ok "all agree" wait_for agree a c
for node in a b c; do
	status 0 "$node: all are up" xl member -d $node wait all
done

# --- one that moves, and one with a new comms key ---

stop "$C"
told a member-down c 3
: >a.events
: >b.events
join c 9
member c
C=$PID
ok "it has moved, and the others find it" told a member-up c 3
told b member-up c 3
like "$(xl member -d a status)" "  c  *$net\\.9:7001  *up " "where it is now"
ok "all agree" agree a c
stop "$C"
told a member-down c 3
told b member-down c 3
: >a.events
: >b.events
cp "$DATA/rsa2048-2.pem" c/ck.pem
join c 9
ok "it has a new key, which is taken over" told b roster "" 3
ok "into cluster.dat" agree b c
member c
C=$PID
ok "and used" told b member-up c 3
ok "who has the old one is dialled" told a member-up c 3

# --- the registry is away ---

stop "$REG"
mv reg.err reg.err.1
ok "it is told" \
	wait_for grep -qs "registry: cannot reach $net\.100:" b.err
cp a/cluster.dat a.dat
cp b/cluster.dat b.dat
knock 1 3
ok "also where somebody knocks" \
	wait_for grep -qs "registry: cannot reach $net\.100:" a.err
for node in a b; do
	status 0 "$node: the cluster goes on" xl member -d $node status -q
	same $node/cluster.dat $node.dat "$node: with what it has"
done
registry "$PORT"
ok "it is back, and followed" wait_for grep -qs 'registry: followed again' \
	b.err
ok "by all" wait_for grep -qs 'registry: followed again' a.err
is "$(grep -c 'registry: cannot reach' b.err)" 1 "all that took one line"
: >a.events
: >b.events
stop "$C"
join c 10
ok "what changes is taken in again" told b roster "" 3
member c
C=$PID
ok "by all" wait_for agree a c
told a member-up c 3

# --- cluster.dat cannot be written ---

stop "$C"
told a member-down c 3
told b member-down c 3
: >a.events
: >b.events
mv b/cluster.dat elsewhere
ln -s ../elsewhere b/cluster.dat
join c 12
ok "what changes is taken in all the same" told b roster "" 3
ok "and it is told" \
	grep -q 'cannot write b/cluster\.dat: not a regular file$' b.err
mv elsewhere b/cluster.dat
ok "it is written as soon as it can be" wait_for agree b c
member c
C=$PID
ok "and the others go on" told b member-up c 3
told a member-up c 3

# --- one that moves while it runs ---

# says WORD FILE: a client's word comes back from a, where this cluster.dat
# has it
says()
{
	[ "$(echo "$1" | xl member --cluster "$2" connect a)" = "$1" ]
}

stop "$A"
told b member-down a 3
: >b.events
member a --service cat --clients any
A=$PID
told b member-up a 3
mkfifo in
spawn stream sh -c 'exec "$@" <in' sh $XLBOX xl-member \
	--cluster b/cluster.dat connect a
STREAM=$PID
exec 4>in
echo before >&4
ok "a client is there" wait_for grep -qx before stream.out
join a 11
knock 1
ok "its look tells it so, and it listens there" \
	wait_for grep -qs "listening at $net\.11:7001\$" a.err
home=11
ok "at once" knock 1
ok "its client port moves, too" grep -q "listening at $net\.11:7002\$" a.err
ok "the others follow" wait_for sh -c \
	"$XLBOX xl-member -d b status | grep -q ' a  *$net\.11:7001  *up '"
status 0 "all are up" xl member -d b wait all
cp b/cluster.dat at11.dat
ok "clients find it there" says hello at11.dat
echo behind >&4
ok "and the one that was there goes on" wait_for grep -qx behind stream.out
exec 4>&-
stop "$STREAM" 0
is $? 0 "to its end"

# Where it should be is another's, for now.
spawn holder perl -MIO::Socket::INET -e '
	my @s = map { IO::Socket::INET->new(LocalAddr => "$ARGV[0]:$_",
		Listen => 1, ReuseAddr => 1) or die "$@" } 7001, 7002;
	open my $f, ">", "held";
	close $f;
	sleep' "$net.13"
HOLDER=$PID
wait_for test -e held
join a 13
knock 1
ok "where it cannot listen: it is told" wait_for grep -qs \
	"cannot listen at $net\.13:7002: .*; it stays at $net\.11:7002\$" a.err
ok "and stays" knock 1
ok "with both ports" says hello at11.dat
stop "$HOLDER"
ok "and goes there when it can" wait_for grep -qs \
	"listening at $net\.13:7002\$" a.err
home=13
ok "with both" knock 1
is "$(grep -c "cannot listen at $net\.13:7001" a.err)" 1 "that took one line"
status 0 "all are up" xl member -d b wait all

# --- strangers ---

: >a.events
stop "$B"
stop "$C"
told a member-down b 3
told a member-down c 3
told a no-quorum "" 3
cp a/cluster.dat a.dat
: >a.events
began=$(date +%s)
before=$(looks)
tries=0
while [ $tries -lt 12 ]; do
	tries=$((tries + 1))
	knock $tries 20
	sleep 0.1
done
wait_for sh -c "[ \$(cat reg.err* | grep -c ': is a\$') -gt $before ]"
count=$(($(looks) - before))
limit=$((($(date +%s) - began) / 10 + 2))
ok "strangers make it look" test "$count" -ge 1
ok "once in ten seconds ($count of $limit)" test "$count" -le "$limit"
is "$(grep -c . a.events)" 0 "and nothing changes"

# --- a registry that hangs ---

# looking: the process of a look, the only child in a group of its own
looking()
{
	LOOK=$(ps -o pid=,pgid= --ppid "$A" | awk '$1 == $2 { print $1 }')
	[ "$LOOK" ]
}

# hangs: a look that has begun behind that, and so comes to no end
hangs()
{
	knock 1
	looking && [ "$LOOK" != "$before" ]
}

kill -s STOP "$REG"
before=
! looking || before=$LOOK
ok "a look that hangs" wait_for hangs
run xl member -d a status
out_like '^\* *0  a .* up ' "does not hold up the daemon"
stop "$A" KILL
ok "it outlives a daemon that is killed" kill -0 "$LOOK"
member a
A=$PID
ok "which starts again all the same" test -n "$(xl member -d a status)"
kill "$LOOK" 2>/dev/null
knock 1
ok "another look hangs" wait_for looking
stop "$A"
is $? 0 "a stop does not wait for it"
not_ok "and it is gone" kill -0 "$LOOK"
kill -s CONT "$REG"
stop "$REG"

# --- another registry with the same keys ---

rm reg/registry.log
registry "$PORT"
member a --registry-interval 1
A=$PID
ok "the cluster is not there: it is told" wait_for grep -qs \
	'refused by the registry: cannot find cluster with this ID' a.err
xl join -q -r cred -d b -c alpha -s 3 -e "$net.2:7001" -w 0 >/dev/null
wait_for sh -c "grep -q ': is b\$' reg.err"
before=$(looks)
wait_for sh -c "[ \$(cat reg.err* | grep -c ': is a\$') -gt $before ]"
same a/cluster.dat a.dat "one of the same name is not taken for it"
stop "$A"
done_testing
