// SPDX-License-Identifier: MIT
#include "core/run/child.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/base/say.h"

#define FDS_MAX 65536 /* that are looked for one by one */

void
child_detach(void)
{
	sigset_t none;
	for (int signo = 1; signo < NSIG; signo++)
		signal(signo, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	say_through(NULL);
	setpgid(0, 0);
}

void
child_close_from(int first)
{
	struct rlimit limit = { .rlim_cur = FDS_MAX };
	if (syscall(SYS_close_range, first, ~0U, 0) == 0)
		return;
	/* Linux before 5.9 */
	getrlimit(RLIMIT_NOFILE, &limit);
	for (int fd = first; fd < FDS_MAX && (rlim_t)fd < limit.rlim_cur; fd++)
		close(fd);
}
