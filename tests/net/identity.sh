# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# Folders of nodes and registries without making keys, which takes long: source
# it behind lib.sh.

DATA=$ROOT/tests/data

# identity DIR [KEY [NAME]]: a folder, made if it is not there, with the keys
# KEY (1) and the next one of the eight in tests/data. NAME is the folder's if
# it is not given, and the ID is the name's.
identity()
{
	set -- "$1" "${2:-1}" "${3:-${1##*/}}"
	mkdir -p "$1" && chmod 700 "$1" &&
	(umask 077 && cp "$DATA/rsa2048-$2.pem" "$1/ck.pem" &&
		cp "$DATA/rsa2048-$(($2 % 8 + 1)).pem" "$1/sk.pem") &&
	printf 'node {\n Name: %s\n ID: %s%056d\n EndPoints {\n }\n}\n' "$3" \
		"$(printf %s "$3" | cksum | awk '{ printf "%08x", $1 }')" 0 \
		>"$1/node.dat"
}
