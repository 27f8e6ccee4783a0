/* Tells the admin channels what concerns their workspace. */

#include "services/task-engine/delivery/notices.h"

#include <string.h>

#include "libcommon/err.h"
#include "libcommon/id.h"
#include "services/task-engine/delivery/connectors.h"
#include "services/task-engine/delivery/post.h"
#include "services/task-engine/store/places.h"

static int
post_to(struct store *store, const struct notice *notice,
    const struct context_row *context, int64_t now_ms, struct err *err)
{
	const struct post_note note = {
		.context = context,
		.text = notice->text,
		.action_id = notice->action_id,
		.has_buttons = notice->has_buttons,
		.is_handled = true,
	};
	char id[ID_UUID_SIZE];

	return post_add(store, &note, now_ms, id, err);
}

int
notice_post(struct store *store, const struct notice *notice, int64_t now_ms,
    struct arena *arena, size_t *n_told_out, struct err *err)
{
	struct context_row *rows;
	size_t n;

	*n_told_out = 0;
	if (store_contexts_told(
		store, notice->workspace_id, arena, &rows, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (notice->told_context_id &&
		    strcmp(rows[i].id, notice->told_context_id) == 0)
			continue;
		if (post_to(store, notice, &rows[i], now_ms, err) < 0)
			return -1;
		++*n_told_out;
	}
	return 0;
}

int
notice_post_all(struct store *store, const char *text, int64_t now_ms,
    struct arena *arena, size_t *n_told_out, struct err *err)
{
	struct notice notice = { .workspace_id = "", .text = text };

	if (notice_post(store, &notice, now_ms, arena, n_told_out, err) < 0)
		return -1;
	if (*n_told_out)
		return 0;
	notice.workspace_id = "*";
	return notice_post(store, &notice, now_ms, arena, n_told_out, err);
}

static bool
is_reachable(const struct context_row *context, const struct detour *detour)
{
	if (!connector_is_told(context->instance))
		return false;
	for (size_t i = 0; i < detour->n_avoided; i++)
		if (strcmp(context->instance, detour->avoided[i]) == 0)
			return false;
	return true;
}

static int
list_hubs(struct store *store, struct arena *arena,
    struct context_row **rows_out, size_t *n_out, struct err *err)
{
	return store_contexts_told(store, "", arena, rows_out, n_out, err);
}

static int
list_admin_channels(struct store *store, struct arena *arena,
    struct context_row **rows_out, size_t *n_out, struct err *err)
{
	return store_contexts_told(store, "*", arena, rows_out, n_out, err);
}

/* The first of these that reaches anybody is enough. */
static int (*const listeners[])(struct store *store, struct arena *arena,
    struct context_row **rows_out, size_t *n_out, struct err *err) = {
	list_hubs,
	list_admin_channels,
	store_contexts_of_admins,
};

int
notice_post_around(struct store *store, const char *text,
    const struct detour *detour, int64_t now_ms, struct arena *arena,
    size_t *n_told_out, struct err *err)
{
	const struct notice notice = { .text = text };
	struct context_row *rows;
	size_t n;

	*n_told_out = 0;
	for (size_t i = 0; i < N_OF(listeners) && *n_told_out == 0; i++) {
		if (listeners[i](store, arena, &rows, &n, err) < 0)
			return -1;
		for (size_t j = 0; j < n; j++) {
			if (!is_reachable(&rows[j], detour))
				continue;
			if (post_to(store, &notice, &rows[j], now_ms, err) < 0)
				return -1;
			++*n_told_out;
		}
	}
	return 0;
}
