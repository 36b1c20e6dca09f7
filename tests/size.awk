# SPDX-License-Identifier: MIT
#
# Where the bytes of the executable go, from the map that the linker wrote:
#
#	find build/obj/bearssl -name '*.o' |
#	awk -f tests/size.awk file=BYTES - build/xlbox.debug.map
#
# A line for each room of the house and each part of a library. What cannot be
# spared stands first, so the lines where the sum is over 150 KiB, marked with a
# plus, are what the bytes over it buy.

BEGIN {
	n = 0
	say("libc", "start, memory, strings, files, sockets, time")
	say("libc stdio", "streams")
	say("bearssl hash", "SHA-1, SHA-2, HMAC, the random generator")
	say("bearssl rsa", "RSA: key generation, OAEP, signatures")
	say("bearssl cipher", "AES-CBC, ChaCha20-Poly1305")
	say("bearssl ec", "X25519")
	say("bearssl codec", "PEM and DER")
	say("nanopb", "protobuf")
	say("proto", "the messages of the protocol and of the journal")
	say("core/base", "errors, text, files, options, log")
	say("core/ident", "NodeIDs, versions, end points, keys and key files")
	say("core/doc", "regCred, node and cluster files")
	say("core/wire", "Hello, the three dialects, sessions")
	say("core/run", "sockets, names looked up, poll loop, RSA jobs")
	say("applets/main", "dispatch, --list, --install")
	say("applets/keygen", "make, show, convert and check keys")
	say("applets/nodeid", "make, derive, check IDs and sums")
	say("applets/regd", "the registry: its handlers, index and journal")
	say("applets/join", "joining, waiting, what it prints")
	say("applets/member", "members in touch, their scripts and clients")
	say("applets/startup", "what daemons do first")
	say("applets/show", "clusters in five formats")
}
function say(name, what) {
	order[++n] = name
	buys[name] = what
}
function hex(text,   i, value) {
	for (i = 3; i <= length(text); i++)
		value = 16 * value + index("0123456789abcdef", substr(text, i, 1)) - 1
	return value
}
function group(path,   part, member, dir) {
	part = path
	sub(/^.*\/obj\//, "", part)
	if (part ~ /^(core|applets|proto)\//) {
		split(part, dir, "/")
		sub(/\.o$/, "", dir[2])
		return dir[1] == "proto" ? "proto" : dir[1] "/" dir[2]
	}
	member = path
	gsub(/^.*\(|\)$/, "", member)
	if (path ~ /libnanopb/)
		return "nanopb"
	if (path ~ /libbearssl/)
		return "bearssl " (folder[member] in part_of ? part_of[folder[member]] : "codec")
	if (member ~ /(printf|scanf|stdio|^f(open|close|read|write|flush|put|get|seek)|^put|_IO|^__std|^ofl|^vf)/)
		return "libc stdio"
	return "libc"
}
BEGIN {
	part_of["int"] = part_of["rsa"] = "rsa"
	part_of["symcipher"] = part_of["aead"] = "cipher"
	part_of["hash"] = part_of["mac"] = part_of["rand"] = part_of["kdf"] = "hash"
	part_of["ec"] = "ec"
}
# The list of BearSSL's objects: which folder is a member from?
FILENAME == "-" {
	split($0, path, "/bearssl/")
	split(path[2], dir, "/")
	folder[dir[2]] = dir[1]
	next
}
/^Linker script and memory map/ { map = 1; next }
!map { next }
/^ \.[^ ]+$/ { section = $1; next }
/^ \.[^ ]+ +0x/ { section = $1; $1 = "" ; $0 = $0 }
/^ +0x[0-9a-f]+ +0x[0-9a-f]+ [^ ]/ {
	if (section !~ /^\.(bss|debug|comment|note|rela|dyn)/ && section != "" && hex($1) > 0)
		bytes[group($3)] += hex($2)
	section = ""
	next
}
{ section = "" }
END {
	printf "%8s %8s\n", "bytes", "sum"
	for (i = 1; i <= n; i++) {
		if (!(order[i] in bytes))
			continue
		sum += bytes[order[i]]
		printf "%8d %8d %s %-16s %s\n", bytes[order[i]], sum,
		    (sum > 150 * 1024 ? "+" : " "), order[i], buys[order[i]]
		delete bytes[order[i]]
	}
	for (name in bytes) {
		sum += bytes[name]
		printf "%8d %8d %s %-16s\n", bytes[name], sum,
		    (sum > 150 * 1024 ? "+" : " "), name
	}
	printf "%8d %8d   headers, relocations, padding between segments\n",
	    file - sum, file
	printf "stripped: %d bytes = %.1f KiB of 256", file, file / 1024
	if (file > 150 * 1024)
		printf "; the lines with + are the KiB over 150"
	printf "\n"
}
