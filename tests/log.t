#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The log of both daemons, where who reads it has stopped to: they go on, and
# tell how many lines were lost when there is room again.

# shellcheck disable=SC2086 # XLBOX may be several words
. "${0%/*}/lib.sh"

need perl
. "$ROOT/tests/net/regd.sh"
. "$ROOT/tests/net/cluster.sh"

# open_log NAME: makes NAME.err a pipe for spawn_ready, which descriptor 6 holds
open_log()
{
	mkfifo "$1.err"
	exec 6<>"$1.err"
}

# fill NAME: until there is no room in it for a line
fill()
{
	perl -MFcntl -e '
		sysopen(my $f, $ARGV[0], O_WRONLY | O_NONBLOCK) or die;
		1 while syswrite($f, "x" x 4095 . "\n");
	' "$1.err"
}

# drain NAME: adds all that is in it to NAME.log
drain()
{
	perl -MFcntl -e '
		sysopen(my $f, $ARGV[0], O_RDONLY | O_NONBLOCK) or die;
		print while sysread($f, $_, 65536);
	' "$1.err" >>"$1.log"
}

# has NAME ERE: a line of the log, of which all is taken
has()
{
	drain "$1"
	grep -qE "$2" "$1.log"
}

lost='^[0-9TZ:-]{20} [1-9][0-9]* lines were lost$'

# after NAME: the line behind that one
after()
{
	grep -E -A 1 "$lost" "$1.log" | sed -n '2s/^[^ ]* //p'
}

# --- xl-regd ---

# joins NAME: somebody joins the cluster c
joins()
{
	timeout 60 "$PEER/client.py" --cred reg/regCred.dat \
		"member:name=$1,end=127.0.0.1:7001" create:name=c,size=3 \
		join:name=c bye >"$1.out" 2>&1
}

identity reg
open_log regd
start reg -a 127.0.0.1
regd=$PID
ok "xl-regd: its log is read" has regd 'reg is ready$'
fill regd
ok "and then it is not: a join is answered" joins a
ok "and one more" joins b
drain regd
unlike "$(cat regd.log)" 'joined cluster|lost$' "they could not be logged"
ok "it is read again: the next join" joins c
ok "is logged" has regd ' c joined cluster c, 1 of 3$'
is "$(after regd | sed 's/.*: //')" "c found cluster c, 1 of 3" \
	"and before it that lines were lost"
fill regd
ok "it can be ended while nobody reads" stop "$regd"
exec 6>&-

# --- syslog ---

# Another /dev, with a logger's socket that is read when the test says so.
mkdir dev
cat >dev.sh <<'EOF'
mount -t tmpfs none dev || exit
for file in null full urandom; do
	: >dev/$file
	mount --bind /dev/$file dev/$file || exit
done
mount --rbind dev /dev && exec "$@"
EOF
cat >syslog.pl <<'EOF'
use Socket;
$SIG{PIPE} = "IGNORE";
$SIG{ALRM} = sub { kill "KILL", $pid; die "it hangs" };
alarm 60;
my $name = pack_sockaddr_un("/dev/log");
my ($log, $other);
socket($log, AF_UNIX, SOCK_DGRAM, 0) && bind($log, $name) or die "$!";
socket($other, AF_UNIX, SOCK_DGRAM, 0) && connect($other, $name) or die "$!";
1 while send($other, "full", MSG_DONTWAIT);
$pid = open(my $out, "-|", @ARGV) // die;
<$out> for 1 .. 2; # its end point, and that it is ready
sub hup { unlink "reg/regCred.dat"; kill "HUP", $pid; }
sub written { select(undef, undef, undef, 0.05) until -s "reg/regCred.dat"; }
hup();
written();
1 while defined recv($log, my $m, 2000, MSG_DONTWAIT);
hup();
for my $i (1 .. 2) { recv($log, my $m, 2000, 0); print "$m\n"; }
kill "TERM", $pid;
close $out;
print "status $?\n";
EOF
if unshare -rm sh dev.sh true 2>/dev/null; then
	run unshare -rm sh dev.sh perl syslog.pl $XLBOX xl-regd -d reg \
		-a 127.0.0.1 -p 0 --syslog --ready-fd 1
	is "$(sed 's/\[[0-9]*\]//' out)" "<27>xl-regd: 3 lines were lost
<30>xl-regd: looking at the addresses again
status 0" "a logger that hangs: it goes on, and tells what was lost"
	err_is "" "and does not say it elsewhere"
else
	skip "a logger that hangs" "no right to unshare"
fi

# --- xl-member ---

# up COUNT: member 0 says that so many are up
up()
{
	timeout 60 $XLBOX xl-member -d c/m0 status --format env \
		>status.out 2>&1
	grep -qx "XL_UP='\{0,1\}$1'\{0,1\}" status.out
}

cluster_make c 2 || exit 1
# The last one says nothing: it might come when the log is read again.
printf '#!/bin/sh\n[ $XL_EVENT = no-quorum ] || echo said
echo "$XL_EVENT" >>%s/told\n' "$T" >hook
chmod +x hook
: >told
open_log m0
spawn_ready m0 xl member -d c/m0 --ready-fd 3 -x ./hook
m0=$PID
ok "xl-member: its log is read" wait_for has m0 'hook start 1: said$'
fill m0
spawn_ready m1 xl member -d c/m1 --ready-fd 3
m1=$PID
ok "and then it is not: status is answered" wait_for up 2
ok "a command is told of all" wait_for grep -qx quorum told
stop "$m1"
ok "whatever it says" wait_for grep -qx no-quorum told
drain m0
unlike "$(cat m0.log)" 'member-up|lost$' "which could not be logged"
kill -HUP "$m0"
ok "it is read again: that lines were lost" wait_for has m0 "$lost"
ok "is before the next one" wait_for has m0 'reading cluster.dat again$'
is "$(after m0)" "reading cluster.dat again" "which comes right behind"
is "$(grep -cE "$lost" m0.log)" 1 "it is told once"
fill m0
ok "it can be ended while nobody reads" stop "$m0"
exec 6>&-

done_testing
