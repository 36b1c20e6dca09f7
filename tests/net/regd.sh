# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# For tests of xl-regd by the independent client in tests/net/peer: source it
# behind lib.sh. Skips the test where that client cannot run.

. "$ROOT/tests/net/identity.sh"
PEER=$ROOT/tests/net/peer
/usr/bin/python3 -c 'import cryptography' 2>/dev/null ||
	skip_all "python3-cryptography is not installed"

# start DIR OPTION...: a registry on the folder, its process ID in $PID
start()
{
	dir=$1
	shift
	spawn_ready regd xl regd -d "$dir" -p 0 --ready-fd 3 "$@"
}

# client CRED WORD...: the independent client
client()
{
	"$PEER/client.py" --cred "$@"
}

# regd NAME OPTION...: a registry in NAME/, which it makes, for many sessions
regd()
{
	identity "$1"
	again "$@"
}

# again NAME OPTION...: the same on the folder that is there
again()
{
	dir=$1
	shift
	# shellcheck disable=SC2086 # XLBOX may be several words
	spawn_ready "$dir" sh -c 'ulimit -n "$1"; shift; exec "$@"' sh \
		"${files:-1100}" $XLBOX xl-regd -d "$dir" -a 127.0.0.1 -p 0 \
		--ready-fd 3 --max-per-address 1024 "$@"
}

rep()
{
	printf "%0$2d" 0 | sed "s/0/$1/g"
}

# cases NAME OPTION... < CASES: one check a line of the client's --cases, in
# $dialect, which names the checks
cases()
{
	cred=$1/regCred.dat
	shift
	client "$cred" "$@" --cases >cases.out 2>cases.err
	while IFS= read -r line; do
		case $line in
		"ok "*) pass "$dialect: ${line#ok }" ;;
		*) fail "$dialect: ${line#not ok }" ;;
		esac
	done <cases.out
	is "$(cat cases.err)" "" "$dialect: the client has no complaints"
}
