#!/bin/sh
# SPDX-License-Identifier: MIT
#
# "A clustered service in ten lines of shell" of README.md, as it stands there
# but for the network's number: three hosts, and the address that moves.

. "${0%/*}/lib.sh"
. "$ROOT/tests/net/hosts.sh"
. "$ROOT/tests/net/identity.sh"

hosts_make 3 || skip_all "no switch here"
mkdir bin
printf '#!/bin/sh\nexec %s xl-member "$@"\n' "$XLBOX" >bin/xl-member
chmod +x bin/xl-member
PATH=$T/bin:$PATH

# The section's code: the script, and the line that starts it.
awk '/^## / { on = /in ten lines of shell/ } on' "$ROOT/README.md" |
	sed -n 's/^    //p' | sed 's/192\.0\.2\./10.77.0./g' >code
sed '/^xl-member/d' code >lead
chmod +x lead
command=$(grep '^xl-member' code)
is "$(wc -l <lead | tr -d ' ')" 10 "README.md: ten lines of shell"
is "$(printf '%s\n' "$command" | wc -l | tr -d ' ')" 1 \
	"README.md: and one to start it"
ok "shell can read it" sh -n lead

address=10.77.0.100
identity reg
on_ready reg h1 xl regd -d reg -a 10.77.0.1 --ready-fd 3
for i in 1 2 3; do
	mkdir h$i
	cp lead h$i
	identity h$i/node $((2 * i - 1)) h$i
	on h$i xl join -q -r reg/regCred.dat -d h$i/node -c alpha -s 3 \
		-e 10.77.0.$i:7001 -w 0 >/dev/null
done
for i in 1 2 3; do
	on h$i xl join -q -r reg/regCred.dat -d h$i/node -c alpha -w 0 \
		>/dev/null
done

# start I: the member on hI, as README.md has it
start()
{
	on_ready h$1 h$1 sh -c "cd $T/h$1 && exec $command --ready-fd 3" ||
		diag "$(cat h$1.err)"
	eval "pid$1=$PID"
}

# holders: the hosts that have the address
holders()
{
	for i in 1 2 3; do
		on h$i ip -o -4 address show dev eth0 |
			grep -qF " $address/" && echo h$i
	done
}

holds()
{
	[ "$(holders)" = "$1" ]
}

start 1
start 2
start 3
ok "the first has the address" wait_for holds h1
ok "when all are up, still" on h1 xl member -d h1/node wait all
ok "and nobody else" wait_for holds h1

stop "$pid1"
ok "it leaves: the second has it" wait_for holds h2
start 1
ok "it is back: it has it again" wait_for holds h1

unplug h1
ok "its cable is pulled: the second has it alone" wait_for holds h2
plug h1
ok "and plugged in: it has it again" wait_for holds h1

stop "$pid2"
stop "$pid3"
ok "without a majority nobody has it" wait_for holds ""
start 3
ok "with one, the first" wait_for holds h1

# told_all: no command of the first runs any more; one that a kill catches gives
# up the address, as it gets no answer
told_all()
{
	! pgrep -x -P "$pid1" 'sh|lead' >/dev/null
}

wait_for told_all
kill -s KILL "$pid1"
wait "$pid1"
stop "$pid3"
ok "it dies without a word, and leaves it behind" holds h1
start 1
ok "started again, it gives up what it had" wait_for holds ""
start 3
ok "until there is a majority" wait_for holds h1
done_testing
