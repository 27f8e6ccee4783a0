/* A crowd of peers, killed and replaced hundreds of times a second. */

#include "tests/unit/bus/crowd.h"

#include <assert.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libcommon/bus.h"
#include "libcommon/err.h"
#include "libcommon/id.h"
#include "tests/unit/bus/progress.h"

/* Of 256: how often one is killed before it was answered, or stopped. */
enum { EARLY = 64, STOPPED = 24, ENOUGH_ANSWERS = 10, PAUSE_MS = 4 };

struct crowd {
	struct progress *progress;
	void (*member)(int i);
	pid_t pids[CROWD_MAX];
	int n;
};

static volatile sig_atomic_t is_over;

static void
on_term(int signo)
{
	(void)signo;
	is_over = 1;
}

static unsigned
chance(void)
{
	unsigned char byte;

	id_random(&byte, 1);
	return byte;
}

static void
add_member(struct crowd *c, int i)
{
	pid_t pid;

	c->progress->n_answers[i] = 0;
	pid = fork();
	if (pid < 0)
		die(1, "cannot fork");
	if (pid == 0) {
		signal(SIGTERM, SIG_DFL);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		c->member(i);
		_exit(1);
	}
	c->pids[i] = pid;
}

static void
replace(struct crowd *c, pid_t pid, int status)
{
	for (int i = 0; i < c->n; i++)
		if (c->pids[i] == pid)
			add_member(c, i);
	if (WIFEXITED(status) && WEXITSTATUS(status) == BUS_EXIT_STUCK)
		c->progress->n_stuck++;
	else if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL)
		c->progress->n_other++;
	else
		c->progress->n_replaced++;
}

/* Most have been answered, and all have requests that are not. */
static void
strike(const struct crowd *c, int i)
{
	if (c->progress->n_answers[i] < ENOUGH_ANSWERS && chance() >= EARLY)
		return;
	/* Who stands still is killed when its turn comes again. */
	kill(c->pids[i], chance() < STOPPED ? SIGSTOP : SIGKILL);
}

void
crowd(struct progress *progress, int n, void (*member)(int i))
{
	struct crowd c = { .progress = progress, .member = member, .n = n };
	int status;
	pid_t pid;

	assert(n <= CROWD_MAX);
	signal(SIGTERM, on_term);
	for (int i = 0; i < n; i++)
		add_member(&c, i);
	while (!is_over) {
		strike(&c, (int)chance() % n);
		(void)poll(NULL, 0, (int)chance() % (PAUSE_MS + 1));
		while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
			replace(&c, pid, status);
	}
	for (int i = 0; i < n; i++)
		kill(c.pids[i], SIGKILL);
	while (wait(NULL) > 0)
		;
}
