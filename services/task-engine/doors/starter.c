/* Makes the command line's workspace at the first start. */

#include "services/task-engine/doors/starter.h"

#include "libcommon/arena.h"
#include "libcommon/err.h"
#include "services/task-engine/doors/api.h"
#include "services/task-engine/engine.h"
#include "services/task-engine/store/places.h"
#include "services/task-engine/store/store.h"
#include "services/task-engine/store/tasks.h"

enum { ARENA_BYTES = 64 * 1024 };

/* The session of `agent-runtime chat`, as in the predecessor. */
static const char connector[] = "codex";
static const char external_id[] = "codex-cli";
static const char key_written[] = "starter.written";

static int
write_files(struct svc *svc, const char *workspace_id, int64_t now_ms,
    struct arena *arena, struct err *err)
{
	const char *written;
	int got = store_kv_get(svc->store, key_written, arena, &written, err);

	if (got != 1)
		return got;
	for (size_t i = 0; i < n_starter_files; i++) {
		const struct file_row file = {
			.workspace_id = workspace_id,
			.path = starter_files[i].path,
			.content = starter_files[i].content,
		};

		if (store_file_add(svc->store, &file, now_ms, err) < 0)
			return -1;
	}
	return store_kv_put(
	    svc->store, key_written, AGENT_RUNTIME_VERSION, err);
}

int
starter_ensure(struct svc *svc, int64_t now_ms, struct err *err)
{
	static const struct place place = {
		.connector = connector,
		.instance = API_INSTANCE,
		.external_id = external_id,
		.parent_external_id = "",
		.context_name = "Command line",
		.space_kind = "session",
		.space_id = external_id,
		.space_name = "Command line",
		.is_direct = true,
	};
	AUTO(arena_free)
	struct arena *arena = arena_new(ARENA_BYTES);
	struct context_row context;

	if (store_begin(svc->store, err) < 0)
		return -1;
	if (store_place_ensure(
		svc->store, &place, now_ms, arena, &context, err) < 0 ||
	    write_files(svc, context.workspace_id, now_ms, arena, err) < 0) {
		store_rollback(svc->store);
		return -1;
	}
	return store_commit(svc->store, err);
}

int
starter_workspace(struct svc *svc, struct arena *arena,
    struct workspace_row *out, struct err *err)
{
	struct context_row context;
	int got = store_context_find(
	    svc->store, connector, external_id, arena, &context, err);

	if (got != 0)
		return got;
	return store_workspace_get(
	    svc->store, context.workspace_id, arena, out, err);
}

int
starter_folder(struct svc *svc, struct arena *arena, const char **folder_out,
    struct err *err)
{
	struct workspace_row workspace;
	int got = starter_workspace(svc, arena, &workspace, err);

	if (got < 0)
		return -1;
	*folder_out = got == 0 ? arena_printf(arena, "%s/%s",
				     svc->workspace_root, workspace.id)
			       : "";
	return 0;
}
