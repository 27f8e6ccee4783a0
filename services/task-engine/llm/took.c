/* What calls of models took, as told and as estimated. Pure. */

#include "services/task-engine/llm/took.h"

#include <string.h>

#include "services/task-engine/llm/budget.h"
#include "services/task-engine/llm/exchange.h"
#include "services/task-engine/llm/provider.h"
#include "services/task-engine/llm/stream.h"

/* what no call can use: an endpoint that says more is not believed */
enum { MAX_TOKENS = 10 * 1000 * 1000 };

static int64_t
believe(int64_t said)
{
	return said < 0 ? 0 : said > MAX_TOKENS ? MAX_TOKENS : said;
}

static int64_t
estimate(size_t n_bytes)
{
	return (int64_t)n_bytes / BUDGET_BYTES_PER_TOKEN;
}

/* Not all endpoints say. */
static int64_t
told_or(int64_t told, int64_t estimated, struct tokens *took)
{
	if (told > 0)
		return told;
	took->estimated += estimated;
	return estimated;
}

struct tokens
took_by_answer(const struct llm_answer *answer, int64_t n_sent)
{
	struct tokens took = { .calls = 1,
		.cached = believe(answer->cached_tokens) };

	took.in = told_or(believe(answer->input_tokens), n_sent, &took);
	took.out = told_or(believe(answer->output_tokens),
	    estimate(strlen(answer->text)), &took);
	return took;
}

static int64_t
sent(const struct llm_stream *stream)
{
	int64_t n = believe(stream->in_tokens) + believe(stream->made_tokens);

	return stream->provider->tells_cached_apart
		   ? n + believe(stream->cached_tokens)
		   : n;
}

/* Before its end an endpoint tells less than it made, or nothing. */
int64_t
took_made(const struct llm_stream *stream)
{
	int64_t told = believe(stream->out_tokens);
	int64_t heard = estimate(stream->n_made);

	return heard > told ? heard : told;
}

void
took_by_stream(
    const struct llm_stream *stream, int64_t n_sent, struct tokens *lost)
{
	struct tokens took = { .calls = 1,
		.cached = believe(stream->cached_tokens),
		.out = took_made(stream) };

	if (!stream->is_begun)
		return;
	took.in = told_or(sent(stream), n_sent, &took);
	took.estimated += took.out;
	took_add(lost, &took);
}

struct tokens
took_unheard(int64_t n_sent)
{
	return (struct tokens){ .calls = 1, .in = n_sent, .estimated = n_sent };
}

void
took_add(struct tokens *to, const struct tokens *more)
{
	to->calls += more->calls;
	to->in += more->in;
	to->cached += more->cached;
	to->out += more->out;
	to->estimated += more->estimated;
}
