# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# What every black-box test stands on. POSIX sh: dash and busybox ash run it.
# A test begins with
#
#	#!/bin/sh
#	. "${0%/*}/lib.sh"
#
# and ends with `done_testing`. In between it has:
#
# Places
#	$T	a temporary folder, which is also the working folder; removed at
#		the end (kept and named when KEEP=1)
#	$ROOT	the top of the source tree
#	$XLBOX	the program under test; may be several words, as in
#		"qemu-aarch64-static build/aarch64/xlbox". Paths without spaces.
#
# Running
#	xl APPLET ARG...	runs `$XLBOX xl-APPLET ARG...`
#	by_name			makes the applets commands of the shell and of what
#				it starts, by their own names, in $T/bin
#	run CMD...		runs CMD, keeps its standard output in $T/out, its
#				standard error in $T/err and its status in $status;
#				always succeeds, so `run xl join ...; is ...`
#	spawn NAME CMD...	starts CMD (also `xl APPLET ...`) in the background,
#				output to $T/NAME.out and $T/NAME.err, input from
#				/dev/null; its process id is in $PID. SIGINT is
#				ignored in what a shell starts so (POSIX).
#	spawn_ready NAME CMD...	the same, but CMD is to tell its readiness on
#				descriptor 3 (--ready-fd 3); returns 0 when it has,
#				1 when it ended or closed 3 without a newline;
#				descriptor 8 is closed then
#	stop PID [SIGNAL]	sends SIGNAL (default TERM; 0 is none), waits for the
#				end of the process, and returns its status (128 + N:
#				signal N)
#	adopt PID		has a process that something else has started killed
#				at the end, if it is still there
#	wait_for CMD...		runs CMD until it succeeds, 20 times a second and for
#				at most $WAIT_TRIES tries (default 1200, a minute);
#				1 when it never did
#	What is left of spawn at the end of the test is killed.
#
# Checking; each prints one line of TAP and says on failure what it saw
#	ok NAME CMD...		CMD succeeds
#	not_ok NAME CMD...	CMD fails, and not by a signal
#	is GOT WANT NAME	the strings are the same
#	isnt GOT OTHER NAME	they differ
#	like GOT ERE NAME	GOT holds a line that matches (grep -E)
#	unlike GOT ERE NAME	no line matches
#	same FILE FILE NAME	the files hold the same bytes
#	status WANT NAME CMD...	`run CMD`, and its status is WANT
#	out_is TEXT NAME	the standard output of the last run or status is
#				TEXT (without the newlines at its end)
#	out_like ERE NAME	a line of it matches
#	err_is, err_like	the same for standard error
#	pass NAME, fail NAME	for conditions of the test's own
#	skip NAME WHY		one check that cannot be made here
#	skip_all WHY		the whole file cannot run here; ends the test
#	need CMD...		skip_all unless all these programs are there
#	diag TEXT...		a comment in the output
#
# Bytes
#	hex < FILE		the bytes as lower-case hex, no white space
#	unhex HEX > FILE	and back
#	flip FILE BIT		inverts a bit of the file in place: bit BIT%8
#				(0 is the lowest) of byte BIT/8
#	file_size FILE		its length in bytes
#
# In a sanitizer build (SAN=1 in the environment) a report of any process that
# the test started fails the test, whatever the process was. After
# `leaks_unchecked` what is started does not look for leaks at its end: that
# would hang where a supervisor sends SIGCONT behind SIGTERM.

set -u
LC_ALL=C
TZ=UTC
export LC_ALL TZ
unset NOTIFY_SOCKET CDPATH
umask 022

ROOT=$(cd "${0%/*}/.." && pwd)
: "${XLBOX:=build/xlbox}"
: "${SAN:=0}" "${KEEP:=0}" "${EMULATOR:=}" "${WAIT_TRIES:=1200}"

T=$(mktemp -d "${TMPDIR:-/tmp}/xl-test.XXXXXX") || exit 1
T=$(cd "$T" && pwd -P)

xl_words=
for xl_word in $XLBOX; do
	case $xl_word in
	/*) ;;
	*/*) xl_word=$ROOT/$xl_word ;;
	esac
	xl_words="$xl_words $xl_word"
done
XLBOX=${xl_words# }

tap_count=0
tap_failed=0
tap_pids=
tap_adopted=
status=0
PID=

if [ "$SAN" = 1 ]; then
	ASAN_OPTIONS=exitcode=99:log_path=$T/.san${ASAN_OPTIONS:+:$ASAN_OPTIONS}
	UBSAN_OPTIONS=exitcode=99:log_path=$T/.san:print_stacktrace=1
	export ASAN_OPTIONS UBSAN_OPTIONS
	# Who is traced cannot stop its own threads to look for leaks.
	if command -v strace >/dev/null; then
		strace()
		{
			command strace -E \
				"ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0" "$@"
		}
	fi
fi

leaks_unchecked()
{
	[ "$SAN" = 0 ] || ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0
}

diag()
{
	printf '%s\n' "$*" | sed 's/^/# /'
}

pass()
{
	tap_count=$((tap_count + 1))
	printf 'ok %d - %s\n' "$tap_count" "$1"
}

fail()
{
	tap_count=$((tap_count + 1))
	tap_failed=$((tap_failed + 1))
	printf 'not ok %d - %s\n' "$tap_count" "$1"
}

skip()
{
	tap_count=$((tap_count + 1))
	printf 'ok %d - %s # SKIP %s\n' "$tap_count" "$1" "$2"
}

skip_all()
{
	printf '1..0 # SKIP %s\n' "$*"
	exit 0
}

need()
{
	for tap_program in "$@"; do
		command -v "$tap_program" >/dev/null ||
			skip_all "$tap_program is not installed"
	done
}

xl()
{
	xl_applet=$1
	shift
	# shellcheck disable=SC2086 # XLBOX may be several words
	$XLBOX "xl-$xl_applet" "$@"
}

by_name()
{
	mkdir -p "$T/bin"
	for xl_applet in $($XLBOX --list); do
		case $XLBOX in
		*' '*)
			printf '#!/bin/sh\nexec %s %s "$@"\n' "$XLBOX" \
				"$xl_applet" >"$T/bin/$xl_applet"
			chmod +x "$T/bin/$xl_applet"
			;;
		*) ln -s "$XLBOX" "$T/bin/$xl_applet" ;;
		esac
	done
	PATH=$T/bin:$PATH
}

# As xl, but in place of the shell, so that a process id is the program's own.
tap_exec()
{
	if [ "$1" = xl ]; then
		xl_applet=$2
		shift 2
		# shellcheck disable=SC2086 # XLBOX may be several words
		exec $XLBOX "xl-$xl_applet" "$@"
	fi
	exec "$@"
}

run()
{
	status=0
	"$@" >"$T/out" 2>"$T/err" || status=$?
}

# Between fork and exec a signal must not find the test's own handlers: the
# child would swallow it. So they are off while it starts.
spawn()
{
	tap_log=$1
	shift
	# Here, not in the background: who waits for words in them must not
	# see those of a process before.
	: >"$T/$tap_log.out"
	: >"$T/$tap_log.err"
	trap - EXIT HUP INT TERM
	(tap_exec "$@") </dev/null >"$T/$tap_log.out" 2>"$T/$tap_log.err" &
	PID=$!
	tap_traps
	tap_pids="$tap_pids $PID"
}

# Opened both ways at first, the FIFO is there at once: where an open has to wait,
# busybox ash takes the end of any other child for a failure.
spawn_ready()
{
	tap_log=$1
	shift
	rm -f "$T/.ready"
	mkfifo "$T/.ready" || return 1
	exec 8<>"$T/.ready"
	trap - EXIT HUP INT TERM
	(tap_exec "$@") </dev/null >"$T/$tap_log.out" 2>"$T/$tap_log.err" \
		3>&8 8>&- &
	PID=$!
	tap_traps
	tap_pids="$tap_pids $PID"
	exec 8<"$T/.ready"
	# A line, or the end of the file when the process is gone.
	tap_status=0
	read -r tap_line <&8 || tap_status=1
	exec 8<&-
	return $tap_status
}

# tap_stat PID: what there is in /proc of it behind its name, in $tap_stat
tap_stat()
{
	{ read -r tap_stat <"/proc/$1/stat"; } 2>/dev/null || return
	tap_stat=${tap_stat##*) }
}

# tap_is_child PID: when it has been waited for, its number is another's soon
tap_is_child()
{
	tap_stat "$1" || return
	tap_stat=${tap_stat#* }
	[ "${tap_stat%% *}" = $$ ]
}

# tap_born PID: when it was started, in $tap_born
tap_born()
{
	tap_stat "$1" || return
	# shellcheck disable=SC2086 # several words
	set -- $tap_stat
	tap_born=${20}
}

stop()
{
	tap_is_child "$1" && kill -s "${2:-TERM}" "$1" 2>/dev/null
	tap_status=0
	wait "$1" 2>/dev/null || tap_status=$?
	tap_left=
	for tap_pid in $tap_pids; do
		[ "$tap_pid" = "$1" ] || tap_left="$tap_left $tap_pid"
	done
	tap_pids=$tap_left
	return "$tap_status"
}

adopt()
{
	tap_born "$1" && tap_adopted="$tap_adopted $1:$tap_born"
}

# tap_lives PID:BORN: an adopted one is not gone, nor is its number another's
tap_lives()
{
	tap_born "${1%:*}" && [ "$tap_born" = "${1#*:}" ]
}

tap_gone()
{
	! tap_lives "$1"
}

wait_for()
{
	tap_try=0
	until "$@"; do
		tap_try=$((tap_try + 1))
		[ "$tap_try" -lt "$WAIT_TRIES" ] || return 1
		sleep 0.05
	done
}

ok()
{
	tap_name=$1
	shift
	tap_status=0
	"$@" || tap_status=$?
	if [ "$tap_status" -eq 0 ]; then
		pass "$tap_name"
	else
		fail "$tap_name"
		diag "status $tap_status from: $*"
	fi
}

not_ok()
{
	tap_name=$1
	shift
	tap_status=0
	"$@" || tap_status=$?
	# 126 and up: not executable, not found, or ended by a signal
	if [ "$tap_status" -gt 0 ] && [ "$tap_status" -lt 126 ] &&
		[ "$tap_status" -ne 99 ]; then
		pass "$tap_name"
	else
		fail "$tap_name"
		diag "status $tap_status from: $*"
	fi
}

is()
{
	if [ "$1" = "$2" ]; then
		pass "$3"
	else
		fail "$3"
		diag "got:  $1"
		diag "want: $2"
	fi
}

isnt()
{
	if [ "$1" != "$2" ]; then
		pass "$3"
	else
		fail "$3"
		diag "got what it should not be: $1"
	fi
}

like()
{
	if printf '%s\n' "$1" | grep -qE -e "$2"; then
		pass "$3"
	else
		fail "$3"
		diag "got:  $1"
		diag "want a match of: $2"
	fi
}

unlike()
{
	if printf '%s\n' "$1" | grep -qE -e "$2"; then
		fail "$3"
		diag "got:  $1"
		diag "want no match of: $2"
	else
		pass "$3"
	fi
}

same()
{
	tap_status=0
	tap_line=$(cmp "$1" "$2" 2>&1) || tap_status=$?
	if [ "$tap_status" -eq 0 ]; then
		pass "$3"
	else
		fail "$3"
		diag "$tap_line"
	fi
}

status()
{
	tap_want=$1
	tap_name=$2
	shift 2
	run "$@"
	if [ "$status" = "$tap_want" ]; then
		pass "$tap_name"
	else
		fail "$tap_name"
		diag "status $status, want $tap_want, from: $*"
		diag "stderr: $(head -n 20 "$T/err")"
	fi
}

out_is()
{
	is "$(cat "$T/out")" "$1" "$2"
}

out_like()
{
	like "$(cat "$T/out")" "$1" "$2"
}

err_is()
{
	is "$(cat "$T/err")" "$1" "$2"
}

err_like()
{
	like "$(cat "$T/err")" "$1" "$2"
}

hex()
{
	od -An -v -tx1 | tr -d ' \n'
}

unhex()
{
	perl -e 'binmode STDOUT; print pack "H*", $ARGV[0]' "$1"
}

flip()
{
	perl -e '
		my ($file, $bit) = @ARGV;
		open my $f, "+<:raw", $file or die "$file: $!\n";
		seek $f, $bit >> 3, 0;
		read($f, my $byte, 1) == 1 or die "$file: no bit $bit\n";
		seek $f, $bit >> 3, 0;
		print $f chr(ord($byte) ^ 1 << ($bit & 7));
		close $f or die "$file: $!\n";
	' "$1" "$2"
}

file_size()
{
	wc -c <"$1" | tr -d ' '
}

# Only a process that is stopped: to one at its end, in which the leak checker
# stops the threads, the signal would undo that, and it would wait for ever.
tap_wake()
{
	tap_stat "$1"
	case $tap_stat in
	T*) kill -s CONT "$1" ;;
	esac
}

tap_clean()
{
	for tap_pid in $tap_pids; do
		tap_is_child "$tap_pid" && kill -s KILL "$tap_pid" 2>/dev/null
	done
	for tap_pid in $tap_adopted; do
		tap_lives "$tap_pid" && kill -s KILL "${tap_pid%:*}" 2>/dev/null
	done
	# shellcheck disable=SC2086 # a list
	[ -z "$tap_pids" ] || wait $tap_pids 2>/dev/null
	tap_pids=
	cd /
	if [ "$KEEP" = 1 ]; then
		diag "kept $T"
	else
		chmod -R u+rwX "$T" 2>/dev/null
		rm -rf "$T"
	fi
}

# A file that ends before this prints no plan, which prove counts as failed.
done_testing()
{
	if [ "$SAN" = 1 ]; then
		# Leaks are looked for at exit, so let them exit by themselves.
		for tap_pid in $tap_pids; do
			tap_is_child "$tap_pid" || continue
			tap_wake "$tap_pid"
			stop "$tap_pid"
		done
		for tap_pid in $tap_adopted; do
			tap_lives "$tap_pid" || continue
			kill "${tap_pid%:*}" 2>/dev/null
			wait_for tap_gone "$tap_pid"
		done
		set -- "$T"/.san.*
		if [ -e "$1" ]; then
			fail "no sanitizer report"
			diag "$(cat "$@")"
		else
			pass "no sanitizer report"
		fi
	fi
	printf '1..%d\n' "$tap_count"
	[ "$tap_count" -gt 0 ] && [ "$tap_failed" -eq 0 ]
	exit
}

tap_traps()
{
	trap tap_clean EXIT
	trap 'exit 129' HUP
	trap 'exit 130' INT
	trap 'exit 143' TERM
}

tap_traps
cd "$T" || exit 1
