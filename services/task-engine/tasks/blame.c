/* Remembers across a crash which turn our code was working on. */

#include "services/task-engine/tasks/blame.h"

#include <assert.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "libcommon/err.h"
#include "libcommon/file.h"

/*
 * Shared memory of a file: a store to it costs nothing and is the kernel's at
 * once, so it is there after any death of the process (not of the machine,
 * which no turn is to blame for).
 */
static volatile int64_t *current;

int
blame_open(const char *path, int64_t *blamed_turn_id_out, struct err *err)
{
	AUTO(fd_close)
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	void *at;

	assert(!current);
	if (fd < 0)
		return err_errno(err, "open %s", path);
	if (ftruncate(fd, sizeof(*current)) < 0)
		return err_errno(err, "resize %s", path);
	at = mmap(
	    NULL, sizeof(*current), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (at == MAP_FAILED)
		return err_errno(err, "map %s", path);
	current = at;
	*blamed_turn_id_out = *current > 0 ? *current : 0;
	return 0;
}

void
blame_close(void)
{
	if (!current)
		return;
	*current = 0;
	munmap((void *)current, sizeof(*current));
	current = NULL;
}

void
blame_set(int64_t turn_id)
{
	assert(current && turn_id >= 0);
	*current = turn_id;
}

void
blame_clear(void)
{
	assert(current);
	*current = 0;
}
