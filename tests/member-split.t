#!/bin/sh
# SPDX-License-Identifier: MIT
#
# xl-member on real hosts, over IPv6 where there is some: even splits, splits
# into three, links that come and go or carry one way only, newcomers, a copy
# of a member, no registry, and a power failure of all.

. "${0%/*}/lib.sh"
[ ! -e /proc/sys/net/ipv6 ] || family=6
. "$ROOT/tests/net/settle.sh"

all="h1 h2 h3 h4 h5 h6"
settle 6 8
for i in $everyone; do
	member "$i" -r reg/regCred.dat
done
ok "six of six see all" see "$everyone" $all

# --- splits without a majority ---

mark
partition h1 h3 h5
ok "three and three: no quorum on either side" hear "$everyone" "no-quorum "
ok "three and three: they see each other" eval \
	'see "1 3 5" h1 h3 h5 && see "2 4 6" h2 h4 h6'
for i in $everyone; do
	ask "$i" status -q && echo "$i"
done >wrong
is "$(cat wrong)" "" "three and three: status says so"
heal
ok "three and three: healed" see "$everyone" $all
ok "three and three: quorum again" hear "$everyone" "quorum "

mark
partition h1 h2 -- h3 h4
ok "three pairs: they see each other" eval \
	'see "1 2" h1 h2 && see "3 4" h3 h4 && see "5 6" h5 h6'
ok "three pairs: no quorum anywhere" hear "$everyone" "no-quorum "
# Two of the pairs find each other, while the third stays away.
partition h1 h2
ok "four and two: they see each other" eval \
	'see "1 2" h1 h2 && see "3 4 5 6" h3 h4 h5 h6'
ok "four and two: quorum for the four" hear "3 4 5 6" "quorum "
ok "four and two: for them alone" quiet "1 2" "quorum "
heal
ok "four and two: healed" see "$everyone" $all

# --- a link that comes and goes ---

for i in 1 2 3 4 5; do
	partition h4 h5 h6
	sleep 0.$i
	heal
	sleep 0.$i
done
ok "now and then: all see all" see "$everyone" $all
# What was lost is sent again, at longer and longer intervals: until then any of
# them may yet be taken to be down.
answered()
{
	ask "$1" send -a -w 30 <joined >answers 2>&1
}
for i in $everyone; do
	ok "now and then: all answer h$i" wait_for answered "$i"
done

# --- one way only ---

mark
if deafen h1 h2; then
	ok "one way: each holds the other down" eval \
		'hear 1 "member-down h2 " && hear 2 "member-down h1 "'
	ok "one way: nobody else does" quiet "3 4 5 6" "member-down "
	heal
	ok "one way: healed" see "$everyone" $all
else
	skip "one way" "the kernel has no means for it"
fi

# --- no registry, and no power ---

mark
stop "$REG"
for i in $everyone; do
	stop "$(pid "$i")" KILL
done
for i in $everyone; do
	member "$i" -r reg/regCred.dat
done
ok "no power: all are back without the registry" see "$everyone" $all
ok "no power: quorum" hear "$everyone" "quorum "

# --- a newcomer ---

mark
registry
identity n7 7 h7
join 7 -w 0 -e "$(end 7)" -e "$(end 7 7002)" >/dev/null
echo 0 >h7.mark
everyone="$everyone 7"
member 7
ok "a newcomer is let in by all" see "$everyone" $all h7
ok "and told of" hear "1 2 3 4 5 6" "member-up h7 .* 7/7 1"
ok "behind the roster" hear "1 2 3 4 5 6" "roster .*/7 1"

# --- a copy of a member ---

mark
cp -r n3 copy
rm -f copy/lock copy/control*
bind=10.77.0.8
[ "$family" = 4 ] || bind=fd00:77::8
on_ready copy h8 xl member -d copy --ready-fd 3 --bind $bind
copy=$PID
strange()
{
	[ "$(grep -c "$bind.* is no member's address" "h$1.err")" -ge 3 ]
}
ok "a copy elsewhere is a stranger" wait_for strange 1
ok "it sees nobody" eval '[ "$(xl member -d copy status --format json |
	jq .up)" = 1 ]'
ok "nobody is taken to be down for it" quiet "$everyone" "member-down "
stop "$copy"

done_testing
