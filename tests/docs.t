#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The documents say what the programs do: synopsis and options of each applet,
# exit statuses, wire numbers, links, citations, and the commands of README.md.

# shellcheck source=tests/lib.sh
. "${0%/*}/lib.sh"
need mandoc perl

# shellcheck disable=SC2086 # XLBOX may be several words
applets="xlbox $($XLBOX --list)"
man=$ROOT/man
readme=$ROOT/README.md

# The manual of applet $1.
page_of()
{
	set -- "$man/$1".[1-8]
	printf '%s\n' "$1"
}

help_of()
{
	if [ "$1" = xlbox ]; then
		# shellcheck disable=SC2086 # XLBOX may be several words
		$XLBOX --help
	else
		xl "${1#xl-}" -h
	fi
}

# Section $2 of page $1 as text, on long lines, words one blank apart.
section()
{
	mandoc -T ascii -O width=900 "$1" | perl -pe 's,.\x08,,g' |
		awk -v want="$2" '
			/^[A-Z]/ { on = $0 == want; next }
			on { $1 = $1; print }'
}

# What -h says of how to call $1: a line a form, the name in front.
help_synopsis()
{
	help_of "$1" | awk -v name="$1" '
		$1 == "Usage:" { sub(/^Usage:/, ""); on = 1 }
		on && $1 != name { exit }
		on { $1 = $1; print }'
}

# Options as "-x, --long ARG", sorted.
help_options()
{
	help_of "$1" | sed -n 's/^  *\(-[-a-zA-Z0-9].*\)/\1/p' | awk '
		{
			line = $0
			sub(/   *.*/, "", line) # two blanks: the help begins
			if (split(line, word, " ") > 3)
				line = word[1] " " word[2] " " word[3]
			if (line !~ /, / && split(line, word, " ") > 2)
				line = word[1] " " word[2]
			print line
		}' | sort
}

page_options()
{
	awk '
		/^\.It Fl / {
			sub(/^\.It /, "")
			gsub(/Fl -/, "--")
			gsub(/Fl /, "-")
			gsub(/ Ar /, " ")
			gsub(/ , /, ", ")
			print
		}' "$1" | sort
}

for applet in $applets; do
	page=$(page_of "$applet")
	if [ ! -f "$page" ]; then
		fail "$applet has a manual"
		continue
	fi
	is "$(section "$page" SYNOPSIS | grep .)" "$(help_synopsis "$applet")" \
		"$applet: one synopsis"
	is "$(page_options "$page")" "$(help_options "$applet")" \
		"$applet: the same options in the manual and in -h"
	ok "$applet: is in README.md" grep -q "(man/${page##*/})" "$readme"
done

for page in "$man"/*.[1-8]; do
	# Pages that this build does not install are found where they are.
	mandoc -T lint -W style "$page" 2>&1 |
		grep -v 'referenced manual not found\|outdated mandoc.db' \
			>"$T/lint"
	is "$(cat "$T/lint")" "" "${page##*/}: mandoc finds nothing"
	sed -n 's/^\.Xr \([^ ]*\) \([0-9]\).*/\1.\2/p' "$page" | sort -u |
		while read -r other; do
			[ -f "$man/$other" ] || case $other in
			sh.1|ssh-*|openssl.*|busybox.*|sha*sum.*|hosts.*|syslog.*) ;;
			*) echo "$other" ;;
			esac
		done >"$T/lost"
	is "$(cat "$T/lost")" "" "${page##*/}: pages that it refers to exist"
done

# Exit statuses: those of the source, in xlbox(1) and in README.md.
sed -n 's/.*\[ERR_[A-Z_]*\] = { \([0-9]*\),.*/\1/p' \
	"$ROOT/core/base/err.c" | sort -nu >"$T/want"
is "$(tr '\n' ' ' <"$T/want")" "0 1 64 65 66 69 71 73 74 75 76 77 " \
	"the exit statuses"
sed -n 's/^| \([0-9]*\) |.*/\1/p' "$readme" | sort -nu >"$T/got"
same "$T/got" "$T/want" "README.md: all exit statuses and no other"
is "$(sed -n 's/^| \([0-9]*\) | .* | yes |$/\1/p' "$readme" | tr '\n' ' ')" \
	"69 75 " "README.md: which are worth another try"
statuses_of()
{
	sed -n '/^\.Sh EXIT STATUS/,/^\.Sh [^E]/s/^\.It \([0-9][0-9]*\).*/\1/p' \
		"$1" | sort -nu
}
statuses_of "$man/xlbox.1" >"$T/got"
same "$T/got" "$T/want" "xlbox(1): all exit statuses and no other"
for applet in ${applets#xlbox }; do
	page=$(page_of "$applet")
	statuses_of "$page" >"$T/got"
	ok "$applet: has exit statuses" grep -qx 0 "$T/got"
	is "$(grep -vxF -f "$T/want" "$T/got")" "" "and no others"
done

# The numbers of messages and fields.
numbers()
{
	sed -n 's/^[[:space:]]*\(optional\|repeated\) *\([a-zA-Z0-9]*\) *\([A-Za-z0-9]*\) *= *\([0-9]*\);.*/\1 \2 \3 \4/p' "$1"
}
numbers "$man/xl-protocol.7" >"$T/got"
for proto in xlreg xlcluster; do
	numbers "$ROOT/proto/$proto.proto"
done >"$T/want"
ok "there are fields to compare" [ -s "$T/want" ]
same "$T/got" "$T/want" "xl-protocol(7): the fields of the messages"

sed -n 's/^[[:space:]]*\([A-Z][A-Za-z]*\) = \([0-9]*\);/\2 \1/p' \
	"$ROOT/proto/xlreg.proto" "$ROOT/proto/xlcluster.proto" >"$T/want"
sed -n '/^Values of Op/,/^\.El/p' "$man/xl-protocol.7" |
	perl -ne 'print "$1 $2\n" while /(\d+) Ta (\w+)/g' >"$T/got"
same "$T/got" "$T/want" "xl-protocol(7): the ops of the messages"

# Refusals that the registry may send are those of the manual.
if [ -d "$ROOT/applets/regd" ]; then
	tr '\n' ' ' <"$man/xl-protocol.7" >"$T/flat"
	for text in "bad key" "bad digital signature" "bad length for nodeID" \
		"bad name" "bad end point" "missing member token or ID" \
		"ID already in use" "member not known to this registry" \
		"missing cluster name or ID" "cluster is full" \
		"cannot find cluster with this ID" \
		"cannot find cluster with this name" \
		"cluster member name already in use" "malformed message" \
		"end point count must be 1 or 2" \
		"invalid msg type for current state"; do
		if grep -qF "Qq $text" "$T/flat" &&
			grep -rqF "\"$text\"" "$ROOT/applets/regd" \
				"$ROOT/core/wire"; then
			pass "$text: in the manual and in the program"
		else
			fail "$text: in the manual and in the program"
		fi
	done
fi

# What members and clients are told, likewise.
tr '\n' ' ' <"$man/xl-protocol.7" >"$T/flat"
for text in busy "no handler" "malformed message" "service unavailable" \
	"invalid msg type for current state"; do
	ok "$text: in the manual" grep -qF "Qq $text" "$T/flat"
	ok "$text: in the program" \
		grep -rqF "\"$text\"" "$ROOT/applets/member"
done

# Where the source says "xl-protocol(7), Section", there is one.
cd "$ROOT" || exit 1
sed -n 's/^\.S[hs] //p' man/xl-protocol.7 | tr '[:upper:]' '[:lower:]' \
	>"$T/sections"
T=$T perl -0777 -ne '
	BEGIN { @s = split /\n/, `cat "$ENV{T}/sections"` }
	s/\n\s*[*#\/]*\s*/ /g;
	while (/xl-protocol\(7\),\s+"?([^".;)]*)/g) {
		my $at = lc $1;
		print "$ARGV: $1\n" unless grep { index($at, $_) == 0 } @s;
	}' core/*/*.[ch] applets/*.[ch] applets/*/*.[ch] \
	proto/* >"$T/lost"
is "$(cat "$T/lost")" "" "sections of xl-protocol(7) that are cited exist"

# Links of README.md, and what must not be in a document.
grep -o ']([^)]*)' README.md | sed 's/^](//; s/)$//; s/#.*//' |
	while read -r link; do
		case $link in
		http*:*|'') ;;
		*) [ -e "$link" ] || echo "$link" ;;
		esac
	done >"$T/lost"
is "$(cat "$T/lost")" "" "README.md: what it links to exists"
for target in demo check install deps help; do
	ok "make $target exists" grep -qE "^([a-z]+ )*$target( [a-z]+)*:" Makefile
done
cd "$T" || exit 1

# The commands of README.md, each machine a folder, on loopback. What one
# cannot do on one machine: scp is cp, and the registry takes any port.
mkdir bin one two three
for applet in ${applets#xlbox }; do
	printf '#!/bin/sh\nexec %s %s "$@"\n' "$XLBOX" "$applet" \
		>"bin/$applet"
	chmod +x "bin/$applet"
done
PATH=$T/bin:$PATH
sed -n 's/^    \(one\|two\|three\)\$ /\1 /p' "$readme" >commands
is "$(wc -l <commands | tr -d ' ')" 6 "README.md: six commands"
grep -qE '^one xl-regd ' commands && pass "README.md: the first is the registry" ||
	fail "README.md: the first is the registry"
number=0
pids=
while read -r machine command; do
	number=$((number + 1))
	command=$(printf '%s\n' "$command" | sed \
		-e 's/ &$//' -e 's/192\.0\.2\./127.0.0./g' \
		-e "s,^scp one:,cp ../one/," \
		-e 's/^xl-regd .*/& -a 127.0.0.1 -p 0/')
	cd "$T/$machine" || exit 1
	case $command in
	xl-regd*)
		# shellcheck disable=SC2086 # a list of words
		spawn_ready registry $command --ready-fd 3 &&
			pass "one: $command" || fail "one: $command"
		registry=$PID
		;;
	xl-join*)
		# shellcheck disable=SC2086 # a list of words
		spawn "join$number" $command -n "$machine" -w 300
		pids="$pids $number:$PID"
		;;
	*)
		# shellcheck disable=SC2086 # a list of words
		ok "$machine: $command" $command
		;;
	esac
done <commands
cd "$T" || exit 1
for pid in $pids; do
	status=0
	wait "${pid#*:}" || status=$?
	is "$status" 0 "join ${pid%:*} ends well"
	[ "$status" -eq 0 ] || diag "$(cat "join${pid%:*}.err")"
done
for machine in one two three; do
	is "$(grep -c '^ *Index:' "$machine/node/cluster.dat")" 3 \
		"$machine knows three members"
	grep -v Self: "$machine/node/cluster.dat" >"$machine.dat"
done
same one.dat two.dat "one and two agree"
same one.dat three.dat "one and three agree"
ok "the registry ends well" stop "$registry"

# make demo, with this program.
mkdir demo
run env BUILD="$T/bin" TMPDIR="$T/demo" sh "$ROOT/tests/demo.sh"
is "$status" 0 "the demo"
[ "$status" -eq 0 ] || diag "$(cat "$T/out" "$T/err")"
out_like 'All three nodes know the same three members' "says that it worked"
is "$(ls "$T/demo")" "" "and leaves nothing behind"

done_testing
