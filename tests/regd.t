#!/bin/sh
# SPDX-License-Identifier: MIT
#
# xl-regd as a program: options, exit statuses, its folder and credential,
# readiness, signals, time limits, and what happens when slots or descriptors
# run out. What it says on the wire is regd-protocol.t's part.

# shellcheck disable=SC2086 # XLBOX may be several words
. "${0%/*}/lib.sh"

need perl jq
. "$ROOT/tests/net/regd.sh"

# works CRED OPTION...: someone is served
works()
{
	client "$@" regcred bye >works.out 2>works.err
}

# --- usage ---

usage()
{
	status 64 "usage: $*" xl regd "$@"
}

usage
usage -d
usage -d ''
err_like '^xl-regd: --dir cannot be empty ' "it says so"
usage --ephemeral -d dir
usage --ephemeral --recover
usage -d dir operand
usage -d dir -a localhost
usage -d dir -a '[::1'
usage -d dir -a 127.0.0.1:55555
usage -d dir -p 65536
usage -d dir -p -1
usage -d dir -p http
usage -d dir -n -x
usage -d dir -n 'a b'
usage -d dir -b 1024
usage -d dir -b 1000 --insecure-test-key
usage -d dir -b 8192
usage -d dir --dialects sealed,spoken
usage -d dir --dialects sealed,
usage -d dir --dialects ''
usage -d dir --max-sessions 0
usage -d dir --max-sessions 1000001
usage -d dir --max-per-address 0
usage -d dir --max-per-address 1000001
usage -d dir --workers -1
usage -d dir --workers 65
usage -d dir --hello-timeout 0
usage -d dir --message-timeout 1s
usage -d dir --idle-timeout 86401
usage -d dir --ready-fd x
usage -d dir --nonsense
ok "and no folder is made" test ! -e dir
i=0
set --
while [ $i -lt 17 ]; do
	i=$((i + 1))
	set -- "$@" -a 127.0.0.1
done
usage -d dir "$@"
usage -d dir -g a -g b -g c -g d -g e -g f -g g -g h -g i
status 0 "help" xl regd --help
out_like '^Usage: xl-regd ' "is on standard output"
status 0 "version" xl regd -V
out_like '^xl-regd \(xlbox\) ' "is on standard output"

# --- the first start ---

spawn_ready regd xl regd -d new -a 127.0.0.1 -p 0 -n First -b 1024 \
	--insecure-test-key --ready-fd 3
ok "makes an identity and is ready" kill -0 "$PID"
like "$(cat regd.out)" '^127\.0\.0\.1:[0-9]+$' "prints its end point"
is "$(wc -l <regd.out | tr -d ' ')" 1 "and nothing else"
ok "one can talk to it" works new/regCred.dat
like "$(cat works.out)" '"Name": "First"' "under its name"
is "$(stat -c %a new new/ck.pem new/sk.pem new/registry.log \
	new/regCred.dat | tr '\n' ' ')" "700 600 600 600 644 " "modes"
like "$(cat new/regCred.dat)" "TcpEndPoint: $(cat regd.out)" \
	"its end point is in the credential"
status 71 "a second instance is refused" xl regd -d new -a 127.0.0.1 -p 0
err_is "xl-regd: cannot use new: in use by another instance" "and told so"
ok "the first goes on" works new/regCred.dat
ok "SIGTERM ends it with 0" stop "$PID"
like "$(cat regd.err)" \
	'^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z First is ready$' "its log"

cp new/node.dat node.before
status 65 "a weak key needs the option each time" xl regd -d new -a 127.0.0.1
err_like "cannot use the keys in new: of less than 2048 bits" "is told so"
start new -a 127.0.0.1 --insecure-test-key
same new/node.dat node.before "the identity stays"
stop "$PID" INT
is "$?" 0 "SIGINT ends it with 0"
start new -a 127.0.0.1 --insecure-test-key -n Second
ok "a new name is taken over" works new/regCred.dat
like "$(cat works.out)" '"Name": "Second"' "and given out"
like "$(cat new/node.dat)" 'Name: Second' "and kept"
stop "$PID"

identity fixed
start fixed -a 127.0.0.1 -1
client fixed/regCred.dat member:name=a,attrs=5 create:name=c,size=2 bye >out
is "$(jq -r 'select(.op == "CreateReply") | .ClusterID' <out | wc -c |
	tr -d ' ')" 41 "-1: IDs of 160 bits"
stop "$PID"

# --- what is wrong with its folder ---

status 73 "no folder to make it in" xl regd -d no/such -a 127.0.0.1 -p 0
echo text >file
status 73 "a file in its place" xl regd -d file -a 127.0.0.1 -p 0
identity bad
echo junk >bad/ck.pem
status 65 "a key that is none" xl regd -d bad -a 127.0.0.1 -p 0
err_like '^xl-regd: cannot use bad/ck.pem: ' "is named"
identity bad
echo '}' >>bad/node.dat
status 65 "a node.dat that is none" xl regd -d bad -a 127.0.0.1 -p 0
err_like '^xl-regd: bad/node.dat:7: ' "is named with its line"
identity bad
mkdir bad/regCred.dat
status 73 "a credential that cannot be written" xl regd -d bad -a 127.0.0.1 -p 0
rmdir bad/regCred.dat
status 73 "nor another" xl regd -d bad -a 127.0.0.1 -p 0 --cred-out no/such
identity bad
if [ -e /dev/full ]; then
	status 74 "standard output that is full" \
		sh -c '"$@" >/dev/full' sh $XLBOX xl-regd -d bad \
		-a 127.0.0.1 -p 0
else
	skip "standard output that is full" "no /dev/full"
fi
status 74 "a ready descriptor that is none" xl regd -d bad -a 127.0.0.1 -p 0 \
	--ready-fd 99

# --- addresses ---

identity addr
start addr -a 127.0.0.1
port=$(sed 's/.*://' regd.out)
identity other
status 71 "a port in use" xl regd -d other -a 127.0.0.1 -p "$port"
err_like "^xl-regd: cannot listen at 127.0.0.1:$port: Address" "is told"
stop "$PID"
status 71 "an address of others" xl regd -d other -a 192.0.2.1 -p 0
start addr -a 127.0.0.1 -a 127.0.0.2 -a 127.0.0.3
is "$(sed 's/:.*//' regd.out | tr '\n' ' ')" \
	"127.0.0.1 127.0.0.2 127.0.0.3 " "three addresses"
is "$(sed 's/.*://' regd.out | sort -u | wc -l | tr -d ' ')" 1 \
	"have one port"
is "$(grep -c TcpEndPoint addr/regCred.dat)" 3 "and are in the credential"
stop "$PID"
if start addr -a ::1; then
	like "$(cat regd.out)" '^\[::1\]:[0-9]+$' "IPv6 in brackets"
	ok "IPv6 works" works addr/regCred.dat
	stop "$PID"
	start addr -a '[::1]'
	like "$(cat regd.out)" '^\[::1\]:[0-9]+$' "as an argument too"
	stop "$PID"
else
	skip "IPv6" "not here"
fi

ends()
{
	tr -d '\r' <addr/regCred.dat | sed -n 's/.*TcpEndPoint: //p' |
		tr '\n' ' '
}

start addr -a 127.0.0.1 -g 127.0.0.9 -g host.example:77 -g reg.example \
	-g ::1 -g '[::2]:78' -g '[::3]'
port=$(sed 's/.*://' regd.out)
is "$(ends)" "127.0.0.9:$port host.example:77 reg.example:$port [::1]:$port \
[::2]:78 [::3]:$port " "-g in all its forms"
stop "$PID"
for wrong in 'a b' 'host:0' '1.2.3' '[::1' 'a:b:c' ''; do
	status 64 "-g '$wrong' is no address" xl regd -d none -a 127.0.0.1 -p 0 \
		-g "$wrong"
	is "$(cat err)" "xl-regd: --global cannot be ${wrong:-empty} (see xl-regd -h)" \
		"it says so, and that alone"
done
not_ok "and makes nothing before that" test -e none
start addr -g 127.0.0.1:1
like "$(tr '\n' ' ' <regd.out)" '^0\.0\.0\.0:[0-9]+ (\[::\]:[0-9]+ )?$' \
	"listens at all addresses"
is "$(ends)" "127.0.0.1:1 " "and is known as told"
before=$(stat -c %i addr/regCred.dat)
stop "$PID"
start addr -g 127.0.0.1:1
is "$(stat -c %i addr/regCred.dat)" "$before" \
	"a credential that is right is not written again"
stop "$PID"
start addr -g 127.0.0.1:2
is "$(ends)" "127.0.0.1:2 " "but one that is not"
stop "$PID"
if unshare -n true 2>/dev/null; then
	status 64 "nobody can reach it" unshare -n $XLBOX xl-regd -d addr -p 0
	err_like 'give one with -g$' "which names -g"
else
	skip "nobody can reach it" "no network namespaces"
fi

start addr -a 127.0.0.1 --cred-out copy
same addr/regCred.dat copy "--cred-out FILE"
stop "$PID"
start addr -a 127.0.0.1 --cred-out -
sed 1d regd.out >copy
same addr/regCred.dat copy "--cred-out -"
stop "$PID"

# --- without a folder ---

mkdir empty
spawn_ready regd sh -c 'cd empty && exec "$@"' sh $XLBOX xl-regd \
	--ephemeral -a 127.0.0.1 -p 0 --ready-fd 3 --cred-out ../cred \
	-b 1024 --insecure-test-key
client cred member:name=a,end=127.0.0.1:7001 create:name=c,size=2 \
	join:name=c get bye >out 2>&1
like "$(cat out)" '"ClusterMembers"' "--ephemeral serves"
is "$(ls -A empty)" "" "and writes nothing"
ok "and ends with 0" stop "$PID"

# --- dialects ---

identity dia
start dia -a 127.0.0.1 --dialects sealed,prefixed
ok "sealed is served" works dia/regCred.dat --dialect sealed
ok "prefixed is served" works dia/regCred.dat --dialect prefixed
not_ok "documented is not" works dia/regCred.dat --dialect documented
is "$(cat works.out)" '{"op": "closed"}' "and gets no answer"
stop "$PID"

# --- time limits ---

identity time
start time -a 127.0.0.1 --hello-timeout 1 --message-timeout 1 --idle-timeout 1
# Each of these ends because the registry closes: the client waits for it.
cat >silent.pl <<'EOF'
use IO::Socket::INET;
my ($port, $bytes) = @ARGV;
my $s = IO::Socket::INET->new(PeerAddr => "127.0.0.1:$port") or die;
print $s "x" x $bytes;
$s->flush;
exit(sysread($s, my $b, 1) == 0 ? 0 : 1);
EOF
port=$(sed 's/.*://' regd.out)
ok "no Hello" perl silent.pl "$port" 0
ok "half a Hello" perl silent.pl "$port" 128
ok "a bad Hello" perl silent.pl "$port" 256
ok "too long a Hello" perl silent.pl "$port" 257
run client time/regCred.dat --tries 5 regcred expect-close
is "$status" 0 "an idle session"
run client time/regCred.dat --tries 5 cut:5 regcred expect-close
is "$status" 0 "half a message"
stop "$PID"

# --- slots and descriptors run out ---

cat >hold.pl <<'EOF'
# hold.pl PORT COUNT: opens so many connections, and holds them until its
# standard input ends
use IO::Socket::INET;
my ($port, $count) = @ARGV;
my @held = map { IO::Socket::INET->new(PeerAddr => "127.0.0.1:$port") or die }
    1 .. $count;
$| = 1;
print "held\n";
<STDIN>;
EOF

# hold COUNT: does so in the background, until release
hold()
{
	rm -f hold.in
	mkfifo hold.in
	spawn hold sh -c 'exec perl hold.pl "$@" <hold.in' sh \
		"$(sed -n '1s/.*://p' regd.out)" "$1"
	exec 4>hold.in
	wait_for grep -q held hold.out
}

release()
{
	exec 4>&-
}

identity slots
start slots -a 127.0.0.1 --max-sessions 4 --max-per-address 4 \
	--hello-timeout 60
regd=$PID
# All are there before it looks: they keep their places for a second.
kill -STOP "$regd"
hold 4
kill -CONT "$regd"
ok "slots taken: who says nothing makes room" works slots/regCred.dat
ok "slots taken: told" grep -q 'have to wait: all sessions are taken' regd.err
release
ok "slots taken: goes on" works slots/regCred.dat
ok "slots taken: ends with 0" stop "$regd"

# --- sessions an address ---

# known COUNT: nodes that say who they are hold so many sessions until release
known()
{
	rm -f known.in
	mkfifo known.in
	spawn known sh -c 'exec "$@" <known.in' sh "$ROOT/tests/net/load.py" \
		hold --cred slots/regCred.dat --known --count "$1"
	exec 4>known.in
	wait_for grep -q held known.out
}

start slots -a 127.0.0.1 --max-sessions 9 -v
regd=$PID
known 3
holder=$PID
not_ok "an address has a quarter of the sessions" works slots/regCred.dat
not_ok "and no more" works slots/regCred.dat
ok "told" grep -q 'refused: 127\.0\.0\.1 has 3 sessions$' regd.err
is "$(grep -c 'refused: ' regd.err)" 1 "told once"
is "$(grep -c ': connected$' regd.err)" 3 "they were not let in"
# Its bytes are there before it is looked at.
kill -STOP "$regd"
spawn early perl -MIO::Socket::INET -e '
	my $s = IO::Socket::INET->new($ARGV[0]) or die;
	$| = 1;
	print $s "x" x 500; $s->flush; print "sent\n";
	print defined sysread($s, my $in, 1) ? "end" : $!' \
	"$(head -n 1 regd.out)"
wait_for grep -q sent early.out
kill -CONT "$regd"
stop "$PID" 0
is "$(tail -n 1 early.out)" end "who has sent something is not reset"
spawn other perl -MIO::Socket::INET -e 'my $s = IO::Socket::INET->new(
	PeerAddr => $ARGV[0], LocalAddr => "127.0.0.2") or die; sleep 600' \
	"$(head -n 1 regd.out)"
ok "another is let in" wait_for grep -q ' 127\.0\.0\.2:[0-9]*: connected$' \
	regd.err
stop "$PID"
release
ok "who was in all the time is served" stop "$holder" 0
ok "who is gone makes room" wait_for works slots/regCred.dat
hold 3
ok "and who says nothing" wait_for works slots/regCred.dat
release
stop "$regd"
start slots -a 127.0.0.1 --max-sessions 9 --max-per-address 4
regd=$PID
known 3
ok "--max-per-address" works slots/regCred.dat
release
stop "$regd"

identity files
spawn_ready regd sh -c 'ulimit -n 24 && exec "$@"' sh $XLBOX xl-regd \
	-d files -a 127.0.0.1 -p 0 --ready-fd 3 --max-sessions 100 \
	--max-per-address 100
regd=$PID
ok "descriptors: their limit is told" grep -q '24 descriptors are too few' regd.err
hold 40
ok "descriptors: told" wait_for grep -q 'connections have to wait: ' regd.err
release
ok "descriptors: goes on" works files/regCred.dat
is "$(grep -c 'connections have to wait' regd.err)" 1 "descriptors: told once"
ok "descriptors: ends with 0" stop "$regd"
cramped() { sh -c 'ulimit -v 30000 && exec "$@"' sh "$@"; }
if [ "$SAN" = 1 ] || [ -n "$EMULATOR" ]; then
	skip "address space" "what runs it needs more"
else
	# shellcheck disable=SC2086 # several words
	status 71 "too little address space" cramped $XLBOX xl-regd \
		-d files -a 127.0.0.1 -p 0
	err_like "cannot make room for --max-sessions: Out of memory" \
		"is told with what takes it"
	out_is "" "and nothing that it listens"
fi

# --- signals ---

identity end
start end -a 127.0.0.1 -v
regd=$PID
hold 3
ok "silent connections do not hold up the end" stop "$regd"
release
like "$(cat regd.err)" 'Z stopping$' "it says that it stops"

start end -a 127.0.0.1
rm end/regCred.dat
kill -HUP "$PID"
ok "SIGHUP writes the credential again" wait_for test -s end/regCred.dat
ok "and it goes on" works end/regCred.dat
rm end/regCred.dat
mkdir end/regCred.dat
kill -HUP "$PID"
ok "if it cannot, that is in the log" wait_for grep -qE \
	'^[0-9TZ:-]{20} cannot write end/regCred.dat: ' regd.err
rmdir end/regCred.dat
ok "until SIGTERM" stop "$PID"

# has_cred PID: it has the credential open
has_cred()
{
	find "/proc/$1/fd" -lname '*/end/regCred.dat' | grep -q .
}

# reads: one that is about to look at the credential that is there, a pipe. That
# has a writer from the start, as it would be taken for empty after a while, and
# not this shell, of which the process is a copy at first.
reads()
{
	rm -f end/regCred.dat
	mkfifo end/regCred.dat
	spawn writer sh -c 'exec sleep 600 5<>end/regCred.dat'
	writer=$PID
	wait_for has_cred "$writer"
	spawn regd xl regd -d end -a 127.0.0.1 -p 0
	wait_for has_cred "$PID"
}

reads
kill -HUP "$PID"
rm end/regCred.dat
stop "$writer"
ok "SIGHUP before it is ready is for later" \
	wait_for grep -q 'looking at the addresses again$' regd.err
ok "and it runs" works end/regCred.dat
stop "$PID"
for signal in TERM INT; do
	reads
	ok "SIG$signal before it is ready ends it with 0" stop "$PID" $signal
	stop "$writer"
done
rm end/regCred.dat

# --- logs ---

start end -a 127.0.0.1
client end/regCred.dat member:name=a,end=127.0.0.1:7001 create:name=c,size=2 \
	join:name=c join:name=none >out 2>&1
like "$(cat regd.err)" 'Z 1 127\.0\.0\.1:[0-9]+: a created cluster c, 0 of 2$' \
	"a cluster is logged"
like "$(cat regd.err)" 'Z 1 127\.0\.0\.1:[0-9]+: a joined cluster c, 1 of 2$' \
	"a join is logged"
like "$(cat regd.err)" \
	'Z 1 [0-9.:]+: refused Join: cannot find cluster with this name$' \
	"a refusal is logged"
unlike "$(cat regd.err)" ': Member$|connected' "and no more"
stop "$PID"
start end -a 127.0.0.1 -v
works end/regCred.dat
like "$(cat regd.err)" 'Z 1 [0-9.:]+: RegCredRequest$' "-v logs messages"
stop "$PID"
start end -a 127.0.0.1 -q
client end/regCred.dat member:name=a,sig=none >out 2>&1
like "$(cat out)" 'bad digital signature' "with -q a refusal"
stop "$PID"
is "$(cat regd.err)" "" "is not logged"
start end -a 127.0.0.1 --syslog
works end/regCred.dat
stop "$PID"
# Where nobody takes it, it goes to standard error in syslog's form.
if [ -S /dev/log ]; then
	is "$(cat regd.err)" "" "--syslog leaves standard error alone"
else
	like "$(cat regd.err)" '^<30>xl-regd\[[0-9]+\]: end is ready$' \
		"--syslog says what it would"
fi

# --- NOTIFY_SOCKET ---

cat >notify.pl <<'EOF'
use Socket;
my ($name, @cmd) = @ARGV;
alarm 300;
socket(my $s, AF_UNIX, SOCK_DGRAM, 0) or die;
(my $path = $name) =~ s/^@/\0/;
bind($s, pack_sockaddr_un($path)) or die "$!";
$ENV{NOTIFY_SOCKET} = $name;
my $pid = fork // die;
if (!$pid) { open STDOUT, ">", "/dev/null"; exec @cmd; }
recv($s, my $m, 100, 0);
print "$m\n";
kill "TERM", $pid;
recv($s, $m, 100, 0);
print "$m\n";
waitpid $pid, 0;
print "status $?\n";
EOF
for name in "$T/notify" "@xl-test-$$"; do
	# shellcheck disable=SC2086 # XLBOX may be several words
	run perl notify.pl "$name" $XLBOX xl-regd -d end -a 127.0.0.1 -p 0
	is "$(tr '\n' ' ' <out)" "READY=1 STOPPING=1 status 0 " \
		"NOTIFY_SOCKET, ${name%%[/x]*}..."
done
NOTIFY_SOCKET=$T/gone
export NOTIFY_SOCKET
start end -a 127.0.0.1
unset NOTIFY_SOCKET
ok "nobody at NOTIFY_SOCKET" works end/regCred.dat
ok "is told" grep -q 'cannot notify' regd.err
stop "$PID"

done_testing
