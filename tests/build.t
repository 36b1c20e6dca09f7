#!/bin/sh
# SPDX-License-Identifier: MIT
# The executable itself, and make install and uninstall: what a packager, and
# who drops one file onto a box, rely on.
. "${0%/*}/lib.sh"

BUILD=${BUILD:-build}
case $BUILD in
/*) build=$BUILD ;;
*) build=$ROOT/$BUILD ;;
esac
bin=$build/xlbox
size_max=262144 # 256 KiB

# With the variables that the make which runs this test was given.
make_here()
{
	(cd "$ROOT" && make "$@")
}

# The files and links under a folder, without the folder's name.
tree()
{
	(cd "$1" && find . ! -type d | LC_ALL=C sort)
}

if [ "$SAN" = 1 ]; then
	skip "static PIE" "the sanitizers need a dynamic executable"
else
	readelf -hlW "$bin" >elf
	readelf -dW "$bin" >dynamic
	readelf -SW "$bin" >sections
	like "$(cat elf)" 'Type: +DYN' "position-independent"
	unlike "$(cat elf)" 'INTERP' "no interpreter"
	like "$(cat dynamic)" 'FLAGS_1.* PIE' "marked as PIE"
	unlike "$(cat dynamic)" 'NEEDED' "no shared library"
	unlike "$(cat dynamic)" 'TEXTREL' "no relocations of code"
	is "$(readelf -rW "$bin" | grep -E ' R_[0-9A-Z_]+' |
		grep -cv '_RELATIVE')" 0 "relocations need no symbols"
	like "$(cat elf)" 'GNU_STACK .* RW +0x' "the stack is not executable"
	like "$(cat elf)" 'GNU_RELRO' "read-only after relocation"
	like "$(cat dynamic)" 'BIND_NOW|FLAGS.* NOW' "no lazy binding"
	unlike "$(cat elf)" 'LOAD .* RWE' "nothing both writable and executable"
	unlike "$(cat sections)" '\.(symtab|debug|comment)' "stripped"
	like "$(readelf -SW "$bin.debug")" '\.symtab' "symbols are beside"
	like "$(readelf -sW "$bin.debug")" ' __stack_chk_fail' "stack protector"
	readelf -p .comment "$bin.debug" >compiler
	if grep -q 'Machine: .*X86-64' elf && ! grep -q clang compiler; then
		ok "at most $size_max bytes" \
			test "$(file_size "$bin")" -le "$size_max"
	else
		skip "at most $size_max bytes" "is for gcc and x86-64"
	fi
	diag "$(file_size "$bin") bytes"
fi

if [ "$XLBOX" = "$bin" ]; then
	mkfifo fifo
	spawn reader xl nodeid fifo
	exec 9>fifo # opens when the program has it open
	ok "relocated data is read-only at run time" \
		grep -q "r--p .*/xlbox" "/proc/$PID/maps"
	exec 9>&-
	wait_for test -s reader.out
else
	skip "relocated data is read-only at run time" "needs an emulator"
fi

applets=$($XLBOX --list)
like "$applets" '^xl-' "there are applets"

for applet in $applets; do
	is "$(readlink "$build/$applet")" xlbox "$BUILD has a link $applet"
done
echo ./opt/bin/xlbox >want
for applet in $applets; do
	echo "./opt/bin/$applet"
done >>want
for page in "$ROOT"/man/*.[1-8]; do
	[ -f "$page" ] || continue
	echo "./opt/share/man/man${page##*.}/${page##*/}"
done >>want
(cd "$ROOT/man" && find examples -type f) |
	sed 's,^,./opt/share/doc/xlbox/,' >>want
LC_ALL=C sort -o want want

mkdir d
status 0 "make install" make_here install DESTDIR="$T/d" PREFIX=/opt
tree d >got
same got want "installs the executable, the links, the man pages, the examples"
same "$bin" d/opt/bin/xlbox "the executable is the one built"
is "$(stat -c %a d/opt/bin/xlbox)" 755 "the executable's mode"
is "$(cd d/opt/share/doc/xlbox && stat -c %a examples/sysv/xl-regd \
	examples/systemd/xl-regd.service | xargs)" "755 644" "the examples' modes"
is "$(grep -rl /usr/local/bin d/opt/share/doc)" "" "the examples are for here"
for applet in $applets; do
	is "$(readlink "d/opt/bin/$applet")" xlbox "the link $applet is relative"
done
if [ "$XLBOX" = "$bin" ]; then
	status 0 "an installed link runs" "d/opt/bin/$(echo "$applets" |
		head -n 1)" --version
else
	skip "an installed link runs" "needs an emulator"
fi

ln -s elsewhere d/opt/bin/xl-foreign
echo kept >d/opt/bin/other
status 0 "make install again" make_here install DESTDIR="$T/d" PREFIX=/opt
status 0 "make uninstall" make_here uninstall DESTDIR="$T/d" PREFIX=/opt
is "$(tree d)" "./opt/bin/other
./opt/bin/xl-foreign" "uninstall leaves what is not its own, and only that"

# /usr, as a distribution has it, and no man pages of others gone
mkdir -p d/usr/share/man/man1
echo kept >d/usr/share/man/man1/xl-other.1
status 0 "make install to /usr" make_here install DESTDIR="$T/d" PREFIX=/usr
ok "the executable is in /usr/bin" test -x d/usr/bin/xlbox
is "$(stat -c %a d/usr/share/man/man1/xl-join.1)" 644 "a manual's mode"
is "$(find d/usr -newer want -type f -exec grep -l "$T" {} +)" "" \
	"nothing knows where DESTDIR was"
status 0 "make uninstall" make_here uninstall DESTDIR="$T/d" PREFIX=/usr
is "$(tree d/usr)" ./share/man/man1/xl-other.1 "leaves nothing of its own"

done_testing
