/* What a monitor asks for, each time. Pure. */

#include "services/task-engine/objectives/monitor.h"

#include "libcommon/arena.h"

const char *
monitor_prompt(const char *goal, struct arena *arena)
{
	return arena_printf(arena,
	    "Check this monitored target and report only concrete changes, "
	    "with their sources. If nothing has changed, say so in one "
	    "line.\n%s",
	    goal);
}
