/* The model and what is shown of its answers, as the tests of turn/ want them. */

#include "tests/unit/task-engine-turn/world.h"

#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/err.h"
#include "services/task-engine/delivery/partials.h"
#include "services/task-engine/llm/llm.h"

struct llm {
	size_t at;
};
struct llm_call {
	size_t at;
};

int
llm_open(struct llm **llm_out, struct loop *loop,
    const struct llm_options *options, struct err *err)
{
	(void)loop;
	(void)err;
	assert_string_equal(options->provider, "openai");
	*llm_out = xcalloc(1, sizeof(**llm_out));
	(*llm_out)->at = world.n_models++;
	return 0;
}

void
llm_close(struct llm **llm)
{
	xfree(llm);
}

bool
llm_has_tools(const struct llm *llm)
{
	(void)llm;
	return world.cfg.llm_tools != LLM_TOOLS_NONE;
}

const char *
llm_name(const struct llm *llm)
{
	return llm->at ? "openai other" : "openai m";
}

static void
note_tools(const struct llm_prompt *prompt, char out[512])
{
	size_t n = 0;

	out[0] = '\0';
	for (size_t i = 0; i < prompt->n_tools; i++)
		n += (size_t)snprintf(
		    out + n, 512 - n, "%s ", prompt->tools[i].name);
	assert_true(n < 512);
}

int
llm_start(struct llm *llm, const struct llm_prompt *prompt,
    int64_t deadline_mono_ms, const struct llm_listener *listener,
    struct llm_call **call_out, struct err *err)
{
	size_t at = world.n_calls++;

	(void)deadline_mono_ms;
	(void)err;
	assert_true(prompt->n_messages >= 2);
	assert_true(prompt->n_estimated > 0);
	snprintf(
	    world.calls[at].system, WORLD_TEXT, "%s", prompt->messages[0].text);
	snprintf(
	    world.calls[at].user, WORLD_TEXT, "%s", prompt->messages[1].text);
	snprintf(world.calls[at].last, WORLD_TEXT, "%s",
	    prompt->messages[prompt->n_messages - 1].text);
	world.calls[at].last_role =
	    prompt->messages[prompt->n_messages - 1].role;
	world.calls[at].n_messages = prompt->n_messages;
	world.calls[at].model = llm->at;
	world.calls[at].n_tools = prompt->n_tools;
	note_tools(prompt, world.calls[at].tools);
	world.calls[at].is_last = prompt->is_last;
	world.calls[at].fn = listener->done;
	world.calls[at].arg = listener->arg;
	*call_out = xcalloc(1, sizeof(**call_out));
	(*call_out)->at = at;
	world.calls[at].call = *call_out;
	return 0;
}

void
llm_hear(struct llm_call *call)
{
	(void)call;
}

const char *
llm_said(const struct llm_call *call)
{
	(void)call;
	return world.said_so_far ? world.said_so_far : "";
}

int
partials_post(struct store *store, const struct turn_work *work,
    const char *text, int64_t now_ms, struct err *err)
{
	(void)store;
	(void)now_ms;
	(void)err;
	assert_true(work->message.seq != 0);
	snprintf(world.partial, sizeof(world.partial), "%s", text);
	world.n_partials++;
	return 0;
}

int
partials_find(struct store *store, const struct turn_work *work,
    struct arena *arena, const char **platform_id_out, struct err *err)
{
	(void)store;
	(void)work;
	(void)arena;
	(void)err;
	if (world.n_partials == 0)
		return 1;
	*platform_id_out = world.partial_id ? world.partial_id : "";
	return 0;
}

struct tokens
llm_take_lost(struct llm_call *call)
{
	struct tokens lost = world.lost;

	(void)call;
	world.lost = (struct tokens){ 0 };
	return lost;
}

void
llm_cancel(struct llm_call **call)
{
	if (*call != NULL)
		world.calls[(*call)->at].is_cancelled = true;
	xfree(call);
}

int
llm_read(const struct llm *llm, const char *body, size_t size,
    struct arena *arena, struct llm_answer *out, struct err *err)
{
	(void)llm;
	(void)body;
	(void)size;
	(void)arena;
	if (world.answer.text == NULL)
		return err_set(err, ERR_INVALID, "no JSON");
	*out = world.answer;
	out->input_tokens = out->output_tokens = world.tokens_a_call;
	return 0;
}

void
world_model_answers(size_t call, const char *text, enum llm_finish finish)
{
	struct err err = { .code = ERR_NONE };
	llm_done_fn fn = world.calls[call].fn;

	world.answer = (struct llm_answer){
		.text = text, .lead = "", .trail = "", .finish = finish
	};
	if (text == NULL) {
		err_set(&err, ERR_UNAVAILABLE, "host: cannot connect");
		fn(world.calls[call].arg, NULL, 0, &err);
	} else {
		fn(world.calls[call].arg, "{}", 2, &err);
	}
	xfree(&world.calls[call].call);
}

void
world_model_wants(size_t call, const struct llm_want *wants, size_t n)
{
	static struct llm_want copies[WORLD_MAX];
	struct err err = { .code = ERR_NONE };

	assert_true(n <= WORLD_MAX);
	memcpy(copies, wants, n * sizeof(*copies));
	world.answer = (struct llm_answer){ .text = "",
		.lead = "",
		.trail = "",
		.finish = LLM_FINISH_WANTS,
		.wants = copies,
		.n_wants = n };
	world.calls[call].fn(world.calls[call].arg, "{}", 2, &err);
	xfree(&world.calls[call].call);
}
