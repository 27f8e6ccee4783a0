#ifndef TESTS_UNIT_TASK_ENGINE_WORLD_H
#define TESTS_UNIT_TASK_ENGINE_WORLD_H

#include <stdint.h>

#include "libcommon/err.h"
#include "services/task-engine/store/messages.h"
#include "services/task-engine/store/places.h"

struct arena;
struct audit;
struct store;

/* A database in a folder of its own, with one session in it. */
struct world {
	char folder[64];
	const char *db_path;
	struct arena *arena;
	struct store *store;
	struct audit *audit;
	struct context_row context;
	struct err err;
	int64_t now_ms;
};

/* "<folder>/<name>", in the arena */
const char *world_path(struct world *world, const char *name);

void world_open(struct world *world);
void world_close(struct world *world); /* and removes the folder */
/* Both halves of a restart, database and audit log. */
void world_stop(struct world *world);
void world_start(struct world *world);
void world_reopen(struct world *world);

/* Aborts with what went wrong when rc is not what was wanted. */
void expect(struct world *world, int rc, int wanted, const char *what);
#define DONE(call) expect(w, (call), 0, #call)
#define OTHER(call) expect(w, (call), 1, #call)
#define FAILS(call, why)                                                       \
	do {                                                                   \
		expect(w, (call), -1, #call);                                  \
		assert_int_equal(w->err.code, (why));                          \
	} while (0)

/* The context of that name, made when it is new. */
struct context_row world_context(struct world *world, const char *connector,
    const char *external_id, const char *space_kind, const char *space_id);

/* An inbound message in the context; its seq. */
int64_t world_say(struct world *world, const struct context_row *context,
    const char *event_id, const char *text);
/* What is stored of it. */
struct message_row world_said(struct world *world, int64_t seq);

/* Behind the back of the engine, as from an operator's shell. */
void world_run(struct world *world, const char *sql);
/* The first value of the first row. */
const char *world_ask(struct world *world, const char *sql);

#endif
