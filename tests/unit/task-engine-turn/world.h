#ifndef TESTS_UNIT_TASK_ENGINE_TURN_WORLD_H
#define TESTS_UNIT_TASK_ENGINE_TURN_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcommon/bus.h"
#include "services/task-engine/config.h"
#include "services/task-engine/llm/exchange.h"
#include "services/task-engine/llm/llm.h"
#include "services/task-engine/store/roles.h"
#include "services/task-engine/store/turn_calls.h"
#include "services/task-engine/store/turns.h"

/*
 * What stands around the room turn/ in its tests: a store with queued turns,
 * an indexer and a model that answer when the test says so.
 */
enum { WORLD_MAX = 32, WORLD_TEXT = 70 * 1024 };

struct world {
	struct engine_cfg cfg;

	struct turn_work queued[WORLD_MAX];
	size_t n_queued, n_claimed;
	unsigned last_kinds;

	/* what was said, and how often ending fails before */
	struct {
		int64_t turn_id;
		bool is_ok;
		char text[WORLD_TEXT];
		char error[256];
	} said[WORLD_MAX];
	size_t n_said;
	int n_failing_ends;
	bool is_cancelled;
	bool is_asker_gone, is_asker_unread;
	size_t n_requeued;
	size_t n_begun;	     /* tasks that were said to begin */
	size_t n_unanswered; /* answers that were asked to leave a row */

	/* what may still be proposed, who is told, and what was */
	int64_t n_room;
	size_t n_admin_channels;
	bool is_http;
	struct {
		char payload[1024];
		char provenance[1024];
	} proposed[WORLD_MAX];
	size_t n_proposed;

	/* turn.progress, as it went to the gateway */
	struct {
		char instance[16];
		char chat_id[16];
		char state[16];
		char text[1024];
		char edit_id[16];
	} progress[WORLD_MAX];
	size_t n_progress;
	/* what the model has said so far, and where that is shown */
	const char *said_so_far, *partial_id;
	char partial[1024];
	size_t n_partials;

	struct {
		char type[32];
		char body[4096];
		bus_answer_fn fn;
		void *arg;
	} searches[WORLD_MAX];
	size_t n_searches;

	struct {
		char system[WORLD_TEXT];
		char user[WORLD_TEXT];
		char last[WORLD_TEXT]; /* the last message, whose role is: */
		enum llm_role last_role;
		size_t n_messages, n_tools, model;
		char tools[512]; /* their names, a blank behind each */
		bool is_last;
		llm_done_fn fn;
		void *arg;
		struct llm_call *call;
		bool is_cancelled;
	} calls[WORLD_MAX];
	size_t n_calls;
	struct llm_answer answer; /* what the next body reads as */

	/* who asks, and what was recorded of calls */
	enum role role;
	struct {
		char tool[64];
		char result[4096];
		bool is_error;
		int64_t step;
	} recorded[WORLD_MAX];
	size_t n_recorded;
	/* what the chat log has of them */
	struct {
		char event_id[48];
		char text[4096];
	} logged[WORLD_MAX];
	size_t n_logged;
	const char *summary; /* of the conversation; NULL: none */
	size_t n_remembered; /* summaries that were asked for */
	/* of an earlier attempt */
	const struct turn_call_row *resumed;
	size_t n_resumed;
	int64_t first_attempt; /* of what is claimed; 0: 1 */
	size_t n_begun_changes, n_rolled_back;
	bool is_in_transaction;
	char trace[16 * 1024]; /* of the turn that ended last */

	/* tokens that were recorded, and those of the day before */
	size_t n_models;
	int64_t tokens_recorded, tokens_used, tokens_a_call;
	int64_t tokens_estimated; /* of those recorded */
	struct tokens lost;	  /* by the call that ends next */
	struct {
		char scope[16];
		char key[32];
		int64_t n_tokens;
	} charged[WORLD_MAX]; /* in the day's table */
	size_t n_charged;

	/* what tools changed */
	size_t n_tasks_made;
	char task_asked_as[32];
	int64_t task_depth;
	char file_path[256], file_text[256];
};

extern struct world world;

/* Forgets everything; a model is configured or not. */
void world_reset(bool has_model);

/* Queues a turn with that text. */
void world_queue(enum turn_kind kind, const char *text);

/* The indexer answers that question; json NULL: it is away. */
void world_indexer_answers(size_t search, const char *json);

/* The model wants these done. */
void world_model_wants(size_t call, const struct llm_want *wants, size_t n);

/* The model answers that call; NULL: it is away. */
void world_model_answers(size_t call, const char *text, enum llm_finish finish);

#endif
