/* What the scheduler sees of the daemons, and who is to hear of it. */

#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/clock.h"
#include "libcommon/err.h"
#include "libcommon/log.h"
#include "proto/beat.h"
#include "proto/empty.h"
#include "services/task-engine/audit/audit.h"
#include "services/task-engine/conversation/quote.h"
#include "services/task-engine/delivery/connectors.h"
#include "services/task-engine/delivery/notices.h"
#include "services/task-engine/doors/doors.h"
#include "services/task-engine/engine.h"
#include "services/task-engine/store/components.h"

enum {
	/* Trouble of one daemon is told no more often: it may come and go. */
	TELL_EVERY_MS = 5 * 60 * 1000,
	SHOWN_MAX = 300,
	MARK_SIZE = 2, /* "! " before what a person is needed for */
};

static void
add_since(struct buf *out, int64_t since_ms)
{
	char since[CLOCK_RFC3339_SIZE];

	clock_rfc3339(since, since_ms);
	buf_addf(out, "since %s", since);
}

static void
add_reason(struct buf *out, const char *message)
{
	if (!*message)
		return;
	buf_adds(out, ": ");
	quote_line(out, message, SHOWN_MAX);
}

static void
say_trouble(struct buf *out, const struct component_row *row)
{
	if (row->needs_person) {
		buf_addf(
		    out, "`%s` cannot work until somebody mends it", row->name);
		add_reason(out, row->message);
		buf_adds(out, ". What is due there waits.");
		return;
	}
	buf_addf(out, "`%s` is %s ", row->name, row->state);
	add_since(out, row->since_ms);
	add_reason(out, row->message);
	buf_addc(out, '.');
}

/* Not all who hear that it works again have heard that it did not. */
static void
say_recovery(struct buf *out, const struct component_row *row)
{
	bool is_off = strcmp(row->state, "disabled") == 0;

	buf_addf(out, "`%s` %s. There was trouble ", row->name,
	    is_off ? "is switched off now" : "works again");
	add_since(out, row->told_ms);
	if (row->told[0] == '!')
		add_reason(out, row->told + MARK_SIZE);
	buf_addc(out, '.');
}

/* Who cannot pass anything on; a connector never brings its own bad news. */
static int
find_detour(struct svc *svc, const struct component_row *row,
    struct arena *arena, struct detour *out, struct err *err)
{
	const char **names, **avoided;
	size_t n;

	if (store_components_dead(svc->store, arena, &names, &n, err) < 0)
		return -1;
	avoided = arena_alloc(arena, (n + 1) * sizeof(*avoided));
	*out = (struct detour){ .avoided = avoided };
	for (size_t i = 0; i <= n; i++) {
		const char *name = i < n ? names[i] : row->name;
		const char *instance = connector_of_component(name, arena);

		if (instance && (i < n || *row->news))
			avoided[out->n_avoided++] = instance;
	}
	return 0;
}

static int
note_told(struct svc *svc, const struct request *request,
    const struct component_row *row, const char *text, struct err *err)
{
	const struct audit_entry entry = {
		.actor = "scheduler",
		.operation = "health.changed",
		.subject = row->name,
		.detail = text,
		.reason = row->state,
	};

	if (store_component_told(svc->store, row, request->now_ms, err) < 0)
		return -1;
	return audit_add(svc->store, &entry, request->now_ms, err);
}

static int
tell(struct svc *svc, const struct request *request,
    const struct component_row *row, struct err *err)
{
	AUTO(buf_release)
	struct buf text = { 0 };
	struct detour detour;
	size_t n_told;

	buf_init(&text);
	(*row->news ? say_trouble : say_recovery)(&text, row);
	if (find_detour(svc, row, request->arena, &detour, err) < 0 ||
	    notice_post_around(svc->store, text.data, &detour, request->now_ms,
		request->arena, &n_told, err) < 0)
		return -1;
	if (n_told == 0)
		return 0;
	log_info("health-told", "name=%s state=%s told=%zu", row->name,
	    row->state, n_told);
	return note_told(svc, request, row, text.data, err);
}

int
health_tell(struct svc *svc, const struct request *request, struct err *err)
{
	struct component_row *rows;
	size_t n;

	if (store_components_news(svc->store, request->now_ms, TELL_EVERY_MS,
		request->arena, &rows, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (tell(svc, request, &rows[i], err) < 0)
			return -1;
	return 0;
}

static int
note(struct svc *svc, const struct health_change *change, struct err *err)
{
	const struct component_row row = {
		.name = change->name,
		.state = change->state,
		.message = change->message,
		.since_ms = change->since_unix * 1000,
		.needs_person = change->needs_person,
	};
	int got = store_component_put(svc->store, &row, err);

	if (got == 0)
		log_info("health-changed", "name=%s state=%s why=%s",
		    log_quote(row.name), row.state, log_quote(row.message));
	return got < 0 ? -1 : 0;
}

int
on_health_changed(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err)
{
	struct health_changed in;

	if (health_changed_decode(&in, request->body, request->arena, err) < 0)
		return -1;
	for (size_t i = 0; i < in.n_changes; i++)
		if (note(svc, &in.changes[i], err) < 0)
			return -1;
	if (health_tell(svc, request, err) < 0)
		return -1;
	empty_encode(&(struct empty){ 0 }, reply->body);
	return 0;
}
