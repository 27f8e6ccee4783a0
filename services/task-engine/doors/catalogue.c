/* The table of commands, for the menus of platforms, and what is chosen there.
 */

#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/bus.h"
#include "libcommon/err.h"
#include "proto/command.h"
#include "proto/empty.h"
#include "services/task-engine/commands/complete.h"
#include "services/task-engine/conversation/command.h"
#include "services/task-engine/delivery/connectors.h"
#include "services/task-engine/doors/doors.h"
#include "services/task-engine/engine.h"
#include "services/task-engine/policy/policy.h"
#include "services/task-engine/store/places.h"

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
		.has_choices = row->choice_of != CHOICE_NONE,
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

/* NULL: nothing can be chosen for it. */
static const struct command_row *
find_row(const char *name)
{
	for (size_t i = 0; i < n_command_rows; i++)
		if (strcmp(command_rows[i].name, name) == 0 &&
		    command_rows[i].choice_of != CHOICE_NONE)
			return &command_rows[i];
	return NULL;
}

int
on_command_complete(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err)
{
	const char *connector = connector_of(request->peer->service);
	struct command_choices out = { 0 };
	struct command_complete in;
	struct context_row context;
	struct actor actor;
	struct completing c = { &actor, &context };
	int got;

	if (command_complete_decode(&in, request->body, request->arena, err) <
		0 ||
	    people_account(&svc->people, connector, in.user_id, request->arena,
		&actor, err) < 0)
		return -1;
	c.row = find_row(in.command);
	c.typed = in.typed;
	c.now_ms = request->now_ms;
	got = store_context_find(
	    svc->store, connector, in.chat_id, request->arena, &context, err);
	/* Where nobody was heard there is nothing to choose. */
	if (got < 0 || (got == 0 && c.row &&
			   command_complete_argument(
			       svc, &c, request->arena, &out, err) < 0))
		return -1;
	command_choices_encode(&out, reply->body);
	return 0;
}
