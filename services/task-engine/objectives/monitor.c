/* Stores monitors; running them is the scheduler's part. */

#include "services/task-engine/objectives/monitor.h"

#include <stdio.h>

#include "libcommon/buf.h"
#include "libcommon/err.h"
#include "services/task-engine/audit/audit.h"
#include "services/task-engine/store/objectives.h"

static const char instruction[] =
    "Check this monitored target and report only concrete changes, with their "
    "sources. If nothing has changed, say so in one line.";

static int
note(struct store *store, const struct objective_row *row, int64_t now_ms,
    struct err *err)
{
	const struct audit_entry entry = {
		.actor = row->asked_by,
		.operation = "objective.create",
		.workspace_id = row->workspace_id,
		.context_id = row->context_id,
		.subject = row->id,
		.detail = row->cron_expr,
	};

	return audit_add(store, &entry, now_ms, err);
}

int
monitor_add(struct store *store, const struct monitor *m, int64_t now_ms,
    char id_out[MONITOR_ID_SIZE], struct err *err)
{
	AUTO(buf_release)
	struct buf prompt = { 0 };
	char uuid[ID_UUID_SIZE];
	struct objective_row row = {
		.id = id_out,
		.workspace_id = m->workspace_id,
		.context_id = m->context_id,
		.title = m->title,
		.cron_expr = MONITOR_CRON,
		.asked_by = m->asked_by,
		.asked_as = m->asked_as,
		.ends_at_unix = m->ends_at_unix,
	};

	id_uuid(uuid);
	snprintf(id_out, MONITOR_ID_SIZE, "obj_%s", uuid);
	buf_init(&prompt);
	buf_addf(&prompt, "%s\n%s", instruction, m->goal);
	row.prompt = prompt.data;
	if (store_objective_add(store, &row, now_ms, err) < 0)
		return -1;
	return note(store, &row, now_ms, err);
}
