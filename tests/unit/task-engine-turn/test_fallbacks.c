/* The list of models that stand in, and their keys. */

#include "tests/unit/unit.h"

#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/defs.h"
#include "libcommon/err.h"
#include "services/task-engine/llm/fallbacks.h"

static const struct {
	const char *list, *keys;
	const char *want; /* "provider model base key;…" */
	const char *fault;
} cases[] = {
	{ "", "", "", NULL },
	{ " , ", "", "", NULL },
	{ "openai/gpt-4o-mini", "sk-1", "openai gpt-4o-mini  sk-1;", NULL },
	{ "anthropic/claude-x , local/qwen/qwen3@http://10.0.0.7:11434/v1",
	    "sk-1",
	    "anthropic claude-x  sk-1;"
	    "local qwen/qwen3 http://10.0.0.7:11434/v1 ;",
	    NULL },
	{ "local/a,openai/b", ", sk-2", "local a  ;openai b  sk-2;", NULL },
	{ "gpt-4o", "", NULL, "gpt-4o is not of the form" },
	{ "/gpt-4o", "", NULL, "not of the form" },
	{ "openai/", "", NULL, "names no model" },
	{ "bing/x", "", NULL, "bing is none of" },
	{ "gpt-4o,local/a,openai/,bing/x", "", NULL,
	    ": gpt-4o is not of the form provider/model or "
	    "provider/model@https://…; openai/ names no model; bing is none of "
	    "openai, anthropic, claude, z.ai, local" },
	{ "bing/x", "sk-1,sk-2", NULL, "bing is none of" },
	{ "local/a", "sk-1,sk-2", NULL, "more keys" },
	{ "local/a,local/a,local/a,local/a,local/a,local/a,local/a,local/a,"
	  "local/a",
	    "", NULL, "at most 8" },
};

static void
lists_are_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(cases); i++) {
		AUTO(arena_free)
		struct arena *arena = arena_new(65536);
		AUTO(buf_release)
		struct buf got = { 0 };
		struct llm_fallback *items;
		struct err err = { .code = ERR_NONE };
		size_t n;
		int rc = llm_fallbacks_parse(
		    cases[i].list, cases[i].keys, arena, &items, &n, &err);

		buf_init(&got);
		for (size_t k = 0; rc == 0 && k < n; k++)
			buf_addf(&got, "%s %s %s %s;", items[k].provider,
			    items[k].model, items[k].base_url,
			    items[k].api_key);
		if (cases[i].fault) {
			if (rc != -1 || !strstr(err.text, cases[i].fault))
				fail_msg("%s: %s", cases[i].list, err.text);
			assert_null(strstr(err.text, "sk-"));
		} else if (rc != 0 || strcmp(got.data, cases[i].want) != 0) {
			fail_msg(
			    "%s: %s %s", cases[i].list, got.data, err.text);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
