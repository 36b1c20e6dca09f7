#!/bin/sh
# SPDX-License-Identifier: MIT
#
# xl-nodeid: random IDs, IDs from keys, and sums of files, byte for byte as
# sha256sum and sha1sum print and check them.

. "${0%/*}/lib.sh"
need openssl sha256sum sha1sum perl

DATA=$ROOT/tests/data

# Random IDs

status 0 "an ID" xl nodeid
out_like '^[0-9a-f]{64}$' "of 256 bits"
is "$(wc -l <out | tr -d ' ')" 1 "one"
cp out first
xl nodeid >second
not_ok "not the same twice" cmp -s first second
status 0 "-1" xl nodeid -1
out_like '^[0-9a-f]{40}$' "is of 160 bits"
status 0 "-n" xl nodeid -n 1000
is "$(sort -u out | grep -cE '^[0-9a-f]{64}$')" 1000 "a thousand, all different"
status 0 "-1 -n" xl nodeid -1 --count=3
is "$(grep -cE '^[0-9a-f]{40}$' out)" 3 "three short ones"

# From keys

for key in rsa1024-1 rsa2048-1 rsa4096-1; do
	openssl rsa -in "$DATA/$key.pem" -pubout -outform der -out $key.der \
		2>/dev/null
	want=$(sha256sum <$key.der | cut -c 1-64)
	for file in "$DATA/$key.pem" "$DATA/$key.pub" $key.der; do
		is "$(xl nodeid -k "$file")" "$want" "-k ${file##*/}"
	done
	is "$(xl nodeid -1 -k $key.der)" "$(sha1sum <$key.der | cut -c 1-40)" \
		"-1 -k $key"
done
is "$(xl nodeid -k rsa2048-1.der "$DATA/rsa1024-1.pub")" \
	"$(cat rsa2048-1.der rsa1024-1.der | sha256sum | cut -c 1-64)" \
	"-k of two keys"
is "$(xl nodeid -k - <"$DATA/rsa2048-1.pem")" \
	"$(sha256sum <rsa2048-1.der | cut -c 1-64)" "-k from standard input"
status 65 "-k of an EC key" xl nodeid -k "$DATA/rsa2048-1.pub" \
	"$DATA/ec256.pem"
err_like 'ec256.pem: not an RSA key' "it says so"
out_is "" "and prints nothing"
status 66 "-k of no file" xl nodeid -k nowhere

# Sums of files: every length around the blocks of the hash and of reading

mkdir sums && cd sums || exit 1
for n in 0 1 55 56 57 63 64 65 119 120 65535 65536 65537 200000; do
	head -c $n /dev/zero | tr '\0' 'x' >"f$n"
done
sha256sum f* >../want
xl nodeid f* >../got
same ../want ../got "sha256sum of every length"
sha1sum f* >../want
xl nodeid -1 f* >../got
same ../want ../got "sha1sum of every length"
rm f?????*
echo a >'with space'
echo b >' leading'
echo c >'back\slash'
echo d >'new
line'
echo e >'*star'
echo f >-dash
printf g >"$(printf 'tab\there \303\251')"
sha256sum -- * >../want
xl nodeid -- * >../got
same ../want ../got "odd names"
# A carriage return is escaped by newer coreutils only: read back by ours.
echo h >"$(printf 'car\rret')"
xl nodeid -- * >../all
status 0 "odd names are read back" xl nodeid -c --status ../all
is "$(xl nodeid - <f64)" "$(sha256sum - <f64)" "-"
is "$(xl nodeid -1 - <f64)" "$(sha1sum - <f64)" "-1 -"
status 66 "one of them cannot be read" xl nodeid f64 nowhere f65
is "$(cat "$T/out")" "$(sha256sum f64 f65)" "the others are printed"
err_is "xl-nodeid: cannot read nowhere: No such file or directory" \
	"it says which"
status 66 "a name without characters" xl nodeid ""
err_is 'xl-nodeid: cannot read "": No such file or directory' \
	"it can be seen"
status 66 "a folder" xl nodeid .
err_is "xl-nodeid: cannot read .: Is a directory" "it says so"

# Lists, made by the one and checked by the other

rm -f car*
sha256sum -- * >../list
sha1sum -- * >../list1
sha256sum -b -- * >../listb
for list in list list1 listb; do
	sum=sha256sum
	[ $list = list1 ] && sum=sha1sum
	xl nodeid -c ../$list >../got 2>../err
	is $? 0 "$list: all right"
	$sum -c ../$list >../want
	same ../want ../got "$list: the same lines"
	is "$(cat ../err)" "" "$list: and no others"
done
xl nodeid -- * | sha256sum -c >../want 2>&1
xl nodeid -- * | xl nodeid -c >../got 2>&1
same ../want ../got "sha256sum checks ours, we do from standard input"
xl nodeid -1 -- * | sha1sum -c --status
is $? 0 "sha1sum checks ours"
xl nodeid -c ../list ../list1 >../got
is "$(wc -l <../got)" "$(cat ../list ../list1 | grep -c .)" "two lists"

# What does not verify

sha256sum f0 f1 f55 >../list
echo y >f1
run sha256sum -c ../list
sed 's/^sha256sum: /xl-nodeid: /' "$T/err" >../want.err
cp "$T/out" ../want
status 1 "a file was changed" xl nodeid -c ../list
same ../want "$T/out" "the lines of sha256sum"
same ../want.err "$T/err" "and its warning"
status 1 "--quiet" xl nodeid -c --quiet ../list
out_is "f1: FAILED" "only what fails"
status 1 "-q is the same" xl nodeid -cq ../list
out_is "f1: FAILED" "only what fails"
status 1 "--status" xl nodeid -c --status ../list
out_is "" "nothing on standard output"
err_is "" "nor on standard error"
rm f1
status 1 "a file is gone" xl nodeid -c ../list
out_is "f0: OK
f1: FAILED open or read
f55: OK" "it is said on standard output"
err_is "xl-nodeid: cannot read f1: No such file or directory
xl-nodeid: WARNING: 1 listed file could not be read" "and on standard error"
status 1 "--status with a file gone" xl nodeid -c --status ../list
is "$(cat "$T/out" "$T/err")" "" "nothing"

# Lines that are none

sum=$(sha256sum f0 | cut -c 1-64)
{
	printf '%s  f0\r\n' "$sum"
	printf '# a remark\n'
	printf '\n'
	printf 'zz  f0\n'
	printf '%s f0\n' "$sum"
	printf '%s  \n' "$sum"
	printf '%s0  f0\n' "$sum"
	printf '\\%s  f\\0\n' "$sum"
	printf '\\%s  f0\\\n' "$sum"
	printf '%s  %010000d\n' "$sum" 7
	printf '%s  %08638d\n' "$sum" 7
	printf '%s  %08639d\n' "$sum" 7
	printf '%s *f0' "$sum"
} >../odd
status 0 "lines that are none" xl nodeid -c ../odd
out_is "f0: OK
f0: OK" "are passed over, the last one may lack its end"
err_is "xl-nodeid: WARNING: 10 lines are improperly formatted" "it says so"
status 1 "--strict" xl nodeid -c --strict ../odd
: >../none
status 1 "no line at all" xl nodeid -c ../none
err_is "xl-nodeid: ../none: no properly formatted checksum lines found" \
	"it says so"
status 66 "no list" xl nodeid -c ../nowhere
printf '%s  a\033[2Jb\n' "$sum" >../colour
run xl nodeid -c ../colour
unlike "$(cat "$T/err")" "$(printf '\033')" "no escape in messages"
cd .. || exit 1

# The form of IDs

id20=839f8276268749b3df25e9a6e338f7f10e19bec7
id32=${id20}0123456789abcdef01234567
status 0 "-v" xl nodeid -v $id20 $id32 "$(echo $id20 | tr a-f A-F)"
out_is "" "without a word"
for id in "" 12 ${id20}0 ${id20}00 ${id32}00 "${id20%?}g" "$id20 " "0x$id20"; do
	status 1 "-v of \"$id\"" xl nodeid -v $id20 "$id"
	err_is "xl-nodeid: not an ID of 20 or 32 bytes: $id" "it says which"
done
status 1 "-v of several" xl nodeid -v 1 $id20 2
is "$(wc -l <err | tr -d ' ')" 2 "each is said"

# The ID of a node

mkdir node
printf 'node {\r\n  Name: a\r\n  ID: %s\r\n  EndPoints {\r\n  }\r\n}\r\n' $id20 \
	>node/node.dat
status 0 "-d" xl nodeid -d node
out_is $id20 "the ID in node.dat"
status 66 "-d of no folder" xl nodeid -d nowhere
err_is "xl-nodeid: cannot read nowhere/node.dat: No such file or directory" \
	"it says so"
printf 'node {\nName: a\nID: 12\nEndPoints {\n}\n}\n' >node/node.dat
status 65 "-d of a damaged one" xl nodeid -d node
err_like '^xl-nodeid: node/node.dat:3: ' "it says where"

# Usage

usage()
{
	tap_usage=$1
	shift
	status 64 "usage: $*" xl nodeid "$@"
	err_like "$tap_usage.* \(see xl-nodeid -h\)\$" "it says why"
}
usage "--count cannot be" -n 0
usage "--count cannot be" -n x
usage "--count cannot be" -n -1
usage "option -n needs an argument" -n
usage "option --validate does not fit" -k -v x
usage "option --dir does not fit" -c -d x
usage "--dir cannot be empty" -d ""
usage "an operand is missing" -k
usage "an operand is missing" -v
usage "operand does not fit" -n 1 file
usage "operand does not fit" -d node file
usage "unknown option -x" -x
usage "goes with -c" -q file
usage "goes with -c" --status
usage "goes with -c" --strict -k file

usage "-1 does not go with -c" -1 -c list
usage "-1 does not go with -v" -v -1 $id20
usage "-1 does not go with -d" -d node --short

# Randomness that is not there yet, or not at all

if strace -o trace true 2>/dev/null; then
	status 0 "the pool is not ready" strace -o trace \
		-e inject=getrandom:error=EAGAIN:when=1 $XLBOX xl-nodeid
	out_like '^[0-9a-f]{64}$' "an ID all the same"
	err_is "xl-nodeid: waiting for the system to gather randomness" \
		"it says that it waits"
	status 71 "no random bytes" strace -o trace \
		-e inject=getrandom:error=ENOSYS $XLBOX xl-nodeid
	out_is "" "no ID"
	err_like 'cannot get random bytes: Function not implemented' "it says so"
else
	skip "the pool is not ready" "no strace here"
fi

# Nobody reads on: it ends

ok "-n without a reader" sh -c 'timeout 60 "$@" -n 1000000000 2>err |
	head -n 1 >/dev/null; grep -q "Broken pipe" err' sh $XLBOX xl-nodeid

if [ -c /dev/full ]; then
	xl nodeid >/dev/full 2>err
	is $? 74 "standard output is full"
	is "$(cat err)" \
		"xl-nodeid: cannot write standard output: No space left on device" \
		"it says so"
fi

done_testing
