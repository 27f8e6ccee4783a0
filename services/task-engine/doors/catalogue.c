/* The table of commands, for the menus of platforms. */

#include "libcommon/arena.h"
#include "libcommon/bus.h"
#include "libcommon/err.h"
#include "proto/command.h"
#include "proto/empty.h"
#include "services/task-engine/conversation/command.h"
#include "services/task-engine/doors/doors.h"
#include "services/task-engine/policy/policy.h"

static unsigned
menu_of(enum service_id service)
{
	return service == SVC_GATEWAY_DISCORD ? MENU_DISCORD : MENU_TELEGRAM;
}

static void
describe(const struct command_row *row, struct command_item *out)
{
	*out = (struct command_item){
		.name = row->name,
		.help = row->help,
		.argument = row->menu_argument,
		.argument_help = row->menu_help,
		.is_argument_required = row->needs_argument,
		.least_role = role_name(policy_find(row->operation)->role),
	};
}

int
on_command_catalogue(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err)
{
	unsigned menu = menu_of(request->peer->service);
	struct command_catalogue out = { 0 };
	struct empty in;

	(void)svc;
	if (empty_decode(&in, request->body, request->arena, err) < 0)
		return -1;
	out.items = arena_alloc(
	    request->arena, (n_command_rows + 1) * sizeof(*out.items));
	for (size_t i = 0; i < n_command_rows; i++)
		if (command_rows[i].menus & menu)
			describe(&command_rows[i], &out.items[out.n_items++]);
	command_catalogue_encode(&out, reply->body);
	return 0;
}
