# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# Folders of nodes and registries without making keys, which takes long: source
# it behind lib.sh.

DATA=$ROOT/tests/data

# identity DIR [NAME [KEY]]: the folder of NAME (xlReg), made if it is not
# there, with the keys KEY (1) and the next one of the eight in tests/data. The
# ID is the name's.
identity()
{
	set -- "$1" "${2:-xlReg}" "${3:-1}"
	mkdir -p "$1" && chmod 700 "$1" &&
	(umask 077 && cp "$DATA/rsa2048-$3.pem" "$1/ck.pem" &&
		cp "$DATA/rsa2048-$(($3 % 8 + 1)).pem" "$1/sk.pem") &&
	printf 'node {\n Name: %s\n ID: %s%056d\n EndPoints {\n }\n}\n' "$2" \
		"$(printf %s "$2" | cksum | awk '{ printf "%08x", $1 }')" 0 \
		>"$1/node.dat"
}
