#!/bin/sh
# SPDX-License-Identifier: MIT
#
# New keys on the way: a build that takes one every 64 records, and streams of
# hundreds of them, against the independent client and itself.

. "${0%/*}/lib.sh"
. "$ROOT/tests/net/member.sh"
usual=$XLBOX
XLBOX=$XLBOX-rekey
[ -x "${XLBOX##* }" ] || skip_all "make ${XLBOX##* } first"

cluster_make c 2
head -c 300000 /dev/urandom >data
spawn_ready m0 xl member -d c/m0 --ready-fd 3 --clients any --service cat
m0=$PID
by_own() { xl member --cluster c/m1/cluster.dat connect m0 <data >data.out; }
by_other()
{
	"$PEER/xlclient.py" --roster c/m1/cluster.dat --at m0 --piece 777 \
		<data >data.out
}
XL_REKEY_BITS=6
export XL_REKEY_BITS
status 0 "387 records to a member, with six new keys" by_other
same data data.out "and back again"
for _ in 1 2; do
	cat data data data data data data >data.more
	mv data.more data
done
status 0 "hundreds of full ones, by xl-member's own client" by_own
same data data.out "and back again"
XLBOX=$usual
status 69 "a client that takes none breaks the stream" by_own
head -c 40000 data >short
mv short data
status 0 "but not before the first" by_own
same data data.out "all bytes"
stop "$m0"
done_testing
