#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The speed of summing one large file, beside busybox and coreutils, turn by
# turn in one run; the best of each counts, as the file is in memory by then.
#
#	MIB	size of the file (default 256)
#	ROUNDS	how often (default 5)

: "${BUILD:=build}" "${MIB:=256}" "${ROUNDS:=5}"
exec perl -e '
	use strict;
	use warnings;
	use Time::HiRes "time";

	my ($box, $mib, $rounds) = @ARGV;
	my $file = `mktemp`;
	chomp $file;
	open my $f, ">:raw", $file or die "$file: $!\n";
	my $seed = 1;
	my $block = join "", map { pack "N", $seed = $seed * 1103515245 +
		12345 & 0x7fffffff } 1 .. 262144;
	print $f $block for 1 .. $mib;
	close $f or die "$file: $!\n";

	my %best;
	my %sum;
	sub timed {
		my ($name, @command) = @_;
		my $start = time;
		open my $out, "-|", @command, $file or die "$command[0]: $!\n";
		my ($hex) = split / /, <$out>;
		close $out or die "@command: status $?\n";
		my $took = time - $start;
		$best{$name} = $took if !$best{$name} || $took < $best{$name};
		die "@command: another sum\n" if ($sum{length $hex} //= $hex) ne $hex;
	}

	for (1 .. $rounds) {
		timed("xl-nodeid", $box, "xl-nodeid");
		timed("busybox sha256sum", "busybox", "sha256sum");
		timed("sha256sum", "sha256sum");
		timed("xl-nodeid -1", $box, "xl-nodeid", "-1");
		timed("busybox sha1sum", "busybox", "sha1sum");
	}
	unlink $file;
	for my $name (sort keys %best) {
		my $base = $best{$name =~ /1/ ? "busybox sha1sum"
			: "busybox sha256sum"};
		printf "nodeid: %-18s %4.0f MiB/s, %.2f of the time of busybox\n",
			$name, $mib / $best{$name}, $best{$name} / $base;
	}
' "$BUILD/xlbox" "$MIB" "$ROUNDS"
