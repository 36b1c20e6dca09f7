// SPDX-License-Identifier: MIT
/*
 * Private key jobs, in this process and in helpers: done later, in order, as
 * they are in this process, taken back, and what a death means.
 */
#include "core/run/rsapool.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/ident/keyfile.h"
#include "core/ident/rng.h"
#include "tests/unit/tap.h"

#define JOBS 10
#define LOOP_CAP 8

static struct rsakey_private ck, sk;
static struct rng rng;
static struct loop loop;
static struct rsapool pool;
static int done_count;
static struct rsapool_job *last_done;
static const uint8_t zeros[RSAKEY_LEN_MAX];

static void
note_done(struct rsapool_job *job)
{
	done_count++;
	last_done = job;
}

static struct rsapool_job
decrypt_job(const char *text)
{
	struct rsapool_job job = { .op = RSAPOOL_DECRYPT, .done = note_done };
	job.len = ck.pub.n_len;
	job.result = ERR_BUSY; /* is to be overwritten */
	rsakey_encrypt(&ck.pub, &rng, job.data, text, strlen(text));
	return job;
}

static struct rsapool_job
sign_job(enum rsakey_hash hash, uint8_t fill)
{
	struct rsapool_job job = { .op = RSAPOOL_SIGN, .done = note_done };
	job.hash = hash;
	job.len = hash == RSAKEY_SHA256 ? 32 : 20;
	job.result = ERR_BUSY;
	memset(job.data, fill, job.len);
	return job;
}

/* Turns the loop until so many jobs are done since the last call. */
static void
wait_done(int count)
{
	while (done_count < count)
		loop_turn(&loop);
	done_count -= count;
}

static void
start(unsigned workers)
{
	done_count = 0;
	is_int(rsapool_init(&pool, &ck, &sk, workers, &loop), ERR_OK,
	       "a pool of %u", workers);
	ok(rsapool_works(&pool), "which works");
}

/* The process IDs of the helpers, as the kernel has them: how many. */
static int
list_helpers(pid_t pids[static RSAWORKER_MAX], pid_t keeper)
{
	char path[64], text[1024] = "", *at = text, *end;
	int count = 0;
	snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)keeper,
		 (int)keeper);
	FILE *f = fopen(path, "r");
	if (f && fgets(text, sizeof text, f))
		for (long pid; (pid = strtol(at, &end, 10)) > 0; at = end)
			pids[count++] = (pid_t)pid;
	if (f)
		fclose(f);
	return count;
}

/* Kernels may be built without that list. */
static bool
can_list(void)
{
	return access("/proc/thread-self/children", R_OK) == 0;
}

/* The same once there are as many as wanted, and none of them is not. */
static void
get_helpers(pid_t pids[static RSAWORKER_MAX], int want, pid_t not )
{
	for (bool well = false; !well; usleep(1000)) {
		well = list_helpers(pids, pool.keeper) == want;
		for (int i = 0; i < want; i++)
			well = well && pids[i] != not ;
	}
}

/* The letter of a process's state, 0 when there is none. */
static char
state_of(pid_t pid)
{
	char path[64], state = 0;
	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	FILE *f = fopen(path, "r");
	if (f && fscanf(f, "%*d (%*[^)]) %c", &state) != 1)
		state = 0;
	if (f)
		fclose(f);
	return state;
}

/* Whoever adopted it may take its time to take note of its end. */
static void
wait_gone(pid_t pid)
{
	for (char s = 'R'; s != 0 && s != 'Z' && s != 'X'; s = state_of(pid))
		usleep(1000);
}

/* Stops it, so that what it is given stays in its hand. */
static void
stop_helper(pid_t pid)
{
	kill(pid, SIGSTOP);
	while (state_of(pid) != 'T')
		usleep(1000);
}

static void
test_order(void)
{
	struct rsapool_job a = decrypt_job("first");
	struct rsapool_job b = decrypt_job("second");
	struct rsapool_job s = sign_job(RSAKEY_SHA256, 7);
	start(0);
	b.data[5] ^= 1;
	rsapool_submit(&pool, &a);
	rsapool_submit(&pool, &b);
	rsapool_submit(&pool, &s);
	is_int(done_count, 0, "nothing is done at once");
	loop_turn(&loop);
	is_int(done_count, 1, "one a turn");
	ok(last_done == &a && a.result == ERR_OK, "the first");
	loop_turn(&loop);
	ok(last_done == &b && b.result == ERR_REFUSED, "the second");
	loop_turn(&loop);
	ok(last_done == &s && s.result == ERR_OK, "the third");
	ok(pool.turn.deadline == LOOP_NEVER, "then the pool rests");
	rsapool_free(&pool);
}

/* What is urgent is done before all else, in its own order. */
static void
test_urgent(void)
{
	struct rsapool_job jobs[JOBS];
	static const int order[JOBS] = { 1, 4, 7, 0, 2, 3, 5, 6, 8, 9 };
	bool right = true;
	start(0);
	for (int i = 0; i < JOBS; i++) {
		jobs[i] = sign_job(RSAKEY_SHA256, 7);
		jobs[i].urgent = i % 3 == 1;
		rsapool_submit(&pool, &jobs[i]);
	}
	for (int i = 0; i < JOBS; i++) {
		wait_done(1);
		right = right && last_done == &jobs[order[i]];
	}
	ok(right, "urgent ones are done first");
	jobs[0].urgent = true;
	rsapool_submit(&pool, &jobs[0]);
	rsapool_submit(&pool, &jobs[2]);
	wait_done(2);
	ok(last_done == &jobs[2], "and an urgent one alone is no other");
	rsapool_free(&pool);
}

static void
check_signature(enum rsakey_hash hash)
{
	struct rsapool_job s = sign_job(hash, 9);
	uint8_t digest[32], sig[RSAKEY_LEN_MAX];
	memcpy(digest, s.data, sizeof digest);
	rsapool_submit(&pool, &s);
	wait_done(1);
	rsakey_sign(&sk, hash, digest, sig);
	is_int(s.result, ERR_OK, "a signature");
	is_int(s.len, sk.pub.n_len, "its length");
	is_mem(s.data, sig, sk.pub.n_len, "its bytes");
}

static void
check_faults(void)
{
	struct rsapool_job a = decrypt_job("spoilt");
	struct rsapool_job b = decrypt_job("short");
	struct rsapool_job s = sign_job(RSAKEY_SHA1, 9);
	a.data[5] ^= 1;
	b.len--;
	s.len = 32;
	rsapool_submit(&pool, &a);
	rsapool_submit(&pool, &b);
	rsapool_submit(&pool, &s);
	wait_done(3);
	ok(a.result == ERR_REFUSED && a.len == 0, "a spoilt block");
	ok(b.result == ERR_REFUSED && b.len == 0, "a short one");
	ok(s.result == ERR_REFUSED && s.len == 0, "too long a digest");
}

/* More jobs than there are helpers, and each is done once. */
static void
check_queue(void)
{
	struct rsapool_job jobs[JOBS];
	bool right = true;
	for (int i = 0; i < JOBS; i++) {
		char text[2] = { (char)('a' + i), 0 };
		jobs[i] = decrypt_job(text);
		rsapool_submit(&pool, &jobs[i]);
	}
	is_int(done_count, 0, "nothing is done at once");
	wait_done(JOBS);
	for (int i = 0; i < JOBS; i++)
		right = right && jobs[i].result == ERR_OK && jobs[i].len == 1 &&
			jobs[i].data[0] == 'a' + i;
	ok(right, "each of many jobs is done");
}

/* Whoever is first in hand, waiting in the middle, and last is taken back. */
static void
check_cancel(void)
{
	struct rsapool_job jobs[JOBS];
	const int taken[] = { 0, JOBS / 2, JOBS - 1 };
	for (int i = 0; i < JOBS; i++) {
		jobs[i] = decrypt_job("x");
		rsapool_submit(&pool, &jobs[i]);
	}
	for (int i = 0; i < 3; i++) {
		rsapool_cancel(&pool, &jobs[taken[i]]);
		is_mem(jobs[taken[i]].data, zeros, sizeof zeros,
		       "what is taken back is wiped");
		rsapool_cancel(&pool, &jobs[taken[i]]);
	}
	struct rsapool_job last = decrypt_job("last");
	rsapool_submit(&pool, &last);
	wait_done(JOBS - 2);
	ok(last.result == ERR_OK && last.data[0] == 'l', "others are done");
	for (int i = 0; i < 3; i++)
		ok(jobs[taken[i]].result == ERR_BUSY, "but not these");
}

static void
test_work(unsigned workers)
{
	struct rsapool_job a = decrypt_job("plaintext");
	pid_t pids[RSAWORKER_MAX];
	start(workers);
	pid_t keeper = pool.keeper;
	rsapool_submit(&pool, &a);
	is_int(done_count, 0, "nothing is done at once");
	wait_done(1);
	ok(last_done == &a && a.result == ERR_OK, "a plaintext");
	is_int(a.len, 9, "its length");
	is_mem(a.data, "plaintext", 9, "its bytes");
	check_signature(RSAKEY_SHA1);
	check_signature(RSAKEY_SHA256);
	check_faults();
	check_queue();
	check_cancel();
	check_queue();
	is_int(done_count, 0, "nothing is done twice");
	int listed = can_list() ? (int)workers : 0;
	if (listed > 0)
		get_helpers(pids, listed, 0);
	rsapool_free(&pool);
	for (int i = 0; i < listed; i++)
		wait_gone(pids[i]);
	ok(workers == 0 || (kill(keeper, 0) < 0 && errno == ESRCH),
	   "and leaves nobody behind");
	is_int(loop.len, 0, "and nothing in the loop");
}

static void
test_helper_killed(void)
{
	struct rsapool_job a = decrypt_job("a"), b = decrypt_job("b");
	struct rsapool_job c = decrypt_job("c"), d = decrypt_job("d");
	pid_t pids[RSAWORKER_MAX];
	start(1);
	get_helpers(pids, 1, 0);
	stop_helper(pids[0]);
	rsapool_submit(&pool, &a);
	rsapool_submit(&pool, &b);
	kill(pids[0], SIGKILL);
	wait_done(2);
	ok(a.result == ERR_SYSTEM && a.len == 0, "what was in hand is lost");
	is_mem(a.data, zeros, sizeof zeros, "and wiped");
	ok(b.result == ERR_OK && b.data[0] == 'b', "what waited is done");
	get_helpers(pids, 1, pids[0]);
	stop_helper(pids[0]);
	rsapool_submit(&pool, &c);
	rsapool_cancel(&pool, &c);
	rsapool_submit(&pool, &d);
	kill(pids[0], SIGKILL);
	wait_done(1);
	ok(d.result == ERR_OK && d.data[0] == 'd', "one taken back, then lost");
	is_int(c.result, ERR_BUSY, "is not done");
	get_helpers(pids, 1, pids[0]);
	kill(pids[0], SIGKILL); /* with nothing in hand */
	get_helpers(pids, 1, pids[0]);
	loop_turn(&loop); /* what it had in hand by now would be lost */
	check_queue();
	rsapool_free(&pool);
}

static void
test_signals(void)
{
	static const int signals[] = { SIGTERM, SIGINT, SIGHUP, SIGUSR1 };
	pid_t pids[RSAWORKER_MAX], after[RSAWORKER_MAX];
	start(2);
	get_helpers(pids, 2, 0);
	for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
		kill(pool.keeper, signals[i]);
		kill(pids[0], signals[i]);
		kill(pids[1], signals[i]);
	}
	check_queue();
	get_helpers(after, 2, 0);
	ok(pids[0] + pids[1] == after[0] + after[1] &&
		   (pids[0] == after[0] || pids[0] == after[1]),
	   "signals to all of the group end no helper");
	rsapool_free(&pool);
}

/* Those that the pool still has a socket to. */
static int
count_helpers(void)
{
	int count = 0;
	for (unsigned i = 0; i < pool.len; i++)
		count += pool.workers[i].watch.fd >= 0;
	return count;
}

static void
test_keeper_killed(void)
{
	struct rsapool_job a = decrypt_job("a"), b = decrypt_job("b");
	struct rsapool_job c = decrypt_job("c");
	pid_t pids[RSAWORKER_MAX];
	start(3);
	get_helpers(pids, 3, 0);
	pid_t keeper = pool.keeper;
	kill(keeper, SIGKILL);
	while (pool.turn.fd >= 0)
		loop_turn(&loop);
	ok(waitpid(keeper, NULL, 0) < 0 && errno == ECHILD,
	   "the keeper is dead, and reaped");
	check_queue();
	kill(pids[0], SIGKILL);
	kill(pids[1], SIGKILL);
	while (count_helpers() > 1)
		loop_turn(&loop);
	check_queue();
	stop_helper(pids[2]);
	rsapool_submit(&pool, &a);
	rsapool_submit(&pool, &b);
	kill(pids[2], SIGKILL);
	wait_done(2);
	ok(a.result == ERR_SYSTEM && a.len == 0, "the last one's job fails");
	ok(b.result == ERR_SYSTEM && b.len == 0, "and who waited for it");
	ok(!rsapool_works(&pool), "nobody is left");
	rsapool_submit(&pool, &c);
	is_int(c.result, ERR_BUSY, "nothing fails at once");
	wait_done(1);
	ok(c.result == ERR_SYSTEM && c.len == 0, "but later");
	ok(pool.turn.deadline == LOOP_NEVER, "then the pool rests");
	rsapool_free(&pool);
}

/* Whatever a request says, the helper lives on. */
static void
test_hostile(void)
{
	struct rsaworker_packet packet;
	static const uint32_t values[] = { 0,   1,   2,   20,        32,
					   128, 512, 513, UINT32_MAX };
	const int n = sizeof values / sizeof *values;
	int refused = 0;
	for (int i = 0; i < n * n * n; i++) {
		memset(&packet, 0, sizeof packet);
		packet.op = values[i % n];
		packet.hash = values[i / n % n];
		packet.len = values[i / n / n];
		rsaworker_do(&packet, &ck, &sk);
		if (packet.result != ERR_OK && packet.len == 0)
			refused++;
		else if (packet.result != ERR_OK ||
			 packet.len != sk.pub.n_len || packet.op == 0)
			refused = -n * n * n;
	}
	/* Signed are 32 bytes for SHA-256 and 20 for all else, per op but 0. */
	is_int(n * n * n - refused, (n - 1) + (n - 1) * (n - 1),
	       "requests of all kinds");
}

static void
test_init_fails(void)
{
	struct loop small;
	loop_init(&small, 2);
	is_int(rsapool_init(&pool, &ck, &sk, 2, &small), ERR_BUSY,
	       "a loop that is too small");
	is_int(small.len, 0, "has nothing in it then");
	ok(waitpid(-1, NULL, 0) < 0 && errno == ECHILD, "no process is left");
	loop_free(&small);
}

int
main(void)
{
	static const unsigned sizes[] = { 0, 1, 3 };
	rng_init_fixed(&rng, "rsapool", 7);
	is_int(keyfile_read_private(&ck, "tests/data/rsa1024-1.pem"), ERR_OK,
	       "ck");
	is_int(keyfile_read_private(&sk, "tests/data/rsa1024-2.pem"), ERR_OK,
	       "sk");
	loop_init(&loop, LOOP_CAP);
	test_order();
	test_urgent();
	test_hostile();
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
		test_work(sizes[i]);
	if (can_list()) {
		test_helper_killed();
		test_signals();
		test_keeper_killed();
	}
	test_init_fails();
	ok(rsapool_default() >= 1 && rsapool_default() <= RSAWORKER_MAX,
	   "a default");
	loop_free(&loop);
	return done_testing();
}
