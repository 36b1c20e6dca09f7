#!/bin/sh
# SPDX-License-Identifier: MIT
#
# man/examples: the scripts are in order, and each starts, reloads and stops a
# real registry and a real member, in a temporary folder, under the init or
# supervisor that it is for, where that is here.

. "${0%/*}/lib.sh"

examples=$ROOT/man/examples
case $XLBOX in
*' '*) skip_all "needs an emulator" ;;
esac
by_name
PATH=$PATH:/usr/sbin:/sbin
mkdir run log

net=127.$(($$ / 250 % 250 + 1)).$(($$ % 250 + 1))

# settings [PORT [OPTION]]: a defaults file for the registry reg and the node
# node, which are not there yet
settings()
{
	rm -rf reg node
	cat >defaults <<-EOF
		XL_REGD_DIR="$T/reg"
		XL_REGD_OPTIONS="-a 127.0.0.1 -p ${1:-0}"
		XL_DIR="$T/node"
		XL_CRED="$T/reg/regCred.dat"
		XL_JOIN_OPTIONS="-c alpha -s 2 -e $net.1:7001 -w 0"
		XL_MEMBER_OPTIONS="-r $T/reg/regCred.dat ${2:-}"
		XL_REGD_USER=""
		XL_USER=""
	EOF
}

XLBOX_DEFAULTS=$T/defaults
XLBOX_RUN=$T/run
XLBOX_LOG=$T/log
export XLBOX_DEFAULTS XLBOX_RUN XLBOX_LOG

answers()
{
	xl join --cred -q -r "$T/reg/regCred.dat" -w 0 >cred.out 2>&1
}

# registry: one for members; sets REG
registry()
{
	spawn_ready reg xl regd -d reg -a 127.0.0.1 -p 0 --ready-fd 3
	REG=$PID
}

# lives: the member answers scripts, and has a majority, itself
lives()
{
	xl member -d node status -q 2>/dev/null
}

gone()
{
	! kill -0 "$1" 2>/dev/null
}

# --- the scripts and units by themselves ---

scripts=$(find "$examples" -type f -perm -u+x | sort)
for script in $scripts; do
	name=${script#"$examples"/}
	ok "$name: dash reads it" sh -n "$script"
	ok "$name: busybox reads it" busybox sh -n "$script"
	like "$(sed -n 2p "$script")" '^# SPDX-License-Identifier: MIT$' \
		"$name: has a licence"
done
ok "the settings are NAME=\"value\" lines" \
	sh -c '! grep -vE "^(#.*|[A-Z_]+=\"[^\"\$\`]*\"|)$" "$1"' sh \
	"$examples/xlbox.default"
for name in $(sed -n 's/^\([A-Z_]*\)=.*/\1/p' "$examples/xlbox.default"); do
	ok "$name is used" grep -rq "[{\$]$name" "$examples" \
		--exclude=xlbox.default
done
if command -v shellcheck >/dev/null; then
	# shellcheck disable=SC2086 # a list
	ok "shellcheck" shellcheck -S warning -e SC1090,SC1091,SC2154,SC2317 \
		$scripts
else
	skip "shellcheck" "not installed"
fi

# units: those whose programs this build has, as they would be installed
units()
{
	mkdir -p units
	for unit in "$examples"/systemd/*; do
		unit=${unit##*/}
		[ -e "bin/${unit%.service}" ] || continue
		sed "s,/usr/local/bin,$T/bin,; s,/etc/default/xlbox,$T/defaults," \
			"$examples/systemd/$unit" >"units/$unit"
	done
}

settings
if command -v systemd-analyze >/dev/null; then
	units
	for unit in units/*; do
		run systemd-analyze verify --man=no "$unit"
		# What it says of other units of this machine is not ours.
		is "$(grep -F "${unit##*/}" err)" "" "${unit##*/}: verify"
		status 0 "${unit##*/}: exposure" systemd-analyze security \
			--offline=true --threshold=20 "$unit"
	done
else
	skip "systemd units" "no systemd-analyze"
fi

# allowed UNIT: the system calls that it may make, one a line
allowed()
{
	systemd-analyze syscall-filter >sets 2>/dev/null
	sed -n 's/^SystemCallFilter=//p' "units/$1" | awk '
		NR == FNR {
			if (/^@/) set = $1
			else if (NF && $1 !~ /^#/) has[set] = has[set] " " $1
			next
		}
		function put(name, on, i, n, word) {
			if (name !~ /^@/) {
				yes[name] = on
				return
			}
			n = split(has[name], word, " ")
			for (i = 1; i <= n; i++)
				put(word[i], on)
		}
		{
			on = !sub(/^~/, "")
			for (i = 1; i <= NF; i++)
				put($i, on)
		}
		END { for (name in yes) if (yes[name]) print name }
	' sets - | sort
}

# calls FILE: those that were made, without what came before the program
calls()
{
	sed -n 's/^\([0-9]* *\)\{0,1\}\([a-z0-9_]*\)(.*/\2/p' "$1" | sort -u
}

if command -v systemd-analyze >/dev/null && [ "$SAN" = 0 ] &&
	strace -o trace true 2>/dev/null; then
	spawn_ready traced strace -f -o trace $XLBOX xl-regd -d reg \
		-a 127.0.0.1 -p 0 --ready-fd 3
	ok "a registry under strace" answers
	strace -f -o trace.join $XLBOX xl-join -q -r reg/regCred.dat -d node \
		-c alpha -s 2 -e "$net.1:7001" -e "$net.1:7002" -w 0 \
		>/dev/null 2>&1
	traced=$PID
	spawn_ready member strace -f -o trace.member $XLBOX xl-member -d node \
		-r reg/regCred.dat --registry-interval 1 --service cat \
		--clients any -x 'echo "$XL_EVENT" >>'"$T/events" --ready-fd 3
	ok "a member under strace" wait_for lives
	is "$(echo hello | xl member -d node connect any)" hello \
		"with a client"
	port=$(sed -n 's/^127\.0\.0\.1://p' traced.out)
	ok "looking at the registry" \
		wait_for grep -q "htons($port)" trace.member
	# strace passes no signal on; the daemon is its child.
	for tracer in "$PID" "$traced"; do
		kill "$(ps -o pid= --ppid "$tracer" | head -n 1)"
		wait "$tracer"
	done
	for unit in regd:trace join:trace.join member:trace.member; do
		allowed "xl-${unit%:*}.service" >may
		calls "${unit#*:}" >does
		ok "xl-${unit%:*}: system calls were seen" grep -qx socket does
		is "$(comm -23 does may | xargs)" "" \
			"xl-${unit%:*}: all of them are allowed in its unit"
	done
else
	skip "system calls of the units" "no systemd-analyze, or no strace"
fi

# --- SysV, with Debian's start-stop-daemon and with busybox's ---

# sysv SHELL...: a registry's life
sysv()
{
	label="$1:"
	script=$examples/sysv/xl-regd
	settings
	status 3 "$label status before" "$@" "$script" status
	status 0 "$label start" "$@" "$script" start
	pid=$(cat run/xl-regd.pid)
	adopt "$pid"
	ok "$label it answers" answers
	is "$(readlink "/proc/$pid/exe")" "$XLBOX" "$label its pid is right"
	status 0 "$label status" "$@" "$script" status
	status 0 "$label start once more" "$@" "$script" start
	is "$(cat run/xl-regd.pid)" "$pid" "$label it is the same"
	status 0 "$label reload" "$@" "$script" reload
	ok "$label it still answers" answers
	status 0 "$label restart" "$@" "$script" restart
	ok "$label the first is gone" gone "$pid"
	pid=$(cat run/xl-regd.pid)
	adopt "$pid"
	ok "$label another answers" answers
	kill -s KILL "$pid"
	wait_for gone "$pid"
	status 1 "$label status after a crash" "$@" "$script" status
	status 0 "$label start after it" "$@" "$script" start
	pid=$(cat run/xl-regd.pid)
	adopt "$pid"
	status 0 "$label stop" "$@" "$script" stop
	ok "$label it is gone" gone "$pid"
	status 0 "$label stop once more" "$@" "$script" stop
	status 7 "$label reload then" "$@" "$script" reload
	status 2 "$label another word" "$@" "$script" begin
	settings x
	status 1 "$label wrong options" "$@" "$script" start
	err_like '^xl-regd: ' "$label its words are shown"
	status 3 "$label nothing runs" "$@" "$script" status
}

# sysv_member SHELL...: a member's life
sysv_member()
{
	label="$1: member:"
	script=$examples/sysv/xl-member
	settings
	status 1 "$label start without a registry" "$@" "$script" start
	registry
	status 0 "$label start" "$@" "$script" start
	pid=$(cat run/xl-member.pid)
	adopt "$pid"
	ok "$label it lives" lives
	status 0 "$label status" "$@" "$script" status
	stop "$REG"
	status 0 "$label restart, with what it has" "$@" "$script" restart
	ok "$label the first is gone" gone "$pid"
	pid=$(cat run/xl-member.pid)
	adopt "$pid"
	ok "$label another lives" lives
	status 0 "$label reload" "$@" "$script" reload
	ok "$label it still lives" lives
	status 0 "$label stop" "$@" "$script" stop
	not_ok "$label it does not any more" lives
	status 3 "$label status then" "$@" "$script" status
}

if command -v start-stop-daemon >/dev/null; then
	sysv sh
	sysv_member sh
else
	skip "SysV" "no start-stop-daemon"
fi
mkdir box
for tool in start-stop-daemon setsid mkdir rm sleep cat chmod chown; do
	! busybox --list | grep -qx "$tool" ||
		ln -s "$(command -v busybox)" "box/$tool"
done
if [ -e box/start-stop-daemon ]; then
	sysv env PATH="$T/box:$PATH" busybox sh
	sysv_member env PATH="$T/box:$PATH" busybox sh
else
	skip "busybox" "without start-stop-daemon"
fi
status 6 "no settings" env XLBOX_DEFAULTS="$T/none" \
	sh "$examples/sysv/xl-regd" start

# --- OpenRC: what its script for a member does before the daemon ---

# start_pre: with what openrc-run has
start_pre()
{
	# shellcheck disable=SC2016 # for that shell
	sh -c '
		eerror() { echo "$@" >&2; }
		checkpath() { mkdir -p "$6" && chmod "$3" "$6" && chown "$5" "$6"; }
		. "$1/openrc/xl-member"
		command=$2/xl-member
		start_pre' sh "$examples" "$T/box"
}

if command -v start-stop-daemon >/dev/null && [ "$(id -u)" = 0 ] &&
	[ "$SAN" = 0 ]; then
	settings
	cp "$XLBOX" box/xl-join
	chmod 711 .
	sed -i "s,^XL_CRED=.*,XL_CRED=\"$T/cred.dat\"," defaults
	sed -i 's/^XL_USER=.*/XL_USER="nobody"/' defaults
	status 1 "OpenRC: no credential" start_pre
	err_is "cannot read $T/cred.dat" "OpenRC: it is said once"
	registry
	cp reg/regCred.dat cred.dat
	status 0 "OpenRC: it joins" start_pre
	ls -l node >files
	is "$(awk 'NR > 1 { print $3 }' files | sort -u)" nobody \
		"OpenRC: as the user of the settings"
	stop "$REG"
else
	skip "OpenRC" "not root, or no start-stop-daemon"
fi
not_ok "OpenRC: not every machine has a service net" \
	grep -rqw "need net" "$examples/openrc"

# --- busybox init, process 1 of a namespace ---

# init: the lines of inittab, with the scripts where they are
init()
{
	sed "s,/etc/xl,$examples/busybox,; /^#/d" \
		"$examples/busybox/inittab" >inittab
	spawn init unshare -rmpf --mount-proc sh -c \
		'mount -t tmpfs none /etc && cp inittab /etc &&
		exec busybox init'
	INIT=$PID
}

settings
if unshare -rmpf --mount-proc sh -c 'mount -t tmpfs none /etc' 2>/dev/null &&
	busybox --list | grep -qx init; then
	echo "PATH=\"$PATH\"" >>defaults # init has one of its own
	init
	ok "init: the registry answers" wait_for answers
	ok "init: the member lives" wait_for lives
	run xl member -d node status --format env
	like "$(cat out)" "^XL_SIZE='1'" "init: it has joined"
	kill -s KILL "$(pgrep -o -f "xl-member -d $T/node ")"
	ok "init: it is started again" wait_for lives
	children=$(pgrep -P "$INIT")
	stop "$INIT" KILL
	kill -s KILL "$children"
	ok "init: all end with it" wait_for sh -c \
		'! pgrep -f "xl-[a-z]* -d $1/" >/dev/null' sh "$T"
else
	skip "init" "no right to make namespaces, or no busybox init"
fi

# --- supervisors ---

leaks_unchecked

# supervised NAME CMD...: the registry that a supervisor runs, killed once; CMD
# prints its process id
supervised()
{
	label=$1:
	shift
	ok "$label it answers" answers
	pid=$("$@")
	adopt "$pid"
	kill -s KILL "$pid"
	ok "$label killed, it is gone" wait_for gone "$pid"
	ok "$label another answers" wait_for answers
	adopt "$("$@")"
}

settings
if command -v s6-supervise >/dev/null; then
	cp -R "$examples/s6/xl-regd" service
	spawn s6 s6-supervise service
	S6=$PID
	wait_for s6-svok service
	ok "s6: it tells when it is ready" s6-svwait -U -t 60000 service
	supervised s6 s6-svstat -o pid service
	s6-svc -d service
	ok "s6: and is down when told so" s6-svwait -D -t 60000 service
	settings x
	s6-svc -u service
	ok "s6: with wrong options it stays down" \
		wait_for sh -c 's6-svstat service | grep -q "^down (exitcode 64)"'
	s6-svc -dx service
	wait "$S6"
	echo a line | sh service/log/run
	is "$(cat log/xl-regd/current)" "a line" "s6: there is a log"
	rm -rf service log/xl-regd
	settings
	registry
	cp -R "$examples/s6/xl-member" service
	spawn s6 s6-supervise service
	S6=$PID
	wait_for s6-svok service
	ok "s6: a member tells when it is ready" s6-svwait -U -t 60000 service
	ok "s6: it lives" lives
	adopt "$(s6-svstat -o pid service)"
	s6-svc -dx service
	wait "$S6"
	stop "$REG"
	rm -rf service
else
	skip "s6" "not installed"
fi

# sv_knows: runsv has opened all that sv(8) needs
sv_knows()
{
	sv status ./service >/dev/null
}

settings
runsv=$(command -v runsv || ! busybox --list | grep -qx runsv || echo busybox)
if [ "$runsv" ] && command -v svlogd >/dev/null; then
	cp -R "$examples/runit/xl-regd" service
	spawn runit runsv service
	RUNSV=$PID
	wait_for sv_knows
	status 0 "runit: check says when it is up" sv -w 60 start ./service
	out_like '^ok: run: ' "runit: it is up"
	supervised runit cat service/supervise/pid
	sv down ./service >/dev/null
	ok "runit: and is down when told so" \
		wait_for grep -qx down service/supervise/stat
	settings x
	sv up ./service >/dev/null
	ok "runit: with wrong options it says why" \
		wait_for grep -q '^xl-regd: .*-h)$' log/xl-regd/current
	ok "runit: and stays down" wait_for sh -c \
		'sv status ./service | grep -q "^down: [^,]*, normally up;"'
	sv exit ./service >/dev/null
	wait "$RUNSV"
	like "$(cat log/xl-regd/current)" 'xlReg is ready$' \
		"runit: there is a log"
	rm -rf service
	settings
	registry
	cp -R "$examples/runit/xl-member" service
	spawn runit runsv service
	RUNSV=$PID
	wait_for sv_knows
	status 0 "runit: check says when a member is up" \
		sv -w 60 start ./service
	ok "runit: it lives" lives
	adopt "$(cat service/supervise/pid)"
	sv exit ./service >/dev/null
	wait "$RUNSV"
	stop "$REG"
else
	skip "runit" "not installed"
fi
done_testing
