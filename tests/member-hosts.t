#!/bin/sh
# SPDX-License-Identifier: MIT
#
# xl-member on real hosts: partitions and their healing, hosts that move, hang,
# or cannot be reached, links that lose packets or carry small ones, address
# translation, and a stranger who is to learn nothing.

. "${0%/*}/lib.sh"
. "$ROOT/tests/net/settle.sh"

# --- all up, three of them following the registry ---

settle 5
for i in 1 2 3; do
	member $i -r reg/regCred.dat
done
member 4
member 5
ok "all see all" see "1 2 3 4 5" h1 h2 h3 h4 h5
ok "and have quorum" hear "1 2 3 4 5" "quorum "
for i in 1 2 3 4 5; do
	for j in 1 2 3 4 5; do
		[ $i = $j ] || hear $i "member-up h$j 10.77.0.$j:7001 " ||
			echo "$i $j"
	done
done >unheard
is "$(cat unheard)" "" "and each is told of each"
is "$(sort -n h1.events | sed -n '1s/^\([0-9]* [a-z]*\) .*/\1/p')" "1 start" \
	"the first event is the start"

# --- a partition into three and two ---

mark
partition h4 h5
ok "three of five: told of both others" hear "1 2 3" "member-down h4 "
ok "three of five: both" hear "1 2 3" "member-down h5 "
ok "two of five: told of all three" eval 'hear "4 5" "member-down h1 " &&
	hear "4 5" "member-down h2 " && hear "4 5" "member-down h3 "'
ok "two of five: no quorum" hear "4 5" "no-quorum "
status 1 "two of five: status says so" ask 4 status -q
status 75 "two of five: wait says so" ask 4 wait quorum -w 1
status 0 "three of five: quorum" ask 1 status -q
ok "three of five: it was never lost" quiet "1 2 3" "no-quorum "
ok "three of five: nor a friend" quiet "1 2 3" "member-down h[123] "
ok "two of five: nor a friend" quiet "4 5" "member-down h[45] "
echo over there >text
status 1 "a message to the other side is not sent" \
	sh -c '"$@" <text' sh $XLBOX xl-member -d n1 send -w 5 h4
out_is "h4: not sent: down" "and that is said"
status 0 "one to the same side is" \
	sh -c '"$@" <text' sh $XLBOX xl-member -d n4 send h5
heal
ok "healed: all see all" see "1 2 3 4 5" h1 h2 h3 h4 h5
ok "healed: quorum again" hear "4 5" "quorum "
ok "healed: told of those that are back" eval 'hear "1 2 3" "member-up h4 " &&
	hear "1 2 3" "member-up h5 " && hear "4 5" "member-up h1 "'
ok "healed: quorum was never lost over there" quiet "1 2 3" "no-quorum "
status 0 "healed: messages pass" \
	sh -c '"$@" <text' sh $XLBOX xl-member -d n1 send -a

# --- a process that hangs, a host without a link, one that is killed ---

mark
kill -s STOP "$pid5"
ok "hung: all others are told" hear "1 2 3 4" "member-down h5 "
ok "hung: of it alone" quiet "1 2 3 4" "member-down h[1234] "
kill -s CONT "$pid5"
ok "hung: and it is back" see "1 2 3 4 5" h1 h2 h3 h4 h5

mark
unplug h3
ok "unplugged: all others are told" hear "1 2 4 5" "member-down h3 "
ok "unplugged: of it alone" quiet "1 2 4 5" "member-down h[1245] "
ok "unplugged: itself has no quorum" hear 3 "no-quorum "
plug h3
ok "unplugged: and it is back" see "1 2 3 4 5" h1 h2 h3 h4 h5

mark
stop "$pid2" KILL
ok "killed: all others are told" hear "1 3 4 5" "member-down h2 "
ok "killed: of it alone" quiet "1 3 4 5" "member-down h[1345] "
member 2 -r reg/regCred.dat
ok "killed: and it is back" see "1 2 3 4 5" h1 h2 h3 h4 h5
ok "killed: told of" hear "1 3 4 5" "member-up h2 "

# A host that loses power and is back before anybody noticed: the others are
# left with sessions that nobody ends.
mark
unplug h2
stop "$pid2" KILL
plug h2
member 2 -r reg/regCred.dat
ok "restarted unseen: it sees all" see 2 h1 h2 h3 h4 h5
ok "restarted unseen: all have a session with it" \
	eval 'for i in 1 3 4 5; do ask $i send -w 60 h2 <text >/dev/null ||
		exit; done'

mark
if estrange h1 h2; then
	ok "estranged: each holds the other down" eval \
		'hear 1 "member-down h2 " && hear 2 "member-down h1 "'
	ok "estranged: nobody else does" quiet "3 4 5" "member-down "
	ok "estranged: they hold nobody else down" \
		quiet "1 2" "member-down h[345] "
	heal
	ok "estranged: all is well again" see "1 2 3 4 5" h1 h2 h3 h4 h5
else
	skip "two that cannot reach each other" "the kernel has no means for it"
fi

# --- small packets and segments, from the Hello on ---

head -c 16000 /dev/urandom >long
# carries WHAT: h2 starts anew, and a long message gets through both ways
carries()
{
	stop "$pid2"
	member 2 -r reg/regCred.dat
	ok "$1: all see all" see "1 2 3 4 5" h1 h2 h3 h4 h5
	rm -f h*.message
	status 0 "$1: a long message from it" \
		sh -c '"$@" <long' sh $XLBOX xl-member -d n2 send -w 60 -a
	status 0 "$1: and to it" \
		sh -c '"$@" <long' sh $XLBOX xl-member -d n3 send -w 60 h2
	for i in 1 2 3 4 5; do
		wait_for test -e h$i.message && cmp long h$i.message
	done >differ 2>&1
	is "$(cat differ)" "" "$1: they are as they were sent"
}

mtu h2 576
carries "an MTU of 576"
mtu h2 1500
mss h2 88
sniff segments h2 7001
sniff=$PID
carries "segments of 88 bytes"
ok "segments of 88 bytes: all was seen" sniffed segments "$sniff"
is "$(awk '$1 != "10.77.0.2" && $6 > 88' segments.out)" "" \
	"segments of 88 bytes: none was longer"
mss h2 0

# --- a link that loses packets ---

mark
if lossy h2 5; then
	lost_enough()
	{
		ask 1 send -w 60 h2 <text >/dev/null
		ask 2 send -w 60 h5 <text >/dev/null
		[ "$(lost h2)" -ge 40 ]
	}
	ok "5 percent are lost" wait_for lost_enough
	ok "and nobody is taken to be down" quiet "1 2 3 4 5" "member-down "
	lossy h2 0
else
	skip "5 percent are lost" "the kernel has no means for it"
	skip "and nobody is taken to be down" "the kernel has no means for it"
fi

# --- clients ---

# client WORD...: h6, which is no member, as a client
client()
{
	on h6 xl member --cluster n1/cluster.dat connect "$@"
}

for i in 1 2 3; do
	stop "$(pid $i)"
	member $i -r reg/regCred.dat --service cat --clients any
done
head -c 300000 /dev/urandom >bulk
mtu h2 576
lossy h2 3 || diag "no packets are lost: the kernel has no means for it"
run client h2 <bulk
is "$status" 0 "a client far away"
same out bulk "has back what it sent"
lossy h2 0
mtu h2 1500

mkfifo in
on_spawn client h6 sh -c 'exec "$@" <in' sh $XLBOX xl-member \
	--cluster n1/cluster.dat connect h2
client=$PID
exec 4>in
echo one >&4
ok "a client is served" wait_for grep -qx one client.out
unplug h2
echo two >&4
plug h2
ok "a link that was away: the stream goes on" wait_for grep -qx two client.out
unplug h2
stop "$pid2" KILL
plug h2
member 2 -r reg/regCred.dat
echo three >&4
stop "$client" 0
is $? 69 "a member that started anew: the client is told"
exec 4>&-

partition h1 h2
status 0 "any member, where two of three are out of reach" \
	sh -c 'echo here | "$@"' sh nsenter --net=/var/run/netns/h6 $XLBOX \
	xl-member --cluster n1/cluster.dat connect any -w 60
out_is here "is the one that can be reached"
heal
ok "and all see all" see "1 2 3 4 5" h1 h2 h3 h4 h5

# --- address translation ---

# h5 is known at an address that only its neighbour has.
if hide h5 in5 7001 7002; then
	stop "$pid5"
	on_ready h5 in5 xl member -d n5 --ready-fd 3 -v -x "$T/hook $T" \
		--bind 192.168.77.2 || diag "$(cat h5.err)"
	pid5=$PID
	ok "translated: all see all" see "1 2 3 4 5" h1 h2 h3 h4 h5
	is "$(addr 1 h5)" 10.77.0.5:7001 "translated: at the outer address"
	# Now that it cannot begin, and cannot tell who does, ...
	stop "$pid5"
	hide_more h5
	on_ready h5 in5 xl member -d n5 --ready-fd 3 -v -x "$T/hook $T" \
		--bind 192.168.77.2 || diag "$(cat h5.err)"
	refused()
	{
		ask 1 status --format json | jq -e '.members[] |
			select(.name == "h5") | (.up | not) and .last_error' \
			>/dev/null
	}
	ok "an address of nobody's: not let in" wait_for refused
	ok "an address of nobody's: sees none" up 5 h5
	stop "$PID"
	# ... it has to let in who comes.
	on_ready h5 in5 xl member -d n5 --ready-fd 3 -v -x "$T/hook $T" \
		--bind 192.168.77.2 --any-address || diag "$(cat h5.err)"
	pid5=$PID
	ok "any address: all see all" see "1 2 3 4 5" h1 h2 h3 h4 h5
	stop "$pid5"
	on h5 nft flush ruleset
	member 5
	ok "not translated: all see all" see "1 2 3 4 5" h1 h2 h3 h4 h5
else
	skip "address translation" "no nft, or the kernel has no means for it"
fi

# --- strangers ---

sniff stranger h1 7001
sniff=$PID
cat >knock.py <<'EOS'
import os, socket, sys
# Whatever is sent, until the other end closes; what comes back is printed.
s = socket.create_connection((sys.argv[1], 7001))
try:
    s.sendall(os.urandom(int(sys.argv[2])))
    print(len(s.recv(65536)))
except OSError:
    print(0)
EOS
for n in 0 1 255 256 257 4096; do
	is "$(on h7 /usr/bin/python3 knock.py 10.77.0.1 $n)" 0 \
		"a stranger who sends $n bytes gets nothing"
done
if [ -e "$ROOT/tests/net/peer/stranger.py" ] &&
	/usr/bin/python3 -c 'import cryptography' 2>/dev/null; then
	status 0 "nor one with the Hello of a member" on h7 \
		"$ROOT/tests/net/peer/stranger.py" -d n2 --at h1 \
		--outside 10.77.0.7 cluster/outside
else
	skip "nor one with the Hello of a member" "no python3-cryptography"
fi
members_talked()
{
	grep -qE '^10\.77\.0\.1 .* [1-9][0-9]*$' stranger.out
}
ok "what members send is seen" wait_for members_talked
ok "all was seen" sniffed stranger "$sniff"
is "$(awk '$1 == "10.77.0.1" && $3 == "10.77.0.7" && $6 > 0' stranger.out)" "" \
	"not one byte went to the stranger"
ok "who was seen to connect" grep -q '^10.77.0.7 [0-9]* 10.77.0.1 7001 S 0$' \
	stranger.out
# --- hosts that move ---

# h1 to h3 learn of it from the registry, h4 and h5 are told.
mark
stop "$pid2"
move h2 10.77.0.102
status 0 "h2 joins from another address" \
	join 2 -e 10.77.0.102:7001 -e 10.77.0.102:7002
member 2
for i in 1 3; do
	ok "h$i learns of it from the registry" wait_for is_at $i h2 10.77.0.102:7001
done
ok "and is told" hear "1 3" "roster "
for i in 4 5; do
	join $i >/dev/null
	kill -s HUP "$(pid $i)"
	ok "SIGHUP: h$i has it" wait_for is_at $i h2 10.77.0.102:7001
done
ok "and all see all" see "1 2 3 4 5" h1 h2 h3 h4 h5
like "$(cat n1/cluster.dat)" 10.77.0.102:7001 "h1 has written it"
is "$(grep -c 10.77.0.2: n1/cluster.dat)" 0 "in place of the old one"

# Without a restart: it listens where its new cluster.dat says.
mark
move h3 10.77.0.103
status 0 "h3 moves while it runs" \
	join 3 -e 10.77.0.103:7001 -e 10.77.0.103:7002
kill -s HUP "$pid3"
for i in 2 4 5; do
	join $i >/dev/null
	kill -s HUP "$(pid $i)"
done
ok "all know its new address" know h3 10.77.0.103:7001
# The old sessions have nobody at the other end: a message finds out.
# talks I: all others have a session with hI by which a message passes
talks()
{
	for i in 1 2 3 4 5; do
		[ $i = "$1" ] || ask $i send -w 20 "h$1" <text >/dev/null 2>&1 ||
			return
	done
}
ok "and talk to it there" wait_for talks 3
ok "and all see all" see "1 2 3 4 5" h1 h2 h3 h4 h5

# By a name: who is there is found when the name has another address.
stop "$pid5"
status 0 "h5 is known by its name" join 5 -e h5:7001 -e h5:7002
member 5
tell_all 5
ok "and so all know it" know h5 h5:7001
ok "and all see all" see "1 2 3 4 5" h1 h2 h3 h4 h5
stop "$pid5"
move h5 10.77.0.105
status 71 "the address of its name is not there yet: it ends" \
	on h5 xl member -d n5
err_like "10\.77\.0\.5:7001 is no address of this machine" "and says so"
grep -v ' h5$' "$T/.hosts" >nameless
cat nameless >"$T/.hosts"
status 69 "nor is its name: it ends" on h5 xl member -d n5
err_like "cannot resolve h5: no such name" "and says so"
echo "10.77.0.205 h5" >>"$T/.hosts"
echo "10.77.0.105 h5" >>"$T/.hosts"
member 5
ok "the name has two addresses, one of them its own: all see all" \
	see "1 2 3 4 5" h1 h2 h3 h4 h5
named h5 10.77.0.105
# The same while it runs: it is told to look, ...
stop "$pid5"
member 5 --service cat --clients any
ok "served: all see all" see "1 2 3 4 5" h1 h2 h3 h4 h5
move h5 10.77.0.115
named h5 10.77.0.115
kill -s HUP "$pid5"
ok "the name leads elsewhere, SIGHUP: it is there" \
	wait_for grep -qs 'listening at 10\.77\.0\.115:7001$' h5.err
ok "so are its clients" wait_for grep -qs \
	'listening at 10\.77\.0\.115:7002$' h5.err
status 0 "and served" sh -c 'echo here | "$@"' sh nsenter \
	--net=/var/run/netns/h6 $XLBOX xl-member --cluster n1/cluster.dat \
	connect h5
out_is here "as before"
ok "and all talk to it there" wait_for talks 5
ok "and see all" see "1 2 3 4 5" h1 h2 h3 h4 h5
# ... or finds out when it is alone, and the name comes later than the address.
mark
move h5 10.77.0.125
ok "the address is another: it is alone" hear 5 "no-quorum "
named h5 10.77.0.125
ok "the name leads there: it is there by itself" \
	wait_for grep -qs 'listening at 10\.77\.0\.125:7001$' h5.err
ok "and all talk to it there" wait_for talks 5
ok "and see all" see "1 2 3 4 5" h1 h2 h3 h4 h5

# Others come to it from IPv4 addresses of theirs that its end point cannot
# tell of, so it has to let in any.
if hosts_have_ipv6; then
	stop "$pid4"
	status 0 "h4 goes over to IPv6" \
		join 4 -e '[fd00:77::4]:7001' -e '[fd00:77::4]:7002'
	member 4 --any-address
	tell_all 4
	ok "all know its new address" know h4 '[fd00:77::4]:7001'
	ok "and all see all" see "1 2 3 4 5" h1 h2 h3 h4 h5
else
	skip "h4 goes over to IPv6" "the kernel has none"
fi

# --- all stop ---

mark
for i in 5 4 3 2 1; do
	ok "h$i stops with 0" stop "$(pid $i)"
	ok "h$i: the stop event ran" heard $i "stop "
done

done_testing
