/* Runs a program that may hang, babble and leave children behind. */

#include "services/indexer/program.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/err.h"
#include "libcommon/file.h"
#include "libcommon/loop.h"

enum {
	READ_BYTES = 64 * 1024,
	/* The first words of what it complains about. */
	COMPLAINT_BYTES = 160,
	MAX_ARGS = 32,
	/* timeout(1) acts only when we are not there to do so. */
	GUARD_EXTRA_S = 2,
};

/* One of its two outputs. */
struct stream {
	struct program *program;
	int fd;
	struct watch *watch;
	struct buf kept;
	size_t limit;
	bool is_over; /* more came than limit */
};

struct program {
	struct child *child;
	struct timer *timer;
	struct stream out, complaints;
	bool is_late;
	program_end_fn on_end;
	void *arg;
};

static void
stream_close(struct stream *stream)
{
	watch_free(&stream->watch);
	fd_close(&stream->fd);
	buf_release(&stream->kept);
}

static void
keep(struct stream *stream, const char *bytes, size_t size)
{
	size_t room = stream->limit - stream->kept.size;

	stream->is_over |= size > room;
	buf_add(&stream->kept, bytes, size < room ? size : room);
}

/* Returns whether there may be more just now; tells when there never will. */
static bool
read_some(struct stream *stream)
{
	char bytes[READ_BYTES];
	ssize_t n = read(stream->fd, bytes, sizeof(bytes));

	if (n > 0)
		keep(stream, bytes, (size_t)n);
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		watch_set(stream->watch, 0);
	return n > 0 || (n < 0 && errno == EINTR);
}

static void
on_output(void *arg, int events)
{
	struct stream *stream = arg;
	struct program *program = stream->program;

	(void)events;
	/* Who complains much is read on, and not kept. */
	(void)read_some(stream);
	if (program->out.is_over)
		child_kill_group(program->child, SIGKILL);
}

static void
on_late(void *arg)
{
	struct program *program = arg;

	program->is_late = true;
	child_kill_group(program->child, SIGKILL);
}

static const char *
first_line(struct buf *text)
{
	buf_truncate(text, strcspn(text->data, "\r\n"));
	return text->data;
}

static const char *
failure_of(
    struct program *program, int status, int signo, char *text, size_t size)
{
	if (program->is_late)
		return "it did not end in time";
	if (program->out.is_over)
		return "it wrote more than is believable";
	if (signo == 0 && status == 0)
		return NULL;
	if (signo != 0)
		snprintf(text, size, "it was ended by signal %d", signo);
	else
		snprintf(text, size, "it ended with status %d%s%s", status,
		    program->complaints.kept.size > 0 ? ": " : "",
		    first_line(&program->complaints.kept));
	return text;
}

static void
on_exit_of_it(void *arg, int status, int signo)
{
	struct program *program = arg;
	char text[COMPLAINT_BYTES + 64];
	struct program_end end = { .failure = NULL };

	/* The pipes hold what it wrote; what it left may not add to it. */
	child_kill_group(program->child, SIGKILL);
	while (!program->out.is_over && read_some(&program->out))
		;
	(void)read_some(&program->complaints);
	end.failure = failure_of(program, status, signo, text, sizeof(text));
	end.out = program->out.kept.data;
	end.out_size = program->out.kept.size;
	program->on_end(program->arg, &end);
	child_free(&program->child);
	program_free(&program);
}

static int
open_stream(struct stream *stream, struct program *program, struct loop *loop,
    size_t limit, int *child_end_out, struct err *err)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_errno(err, "make a pipe");
	(void)fcntl(ends[0], F_SETFL, O_NONBLOCK);
	*child_end_out = ends[1];
	stream->program = program;
	stream->fd = ends[0];
	stream->limit = limit;
	stream->watch = watch_new(loop, stream->fd, on_output, stream);
	watch_set(stream->watch, LOOP_READABLE);
	return 0;
}

/* Under timeout(1), so that it ends even if we are killed meanwhile. */
static int
spawn(struct program *program, struct loop *loop,
    const struct program_options *options, const int *fds, struct err *err)
{
	char limit[32];
	char *argv[MAX_ARGS + 6] = { (char *)"timeout", (char *)"-s",
		(char *)"KILL", limit };
	size_t n = 0;

	snprintf(limit, sizeof(limit), "%" PRId64,
	    options->timeout_ms / 1000 + GUARD_EXTRA_S);
	for (; n < MAX_ARGS && options->argv[n]; n++)
		argv[4 + n] = options->argv[n];
	return child_start(&program->child, loop,
	    &(struct child_options){
		.path = "/usr/bin/timeout",
		.argv = argv,
		.envp = options->envp,
		.cwd = options->cwd,
		.fds = fds,
		.n_fds = 3,
		.is_detached = true,
		.on_exit = on_exit_of_it,
		.arg = program,
	    },
	    err);
}

int
program_start(struct program **program_out, struct loop *loop,
    const struct program_options *options, struct err *err)
{
	AUTO(program_free)
	struct program *program = xcalloc(1, sizeof(*program));
	AUTO(fd_close)
	int out = -1;
	AUTO(fd_close)
	int complaints = -1;

	program->on_end = options->on_end;
	program->arg = options->arg;
	program->out.fd = program->complaints.fd = -1;
	buf_init(&program->out.kept);
	buf_init(&program->complaints.kept);
	if (open_stream(&program->out, program, loop, options->max_out, &out,
		err) < 0 ||
	    open_stream(&program->complaints, program, loop, COMPLAINT_BYTES,
		&complaints, err) < 0 ||
	    spawn(program, loop, options, (int[]){ -1, out, complaints }, err) <
		0)
		return -1;
	program->timer = timer_new(loop, on_late, program);
	timer_start(program->timer, options->timeout_ms, 0);
	*program_out = STEAL(program);
	return 0;
}

void
program_free(struct program **slot)
{
	struct program *program = STEAL(*slot);

	if (!program)
		return;
	if (program->child)
		child_kill_group(program->child, SIGKILL);
	child_free(&program->child);
	timer_free(&program->timer);
	stream_close(&program->out);
	stream_close(&program->complaints);
	xfree(&program);
}
