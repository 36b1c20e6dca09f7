#!/bin/sh
# SPDX-License-Identifier: MIT
#
# xl-regd's journal: what a power loss, a damaged file, a full disk, a sync
# that fails, and SIGKILL at any moment leave of what was acknowledged.

. "${0%/*}/lib.sh"

need perl jq
. "$ROOT/tests/net/regd.sh"
LOAD=$ROOT/tests/net/load.py

# fails DIR OPTION...: a registry that is not to start
fails()
{
	dir=$1
	shift
	xl regd -d "$dir" -a 127.0.0.1 -p 0 "$@"
}

# members DIR: the names in cluster alpha, in one line
members()
{
	client "$1/regCred.dat" --sk rsa2048-6 member:name=looker,attrs=5 \
		get:name=alpha bye 2>/dev/null | jq -r \
		'select(.op == "ClusterMembers") | [.Tokens[].Name] | join(" ")'
}

# --- a journal of known contents: ends of frames in $ends ---

identity made
start made -a 127.0.0.1
ends=$(file_size made/registry.log)
note()
{
	ends="$ends $(file_size made/registry.log)"
}
add()
{
	client made/regCred.dat --sk "rsa2048-$1" \
		"member:name=n$1,end=127.0.0.1:700$1" create:name=alpha,size=8 \
		join:name=alpha bye >/dev/null
	note
}
for n in 3 4 5; do
	add "$n"
done
is "$(members made)" "n3 n4 n5" "three members"
ok "stops" stop "$PID"
start made -a 127.0.0.1
is "$(members made)" "n3 n4 n5" "are there again"
ok "stops again" stop "$PID"
# shellcheck disable=SC2086 # numbers
set -- $ends
first=$1 second=$2 last=$3 end=$4
is "$(file_size made/registry.log)" "$end" "and reading changed nothing"

# damage NAME: a copy to be damaged
damage()
{
	rm -rf "$1"
	cp -r made "$1"
}

# --- torn tails ---

for cut in 1 $((end - last - 1)); do
	damage torn
	head -c $((end - cut)) made/registry.log >torn/registry.log
	start torn -a 127.0.0.1
	like "$(cat regd.err)" "torn/registry.log: cut off [0-9]+ bytes at" \
		"$cut bytes less: said"
	like "$(members torn)" "^n3 n4" "$cut bytes less: the others are there"
	ok "$cut bytes less: stops" stop "$PID"
	ok "$cut bytes less: kept aside" test -s torn/registry.log.torn
done

damage torn
flip torn/registry.log $((8 * end - 5))
start torn -a 127.0.0.1
like "$(members torn)" "^n3 n4" "a bit of the last frame: starts"
ok "a bit of the last frame: said" grep -q "cut off" regd.err
ok "a bit of the last frame: kept aside" test -s torn/registry.log.torn
client torn/regCred.dat --sk rsa2048-5 "member:name=n5,end=127.0.0.1:7005" \
	join:name=alpha bye >/dev/null
is "$(members torn)" "n3 n4 n5" "and goes on from there"
stop "$PID"
start torn -a 127.0.0.1
is "$(members torn)" "n3 n4 n5" "for good"
unlike "$(cat regd.err)" "cut off" "with nothing to say"
stop "$PID"

damage torn
head -c 7 made/registry.log >torn/registry.log
start torn -a 127.0.0.1
is "$(members torn)" "" "a cut header: an empty registry"
stop "$PID"
ok "a cut header: kept aside" test -s torn/registry.log.torn

# --- damage ---

# damaged NAME OFFSET BIT: refused with this offset, and nothing is changed
damaged()
{
	damage broken
	flip broken/registry.log "$3"
	cp broken/registry.log before
	status 65 "$1: refused" fails broken
	err_is "xl-regd: broken/registry.log: offset $2: $4" "$1: said where"
	same broken/registry.log before "$1: left as it is"
	ok "$1: nothing kept aside" test ! -e broken/registry.log.torn
}

damaged "file header" 0 0 "damaged file header"
damaged "mark" 0 67 "damaged file header"
damaged "frame header" "$first" $((8 * first + 3)) "damaged frame header"
damaged "frame length" "$first" $((8 * first + 40)) "damaged frame header"
damaged "payload" "$first" $((8 * first + 200)) "damaged frame"

damage broken
flip broken/registry.log $((8 * second + 200))
cp broken/registry.log before
start broken -a 127.0.0.1 --recover
like "$(cat regd.err)" "left out 1 damaged .*/registry.log.damaged$" \
	"recover: said"
like "$(members broken)" "n3 .*n5" "recover: keeps the rest"
same broken/registry.log.damaged before "recover: keeps a copy"
stop "$PID"
start broken -a 127.0.0.1
like "$(members broken)" "n3 .*n5" "recovered: starts as ever"
stop "$PID"

damage broken
flip broken/registry.log 67
start broken -a 127.0.0.1 --recover
is "$(members broken)" "n3 n4 n5" "recover: a file header costs nothing"
stop "$PID"

damage broken
echo "this is no journal, but longer than a header" >broken/registry.log
status 65 "another file" fails broken
status 65 "another file, recovering" fails broken --recover
err_like "broken/registry.log: offset" "another file: said"
damage broken
rm broken/registry.log
mkdir broken/registry.log
status 73 "a folder" fails broken
err_is "xl-regd: cannot open broken/registry.log: not a regular file" \
	"a folder: said"
rmdir broken/registry.log
ln -s ../elsewhere broken/registry.log
for there in no yes; do
	[ $there = no ] || cp made/registry.log elsewhere
	status 73 "a symlink, its target there: $there" fails broken
	ok "a symlink, its target there: $there: left alone" \
		test -L broken/registry.log
done
same made/registry.log elsewhere "a symlink: nor is its target touched"

damage broken
echo junk >broken/registry.log.new
start broken -a 127.0.0.1
is "$(members broken)" "n3 n4 n5" "what a compaction left is no harm"
stop "$PID"

# --- compaction ---

identity grown
start grown -a 127.0.0.1
i=0
while [ $i -lt 100 ]; do
	i=$((i + 1))
	echo "$i | member:name=n3,end=127.0.0.1:$((7000 + i)) bye"
done | client grown/regCred.dat --sk rsa2048-3 --cases >grown.out
is "$(grep -c '^ok' grown.out)" 100 "100 tokens of one node"
stop "$PID" KILL
big=$(file_size grown/registry.log)
start grown -a 127.0.0.1
ok "compacted at start" test "$(file_size grown/registry.log)" \
	-lt $((big / 10))
client grown/regCred.dat --sk rsa2048-3 "member:name=n3,end=127.0.0.1:7100" \
	create:name=alpha,size=4 join:name=alpha get bye >out
ok "with the latest token" grep -q '127.0.0.1:7100"' out
stop "$PID"
ok "and no file beside" test ! -e grown/registry.log.new

# --- SIGKILL under load: nothing acknowledged is lost ---

acked()
{
	[ "$(wc -l <acked)" -ge "$1" ]
}

# At an address of its own: the next to take the port might be another test's
# registry, which has the same keys.
here=127.$(($$ / 250 % 250 + 1)).$(($$ % 250 + 1)).1
identity killed
start killed -a "$here"
regd=$PID
: >acked
spawn load "$LOAD" load --cred killed/regCred.dat --out acked
load=$PID
round=0
while [ $round -lt 50 ]; do
	round=$((round + 1))
	wait_for acked $(($(wc -l <acked) + 1 + round % 7)) || break
	stop "$regd" KILL
	start killed -a "$here" || break
	regd=$PID
done
is "$round" 50 "50 rounds of SIGKILL"
stop "$load"
ok "all that was acknowledged is there" "$LOAD" check \
	--cred killed/regCred.dat --out acked
stop "$regd"

# --- a full disk ---

# full FOLDER NAME REASON: on the registry that has just been started, joins
# until the disk is full
full()
{
	: >acked
	ok "$2: refuses when it is full" timeout 300 "$LOAD" load \
		--cred "$1/regCred.dat" --out acked \
		--until "cannot store the change"
	ok "$2: said" grep -q "cannot write the journal: $3" regd.err
	ok "$2: goes on to serve" "$LOAD" check \
		--cred "$1/regCred.dat" --out acked
}

mkdir small
if mount -t tmpfs -o size=256k tmpfs small 2>/dev/null; then
	identity small/regd
	dd if=/dev/zero of=small/filler bs=4096 count=8 2>/dev/null
	start small/regd -a 127.0.0.1
	regd=$PID
	full small/regd tmpfs "No space left on device"
	rm small/filler
	client small/regd/regCred.dat member:name=late,end=127.0.0.1:7003 \
		create:name=beta,size=2 join:name=beta bye >out
	like "$(cat out)" '"JoinReply"' "tmpfs: accepts when there is room"
	stop "$regd" KILL
	start small/regd -a 127.0.0.1
	ok "tmpfs: all is there after SIGKILL" "$LOAD" check \
		--cred small/regd/regCred.dat --out acked
	stop "$PID"
	truncate -s -5 small/regd/registry.log
	dd if=/dev/zero of=small/filler bs=1024 2>/dev/null
	status 74 "tmpfs: a torn tail, and no room for it" fails small/regd
	err_is "xl-regd: cannot mend small/regd/registry.log: No space left on \
device" "tmpfs: a torn tail: said"
	rm small/filler
	start small/regd -a 127.0.0.1
	ok "tmpfs: a torn tail: with room it starts" stop "$PID"
	umount small
else
	skip "a full tmpfs" "cannot mount one"
fi

identity limited
# shellcheck disable=SC2086,SC2016 # XLBOX may be several words
spawn_ready regd sh -c 'ulimit -f 64 && exec "$@"' sh $XLBOX xl-regd \
	-d limited -a 127.0.0.1 -p 0 --ready-fd 3
regd=$PID
full limited ulimit "File too large"
stop "$regd" KILL
start limited -a 127.0.0.1
ok "ulimit: all is there without it" "$LOAD" check \
	--cred limited/regCred.dat --out acked
stop "$PID"

# --- a sync that fails ---

# What comes behind it finds fdatasync(2) always failing.
cat >nosync <<'EOS'
my %nr = (x86_64 => [157, 75], aarch64 => [167, 83]);
my $m = `uname -m`; chomp $m;
my ($prctl, $sync) = @{$nr{$m} or exit 99};
my $code = pack("SCCL" x 4, 0x20, 0, 0, 0, 0x15, 0, 1, $sync,
    6, 0, 0, 0x50005, 6, 0, 0, 0x7fff0000);
my $prog = pack("Sx![P]P", 4, $code);
syscall($prctl, 38, 1, 0, 0, 0) == 0 or exit 99;
syscall($prctl, 22, 2, $prog, 0, 0) == 0 or exit 99;
exec @ARGV or exit 99;
EOS
identity nosync.d
start_nosync()
{
	case $XLBOX in
	*" "*) return 1 ;;
	esac
	perl nosync true 2>/dev/null && spawn_ready regd perl nosync "$XLBOX" \
		xl-regd -d nosync.d -a 127.0.0.1 -p 0 --ready-fd 3
}

if start_nosync; then
	client nosync.d/regCred.dat member:name=a,end=127.0.0.1:7003 >out 2>&1
	like "$(cat out)" '"cannot store the change"' "sync fails: refused"
	ok "sync fails: said" grep -q \
		"cannot write the journal: I.*/.*error" regd.err
	client nosync.d/regCred.dat member:name=a,attrs=5 \
		create:name=alpha,size=2 >out 2>&1
	like "$(cat out)" '"cannot store the change"' "sync fails: and again"
	client nosync.d/regCred.dat member:name=a,attrs=5 get:name=alpha \
		>out 2>&1
	like "$(cat out)" "cannot find cluster" "sync fails: nothing in memory"
	stop "$PID" KILL
	is "$(file_size nosync.d/registry.log)" 16 "sync fails: nor on disk"
	start nosync.d -a 127.0.0.1
	is "$(members nosync.d)" "" "sync fails: nor after a restart"
	stop "$PID"
else
	skip "a sync that fails" "no seccomp here"
fi

done_testing
