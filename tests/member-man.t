#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The EXAMPLES of xl-member(8), as they stand there but for addresses: three
# members on loopback, one of them and a client by the page's own lines.

. "${0%/*}/lib.sh"
. "$ROOT/tests/net/identity.sh"
need perl

net=127.$(($$ / 250 % 250 + 1)).$(($$ % 250 + 1))
mkdir m1 m2 m3 client
by_name

# Each example is a file, example.1 and so on.
sed -n '/^\.Sh EXAMPLES/,/^\.Sh D/p' "$ROOT/man/xl-member.8" | awk '
	/^\.Bd/ { n++; on = 1; next }
	/^\.Ed/ { on = 0 }
	sub(/^\.Dl /, "") { print >("example." ++n) }
	on { gsub(/\\e/, "\\"); print >("example." n) }'
is "$(echo example.*)" \
	"example.1 example.2 example.3 example.4 example.5 example.6" \
	"there are six examples"

# example N MEMBER: in the folder of a member, with its address. What goes on
# in the background tells its readiness, and is to be killed.
example()
{
	number=$1
	sed -e "s/192\.0\.2\.1/$net.$2/g" \
		-e "s/^\(xl-member.*\) &\$/\1 --ready-fd 3 \&/" \
		-e "s/^\(\t.*\) &\$/\1 --ready-fd 3 \&/" \
		-e "s/tcp:127\.0\.0\.1:80 /tcp:127.0.0.1:$WEB /" \
		-e "s/127\.0\.0\.1:8080/127.0.0.1:0/" \
		"example.$number" >"example.$number.sh"
	echo 'echo $! >pid; wait' >>"example.$number.sh"
	shift
	cd "$T/m$1" || exit 1
	spawn_ready "example$number.$1" sh "$T/example.$number.sh" ||
		diag "$(cat "$T/example$number.$1.err")"
	wait_for test -s pid
	adopt "$(cat pid)"
	cd "$T" || exit 1
}

# A web server: it says hello to whoever asks.
spawn web perl -MIO::Socket::INET -e '
	my $l = IO::Socket::INET->new(Listen => 9, LocalAddr => "127.0.0.1")
		or die "$@";
	$| = 1;
	print $l->sockport, "\n";
	while (my $s = $l->accept) {
		while (<$s>) { last if /^\r?$/ }
		print $s "HTTP/1.0 200 OK\r\n\r\nhello\n";
	}'
wait_for test -s web.out
WEB=$(cat web.out)

identity reg 1
spawn_ready reg xl regd -d reg -a 127.0.0.1 -p 0 --ready-fd 3
for i in 1 2 3; do
	identity m$i/node $((2 * i)) m$i
	cp reg/regCred.dat m$i
done
ok "a client's key is made" sh -c "cd client && $(grep keygen example.6 |
	tr '\n' ';' | sed 's/;$//;s/;/ \&\& /')"
cp client/clients m1
cp client/clients m2

example 1 3
xl join -q -r reg/regCred.dat -d m1/node -c alpha -w 0 \
	-e "$net.1:7001" -e "$net.1:7002" >/dev/null
xl join -q -r reg/regCred.dat -d m2/node -c alpha -w 0 \
	-e "$net.2:7001" -e "$net.2:7002" >/dev/null
example 2 1
example 2 2
# By name: all may still be fewer than three, for who joined first.
for i in 1 2 3; do
	case $i in
	1) others="m2 m3" ;;
	2) others="m1 m3" ;;
	3) others="m1 m2" ;;
	esac
	# shellcheck disable=SC2086 # two names
	status 0 "m$i finds the others" xl member -d m$i/node wait $others
done

cd m3 || exit 1
run sh "$T/example.3"
out_is "the majority is up" "example 3"
run sh "$T/example.4"
is "$(cut -d' ' -f2 hosts | xargs)" "m3 m1 m2" "example 4"
like "$(cat hosts)" "^$net\\.1 m1 m1\\.alpha\$" "for /etc/hosts"
status 0 "example 5" sh "$T/example.5"
out_like '^m1: ok$' "everybody has the message"
cd "$T" || exit 1
ok "and does something with it" \
	wait_for grep -q ': m3 says reload$' example2.1.err
ok "everybody" wait_for grep -q ': m3 says reload$' example2.2.err

# m3 has no service: any finds the others.
cp m3/node/cluster.dat client
sed -i '/keygen/d' example.6
mv client m4
example 6 4
PORT=$(sed -n 's/^127\.0\.0\.1:\([0-9]*\)$/\1/p' example6.4.out)
is "$(perl -MIO::Socket::INET -e '
	my $s = IO::Socket::INET->new("127.0.0.1:$ARGV[0]") or die "$@";
	print $s "GET / HTTP/1.0\r\n\r\n";
	print <$s>' "$PORT" | tail -n 1)" hello "example 6: the web server answers"
done_testing
