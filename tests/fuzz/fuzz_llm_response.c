/* Whatever a model endpoint answers is read or refused, and stays text. */

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/err.h"
#include "libcommon/json.h"
#include "services/task-engine/knowledge/prompt.h"
#include "services/task-engine/knowledge/strategy.h"
#include "services/task-engine/knowledge/words.h"
#include "services/task-engine/llm/anthropic.h"
#include "services/task-engine/llm/exchange.h"
#include "services/task-engine/llm/openai.h"
#include "services/task-engine/llm/plain.h"
#include "services/task-engine/llm/provider.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(const struct llm_answer *answer)
{
	size_t n = strlen(answer->text);

	assert(utf8_is_valid(answer->text, n));
	for (size_t i = 0; i < n; i++)
		assert((unsigned char)answer->text[i] >= 0x20 ||
		       answer->text[i] == '\n' || answer->text[i] == '\t');
}

/* A model's words come back into prompts by way of the chat's tail. */
static void
reuse(const char *text, struct arena *arena)
{
	AUTO(buf_release)
	struct buf query, clean;
	struct llm_answer plain = { .text = text };

	buf_init(&query);
	buf_init(&clean);
	(void)knowledge_decide(text);
	knowledge_query(text, text, &query);
	llm_clean(&clean, text, false);
	plain_read(&plain, arena);
	assert(strlen(prompt_excerpt(text, 100, arena)) <= 100 + 4);
	assert(strlen(prompt_label(text, 50, arena)) <= 50);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(arena_free)
	struct arena *arena = arena_new(1 << 20);
	const char *body = arena_strndup(arena, (const char *)data, size);
	struct llm_answer answer;
	struct err err;

	if (openai_parse(&answer, body, size, arena, &err) == 0) {
		check(&answer);
		plain_read(&answer, arena);
		check(&answer);
	}
	if (anthropic_parse(&answer, body, size, arena, &err) == 0)
		check(&answer);
	llm_status_err(500, body, size, &err);
	reuse(body, arena);
	return 0;
}
