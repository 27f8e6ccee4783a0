/* The configured model: where it is, how it is spoken to, what it said. */

#include "services/task-engine/llm/llm.h"

#include <stdlib.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/err.h"
#include "libcommon/log.h"
#include "libcommon/transfer.h"
#include "services/task-engine/llm/exchange.h"
#include "services/task-engine/llm/llm_impl.h"
#include "services/task-engine/llm/plain.h"
#include "services/task-engine/llm/provider.h"

/* the first and three more: 0.5 + 1 + 2 s of pauses */
enum { DEFAULT_TRIES = 4 };

static void
set_headers(struct llm *llm)
{
	size_t n = 0;

	llm->headers[n++] = "Content-Type: application/json";
	llm->headers[n++] = llm->streams
				? "Accept: text/event-stream, application/json"
				: "Accept: application/json";
	if (llm->provider->extra_header != NULL)
		llm->headers[n++] = llm->provider->extra_header;
	if (llm->key_header != NULL)
		llm->headers[n++] = llm->key_header;
	llm->headers[n] = NULL;
}

static char *
join(const char *a, const char *b, const char *c)
{
	struct buf buf;

	buf_init(&buf);
	buf_adds(&buf, a);
	buf_adds(&buf, b);
	buf_adds(&buf, c);
	return buf_steal(&buf);
}

static void
set_endpoint(struct llm *llm, const struct llm_options *options)
{
	const struct llm_provider_row *provider = llm->provider;
	bool is_own = options->base_url[0] == '\0';
	AUTO(xfree)
	char *base = xstrdup(is_own ? provider->base_url : options->base_url);
	size_t n = strlen(base);

	while (n > 0 && base[n - 1] == '/')
		base[--n] = '\0';
	llm->url = join(base, provider->path, "");
	llm->model =
	    xstrdup(options->model[0] ? options->model : provider->model);
	llm->limit_key =
	    is_own ? provider->limit_key : provider->other_limit_key;
	llm->name = join(provider->name, " ", llm->model);
	if (options->api_key[0] != '\0')
		llm->key_header =
		    join(provider->key_header, options->api_key, "");
	set_headers(llm);
}

int
llm_open(struct llm **llm_out, struct loop *loop,
    const struct llm_options *options, struct err *err)
{
	struct transfer_options transfer = { .ca_file = options->ca_file,
		.proxy = "",
		.user_agent = "agent-runtime/" AGENT_RUNTIME_VERSION,
		.max_connections_per_host = (long)options->max_concurrent };
	AUTO(llm_close)
	struct llm *llm = xcalloc(1, sizeof(*llm));

	llm->loop = loop;
	llm->provider = llm_provider_find(options->provider);
	llm->timeout_ms = options->timeout_ms;
	llm->max_output_tokens = options->max_output_tokens;
	llm->tools = options->tools;
	llm->streams = options->streams;
	llm->max_tries =
	    options->max_tries ? options->max_tries : DEFAULT_TRIES;
	if (llm->provider == NULL)
		return err_set(err, ERR_INVALID,
		    "AGENT_RUNTIME_LLM_PROVIDER: %s is none of openai, "
		    "anthropic, claude, z.ai, local",
		    log_quote(options->provider));
	set_endpoint(llm, options);
	if (transfer_open(&llm->transfer, loop, &transfer, err) < 0)
		return -1;
	*llm_out = STEAL(llm);
	return 0;
}

void
llm_close(struct llm **llm_ref)
{
	struct llm *llm = STEAL(*llm_ref);

	if (llm == NULL)
		return;
	llm_calls_free(llm);
	transfer_close(&llm->transfer);
	if (llm->key_header != NULL)
		explicit_bzero(llm->key_header, strlen(llm->key_header));
	free(llm->key_header);
	free(llm->name);
	free(llm->model);
	free(llm->url);
	free(llm);
}

const char *
llm_name(const struct llm *llm)
{
	return llm->name;
}

int
llm_read(const struct llm *llm, const char *body, size_t size,
    struct arena *arena, struct llm_answer *out, struct err *err)
{
	if (llm->provider->parse(out, body, size, arena, err) < 0)
		return -1;
	if (llm->tools == LLM_TOOLS_TEXT)
		plain_read(out, arena);
	return 0;
}

bool
llm_has_tools(const struct llm *llm)
{
	return llm->tools != LLM_TOOLS_NONE;
}
