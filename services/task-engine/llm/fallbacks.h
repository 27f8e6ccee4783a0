#ifndef TASK_ENGINE_LLM_FALLBACKS_H
#define TASK_ENGINE_LLM_FALLBACKS_H

#include <stddef.h>

#include "libcommon/defs.h"

struct arena;
struct err;

/* A model that is asked when those before it do not answer. */
struct llm_fallback {
	const char *provider, *model;
	const char *base_url; /* "": the provider's own */
	const char *api_key;  /* "": none */
};

enum { LLM_MAX_FALLBACKS = 8 };

/*
 * AGENT_RUNTIME_LLM_FALLBACKS, "provider/model" or "provider/model@base URL"
 * with commas between, and their keys in the same order. Pure. ERR_INVALID
 * names each item that makes no sense, and no key. The items live in the arena.
 */
int llm_fallbacks_parse(const char *list, const char *keys, struct arena *arena,
    struct llm_fallback **items_out, size_t *n_out, struct err *err) MUST_CHECK;

#endif
