/* Fetches Markdown attachments and puts them to the engine. */

#include "services/gateway-discord/files.h"

#include <string.h>
#include <utlist.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/connector.h"
#include "libcommon/envelope.h"
#include "libcommon/err.h"
#include "libcommon/log.h"
#include "libcommon/loop.h"
#include "libcommon/transfer.h"
#include "proto/attachment.h"
#include "proto/message.h"

enum {
	/* Messages at a time, and so files in memory. */
	ACTIVE_MAX = 2,
	FETCH_WITHIN_MS = 20000,
	CONNECT_WITHIN_MS = 5000,
	PUT_WITHIN_MS = 15000,
	/* Its chat waits. */
	TRIES_MAX = 3,
	AGAIN_MS = 500,
	ARENA_BYTES = 6 * 1024 * 1024,
};

static const char *const origins[] = {
	"https://cdn.discordapp.com/",
	"https://media.discordapp.net/",
};

static const char unfetched[] = "Discord did not hand it over";
static const char elsewhere[] = "it does not lie at Discord";
static const char too_large[] = "it has more than 2 MiB";

struct file_set {
	struct file_set *prev, *next;
	struct files *files;
	struct message_inbound *message;
	const char *const *urls;
	struct arena *arena;
	struct http_call *call;
	struct timer *again;
	struct buf put; /* the file in hand, as it is put; empty: not fetched */
	size_t at;
	int n_tries;
	bool is_active, is_done;
};

struct files {
	struct loop *loop;
	struct connector *connector;
	struct transfer *transfer;
	struct files_options options;
	char *own_origin; /* of api_base, with its '/' */
	struct file_set *all;
	int n_active;
};

static void step(struct file_set *set);

static bool
begins(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* Each origin ends with '/': no name can be continued or given a user. */
static bool
is_ours(const struct files *files, const char *url)
{
	for (size_t i = 0; i < N_OF(origins); i++)
		if (begins(url, origins[i]))
			return true;
	return begins(url, files->own_origin);
}

static void
start_waiting(struct files *files)
{
	struct file_set *set;

	DL_FOREACH (files->all, set) {
		if (files->n_active >= ACTIVE_MAX)
			return;
		if (set->is_active || set->is_done)
			continue;
		set->is_active = true;
		files->n_active++;
		timer_start(set->again, 0, 0);
	}
}

static void
finish(struct file_set *set)
{
	struct files *files = set->files;

	set->is_done = true;
	set->is_active = false;
	files->n_active--;
	start_waiting(files);
	/* May let go of the set. */
	files->options.done(files->options.arg);
}

static void
go_on(struct file_set *set)
{
	buf_reset(&set->put);
	set->at++;
	set->n_tries = 0;
	step(set);
}

static void
give_up(struct file_set *set, const char *problem, const char *why)
{
	log_warn("file-not-put", "event=%s index=%zu why=%s",
	    log_quote(set->message->event_id), set->at, log_quote(why));
	set->message->attachments[set->at].problem = problem;
	go_on(set);
}

static void
try_again(struct file_set *set, const char *why)
{
	if (++set->n_tries >= TRIES_MAX)
		give_up(set, unfetched, why);
	else
		timer_start(set->again, AGAIN_MS << set->n_tries, 0);
}

static bool
may_pass(enum err_code code)
{
	return code == ERR_BUSY || code == ERR_UNAVAILABLE ||
	       code == ERR_TIMEOUT;
}

static void
on_put(void *arg, const struct envelope *answer, const struct err *err)
{
	struct file_set *set = arg;
	const struct err *error = answer ? &answer->error : err;

	if (answer && answer->ok)
		go_on(set);
	else if (may_pass(error->code))
		/* As the message itself: until the engine is there. */
		timer_start(set->again, AGAIN_MS, 0);
	else
		give_up(
		    set, arena_strdup(set->arena, error->text), error->text);
}

static void
put(struct file_set *set)
{
	connector_ask(set->files->connector, "attachment.put", &set->put,
	    PUT_WITHIN_MS, on_put, set);
}

static void
take_bytes(struct file_set *set, const char *bytes, size_t size)
{
	const struct message_attachment *item =
	    &set->message->attachments[set->at];
	struct attachment_put out = {
		.event_id = set->message->event_id,
		.chat_id = set->message->chat_id,
		.index = (int64_t)set->at,
		.name = item->name,
		.media_type = item->media_type,
	};
	AUTO(arena_free)
	struct arena *arena = arena_new(ARENA_BYTES);

	attachment_put_bytes(&out, bytes, size, arena);
	attachment_put_encode(&out, &set->put);
	put(set);
}

static void
on_fetched(
    void *arg, const struct http_response *response, const struct err *err)
{
	struct file_set *set = arg;

	set->call = NULL;
	if (!response && err->code == ERR_INVALID)
		give_up(set, too_large, err->text);
	else if (!response)
		try_again(set, err->text);
	else if (response->status == 200)
		take_bytes(set, response->body, response->size);
	else if (response->status == 429 || response->status >= 500)
		try_again(set, "Discord cannot hand it over now");
	else
		give_up(set, unfetched, "Discord refuses it");
}

static void
fetch(struct file_set *set)
{
	const struct http_request request = {
		.method = "GET",
		.url = set->urls[set->at],
		.timeout_ms = FETCH_WITHIN_MS,
		.connect_timeout_ms = CONNECT_WITHIN_MS,
		.max_response_bytes = ATTACHMENT_MAX_BYTES,
	};
	struct err err;

	if (transfer_start(set->files->transfer, &request, on_fetched, set,
		&set->call, &err) < 0)
		give_up(set, unfetched, err.text);
}

/* The engine sees for itself what is no Markdown or says that it is larger. */
static bool
is_wanted(const struct message_attachment *item)
{
	return attachment_is_markdown(item->name, item->media_type) &&
	       item->size_bytes <= ATTACHMENT_MAX_BYTES;
}

static void
step(struct file_set *set)
{
	const struct message_inbound *m = set->message;

	while (
	    set->at < m->n_attachments && !is_wanted(&m->attachments[set->at]))
		set->at++;
	if (set->at == m->n_attachments)
		finish(set);
	else if (!is_ours(set->files, set->urls[set->at]))
		give_up(set, elsewhere, elsewhere);
	else
		fetch(set);
}

static void
on_again(void *arg)
{
	struct file_set *set = arg;

	if (set->put.size)
		put(set);
	else
		step(set);
}

struct file_set *
files_begin(struct files *files, struct message_inbound *message,
    const char *const *urls, struct arena *arena)
{
	struct file_set *set;
	size_t n = 0;

	/* An edit brings what its message has brought. */
	for (size_t i = 0; i < message->n_attachments && !message->is_edit; i++)
		n += is_wanted(&message->attachments[i]);
	if (n == 0)
		return NULL;
	set = xcalloc(1, sizeof(*set));
	set->files = files;
	set->message = message;
	set->urls = urls;
	set->arena = arena;
	set->again = timer_new(files->loop, on_again, set);
	buf_init(&set->put);
	DL_APPEND(files->all, set);
	start_waiting(files);
	return set;
}

bool
files_are_done(const struct file_set *set)
{
	return !set || set->is_done;
}

void
files_forget(struct file_set **slot)
{
	struct file_set *set = STEAL(*slot);
	struct files *files;

	if (!set)
		return;
	files = set->files;
	DL_DELETE(files->all, set);
	if (set->call)
		transfer_cancel(&set->call);
	timer_free(&set->again);
	buf_release(&set->put);
	files->n_active -= set->is_active;
	xfree(&set);
	start_waiting(files);
}

/* "https://host:port/" of "https://host:port/api/v10". */
static char *
origin_of(const char *url)
{
	const char *host = strstr(url, "://");
	AUTO(buf_release)
	struct buf text = { 0 };

	buf_init(&text);
	host = host ? host + 3 : url;
	buf_addf(&text, "%.*s/", (int)(host - url + strcspn(host, "/")), url);
	return buf_steal(&text);
}

int
files_open(struct files **files_out, struct loop *loop,
    struct connector *connector, const struct files_options *options,
    struct err *err)
{
	const struct transfer_options transfer = {
		.ca_file = options->ca_file,
		.proxy = "",
		.user_agent = "agent-runtime/" AGENT_RUNTIME_VERSION,
		.max_connections_per_host = ACTIVE_MAX,
	};
	struct files *files = xcalloc(1, sizeof(*files));

	if (transfer_open(&files->transfer, loop, &transfer, err) < 0) {
		xfree(&files);
		return -1;
	}
	files->loop = loop;
	files->connector = connector;
	files->options = *options;
	files->own_origin = origin_of(options->api_base);
	*files_out = files;
	return 0;
}

void
files_close(struct files **slot)
{
	struct files *files = STEAL(*slot);

	if (!files)
		return;
	transfer_close(&files->transfer);
	xfree(&files->own_origin);
	xfree(&files);
}
