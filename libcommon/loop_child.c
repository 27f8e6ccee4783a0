/* Child processes of the loop. */

#include <assert.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <uv.h>

#include "libcommon/arena.h"
#include "libcommon/err.h"
#include "libcommon/file.h"
#include "libcommon/loop.h"

enum { MAX_FDS = 16 };

struct child {
	uv_process_t uv;
	child_exit_fn on_exit;
	void *arg;
	bool has_exited;
	bool is_freed; /* before it ended: it is reaped all the same */
};

static void
free_child(uv_handle_t *handle)
{
	free(handle->data);
}

static void
on_child_exit(uv_process_t *uv, int64_t exit_status, int signo)
{
	struct child *child = uv->data;

	child->has_exited = true;
	if (child->is_freed)
		uv_close((uv_handle_t *)uv, free_child);
	else if (child->on_exit)
		child->on_exit(child->arg, (int)exit_status, signo);
}

/* libuv itself puts /dev/null only on 0, 1 and 2. */
static void
fill_stdio(uv_stdio_container_t *stdio, const struct child_options *options,
    int null_fd)
{
	for (int i = 0; i < options->n_fds; i++) {
		stdio[i].flags = UV_INHERIT_FD;
		stdio[i].data.fd =
		    options->fds[i] < 0 ? null_fd : options->fds[i];
	}
}

int
child_start(struct child **child_out, struct loop *loop,
    const struct child_options *options, struct err *err)
{
	AUTO(fd_close)
	int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	uv_stdio_container_t stdio[MAX_FDS];
	struct child *child;
	int rc;

	assert(options->n_fds <= MAX_FDS);
	if (null_fd < 0)
		return err_errno(err, "open /dev/null");
	fill_stdio(stdio, options, null_fd);
	child = xcalloc(1, sizeof(*child));
	child->on_exit = options->on_exit;
	child->arg = options->arg;
	child->uv.data = child;
	rc = uv_spawn(loop_uv(loop), &child->uv,
	    &(uv_process_options_t){
		.exit_cb = on_child_exit,
		.flags = options->is_detached ? UV_PROCESS_DETACHED : 0,
		.file = options->path,
		.args = (char **)options->argv,
		.env = (char **)options->envp,
		.cwd = options->cwd,
		.stdio = stdio,
		.stdio_count = options->n_fds,
	    });
	if (rc < 0) {
		uv_close((uv_handle_t *)&child->uv, free_child);
		return err_set(err, ERR_UNAVAILABLE, "cannot start %s: %s",
		    options->path, uv_strerror(rc));
	}
	*child_out = child;
	return 0;
}

pid_t
child_pid(const struct child *child)
{
	return child->uv.pid;
}

/* Once it was reaped the number may be somebody else's. */
void
child_kill(struct child *child, int signo)
{
	if (!child->has_exited)
		uv_process_kill(&child->uv, signo);
}

void
child_kill_group(const struct child *child, int signo)
{
	(void)kill(-child->uv.pid, signo);
}

void
child_free(struct child **slot)
{
	struct child *child = STEAL(*slot);

	if (!child)
		return;
	if (child->has_exited)
		uv_close((uv_handle_t *)&child->uv, free_child);
	else
		child->is_freed = true;
}
