#ifndef TASK_ENGINE_CONVERSATION_TRIAGE_H
#define TASK_ENGINE_CONVERSATION_TRIAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct buf;

/*
 * What a message is that is neither a command nor an intent, judged by whole
 * words: "urban", "terror" and "no problem" are nothing. Pure.
 */
enum triage_class {
	TRIAGE_NOISE,
	TRIAGE_QUESTION,
	TRIAGE_TASK,
	TRIAGE_ISSUE,
	TRIAGE_MODERATION,
	TRIAGE_CLASS_COUNT
};

struct triage_defaults {
	const char *name; /* "noise" */
	const char *priority;
	int64_t due_s;	 /* 0: none */
	const char *due; /* the same as it is written, "" for none */
	const char *lane;
};
extern const struct triage_defaults triage_defaults[TRIAGE_CLASS_COUNT];

/* In any case; false when it is none. */
bool triage_class_parse(const char *name, enum triage_class *class_out);
/* "p1" for "p1", "high" and "urgent"; NULL when it is none. In any case. */
const char *triage_priority(const char *word);

struct triage {
	enum triage_class class;
	const char *reason; /* a constant, for people: "issue words" */
};
struct triage triage_decide(const char *text);

/* AGENT_RUNTIME_TRIAGE_AUTORUN */
enum triage_autorun { AUTORUN_ADDRESSED, AUTORUN_ALL, AUTORUN_NONE };

/* What becomes of the message beside an answer. */
enum triage_row {
	ROW_NONE,
	ROW_IF_FAILED, /* open, when the answer was degraded or failed */
	ROW_OPEN,      /* for people, who are told */
	ROW_IS_ANSWER, /* born running: the answering turn is its run */
	ROW_QUEUED,    /* run at once; the result goes to admins as a draft */
};
/* is_answered: it is addressed to the agent and policy allows an answer. */
enum triage_row triage_row(
    enum triage_class class, bool is_answered, enum triage_autorun autorun);

/* Where a routed message came from. */
struct triage_source {
	const char *connector;
	const char *external_id;
	const char *user;    /* as policy names it: "telegram:42" */
	const char *text;    /* the message */
	int64_t due_at_unix; /* 0: none */
};

/* "[ISSUE] The deploy fails", at most 72 bytes. */
const char *
triage_title(enum triage_class class, const char *text, struct arena *arena);

/*
 * The prompt of a routed task. What the member wrote is quoted line by line,
 * so that no line of it can pass for ours, and cut at 8000 bytes.
 */
const char *triage_prompt(const struct triage *triage,
    const struct triage_source *source, struct arena *arena);

/* A row that stays open, for the notice. */
struct triage_open {
	const char *task_id;
	enum triage_class class;
	const char *reason;
	const char *priority;
	const char *lane;
	int64_t due_at_unix;
	const char *text; /* the message */
};
/*
 * The notice to admins about rows of one person, newest last: with what can be
 * typed to change, run or close them. At most 1600 bytes.
 */
void triage_notice(struct buf *out, const char *user,
    const struct triage_open *rows, size_t n_rows);

#endif
