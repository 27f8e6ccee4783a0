/* Makes objectives of a world, which are not stored yet. */

#include "tests/unit/task-engine/diary.h"

#include "tests/unit/task-engine/world.h"

struct objective_row
diary_row(const struct world *w, const char *asked_by)
{
	return (struct objective_row){
		.workspace_id = w->context.workspace_id,
		.context_id = w->context.id,
		.title = "T",
		.prompt = "P",
		.trigger_type = "schedule",
		.event_key = "",
		.cron_expr = "0 9  * * *",
		.timezone = "Europe/Berlin",
		.asked_by = asked_by,
		.asked_as = "member",
		.is_active = true,
	};
}
