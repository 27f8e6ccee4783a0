/* The providers of models and the meaning of their refusals; pure. */

#include "services/task-engine/llm/provider.h"

#include <stdio.h>
#include <string.h>

#include "libcommon/buf.h"
#include "libcommon/err.h"
#include "libcommon/json.h"
#include "services/task-engine/llm/anthropic.h"
#include "services/task-engine/llm/openai.h"
#include "services/task-engine/llm/pieces.h"

enum { FIRST_PAUSE_MS = 500, LONGEST_PAUSE_MS = 8000 };

#define BEARER "Authorization: Bearer "

/* Each has its own endpoint and model, so that a key never goes to another
 * provider than the one that is named. */
#define OPENAI_WAY                                                             \
	openai_request, openai_parse, openai_stream_keys, openai_hear,         \
	    openai_write, false
#define ANTHROPIC_WAY                                                          \
	anthropic_request, anthropic_parse, anthropic_stream_keys,             \
	    anthropic_hear, anthropic_write, true

static const struct llm_provider_row providers[] = {
	{ "openai", "https://api.openai.com/v1", "gpt-4o", "/chat/completions",
	    BEARER, NULL, "max_completion_tokens", "max_tokens", OPENAI_WAY },
	{ "anthropic", "https://api.anthropic.com/v1", "claude-sonnet-4-5",
	    "/messages", "x-api-key: ", "anthropic-version: 2023-06-01",
	    "max_tokens", "max_tokens", ANTHROPIC_WAY },
	{ "claude", "https://api.anthropic.com/v1", "claude-sonnet-4-5",
	    "/messages", "x-api-key: ", "anthropic-version: 2023-06-01",
	    "max_tokens", "max_tokens", ANTHROPIC_WAY },
	{ "z.ai", "https://api.z.ai/api/paas/v4", "glm-4.6",
	    "/chat/completions", BEARER, NULL, "max_tokens", "max_tokens",
	    OPENAI_WAY },
	{ "local", "http://127.0.0.1:11434/v1", "llama3.2", "/chat/completions",
	    BEARER, NULL, "max_tokens", "max_tokens", OPENAI_WAY },
};

const struct llm_provider_row *
llm_provider_find(const char *name)
{
	for (size_t i = 0; i < N_OF(providers); i++)
		if (strcmp(providers[i].name, name) == 0)
			return &providers[i];
	return NULL;
}

bool
llm_status_may_pass(long status)
{
	return status == 408 || status == 429 || status >= 500;
}

static bool
is_word(const char *text)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";
	size_t n = strlen(text);

	return n > 0 && n <= 64 && strspn(text, allowed) == n;
}

void
llm_error_kind(char out[LLM_KIND_SIZE], const struct json *error)
{
	static const char *const keys[] = { "code", "type" };

	out[0] = '\0';
	for (size_t i = 0; i < N_OF(keys) && out[0] == '\0'; i++) {
		const char *word = json_str(json_get(error, keys[i]), "");

		if (is_word(word))
			snprintf(out, LLM_KIND_SIZE, "%s", word);
	}
}

int
llm_parse_object(struct json **out, const char *text, size_t size,
    const char *what, struct err *err)
{
	AUTO(json_free)
	struct json *root = NULL;
	AUTO(buf_release)
	struct buf mended = { 0 };
	int rc = json_parse(&root, text, size, err);

	if (rc < 0) {
		buf_init(&mended);
		buf_add(&mended, text, size);
		json_mend(mended.data, mended.size);
		rc = json_parse(&root, mended.data, mended.size, err);
	}
	if (rc < 0)
		return err_prefix(err, "%s", what);
	if (json_type(root) != JSON_OBJECT)
		return err_set(err, ERR_INVALID, "%s is no JSON object", what);
	*out = STEAL(root);
	return 0;
}

/* {"error":{"type":…,"code":…}}: both providers' form, and most others'. */
static void
body_error_kind(char out[LLM_KIND_SIZE], const char *body, size_t size)
{
	AUTO(json_free)
	struct json *root = NULL;
	const struct json *error;
	struct err err;

	out[0] = '\0';
	if (json_parse(&root, body, size, &err) < 0 ||
	    json_type(root) != JSON_OBJECT)
		return;
	error = json_get(root, "error");
	if (error != NULL && json_type(error) == JSON_OBJECT)
		llm_error_kind(out, error);
}

static const struct {
	long from, to;
	enum err_code code;
	const char *advice;
} refusals[] = {
	{ 300, 399, ERR_NOT_FOUND,
	    "it redirects: set AGENT_RUNTIME_LLM_BASE_URL to the new place" },
	{ 401, 403, ERR_REFUSED, "check AGENT_RUNTIME_LLM_API_KEY" },
	{ 404, 404, ERR_NOT_FOUND,
	    "check AGENT_RUNTIME_LLM_BASE_URL and AGENT_RUNTIME_LLM_MODEL" },
	{ 429, 429, ERR_BUSY, "its limit is reached" },
	{ 400, 499, ERR_INVALID, "it does not accept the request" },
	{ 500, 599, ERR_UNAVAILABLE, "it failed" },
};

void
llm_status_err(long status, const char *body, size_t size, struct err *err)
{
	enum err_code code = ERR_INVALID;
	const char *advice = "it does not speak the expected protocol";
	char kind[LLM_KIND_SIZE];

	for (size_t i = 0; i < N_OF(refusals); i++)
		if (status >= refusals[i].from && status <= refusals[i].to) {
			code = refusals[i].code;
			advice = refusals[i].advice;
			break;
		}
	body_error_kind(kind, body, size);
	err_set(err, code, "the model endpoint answers %ld%s%s: %s", status,
	    kind[0] ? " " : "", kind, advice);
}

int64_t
llm_pause_ms(int n_tried, int64_t asked_ms, uint32_t dice)
{
	int64_t pause = FIRST_PAUSE_MS;

	if (asked_ms >= 0)
		return asked_ms;
	while (--n_tried > 0 && pause < LONGEST_PAUSE_MS)
		pause *= 2;
	/* A quarter either way, so that those refused together part. */
	return pause * 3 / 4 + (int64_t)(dice % (uint32_t)(pause / 2));
}
