#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Events told to commands: each event, each variable, messages on standard
# input, folders of commands, and commands that hang, flood and fail.

. "${0%/*}/lib.sh"
. "$ROOT/tests/net/cluster.sh"

# make_cluster K: its files, with room for four
make_cluster()
{
	CLUSTER_BITS=1024 CLUSTER_SIZE=4 cluster_make c "$1"
}

# member N OPTION...: starts member N, its log is mN.err; its process is $PID. It
# bears silence for long: each event counts here.
member()
{
	member_n=$1
	shift
	spawn_ready "m$member_n" xl member -d "c/m$member_n" \
		--insecure-test-key --ready-fd 3 \
		--patience 60000 --probe 60000 "$@"
}

# A command that writes down what it is told, in one line.
cat >note <<EOT
#!/bin/sh
echo "\$XL_EVENT by=\$XL_SELF,\$XL_SELF_ID,\$XL_CLUSTER" \
	"of=\$XL_MEMBER,\$XL_MEMBER_ID,\$XL_MEMBER_INDEX,\$XL_MEMBER_ADDR" \
	"up=\$XL_UP/\$XL_SIZE,\$XL_QUORUM #\$XL_SEQ" >>$T/events
grep SigIgn /proc/\$\$/status >>$T/ignored
EOT
chmod +x note

# noted N ERE: waits until the N-th line of events is a match
noted()
{
	wait_for eval "[ \"\$(wc -l <events)\" -ge $1 ]"
	like "$(sed -n "$1p" events)" "^$2 #$1\$" "event $1: ${2%% *}"
}

logged()
{
	wait_for grep -qE -e "$2" "$1.err"
}

# gone FILE: whether the process whose number is in FILE is no more
gone()
{
	case $(ps -o stat= -p "$(cat "$1")") in
	"" | Z*) ;;
	*) return 1 ;;
	esac
}

# about N: how member N is told of
about()
{
	echo "m$1,$(xl nodeid -d "c/m$1"),$1,$(cluster_addr "$1"):$CLUSTER_PORT"
}

make_cluster 3
by="by=m0,$(xl nodeid -d c/m0),alpha"

# Each event and each variable.
: >events
member 0 -x ./note
m0=$PID
noted 1 "start $by of=,,, up=1/3,0"
member 1
m1=$PID
noted 2 "member-up $by of=$(about 1) up=2/3,1"
noted 3 "quorum $by of=,,, up=2/3,1"
member 2
m2=$PID
noted 4 "member-up $by of=$(about 2) up=3/3,1"
ok "a member leaves" stop "$m2"
noted 5 "member-down $by of=$(about 2) up=2/3,1"
stop "$m1" KILL
noted 6 "member-down $by of=$(about 1) up=1/3,0"
noted 7 "no-quorum $by of=,,, up=1/3,0"
make_cluster 4
kill -s HUP "$m0"
noted 8 "roster $by of=,,, up=1/4,0"
echo "cluster {" >c/m0/cluster.dat
kill -s HUP "$m0"
ok "a file that is none is refused" logged m0 "c/m0/cluster.dat:1: "
ok "the daemon leaves" stop "$m0"
noted 9 "stop $by of=,,, up=1/4,0"
is "$(wc -l <events)" 9 "and nothing else is told"
# What make starts may have 32 and 33, a C library's own, ignored from birth.
is "$(sed 's/\t00000001800/\t00000000000/' ignored | tr -d '\t0' | sort -u)" \
	"SigIgn:" "commands ignore no signal"
unlike "$(cat m0.err)" "hook" "nor is there anything to log"

# Messages: their contents are the input.
cat >take <<EOT
#!/bin/sh
[ "\$XL_EVENT" = message ] || exit 0
cat >$T/got.\$XL_SEQ
echo "\$XL_SEQ \$XL_MEMBER \$XL_UP" >>$T/taken
EOT
chmod +x take
make_cluster 3
: >taken
member 0 -x ./take
m0=$PID
member 1
m1=$PID
ok "they meet" xl member -d c/m1 wait m0
head -c 16000 /dev/urandom >largest
printf 'a\0b\n\0' >nuls
for data in largest nuls; do
	status 0 "send: $data" xl member -d c/m1 send m0 <$data
done
wait_for eval '[ "$(wc -l <taken)" -eq 2 ]'
set -- largest nuls
while read -r seq from up; do
	same "$1" "got.$seq" "received: $1"
	is "$from $up" "m1 2" "from whom"
	shift
done <taken
is "$#" 0 "both"
stop "$m0"

# A message handler that waits delays nothing but messages, and what does not
# fit the queue is refused, not lost.
mkfifo gate
cat >slow <<EOT
#!/bin/sh
case \$XL_EVENT in
message) read -r n; read -r x <$T/gate; echo "\$n" >>$T/slow.taken ;;
*) echo "\$XL_EVENT \$XL_MEMBER" >>$T/slow.states ;;
esac
EOT
chmod +x slow
: >slow.taken
: >slow.states
exec 7<>gate
member 0 -x ./slow --queue-bytes 40000
m0=$PID
member 2
m2=$PID
ok "they meet again" xl member -d c/m1 wait m0
for n in 1 2; do
	{ echo $n; head -c 15000 /dev/zero; } >data
	status 0 "there is room for message $n" xl member -d c/m1 send m0 <data
done
status 1 "but not for the third" xl member -d c/m1 send m0 <data
like "$(cat out err)" "m0.*busy" "which is told to who sends it"
stop "$m2"
ok "a member goes down while the handler waits" \
	wait_for grep -qx 'member-down m2' slow.states
is "$(cat slow.taken)" "" "it still waits"
echo >&7
ok "then the first is done" wait_for grep -qx 1 slow.taken
# Each try reads the message anew.
again()
{
	xl member -d c/m1 send m0 <data >again.out 2>&1
}
ok "and there is room for the third" wait_for again
echo >&7
echo >&7
wait_for eval '[ "$(wc -l <slow.taken)" -eq 3 ]'
is "$(tr -d "\n" <slow.taken)" 122 "all that was taken is told"
exec 7>&-
stop "$m0"

# What changes while a command runs is told as it is in the end.
cat >waits <<EOT
#!/bin/sh
[ \$XL_EVENT != start ] || read -r x <$T/gate
echo \$XL_EVENT \$XL_MEMBER >>$T/last
EOT
chmod +x waits
: >last
exec 7<>gate
stop "$m1"
member 0 -x ./waits
m0=$PID
for round in 1 2; do
	member 1
	ok "m1 comes, $round" xl member -d c/m0 wait m1
	stop "$PID"
	ok "and goes, $round" wait_for eval \
		"[ \$(grep -c 'no-quorum' m0.err) -eq $round ]"
done
member 2
ok "m2 comes" xl member -d c/m0 wait m2
m2=$PID
echo >&7
exec 7>&-
ok "all is told" wait_for grep -q '^quorum' last
is "$(cat last)" "start
member-down m1
member-up m2
quorum" "the last state of each"
stop "$m2"
stop "$m0"

# A folder: all executables, in order, whatever becomes of one. (Nobody else is
# up, so that no more is told.)
mkdir d
for name in 20-b 10-a plain no.sh; do
	printf '#!/bin/sh\necho ${0##*/} $XL_EVENT >>%s\n' "$T/parts" >d/$name
done
printf '#!/bin/sh\nexit 3\n' >d/15-fails
echo 'no interpreter' >d/17-wrong
chmod +x d/20-b d/10-a d/no.sh d/15-fails d/17-wrong
: >parts
member 0 -X d
ok "it stops with all commands done" stop "$PID"
is "$(cat parts)" "10-a start
20-b start
10-a stop
20-b stop" "executables with plain names, in order"
err=$(cat m0.err)
like "$err" "hook start 1 15-fails: exit status 3$" "who fails is logged"
like "$err" "hook start 1 17-wrong: xl-member: cannot run 17-wrong: Exec format error" \
	"and what is no program"
unlike "$err" "d: no executable" "and nothing else"
mkdir dots
mv d/no.sh dots
member 0 -X dots
like "$(cat m0.err)" "Z dots: no executable with a name of letters, digits" \
	"a folder without any is told"
stop "$PID"
member 1
m1=$PID

# Hanging: the time limit ends the command and its children.
cat >hang <<EOT
#!/bin/sh
echo \$XL_EVENT >>$T/hung
[ \$XL_EVENT = start ] || exit 0
sleep 1000 &
echo \$! >$T/child
echo \$\$ >$T/shell
wait
EOT
chmod +x hang
member 0 -x ./hang --hook-timeout 5
ok "a command that hangs is killed" \
	logged m0 "hook start 1: killed: its time is over$"
ok "so is its child" wait_for gone child
ok "and itself" wait_for gone shell
ok "the daemon goes on" xl member -d c/m1 wait m0
stop "$PID"
like "$(cat hung)" stop "and tells what came later"

# Hanging at the stop: a second signal does not wait for it.
printf '#!/bin/sh\n[ $XL_EVENT = stop ] || exit 0\necho $$ >%s/pid\nsleep 1000\n' \
	"$T" >hang
rm -f pid
member 0 -x ./hang
kill -s TERM "$PID"
wait_for test -s pid
ok "a second signal ends what hangs at the stop" stop "$PID"
ok "nobody is left" wait_for gone pid

# Flooding: bounded in the log, and nobody else suffers.
printf '#!/bin/sh\n[ $XL_EVENT != start ] || exec yes\n' >flood
chmod +x flood
member 0 -x ./flood --hook-timeout 5
ok "others are met during a flood" xl member -d c/m1 wait m0
ok "its end is logged" logged m0 "hook start 1: killed: its time is over$"
ok "and how much was left out" \
	logged m0 "hook start 1: [0-9]* more bytes of output$"
ok "of what is more than the log takes" test "$(file_size m0.err)" -lt 200000
ok "a part is there" grep -q "hook start 1: y$" m0.err
stop "$PID"

# Words on both outputs, made harmless.
printf '#!/bin/sh\nprintf "out\\033[2J\\n"; echo err >&2; exit 4\n' >words
chmod +x words
member 0 -x ./words
ok "the status is logged" logged m0 "hook start 1: exit status 4$"
stop "$PID"
ok "output" grep -q "hook start 1: out?\[2J$" m0.err
ok "errors" grep -q "hook start 1: err$" m0.err

# The first process of a container has to wait for all that end there.
orphaned() { pgrep -P "$first" sleep >pid; }
reaped() { ! kill -0 "$(cat pid)" 2>/dev/null; }
if unshare -rpf true 2>/dev/null; then
	# shellcheck disable=SC2016,SC2086 # for that shell; several words
	spawn_ready m0 unshare -rpf $XLBOX xl-member -d c/m0 --ready-fd 3 \
		--insecure-test-key -x '[ "$XL_EVENT" != start ] ||
			sleep 1000 >/dev/null 2>&1 &'
	first=$(pgrep -P "$PID")
	ok "what is left in the background is its child" wait_for orphaned
	kill "$(cat pid)"
	ok "and is waited for" wait_for reaped
	kill -s TERM "$first"
	stop "$PID" 0
	is $? 0 "it is told to stop"
	like "$(cat m0.err)" " stop [(]" "and does"
else
	skip "the first process of a container" "no right to unshare"
fi

# Wrong options.
status 64 "a queue that is too small" xl member -d c/m0 -x : --queue-bytes 16383
status 64 "no time" xl member -d c/m0 -x : --hook-timeout 0

stop "$m1"
done_testing
