/* Asks a model endpoint once, by the engine's own code, for tests. */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/clock.h"
#include "libcommon/defs.h"
#include "libcommon/err.h"
#include "libcommon/log.h"
#include "libcommon/loop.h"
#include "services/task-engine/llm/exchange.h"
#include "services/task-engine/llm/llm.h"

struct asked {
	struct loop *loop;
	struct llm *llm;
	struct llm_call *call;
	struct timer *cancel; /* NULL: it is not */
	int status;
};

static const char *
env(const char *name, const char *fallback)
{
	const char *value = getenv(name);

	return value ? value : fallback;
}

static void
say_lost(struct llm_call *call)
{
	struct tokens lost = llm_take_lost(call);

	log_info("lost",
	    "calls=%" PRId64 " in=%" PRId64 " out=%" PRId64
	    " estimated=%" PRId64,
	    lost.calls, lost.in, lost.out, lost.estimated);
}

static void
on_done(void *arg, const char *body, size_t size, const struct err *err)
{
	AUTO(arena_free)
	struct arena *arena = arena_new(8 << 20);
	struct asked *asked = arg;
	struct llm_answer answer;
	struct err read_err;

	loop_stop(asked->loop);
	asked->status = 1;
	say_lost(asked->call);
	if (body == NULL) {
		printf("error %s: %s\n", err_code_name(err->code), err->text);
	} else if (llm_read(asked->llm, body, size, arena, &answer, &read_err) <
		   0) {
		printf("unreadable: %s\n", read_err.text);
	} else {
		printf("%s: %s\n", llm_finish_name(answer.finish), answer.text);
		asked->status = 0;
	}
}

static void
on_heard(void *arg, struct llm_call *call)
{
	struct asked *asked = arg;

	llm_hear(call);
	if (asked->cancel)
		timer_start(asked->cancel, 0, 0);
}

static void
on_cancel(void *arg)
{
	struct asked *asked = arg;

	say_lost(asked->call);
	llm_cancel(&asked->call);
	loop_stop(asked->loop);
}

int
main(int argc, char **argv)
{
	struct llm_message message = { .role = LLM_USER,
		.text = argc > 1 ? argv[1] : "hi" };
	struct llm_prompt prompt = {
		.messages = &message, .n_messages = 1, .n_estimated = 500
	};
	struct llm_options options = { .provider = env("PROVIDER", "openai"),
		.base_url = env("BASE_URL", ""),
		.api_key = env("API_KEY", ""),
		.model = env("MODEL", ""),
		.ca_file = env("CA_FILE", ""),
		.timeout_ms = atol(env("TIMEOUT_MS", "2000")),
		.max_output_tokens = 100,
		.max_concurrent = 8,
		.streams = *env("STREAM", "") != '\0' };
	struct asked asked = { .status = 1 };
	const struct llm_listener listener = { on_done, on_heard, &asked };
	struct err err;

	log_init("model-call", LOG_LEVEL_DEBUG);
	if (loop_open(&asked.loop, &err) < 0 ||
	    llm_open(&asked.llm, asked.loop, &options, &err) < 0)
		die(2, "%s", err.text);
	if (*env("CANCEL", ""))
		asked.cancel = timer_new(asked.loop, on_cancel, &asked);
	if (llm_start(asked.llm, &prompt,
		clock_mono_ms() + atol(env("DEADLINE_MS", "5000")), &listener,
		&asked.call, &err) < 0)
		die(2, "%s", err.text);
	loop_run(asked.loop);
	timer_free(&asked.cancel);
	llm_close(&asked.llm);
	loop_close(&asked.loop);
	return asked.status;
}
