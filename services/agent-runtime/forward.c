/* The log of the suite: from all daemons to one place. */

#include "services/agent-runtime/forward.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libcommon/arena.h"
#include "libcommon/err.h"
#include "libcommon/file.h"
#include "libcommon/loop.h"
#include "services/agent-runtime/logfile.h"

struct forward {
	struct logfile *logfile; /* NULL: stderr takes all */
	int terminal_fd;	 /* stderr as it was */
	int own_fd;		 /* our own log's other end; -1: none */
	struct watch *watch;
	struct lines own;
	bool is_shared;	   /* our terminal may show a prompt, too */
	bool has_progress; /* on the screen now */
};

static void
put(int fd, const char *a, const char *b, const char *c)
{
	struct buf line;
	size_t done = 0;
	ssize_t n;

	buf_init(&line);
	buf_addf(&line, "%s%s%s", a, b, c);
	while (done < line.size) {
		n = write(fd, line.data + done, line.size - done);
		if (n < 0 && errno != EINTR)
			break; /* nobody reads us: nothing to be done */
		done += n > 0 ? (size_t)n : 0;
	}
	buf_release(&line);
}

static void
clear_progress(struct forward *f)
{
	if (f->has_progress)
		put(f->terminal_fd, "\r\033[K", "", "");
	f->has_progress = false;
}

/*
 * Whoever has the terminal now does not know that we wrote to it. To continue
 * is what line editors and full screens redraw themselves for; to a shell or a
 * program without a screen it means nothing.
 */
static void
have_it_redrawn(const struct forward *f)
{
	pid_t foreground = tcgetpgrp(f->terminal_fd);

	if (f->is_shared && foreground > 1)
		(void)kill(-foreground, SIGCONT);
}

static void
to_terminal(struct forward *f, const char *prefix, const char *line)
{
	AUTO(buf_release)
	struct buf whole;

	/* Not behind what is being typed there. One write: nothing between. */
	buf_init(&whole);
	buf_addf(&whole, "%s%s", f->is_shared ? "\r\033[K" : "", prefix);
	f->has_progress = false;
	put(f->terminal_fd, whole.data, line, "\n");
	have_it_redrawn(f);
}

void
forward_line(struct forward *f, const char *name, const char *line,
    const struct log_line *log)
{
	size_t size = strlen(name);
	char prefix[80] = "";

	/* What a program says before its log is set up has the name already. */
	if (log == NULL &&
	    !(strncmp(line, name, size) == 0 && line[size] == ':'))
		snprintf(prefix, sizeof(prefix), "%s: ", name);
	if (f->logfile == NULL) {
		to_terminal(f, prefix, line);
		return;
	}
	if (prefix[0] != '\0') {
		struct buf whole;

		buf_init(&whole);
		buf_addf(&whole, "%s%s", prefix, line);
		logfile_write(f->logfile, whole.data);
		buf_release(&whole);
	} else
		logfile_write(f->logfile, line);
	if (log == NULL || log->level == LOG_LEVEL_ERROR)
		to_terminal(f, prefix, line);
}

static void
on_own_line(void *arg, char *line)
{
	struct log_line log;
	bool is_log = log_line_parse(&log, line);

	forward_line(arg, "agent-runtime", line, is_log ? &log : NULL);
}

static void
read_own(void *arg, int events)
{
	struct forward *f = arg;
	char bytes[4096];
	ssize_t n;

	(void)events;
	while ((n = read(f->own_fd, bytes, sizeof(bytes))) > 0)
		lines_feed(&f->own, bytes, (size_t)n, on_own_line, f);
}

/*
 * Our own log goes through a pipe, so that it takes the same way as all
 * others. Neither end blocks: we are both of them.
 */
static int
capture_own(struct forward *f, struct loop *loop, struct err *err)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
		return err_errno(err, "make a pipe for the log");
	f->own_fd = ends[0];
	if (dup2(ends[1], STDERR_FILENO) < 0)
		return err_errno(err, "redirect the log");
	close(ends[1]);
	f->watch = watch_new(loop, f->own_fd, read_own, f);
	watch_set(f->watch, LOOP_READABLE);
	return 0;
}

int
forward_open(struct forward **out, struct loop *loop, const char *log_dir,
    struct err *err)
{
	struct forward *f = xcalloc(1, sizeof(*f));

	f->own_fd = -1;
	lines_init(&f->own);
	f->terminal_fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	f->is_shared = log_dir != NULL && isatty(f->terminal_fd);
	if (log_dir != NULL && (logfile_open(&f->logfile, log_dir, err) < 0 ||
				   capture_own(f, loop, err) < 0)) {
		forward_close(&f);
		return -1;
	}
	*out = f;
	return 0;
}

void
forward_close(struct forward **slot)
{
	struct forward *f = STEAL(*slot);

	if (f == NULL)
		return;
	if (f->watch != NULL) {
		(void)dup2(f->terminal_fd, STDERR_FILENO);
		read_own(f, LOOP_READABLE);
		lines_end(&f->own, on_own_line, f);
		watch_free(&f->watch);
	}
	clear_progress(f);
	fd_close(&f->own_fd);
	fd_close(&f->terminal_fd);
	logfile_close(&f->logfile);
	lines_release(&f->own);
	free(f);
}

void
forward_progress(struct forward *f, const char *text)
{
	if (!f->is_shared)
		return;
	clear_progress(f);
	put(f->terminal_fd, text, "", "");
	f->has_progress = text[0] != '\0';
}

void
forward_say(struct forward *f, const char *text)
{
	to_terminal(f, "", text);
}
