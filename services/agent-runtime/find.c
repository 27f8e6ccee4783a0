/* Where the daemons' programs lie. */

#include "services/agent-runtime/find.h"

#include <libgen.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libcommon/err.h"

enum { PATH_BYTES = 4096 };

static bool
is_program(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) &&
	       access(path, X_OK) == 0;
}

static int
own_directory(char out[PATH_BYTES], struct err *err)
{
	ssize_t size = readlink("/proc/self/exe", out, PATH_BYTES - 1);

	if (size < 0)
		return err_errno(err, "find my own program");
	out[size] = '\0';
	/* dirname works in place. */
	if (dirname(out) != out)
		return err_set(err, ERR_INTERNAL, "my own path is %s", out);
	return 0;
}

static bool
is_in(
    char out[PATH_BYTES], const char *dir, const char *below, const char *name)
{
	return snprintf(out, PATH_BYTES, "%s%s/%s", dir, below, name) <
		   PATH_BYTES &&
	       is_program(out);
}

int
find_program(char out[PATH_BYTES], const char *name, struct err *err)
{
	char dir[PATH_BYTES], built[128];

	if (own_directory(dir, err) < 0)
		return -1;
	snprintf(built, sizeof(built), "/../%s", name);
	if (is_in(out, dir, "", name) || is_in(out, dir, built, name) ||
	    is_in(out, dir, "/../libexec/agent-runtime", name) ||
	    is_in(out, AGENT_RUNTIME_LIBEXEC, "", name))
		return 0;
	return err_set(err, ERR_NOT_FOUND,
	    "the program %s is neither beside %s nor in %s: build or install "
	    "the whole suite",
	    name, dir, AGENT_RUNTIME_LIBEXEC);
}
