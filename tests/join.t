#!/bin/sh
# SPDX-License-Identifier: MIT
#
# xl-join with xl-regd: each option, each exit status, boxes that boot in any
# order, runs that are repeated, time that is up, and what is printed.

. "${0%/*}/lib.sh"

. "$ROOT/tests/net/identity.sh"
need jq
$XLBOX --list 2>/dev/null | grep -qx xl-regd || skip_all "xl-regd is not built"

# Nobody else's, who might take the port while the registry is away.
here=127.$(($$ / 250 % 250 + 1)).$(($$ % 250 + 1)).1

# registry [PORT]: starts it; sets REG and PORT
registry()
{
	spawn_ready reg xl regd -d reg -a "$here" -p "${1:-0}" --ready-fd 3 ||
		diag "$(cat reg.err)"
	REG=$PID
	PORT=$(sed -n "s/^$here://p" reg.out)
}

# join NODE OPTION...
join()
{
	node=$1
	shift
	xl join -r cred -d "$node" "$@"
}

# spawn_join NODE OPTION...
spawn_join()
{
	node=$1
	shift
	spawn "$node" xl join -r cred -d "$node" "$@"
}

# ended PID...: waits for processes that end by themselves; their statuses are
# then in $ended
ended()
{
	ended=
	for pid in "$@"; do
		tap_status=0
		wait "$pid" || tap_status=$?
		ended="$ended${ended:+ }$tap_status"
	done
}

# index NODE: its index in its own cluster.dat
index()
{
	sed -n 's/^ *Self: //p' "$1/cluster.dat"
}

# seen NODE MEMBER: the end points that NODE's cluster.dat has for MEMBER
seen()
{
	awk -v name="$2" '
		$1 == "Name:" { hit = $2 == name }
		hit && $1 == "TcpEndPoint:" { printf "%s%s", sep, $2; sep = " " }
	' "$1/cluster.dat"
}

# The version is that of the dialect; all else is the same in each.
same_cred()
{
	grep -v '^ *Version:' out >got
	grep -v '^ *Version:' cred >want
	same got want "$1"
}

# --- usage ---

registry
ok "the registry listens" test -n "$PORT"
cp reg/regCred.dat cred
identity a 1

wrong()
{
	run xl join "$@"
	is "$status" 64 "usage: $*"
	like "$(cat err)" '^xl-join: .* \(see xl-join -h\)$' "says why"
	is "$(wc -l <err)$(cat out)" 1 "in one line"
}

wrong
wrong -r cred
wrong -r cred -d a
wrong -r cred -d a -c alpha
wrong -r cred -c alpha -e 127.0.0.1:1
wrong -d a -c alpha -e 127.0.0.1:1
wrong -r cred -d a -c alpha -e 127.0.0.1
wrong -r cred -d a -c alpha -e 127.0.0.1:0
wrong -r cred -d a -c alpha -e 127.0.0.1:65536
wrong -r cred -d a -c a/b -e 127.0.0.1:1
wrong -r cred -d a -c alpha -e 127.0.0.1:1 -n -x
wrong -r cred -d a -c alpha -e 127.0.0.1:1 -n b
wrong -r cred -d a -c alpha -e 127.0.0.1:1 -s 1
wrong -r cred -d a -c alpha -e 127.0.0.1:1 -s 65
wrong -r cred -d a -c alpha -e 127.0.0.1:1 -s
wrong -r cred -d a -c alpha -e 127.0.0.1:1 -w -1
wrong -r cred -d a -c alpha -e 127.0.0.1:1 -w x
wrong -r cred -d a -c alpha -e 127.0.0.1:1 -b 1024
wrong -r cred -d a -c alpha -e 127.0.0.1:1 -b 2049
wrong -r cred -d a -c alpha -e 127.0.0.1:1 -q -v
wrong -r cred -d a -c alpha -e 127.0.0.1:1 --format xml
wrong -r cred -d a -c alpha -e 127.0.0.1:1 --dialect open
wrong -r cred -d a -c alpha -e 127.0.0.1:1 --no-such-option
wrong -r cred -d a -c alpha -e 127.0.0.1:1 operand
wrong -r cred -d a -c alpha -e h:1 -e h:2 -e h:3 -e h:4 -e h:5
wrong -r cred -d a -c alpha -s 2 -e h:1 -e h:2 -e h:3
wrong -r cred -d a --create-only -c alpha
wrong -r cred --list --cred -c alpha
wrong -r cred --list
wrong -r cred --list -c alpha -s 3
wrong -r cred --list -c alpha --format dat
wrong -r cred --list -c alpha --format dat -d a -e 127.0.0.1:1
wrong -r cred --list -c alpha --format dat -d a -b 2048
wrong -r cred --cred -c alpha
wrong -r cred --cred --format json
wrong -r cred --register-only
wrong -r cred --cred --format text
wrong -r cred -d new -c alpha
wrong -r cred -d new -c alpha -s 2 -e h:1 -e h:2 -e h:3
wrong -r cred -d "" -c alpha -e h:1
wrong -r "" -d new -c alpha -e h:1
not_ok "no identity is made for a wrong command line" test -e new
status 0 "-h" xl join -h
status 0 "-V" xl join --version

# --- input files ---

status 66 "no credential" xl join -r none -d a -c alpha -e h:1
err_is "xl-join: cannot read none: No such file or directory" "says so"
echo "regCred {" >bad
status 65 "a malformed credential" xl join -r bad -d a -c alpha -e h:1
err_like '^xl-join: bad:[0-9]+: ' "says where"
weak=$(cut -d' ' -f1,2 "$DATA/rsa1024-1.pub")
sed "s|CommsPubKey: .*|CommsPubKey: $weak|" cred >weak
status 65 "a registry with a short key" \
	xl join -r weak -d a -c alpha -e h:1 -w 0
head -c 9000 /dev/zero | tr '\0' ' ' >long
status 65 "a long credential" xl join -r long -d a -c alpha -e h:1
mkdir broken && echo "node {" >broken/node.dat
status 65 "a malformed node.dat" join broken -c alpha -e h:1
err_like '^xl-join: broken/node.dat:[0-9]+: ' "says where"
identity dull 1
cp "$DATA/rsa1024-1.pem" dull/ck.pem
status 65 "a node with a short key" join dull -c alpha -e h:1 -w 0
cp "$DATA/ec256.pem" dull/sk.pem
status 65 "a node with another kind of key" join dull -c alpha -e h:1 -w 0
err_like 'dull/sk.pem: not an RSA key$' "says which"
status 73 "a folder that cannot be made" \
	join none/none -c alpha -e 127.0.0.1:1

# --- joining ---

status 1 "no such cluster, without waiting" \
	join a -c alpha -e 127.0.0.1:7001 -w 0
err_is "xl-join: refused by the registry: cannot find cluster with this name" \
	"says so"
out_is "" "and no result"
status 75 "no such cluster, after waiting" \
	join a -c alpha -e 127.0.0.1:7001 -w 1
not_ok "nothing is written" test -e a/cluster.dat

status 0 "the first joins" join a -c alpha -s 3 -e 127.0.0.1:7001 -w 0
err_is "" "with nothing to complain about"
out_like '^alpha [0-9a-f]{64} 1 of 3 members$' "the cluster is shown"
out_like '^\*     0  a     [0-9a-f]{64}  127\.0\.0\.1:7001$' "and the member"
like "$(cat a/node.dat)" 'TcpEndPoint: 127.0.0.1:7001' "node.dat has -e"
cp a/cluster.dat a.1
# A second may be over before the registry has said who is there.
for wait in 1 5 25; do
	run join a -c alpha -s 3 -w $wait
	grep -q 'no reply' err || break
done
is "$status" 75 "time is up"
err_is "xl-join: timed out with 1 of 3 members" "says how far it came"
same a/cluster.dat a.1 "cluster.dat is as it was"

identity b 3
identity c 5
spawn_join a -c alpha -v
A=$PID
ok "-v tells who is there" \
	wait_for grep -qsx 'xl-join: 1 of 3 members, waiting for 2' a.err
spawn_join b -c alpha -e '[::1]:7002' -e localhost:7003 --format env
B=$PID
ok "and who came" \
	wait_for grep -qsx 'xl-join: 2 of 3 members, waiting for 1' a.err

# The registry starts anew while two wait.
stop "$REG"
ok "the registry is told to be away" \
	wait_for grep -qs "cannot reach $here" a.err
registry "$PORT"
status 0 "the last joins" join c -c alpha -e 127.0.0.1:7004 --format json
cp out c.out
ended "$A" "$B"
is "$ended" "0 0" "and all are done"
is "$(index a) $(index b) $(index c)" "0 1 2" "each has its index"
for n in b c; do
	sed '/^ *Self:/d' a/cluster.dat >want
	sed '/^ *Self:/d' $n/cluster.dat >got
	same got want "a and $n agree"
done
is "$(file_size b.err)" 0 "without -v nothing is told"

# --- formats ---

is "$(jq -r '.name, .size, .self, .complete, .endpoint_count' c.out |
	tr '\n' ' ')" "alpha 3 2 true 1 " "json: the cluster"
is "$(jq -r '.members[] | "\(.index) \(.name) \(.endpoints | join(","))"' \
	c.out | tr '\n' ';')" \
	"0 a 127.0.0.1:7001;1 b [::1]:7002,localhost:7003;2 c 127.0.0.1:7004;" \
	"json: the members"
is "$(jq -r '.members[1].sig_key' c.out)" \
	"$(cut -d' ' -f1,2 "$DATA/rsa2048-4.pub")" "json: a key"
is "$(jq -s length c.out)" 1 "json: one object"
is "$(eval "$(cat b.out)" && echo "$XL_CLUSTER_NAME $XL_MEMBERS $XL_SELF" \
	"$XL_INDEXES" "$XL_MEMBER_0_NAME" "$XL_MEMBER_1_ADDR" \
	"$XL_MEMBER_1_ENDPOINT_0" "$XL_MEMBER_1_ENDPOINT_1")" \
	"alpha 3 1 0 1 2 a ::1 [::1]:7002 localhost:7003" "env: evaluated"
status 0 "hosts" xl join --list -r cred -c alpha --format hosts
out_is "127.0.0.1 a a.alpha
::1 b b.alpha
# localhost b b.alpha
127.0.0.1 c c.alpha" "hosts: lines for /etc/hosts"
status 0 "text" join c -c alpha
is "$(sed 's/[0-9a-f]\{64\}/ID/' out)" "alpha ID 3 of 3 members
  INDEX  NAME  ID                                                                END POINTS
      0  a     ID  127.0.0.1:7001
      1  b     ID  [::1]:7002 localhost:7003
*     2  c     ID  127.0.0.1:7004" "text: an aligned table"

status 0 "dat" join a --list -c alpha --format dat
same out a/cluster.dat "dat: cluster.dat, of a list too"
status 0 "dat, of a join" join c -c alpha --format dat
same out c/cluster.dat "is what it wrote"

# --- again ---

cp a/cluster.dat a.1
status 0 "a repeated run" join a -c alpha
same a/cluster.dat a.1 "changes nothing"
status 0 "new end points" join b -c alpha -e 127.0.0.9:7002 -e '[::1]:7003'
is "$(index b)" 1 "keep the place"
is "$(seen b b)" "127.0.0.9:7002 [::1]:7003" "and are written"
like "$(tr '\n' ' ' <b/node.dat)" '127\.0\.0\.9:7002 .*\[::1\]:7003' \
	"to node.dat too"
status 0 "the others" join a -c alpha
is "$(seen a b)" "127.0.0.9:7002 [::1]:7003" "see them when they look"
status 0 "without -e" join b -c alpha
is "$(seen a b)" "127.0.0.9:7002 [::1]:7003" "they stay"
status 0 "another size" join a -c alpha -s 5
err_is "xl-join: warning: cluster alpha has size 3, not 5" "is a warning"
status 0 "with -q" join a -c alpha -s 5 -q
err_is "" "there is none"
out_like '3 of 3 members' "but the result is printed"

# --- refusals ---

identity d 7
status 1 "a full cluster" join d -c alpha -e 127.0.0.1:7005
err_is "xl-join: refused by the registry: cluster is full" "says so"
status 0 "a cluster of two" join d -c beta -s 2 -e h:1 -e h:2 -w 0
identity dd 1 && sed -i 's/Name: dd/Name: d/' dd/node.dat
status 1 "a name that is taken" join dd -c beta -e h:1 -e h:2
err_is "xl-join: refused by the registry: cluster member name already in use" \
	"says so"
status 1 "one end point where two are needed" join a -c beta -e 127.0.0.1:7001
err_like 'must have at least 2 endPoint' "says so"
mkdir thief && chmod 700 thief && cp a/ck.pem thief/ck.pem
cp b/sk.pem thief/sk.pem && cp a/node.dat thief/node.dat
status 1 "another's ID" join thief -c beta -e h:1 -e h:2
err_is "xl-join: refused by the registry: ID already in use" "says so"
status 1 "a sealed node in an older dialect" \
	join b -c alpha --dialect documented
err_is "xl-join: refused by the registry: bad digital signature" "says so"

# --- other jobs ---

before=$(find . -name '*.pem' -o -name '*.dat' | sort)
status 0 "--create-only without a folder" \
	xl join --create-only -r cred -c gamma -s 2 --format json
is "$(jq -c '[.name, .size, .self, .members]' out)" '["gamma",2,null,[]]' \
	"the cluster is shown"
status 0 "--create-only once more" join a --create-only -c gamma -s 4
out_like '^gamma [0-9a-f]{64} 0 of 2 members$' "it is the same"
err_like 'has size 2, not 4' "with a warning"
kept=$(file_size reg/registry.log)
status 0 "--list" xl join --list -r cred -c alpha
is "$(file_size reg/registry.log)" "$kept" "the registry stores nothing for it"
out_like '^alpha [0-9a-f]{64} 3 of 3 members$' "shows the cluster"
unlike "$(cat out)" '^\*' "in which we are not"
status 0 "--list of one's own" join a --list -c alpha
out_like '^\*     0  a ' "shows who we are"
status 0 "--list of an empty cluster" xl join --list -r cred -c gamma
out_like ' 0 of 2 members$' "shows that it is empty"
status 1 "--list of none" xl join --list -r cred -c omega
err_is "xl-join: refused by the registry: cannot find cluster with this name" \
	"is answered at once"
status 0 "--register-only" join a --register-only
out_like '^a [0-9a-f]{64} 127\.0\.0\.1:7001$' "shows the node"
status 0 "--register-only in dat" join a --register-only --format dat
tr -d '\r' <a/node.dat >want
tr -d '\r' <out | cmp - want && pass "is node.dat" || fail "is node.dat"
status 0 "--register-only in json" join a --register-only --format json
is "$(jq -r .name out)" a "as an object"
status 0 "--cred" xl join --cred -r cred
same_cred "is the credential"
status 0 "-r -" sh -c '"$@" <cred' sh $XLBOX xl-join --cred -r -
same_cred "reads standard input"
is "$(find . -name '*.pem' -o -name '*.dat' | sort)" "$before" \
	"nothing was written"

# A look at one's own cluster for a new cluster.dat leaves no trace, and takes
# nothing but that very cluster.
kept=$(file_size reg/registry.log)
cp -Rp a look
printf 'node {\nName: a\n%s\nEndPoints {\nTcpEndPoint: 127.0.0.9:9\n}\n}\n' \
	"$(grep ID: a/node.dat)" >look/node.dat
cp look/node.dat look.1
status 0 "a look" join look --list -c alpha --format dat
same out a/cluster.dat "shows the cluster as it is in the registry"
is "$(file_size reg/registry.log)" "$kept" "which stores nothing"
same look/node.dat look.1 "node.dat stays"
same look/cluster.dat a/cluster.dat "and so does cluster.dat"
cp b/cluster.dat look/cluster.dat
status 0 "with another's Self" join look --list -c alpha --format dat
same out a/cluster.dat "it is us who look"
status 64 "another cluster's cluster.dat" \
	join look --list -c gamma --format dat
err_is "xl-join: the cluster in look is called alpha, not gamma (see xl-join -h)" \
	"says so"
sed '/^    ID:/s/: ../: 00/' a/cluster.dat >look/cluster.dat
status 1 "a cluster of another ID" join look --list -c alpha --format dat
err_like 'cannot find cluster with this ID$' "is not there"
sed 's/EPCount: 1/EPCount: 2/; /127\.0\.0\.[14]/{p;s/:70/:80/;}' a/cluster.dat \
	>look/cluster.dat
status 76 "members with too few end points" \
	join look --list -c alpha --format dat
err_like 'member 0: too few end points$' "are not taken"
cp a/cluster.dat look/cluster.dat
cp b/sk.pem look/sk.pem
status 1 "a key that is not ours" join look --list -c alpha --format dat
err_like ': ID already in use$' "is refused"
out_is "" "and nothing is shown"
cp a/sk.pem look/sk.pem
cp b/ck.pem look/ck.pem
status 76 "an entry that is not ours" join look --list -c alpha --format dat
err_like 'member 0: our ID, but not our name and keys$' "is not taken"
rm look/cluster.dat
status 66 "no cluster.dat" join look --list -c alpha --format dat
err_is "xl-join: cannot read look/cluster.dat: No such file or directory" \
	"says so"
rm look/node.dat
status 66 "no identity" join look --list -c alpha --format dat
is "$(ls look)" "ck.pem
sk.pem" "none is made"
cp d/*.pem d/node.dat look
cp a/cluster.dat look
status 0 "of one who is no member" join look --list -c alpha --format dat
sed '/^ *Self:/d' a/cluster.dat >want
same out want "there is no Self"

# --- a new node ---

status 0 "an identity is made" \
	join new -n fresh -c gamma -e 127.0.0.1:7006 -w 0 --format hosts
out_is "127.0.0.1 fresh fresh.gamma" "with the name"
is "$(ls -l new/ck.pem new/sk.pem | cut -c1-10 | sort -u)" "-rw-------" \
	"and keys for its owner alone"
is "$(stat -c %a new/cluster.dat)" 644 "cluster.dat is for all"
status 0 "the host's name" join host -c gamma -e 127.0.0.1:7007 -b 2048
like "$(sed -n 's/^ *Name: //p' host/node.dat)" '^[A-Za-z0-9_][A-Za-z0-9_.-]*$' \
	"is the default"
status 1 "a short key, which a registry refuses" \
	join short -n s -c gamma -e h:1 -b 1024 --insecure-test-key -w 0
err_is "xl-join: refused by the registry: bad key" "says so"

# --- unreachable ---

stop "$REG"
status 69 "nobody listens" join a -c alpha -w 0
err_is "xl-join: cannot reach $here:$PORT: Connection refused" "says so"
status 69 "nobody listens for a second" join a -c alpha -w 1
sed "s/TcpEndPoint: .*/TcpEndPoint: no-such-host.invalid:1/" cred >nowhere
# Without any network, so that nobody is asked for the name.
if unshare -rn true 2>/dev/null; then
	status 69 "a name that cannot be resolved" \
		unshare -rn $XLBOX xl-join -r nowhere -d a -c alpha -w 1
	err_like '^xl-join: cannot resolve no-such-host.invalid: ' "says so"
else
	skip "a name that cannot be resolved" "no right to unshare"
fi
status 71 "no descriptors left" sh -c 'ulimit -n 4 && exec "$@"' sh \
	$XLBOX xl-join --cred -r nowhere -w 0

# Boxes boot in any order.
spawn_join a -c alpha -v
A=$PID
ok "one comes too early" wait_for grep -qs 'cannot reach' a.err
registry "$PORT"
ended "$A"
is "$ended" 0 "and joins when the registry is there"
spawn_join a -c late -v -e 127.0.0.1:7001
A=$PID
ok "a cluster that is not there yet" \
	wait_for grep -qsx 'xl-join: no cluster late yet' a.err
spawn_join b -c late -s 2 -e 127.0.0.1:7002
B=$PID
ended "$A" "$B"
is "$ended" "0 0" "is joined when it is"
# Either may be first: a asks again between what b does.
is "$(printf '%s\n' "$(index a)" "$(index b)" | sort | xargs)" "0 1" "by both"

# Each end point in turn, and names.
stop "$REG"
here=127.0.0.1
registry
cp reg/regCred.dat cred
sed "s/\( *\)TcpEndPoint: .*/\1TcpEndPoint: 127.0.0.1:1\n\
\1TcpEndPoint: [::1]:1\n\1TcpEndPoint: localhost:$PORT/" \
	cred >turns
status 0 "the third end point answers" xl join --list -r turns -c alpha -w 0


# None of them answers: each is told of with -v, on a terminal too.
printf '%s\n' "TcpEndPoint: 127.0.0.1:1" "TcpEndPoint: [::1]:1" \
	"TcpEndPoint: 127.0.0.2:1" >ends
sed "/TcpEndPoint: /{
r ends
d
}" cred >none-there
status 69 "three end points" xl join --list -r none-there -c alpha -w 0
err_is "xl-join: no answer at 3 end points, the last: \
cannot reach 127.0.0.2:1: Connection refused" "one line for all"
status 69 "with -v" xl join --list -r none-there -c alpha -w 0 -v
is "$(grep -c 'cannot reach' err)" 4 "a line each, and that"
if command -v script >/dev/null; then
	run script -qec "$XLBOX xl-join --list -r none-there -c alpha -w 0 -v" \
		/dev/null
	is "$status" 69 "on a terminal"
	is "$(tr -d '\r' <out | grep -c '^xl-join: .*cannot reach')" 4 \
		"the same lines"
else
	skip "on a terminal" "no script here"
fi

# Another registry's key: it cannot read the Hello.
other=$(cut -d' ' -f1,2 "$DATA/rsa2048-8.pub")
sed "s|CommsPubKey: .*|CommsPubKey: $other|" cred >stale
status 69 "a stale credential" xl join --list -r stale -c alpha -w 0
err_is "xl-join: $here:$PORT closed after Hello: is regCred.dat current?" \
	"says so"

# --- output ---

status 74 "standard output is full" \
	sh -c '"$@" >/dev/full' sh $XLBOX xl-join --list -r cred -c alpha

# --- signals ---

spawn_join d -c beta -v
D=$PID
ok "one waits" wait_for grep -qs 'waiting for 1' d.err
cp d/cluster.dat d.1
stop "$D"
is $? 143 "SIGTERM ends it"
same d/cluster.dat d.1 "cluster.dat is as it was"
is "$(ls d | tr '\n' ' ')" "ck.pem cluster.dat node.dat sk.pem " \
	"nothing half written"

# --- many at once ---

pids=
for i in 1 2 3 4 5 6 7 8; do
	identity "n$i" $(((i - 1) / 2 % 4 * 2 + 1))
	spawn_join "n$i" -c many -s 8 -e "127.0.0.1:71$i"
	pids="$pids $PID"
done
# shellcheck disable=SC2086 # a list
ended $pids
is "$ended" "0 0 0 0 0 0 0 0" "eight at once"
is "$(for i in 1 2 3 4 5 6 7 8; do index n$i; done | sort | tr '\n' ' ')" \
	"0 1 2 3 4 5 6 7 " "each has an index of its own"
sed '/^ *Self:/d' n1/cluster.dat >want
for i in 2 3 4 5 6 7 8; do
	sed '/^ *Self:/d' n$i/cluster.dat | cmp -s - want || echo "$i differs"
done >differ
is "$(cat differ)" "" "and all have the same members"

pids=
for i in 1 2 3 4 5 6; do
	spawn_join "n$i" -c few -s 4 -e "127.0.0.1:71$i"
	pids="$pids $PID"
done
# shellcheck disable=SC2086 # a list
ended $pids
is "$(printf '%s\n' $ended | sort | tr '\n' ' ')" "0 0 0 0 1 1 " \
	"six for four places"
is "$(cat n[1-6].err | sort -u)" \
	"xl-join: refused by the registry: cluster is full" "two are told why"

# --- one node twice at once, and a disk that takes nothing ---

rm n1/cluster.dat
pids=
for i in 1 2 3 4; do
	spawn "twin$i" xl join -r cred -d n1 -c twins -s 2 -w 0 \
		-e "127.0.0.1:720$i"
	pids="$pids $PID"
done
# shellcheck disable=SC2086 # a list
ended $pids
is "$ended" "0 0 0 0" "one node four times at once"
is "$(grep -c '^ *Index:' n1/cluster.dat) $(index n1)" "1 0" "is one member"
is "$(ls n1 | tr '\n' ' ')" "ck.pem cluster.dat node.dat sk.pem " \
	"and leaves no other files"

cat >disk.sh <<'EOF'
mount -t tmpfs -o size=20k none disk && cp -R n1/. disk || exit 9
head -c 100000 /dev/zero >disk/fill 2>/dev/null
"$@" -c twins -w 0 >/dev/null
echo "status $?"
"$@" -c twins -w 0 -e 127.0.0.1:7209 >/dev/null
echo "status $?"
cmp disk/cluster.dat n1/cluster.dat && cmp disk/node.dat n1/node.dat
ls disk
mount -t tmpfs -o remount,ro none disk
"$@" -c twins -w 0 >/dev/null
echo "status $?"
"$@" --list -c twins >/dev/null
echo "status $?"
EOF
mkdir disk
if unshare -rm mount -t tmpfs none disk 2>/dev/null; then
	run unshare -rm sh disk.sh $XLBOX xl-join -r cred -d disk
	is "$(tr '\n' ' ' <out)" "status 74 status 74 \
ck.pem cluster.dat fill node.dat sk.pem status 73 status 0 " \
		"a full disk, and a read-only one"
	err_is "xl-join: cannot write disk/cluster.dat: No space left on device
xl-join: cannot write node.dat in disk: No space left on device
xl-join: cannot write disk/cluster.dat: Read-only file system" "it says so"
else
	skip "a full disk, and a read-only one" "no right to mount"
fi

# --- the other dialects ---

stop "$REG"
rm -rf reg
registry
cp reg/regCred.dat cred
for dialect in prefixed documented sealed; do
	spawn_join a -c $dialect -s 2 --dialect $dialect
	A=$PID
	status 0 "$dialect: join" join b -c $dialect -s 2 --dialect $dialect
	ended "$A"
	is "$ended" 0 "$dialect: the other"
	status 0 "$dialect: list" \
		xl join --list -r cred -c $dialect --dialect $dialect
	out_like ' 2 of 2 members$' "$dialect: both"
	status 0 "$dialect: cred" xl join --cred -r cred --dialect $dialect
	same_cred "$dialect: the same credential"
done
stop "$REG"

# --- IPv6, and short keys where they are allowed ---

if spawn_ready reg6 xl regd -d reg6 -a ::1 -p 0 --ready-fd 3 \
	--insecure-test-key; then
	status 0 "a registry at [::1]" xl join -r reg6/regCred.dat -d a \
		-c six -s 2 -w 0
	status 0 "a node with short keys" xl join -r reg6/regCred.dat \
		-d short -n s -c six -e '[::1]:1' --insecure-test-key
	out_like '^six [0-9a-f]{64} 2 of 2 members$' "is a member"
	status 76 "which others do not take" \
		xl join -r reg6/regCred.dat -d a -c six
	err_is "xl-join: the registry broke the protocol: \
ClusterMembers: member 1: bad key" "and say why"
	stop "$PID"
else
	skip "a registry at [::1]" "no IPv6 here"
fi
done_testing
