#!/bin/sh
# SPDX-License-Identifier: MIT
#
# xl-regd against the independent client in tests/net/peer: each message of
# the protocol with each of its refusals, in each dialect, and between them.

. "${0%/*}/lib.sh"
. "$ROOT/tests/net/regd.sh"

# malformed NAME | BEFORE | WORD: a session in which WORD is malformed, which
# is told in sealed, and met with silence in the others
malformed()
{
	while IFS='|' read -r name before word; do
		case $dialect in
		sealed)
			echo "$name|$before $word" \
				"'expect-error:malformed message'" ;;
		*)
			echo "$name|$before nowait $word" \
				"half-close expect-close" ;;
		esac
	done
}

known="member:name=known,end=127.0.0.1:7001"
bad_signature="'expect-error:bad digital signature'"
bad_state="'expect-error:invalid msg type for current state'"
no_cluster="'expect-error:missing cluster name or ID'"

opening()
{
	cat <<-EOF
	the credential|regcred expect:count=1,Version=$version bye
	asked twice, and known|regcred regcred $known regcred bye
	a version nobody knows|--version 9.8.7.6 regcred bye
	unknown fields|unknown regcred bye
	of a repeated field the last|repeat $known repeat create:name=rep-$dialect,size=5 expect:ClusterName=rep-$dialect,ClusterMaxSize=5 bye
	bytes behind a Hello|--hello tail=00 expect-close
	a message behind a Hello|--hello tail=$(rep 00 64) expect-close
	a Hello with a flipped bit|--hello flip=9 expect-close
	a Hello with its last bit flipped|--hello flip=2040 expect-close
	a block above the modulus|--hello raw=$(value hello above_rsa2048_1) expect-close
	a plaintext of no known length|--hello raw=$(value hello unknown_rsa2048_1) expect-close
	an empty plaintext|--hello raw=$(value hello empty_rsa2048_1) expect-close
	a Hello for another key|--hello raw=$(value hello sealed_rsa1024_1)$(rep 11 128) expect-close
	zeros|--hello raw=$(rep 00 256) expect-close
	EOF
}

value()
{
	sed -n "s/^$2 = //p" "$DATA/$1.hex"
}

states()
{
	for word in create:name=a join:name=a get:name=a; do
		echo "$word before Member|$word $bad_state"
	done
	echo "Member twice|$known $known $bad_state"
	for op in 0 2 4 6 8 10 12 13 16 99 2147483647; do
		echo "op $op before Member|op:$op $bad_state"
		echo "op $op after it|$known op:$op $bad_state"
	done
	malformed <<-EOF
	no op|regcred|noop
	a message that ends in a field|regcred|msg:0805720561
	a field of another type|regcred|msg:0a0101
	op of ten bytes and more|regcred|msg:08ffffffffffffffffffff01
	field number 0|regcred|msg:08010001
	a group|regcred|msg:08010b0c
	65 tokens||tokens:65
	EOF
}

member()
{
	cat <<-EOF
	no token and no ID|msg:0803 'expect-error:missing member token or ID'
	no signature|$known,sig=none $bad_signature
	wrong signature|$known,sig=wrong $bad_signature
	signature of another length|$known,sig=00 $bad_signature
	no keys|$known,without=CommsKey+SigKey 'expect-error:bad key'
	no comms key|$known,without=CommsKey 'expect-error:bad key'
	short key|$known,ck=rsa1024-1 'expect-error:bad key'
	short sig key|$known,sk=rsa1024-1 'expect-error:bad key'
	a key with e = 3|member:name=e3,attrs=5,sk=rsa2048-e3 bye
	a key of 4096 bits|member:name=big,attrs=5,sk=rsa4096-1,ck=rsa3072-1 bye
	name of 64 bytes|member:attrs=5,name=$(rep n 64) expect:MemberName=$(rep n 64) bye
	ID of one byte|$known,id=00 'expect-error:bad length for nodeID'
	ID of 19 bytes|$known,id=$(rep 11 19) 'expect-error:bad length for nodeID'
	ID of 21 bytes|$known,id=$(rep 11 21) 'expect-error:bad length for nodeID'
	ID of 31 bytes|$known,id=$(rep 11 31) 'expect-error:bad length for nodeID'
	ID of 20 bytes|$known,attrs=5,id=$(rep 12 20) expect:MemberID=$(rep 12 20) bye
	ID of no bytes|$known,id= bye
	attributes|member:name=a,attrs=18446744073709551615 expect:MemberAttrs=18446744073709551615 bye
	its ID again|$known save:MemberID=my-id bye
	its ID still|$known expect:MemberID=$my_id,MemberName=known,MemberAttrs=0 bye
	an ID of its own|$known,id=$own_id expect:MemberID=$own_id bye
	the latest of two under one key|$known expect:MemberID=$own_id bye
	an ID of another key|$known,id=$own_id,sk=rsa2048-e3 'expect-error:ID already in use'
	no end points|member:name=admin,attrs=7,sk=rsa2048-e3 bye
	return|return:id=$own_id expect:MemberID=$own_id,MemberName=known bye
	return, then work|return:id=$own_id create:name=ret-$dialect join:name=ret-$dialect get:which=all expect:count=1 bye
	return of nobody|return:id=$(rep 77 32) 'expect-error:member not known to this registry'
	return with an ID of no length|return:id= 'expect-error:*'
	return with a wrong signature|return:id=$own_id,sig=wrong $bad_signature
	return without a signature|return:id=$own_id,sig=none $bad_signature
	return with another key|--sk rsa2048-e3 return:id=$own_id $bad_signature
	not stored: in memory|member:name=admin,attrs=7,id=$(rep 66 32) bye
	not stored: gone|return:id=$(rep 66 32) 'expect-error:member not known to this registry'
	EOF
	for name in '' . .. -a a%20b a/b a%00b %1b[2J %c3%a4 'a%0a'; do
		echo "name '$name'|member:name=$name,attrs=5 'expect-error:bad name'"
	done
	for end in 127.0.0.1 127.0.0.1: 127.0.0.1:0 127.0.0.1:65536 :7001 \
	    127.0.0.1:1x [::1:7001 ::1:7001 127.0.0.1:%00 a%0ab:1 '' \
	    'TcpEndPoint:%20' 127.0.0.1:+1 a_%20b:1; do
		echo "end point '$end'|$known,end=$end 'expect-error:bad end point'"
	done
	for end in [::1]:7001 host.example:65535 TcpEndPoint:%20127.0.0.1:1; do
		echo "end point $end is fine|member:name=a,attrs=5,end=$end bye"
	done
	malformed <<-EOF
	name of 65 bytes||member:name=$(rep n 65)
	ID of 33 bytes||$known,id=$(rep 11 33)
	five end points||$known,end=a:1,end=a:2,end=a:3,end=a:4
	six end points||$known,end=a:1,end=a:2,end=a:3,end=a:4,end=a:5
	end point of 65 bytes||$known,end=$(rep a 63):1
	key of 551 bytes||$known,ck=spki:bad_4104
	signature of 513 bytes||$known,sig=$(rep 00 513)
	EOF
	[ "$dialect" != sealed ] || cat <<-EOF
	no session signature|$known,msgsig=none $bad_signature
	wrong session signature|$known,msgsig=wrong $bad_signature
	another session's binding|$known,bind=wrong $bad_signature
	EOF
}

clusters()
{
	c=c-$dialect
	cat <<-EOF
	create|$known create:name=$c,size=3,epc=2 expect:ClusterName=$c,ClusterMaxSize=3,EndPointCount=2,ClusterSize=0,ClusterAttrs=0 save:ClusterID=c-id bye
	create what is there|$known create:name=$c,size=9,epc=1 expect:ClusterMaxSize=3,EndPointCount=2 bye
	create without a name|$known create: $no_cluster
	create with an empty name|$known create:name= $no_cluster
	create with a bad name|$known create:name=a%0ab 'expect-error:bad name'
	create with another bad name|$known create:name=.a 'expect-error:bad name'
	no end point|$known create:name=x,epc=0 'expect-error:end point count must be 1 or 2'
	three end points|$known create:name=x,epc=3 'expect-error:end point count must be 1 or 2'
	neither made a cluster|$known join:name=x 'expect-error:cannot find cluster with this name'
	end points unsaid|$known create:name=d-$dialect,size=2 expect:EndPointCount=1 bye
	size 0|$known create:name=s0-$dialect,size=0 expect:ClusterMaxSize=2 bye
	size 1|$known create:name=s1-$dialect,size=1 expect:ClusterMaxSize=2 bye
	size unsaid|$known create:name=s-$dialect expect:ClusterMaxSize=2 bye
	size 64|$known create:name=s64-$dialect,size=64 expect:ClusterMaxSize=64 bye
	size 65|$known create:name=s65-$dialect,size=65 expect:ClusterMaxSize=64 bye
	size 2^32 - 1|$known create:name=sm-$dialect,size=4294967295 expect:ClusterMaxSize=64 bye
	join without a cluster|$known join: $no_cluster
	join of no such name|$known join:name=nowhere 'expect-error:cannot find cluster with this name'
	join of no such ID|$known join:id=$(rep 77 32) 'expect-error:cannot find cluster with this ID'
	get without a cluster|$known get:which=all $no_cluster
	get of no such name|$known get:name=nowhere 'expect-error:cannot find cluster with this name'
	get of no such ID|$known get:id=$(rep 77 32) 'expect-error:cannot find cluster with this ID'
	get from an empty cluster|$known get:name=$c expect:ClusterMaxSize=3,ClusterSize=0 bye
	too few end points|$known join:name=$c 'expect-error:member must have at least 2 endPoint(s)'
	the first member|$(two a 1) join:name=$c expect:ClusterName=$c,ClusterMaxSize=3,EndPointCount=2,ClusterSize=1 get:which=all expect:Which=1,count=1 bye
	its name by another|$(two a 2) join:name=$c 'expect-error:cluster member name already in use'
	the second, by ID|$(two b 2) join:id=@c-id expect:ClusterSize=2 get: expect:Which=3,count=2 bye
	the first again|$(two a 1) join:name=$c expect:ClusterSize=2 get: expect:Which=3,count=2 bye
	the first with fewer end points|$known,id=$(id 1) join:name=$c 'expect-error:member must have at least 2 endPoint(s)'
	the first by the second's name|$(two b 1) join:name=$c 'expect-error:cluster member name already in use'
	the first renamed|$(two aa 1) join:name=$c expect:ClusterSize=2 bye
	its name is free|$(two a 3) join:name=$c expect:ClusterSize=3 get:which=0x4 expect:Which=4,count=1 bye
	one too many|$(two d 4) join:name=$c 'expect-error:cluster is full'
	a member of a full one|$(two aa 1) join:name=$c expect:ClusterSize=3 bye
	all|$known get:name=$c,which=all expect:Which=7,count=3,ClusterSize=3,ClusterMaxSize=3 bye
	all, by ID|$known get:id=@c-id,which=all expect:Which=7 bye
	all, unsaid|$known get:name=$c expect:Which=7 bye
	some|$known get:name=$c,which=5 expect:Which=5,count=2 bye
	more than there are|$known get:name=$c,which=0xfffe expect:Which=6,count=2 bye
	none of them|$known get:name=$c,which=0xfff8 expect:ClusterSize=3 bye
	this session's cluster|$known create:name=$c get: expect:Which=7 get:which=2 expect:Which=2 bye
	new end points change no roster|member:name=aa,end=127.0.0.1:1,end=127.0.0.1:2,id=$(id 1) get:name=$c,which=1 keep-tokens:before bye
	until it joins again|return:id=$(id 1) join:name=$c get:which=1 keep-tokens:after bye
	creator and member|$(two z 9) create:name=z-$dialect,epc=2 join: expect:ClusterName=z-$dialect,ClusterSize=1 get: expect:count=1 bye
	EOF
	malformed <<-EOF
	ClusterID of 33 bytes|$known|join:id=$(rep 77 33)
	ClusterName of 65 bytes|$known|create:name=$(rep n 65)
	EOF
}

# a node of this dialect with two end points and an ID made of a number
two()
{
	echo "member:name=$1,end=127.0.0.1:700$2,end=127.0.0.1:710$2,id=$(id "$2")"
}

id()
{
	rep "$idbase$1" 32
}

# the end points of the first token in a file of keep-tokens
ends()
{
	/usr/bin/python3 -B -c '
import sys
sys.path.insert(0, sys.argv[1])
import pb
token = pb.decode(bytes.fromhex(open(sys.argv[2]).readline()), pb.TOKEN)
print(*(e.decode() for e in token["MyEnds"]))' "$PEER" "$1"
}

# what only a dialect without authenticated records can be sent
old_only()
{
	head=0
	[ "$dialect" = documented ] || head=16
	for how in first last zero long; do
		echo "padding wrong: $how|$known nowait badpad:$how regcred half-close expect-close"
	done
	cat <<-EOF
	a message of 16,384 bytes|$known filler:$((16383 - head)) regcred bye
	a longer one|$known nowait filler:$((16384 - head)) regcred expect-close
	16,384 bytes and more of noise|nowait raw:$(rep 5a 17000) expect-close
	two messages at once|$known hold nowait regcred nowait regcred flush drain:1
	a Leave|$known leave:name=c-$dialect $bad_state
	half a message|$known nowait cut:1 regcred half-close expect-close
	EOF
}

sealed_only()
{
	cat <<-EOF
	a message of 16,384 bytes|$known filler:16384 regcred bye
	a longer one|$known nowait filler:16385 regcred expect-close
	a record of 16 bytes|raw:0010$(rep 00 16) expect-close
	a record of no bytes|raw:0000 expect-close
	a record that does not open|raw:0011$(rep 00 17) expect-close
	a flipped length|nowait flip:8 regcred half-close expect-close
	a flipped bit|nowait flip:99 regcred expect-close
	a flipped tag|nowait flip:159 regcred expect-close
	half a record|nowait cut:1 regcred half-close expect-close
	three requests at once|hold nowait regcred nowait $known nowait create:name=pipe flush read expect:op=RegCredReply read expect:op=MemberOK read expect:op=CreateReply bye
	a refusal among them|hold nowait regcred nowait op:99 nowait regcred flush read expect:op=RegCredReply read $bad_state
	a broken one among them|hold nowait regcred nowait flip:99 regcred flush drain:1
	EOF
}

# --- one registry for all dialects ---

ok "a registry with keys made by openssl" regd reg
REGD=$PID
is "$(/usr/bin/python3 -c '
import sys
sys.path.insert(0, sys.argv[1])
import ident
c = ident.Cred(sys.argv[2])
print(c.name, c.id.hex(), ident.spki(c.ck) == ident.vectors(
    "key-rsa2048-1.hex")["spki"])' "$PEER" reg/regCred.dat)" \
	"reg $(xl nodeid -d reg) True" "its credential is read by the peer"

for dialect in sealed documented prefixed; do
	case $dialect in
	sealed) sk=rsa2048-4 version=33554432 idbase=a ;;
	documented) sk=rsa2048-6 version=16777216 idbase=b ;;
	prefixed) sk=rsa2048-7 version=2305 idbase=c ;;
	esac
	own_id=$(rep "${idbase}e" 32)
	: >my-id
	"$PEER/client.py" --cred reg/regCred.dat --dialect $dialect --sk $sk \
		"$known" save:MemberID=my-id bye >/dev/null
	my_id=$(cat my-id)
	like "$my_id" '^[0-9a-f]{64}$' "$dialect: an ID is given"
	for part in opening states member clusters; do
		$part >part
		cases reg --dialect $dialect --sk $sk <part
	done
	is "$(ends before) then $(ends after)" \
		"127.0.0.1:7001 127.0.0.1:7101 then 127.0.0.1:1 127.0.0.1:2" \
		"$dialect: Join copies the token into the roster"
	if [ $dialect = sealed ]; then sealed_only; else old_only; fi >part
	cases reg --dialect $dialect --sk $sk <part
done

# --- between the dialects ---

dialect=between
cases reg <<-EOF
a node in sealed|--sk rsa2048-3 member:name=s,end=127.0.0.1:1,id=$(rep d1 32) create:name=mixed,size=5 join: get: keep-tokens:tokens bye
its token in documented|--dialect documented member-token:file=tokens $bad_signature
its token in prefixed|--dialect prefixed member-token:file=tokens $bad_signature
its token in sealed by another|--sk rsa2048-5 member-token:file=tokens $bad_signature
its ID in documented|--dialect documented --sk rsa2048-3 member:name=s,id=$(rep d1 32) $bad_signature
its key in prefixed|--dialect prefixed --sk rsa2048-3 member:name=s $bad_signature
its key with another ID|--dialect prefixed --sk rsa2048-3 member:name=s,id=$(rep d2 32) $bad_signature
itself in sealed|--sk rsa2048-3 return:id=$(rep d1 32) bye
a node in documented|--dialect documented --sk rsa2048-5 member:name=o,end=TcpEndPoint:%20127.0.0.1:2,id=$(rep d3 20) join:name=mixed bye
a node in prefixed|--dialect prefixed --sk rsa2048-5 member:name=p,end=127.0.0.1:3,id=$(rep d4 20) join:name=mixed bye
it moves to sealed|--sk rsa2048-5 member:name=p,end=127.0.0.1:3,id=$(rep d4 20) bye
and cannot go back|--dialect prefixed --sk rsa2048-5 member:name=p,end=127.0.0.1:3,id=$(rep d4 20) $bad_signature
EOF
for dialect in sealed documented; do
	status 0 "$dialect: the mixed roster" "$PEER/client.py" \
		--cred reg/regCred.dat --dialect $dialect --sk rsa2048-e3 \
		member:name=looker,attrs=5 get:name=mixed expect:count=3 bye
	grep ClusterMembers "$T/out" | jq -r \
		'.Tokens[] | [.Name, .MyEnds[0], .signature] | join(" ")' \
		>"seen-$dialect"
done
is "$(cat seen-sealed)" "s 127.0.0.1:1 valid
o 127.0.0.1:2 absent
p 127.0.0.1:3 valid" "end points without a prefix, and who is signed"
is "$(cat seen-documented)" "s 127.0.0.1:1 absent
o 127.0.0.1:2 absent
p 127.0.0.1:3 absent" "older dialects get no signature of a sealed node"

ok "the registry ends well" stop "$REGD"

# --- what it knows is still known to the next one ---

ok "a registry on the same folder" again reg
dialect="after a restart"
cases reg <<-EOF
a cluster|--sk rsa2048-3 return:id=$(rep d1 32) get:name=mixed expect:count=3,Which=7,ClusterMaxSize=5 bye
a cluster of an older dialect|--sk rsa2048-3 return:id=$(rep d1 32) get:name=c-prefixed expect:count=3,Which=7 bye
a full one|--sk rsa2048-3 member:name=d,end=127.0.0.1:1,end=127.0.0.1:2,id=$(rep d5 32) join:name=c-sealed 'expect-error:cluster is full'
a cluster that is there|--sk rsa2048-3 return:id=$(rep d1 32) create:name=c-sealed,size=50,epc=1 expect:ClusterMaxSize=3,EndPointCount=2,ClusterSize=3 bye
a token of sealed|--dialect documented member-token:file=tokens $bad_signature
an ID of sealed|--dialect prefixed --sk rsa2048-3 member:name=s,id=$(rep d1 32) $bad_signature
a node of documented|--dialect documented --sk rsa2048-6 return:id=$(rep be 32) bye
an ID of another key|--sk rsa2048-3 member:name=known,id=$(rep be 32) 'expect-error:ID already in use'
an ID under its key|--dialect documented --sk rsa2048-6 member:name=known,end=127.0.0.1:7001 expect:MemberName=known bye
EOF
ok "that one ends well" stop "$PID"

done_testing
