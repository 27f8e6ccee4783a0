/* Tells gateways in which chats an answer is being made. */

#include <string.h>

#include "libcommon/buf.h"
#include "libcommon/bus.h"
#include "libcommon/loop.h"
#include "proto/turn.h"
#include "services/task-engine/delivery/connectors.h"
#include "services/task-engine/turn/turn.h"

/* Behind a task nobody sits and waits. */
static bool
is_shown(const struct turn *turn)
{
	return turn->work.kind == TURN_ANSWER && turn->work.has_message;
}

static bool
is_of_chat(const struct turn *turn, const struct message_row *message)
{
	return is_shown(turn) &&
	       strcmp(turn->work.message.instance, message->instance) == 0 &&
	       strcmp(turn->work.message.chat_id, message->chat_id) == 0;
}

void
turn_tell(const struct turn *turn, const struct turn_progress *progress)
{
	const struct message_row *message = &turn->work.message;
	AUTO(buf_release)
	struct buf body = { 0 };
	enum service_id to;
	const char *instance;

	if (!connector_door(message->instance, &to, &instance) ||
	    !(SVC_BIT(to) & SVC_GATEWAYS))
		return;
	buf_init(&body);
	turn_progress_encode(progress, &body);
	bus_publish(turn->turns->options.bus, to, instance, "turn.progress",
	    message->cause, &body);
}

static void
tell(const struct turn *turn, const char *state)
{
	turn_tell(
	    turn, &(struct turn_progress){
		      .chat_id = turn->work.message.chat_id, .state = state });
}

void
turns_progress(void *arg)
{
	const struct turns *turns = arg;

	for (const struct turn *t = turns->running; t != NULL; t = t->next)
		if (is_shown(t))
			tell(t, "working");
}

void
turn_progress_begin(const struct turn *turn)
{
	struct turns *turns = turn->turns;

	if (!is_shown(turn))
		return;
	tell(turn, "working");
	if (!timer_is_running(turns->progress))
		timer_start(turns->progress, TURN_PROGRESS_EVERY_MS,
		    TURN_PROGRESS_EVERY_MS);
}

void
turn_progress_end(const struct turn *turn)
{
	struct turns *turns = turn->turns;
	const struct turn *t = turns->running;

	if (turns->n_running == 0)
		timer_stop(turns->progress);
	if (!is_shown(turn))
		return;
	while (t != NULL && !is_of_chat(t, &turn->work.message))
		t = t->next;
	if (t == NULL)
		tell(turn, "done");
}
