/* service_main around handlers that fail in each way, asked over a real bus. */

#include "tests/unit/unit.h"

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "libcommon/arena.h"
#include "libcommon/bus.h"
#include "libcommon/clock.h"
#include "libcommon/envelope.h"
#include "libcommon/file.h"
#include "libcommon/json.h"
#include "libcommon/loop.h"
#include "libcommon/service.h"
#include "libcommon/service_parts.h"

/* -- the service, a scheduler of the test's own ---------------------------- */

struct svc {
	int n_asked;
};

struct no_cfg {
	char unused;
};

enum { MORE_THAN_ONE_MAY = 2 << 20 };
enum { ANSWERS = 0, REFUSES, FAILS, USES_TOO_MUCH, IS_SLOW, N_WAYS };

static int
on_snapshot(struct svc *svc, const struct request *request, struct reply *reply,
    struct err *err)
{
	const struct timespec long_enough = { 0, 60000000 };

	switch (svc->n_asked++ % N_WAYS) {
	case REFUSES:
		return err_set(err, ERR_REFUSED, "not for you");
	case FAILS:
		return err_set(err, ERR_INTERNAL, "the password is hunter2");
	case USES_TOO_MUCH:
		arena_alloc(request->arena, MORE_THAN_ONE_MAY);
		break;
	case IS_SLOW:
		nanosleep(&long_enough, NULL);
		break;
	default:
		break;
	}
	buf_adds(reply->body, "{\"way\":1}");
	return 0;
}

static void
on_beat(
    struct svc *svc, const struct bus_peer *from, const struct envelope *news)
{
	(void)svc;
	(void)from;
	(void)news;
}

static int
init(struct svc **svc_out, const struct service_env *env, struct err *err)
{
	(void)env;
	(void)err;
	*svc_out = xcalloc(1, sizeof(**svc_out));
	return 0;
}

static void
deinit(struct svc **svc)
{
	xfree(svc);
}

static const struct handler handlers[] = {
	{ "health.snapshot", on_snapshot, NULL },
	{ "beat", NULL, on_beat },
};

static const struct service scheduler = {
	.id = SVC_SCHEDULER,
	.summary = "a test",
	.cfg_size = sizeof(struct no_cfg),
	SERVICE_HANDLERS(handlers),
	.init = init,
	.deinit = deinit,
};

/* -- the stage -------------------------------------------------------------- */

static char dir[] = "/tmp/test-service-XXXXXX";
static pid_t child;
static struct loop *loop;
static struct bus *bus;
static struct {
	bool has_come;
	bool ok;
	struct err error;
	char id[ID_ULID_SIZE];
} answer;

static const char *
path(const char *name)
{
	static char text[128];

	snprintf(text, sizeof(text), "%s/%s", dir, name);
	return text;
}

static void
write_keys(const struct door_keys *keys, const struct bus_peer *me)
{
	struct buf text;
	struct err err;

	buf_init(&text);
	door_keys_print_for(keys, me, &text);
	assert_int_equal(file_replace(AT_FDCWD, path("keys"), text.data,
			     text.size, 0600, &err),
	    0);
	buf_release(&text);
}

static void
run_service(void)
{
	char *argv[] = { (char *)"scheduler", NULL };
	int fd = open(path("log"), O_CREAT | O_WRONLY | O_APPEND, 0600);

	dup2(fd, STDERR_FILENO);
	setenv("AGENT_RUNTIME_DATA_DIR", dir, 1);
	setenv("AGENT_RUNTIME_DOOR_KEY_FILE", path("keys"), 1);
	_exit(service_main(1, argv, &scheduler));
}

static int
begin(void **state)
{
	const struct bus_peer all[] = { { SVC_SCHEDULER, "main" },
		{ SVC_API, "main" } };
	struct door_keys *keys;
	struct err err;
	char run_dir[128];

	(void)state;
	if (mkdtemp(dir) == NULL)
		return -1;
	keys = door_keys_make(all, N_OF(all));
	write_keys(keys, &all[0]);
	/* nng must not have been used before a fork. */
	child = fork();
	if (child == 0)
		run_service();
	snprintf(run_dir, sizeof(run_dir), "%s/run", dir);
	if (loop_open(&loop, &err) < 0 ||
	    bus_open(&bus, loop,
		&(struct bus_options){ .run_dir = run_dir,
		    .self = all[1],
		    .keys = keys,
		    .client_only = true },
		&err) < 0)
		return -1;
	door_keys_free(&keys);
	return 0;
}

static char *
read_log(void)
{
	struct buf text;
	struct err err;

	buf_init(&text);
	assert_int_equal(
	    file_read(&text, AT_FDCWD, path("log"), 1 << 20, &err), 0);
	return buf_steal(&text);
}

static int
end(void **state)
{
	char command[128];
	int status = -1;

	(void)state;
	kill(child, SIGTERM);
	waitpid(child, &status, 0);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
		char *text = read_log();

		fprintf(stderr, "status %d\n%s", status, text);
		free(text);
		return -1;
	}
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command); /* NOLINT: the name is mkdtemp's */
}

static void
on_answer(void *arg, const struct envelope *envelope, const struct err *err)
{
	(void)arg;
	answer.has_come = true;
	answer.ok = envelope != NULL && envelope->ok;
	if (envelope == NULL)
		answer.error = *err;
	else if (!envelope->ok)
		answer.error = envelope->error;
	loop_stop(loop);
}

static void
ask(void)
{
	struct buf body;
	struct err err;

	memset(&answer, 0, sizeof(answer));
	id_ulid(answer.id, clock_unix_ms());
	buf_init(&body);
	buf_adds(&body, "{}");
	assert_int_equal(bus_call(bus,
			     &(struct bus_call){ .to = SVC_SCHEDULER,
				 .type = "health.snapshot",
				 .id = answer.id,
				 .deadline_ms = clock_unix_ms() + 20000,
				 .body = &body },
			     on_answer, NULL, &err),
	    0);
	buf_release(&body);
	loop_run(loop);
	assert_true(answer.has_come);
}

static int
count(const char *text, const char *part)
{
	int n = 0;

	while ((text = strstr(text, part)) != NULL) {
		text += strlen(part);
		n++;
	}
	return n;
}

/* -- what is claimed ------------------------------------------------------- */

static void
an_answer_is_ok(void **state)
{
	(void)state;
	ask();
	assert_true(answer.ok);
}

static void
a_refusal_is_told_in_its_own_words(void **state)
{
	(void)state;
	ask();
	assert_false(answer.ok);
	assert_int_equal(answer.error.code, ERR_REFUSED);
	assert_string_equal(answer.error.text, "not for you");
}

static void
an_internal_failure_is_logged_once_and_not_told(void **state)
{
	char line[64];
	char *log;

	(void)state;
	ask();
	assert_int_equal(answer.error.code, ERR_INTERNAL);
	assert_null(strstr(answer.error.text, "hunter2"));
	assert_non_null(strstr(answer.error.text, answer.id));
	log = read_log();
	assert_int_equal(count(log, "hunter2"), 1);
	snprintf(line, sizeof(line), "failed msg=%s", answer.id);
	assert_int_equal(count(log, line), 1);
	free(log);
}

static void
too_much_memory_is_an_invalid_message(void **state)
{
	(void)state;
	ask();
	assert_int_equal(answer.error.code, ERR_INVALID);
	assert_non_null(strstr(answer.error.text, "message too large"));
}

static void
a_slow_handler_is_logged(void **state)
{
	char *log;

	(void)state;
	ask();
	assert_true(answer.ok);
	log = read_log();
	assert_int_equal(count(log, " slow-handler "), 1);
	assert_int_equal(count(log, "type=health.snapshot size=2 ms="), 1);
	free(log);
}

/* -- handlers and routes must agree ---------------------------------------- */

// clang-format off
static const struct handler nothing[] = { { "beat", NULL, on_beat } };
static const struct handler too_much[] = {
	{ "health.snapshot", on_snapshot, NULL }, { "beat", NULL, on_beat },
	{ "task.create", on_snapshot, NULL },
};
static const struct handler unheard[] = {
	{ "health.snapshot", on_snapshot, NULL }, { "beat", NULL, on_beat },
	{ "no.such", on_snapshot, NULL },
};
static const struct handler wrong_kind[] = {
	{ "health.snapshot", NULL, on_beat }, { "beat", NULL, on_beat },
};

static const struct {
	const char *name;
	const struct handler *handlers;
	size_t n;
	bool dies;
} tables[] = {
	{ "as it must be", handlers, N_OF(handlers), false },
	{ "a route without a handler", nothing, N_OF(nothing), true },
	{ "another's route", too_much, N_OF(too_much), true },
	{ "a handler without a route", unheard, N_OF(unheard), true },
	{ "news for a request", wrong_kind, N_OF(wrong_kind), true },
};
// clang-format on

static void
tables_that_differ_from_the_routes_abort(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(tables); i++) {
		const struct service service = { .id = SVC_SCHEDULER,
			.handlers = tables[i].handlers,
			.n_handlers = tables[i].n };
		int status;
		pid_t pid = fork();

		if (pid == 0) {
			if (freopen("/dev/null", "w", stderr) == NULL)
				_exit(1);
			signal(SIGABRT, SIG_DFL);
			service_check_handlers(&service);
			_exit(0);
		}
		waitpid(pid, &status, 0);
		if ((WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT) !=
		    tables[i].dies)
			fail_msg("%s: %d", tables[i].name, status);
	}
}

int
main(void)
{
	const struct CMUnitTest alone[] = {
		cmocka_unit_test(tables_that_differ_from_the_routes_abort),
	};
	/* In the order of the ways that the service answers in. */
	const struct CMUnitTest asked[] = {
		cmocka_unit_test(an_answer_is_ok),
		cmocka_unit_test(a_refusal_is_told_in_its_own_words),
		cmocka_unit_test(
		    an_internal_failure_is_logged_once_and_not_told),
		cmocka_unit_test(too_much_memory_is_an_invalid_message),
		cmocka_unit_test(a_slow_handler_is_logged),
	};
	int n_failed = cmocka_run_group_tests(alone, NULL, NULL);

	n_failed += cmocka_run_group_tests(asked, begin, end);
	/* nng's threads are still there. */
	fflush(NULL);
	_exit(n_failed);
}
