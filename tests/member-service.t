#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The client port of xl-member: services, their environment, who may come in,
# limits, and streams both ways. The client is the independent one in
# tests/net/peer.

. "${0%/*}/lib.sh"
. "$ROOT/tests/net/member.sh"
need openssl

cluster_make c 2
addr=$(cluster_addr 0)
xl keygen -o client.pem
xl keygen -o other.pem
printf '# who may come\n\n%s  Alice \033[1m & Co\r\n' \
	"$(xl keygen -y -f client.pem)" >clients

# serve OPTION...: the member m0 with this service
serve()
{
	spawn_ready m0 xl member -d c/m0 --ready-fd 3 -v "$@"
	m0=$PID
}
# ends it
leave() { stop "$m0"; }
client() { "$PEER/xlclient.py" --roster c/m1/cluster.dat --at m0 "$@"; }
alice() { client --sk client.pem "$@"; }
echo_of() { alice "$@" <data >data.out; }

# Usage.
status 64 "--service without --clients" xl member -d c/m0 --service cat
err_like "needs --clients" "says what is missing"
status 64 "--clients without --service" xl member -d c/m0 --clients any
status 64 "a server without a port" xl member -d c/m0 --clients any \
	--service tcp:localhost
status 64 "a socket without a path" xl member -d c/m0 --clients any \
	--service unix:
status 66 "no file of clients" xl member -d c/m0 --clients none --service cat
echo "ssh-rsa AAAA bob" >wrong
status 65 "a line that is no key" xl member -d c/m0 --clients wrong \
	--service cat
err_like '^xl-member: wrong:1: ' "says where"
{ cat clients; sed 's/Alice/Bob/' clients; } >twice
status 65 "a key twice" xl member -d c/m0 --clients twice --service cat
err_like '^xl-member: twice:6: .*already' "says so"
xl keygen -b 1024 --insecure-test-key -o weak.pem
xl keygen -y -f weak.pem >weak
status 65 "a short key" xl member -d c/m0 --clients weak --service cat
cluster_make one 1 1
status 64 "a cluster without client ports" xl member -d one/m0 \
	--clients any --service cat

# A command, and a client whom it knows.
head -c 300000 /dev/urandom >data
ok "a command serves" serve --clients clients --service cat
status 0 "an echo" echo_of
same data data.out "of all bytes"
status 0 "in small pieces" echo_of --piece 777
same data data.out "of all bytes"
: >data.out
status 1 "another key" client --sk other.pem </dev/null
status 1 "no key" client </dev/null
like "$(cat m0.err)" "unknown $(xl nodeid -k other.pem)" "is told by its ID"
unlike "$(cat m0.err)" "client 4.*served" "and not served"
xl keygen -y -f other.pem >>clients
kill -HUP "$m0"
ok "the file is read again" wait_for grep -q '2 clients' m0.err
status 0 "and lets it in" client --sk other.pem </dev/null
echo nonsense >>clients
kill -HUP "$m0"
ok "a wrong one is told" wait_for grep -q 'clients:5: .*stays' m0.err
status 0 "and changes nothing" client --sk other.pem </dev/null
sed -i '/nonsense/d' clients
ok "it leaves" leave

# The environment.
ok "another service" serve --clients clients --service 'env; echo "$0" >&2'
alice --source 127.0.0.1 </dev/null >env.out
for want in "PROTO=TCP" "TCPREMOTEIP=127.0.0.1" "TCPREMOTEPORT=[0-9]+" \
	"TCPLOCALIP=$addr" "TCPLOCALPORT=$CLUSTER_CLIENT_PORT" \
	'XL_CLIENT=Alice \?\[1m & Co' "XL_CLIENT_ID=$(xl nodeid -k client.pem)" \
	"XL_SELF=m0" "XL_SELF_ID=$(xl nodeid -d c/m0)" "XL_CLUSTER=alpha"; do
	like "$(cat env.out)" "^$want\$" "$want"
done
ok "its errors go where the log does" wait_for grep -qx sh m0.err
leave
XL_CLIENT=false XL_CLIENT_ID=false serve --clients any --service env
client </dev/null >env.out
unlike "$(cat env.out)" "^XL_CLIENT" "nobody is known where any may come"
status 0 "a Hello is taken there, too" alice </dev/null
leave

done_testing
