#ifndef TASK_ENGINE_CONVERSATION_SAY_H
#define TASK_ENGINE_CONVERSATION_SAY_H

#include <stdbool.h>
#include <stdint.h>

struct buf;
struct search_document;
struct search_hits;
struct search_state;

/* What the agent says in answer to commands. Pure; all append to out. */

void say_help(struct buf *out);
void say_unknown(struct buf *out, const char *name);
/* "Usage: /search <query>" and what it does. */
void say_usage(struct buf *out, const char *command_name);
/* result_path: NULL where the result is said, else where it will be. */
void
say_task_queued(struct buf *out, const char *task_id, const char *result_path);

void
say_hits(struct buf *out, const struct search_hits *hits, const char *query);
void say_document(struct buf *out, const struct search_document *document);

struct status_facts {
	const char *workspace_id;
	const struct search_state *index; /* NULL: index_error says why */
	const char *index_error;
	int64_t n_open, n_queued, n_running, n_failed;
	const char *model;
	const char *folder; /* "" unless the person at the machine asks */
};
void say_status(struct buf *out, const struct status_facts *facts);

#endif
