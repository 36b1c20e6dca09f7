# SPDX-License-Identifier: MIT
#
# xlbox. GNU make. `make` builds build/xlbox, `make help` says what else.
#
#	CC=clang	another compiler (default musl-gcc)
#	CROSS=PREFIX	another CPU: aarch64-linux-gnu- and so on, with the
#			musl-dev package of that CPU; and BUILD=build/aarch64
#	EMULATOR=CMD	what runs a program of that CPU: qemu-aarch64-static
#	BUILD=DIR	where everything that is made goes (default build)
#	LIBC=host	link with the machine's own C library, dynamically
#	BEARSSL=DIR	a tree of BearSSL 0.6, in place of Debian's source
#	NANOPB=DIR	a tree of nanopb 0.4.7, likewise
#	MUSL=DIR	musl's include/ and lib/, where they are not Debian's

.DELETE_ON_ERROR:
.SECONDARY:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules --no-print-directory

VERSION = 0.1
BUILD = build
CROSS =
CC = $(if $(CROSS),$(CROSS)gcc,musl-gcc)
AR = $(CROSS)ar
STRIP = $(CROSS)strip
EMULATOR =
LIBC = musl
PREFIX = /usr/local
DESTDIR =
BINDIR = $(PREFIX)/bin
MANDIR = $(PREFIX)/share/man
DOCDIR = $(PREFIX)/share/doc/xlbox
FUZZ_SECONDS = 20
REKEY_BITS = 20
export XLBOX ?= $(strip $(EMULATOR) $(BUILD)/xlbox)
export BUILD EMULATOR FUZZ_SECONDS

# The sources that are not ours: pinned, fetched from Debian by `make deps`.
DEPS = build/deps
BEARSSL = $(DEPS)/bearssl-0.6
NANOPB = $(DEPS)/nanopb-0.4.7
define PINNED
102a625bd8f6155260867a50c508df8d8c3f796985dd744df1a68e5cd1a79004 bearssl_0.6+dfsg.1.orig.tar.xz bearssl=0.6+dfsg.1-3
e1d89b166367a3c42d42311bdc2ed57ff78f86aede9a66828516e45490d48c81 nanopb_0.4.7.orig.tar.gz nanopb=0.4.7-2
endef

# Debian packages: to build, to test, and for the sanitizers, fuzzers and lint.
# a|b is one or the other.
PKGS_BUILD = gcc musl-tools nanopb xz-utils $(if $(findstring clang,$(CC)),clang)
PKGS_CHECK = 'busybox|busybox-static' iproute2 jq mandoc nftables \
	openssh-client openssl perl procps python3-cryptography strace
PKGS_LINT = clang clang-format clang-tidy cppcheck git libc6-dev \
	libclang-rt-14-dev llvm mandoc shellcheck
# What check and bench do without, and say so: deps-all has them too.
PKGS_MORE = runit s6 stunnel4 systemd-container

# Our sources.
PROTO = build/proto
PROTOS := $(wildcard proto/*.proto)
PB_C := $(PROTOS:proto/%.proto=$(PROTO)/%.pb.c)
PB_H := $(PB_C:.c=.h)
SRC := $(filter-out applets/main.c,$(wildcard core/*/*.c applets/*.c applets/*/*.c))
HDR := $(wildcard core/*/*.h applets/*.h applets/*/*.h tests/*/*.h)
UNIT := $(wildcard tests/unit/*_test.c)
FUZZ := $(wildcard tests/fuzz/*_fuzz.c)
MAN := $(wildcard man/*.[1-8])
EXAMPLES := $(shell find man/examples -type f | sort)
SCRIPTS := $(wildcard tests/run tests/*.sh tests/*.t tests/*/*.sh tests/fuzz/run .ci/run) \
	$(filter %/run %/finish %/check man/examples/sysv/% \
	man/examples/openrc/% man/examples/busybox/xl-%,$(EXAMPLES))

WARN = -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes \
	-Wmissing-prototypes -Wvla -Wformat=2 -Wswitch-enum -Wundef \
	-Wcast-qual -Wpointer-arith -Wframe-larger-than=8192 $(WERROR)
WERROR =
# One set for nanopb, for what it generates, and for who includes it. The
# messages have no strings, so its check of UTF-8 would have nothing to do.
PB_FLAGS = -DPB_FIELD_32BIT -DPB_NO_ERRMSG -DPB_BUFFER_ONLY
CPPFLAGS_OURS = -D_GNU_SOURCE -DXL_VERSION='"$(VERSION)"' -I. \
	-DSEAL_REKEY_BITS=$(REKEY_BITS) \
	-isystem $(PROTO) -isystem $(NANOPB) -isystem $(BEARSSL)/inc $(PB_FLAGS)
CFLAGS = -Os -g
# Smaller than -Os by 3 KiB, and slower where it does not matter.
SMALL = -Oz -fno-jump-tables
# Where foreign bytes are taken apart; everywhere, and strong, is 8 KiB more.
HARDEN = -fstack-protector
PARSES = core/doc/block.c core/ident/der.c core/ident/key% \
	core/ident/endpoint.c core/wire/collect.c core/wire/hello.c \
	core/wire/msg.c core/wire/peermsg.c core/wire/session_recv.c core/run/dns.c \
	core/run/lookup.c applets/regd/frame.c \
	applets/regd/record.c applets/regd/replay.c applets/join/enroll.c \
	applets/join/gather.c \
	applets/member/linkin.c applets/member/control.c \
	applets/member/words.c
SANITIZE =
# Hidden: nobody looks symbols up at run time, as s390x would have it otherwise.
COMMON = -std=c11 -MD -MP $(CFLAGS) -fvisibility=hidden -ffunction-sections \
	-fdata-sections -fno-asynchronous-unwind-tables -fno-unwind-tables \
	$(SANITIZE)

ifeq ($(LIBC),musl)
# Static PIE by hand, the same for every compiler: musl-gcc's -static-pie makes
# a dynamic one without a word.
TRIPLET := $(subst -pc-,-,$(shell $(CC) -dumpmachine 2>/dev/null))
TRIPLET := $(subst -gnu,-musl,$(TRIPLET))
MUSL_INC = $(if $(MUSL),$(MUSL)/include,/usr/include/$(TRIPLET))
MUSL_LIB = $(if $(MUSL),$(MUSL)/lib,/usr/lib/$(TRIPLET))
CC_INC := $(dir $(shell $(CC) -print-file-name=include/stddef.h 2>/dev/null))
COMMON += -fPIE -nostdinc -isystem $(MUSL_INC) -isystem $(CC_INC)
LIBGCC := $(shell $(CC) -print-libgcc-file-name 2>/dev/null)
LINK = $(CC) -nostdlib -static -Wl,-pie,--no-dynamic-linker,-z,text \
	-Wl,-z,relro,-z,now,-z,noexecstack,-z,noseparate-code \
	-Wl,--gc-sections,--build-id=none,--hash-style=gnu \
	-Wl,-Map=$@.map -o $@ $(MUSL_LIB)/rcrt1.o $(MUSL_LIB)/crti.o \
	$(filter %.o,$^) $(filter %.a,$^) \
	-Wl,--start-group $(MUSL_LIB)/libc.a $(LIBGCC) -Wl,--end-group \
	$(MUSL_LIB)/crtn.o
else
# Sanitizers bring a heap of their own.
SRC := $(filter-out core/base/heap.c,$(SRC))
COMMON += -fPIE
LINK = $(CC) -pie $(SANITIZE) $(LDFLAGS) -Wl,-z,relro,-z,now,--gc-sections \
	-o $@ $(filter %.o,$^) $(filter %.a,$^)
endif

CC_OURS = $(CC) $(COMMON) $(SMALL) $(if $(filter $(PARSES),$<),$(HARDEN)) \
	$(WARN) $(CPPFLAGS_OURS) -c -o $@ $<
CC_PB = $(CC) $(COMMON) $(SMALL) $(HARDEN) -w $(CPPFLAGS_OURS) -c -o $@ $<
# Where RSA and streams spend their time, by measure; -O3 elsewhere only costs
# 6 KiB.
FAST = i62_modpow2 i31_modpow2 i31_montmul i31_muladd i31_mulacc i31_add i31_sub \
	chacha20_ct poly1305_ctmul
CC_BEARSSL = $(CC) $(COMMON) -w -I$(BEARSSL)/inc -I$(BEARSSL)/src \
	$(if $(SANITIZE),-fno-sanitize=undefined) \
	$(if $(filter $(FAST),$(notdir $*)),-O3) -c -o $@ $<

OBJ = $(BUILD)/obj
XL_O = $(SRC:%.c=$(OBJ)/%.o) $(PB_C:$(PROTO)/%.c=$(OBJ)/proto/%.o)
NANOPB_O = $(addprefix $(OBJ)/nanopb/,pb_common.o pb_encode.o pb_decode.o)
BEARSSL_O = $(patsubst $(BEARSSL)/src/%.c,$(OBJ)/bearssl/%.o,\
	$(wildcard $(BEARSSL)/src/*.c $(BEARSSL)/src/*/*.c))
LIBS = $(BUILD)/libxl.a $(BUILD)/libnanopb.a $(BUILD)/libbearssl.a
UNIT_BIN = $(UNIT:tests/unit/%.c=$(BUILD)/unit/%)
FUZZ_BIN = $(FUZZ:tests/fuzz/%.c=$(BUILD)/fuzz/%)

Q = $(if $(V),,@)
say = $(if $(V),,@printf '  %-5s %s\n' $(1) $(2))

.PHONY: all
all: $(BUILD)/xlbox $(BUILD)/.links

# The objects themselves, not libxl.a, so that the link map names their folders.
$(BUILD)/xlbox.debug: $(OBJ)/applets/main.o $(XL_O) $(filter-out %/libxl.a,$(LIBS))
	$(call say,LINK,$@)
	$(Q)$(LINK)

$(BUILD)/xlbox: $(BUILD)/xlbox.debug
	$(call say,STRIP,$@)
	$(Q)$(if $(SANITIZE),cp $< $@,$(STRIP) -s -R .comment -o $@ $<)

$(BUILD)/.links: $(BUILD)/xlbox
	$(Q)$(EMULATOR) $< --install $(BUILD) -f
	@touch $@

define archive
	$(call say,AR,$@)
	@rm -f $@
	$(Q)$(AR) qcsD $@ $(filter %.o,$^)
endef

$(BUILD)/libxl.a: $(XL_O)
	$(archive)
$(BUILD)/libnanopb.a: $(NANOPB_O)
	$(archive)
$(BUILD)/libbearssl.a: $(BEARSSL_O)
	$(archive)

define compile
	$(call say,CC,$(<:$(DEPS)/%=%))
	@mkdir -p $(@D)
	$(Q)$(1)
endef

$(OBJ)/bearssl/%.o: $(BEARSSL)/src/%.c $(BUILD)/flags
	$(call compile,$(CC_BEARSSL))

$(OBJ)/nanopb/%.o: $(NANOPB)/%.c $(BUILD)/flags
	$(call compile,$(CC_PB))

$(OBJ)/proto/%.o: $(PROTO)/%.c $(BUILD)/flags
	$(call compile,$(CC_PB))

$(OBJ)/%.o: %.c $(BUILD)/flags | $(PB_H)
	$(call compile,$(CC_OURS))

# Debian's generator wants Debian's python3 and protoc, whatever PATH says.
$(PROTO)/%.pb.c $(PROTO)/%.pb.h &: proto/%.proto proto/%.options
	$(call say,PB,$<)
	@mkdir -p $(@D)
	$(Q)PATH=/usr/bin:$$PATH /usr/bin/python3 /usr/bin/nanopb_generator.py \
		-q -I proto -D $(PROTO) $*.proto

# Changes when a compiler or a flag does, and only then.
.PHONY: FORCE
FORCE:
$(BUILD)/flags: export FLAGS = $(CC_OURS) $(HARDEN) $(PARSES) $(CC_BEARSSL) $(FAST) \
	$(LINK)
$(BUILD)/flags: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' "$$FLAGS" | cmp -s - $@ || printf '%s\n' "$$FLAGS" >$@

# Tests

$(BUILD)/unit/%: $(OBJ)/tests/unit/%.o $(LIBS)
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(LINK)

# Takes a new key after 64 records in place of 2^20, as a test must not wait for.
$(OBJ)/rekey/seal.o: REKEY_BITS = 6
$(OBJ)/rekey/seal.o: core/wire/seal.c $(BUILD)/flags | $(PB_H)
	$(call compile,$(CC_OURS))

$(BUILD)/xlbox-rekey: $(OBJ)/rekey/seal.o $(OBJ)/applets/main.o \
		$(filter-out %/wire/seal.o,$(XL_O)) $(filter-out %/libxl.a,$(LIBS))
	$(call say,LINK,$@)
	$(Q)$(LINK)

.PHONY: unit check check-san
unit: $(UNIT_BIN)

check: all unit $(BUILD)/xlbox-rekey
	tests/run $(TESTS)

SAN_FLAGS = LIBC=host SMALL= CC=clang CFLAGS='-O1 -g -fno-omit-frame-pointer'
check-san: $(PB_H)
	$(MAKE) check BUILD=build/san XLBOX=build/san/xlbox SAN=1 $(SAN_FLAGS) \
		SANITIZE='-fsanitize=address,undefined -fno-sanitize-recover=all'

# What fuzzers find stays in build/fuzz; a seed corpus is tests/fuzz/corpus/NAME.
.PHONY: fuzz fuzz-run
fuzz: $(PB_H)
	$(MAKE) fuzz-run BUILD=build/fuzz $(SAN_FLAGS) \
		SANITIZE='-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all'

$(BUILD)/fuzz/%: $(OBJ)/tests/fuzz/%.o $(LIBS)
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(LINK) -fsanitize=fuzzer

fuzz-run: $(FUZZ_BIN)
	tests/fuzz/run $^

# What tests/bench needs beside the program.
$(BUILD)/bench/%: $(OBJ)/tests/bench/%.o $(LIBS)
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(LINK)

.PHONY: bench demo
bench: all $(BUILD)/bench/crypto $(BUILD)/bench/cipher
	@set -e; for script in $(wildcard tests/bench/*.sh); do sh $$script; done

demo: all
	@sh tests/demo.sh

# Lint

C_FILES := $(wildcard applets/*.c applets/*/*.c core/*/*.c tests/*/*.c)
CPPCHECK = cppcheck -q --std=c11 --enable=warning,performance,portability \
	--inline-suppr --error-exitcode=1 --suppress=missingIncludeSystem

.PHONY: lint format lint-format lint-house lint-warnings objects lint-tidy
.PHONY: lint-cppcheck lint-shell lint-man
lint: lint-format lint-house lint-warnings lint-tidy lint-cppcheck lint-shell lint-man

format:
	clang-format -i $(C_FILES) $(HDR)

lint-format:
	@clang-format --dry-run -Werror $(C_FILES) $(HDR)

lint-house:
	@awk -f tests/house.awk $(C_FILES) $(HDR)

# Both compilers, every warning an error.
lint-warnings: $(PB_H)
	$(MAKE) objects BUILD=build/lint-gcc CC=musl-gcc WERROR=-Werror
	$(MAKE) objects BUILD=build/lint-clang CC=clang WERROR=-Werror

objects: $(C_FILES:%.c=$(OBJ)/%.o)

lint-tidy: $(PB_H)
	@printf '%s\n' $(C_FILES) | xargs -P $$(nproc) -I{} clang-tidy --quiet \
		--warnings-as-errors='*' {} -- -std=c11 -nostdinc \
		-isystem $(MUSL_INC) -isystem $$(clang -print-resource-dir)/include \
		$(CPPFLAGS_OURS) 2>/dev/null

lint-cppcheck: $(PB_H)
	@$(CPPCHECK) -j 2 -D_GNU_SOURCE -DXL_VERSION='""' \
		-DSEAL_REKEY_BITS=20 -I. $(C_FILES)

# What a test takes from lib.sh, and functions called by name, are not errors.
lint-shell:
	@shellcheck -S warning -e SC1090,SC1091,SC2154,SC2317 $(SCRIPTS)

lint-man:
	@$(if $(MAN),mandoc -T lint -W warning $(MAN))

# Dependencies: what is missing is had before anything else is made. The file
# included here says that it is there; make makes it and starts over.

HAD = $(if $(filter-out $(DEPS)/%,$(BEARSSL)),bearssl) \
	$(if $(filter-out $(DEPS)/%,$(NANOPB)),nanopb)
space := $(subst ,, )
STAMP = $(DEPS)/have-$(subst $(space),-,$(notdir $(CC))).mk
STAMP_CHECK = $(DEPS)/have-check.mk
STAMP_LINT = $(DEPS)/have-lint.mk
GOALS := $(or $(MAKECMDGOALS),all)
ifneq ($(filter-out clean distclean dist uninstall help deps%,$(GOALS)),)
include $(STAMP)
endif
ifneq ($(filter check% bench,$(GOALS)),)
include $(STAMP_CHECK)
endif
ifneq ($(filter check-san fuzz lint lint-% format,$(GOALS)),)
include $(STAMP_LINT)
endif

# deps: what a build needs; deps-all: what any target here needs or can use.
.PHONY: deps deps-all
deps:
	rm -f $(STAMP)
	$(MAKE) $(STAMP)

deps-all: deps
	rm -f $(STAMP_CHECK) $(STAMP_LINT)
	$(MAKE) $(STAMP_CHECK) $(STAMP_LINT)
	@sh -ec "$$INSTALL_SH" sh $(PKGS_MORE)

# Installs those of the packages $* that are missing; a|b is one or the other.
define INSTALL_SH
missing=
for want in $$*; do
	found=
	for package in $$(echo "$$want" | tr '|' ' '); do
		dpkg-query -W -f='$${db:Status-Status}\n' "$$package" 2>/dev/null |
			grep -qx installed && found=1
	done
	[ "$$found" ] || missing="$$missing $${want%%|*}"
done
[ "$$missing" ] || exit 0
if ! command -v dpkg-query >/dev/null; then
	echo "make: not a Debian; going on without looking for:$$missing" >&2
	exit 0
fi
if [ "$$(id -u)" = 0 ]; then
	root=
elif command -v sudo >/dev/null; then
	root=sudo
else
	echo "make: as root, first: apt-get install -y$$missing" >&2
	exit 1
fi
echo "make: installing$$missing" >&2
$$root apt-get -q -o DPkg::Lock::Timeout=300 update
$$root env DEBIAN_FRONTEND=noninteractive apt-get -q -y \
	-o DPkg::Lock::Timeout=300 install --no-install-recommends $$missing
endef

# Fetches into the folder $1 and unpacks there what is pinned, but for $2...,
# which the caller has. The machine's own lists of sources are read and never
# written, and what comes has to have the right sum. Debian patches neither.
define FETCH_SH
mkdir -p "$$1/apt/parts" "$$1/apt/lists/partial" "$$1/apt/cache/archives/partial"
cd "$$1"
trap 'rm -rf apt' EXIT
shift
apt_get() {
	apt-get -q -o Dir::Etc::SourceList=/dev/null \
		-o Dir::Etc::SourceParts="$$PWD/apt/parts" \
		-o Dir::State::Lists="$$PWD/apt/lists" \
		-o Dir::Cache="$$PWD/apt/cache" \
		-o APT::Sandbox::User=root "$$@" </dev/null
}
list_sources() {
	[ ! -e apt/parts/all.list ] || return 0
	for file in /etc/apt/sources.list.d/*.sources; do
		[ ! -f "$$file" ] || sed 's/^Types:.*/Types: deb-src/' "$$file" \
			>"apt/parts/$${file##*/}"
	done
	cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null |
		sed -n 's/^deb\(-src\)\{0,1\}[[:blank:]]/deb-src /p' |
		sort -u >apt/parts/all.list
	apt_get update
}
while read -r sum tarball source; do
	case " $$* " in
	*" $${source%%=*} "*) continue ;;
	esac
	if ! echo "$$sum  $$tarball" | sha256sum -c --status 2>/dev/null; then
		echo "make: fetching the source of $$source" >&2
		list_sources && apt_get source --download-only "$$source" || {
			echo "make: no source package $$source here; put" \
				"$$tarball into $$PWD, or give" \
				"BEARSSL=DIR and NANOPB=DIR" >&2
			exit 1
		}
		echo "$$sum  $$tarball" | sha256sum -c --quiet
	fi
	tar -xf "$$tarball"
done <<EOF
$$PINNED
EOF
endef
export INSTALL_SH FETCH_SH PINNED

$(STAMP): Makefile
	@mkdir -p $(DEPS)
	@sh -ec "$$INSTALL_SH" sh $(PKGS_BUILD)
	@sh -ec "$$FETCH_SH" sh $(DEPS) $(HAD)
	@touch $@

$(STAMP_CHECK): Makefile
	@mkdir -p $(DEPS)
	@sh -ec "$$INSTALL_SH" sh $(PKGS_CHECK)
	@touch $@

$(STAMP_LINT): Makefile
	@mkdir -p $(DEPS)
	@sh -ec "$$INSTALL_SH" sh $(PKGS_LINT)
	@touch $@

# What goes out

.PHONY: install uninstall dist size clean distclean help
install: all
	install -d $(DESTDIR)$(BINDIR)
	install $(BUILD)/xlbox $(DESTDIR)$(BINDIR)
	for link in $(BUILD)/xl-*; do \
		ln -sf xlbox $(DESTDIR)$(BINDIR)/$${link##*/} || exit; \
	done
	for page in $(MAN); do \
		install -D -m 644 $$page \
		$(DESTDIR)$(MANDIR)/man$${page##*.}/$${page##*/} || exit; \
	done
	for file in $(EXAMPLES:man/%=%); do \
		mode=644; [ ! -x man/$$file ] || mode=755; \
		install -D -m $$mode man/$$file \
		$(DESTDIR)$(DOCDIR)/$$file && \
		sed -i 's,/usr/local/bin,$(BINDIR),' \
		$(DESTDIR)$(DOCDIR)/$$file || exit; \
	done

uninstall: # the links to xlbox, whatever applets there were
	for link in $(DESTDIR)$(BINDIR)/xl-*; do \
		[ "$$(readlink $$link)" != xlbox ] || rm -f $$link; \
	done
	rm -f $(DESTDIR)$(BINDIR)/xlbox
	for page in $(MAN); do \
		rm -f $(DESTDIR)$(MANDIR)/man$${page##*.}/$${page##*/}; \
	done
	for file in $(EXAMPLES:man/%=%); do \
		rm -f $(DESTDIR)$(DOCDIR)/$$file; \
	done
	find $(DESTDIR)$(DOCDIR) -depth -type d -empty -delete 2>/dev/null || :

dist:
	@mkdir -p $(BUILD)
	git archive --prefix=xlbox-$(VERSION)/ -o $(BUILD)/xlbox-$(VERSION).tar.gz HEAD

size: $(BUILD)/xlbox
	@$(CROSS)size -A $(BUILD)/xlbox | awk '$$1 == ".text" { print "text", $$2, "bytes" }'
	@find $(OBJ)/bearssl -name '*.o' | awk -f tests/size.awk \
		file=$$(wc -c <$(BUILD)/xlbox) - $(BUILD)/xlbox.debug.map

# Not what was fetched; that goes with distclean.
clean:
	rm -rf $(filter-out $(DEPS),$(wildcard $(BUILD)/*)) $(BUILD)/.links

distclean:
	rm -rf $(BUILD)

help:
	@sed -n '/^[^#]/q; s/^#//p' Makefile
	@echo 'Targets: all check check-san fuzz lint format bench demo size'
	@echo '	install uninstall dist deps deps-all clean distclean'

-include $(shell test -d $(OBJ) && find $(OBJ) -name '*.d')
