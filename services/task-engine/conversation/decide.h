#ifndef TASK_ENGINE_CONVERSATION_DECIDE_H
#define TASK_ENGINE_CONVERSATION_DECIDE_H

#include <stdbool.h>

struct arena;
struct command;
struct speech;

/*
 * Approving and denying in words. Pure. The whole message must be the order;
 * nothing in it may be left over but greetings, thanks and, of a denial, the
 * reason. out is filled and true returned when it is one.
 */
bool decide_parse(struct command *out, const struct speech *speech,
    bool is_notice_reply, struct arena *arena);

#endif
