#ifndef TASK_ENGINE_CONVERSATION_INTENT_H
#define TASK_ENGINE_CONVERSATION_INTENT_H

#include <stdbool.h>
#include <stddef.h>

#include "services/task-engine/conversation/command.h"
#include "services/task-engine/conversation/guidance.h"

struct arena;

/*
 * Commands that are said in words. Pure: tables of phrases, compared word by
 * word (speech.h).
 *
 * A decision (approve, deny) must be all that the speaker's own words say,
 * greetings and a reason apart: that is why "don't approve it", "I do not
 * approve", "he will approve it", "approve it if …" and "should I approve it?"
 * decide nothing. Other intents begin the message, politeness before them or
 * not. Quotes, code and forwarded text are never an intent.
 */
struct intent_ask {
	const char *text;
	/*
	 * Our name there, without '@', or "". Gateways take it off the
	 * beginning; whoever else is mentioned is who the message is for.
	 */
	const char *self;
	bool is_addressed;     /* mention, reply to us, direct conversation */
	bool is_admin_channel; /* decisions count unaddressed too */
	bool is_notice_reply;  /* to an action's notice: so does plain "yes" */
	bool is_forwarded;
};

struct intent {
	/* As if typed with its slash; COMMAND_NONE: no intent. */
	struct command command;
	/* Or a question about commands. */
	enum guidance guidance;
};

/* Strings live in the arena. */
void intent_parse(
    struct intent *out, const struct intent_ask *ask, struct arena *arena);

/* What begins a message and is a command; intent_rows.c. */
enum intent_argument {
	INTENT_FIXED, /* the row's; the sentence is nothing else */
	INTENT_LAST,  /* the phrase's last word; the same */
	INTENT_REST,  /* what follows, and there is something */
	INTENT_FROM,  /* that, and the phrase's last word before it */
	INTENT_TURN,  /* what follows, what was before, or the conversation */
};

struct intent_row {
	const char *example; /* that it must recognise; for tests */
	const char *pattern; /* of speech.h */
	enum intent_argument takes;
	enum command_id id;
	const char *argument; /* INTENT_FIXED */
	bool needs_request;   /* counts only behind "please", "can you" … */
};
extern const struct intent_row intent_rows[];
extern const size_t n_intent_rows;

#endif
