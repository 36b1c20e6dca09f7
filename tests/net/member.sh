# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# For tests of xl-member by the independent members in tests/net/peer: source
# it behind lib.sh. Skips the test where those cannot run. Clusters are made
# by cluster_make, in c/ by convention.
#
#	py_member NAME OPTION...	starts member.py on c/NAME; its log is
#				NAME.out
#	tell NAME COMMAND...	has it do something, and waits until it has
#	logged NAME PATTERN [N]	waits for N lines (1) of the log that match; *
#				is any text
#	told NAME PATTERN	how many such lines there are now
#	member NAME OPTION...	starts xl-member on c/NAME and waits until it is
#				ready; its log is NAME.err
#	happens NAME EVENT [N]	waits for N (1) lines EVENT in the log of this
#				one, as in "member-down m2"
#	happened NAME EVENT	how many there are now
#	is_up NAME OTHER	waits until the latest of OTHER is member-up
#	checks NAME		one check a line "ok ..." or "not ok ..." of
#				NAME.out

. "$ROOT/tests/net/cluster.sh"
PEER=$ROOT/tests/net/peer
/usr/bin/python3 -c 'import cryptography' 2>/dev/null ||
	skip_all "python3-cryptography is not installed"

tell_count=0

py_member()
{
	py_name=$1
	shift
	mkfifo "$py_name.in"
	spawn "$py_name" "$PEER/member.py" -d "c/$py_name" \
		--commands "$py_name.in" "$@"
	wait_for grep -q '^ready ' "$py_name.out"
}

tell()
{
	tell_name=$1
	shift
	tell_count=$((tell_count + 1))
	printf '%s\necho %d\n' "$*" $tell_count >"$tell_name.in"
	case $1 in
	quit) ;;
	*) wait_for grep -q "^ran echo $tell_count\$" "$tell_name.out" ;;
	esac
}

# logged_ere PATTERN: its lines as a regular expression
logged_ere()
{
	printf '^%s$' "$1" | sed 's/[.[]/\\&/g; s/\*/.*/g'
}

told()
{
	grep -c -e "$(logged_ere "$2")" "$1.out"
}

logged()
{
	wait_for told_at_least "$1" "$2" "${3:-1}"
}

told_at_least()
{
	[ "$(told "$1" "$2")" -ge "$3" ]
}

checks()
{
	while IFS= read -r line; do
		case $line in
		"ok "*) pass "${line#ok }" ;;
		*) fail "${line#not ok }" ;;
		esac
	done <"$1.out"
	is "$(cat "$1.err")" "" "$1 has no complaints"
}

member()
{
	member_name=$1
	shift
	spawn_ready "$member_name" xl member -d "c/$member_name" \
		--ready-fd 3 "$@"
}

happened()
{
	grep -cE -e "[Z:] $2 \(" "$1.err"
}

happens()
{
	wait_for happened_at_least "$1" "$2" "${3:-1}"
}

happened_at_least()
{
	[ "$(happened "$1" "$2")" -ge "$3" ]
}

is_up()
{
	wait_for latest_is_up "$1" "$2"
}

latest_is_up()
{
	case $(grep -E -e "[Z:] member-(up|down) $2 \(" "$1.err" |
		tail -n 1) in
	*member-up*) ;;
	*) return 1 ;;
	esac
}
