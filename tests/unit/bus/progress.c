/* The page that the actors of a test share. */

#include "tests/unit/bus/progress.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "libcommon/err.h"

struct progress *
progress_map(const char *run_dir)
{
	char path[256];
	void *page = MAP_FAILED;
	int fd;

	snprintf(path, sizeof(path), "%s/progress", run_dir);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd >= 0 && ftruncate(fd, sizeof(struct progress)) == 0)
		page = mmap(NULL, sizeof(struct progress),
		    PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (page == MAP_FAILED)
		die(1, "cannot map %s", path);
	close(fd);
	return page;
}
