#ifndef TASK_ENGINE_LLM_LLM_IMPL_H
#define TASK_ENGINE_LLM_LLM_IMPL_H

#include <stdbool.h>
#include <stdint.h>

#include "services/task-engine/llm/llm.h"
#include "services/task-engine/llm/partial.h"

struct llm_provider_row;
struct transfer;

/* What llm.c opens and call.c works with. */
enum { LLM_N_HEADERS = 5 };

struct llm {
	struct loop *loop;
	struct transfer *transfer;
	const struct llm_provider_row *provider;
	char *name;
	char *model;
	char *url;
	const char *limit_key;
	char *key_header; /* NULL: no key */
	const char *headers[LLM_N_HEADERS];
	int64_t timeout_ms;
	int64_t max_output_tokens;
	struct llm_call *calls;
	int max_tries;
	enum llm_tools tools;
	bool is_proven; /* AUTO: it took tools once */
	bool streams;
	bool is_stream_proven; /* it took that wish once */
	/* Some begin in the middle of a thought; the first answer tells. */
	enum partial_way way;
};

void llm_calls_free(struct llm *llm);

#endif
