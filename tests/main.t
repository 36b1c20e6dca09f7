#!/bin/sh
# SPDX-License-Identifier: MIT
#
# xlbox: which applet a name chooses, the list, the symlinks, and what every
# applet answers to -h, -V and options that it does not have.

. "${0%/*}/lib.sh"
need perl

# box ARG...: the executable by its own name
box()
{
	# shellcheck disable=SC2086 # XLBOX may be several words
	$XLBOX "$@"
}

# The executable and what it runs under, if anything. Other names for it can
# be tried only where the kernel runs it by itself.
bin=${XLBOX##* }
direct()
{
	[ "$XLBOX" = "$bin" ]
}

applets=$(box --list)
version=$(box -V | sed -n 's/^xlbox (xlbox) //p')

# The list

status 0 "--list" box --list
is "$(grep -cvE '^xl-[a-z]+$' out)" 0 "bare names"
for applet in xl-keygen xl-nodeid; do
	out_like "^$applet\$" "$applet is there"
done
is "$(sort -u out | wc -l)" "$(wc -l <out)" "none twice"
status 0 "xlbox alone" box
for applet in $applets; do
	out_like "^  $applet +[A-Z]" "lists $applet and what it does"
done
like "$version" '^[0-9]+\.[0-9]+' "xlbox has a version"

# Every applet

for applet in $applets; do
	short=${applet#xl-}
	status 0 "$applet -h" box "$applet" -h
	cp out help
	err_is "" "not on standard error"
	like "$(head -n 1 help)" "^Usage: $applet " "begins with its name"
	out_like '^  -h, --help ' "has -h"
	out_like '^  -V, --version ' "has -V"
	is "$(awk 'length > 79' help)" "" "it fits 79 columns"
	status 0 "$applet --help" box "$applet" --help
	same help out "is the same"
	status 0 "xlbox $short -h" box "$short" -h
	same help out "is the same"
	status 0 "xlbox /some/where/$applet -h" box "/some/where/$applet" -h
	same help out "is the same"
	status 0 "$applet -V" box "$applet" -V
	out_is "$applet (xlbox) $version" "name and version"
	status 0 "$applet --version" box "$applet" --version
	out_is "$applet (xlbox) $version" "the same"
	status 64 "$applet --no-such" box "$applet" --no-such
	err_like "^$applet: .*--no-such \(see $applet -h\)\$" "it says so"
	out_is "" "on standard error alone"
	status 64 "$applet -?" box "$applet" "-?"
	if [ -c /dev/full ]; then
		box "$applet" -h >/dev/full 2>err
		is $? 74 "$applet -h on a full disk"
	fi

	# Each option in the text is known, each in the synopsis is in the text.
	sed -n 's/^  \(-.,\|   \) \(--[a-z0-9-]*\).*/\2/p' help | sort >table
	is "$(sort -u table | wc -l)" "$(wc -l <table)" "no option twice"
	sed '/^[A-Z].*\.$/,$d' help | tr -c 'a-zA-Z0-9\n-' ' ' | tr ' ' '\n' |
		grep -E '^--?[a-zA-Z0-9]' | sort -u >named
	is "$(while read -r option; do
		grep -qE -e "^  (-., | *)$option( |\$)" help ||
			grep -qE -e "^  $option, " help || echo "$option"
	done <named)" "" "the synopsis has only options that there are"
done

# What is no applet

status 64 "no applet" box no-such
err_is "xlbox: no applet no-such (see xlbox -h)" "it says so"
status 64 "no option" box --no-such
status 64 "--install without a folder" box --install
err_is "xlbox: option --install needs an argument (see xlbox -h)" "it says so"
status 64 "-f without --install" box -f
status 64 "-f --list" box -f --list
status 64 "--list with --install" box --list --install .
err_is "xlbox: --install goes with -f alone (see xlbox -h)" "it says so"
is "$(find . -type l)" "" "and makes no links"
status 0 "-h" box -h
out_like '^Usage: xlbox ' "is about xlbox"

# Descriptors that the caller closed go to no file

if [ -d /proc/self/fd ]; then
	mkdir closed
	spawn_ready regd sh -c 'exec "$@" 2>&-' sh $XLBOX xl-regd -d closed \
		-a 127.0.0.1 -p 0 --ready-fd 3
	stop "$PID"
	is "$(file_size closed/lock)" 0 "a log without standard error"
	box xl-nodeid -d closed >&- 2>err
	is $? 74 "standard output is closed"
	is "$(cat err)" \
		"xl-nodeid: cannot write standard output: Bad file descriptor" \
		"it says so"
	box xl-nodeid - <&- 2>err
	is $? 66 "standard input is closed"
fi

# Names

if direct; then
	for name in xl-nodeid /a/b/xl-nodeid -xl-nodeid nodeid xlbox-nodeid; do
		run perl -e 'exec { $ARGV[0] } @ARGV[1..$#ARGV]' \
			"$bin" "$name" -V
		case $name in
		xlbox-nodeid) want=xlbox ;;
		*) want=xl-nodeid ;;
		esac
		out_is "$want (xlbox) $version" "called as $name"
	done
	ln -s "$bin" xl-nodeid
	is "$(./xl-nodeid -V)" "xl-nodeid (xlbox) $version" "called by a symlink"
	ln -s "$bin" other
	is "$(./other xl-nodeid -V)" "xl-nodeid (xlbox) $version" \
		"another name, and the applet's behind it"
	# execve with no argv at all: the kernel makes one empty, older ones none.
	if [ "$(uname -m)" = x86_64 ]; then
		status 0 "no argv at all" perl -e '
			my $null = pack "Q", 0;
			syscall 59, $ARGV[0], $null, $null;
			die "execve: $!\n"' "$bin"
		out_like '^Usage: xlbox ' "it lists the applets"
	else
		skip "no argv at all" "the number of execve is not known here"
	fi
fi

# Symlinks

if direct; then
	mkdir -p a/b c
	cp "$bin" a/xlbox
	cp "$bin" c/xlbox
	status 0 "--install" a/xlbox --install a/b
	is "$(ls a/b)" "$(a/xlbox --list | sort)" "a link for each"
	is "$(readlink a/b/xl-nodeid)" ../xlbox "relative"
	is "$(a/b/xl-nodeid -V)" "xl-nodeid (xlbox) $version" "it works"
	status 0 "--install beside" a/xlbox --install a
	is "$(readlink a/xl-nodeid)" xlbox "without a folder"
	status 0 "--install elsewhere" a/xlbox --install c
	is "$(readlink c/xl-nodeid)" ../a/xlbox "over a sibling"
	status 0 "again" c/xlbox --install c
	is "$(readlink c/xl-nodeid)" xlbox "links to an xlbox are replaced"
	rm c/xl-nodeid
	echo mine >c/xl-nodeid
	status 73 "what is not its own" c/xlbox --install c
	err_is "xlbox: cannot create c/xl-nodeid: exists already" "is kept"
	is "$(cat c/xl-nodeid)" mine "as it was"
	rm c/xl-nodeid
	ln -s /bin/true c/xl-nodeid
	status 73 "nor a link to something else" c/xlbox --install c
	is "$(readlink c/xl-nodeid)" /bin/true "as it was"
	status 0 "-f" c/xlbox -f --install c
	is "$(readlink c/xl-nodeid)" xlbox "replaces it"
	status 73 "no such folder" c/xlbox --install c/no
	err_like "^xlbox: cannot .* c/no: No such file or directory\$" "it says so"
	if unshare -r chroot . c/xlbox --list >/dev/null 2>&1; then
		status 66 "without /proc" \
			unshare -r chroot . c/xlbox --install c
		err_is "xlbox: cannot read /proc/self/exe: \
No such file or directory" "it says so"
	else
		skip "without /proc" "no right to chroot"
	fi
	moved=$(pwd)/moved
	mv a "$moved"
	is "$("$moved"/b/xl-nodeid -V)" "xl-nodeid (xlbox) $version" \
		"links last when the tree is moved"
fi

done_testing
