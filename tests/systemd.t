#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The units of man/examples, as they stand, under a real systemd: process 1 of
# a container with this machine's /usr, the rest empty, and its own network.
# A registry and a member start, reload, are killed, and stop; and README.md's
# address moves, with the drop-in that xl-member.service tells of.

. "${0%/*}/lib.sh"
need systemd-nspawn nsenter ip
[ "$(id -u)" = 0 ] || skip_all "not root"
[ "$SAN" = 0 ] || skip_all "the sanitizers do not live under the units' limits"
case $XLBOX in
*' '*) skip_all "needs an emulator" ;;
esac

mkdir -p bin root/usr root/var root/run root/tmp root/proc root/sys root/dev \
	root/etc/systemd/system root/etc/default root/etc/xl
for folder in bin sbin lib lib64; do
	ln -s usr/$folder root/$folder
done
cp /usr/lib/os-release root/etc/
[ ! -d /etc/alternatives ] || cp -R /etc/alternatives root/etc/
: >root/etc/machine-id
echo root:x:0:0::/:/bin/sh >root/etc/passwd
echo root:x:0: >root/etc/group
cp "$XLBOX" bin/xlbox
bin/xlbox --install bin
cp "$ROOT"/man/examples/systemd/* root/etc/systemd/system/
sed 's/REGD_OPTIONS="/&-g 192.0.2.1/
	s,MEMBER_OPTIONS=".*[^"],& -x /etc/xl/told,' \
	"$ROOT/man/examples/xlbox.default" >root/etc/default/xlbox

# When a member is down, takes its time, until there is the file go.
cat >root/etc/xl/told <<-'EOT'
	#!/bin/sh
	[ "$XL_EVENT" = member-down ] || exit 0
	exec /bin/sh -c 'until [ -e /etc/xl/go ]; do
		sleep 0.05
	done
	echo took its time'
EOT
chmod +x root/etc/xl/told

# In a container the old cgroups do not tell when a unit's last process is gone.
! grep -q cgroup2 /proc/filesystems ||
	export SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1

# container ARG...: what systemd-nspawn is told
container()
{
	set -- --quiet --register=no --keep-unit --machine="xl-test-$$" \
		--directory="$T/root" --bind-ro=/usr \
		--bind-ro="$T/bin:/usr/local/bin" --private-network \
		--console=passive "$@"
	spawn nspawn systemd-nspawn "$@"
}

container --pipe /bin/true
wait "$PID" ||
	skip_all "systemd-nspawn cannot: $(tail -n 1 nspawn.err)"
container --boot systemd.unit=basic.target
NSPAWN=$PID

# leads: the container has its process 1, which is not nspawn's first child
leads()
{
	for LEADER in $(pgrep -P "$NSPAWN"); do
		grep -qs '^NSpid:.*[[:space:]]1$' "/proc/$LEADER/status" &&
			return
	done
	return 1
}
wait_for leads || {
	fail "the container starts"
	done_testing
}
adopt "$LEADER"

# in_box CMD...: in there
in_box()
{
	nsenter -t "$LEADER" -a -- env -i \
		PATH=/usr/local/bin:/usr/sbin:/usr/bin "$@"
}

log_of()
{
	in_box journalctl -q --no-pager -o cat -u "$1"
}

logs()
{
	log_of "$1" | grep -q "$2"
}

main_pid()
{
	in_box systemctl show -p MainPID --value "$1"
}

# running ERE: who has such a command line
running()
{
	in_box pgrep -f "$1" >/dev/null
}

# sees N: so many members are down
sees()
{
	[ "$(xl_two status --format hosts | grep -c '# down$')" -eq "$1" ]
}

xl_two()
{
	in_box xl-member -d /var/two "$@"
}

ok "systemd is there" wait_for in_box systemctl is-active -q basic.target
in_box ip address add 192.0.2.1 dev lo
in_box ip address add 192.0.2.2 dev lo

# --- without the credential, and with it ---

status 1 "no credential: not started" in_box systemctl start xl-member
ok "xl-join has said why" wait_for logs xl-join \
	'^xl-join: cannot read /etc/xl/regCred.dat: No such file'
in_box systemctl stop xl-member xl-join
status 0 "the registry starts, and is ready" in_box systemctl start xl-regd
ok "its credential is handed on as it is" \
	in_box cp /var/lib/xl-regd/regCred.dat /etc/xl/
status 0 "the member starts, and is ready" in_box systemctl start xl-member
diag "$(log_of xl-join)"
status 0 "it has joined" in_box xl-member -d /var/lib/xl status -q

for unit in xl-regd xl-member; do
	run in_box cat "/proc/$(main_pid $unit)/status"
	out_like '^CapBnd:	0+$' "$unit: no capabilities"
	out_like '^Seccomp:	2$' "$unit: a filter of system calls"
	unlike "$(cat out)" '^Uid:	0' "$unit: not root"
	ok "$unit: reload" in_box systemctl reload $unit
done
ok "the member heard" wait_for logs xl-member 'reading cluster.dat again'

# --- a second member looks on ---

in_box xl-join -q -r /etc/xl/regCred.dat -d /var/two -n two -c alpha \
	-e 192.0.2.2:7001 -w 0 >/dev/null
: >root/etc/xl/go
spawn_ready two nsenter -t "$LEADER" -a -- /usr/local/bin/xl-member \
	-d /var/two -r /etc/xl/regCred.dat --ready-fd 3
two=$PID
status 0 "another sees it" xl_two wait all -w 60
pid=$(main_pid xl-member)
in_box kill -s KILL "$pid"
ok "killed, the other misses it" wait_for sees 1
ok "it is started again" wait_for sees 0
isnt "$(main_pid xl-member)" "$pid" "as another process"
status 0 "stop" in_box systemctl stop xl-member
ok "it said goodbye" wait_for sees 1
is "$(in_box systemctl is-failed xl-member)" inactive "it ended well"

# --- a stop lets a command finish ---

rm root/etc/xl/go
in_box systemctl start xl-member
ok "it is back" wait_for sees 0
in_box xl-member -d /var/lib/xl wait all -w 60
in_box pkill -f "xl-member -d /var/two"
ok "a command runs" wait_for running '^/bin/sh -c until'
stop "$two" 0
in_box systemctl stop --no-block xl-member
ok "while it is told to stop" wait_for logs xl-member ' stopping$'
: >root/etc/xl/go
ok "the command finishes" wait_for logs xl-member 'took its time$'
ok "and it stops" wait_for in_box sh -c \
	'[ "$(systemctl is-active xl-member)" = inactive ]'

# --- the address of README.md ---

in_box ip link add eth0 type veth peer name eth1 2>/dev/null &&
	in_box ip link set eth0 up
if [ -e "/proc/$LEADER/root/sys/class/net/eth0" ]; then
	awk '/^## / { on = /in ten lines of shell/ } on' "$ROOT/README.md" |
		sed -n '/^    xl-member/d; s/-d node/-d \/var\/lib\/xl/; s/^    //p' \
		>root/etc/xl/told
	mkdir root/etc/systemd/system/xl-member.service.d
	sed -n 's/^#	//p' "$ROOT/man/examples/systemd/xl-member.service" \
		>root/etc/systemd/system/xl-member.service.d/address.conf
	in_box systemctl daemon-reload
	spawn two nsenter -t "$LEADER" -a -- /usr/local/bin/xl-member \
		-d /var/two -r /etc/xl/regCred.dat
	status 0 "with the drop-in it starts" in_box systemctl start xl-member
	has_address()
	{
		in_box ip address show dev eth0 | grep -qF 192.0.2.100/
	}
	ok "it has the address" wait_for has_address
	status 0 "stop" in_box systemctl stop xl-member
	not_ok "it has given it up" has_address
else
	skip "the address of README.md" "no veth here"
fi

in_box systemctl stop xl-regd
ok "the registry stops" wait_for logs xl-regd ' stopping$'
is "$(in_box systemctl is-failed xl-regd)" inactive "it ended well"
is "$(in_box systemctl --failed --no-legend | grep xl-)" "" "nothing has failed"
kill -s KILL "$LEADER"
wait "$NSPAWN"
done_testing
