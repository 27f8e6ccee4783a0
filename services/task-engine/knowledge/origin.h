#ifndef TASK_ENGINE_KNOWLEDGE_ORIGIN_H
#define TASK_ENGINE_KNOWLEDGE_ORIGIN_H

#include <stdbool.h>

struct buf;

/*
 * Where a part of a prompt comes from. It goes with the part: into the label
 * of its quotation, the turn's trace, and what a proposal is said to be based
 * on. Pure.
 */
enum origin_kind {
	ORIGIN_PROGRAM,	     /* our own rules */
	ORIGIN_INSTALLATION, /* variables of the people at the machine */
	ORIGIN_ADMIN,	     /* what /prompt set */
	ORIGIN_PERSON,	     /* with the role that they had then */
	ORIGIN_AGENT,	     /* its own words, notes, results and summaries */
	ORIGIN_FILE,
	ORIGIN_CHAT, /* a log of what was said elsewhere */
	ORIGIN_MAIL,
	ORIGIN_WEB,
	ORIGIN_TOOL,
	ORIGIN_KIND_COUNT
};

struct origin {
	enum origin_kind kind;
	const char *source; /* path, account, tool; "" where there is one */
	const char *role;   /* of a person; else "" */
};

/* A document of the workspace, by where it lies. */
struct origin origin_of_path(const char *path);
/* Somebody, as policy names them, with their role's name; "" is the agent. */
struct origin origin_of_person(const char *name, const char *role);

/* "file", "mail"; of a person the role: "guest". */
const char *origin_name(const struct origin *origin);

/* Whether two are the same. */
bool origin_is(const struct origin *a, const struct origin *b);

/* "file", "mail", "message of guest": what stands before the source. */
void origin_say(struct buf *out, const struct origin *origin);

#endif
