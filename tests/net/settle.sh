# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# For tests of xl-member on real hosts: source it behind lib.sh.
#
#	settle N [SIZE]		makes N + 2 hosts, a registry on h1, and a cluster
#				alpha for SIZE (N) members, which h1 to hN have
#				joined in this order: hI with the folder nI and
#				the index I - 1. Over IPv6 with $family 6.
#	registry		starts it again; its process ID is $REG
#	$everyone		their numbers; what is said of hI is with I
#	end I			the cluster port of hI, and hI's client port
#	join I OPTION...	xl-join on hI
#	member I OPTION...	starts xl-member on hI; its log is hI.err, its
#				process ID is what `pid I` prints. It bears
#				silence for longer than is usual: who waits for
#				its turn on a busy machine is not to be lost
#	ask I WORD...		a subcommand of that daemon
#	see "I..." NAME...	waits until these hold just those up; fails
#				after a while, as do the others here
#	mark			forgets what events there were
#	heard I ERE		whether hI has had such an event since
#	hear "I..." ERE		waits until these have
#	quiet "I..." ERE	whether none of them has
#	addr I NAME		where hI has that member
#	know NAME END		waits until all have it there
#	tell_all I		all but hI look at the registry, and are told to
#				read what they found
#
# An event is a line "EVENT MEMBER ADDRESS UP/SIZE QUORUM". The last message to
# hI is in the file hI.message.

. "$ROOT/tests/net/hosts.sh"
. "$ROOT/tests/net/identity.sh"
: "${family:=4}"
everyone=

end()
{
	if [ "$family" = 6 ]; then
		echo "[fd00:77::$1]:${2:-7001}"
	else
		echo "10.77.0.$1:${2:-7001}"
	fi
}

registry()
{
	on_ready reg h1 xl regd -d reg --ready-fd 3
	# shellcheck disable=SC2034 # for the test
	REG=$PID
}

settle()
{
	need jq /usr/bin/python3
	$XLBOX --list 2>/dev/null | grep -qx xl-member ||
		skip_all "xl-member is not built"
	hosts_make $(($1 + 2)) || skip_all "no switch here"
	cat >hook <<-'EOS'
		#!/bin/sh
		echo "$XL_SEQ $XL_EVENT $XL_MEMBER $XL_MEMBER_ADDR $XL_UP/$XL_SIZE $XL_QUORUM" \
			>>"$1/$XL_SELF.events"
		[ "$XL_EVENT" != message ] || {
			cat >"$1/$XL_SELF.message.new"
			mv "$1/$XL_SELF.message.new" "$1/$XL_SELF.message"
		}
	EOS
	chmod +x hook
	identity reg
	registry
	for i in $(seq "$1"); do
		identity n$i $i h$i
		echo 0 >h$i.mark
		everyone="$everyone${everyone:+ }$i"
	done
	# One after the other for the order; then once more, and each has all.
	for n in $everyone $everyone; do
		join $n -s "${2:-$1}" -w 0 -e "$(end $n)" -e "$(end $n 7002)"
	done >joined
	is "$(grep -c " $1 of ${2:-$1} members" joined)" $(($1 + 1)) \
		"$1 hosts join"
}

# join I OPTION...
join()
{
	i=$1
	shift
	on h$i xl join -r reg/regCred.dat -d n$i -c alpha "$@"
}

# member I OPTION...: starts it on hI; its process ID is in $pidI
member()
{
	i=$1
	shift
	on_ready h$i h$i xl member -d n$i --ready-fd 3 -v -x "$T/hook $T" \
		--probe 3000 "$@" ||
		diag "$(cat h$i.err)"
	eval "pid$i=$PID"
}

# pid I: its process ID
pid()
{
	eval "echo \$pid$1"
}

# ask I WORD...: a subcommand of the daemon on hI
ask()
{
	i=$1
	shift
	xl member -d n$i "$@"
}

# told I: whether hI runs no command
told()
{
	! pgrep -x -P "$(pid "$1")" 'sh|hook' >/dev/null 2>&1
}

# From here on, what the hosts heard before is forgotten.
mark()
{
	for i in $everyone; do
		wait_for told $i
		[ ! -e h$i.events ] || wc -l <h$i.events >h$i.mark
	done
}

# heard I ERE: whether hI has had such an event since the mark
heard()
{
	tail -n +$(($(cat h$1.mark) + 1)) h$1.events | grep -qE "^[0-9]+ $2"
}

# hear "I..." ERE: until each of them has
hear()
{
	for host in $1; do
		wait_for heard "$host" "$2" || {
			diag "h$host did not hear of $2; it heard:" \
				"$(cat "h$host.events")"
			return 1
		}
	done
}

# quiet "I..." ERE: none of them has
quiet()
{
	for host in $1; do
		! heard "$host" "$2" || {
			diag "h$host heard of $2:" "$(cat "h$host.events")"
			return 1
		}
	done
}

# up I NAME...: whether hI holds exactly these up
up()
{
	i=$1
	shift
	[ "$(ask "$i" status --format json 2>/dev/null |
		jq -r '[.members[] | select(.up) | .name] | join(" ")')" = "$*" ]
}

# see "I..." NAME...: until each holds exactly these up
see()
{
	hosts=$1
	shift
	for host in $hosts; do
		wait_for up "$host" "$@" || {
			diag "h$host sees: $(ask "$host" status)"
			diag "$(tail -n 20 "h$host.err")"
			return 1
		}
	done
}

# addr I NAME: where hI has it
addr()
{
	ask "$1" status --format json 2>/dev/null | jq -r --arg name "$2" \
		'.members[] | select(.name == $name) | .endpoints[0]'
}

is_at()
{
	[ "$(addr "$1" "$2")" = "$3" ]
}

# tell_all I: each has what the registry says, but for hI, which has just joined
tell_all()
{
	for host in $everyone; do
		[ $host = "$1" ] || { join $host >/dev/null &&
			kill -s HUP "$(pid $host)"; }
	done
}

# know NAME END: until all have it there
know()
{
	for host in $everyone; do
		wait_for is_at $host "$1" "$2" || {
			diag "h$host has $1 at $(addr $host "$1")"
			return 1
		}
	done
}
