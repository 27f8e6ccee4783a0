/* The models that stand in for one that does not answer. Pure. */

#include "services/task-engine/llm/fallbacks.h"

#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/err.h"
#include "services/task-engine/llm/provider.h"

/* The next item, trimmed; *text moves behind it. */
static char *
next_item(const char **text, struct arena *arena)
{
	const char *from = *text + strspn(*text, " \t\r\n");
	size_t n = strcspn(from, ",");

	*text = from + n + (from[n] == ',');
	while (n > 0 && strchr(" \t\r\n", from[n - 1]) != NULL)
		n--;
	return arena_strndup(arena, from, n);
}

/* Adds what is wrong with the item to the faults. */
static void
parse(struct llm_fallback *out, char *item, struct buf *faults)
{
	const char *between = faults->size > 0 ? "; " : "";
	char *slash = strchr(item, '/'), *at = strstr(item, "@http");

	if (slash == NULL || slash == item || (at && at < slash)) {
		buf_addf(faults,
		    "%s%s is not of the form provider/model or "
		    "provider/model@https://…",
		    between, item);
		return;
	}
	*slash = '\0';
	if (at)
		*at = '\0';
	*out = (struct llm_fallback){ .provider = item,
		.model = slash + 1,
		.base_url = at ? at + 1 : "" };
	if (*out->model == '\0')
		buf_addf(faults, "%s%s/ names no model", between, item);
	else if (llm_provider_find(item) == NULL)
		buf_addf(faults,
		    "%s%s is none of openai, anthropic, claude, z.ai, local",
		    between, item);
}

int
llm_fallbacks_parse(const char *list, const char *keys, struct arena *arena,
    struct llm_fallback **items_out, size_t *n_out, struct err *err)
{
	struct llm_fallback *items =
	    arena_alloc(arena, LLM_MAX_FALLBACKS * sizeof(*items));
	AUTO(buf_release)
	struct buf faults = { 0 };
	size_t n = 0;

	buf_init(&faults);
	while (list[strspn(list, " \t\r\n,")] != '\0') {
		char *item = next_item(&list, arena);

		if (n == LLM_MAX_FALLBACKS)
			return err_set(err, ERR_INVALID,
			    "AGENT_RUNTIME_LLM_FALLBACKS: at most %d",
			    LLM_MAX_FALLBACKS);
		parse(&items[n], item, &faults);
		items[n++].api_key = next_item(&keys, arena);
	}
	if (faults.size > 0)
		return err_set(err, ERR_INVALID,
		    "AGENT_RUNTIME_LLM_FALLBACKS: %s", faults.data);
	if (keys[strspn(keys, " \t\r\n,")] != '\0')
		return err_set(err, ERR_INVALID,
		    "AGENT_RUNTIME_LLM_FALLBACK_KEYS has more keys than "
		    "AGENT_RUNTIME_LLM_FALLBACKS has models");
	*items_out = items;
	*n_out = n;
	return 0;
}
