#!/bin/sh
# SPDX-License-Identifier: MIT
#
# What scripts ask a running xl-member: status, send, wait and watch, on
# members on loopback.

# shellcheck source=tests/lib.sh
. "${0%/*}/lib.sh"
need jq perl busybox
# shellcheck source=tests/net/cluster.sh
. "$ROOT/tests/net/cluster.sh"
export CLUSTER_BITS=1024
export CLUSTER_SIZE=5

# start N DIR OPTION...: a member whose silence is borne for long
start()
{
	start_n=$1
	start_dir=$2
	shift 2
	spawn_ready "d$start_n" xl member -d "$start_dir" --ready-fd 3 -v \
		--insecure-test-key --patience 60000 --probe 60000 "$@" ||
		diag "$(cat "d$start_n.err")"
}

m()
{
	xl member -d c/m0 "$@"
}

# piped FILE CMD...: runs CMD with FILE as its input
piped()
{
	piped_file=$1
	shift
	"$@" <"$piped_file"
}

socket_mode()
{
	perl -e 'my @s = lstat $ARGV[0] or exit 1;
		printf "%s %o\n", -S _ ? "socket" : "other", $s[2] & 07777' "$1"
}

# raw DIR MESSAGE: what a daemon answers to that, a line a message
raw()
{
	perl -MSocket -e '
		chdir $ARGV[0] or die;
		socket my $s, AF_UNIX, SOCK_SEQPACKET, 0 or die "$!\n";
		connect $s, pack_sockaddr_un("control") or die "$!\n";
		send $s, $ARGV[1], 0;
		while (defined recv $s, my $line, 4096, 0) {
			last if $line eq "";
			print "$line\n";
		}' "$1" "$2"
}

cluster_make c 3 || exit
echo hello >hello
: >empty
head -c 16000 /dev/urandom >full
head -c 16001 /dev/urandom >over

# Usage

status 64 "status takes no operand" m status x
status 64 "nor does watch" m watch x
status 64 "an unknown format" m status --format yaml
status 64 "a format of files" m status --format dat
status 64 "watch has text and json" m watch --format env
err_like '^xl-member: --format can be text or json here' "it says so"
status 64 "so has send" piped hello m send --format hosts m1
status 64 "send to nobody" piped hello m send
err_like '^xl-member: give one of -a and names' "it says what is missing"
status 64 "send to all and to some" piped hello m send -a m1
status 64 "a name that is none" piped hello m send 'a b'
status 64 "no time to wait for an answer" piped hello m send -w 0 m1
status 64 "a time too long" piped hello m send -w 86401 m1
status 64 "a condition that is no name" m wait 'a b'
status 64 "nor is nothing" m wait ''
err_like '^xl-member: "" is no name ' "it says so"
status 64 "no number" m wait -w x
status 64 "an option of another" m status --initial
# shellcheck disable=SC2046 # a list
status 64 "too many names" m wait $(seq -f name-of-some-length-%03g 60)

# Without a daemon

status 69 "status without a daemon" m status
err_is "xl-member: no daemon runs on c/m0" "it says so"
out_is "" "and prints nothing"
status 69 "quietly too" m status -q
status 69 "wait, when its time is up" m wait -w 1
err_is "xl-member: no daemon runs on c/m0" "says so then"
status 69 "watch" m watch
status 69 "send" piped hello m send -a
status 69 "a folder that is not there" xl member -d nowhere status
status 69 "is not waited for" xl member -d nowhere wait
err_is "xl-member: cannot reach the daemon in nowhere: No such file or directory" \
	"it is named"
spawn early xl member -d c/m0 wait -w 600 m0
EARLY=$PID

# One of three: no quorum

start 0 c/m0
P0=$PID
stop "$EARLY" 0
is $? 0 "who waited before there was a daemon"
is "$(socket_mode c/m0/control)" "socket 600" "the socket is for its user alone"
status 1 "no quorum" m status
out_like '^alpha [0-9a-f]{64} 1 of 3 members up, no quorum$' "it says so"
out_like '^\*     0  m0    [0-9.]+:7001  up ' "this one is up"
out_like '^      1  m1    [0-9.]+:7001  down ' "another is not"
status 1 "the same quietly" m status -q
out_is "" "prints nothing"
err_is "" "at all"
status 75 "no waiting for quorum" m wait -w 0
err_like '^xl-member: timed out waiting for quorum$' "it says for what"
status 75 "a little waiting for others" m wait -w 1 m1 m2
err_like '^xl-member: timed out waiting for m1 m2$' "and for whom"
status 0 "this one is up at once" m wait -w 0 m0
status 71 "a second daemon" xl member -d c/m0 --insecure-test-key
status 1 "does not disturb the first" m status -q
is "$(socket_mode c/m0/control)" "socket 600" "nor its socket"
status 1 "nobody is there" piped hello m send m1
out_is "m1: not sent: down" "it says so"

# Waiters

spawn quorum xl member -d c/m0 wait -w 600
WAIT_QUORUM=$PID
spawn all xl member -d c/m0 wait -w 600 all
WAIT_ALL=$PID
spawn names xl member -d c/m0 wait -w 600 m1 m0 quorum
WAIT_NAMES=$PID
spawn later xl member -d c/m0 wait -w 600 m3
WAIT_LATER=$PID

# shellcheck disable=SC2016 # for the hook
start 1 c/m1 --queue-bytes 16384 -x 'case $XL_EVENT in
	message)
		while [ ! -e go ]; do sleep 0.1; done
		echo "$XL_MEMBER" >>from1
		cat >>got1 ;;
	esac'
P1=$PID
stop "$WAIT_QUORUM" 0
is $? 0 "who waits for quorum returns"
stop "$WAIT_NAMES" 0
is $? 0 "and for all of several"
# shellcheck disable=SC2016 # for the hook
start 2 c/m2 -x '[ $XL_EVENT != message ] || cat >>got2'
P2=$PID
stop "$WAIT_ALL" 0
is $? 0 "and for all members"
status 0 "all are up" m wait -w 0 all
status 0 "on all of them" xl member -d c/m2 wait -w 60 all
xl member -d c/m1 wait all

# Formats

status 0 "there is quorum" m status
out_like ' 3 of 3 members up, quorum$' "it says so"
is "$(grep -c ' up  *20[0-9-]*T[0-9:]*Z ' out)" 3 "three are, since when"

status 0 "status as JSON" m status --format json
is "$(jq -r '[.name, .self, .up, .size, .max_size, .quorum] | @csv' out)" \
	'"alpha",0,3,3,5,true' "the cluster"
is "$(jq -r .id out)" "$(cat c/id)" "its ID"
is "$(jq -r '.members | map(.name) | join(" ")' out)" "m0 m1 m2" "the members"
is "$(jq -r '.members[1].id' out)" "$(xl nodeid -d c/m1)" "a member's ID"
is "$(jq -r '.members[1].endpoints | join(" ")' out)" \
	"$(cluster_addr 1):7001 $(cluster_addr 1):7002" "its end points"
is "$(jq -r '.members | map(.self, .up) | @csv' out)" \
	"true,true,false,true,false,true" "who is up"
is "$(jq '[.members[] | .bytes_in, .bytes_out] | map(. > 0) | @csv' out)" \
	'"false,false,true,true,true,true"' "bytes both ways"
is "$(jq '[.members[].since | . > 1600000000 and . <= now] | all' out)" true \
	"since when"
is "$(jq '.members[0].rtt_us' out)" null "no round trip to this one"
measured()
{
	m status --format json |
		jq -e '.members[1:] | all(.rtt_us > 0)' >/dev/null
}
ok "round trips are measured" wait_for measured

# The values of variables by their names, as a shell has them
# shellcheck disable=SC2016 # for that shell
values='eval "$(cat out)"
	for v; do eval "printf \"%s\\n\" \"$v=\$$v\""; done'
set -- XL_CLUSTER_NAME XL_CLUSTER_SIZE XL_MEMBERS XL_INDEXES XL_SELF XL_UP \
	XL_SIZE XL_QUORUM XL_MEMBER_1_NAME XL_MEMBER_1_ADDR XL_MEMBER_1_STATE \
	XL_MEMBER_1_MESSAGES_IN XL_MEMBER_1_ERROR
want="XL_CLUSTER_NAME=alpha
XL_CLUSTER_SIZE=5
XL_MEMBERS=3
XL_INDEXES=0 1 2
XL_SELF=0
XL_UP=3
XL_SIZE=3
XL_QUORUM=1
XL_MEMBER_1_NAME=m1
XL_MEMBER_1_ADDR=$(cluster_addr 1)
XL_MEMBER_1_STATE=up
XL_MEMBER_1_MESSAGES_IN=0
XL_MEMBER_1_ERROR="
status 0 "status as shell variables" m status --format env
for shell in sh "busybox ash"; do
	# shellcheck disable=SC2086 # several words
	is "$($shell -c "$values" sh "$@")" "$want" "for $shell"
done
is "$(grep -vc "^XL_[A-Z0-9_]*='[^']*'\$" out)" 0 "nothing else is in there"
sed 's/=.*//; s/_[0-9]*_/_N_/; s/_[0-9]*$/_0/' out | sort -u |
	while read -r name; do
		grep -qE "^\.Ev $name( |\$)" "$ROOT/man/xl-join.1" \
			"$ROOT/man/xl-member.8" || echo "$name"
	done >missing
is "$(cat missing)" "" "and the manuals have all"

status 0 "status as hosts" m status --format hosts
out_is "$(for i in 0 1 2; do echo "$(cluster_addr $i) m$i m$i.alpha"; done)" \
	"each host"

status 0 "status for Prometheus" m status --format prometheus
# The text format 0.0.4, as promtool checks it.
cat >strict.pl <<'EOT'
my ($file) = @ARGV;
local $/;
open my $f, "<", $file or die;
my $text = <$f>;
$text =~ /\n\z/ or die "no newline at the end\n";
my (%help, %type, %done, %seen, $now);
for my $line (split /\n/, $text) {
	if ($line =~ /^# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) (\S.*)$/) {
		die "HELP again: $1\n" if $help{$1}++;
		$done{$now} = 1 if defined $now;
		$now = $1;
	} elsif ($line =~ /^# TYPE (\S+) (counter|gauge)$/) {
		die "TYPE again or not behind HELP: $1\n"
			if $type{$1} || $1 ne $now;
		$type{$1} = $2;
		die "counter without _total: $1\n"
			if ($2 eq "counter") != ($1 =~ /_total$/);
	} elsif ($line =~ /^([a-zA-Z_:][a-zA-Z0-9_:]*)\{(.*)\} (\d+(?:\.\d+)?)$/) {
		my ($name, $labels, $value) = ($1, $2, $3);
		die "sample outside its group: $line\n"
			if $name ne $now || !$type{$name} || $done{$name};
		my $left = $labels;
		my %label;
		while ($left =~ s/^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(?:,|$)//) {
			die "label again: $line\n" if $label{$1}++;
		}
		die "labels: $line\n" if $left ne "" || !%label;
		die "sample again: $line\n" if $seen{$name . $labels}++;
	} else {
		die "what is: $line\n";
	}
}
EOT
ok "which holds to its rules" perl strict.pl out
out_like '^xl_cluster_quorum\{cluster="alpha"\} 1$' "quorum"
out_like '^xl_member_up\{cluster="alpha",member="m2",index="2"\} 1$' "who is up"
is "$(grep -c '^xl_member_info{.*error=""} 1$' out)" 3 "and the other words"

# Messages

status 0 "a message to one" piped hello m send m2
out_is "m2: ok" "it has it"
ok "so has its command" wait_for cmp -s hello got2
status 0 "to all, in JSON" piped hello m send -a --format json
is "$(jq -sc 'sort_by(.member) | map(.member, .answer)' out)" \
	'["m1","ok","m2","ok"]' "both have it"
status 0 "named twice" piped hello m send m2 m2
out_is "m2: ok" "it is sent once"
cat hello hello hello >hellos
ok "so each came once" wait_for cmp -s hellos got2
rm got2
status 0 "16,000 bytes" piped full m send m2
ok "arrive as they are" wait_for cmp -s full got2
status 65 "16,001 bytes" piped over m send m2
err_like '^xl-member: more than 16000 bytes: that is for the client port$' \
	"belong elsewhere"
out_is "" "and are not sent"
status 65 "nothing" piped empty m send m2
status 66 "no input" piped / m send m2
status 64 "to oneself" piped hello m send m0
err_like '^xl-member: m0 is this member$' "it says so"
status 64 "to who is no member" piped hello m send m2 m7
err_like '^xl-member: no member m7$' "it says who"
status 1 "to one without a command" piped hello xl member -d c/m1 send m0
out_is "m0: refused" "who does not want it"

# m1 has one in hand, as long as there is no file named go.
tries=0
until [ $tries -eq 5 ]; do
	run piped full m send -w 60 m1 m2
	[ "$status" -eq 0 ] || break
	tries=$((tries + 1))
done
is "$status" 1 "more than a queue holds"
is "$(sort out)" "m1: busy
m2: ok" "finds it busy"
status 0 "how many it has got" m status --format json
is "$(jq '.members[1].messages_out' out)" $((1 + tries)) "is counted"
touch go
got_all()
{
	[ -e got1 ] && [ "$(file_size got1)" -eq $((6 + 16000 * tries)) ]
}
ok "and none is lost" wait_for got_all
is "$(sort -u from1)" m0 "from whom they are"

kill -s STOP "$P1"
status 1 "to one that hangs" piped hello m send -w 8 m1 m2
is "$(sort out)" "m1: unknown
m2: ok" "it is unknown"
kill -s CONT "$P1"

kill -s STOP "$P0"
spawn status xl member -d c/m0 status
STATUS=$PID
spawn send sh -c "echo hello | $XLBOX xl-member -d c/m0 send -w 1 m2"
SEND=$PID
stop "$STATUS" 0
is $? 75 "status of a daemon that hangs"
is "$(cat status.err)" "xl-member: timed out waiting for the daemon" \
	"is not waited for long"
stop "$SEND" 0
is $? 1 "nor is a message sent by it"
is "$(tail -n 1 send.err)" "xl-member: who else has the message is unknown" \
	"of which nobody knows"
kill -s CONT "$P0"
status 0 "it goes on" m wait all

# Watching

spawn watch xl member -d c/m2 watch --initial
WATCH=$PID
spawn lines xl member -d c/m2 watch --initial --format json
LINES=$PID
ok "the state at first" wait_for grep -q ' member-up m1 ' watch.out
ok "of all" wait_for grep -q '"member":"m1"' lines.out
status 0 "an event" piped hello m send m2
ok "is watched as it happens" wait_for grep -q ' message m0 ' watch.out
like "$(grep ' message ' watch.out)" \
	"^20[0-9-]+T[0-9:]+Z [0-9]+ message m0 0 $(cluster_addr 0):7001 3 3 1 6\$" \
	"with all about it"
like "$(cat watch.out)" '^[^ ]* [0-9]+ quorum - - - 3 3 1 0$' "one of no member"
ok "in JSON" wait_for grep -q '"event":"message"' lines.out
is "$(jq -r 'select(.event == "message") | [.member, .index, .id, .address,
	.up, .size, .quorum, .bytes] | @csv' lines.out)" \
	"\"m0\",0,\"$(xl nodeid -d c/m0)\",\"$(cluster_addr 0):7001\",3,3,true,6" \
	"too"
stop "$P1"
ok "who goes" wait_for grep -q ' member-down m1 .* 2 3 1 0$' watch.out
ok "for all" wait_for grep -q ' member-down m1 ' d0.err
status 1 "one of two" piped hello m send -a
is "$(sort out)" "m1: not sent: down
m2: ok" "has it"
status 0 "hosts of who is down" m status --format hosts
out_like "^$(cluster_addr 1) m1 m1.alpha # down\$" "say so"
status 0 "two of three" m status -q
status 75 "are not all" m wait -w 0 all
# A Bye leaves none: the next dial does.
has_error()
{
	m status | grep -qE '^      1  m1 .* down .*  [A-Za-z][a-z ]*$'
}
ok "with a last error" wait_for has_error

# Who does not read is cut off; others and the daemon go on.
spawn slow xl member -d c/m2 watch --initial
SLOW=$PID
ok "one who watches" wait_for grep -q ' member-down m1 ' slow.out
kill -s STOP "$SLOW"
i=0
while [ $i -lt 300 ]; do
	echo "n $i" >number
	piped number m send -w 60 m2 >sent || break
	i=$((i + 1))
done
is $i 300 "all messages arrive"
seq -f 'n %g' 0 299 >numbers
in_order()
{
	grep -a '^n [0-9]*$' got2 | cmp -s - numbers
}
ok "and are told of in their order" wait_for in_order
seen_all()
{
	[ "$(grep -c ' message ' watch.out)" -eq 302 ]
}
ok "all are watched by who reads" wait_for seen_all
kill -s CONT "$SLOW"
stop "$SLOW" 0
is $? 69 "who does not is cut off"
is "$(cat slow.err)" "xl-member: cut off: events were not read" "and told so"
seen=$(grep -c ' message ' slow.out)
ok "behind what there was before" [ "$seen" -gt 20 ]
ok "which was not all" [ "$seen" -lt 300 ]

# Its reader goes: it goes too, without waiting for an event.
mkfifo pipe
trap - EXIT HUP INT TERM
(trap '' PIPE && tap_exec xl member -d c/m0 watch --initial) \
	>pipe 2>pipe.err &
PID=$!
tap_traps
head -n 1 pipe >first
stop "$PID" 0
is $? 141 "who is not read from any more ends by SIGPIPE"
is "$(cat pipe.err)" "" "quietly"
status 74 "who cannot write" sh -c "$XLBOX xl-member -d c/m0 status >/dev/full"

# Another member

CLUSTER_SIZE=5 cluster_make c 4
kill -s HUP "$P0" "$P2"
ok "who waits for a member that is not up yet still does" \
	kill -s 0 "$WAIT_LATER"
start 3 c/m3
P3=$PID
stop "$WAIT_LATER" 0
is $? 0 "who waits for one that was no member yet"
stop "$P3"

# What is no request, and who goes midway

is "$(raw c/m0 what)" "error 76 no such request" "what is no request"
is "$(raw c/m0 "wait
all")" "error 64 nothing to wait for" "two lines"
spawn gone xl member -d c/m0 wait m1
stop "$PID" KILL
status 1 "the daemon goes on" m status -q
err_is "" "with two of four"

# The daemon goes

spawn orphan xl member -d c/m0 wait -w 600 m1
ORPHAN=$PID
# It has asked: it has a socket, and sleeps.
has_asked()
{
	find "/proc/$ORPHAN/fd" -lname 'socket:*' | grep -q . &&
		grep -q '^State:.S' "/proc/$ORPHAN/status"
}
wait_for has_asked
spawn orphan2 xl member -d c/m0 watch --initial
ORPHAN2=$PID
ok "two who ask" wait_for grep -q ' member-up m2 ' orphan2.out
stop "$P0" KILL
stop "$ORPHAN" 0
is $? 69 "who waits is told when it is killed"
is "$(cat orphan.err)" "xl-member: the daemon in c/m0 is gone" "so"
stop "$ORPHAN2" 0
is $? 69 "who watches too"
is "$(socket_mode c/m0/control)" "socket 600" "its socket is left"
status 69 "where nobody listens" m status
err_is "xl-member: no daemon runs on c/m0" "any more"
start 0 c/m0
P0=$PID
status 0 "the next one replaces it" m wait m2
stop "$P2"
status 1 "one alone has no quorum" m status -q
ok "the last event" wait_for grep -q ' stop - ' watch.out
stop "$WATCH" 0
is $? 69 "and then no more"
stop "$LINES" 0
stop "$P0"
not_ok "a clean end leaves no socket" [ -e c/m0/control ]
touch c/m0/control
status 73 "what is no socket is not replaced" \
	xl member -d c/m0 --insecure-test-key
rm c/m0/control

# A folder whose path is longer than a socket's address

long=$T/$(printf '%050d/%050d/%050d' 0 0 0)
mkdir -p "$long"
mv c/m0 "$long/m0"
start 0 "$long/m0"
P0=$PID
status 1 "a long path" xl member -d "$long/m0" status
out_like '^\*     0  m0 ' "has a socket too"
# shellcheck disable=SC2016 # for that shell
status 1 "seen from there" sh -c 'cd "$1" && shift && "$@" -d m0 status' sh \
	"$long" $XLBOX xl-member
stop "$P0"
not_ok "which is removed" [ -e "$long/m0/control" ]

done_testing
