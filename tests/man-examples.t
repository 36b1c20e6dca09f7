#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The EXAMPLES of the manuals but xl-member(8), which has a test of its own, as
# they stand there but for folders and addresses.

. "${0%/*}/lib.sh"
need openssl

net=127.$(($$ / 250 % 250 + 1)).$(($$ % 250 + 1))
mkdir -p etc/xl var/lib usr/local/bin
by_name

# examples PAGE COUNT: each to a file, PAGE.1 and so on; lines that follow each
# other are one
examples()
{
	sed -n '/^\.Sh EXAMPLES/,/^\.Sh [^E]/p' "$ROOT/man/$1" |
		sed "s,/etc/,$T&,; s,/var/,$T&,; s,/usr/,$T&,g
			s,192\.0\.2\.,$net.,g" |
		awk -v page="$1" '
			/^\.Bd/ || /^\.Dl/ && !on { n++ }
			{ on = /^\.Dl/ || on && !/^\.(Ed|Pp|Sh)/ || /^\.Bd/ }
			!on || /^\.Bd/ { next }
			{ sub(/^\.Dl /, ""); gsub(/\\e/, "\\") }
			{ print >(page "." n) }'
	is "$(find . -name "$1.[0-9]*" | wc -l | tr -d ' ')" "$2" \
		"$1: $2 examples"
}

examples xlbox.1 1
cp "$(command -v "${XLBOX##* }")" xlbox
case $XLBOX in
*' '*) skip "xlbox.1" "needs an emulator" ;;
*)
	status 0 "xlbox.1: it works" env PATH="$T/usr/local/bin:$PATH" \
		sh -e xlbox.1.1
	is "$(usr/local/bin/xl-nodeid | wc -c | tr -d ' ')" 65 \
		"an applet is there"
	;;
esac

examples xl-keygen.1 3
status 0 "at each boot" sh -e xl-keygen.1.1
cp var/lib/xl/node.dat before
status 0 "and again" sh -e xl-keygen.1.1
same before var/lib/xl/node.dat "the identity is kept"
status 0 "a key and its public half" sh -e xl-keygen.1.2
status 0 "openssl reads it" openssl rsa -pubin -in key.pem -noout -text
out_like '\(3072 bit\)' "it has 3072 bits"
status 0 "a fingerprint" sh -e xl-keygen.1.3
out_like '^2048 SHA256:.* \(RSA\)$' "as ssh-keygen has it"

examples xl-nodeid.1 2
cp key.pub client.pub
cp before a.dat
status 0 "the ID of a key" sh -e xl-nodeid.1.1
out_like '^[0-9a-f]{64}$' "is one"
status 0 "sums and their check" sh -e xl-nodeid.1.2
out_is "a.dat: OK" "of a file"

examples xl-regd.8 2
spawn_ready known sh -c "exec $(cat xl-regd.8.1) -p 0 --ready-fd 3"
ok "the registry starts" grep -q "TcpEndPoint: $net\.1:" \
	var/lib/xl-regd/regCred.dat
stop "$PID"
spawn_ready sealed sh -c "exec $(cat xl-regd.8.2) -p 0 --ready-fd 3"
like "$(cat sealed.out)" "^$net\.1:[0-9]+$" "and at one address"

examples xl-join.1 3
cp var/lib/xl-regd/regCred.dat .
cp regCred.dat etc/xl/
xl join --create-only -q -r regCred.dat -c alpha -s 2 -e "$net.2:7001"
rm -r var/lib/xl
xl keygen -d node -n two # for the host is one and the same here
spawn boot sh -e xl-join.1.1
BOOT=$PID
status 0 "in a script" sh -e xl-join.1.3
ok "at boot" wait "$BOOT"
is "$(grep -v Self: var/lib/xl/cluster.dat)" \
	"$(grep -v Self: node/cluster.dat)" "they know the same"
status 0 "the names of all" sh -e xl-join.1.2
is "$(grep -c "^$net\.2 [^ ]* [^ ]*\.alpha$" etc/hosts)" 2 "are written"
done_testing
