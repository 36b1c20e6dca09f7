// SPDX-License-Identifier: MIT

/*
 * xlbox: one executable that is all applets.  The name it was called by, or
 * its first argument, chooses one; called as xlbox it lists them, or makes
 * the symlinks by which they are called.
 */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "applets/applet.h"
#include "core/base/err.h"
#include "core/base/file.h"
#include "core/base/fmt.h"
#include "core/base/relro.h"
#include "core/base/say.h"

#define PREFIX "xl-"

/* Options with a long form only: their ids as numbers and as strings. */
enum {
	OPT_LIST = 1,
	OPT_INSTALL,
};

#define LIST "\1"
#define INSTALL "\2"

// clang-format off
static const char opts[] =
	OPT(LIST, "list", "", "print the names of the applets")
	OPT(INSTALL, "install", "DIR", "make a symlink in DIR for each")
	OPT("f", "force", "", "replace what is not a symlink to xlbox");
// clang-format on

static const struct opt_page page = {
	.name = "xlbox",
	.summary = "One executable for a cluster's common identity",
	.synopsis = "APPLET [ARGUMENT]...\n--list\n[-f] --install DIR",
	.opts = opts,
};

static const struct applet *const applets[] = {
#define APPLET_ROW(name) &name##_applet,
	APPLETS(APPLET_ROW)
#undef APPLET_ROW
};

#define APPLETS_LEN (sizeof applets / sizeof *applets)

/* The applet called name, with or without its prefix, or NULL. */
static const struct applet *
find_applet(const char *name)
{
	for (size_t i = 0; i < APPLETS_LEN; i++) {
		const char *full = applets[i]->page.name;
		if (strcmp(name, full) == 0 ||
		    strcmp(name, full + strlen(PREFIX)) == 0)
			return applets[i];
	}
	return NULL;
}

/* The last part of a path; a login shell's leading '-' is passed over. */
static const char *
base_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	return *name == '-' ? name + 1 : name;
}

static int
run_applet(const struct applet *applet, int argc, char **argv)
{
	say_program(applet->page.name);
	return applet->main(argc, argv);
}

static int
list_names(void)
{
	for (size_t i = 0; i < APPLETS_LEN; i++)
		puts(applets[i]->page.name);
	return say_finish(0);
}

static int
list_summaries(void)
{
	opt_print(&page);
	puts("\nApplets:");
	for (size_t i = 0; i < APPLETS_LEN; i++)
		fmt_print(stdout, "  %-12s %s\n", applets[i]->page.name,
			  applets[i]->page.summary);
	return say_finish(0);
}

/* Whether path is a symlink that this program may replace: one to an xlbox. */
static bool
is_ours(const char *path)
{
	char target[PATH_MAX];
	ssize_t len = readlink(path, target, sizeof target - 1);
	if (len < 0)
		return false;
	target[len] = '\0';
	return strcmp(base_name(target), "xlbox") == 0;
}

static int
install_one(const char *folder, const char *name, const char *target,
	    bool force)
{
	char path[FILE_PATH_MAX];
	enum err e = file_join(path, folder, name);
	if (e != ERR_OK)
		return say_cannot(ERR_CREATE, "create", name);
	if (file_exists(path)) {
		if (!force && !is_ours(path))
			return say_cannot(ERR_EXISTS, "create", path);
		if (unlink(path) != 0)
			return say_cannot(ERR_CREATE, "replace", path);
	}
	if (symlink(target, path) != 0)
		return say_cannot(ERR_CREATE, "create", path);
	return 0;
}

/*
 * Writes the path of the file to as seen from folder; both start with a slash
 * and are free of links and dots.
 */
static enum err
relative_path(char dst[static FILE_PATH_MAX], const char *folder,
	      const char *to)
{
	size_t same = 1; /* the folders that both share, slash included */
	size_t len = 0;
	for (size_t i = 1; folder[i - 1] && to[i - 1]; i++) {
		if (to[i] == '/' && (folder[i] == '/' || !folder[i]))
			same = i + 1;
		if (folder[i] != to[i])
			break;
	}
	const char *rest = strlen(folder) > same ? folder + same : "";
	for (bool more = *rest; more && len + 4 < FILE_PATH_MAX;) {
		memcpy(dst + len, "../", 4);
		len += 3;
		rest = strchr(rest, '/');
		more = rest && *++rest;
	}
	if (len + strlen(to + same) >= FILE_PATH_MAX)
		return ERR_TOO_LONG;
	strcpy(dst + len, to + same);
	return ERR_OK;
}

/*
 * Finds what the symlinks in folder point to: this executable, relative.
 * ERR_READ without /proc, ERR_CREATE for the folder, ERR_TOO_LONG.
 */
static enum err
find_target(char dst[static FILE_PATH_MAX], const char *folder)
{
	static char self[PATH_MAX];
	static char real[PATH_MAX];
	char link[32];
	int fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return ERR_CREATE;
	fmt_text(link, sizeof link, "/proc/self/fd/%d", fd);
	ssize_t real_len = readlink(link, real, sizeof real - 1);
	ssize_t self_len = readlink("/proc/self/exe", self, sizeof self - 1);
	close(fd);
	if (real_len < 0 || self_len < 0)
		return ERR_READ;
	real[real_len] = self[self_len] = '\0';
	return relative_path(dst, real, self);
}

static int
install(const char *folder, bool force)
{
	char target[FILE_PATH_MAX];
	int status = 0;
	enum err e = find_target(target, folder);
	if (e == ERR_READ)
		return say_cannot(e, "read", "/proc/self/exe");
	if (e != ERR_OK)
		return say_cannot(e, "install to", folder);
	for (size_t i = 0; i < APPLETS_LEN; i++) {
		int s = install_one(folder, applets[i]->page.name, target,
				    force);
		if (s != 0)
			status = s;
	}
	return status;
}

static int
box_main(int argc, char **argv)
{
	const char *arg;
	const char *folder = NULL;
	bool list = false;
	bool force = false;
	for (int id; (id = opt_next(&page, argc, argv, &arg)) != OPT_END;) {
		if (id == OPT_STOP)
			return opt_status();
		if (id == OPT_LIST)
			list = true;
		else if (id == OPT_INSTALL)
			folder = arg;
		else
			force = true;
	}
	if (opt_operands() > 0)
		return opt_wrong(&page, "no applet %s", argv[1]);
	if (folder ? list : force)
		return opt_wrong(&page, "--install goes with -f alone");
	if (folder)
		return install(folder, force);
	return list ? list_names() : list_summaries();
}

/*
 * A standard descriptor that the caller closed would go to the next file or
 * socket, and messages into it.  What takes its place can only fail.
 */
static void
hold_descriptors(void)
{
	int fd;
	do {
		fd = open("/", O_PATH);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	close(fd);
}

int
main(int argc, char **argv)
{
	relro_protect();
	hold_descriptors();
	signal(SIGPIPE, SIG_IGN); /* a write that fails says so itself */
	if (argc < 1)
		return box_main(1, (char *[]){ (char[]){ "xlbox" }, NULL });
	const struct applet *applet = find_applet(base_name(argv[0]));
	if (applet)
		return run_applet(applet, argc, argv);
	if (argc > 1 && (applet = find_applet(base_name(argv[1]))))
		return run_applet(applet, argc - 1, argv + 1);
	return box_main(argc, argv);
}
