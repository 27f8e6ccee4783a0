/* The tools that ask the indexer. */

#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/clock.h"
#include "libcommon/envelope.h"
#include "libcommon/err.h"
#include "libcommon/json.h"
#include "libcommon/log.h"
#include "proto/search.h"
#include "services/task-engine/policy/scope.h"
#include "services/task-engine/tasks/blame.h"
#include "services/task-engine/turn/tools.h"
#include "services/task-engine/turn/turn.h"

enum {
	ASK_MS = 10 * 1000,
	LIMIT_DEFAULT = 5, /* the predecessor's, as are the other limits */
	TEXT_BYTES = 1200,
	OPEN_MAX_BYTES = 12 * 1024,
};

const struct tool_field search_fields[SEARCH_FIELDS] = {
	[SEARCH_QUERY] = { "query", TOOL_TEXT, true, 1, 400, NULL,
	    "the words to look for" },
	[SEARCH_LIMIT] = { "limit", TOOL_INT, false, 1, 10, NULL,
	    "how many sections, 5 if it is not given" },
};

const struct tool_field open_fields[OPEN_FIELDS] = {
	[OPEN_TARGET] = { "target", TOOL_TEXT, true, 1, 800, NULL,
	    "a path as search_knowledge shows it, with :line or without, or a "
	    "short id like #a1b2c3" },
};

/* The turn that waits for the answer, if there is one that can be used. */
static struct turn *
receive(void *lookup, const struct envelope *answer, const struct err *why)
{
	static const struct err away = { .code = ERR_UNAVAILABLE,
		.text = "the indexer does not answer" };
	struct turn *turn = turn_lookup_end(lookup);

	if (turn == NULL || (answer != NULL && answer->ok))
		return turn;
	if (answer == NULL)
		log_info("search-failed", "why=%s", log_quote(why->text));
	tool_done(turn, NULL, answer ? &answer->error : &away);
	return NULL;
}

static void
add_hit(const struct search_hit *hit, struct json_out *json)
{
	json_out_object(json, NULL);
	json_out_str(json, "path", hit->path);
	json_out_int(json, "line", hit->line);
	json_out_str(json, "id", hit->short_id);
	json_out_str(json, "heading", hit->heading);
	json_out_str(json, "text", *hit->text ? hit->text : hit->snippet);
	json_out_object_end(json);
}

static void
add_hits(
    const struct turn *turn, const struct search_hits *hits, struct buf *out)
{
	struct json_out json;

	json_out_init(&json, out);
	json_out_object(&json, NULL);
	json_out_list(&json, "sections");
	/* The indexer was told the scope; it is checked all the same. */
	for (size_t i = 0; i < hits->n_hits; i++)
		if (policy_may_read(&turn->scope, hits->hits[i].path))
			add_hit(&hits->hits[i], &json);
	json_out_list_end(&json);
	json_out_object_end(&json);
}

/* What one kind of answer is to the model; -1: err says why it is nothing. */
typedef int (*show_fn)(struct turn *turn, const struct envelope *answer,
    struct buf *out, struct err *err);

static int
show_hits(struct turn *turn, const struct envelope *answer, struct buf *out,
    struct err *err)
{
	struct search_hits hits;

	if (search_hits_decode(&hits, answer->body, turn->arena, err) < 0)
		return -1;
	add_hits(turn, &hits, out);
	return 0;
}

static void
hear(void *lookup, const struct envelope *answer, const struct err *why,
    show_fn show)
{
	struct turn *turn = receive(lookup, answer, why);
	AUTO(buf_release)
	struct buf out = { 0 };
	struct err err;
	int rc;

	if (turn == NULL)
		return;
	buf_init(&out);
	blame_set(turn->work.turn_id);
	rc = show(turn, answer, &out, &err);
	blame_clear();
	tool_done(turn, rc == 0 ? &out : NULL, &err);
}

static void
on_hits(void *arg, const struct envelope *answer, const struct err *why)
{
	hear(arg, answer, why, show_hits);
}

/* 1: the answer comes later. */
static int
ask(struct turn *turn, const char *type, const struct buf *body,
    bus_answer_fn fn, struct err *err)
{
	return turn_ask_indexer(turn, type, body, ASK_MS, fn, err) < 0 ? -1 : 1;
}

static int
find_scope(struct turn *turn, struct err *err)
{
	return policy_scope(turn->turns->options.policy, &turn->asker,
	    &turn->work.context, turn->arena, &turn->scope, err);
}

int
tool_search(struct turn *turn, const struct tool_value *args, struct buf *out,
    struct err *err)
{
	struct search_query body = {
		.workspace_id = turn->work.context.workspace_id,
		.query = args[SEARCH_QUERY].text,
		.limit = args[SEARCH_LIMIT].is_given ? args[SEARCH_LIMIT].number
						     : LIMIT_DEFAULT,
		.text_bytes = TEXT_BYTES,
	};
	AUTO(buf_release)
	struct buf buf = { 0 };

	(void)out;
	if (find_scope(turn, err) < 0)
		return -1;
	body.scope = turn->scope;
	buf_init(&buf);
	search_query_encode(&body, &buf);
	return ask(turn, "search.query", &buf, on_hits, err);
}

static void
add_document(const struct search_document *document, struct buf *out)
{
	struct json_out json;

	json_out_init(&json, out);
	json_out_object(&json, NULL);
	json_out_str(&json, "path", document->path);
	json_out_str(&json, "text", document->text);
	if (document->is_truncated)
		json_out_bool(&json, "is_cut", true);
	json_out_object_end(&json);
}

static int
show_document(struct turn *turn, const struct envelope *answer, struct buf *out,
    struct err *err)
{
	struct search_document document;

	if (search_document_decode(&document, answer->body, turn->arena, err) <
	    0)
		return -1;
	if (!policy_may_read(&turn->scope, document.path))
		return err_set(err, ERR_NOT_FOUND, "there is no such document");
	add_document(&document, out);
	return 0;
}

static void
on_document(void *arg, const struct envelope *answer, const struct err *why)
{
	hear(arg, answer, why, show_document);
}

int
tool_open(struct turn *turn, const struct tool_value *args, struct buf *out,
    struct err *err)
{
	struct search_open body = {
		.workspace_id = turn->work.context.workspace_id,
		.target = args[OPEN_TARGET].text,
		.max_bytes = OPEN_MAX_BYTES,
	};
	AUTO(buf_release)
	struct buf buf = { 0 };

	(void)out;
	if (find_scope(turn, err) < 0)
		return -1;
	body.scope = turn->scope;
	buf_init(&buf);
	search_open_encode(&body, &buf);
	return ask(turn, "search.open", &buf, on_document, err);
}
