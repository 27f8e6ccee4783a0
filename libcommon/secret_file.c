/* Looks at the file of a secret; what it holds is read by cfg.c. */

#include "libcommon/secret_file.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "libcommon/arena.h"
#include "libcommon/defs.h"

/* Docker's are 0444 for whoever the container's user is, Kubernetes' 0644. */
static bool
is_handed_in(const char *path)
{
	static const char *const folders[] = { "/run/secrets/",
		"/run/credentials/" };
	AUTO(xfree)
	char *real = realpath(path, NULL);
	struct statvfs fs;

	for (size_t i = 0; real != NULL && i < N_OF(folders); i++)
		if (strncmp(real, folders[i], strlen(folders[i])) == 0)
			return true;
	return statvfs(path, &fs) == 0 && (fs.f_flag & ST_RDONLY) != 0;
}

bool
secret_file_is_open(const char *path, mode_t *mode_out)
{
	struct stat st;
	uid_t uid = geteuid();

	if (stat(path, &st) < 0 || (st.st_mode & 077) == 0 ||
	    (uid != 0 && st.st_uid != uid) || is_handed_in(path))
		return false;
	*mode_out = st.st_mode & 07777;
	return true;
}
