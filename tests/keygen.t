#!/bin/sh
# SPDX-License-Identifier: MIT
#
# xl-keygen: identities and keys that it makes, every form that it reads and
# writes against openssl and ssh-keygen, and every refusal.

. "${0%/*}/lib.sh"
need openssl ssh-keygen perl

DATA=$ROOT/tests/data
TEST="-b 1024 --insecure-test-key" # made in no time

# bits KEY: the bits of a private key as openssl sees them
bits()
{
	openssl rsa -in "$1" -noout -text 2>/dev/null |
		sed -n 's/^Private-Key: (\([0-9]*\) bit.*/\1/p'
}

mode()
{
	stat -c %a "$1"
}

# whole DIR: what an identity is, on one line
whole()
{
	echo "$(xl nodeid -d "$1") $(xl keygen -l -f "$1/ck.pem") \
$(xl keygen -l -f "$1/sk.pem")"
}

# -d: an identity

status 0 "make an identity" xl keygen -d one -n alpha
out_is "" "nothing on standard output"
err_is "" "nor on standard error"
is "$(mode one)" 700 "the folder is private"
is "$(mode one/ck.pem) $(mode one/sk.pem)" "600 600" "so are the keys"
is "$(find one -type f | sort | tr '\n' ' ')" \
	"one/ck.pem one/node.dat one/sk.pem " "there are three files"
for key in ck sk; do
	is "$(bits one/$key.pem)" 2048 "$key has 2048 bits"
	is "$(openssl rsa -in one/$key.pem -noout -check 2>&1)" "RSA key ok" \
		"openssl finds $key sound"
	like "$(head -n 1 one/$key.pem)" "BEGIN RSA PRIVATE KEY" "$key is PKCS#1"
	status 0 "$key is sound" xl keygen -p -f one/$key.pem
done
isnt "$(cat one/ck.pem)" "$(cat one/sk.pem)" "the keys differ"
like "$(cat one/node.dat)" '^ *Name: alpha$' "node.dat has the name"
like "$(xl nodeid -d one)" '^[0-9a-f]{64}$' "the ID has 256 bits"

before=$(whole one)
status 73 "not over an identity" xl keygen -d one -n beta
err_is "xl-keygen: cannot make one/node.dat: exists already" "it says so"
is "$(whole one)" "$before" "it is as it was"
status 0 "--if-missing" xl keygen -d one -n beta --if-missing
out_is "" "silent"
err_is "" "and without a word"
is "$(whole one)" "$before" "it is as it was"
status 0 "--force" xl keygen -d one -n beta --force
isnt "$(whole one)" "$before" "it is another"
like "$(cat one/node.dat)" '^ *Name: beta$' "with another name"
is "$(find one -type f | wc -l | tr -d ' ')" 3 "still three files"

# shellcheck disable=SC2086 # several words
{
	status 0 "--if-missing makes what is missing" \
		xl keygen -d two --if-missing -1 $TEST
	like "$(xl nodeid -d two)" '^[0-9a-f]{40}$' "-1 gives 160 bits"
	is "$(bits two/ck.pem)" 1024 "1024 bits when asked"
	name=$(uname -n | sed 's/\..*//; s/[^A-Za-z0-9_-]/-/g')
	like "$(cat two/node.dat)" "^ *Name: _?$name\$" "named for the host"
	mkdir loose && chmod 755 loose
	(umask 0 && xl keygen -d loose $TEST)
	is "$(mode loose/ck.pem)$(mode loose/sk.pem)" 600600 \
		"keys are secret under umask 0"
	status 73 "no parent folder" xl keygen -d no/where $TEST
	err_like "cannot make no/where: No such file" "it says so"
	: >plain
	status 73 "a file in the place of the folder" xl keygen -d plain $TEST
}

# The name that a host's name makes

wrong=
while read -r host name; do
	rm -rf host
	# shellcheck disable=SC2086 # several words
	unshare -ru /usr/bin/python3 -c 'import os, socket, sys
socket.sethostname(sys.argv[1])
os.execvp(sys.argv[2], sys.argv[2:])' "$host" $XLBOX xl-keygen -d host \
		$TEST 2>/dev/null || break
	grep -qx " *Name: $name" host/node.dat || wrong="$wrong $host"
done <<EOF
web1.example.org web1
-x!y.z _-x-y
UPPER_x UPPER_x
(none) _-none-
.foo _
$(printf '%064d' 0) $(printf '%064d' 0)
EOF
if [ -e host ]; then
	is "$wrong" "" "hosts' names, and what a name cannot have"
else
	skip "hosts' names, and what a name cannot have" "no right to unshare"
fi

# One file of the three is gone or damaged: nothing is thrown away

cp -R one broken
rm broken/sk.pem
status 66 "a key is gone" xl keygen -d broken --if-missing
err_is "xl-keygen: cannot read broken/sk.pem: No such file or directory" \
	"it says which"
echo x >broken/sk.pem
status 65 "a key is damaged" xl keygen -d broken --if-missing
cp one/sk.pem broken
printf 'node {\n    Name: x\n    Foo: y\n}\n' >broken/node.dat
status 65 "node.dat is damaged" xl keygen -d broken --if-missing
err_like "broken/node.dat:3: " "it says where"
rm broken/node.dat
status 0 "keys without node.dat" xl keygen -d broken -n gamma
same one/ck.pem broken/ck.pem "they stay"

# Keys that were there before the identity have to be strong

mkdir weak
cp "$DATA/rsa1024-1.pem" weak/ck.pem
cp "$DATA/rsa2048-1.pem" weak/sk.pem
status 65 "a short key without node.dat" xl keygen -d weak
err_is "xl-keygen: cannot read weak/ck.pem: fewer than 2048 bits" "it says so"
is "$(find weak -type f | wc -l | tr -d ' ')" 2 "nothing is made"
status 0 "but with --insecure-test-key" xl keygen -d weak --insecure-test-key
same weak/ck.pem "$DATA/rsa1024-1.pem" "the key stays"

# Cut short: what is left is the old identity or the new one, and whole

cp -R one cut
before=$(whole one)
trap '' XFSZ 2>/dev/null
(
	ulimit -f 2
	xl keygen -d cut --force 2>err
	echo $? >st
)
trap - XFSZ 2>/dev/null
is "$(cat st)" 74 "--force on a full disk"
like "$(cat err)" "cannot make cut/ck.pem: File too large" "it says so"
is "$(whole cut)" "$before" "the old one stands"
is "$(find cut -type f | wc -l | tr -d ' ')" 3 "and nothing else"

# Killed while the new files come and go, at whatever point that hits.
ended()
{
	! kill -0 "$PID" 2>/dev/null || [ -e "cut/$1" ]
}
wrong=0
round=0
while [ "$round" -lt 8 ]; do
	for file in ck.pem.new sk.pem.new node.dat.new; do
		before=$(whole cut)
		# shellcheck disable=SC2086 # several words
		spawn keygen xl keygen -d cut --force $TEST
		wait_for ended "$file"
		stop "$PID" KILL
		xl keygen -d cut --if-missing || wrong=$((wrong + 1))
		after=$(whole cut)
		[ "$after" = "$before" ] && continue
		for word in $after; do
			case $word in
			SHA256:* | ????????????????????????????????*)
				case $before in
				*"$word"*) wrong=$((wrong + 1)) ;;
				esac
				;;
			esac
		done
	done
	round=$((round + 1))
done
is "$wrong" 0 "killed at any moment: old or new, never half"
status 0 "the next run" xl keygen -d cut --if-missing
is "$(find cut -name '*.pem*' | wc -l | tr -d ' ')" 2 "cleans up behind them"

# A daemon that runs on the folder keeps its keys

cp -R one held
: >held/lock
spawn holder perl -e 'use Fcntl ":flock"; open F, "+<", "held/lock" or die;
	flock F, LOCK_EX or die; open R, ">", "held/ready"; close R; sleep 600'
wait_for test -e held/ready
status 71 "--force while a daemon holds the folder" xl keygen -d held --force
err_like "in use by another instance" "it says so"
status 0 "--if-missing does not mind" xl keygen -d held --if-missing
stop "$PID" KILL
status 0 "--force when it is gone" xl keygen -d held --force

# Two at once in one folder: one identity

# shellcheck disable=SC2086 # several words
{
	spawn a xl keygen -d both --if-missing $TEST
	a=$PID
	spawn b xl keygen -d both --if-missing $TEST
	b=$PID
	ok "one of two at once" stop "$a" 0
	ok "the other" stop "$b" 0
}
status 0 "the keys fit together" xl keygen -d both --if-missing

# -o: one key

status 0 "make a key" xl keygen -o key
is "$(mode key) $(mode key.pub)" "600 644" "their modes"
is "$(bits key)" 2048 "2048 bits"
is "$(openssl rsa -in key -noout -check 2>&1)" "RSA key ok" "openssl agrees"
is "$(cut -d ' ' -f 1,2 key.pub)" "$(ssh-keygen -y -f key)" \
	"key.pub is what ssh-keygen makes of it"
is "$(cut -d ' ' -f 3- key.pub)" "" "without a comment"
for file in key key.pub ./key "$T/key"; do
	is "$(xl keygen -l -f "$file")" "$(ssh-keygen -l -f "$file")" \
		"the fingerprint of ${file#"$T/"} as ssh-keygen prints it"
done
cp key key.was
status 73 "not over a key" xl keygen -o key
err_is "xl-keygen: cannot write key: exists already" "it says so"
mv key key2
status 73 "nor over a .pub" xl keygen -o key
err_like "key.pub: exists already" "it says so"
mv key2 key
same key key.was "it is as it was"
status 0 "--force with a comment" xl keygen -o key -C "me @ home" --force
isnt "$(cat key)" "$(cat key.was)" "it is another"
is "$(cut -d ' ' -f 3- key.pub)" "me @ home" "with the comment"
is "$(ssh-keygen -l -f key.pub)" "$(xl keygen -l -f key.pub)" \
	"ssh-keygen shows it alike"
is "$(ssh-keygen -l -f key)" "$(xl keygen -l -f key)" "for the private key too"
xl keygen -o - >piped 2>err
is "$(bits piped)" 2048 "-o - writes to standard output"
is "$(cat err)" "" "and nothing else"
is "$(find . -name '-*' -o -name 'piped.pub')" "" "no file"
for n in 3072 4096; do
	status 0 "make $n bits" xl keygen -o "k$n" -b "$n"
	is "$(bits "k$n")" "$n" "it has $n bits"
	is "$(openssl rsa -in "k$n" -noout -check 2>&1)" "RSA key ok" \
		"openssl agrees"
done
status 73 "where there is no folder" xl keygen -o no/where
err_like "cannot write no/where: No such file or directory" "it says so"

# Only regular files are replaced, and no others are touched

mkfifo fifo
ln -s key link
for file in fifo link .; do
	status 73 "--force over $file" xl keygen -y -f key -o $file --force
	err_is "xl-keygen: cannot write $file: not a regular file" "it says so"
done
ok "the fifo stays" test -p fifo
# waits_at PID FILE: it has opened it
waits_at()
{
	find "/proc/$1/fd" -lname "*/$2" 2>/dev/null | grep -q .
}
waits_at_fifo()
{
	waits_at "$PID" fifo || ! kill -0 "$PID" 2>/dev/null
}
# Not for ever: later than that it is another one's turn.
for _ in 1 2 3 4 5; do
	spawn late xl keygen -y -f fifo
	wait_for waits_at_fifo
	cat key 1<>fifo
	stop "$PID" 0
	status=$?
	[ "$status" -ne 0 ] || break
done
is "$status" 0 "a fifo whose writer comes late is waited for, and read"
is "$(cat late.out)" "$(xl keygen -y -f key)" "with the key in it"
is "$(readlink link)" key "and the link"
echo mine >mine.tmp
status 0 "beside a .tmp" xl keygen -y -f key -o mine
is "$(cat mine.tmp)" mine "which stays"
if strace -o trace true 2>/dev/null; then
	# shellcheck disable=SC2086 # XLBOX may be several words
	status 143 "a signal while a file is written" strace -f -o trace \
		-e inject=fsync:signal=TERM:when=1 \
		$XLBOX xl-keygen -y -f key -o ended
	same ended mine "waits until it is"
	is "$(find . -name 'ended.*')" "" "and no temporary is left"
	# shellcheck disable=SC2086 # XLBOX may be several words
	status 137 "killed while a file is written" strace -f -o trace \
		-e inject=fsync:signal=KILL:when=1 \
		$XLBOX xl-keygen -y -f key -o killed
	is "$(find . -name 'killed*' | wc -l | tr -d ' ')" 1 \
		"it leaves a temporary"
	status 0 "the next to write it" xl keygen -y -f key -o killed
	is "$(find . -name 'killed*')" ./killed "takes that away"
	# shellcheck disable=SC2086 # XLBOX may be several words
	status 0 "where there are no hard links" strace -f -o trace \
		-e inject=link:error=EPERM $XLBOX xl-keygen -y -f key -o nolink
	ok "there were none" grep -q INJECTED trace
	same nolink mine "a file is made"
	# shellcheck disable=SC2086 # XLBOX may be several words
	status 73 "but not twice" strace -f -o trace \
		-e inject=link:error=EPERM $XLBOX xl-keygen -y -f key -o nolink
	err_is "xl-keygen: cannot write nolink: exists already" "it says so"
else
	skip "where there are no hard links" "no strace here"
fi
for name in "left.$$" left.1x left. left eft.99999999 lef.99999999 \
	left.new.99999999; do
	: >"$name.xl-tmp"
done
: >left.99999999.xl-tmp
: >left.99999998.xl-tmp
status 0 "among temporaries" xl keygen -y -f key -o left
ok "that of a process that lives stays" rm "left.$$.xl-tmp"
is "$(find . -name '*.xl-tmp' | sort | tr '\n' ' ')" "./eft.99999999.xl-tmp \
./lef.99999999.xl-tmp ./left..xl-tmp ./left.1x.xl-tmp \
./left.new.99999999.xl-tmp ./left.xl-tmp " \
	"and those that are not this file's"
rm -f ./*.xl-tmp

# A disk with room for one file more, and one that is read-only

if unshare -rm sh -c 'mkdir disk && mount -t tmpfs -o size=8k none disk' \
	2>/dev/null; then
	rmdir disk
	cat >disk.sh <<'EOF'
mkdir disk && mount -t tmpfs -o size=8k none disk || exit 1
head -c 4096 /dev/zero >disk/fill
"$@" xl-keygen -o disk/k
echo "status $?, left: $(ls disk)"
"$@" xl-keygen -d disk/node
echo "status $?, left: $(ls disk/node)"
mount -t tmpfs -o remount,size=1m none disk && "$@" xl-keygen -d disk/node
mount -t tmpfs -o remount,ro none disk
"$@" xl-keygen -d disk/node --if-missing
echo "status $?"
"$@" xl-keygen -d disk/node --force
echo "status $?"
"$@" xl-keygen -o disk/k
echo "status $?"
EOF
	run unshare -rm sh disk.sh $XLBOX
	out_is "status 74, left: fill
status 74, left: 
status 0
status 73
status 73" "a full disk, and a read-only one"
	err_is "xl-keygen: cannot write disk/k.pub: No space left on device
xl-keygen: cannot make disk/node/sk.pem: No space left on device
xl-keygen: cannot make disk/node/ck.pem: Read-only file system
xl-keygen: cannot write disk/k: Read-only file system" "it says so"
else
	skip "a full disk, and a read-only one" "no right to mount"
fi

# Two at once with one name: one key, and its own public half

wrong=0
for round in 1 2 3 4 5 6; do
	rm -f pair pair.pub
	# shellcheck disable=SC2086 # several words
	{
		spawn a xl keygen -o pair $TEST
		a=$PID
		spawn b xl keygen -o pair $TEST
		b=$PID
	}
	one=0
	wait "$a" || one=$?
	two=0
	wait "$b" || two=$?
	case "$one $two" in
	"0 73" | "73 0") ;;
	*) wrong=$((wrong + 1)) ;;
	esac
	[ "$(xl keygen -y -f pair)" = "$(cat pair.pub)" ] ||
		wrong=$((wrong + 1))
done
is "$wrong" 0 "two at once make one pair"

# The key made here signs for openssl, and openssl's public half of it opens

echo hello >text
xl keygen -e pem -f key >key.pem
ok "openssl signs with it" openssl dgst -sha256 -sign key -out sig text
is "$(openssl dgst -sha256 -verify key.pem -signature sig text)" "Verified OK" \
	"and verifies with the other half"

# Keys of others: each form in, each form out

openssl genrsa -traditional -out e17.pem 2048 2>/dev/null
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 \
	-pkeyopt rsa_keygen_pubexp:17 -out e17.pem 2>/dev/null
ssh-keygen -q -t rsa -b 2048 -m PEM -N '' -C '' -f sshpem
ssh-keygen -q -t rsa -b 2048 -m PKCS8 -N '' -C '' -f sshpkcs8
for key in "$DATA/rsa1024-1.pem" "$DATA/rsa2048-1.pem" \
	"$DATA/rsa2048-e3.pem" "$DATA/rsa3072-1.pem" "$DATA/rsa4096-1.pem" \
	e17.pem sshpem sshpkcs8 k4096; do
	name=$(basename "$key" .pem)
	openssl rsa -in "$key" -traditional -out in.pkcs1 2>/dev/null
	openssl rsa -in "$key" -outform der -traditional -out in.pkcs1der \
		2>/dev/null
	openssl pkcs8 -topk8 -nocrypt -in "$key" -out in.pkcs8
	openssl pkcs8 -topk8 -nocrypt -in "$key" -outform der -out in.pkcs8der
	openssl rsa -in "$key" -pubout -out in.spki 2>/dev/null
	openssl rsa -in "$key" -pubout -outform der -out in.spkider 2>/dev/null
	openssl rsa -in "$key" -RSAPublicKey_out -out in.rsapub 2>/dev/null
	cp in.pkcs1 in.plain && chmod 600 in.plain
	ssh-keygen -y -f in.plain >in.ssh
	want=$(ssh-keygen -l -f in.ssh)
	bad=
	for form in pkcs1 pkcs1der pkcs8 pkcs8der spki spkider rsapub ssh; do
		[ "$(xl keygen -l -f in.$form)" = "$want" ] || bad="$bad -l:$form"
		xl keygen -y -f in.$form | cmp -s - in.ssh || bad="$bad -y:$form"
		xl keygen -e ssh -f in.$form | cmp -s - in.ssh ||
			bad="$bad ssh:$form"
		xl keygen -e pem -f in.$form | cmp -s - in.spki ||
			bad="$bad pem:$form"
		xl keygen -e der -f in.$form | cmp -s - in.spkider ||
			bad="$bad der:$form"
	done
	for form in pkcs1 pkcs1der pkcs8 pkcs8der; do
		xl keygen -e pkcs1 -f in.$form | cmp -s - in.pkcs1 ||
			bad="$bad pkcs1:$form"
		xl keygen -e pkcs8 -f in.$form | cmp -s - in.pkcs8 ||
			bad="$bad pkcs8:$form"
		xl keygen -p -f in.$form >/dev/null || bad="$bad -p:$form"
	done
	is "$bad" "" "$name: every form in and out"
done
is "$(xl keygen -l -f "$DATA/rsa2048-1.pub")" "$(cat "$DATA/rsa2048-1.fp")" \
	"a fingerprint with a comment"
is "$(xl keygen -l -f - <"$DATA/rsa2048-1.pub")" \
	"$(cat "$DATA/rsa2048-1.fp")" "from standard input"
is "$(xl keygen -y -f "$DATA/rsa2048-1.pub" | cut -d ' ' -f 3-)" rsa2048-1 \
	"-y keeps the comment of a line"
is "$(xl keygen -y -f "$DATA/rsa2048-1.pub" -C new | cut -d ' ' -f 3-)" new \
	"-C changes it"
printf '# a remark\n\n%s a\033[31mb\n' "$(cut -d ' ' -f 1,2 key.pub)" >colour
like "$(xl keygen -l -f colour)" ' a\?\[31mb \(RSA\)$' \
	"a comment's control characters do not come out"
status 0 "-e to a file" xl keygen -e pkcs8 -f key -o out.pem
is "$(mode out.pem)" 600 "is secret"
status 73 "not over it" xl keygen -e pem -f key -o out.pem
status 0 "but with --force" xl keygen -e pem -f key -o out.pem --force
is "$(mode out.pem)" 644 "is public"

# What is no key that can be used

openssl pkcs8 -topk8 -in key -passout pass:x -out enc8.pem
openssl pkcs8 -topk8 -in key -passout pass:x -outform der -out enc8.der
openssl rsa -in key -aes128 -passout pass:x -traditional -out enc1.pem \
	2>/dev/null
for file in enc8.pem enc8.der enc1.pem; do
	status 65 "$file" xl keygen -l -f $file
	err_is "xl-keygen: cannot read $file: encrypted with a passphrase" \
		"it says which"
done
openssl pkcs8 -topk8 -nocrypt -in "$DATA/ec256.pem" -out ec8.pem
openssl ec -in "$DATA/ec256.pem" -pubout -out ecpub.pem 2>/dev/null
openssl genpkey -algorithm ed25519 -out ed.pem
openssl pkey -in ed.pem -pubout -outform der -out edpub.der
ssh-keygen -q -t ecdsa -N '' -f ecssh
ssh-keygen -q -t ed25519 -N '' -f edssh
openssl dsaparam -genkey -out dsa8.pem 1024 2>/dev/null
openssl dsa -in dsa8.pem -outform der -out dsa.der 2>/dev/null
for file in "$DATA/ec256.pem" ec8.pem ecpub.pem ed.pem edpub.der dsa8.pem \
	dsa.der ecssh.pub edssh.pub; do
	status 65 "$(basename "$file")" xl keygen -l -f "$file"
	err_like "cannot read .*: not an RSA key" "it says which"
done
ssh-keygen -q -t rsa -b 2048 -N '' -f own
status 65 "OpenSSH's own format" xl keygen -l -f own
err_like "ssh-keygen -p -m PEM -f own" "it says what helps"
ssh-keygen -q -p -m PEM -N '' -f own >/dev/null
status 0 "and it does" xl keygen -p -f own
openssl genrsa -traditional 512 >short.pem 2>/dev/null
status 65 "512 bits" xl keygen -l -f short.pem
: >empty
for file in empty text plain /dev/null; do
	status 65 "$file" xl keygen -l -f $file
	err_is "xl-keygen: cannot read $file: malformed" "it says so"
done
head -c 20000 /dev/zero >large
status 65 "a large file" xl keygen -l -f large
err_like "too long" "it says so"
status 66 "no file" xl keygen -l -f nowhere
err_is "xl-keygen: cannot read nowhere: No such file or directory" "it says so"
status 66 "a folder" xl keygen -l -f one
for file in key.pub key.pem; do
	for job in "-p" "-e pkcs1" "-e pkcs8"; do
		# shellcheck disable=SC2086 # several words
		status 65 "$job of $file" xl keygen $job -f $file
		err_like "a public key, where a private one is needed" \
			"it says so"
	done
done

# -p: each number of a key damaged

openssl rsa -in "$DATA/rsa1024-1.pem" -outform der -traditional -out good.der \
	2>/dev/null
for number in n e d p q dp dq qinv; do
	part=$(sed -n "s/^$number = //p" "$DATA/key-rsa1024-1.hex")
	all=$(hex <good.der)
	head=${all%%"$part"*}
	cp good.der bad.der
	flip bad.der $((${#head} * 4 + ${#part} * 2 / 8 * 8 + 2))
	run xl keygen -p -f bad.der
	case $status in
	1 | 65) pass "-p with a wrong $number" ;;
	*) fail "-p with a wrong $number: status $status" ;;
	esac
done
cp good.der bad.der
flip bad.der $(($(file_size good.der) * 8 - 7))
status 1 "-p with a wrong last number" xl keygen -p -f bad.der
err_is "xl-keygen: bad.der: not sound: its numbers do not fit" "it says so"
status 0 "-p with none wrong" xl keygen -p -f good.der
out_is "good.der: sound" "it says so"

# Usage

usage()
{
	tap_usage=$1
	shift
	status 64 "usage: $*" xl keygen "$@"
	err_like "$tap_usage.* \(see xl-keygen -h\)\$" "it says why"
}
usage "one of -d -o -y -l -e -p"
usage "no operands" -l -f key other
usage "no operands" key
usage "unknown option -x" -x
usage "unknown option --forc3" --forc3
usage "-f needs an argument" -l -f
usage "-l needs a key" -l
usage "-y needs a key" -y
usage "-e needs a key" -e pem
usage "-p needs a key" -p
usage "--export cannot be jks" -e jks -f key
usage "--bits cannot be 1000" -o new -b 1000
usage "--bits cannot be 2049" -o new -b 2049
usage "--bits cannot be 8192" -o new -b 8192
usage "--bits cannot be x" -o new -b x
usage "1024 bits need --insecure-test-key" -o new -b 1024
usage "1024 bits need --insecure-test-key" -d new -b 1024
usage "--name cannot be -a" -d new -n -a
usage "--name cannot be a b" -d new -n "a b"
usage "--name cannot be empty" -d new -n ""
usage "--dir cannot be empty" -d ""
usage "--name does not go with -o" -o new -n x
usage "--bits does not go with -l" -l -f key -b 2048
usage "--output does not go with -d" -d new -o key
usage "--file does not go with -o" -o new -f key
usage "--public does not go with -e" -y -e pem -f key
usage "--force or --if-missing" -d new --force --if-missing
usage "--comment goes with an ssh-rsa line" -o - -C me
for form in pem der pkcs1 pkcs8; do
	usage "--comment goes with an ssh-rsa line" -e $form -f key -C me
done
usage "--force goes with a file" -o - --force
usage "--force goes with a file" -y -f key --force
usage "--force goes with a file" -e pem -f key -o - --force
usage "--comment cannot be" -o new -C "$(printf 'a\tb')"
ok "nothing was made" test ! -e new

# A terminal is shown that it is alive: the signal of each second is sent
# here, as soon as it is awaited.

cat >terminal.py <<'EOF'
import os, pty, signal, sys
pid, fd = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
caught = 0
while not caught >> signal.SIGALRM - 1 & 1:
    with open(f"/proc/{pid}/status") as status:
        for line in status:
            if line.startswith("SigCgt:"):
                caught = int(line.split()[1], 16)
            if line.startswith("State:\tZ"):
                sys.exit("it ended before")
try:
    for _ in range(3):
        os.kill(pid, signal.SIGALRM)
        os.write(1, os.read(fd, 4096))
except OSError:
    sys.exit("it ended before")
while True:
    try:
        data = os.read(fd, 4096)
    except OSError:
        break
    if not data:
        break
    os.write(1, data)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
EOF
if [ "$XLBOX" = "${XLBOX##* }" ] && [ -r /proc/self/status ] &&
	[ -x /usr/bin/python3 ]; then
	# By good luck a key is made before anybody could look.
	for _ in 1 2 3 4 5; do
		rm -f slow slow.pub
		run /usr/bin/python3 terminal.py $XLBOX xl-keygen -o slow -b 4096
		grep -q 'it ended before' err || break
	done
	is "$status" 0 "on a terminal"
	is "$(tr -d '\r' <out | sed 's/\.\.\.*$/../')" "making keys .." \
		"dots show that it is alive"
	is "$(tail -c 1 out | hex)" 0a "and the line is ended"
	ok "a key is made" test -s slow
else
	skip "on a terminal" "the process cannot be seen here"
fi

# Randomness that is not there yet, or not at all

if strace -o trace true 2>/dev/null; then
	# shellcheck disable=SC2086 # several words
	status 0 "the pool is not ready" strace -f -o trace \
		-e inject=getrandom:error=EAGAIN:when=1 \
		$XLBOX xl-keygen -o random $TEST
	err_is "xl-keygen: waiting for the system to gather randomness" \
		"it says that it waits"
	like "$(grep getrandom trace | grep -v INJECTED)" ', 0\) = 48$' \
		"and does wait"
	# shellcheck disable=SC2086 # several words
	status 71 "no random bytes" strace -f -o trace \
		-e inject=getrandom:error=ENOSYS $XLBOX xl-keygen -o none $TEST
	err_is "xl-keygen: cannot make a key: Function not implemented" \
		"it says so"
	not_ok "and makes nothing" test -e none
else
	skip "the pool is not ready" "no strace here"
fi

# Standard output that cannot be written

if [ -c /dev/full ]; then
	xl keygen -y -f key >/dev/full 2>err
	is $? 74 "standard output is full"
	is "$(cat err)" \
		"xl-keygen: cannot write standard output: No space left on device" \
		"it says so"
fi

done_testing
