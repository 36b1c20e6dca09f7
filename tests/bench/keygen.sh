#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The time of making RSA keys, beside openssl's, turn by turn in one run: each
# key takes as long as it takes to find primes, so means of many are compared.
# Then a node's identity, whose two keys are made at once.
#
#	KEYS	how many of 2048 bits (default 100)

: "${BUILD:=build}" "${KEYS:=100}"
exec perl -e '
	use strict;
	use warnings;
	use Time::HiRes "time";

	my ($box, $keys) = @ARGV;
	my $dir = `mktemp -d`;
	chomp $dir;

	sub timed {
		my $start = time;
		my $pid = fork;
		if ($pid == 0) {
			open STDOUT, ">", "/dev/null";
			open STDERR, ">", "/dev/null";
			exec @_ or exit 127;
		}
		waitpid $pid, 0;
		die "@_: status $?\n" if $?;
		return time - $start;
	}

	sub mean {
		my $sum = 0;
		$sum += $_ for @_;
		return 1000 * $sum / @_;
	}

	sub compare {
		my ($bits, $count) = @_;
		my (@ours, @theirs);
		for (1 .. $count) {
			push @ours, timed($box, "xl-keygen", "-o", "-", "-b", $bits);
			push @theirs, timed("openssl", "genrsa", $bits);
		}
		printf "keygen: %d keys of %d bits: xl-keygen %.0f ms, " .
			"openssl genrsa %.0f ms, ratio %.2f\n", $count, $bits,
			mean(@ours), mean(@theirs), mean(@ours) / mean(@theirs);
	}

	sub pairs {
		my ($count) = @_;
		my (@one, @both);
		for (1 .. $count) {
			push @one, timed($box, "xl-keygen", "-o", "-");
			push @both, timed($box, "xl-keygen", "-n", "x",
				"-d", "$dir/$_");
		}
		printf "keygen: %d identities of two keys: %.0f ms, " .
			"%.2f of one key\n", $count, mean(@both),
			mean(@both) / mean(@one);
	}

	compare(2048, $keys);
	compare(4096, $keys >= 10 ? $keys / 10 : 1);
	pairs($keys);
	system "rm", "-rf", $dir;
' "$BUILD/xlbox" "$KEYS"
