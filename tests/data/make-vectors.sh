#!/bin/sh
# SPDX-License-Identifier: MIT
#
# make-vectors.sh [DIR]: computes every *.hex file of this folder (into DIR,
# default here) from the private keys beside it, with nothing but the openssl
# and ssh-keygen commands, so that they owe nothing to the code under test.
# All inputs are fixed, the OAEP seeds too: a second run gives the same bytes.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=${1:-$here}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# --- bytes: everything is a string of hex digits in a shell variable ---

bin() { printf %s "$1" | tr a-f A-F | basenc --base16 -d; }
hex() { od -An -v -tx1 | tr -d ' \n'; }
text() { printf %s "$1" | hex; }
len() { echo $((${#1} / 2)); }
first() { printf %s "$2" | cut -c "1-$(($1 * 2))"; }
run() { # run START COUNT: the bytes START, START+1, ...
	run_i=0
	while [ $run_i -lt "$2" ]; do
		printf %02x $((($1 + run_i) & 255))
		run_i=$((run_i + 1))
	done
}
zeros() { printf "%0$(($1 * 2))d" 0; }
be4() { printf %08x "$1"; }
le8() { printf %016x "$1" | sed 's/../& /g' |
	awk '{ for (i = 8; i; i--) printf "%s", $i }'; }
xor() { # xor A B
	xor_a=$1 xor_b=$2
	while [ -n "$xor_a" ]; do
		xor_ra=${xor_a#??} xor_rb=${xor_b#??}
		printf %02x \
		    $((0x${xor_a%"$xor_ra"} ^ 0x${xor_b%"$xor_rb"}))
		xor_a=$xor_ra xor_b=$xor_rb
	done
}
emit() { printf '%s = %s\n' "$1" "$2"; }

# --- openssl ---

sha1() { bin "$1" | openssl dgst -sha1 -binary | hex; }
sha256() { bin "$1" | openssl dgst -sha256 -binary | hex; }
hmac() { bin "$2" | openssl mac -digest SHA256 -macopt "hexkey:$1" \
	-binary HMAC | hex; }
cbc() { # cbc KEY IV PLAINTEXT: PKCS#7 padded
	bin "$3" | openssl enc -aes-256-cbc -K "$1" -iv "$2" | hex; }
sign() { # sign DIGEST PEM MESSAGE: PKCS#1 v1.5
	bin "$3" | openssl dgst "-$1" -sign "$2" | hex; }
spki() { openssl rsa -in "$1" -pubout -outform DER 2>/dev/null | hex; }
extract() { # extract SALT IKM
	openssl kdf -keylen 32 -kdfopt digest:SHA256 -kdfopt mode:EXTRACT_ONLY \
	    -kdfopt "hexsalt:$1" -kdfopt "hexkey:$2" -binary HKDF | hex; }
expand() { # expand PRK INFO
	openssl kdf -keylen 32 -kdfopt digest:SHA256 -kdfopt mode:EXPAND_ONLY \
	    -kdfopt "hexkey:$1" -kdfopt "hexinfo:$2" -binary HKDF | hex; }

mgf1() { # mgf1 SEED COUNT: MGF1-SHA-1
	mgf=
	mgf_i=0
	while [ "$(len "$mgf")" -lt "$2" ]; do
		mgf=$mgf$(sha1 "$1$(be4 $mgf_i)")
		mgf_i=$((mgf_i + 1))
	done
	first "$2" "$mgf"
}
oaep() { # oaep PEM MODULUS_LEN SEED MESSAGE: with a chosen seed, RFC 8017 7.1
	oaep_db=$(sha1 "")$(zeros $(($2 - $(len "$4") - 42)))01$4
	oaep_db=$(xor "$oaep_db" "$(mgf1 "$3" $(($2 - 21)))")
	oaep_seed=$(xor "$3" "$(mgf1 "$oaep_db" 20)")
	oaep_out=$(bin "00$oaep_seed$oaep_db" | openssl pkeyutl -encrypt \
	    -inkey "$1" -pkeyopt rsa_padding_mode:none | hex)
	# openssl's own OAEP must open it
	[ "$(bin "$oaep_out" | openssl pkeyutl -decrypt -inkey "$1" \
	    -pkeyopt rsa_padding_mode:oaep | hex)" = "$4" ]
	printf %s "$oaep_out"
}

chacha() { # chacha KEY NONCE COUNTER_LE DATA
	bin "$4" | openssl enc -chacha20 -K "$1" -iv "$3$2" | hex; }
pad16() { zeros $(((16 - $1 % 16) % 16)) | cut -c "1-$(((16 - $1 % 16) % 16 * 2))"; }
aead() { # aead KEY NONCE AAD PLAINTEXT: RFC 8439 2.8, from its two parts
	aead_k=$(chacha "$1" "$2" 00000000 "$(zeros 32)")
	aead_c=$(chacha "$1" "$2" 01000000 "$4")
	aead_al=$(len "$3") aead_cl=$(len "$aead_c")
	aead_pa='' aead_pc=''
	[ $((aead_al % 16)) -eq 0 ] || aead_pa=$(pad16 "$aead_al")
	[ $((aead_cl % 16)) -eq 0 ] || aead_pc=$(pad16 "$aead_cl")
	aead_m=$3$aead_pa$aead_c$aead_pc$(le8 "$aead_al")$(le8 "$aead_cl")
	printf %s "$aead_c"
	bin "$aead_m" | openssl mac -macopt "hexkey:$aead_k" -binary \
	    Poly1305 | hex
}
x25519_pem() { # x25519_pem PRIVATE FILE
	bin "302e020100300506032b656e04220420$1" |
	    openssl pkey -inform DER -out "$2"; }
x25519_pub() { openssl pkey -in "$1" -pubout -outform DER | tail -c 32 | hex; }

# --- keys: key-NAME.hex, NAME.pub (ssh-rsa line), NAME.fp (ssh-keygen -l) ---

der_int() { # der_int FILE INDEX: the INDEXth INTEGER of a PKCS#1 key
	openssl asn1parse -in "$1" | grep INTEGER | sed -n "$2s/.*://p" |
	    tr A-F a-f; }

key_file() { # key_file NAME
	pem=$here/$1.pem
	emit n "$(der_int "$pem" 2)"
	emit e "$(der_int "$pem" 3)"
	emit d "$(der_int "$pem" 4)"
	emit p "$(der_int "$pem" 5)"
	emit q "$(der_int "$pem" 6)"
	emit dp "$(der_int "$pem" 7)"
	emit dq "$(der_int "$pem" 8)"
	emit qinv "$(der_int "$pem" 9)"
	emit spki "$(spki "$pem")"
	emit pkcs1 "$(openssl rsa -in "$pem" -traditional -outform DER \
	    2>/dev/null | hex)"
	emit pkcs8 "$(openssl pkcs8 -topk8 -nocrypt -in "$pem" -outform DER |
	    hex)"
	emit spki_sha1 "$(sha1 "$(spki "$pem")")"
	emit spki_sha256 "$(sha256 "$(spki "$pem")")"
}

for k in "$here"/rsa*.pem; do
	name=$(basename "$k" .pem)
	key_file "$name" >"$out/key-$name.hex"
	# ssh-keygen reads only private keys that nobody else can read
	cat "$k" >"$tmp/key" && chmod 600 "$tmp/key"
	printf '%s %s\n' "$(ssh-keygen -y -f "$tmp/key" | cut -d' ' -f1,2)" \
	    "$name" >"$out/$name.pub"
	ssh-keygen -l -f "$out/$name.pub" >"$out/$name.fp"
done

# --- Hello: three dialects, two key lengths (xl-protocol(7), section 3) ---

reg_ck=$here/rsa2048-1.pem
iv1=$(run 0x00 16)
key1=$(run 0x20 32)
salt1=$(run 0x50 8)
iv2=$(run 0x60 16)
key2=$(run 0x80 32)
salt2=$(run 0xb0 8)
seed=$(run 0xc0 20)
v_documented=00000001	# 1.0, d first
v_prefixed=01090000	# 1.9, a first
v_sealed=00000002	# 2.0, d first
e_c_private=$(run 0x01 32)
e_s_private=$(run 0xd1 32)
x25519_pem "$e_c_private" "$tmp/e_c"
x25519_pem "$e_s_private" "$tmp/e_s"
e_c=$(x25519_pub "$tmp/e_c")
e_s=$(x25519_pub "$tmp/e_s")

{
	emit oaep_seed "$seed"
	for d in documented prefixed sealed; do
		case $d in
		documented) p=$iv1$key1$salt1$v_documented ;;
		prefixed) p=$key1$salt1$v_prefixed ;;
		sealed) p=$key1$salt1$v_sealed$e_c ;;
		esac
		emit "${d}_plaintext" "$p"
		c=$(oaep "$reg_ck" 256 "$seed" "$p")
		[ $d != sealed ] || hello_sealed=$c
		emit "${d}_rsa2048_1" "$c"
		emit "${d}_rsa1024_1" \
		    "$(oaep "$here/rsa1024-1.pem" 128 "$seed" "$p")"
	done
	# well-formed OAEP around a plaintext of no known length
	emit unknown_plaintext "$key1$salt1$v_prefixed"00
	emit unknown_rsa2048_1 \
	    "$(oaep "$reg_ck" 256 "$seed" "$key1$salt1$v_prefixed"00)"
	emit empty_rsa2048_1 "$(oaep "$reg_ck" 256 "$seed" "")"
	# a modulus-sized block that is not below the modulus
	emit above_rsa2048_1 "$(printf '%0512d' 0 | tr 0 f)"
} >"$out/hello.hex"

# --- messages, encoded by hand: tag, length, value ---

regcred=0801				# Op 1
create=08057205$(text alpha)7803880101	# Op 5, name, size 3, ends 1
bye=080b				# Op 11
ack=080c				# Op 12
member_ok=08044a20$(run 0xa0 32)	# Op 4, MemberID
error=080dba0111$(text "malformed message")

# --- the documented dialect: one chain a direction, on from iv2 ---

last() { printf %s "$1" | tail -c 32; }
{
	emit iv1 "$iv1"; emit key1 "$key1"; emit salt1 "$salt1"
	emit version1 "$v_documented"
	emit iv2 "$iv2"; emit key2 "$key2"; emit salt2 "$salt2"
	emit version2 "$v_documented"
	emit reply "$(cbc "$key1" "$iv1" "$iv2$key2$salt2$salt1$v_documented")"
	# the order of published test data, which a client takes too
	emit reply_swapped \
	    "$(cbc "$key1" "$iv1" "$iv2$key2$salt2$v_documented$salt1")"
	emit reply_wrong_salt "$(cbc "$key1" "$iv1" \
	    "$iv2$key2$salt2$(run 0x51 8)$v_documented")"
	for dir in c2s s2c; do
		iv=$iv2
		n=0
		case $dir in
		c2s) messages="$regcred $create $bye" ;;
		s2c) messages="$member_ok $error $ack" ;;
		esac
		for m in $messages; do
			c=$(cbc "$key2" "$iv" "$m")
			emit "${dir}_message_$n" "$m"
			emit "${dir}_wire_$n" "$c"
			iv=$(last "$c")
			n=$((n + 1))
		done
	done
} >"$out/documented.hex"

# --- the prefixed dialect: a fresh IV before everything ---

{
	emit key1 "$key1"; emit salt1 "$salt1"; emit version1 "$v_prefixed"
	emit key2 "$key2"; emit salt2 "$salt2"; emit version2 "$v_prefixed"
	iv=$(run 0x10 16)
	emit reply_iv "$iv"
	emit reply "$iv$(cbc "$key1" "$iv" "$key2$salt2$v_prefixed")"
	n=0
	for m in "$regcred" "$create" "$bye"; do
		iv=$(run $((0x30 + n)) 16)
		emit "message_$n" "$m"
		emit "wire_iv_$n" "$iv"
		emit "wire_$n" "$iv$(cbc "$key2" "$iv" "$m")"
		n=$((n + 1))
	done
} >"$out/prefixed.hex"

# --- the sealed dialect ---

record() { # record KEY COUNTER MESSAGE
	rec_len=$(printf %04x $(($(len "$3") + 16)))
	printf %s "$rec_len"
	aead "$1" "00000000$(printf %016x "$2")" "$rec_len" "$3"
}
rekeyed() { hmac "$1" "$(text "xlattice2 rekey")01"; }

h1=$(sha256 "$hello_sealed")
k_r=$(expand "$(extract "$salt1" "$key1")" "$(text "xlattice2 reply")$h1$e_s")
reply=$e_s$(aead "$k_r" "$(zeros 12)" "$h1$e_s" "$key2$salt2$salt1$v_sealed")
th=$(sha256 "$hello_sealed$reply")
openssl pkey -in "$tmp/e_s" -pubout -out "$tmp/e_s.pub"
dh=$(openssl pkeyutl -derive -inkey "$tmp/e_c" -peerkey "$tmp/e_s.pub" | hex)
prk=$(extract "$salt1$salt2" "$key1$key2$dh")
c2s=$(expand "$prk" "$(text "xlattice2 c2s")$th")
s2c=$(expand "$prk" "$(text "xlattice2 s2c")$th")
bind=$(expand "$prk" "$(text "xlattice2 bind")$th")
{
	emit key1 "$key1"; emit salt1 "$salt1"; emit version1 "$v_sealed"
	emit key2 "$key2"; emit salt2 "$salt2"; emit version2 "$v_sealed"
	emit e_c_private "$e_c_private"; emit e_c "$e_c"
	emit e_s_private "$e_s_private"; emit e_s "$e_s"
	emit h1 "$h1"; emit k_r "$k_r"; emit reply "$reply"; emit th "$th"
	emit dh "$dh"; emit prk "$prk"
	emit c2s_key "$c2s"; emit s2c_key "$s2c"; emit bind "$bind"
	emit reply_wrong_salt "$e_s$(aead "$k_r" "$(zeros 12)" "$h1$e_s" \
	    "$key2$salt2$(run 0x51 8)$v_sealed")"
	n=0
	for m in "$regcred" "$create" "$bye"; do
		emit "c2s_message_$n" "$m"
		emit "c2s_wire_$n" "$(record "$c2s" $n "$m")"
		n=$((n + 1))
	done
	n=0
	for m in "$member_ok" "$error" "$ack"; do
		emit "s2c_message_$n" "$m"
		emit "s2c_wire_$n" "$(record "$s2c" $n "$m")"
		n=$((n + 1))
	done
	emit c2s_wire_last "$(record "$c2s" 1048575 "$bye")"
	emit c2s_rekeyed "$(rekeyed "$c2s")"
	emit c2s_rekeyed_wire_0 "$(record "$(rekeyed "$c2s")" 0 "$bye")"
	emit c2s_rekeyed_twice "$(rekeyed "$(rekeyed "$c2s")")"
	# public values whose product with any key is zero: closes
	n=0
	for p in "$(zeros 32)" "01$(zeros 31)" \
	    e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800 \
	    5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157 \
	    ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f \
	    edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f \
	    eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f
	do
		bin "302a300506032b656e032100$p" >"$tmp/low"
		# openssl must refuse it as well
		if openssl pkeyutl -derive -inkey "$tmp/e_c" -peerkey \
		    "$tmp/low" -peerform DER >/dev/null 2>&1; then exit 1; fi
		emit "low_order_$n" "$p"
		n=$((n + 1))
	done
} >"$out/sealed.hex"

# --- signatures: node ck rsa2048-3, sk rsa2048-4; registry ck rsa2048-1 ---

sk=$here/rsa2048-4.pem
t_name=$(text alpha-node)
t_attrs=$(le8 0x0102030405060708)
t_ck=$(spki "$here/rsa2048-3.pem")
t_sk=$(spki "$sk")
end_0=$(text 127.0.0.1:7001)
end_1=$(text "TcpEndPoint: 127.0.0.1:7002")
covered=$t_name$t_attrs$t_ck$t_sk$end_0$end_1
id=$(run 0xa0 32)
peer_id=$(run 0x40 32)
cluster=$(run 0x70 32)
{
	emit name "$t_name"
	emit attrs_le "$t_attrs"
	emit comms_key "$t_ck"
	emit sig_key "$t_sk"
	emit end_0 "$end_0"
	emit end_1 "$end_1"
	emit bind "$bind"
	emit salt2 "$salt2"
	emit member_id "$id"
	emit registry_ck "$(spki "$reg_ck")"
	emit cluster_id "$cluster"
	emit peer_id "$peer_id"
	emit covered_sha1 "$(sha1 "$covered")"
	emit token_sig "$(sign sha1 "$sk" "$covered")"
	# the same token with no end points (an admin node)
	emit token_no_ends_sig \
	    "$(sign sha1 "$sk" "$t_name$t_attrs$t_ck$t_sk")"
	emit member_sig \
	    "$(sign sha256 "$sk" "$(text "xlattice2 member")$bind$covered")"
	emit return_sig \
	    "$(sign sha1 "$sk" "$id$(spki "$reg_ck")$salt2")"
	emit return_sealed_sig \
	    "$(sign sha256 "$sk" "$(text "xlattice2 return")$bind$id")"
	emit peer_sig "$(sign sha256 "$sk" \
	    "$(text "xlattice2 peer")$bind$cluster$id$peer_id")"
	emit client_sig "$(sign sha256 "$sk" \
	    "$(text "xlattice2 client")$bind$id")"
} >"$out/sign.hex"

# --- XLClusterMsg, encoded by hand: tag, length, value ---

varint() { # varint N, below 2^21
	varint_n=$1
	while [ "$varint_n" -gt 127 ]; do
		printf %02x $((varint_n & 127 | 128))
		varint_n=$((varint_n >> 7))
	done
	printf %02x "$varint_n"
}
field() { printf '%s%s%s' "$1" "$(varint "$(len "$2")")" "$2"; } # TAG BYTES
{
	emit bind "$bind"
	emit cluster_id "$cluster"
	emit from_id "$id"
	emit to_id "$peer_id"
	emit peer_digest \
	    "$(sha256 "$(text "xlattice2 peer")$bind$cluster$id$peer_id")"
	emit client_digest "$(sha256 "$(text "xlattice2 client")$bind$id")"
	# IDs of 20 bytes
	emit short_id "$(first 20 "$id")"
	emit short_peer_digest "$(sha256 "$(text "xlattice2 peer"
	    )$bind$cluster$(first 20 "$id")$peer_id")"
	emit short_client_digest \
	    "$(sha256 "$(text "xlattice2 client")$bind$(first 20 "$id")")"
	sig=$(sign sha256 "$sk" \
	    "$(text "xlattice2 peer")$bind$cluster$id$peer_id")
	emit peer_sig "$sig"
	emit hello "08011001$(field 1a "$id")$(field 2a "$cluster"
	    )$(field 6a "$sig")"
	sig=$(sign sha256 "$sk" "$(text "xlattice2 client")$bind$id")
	emit client_sig "$sig"
	emit client_hello "08011001$(field 1a \
	    "$(sha256 "$t_sk")")$(field 6a "$sig")"
	emit ack 080210012001
	emit keepalive 080310ac02		# MsgN 300
	emit bye 080410ffffffffffffffffff01	# MsgN 2^64 - 1
	emit error "0805100720093007$(field 3a "$(text busy)")"
	emit app "08061005$(field 42 "$(text "good morning")")"
	emit app_empty 080610054200
	emit data "0807$(field 42 "$(run 0 256)")"
	emit eof 0808
	emit suspect "08091006$(field 1a "$peer_id")"
} >"$out/cluster.hex"

# --- public keys that are to be refused ("bad key"), and a few borderline ---

der() { # der TAG CONTENT
	der_n=$(len "$2")
	if [ "$der_n" -lt 128 ]; then printf '%s%02x%s' "$1" "$der_n" "$2"
	elif [ "$der_n" -lt 256 ]; then printf '%s81%02x%s' "$1" "$der_n" "$2"
	else printf '%s82%04x%s' "$1" "$der_n" "$2"
	fi
}
rsa_oid=06092a864886f70d010101
alg=$(der 30 "${rsa_oid}0500")
n2048=$(der_int "$sk" 2)
rsa_key() { der 30 "$(der 02 "$1")$(der 02 "$2")"; } # rsa_key N E, signed
make_spki() { der 30 "$1$(der 03 "00$2")"; }	# make_spki ALGORITHM KEY
e65537=010001
n_odd() { printf 'c3%s01' "$(run 7 $(($1 - 2)))"; } # COUNT bytes, top bit set
{
	good=$(make_spki "$alg" "$(rsa_key "00$n2048" $e65537)")
	[ "$good" = "$t_sk" ]
	emit good "$good"
	emit good_e3 "$(make_spki "$alg" "$(rsa_key "00$n2048" 03)")"
	emit good_e_largest \
	    "$(make_spki "$alg" "$(rsa_key "00$n2048" 7fffffff)")"
	emit good_4096 \
	    "$(make_spki "$alg" "$(rsa_key "00$(n_odd 512)" $e65537)")"
	emit short_1024 \
	    "$(make_spki "$alg" "$(rsa_key "00$(n_odd 128)" $e65537)")"
	emit short_2040 \
	    "$(make_spki "$alg" "$(rsa_key "00$(n_odd 255)" $e65537)")"
	emit bad_1016 \
	    "$(make_spki "$alg" "$(rsa_key "00$(n_odd 127)" $e65537)")"
	emit bad_4104 \
	    "$(make_spki "$alg" "$(rsa_key "00$(n_odd 513)" $e65537)")"
	emit bad_2047 "$(make_spki "$alg" \
	    "$(rsa_key "43$(n_odd 255)" $e65537)")"
	emit bad_2049 "$(make_spki "$alg" \
	    "$(rsa_key "01$(n_odd 256)" $e65537)")"
	emit bad_n_even "$(make_spki "$alg" \
	    "$(rsa_key "00$(n_odd 255)02" $e65537)")"
	emit bad_n_negative "$(make_spki "$alg" \
	    "$(rsa_key "$n2048" $e65537)")"
	emit bad_n_padded "$(make_spki "$alg" \
	    "$(rsa_key "0000$n2048" $e65537)")"
	emit bad_n_empty "$(make_spki "$alg" "$(rsa_key "" $e65537)")"
	emit bad_e_1 "$(make_spki "$alg" "$(rsa_key "00$n2048" 01)")"
	emit bad_e_0 "$(make_spki "$alg" "$(rsa_key "00$n2048" 00)")"
	emit bad_e_even "$(make_spki "$alg" "$(rsa_key "00$n2048" 010000)")"
	emit bad_e_2_31 \
	    "$(make_spki "$alg" "$(rsa_key "00$n2048" 0080000001)")"
	emit bad_e_long \
	    "$(make_spki "$alg" "$(rsa_key "00$n2048" "$(run 1 65)")")"
	emit bad_e_padded "$(make_spki "$alg" \
	    "$(rsa_key "00$n2048" 00010001)")"
	emit bad_e_negative "$(make_spki "$alg" "$(rsa_key "00$n2048" 81)")"
	emit bad_trailing "${good}00"
	emit bad_truncated "$(printf %s "$good" | sed 's/..$//')"
	emit bad_trailing_inside "$(make_spki "$alg" \
	    "$(rsa_key "00$n2048" $e65537)00")"
	emit bad_third_integer "$(make_spki "$alg" \
	    "$(der 30 "$(der 02 "00$n2048")$(der 02 $e65537)020101")")"
	emit bad_no_null "$(make_spki "$(der 30 $rsa_oid)" \
	    "$(rsa_key "00$n2048" $e65537)")"
	emit bad_pss_oid "$(make_spki "$(der 30 06092a864886f70d01010a0500)" \
	    "$(rsa_key "00$n2048" $e65537)")"
	emit bad_unused_bits "$(der 30 \
	    "$alg$(der 03 "01$(rsa_key "00$n2048" $e65537)")")"
	emit bad_pkcs1 "$(rsa_key "00$n2048" $e65537)"
	# lengths in a longer form than DER allows, and the indefinite one
	emit bad_long_length "3083$(printf %s "$good" | cut -c 5-8 |
	    sed 's/^/00/')$(printf %s "$good" | cut -c 9-)"
	emit bad_indefinite "3080$(printf %s "$good" | cut -c 9-)0000"
	emit bad_ec "$(openssl pkey -in "$here/ec256.pem" -pubout \
	    -outform DER | hex)"
	emit bad_x25519 "302a300506032b656e032100$e_c"
	emit bad_empty_sequence 3000
} >"$out/spki.hex"
