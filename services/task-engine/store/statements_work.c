/* What is done: tasks, turns, actions, objectives. */

#include "services/task-engine/store/statements.h"

#define TASK_COLUMNS                                                           \
	"id, workspace_id, context_id, kind, title, prompt, status,"           \
	" route_class, priority, due_at_unix, assigned_lane,"                  \
	" source_connector, source_external_id, source_user_id, source_text,"  \
	" attempts, worker_id, started_at_unix, finished_at_unix,"             \
	" result_summary, result_path, error_message, created_ms / 1000,"      \
	" updated_at_unix, run_key, request_sha256, asked_by, asked_as,"       \
	" instance, source_message_seq, is_draft, depth"

/* The task whose run is the answer to that message: it has no turn itself. */
#define IS_RUN_BY_ANSWER                                                       \
	" WHERE source_message_seq = ?1 AND status = 'running' AND NOT EXISTS" \
	" (SELECT 1 FROM turns WHERE turns.task_id = tasks.id)"

#define OBJECTIVE_IS_LIVE                                                      \
	" AND active = 1 AND (ends_at_unix IS NULL OR ends_at_unix > ?2)"

#define TURN_COLUMNS                                                           \
	"seq, kind, attempts, crash_count, created_ms, context_id,"            \
	" message_seq, task_id"

#define ACTION_COLUMNS(payload, provenance)                                    \
	"seq, id, workspace_id, context_id, connector, external_id,"           \
	" requester_user_id, action_type, action_target, "                     \
	"action_summary, " payload                                             \
	", payload_sha256, status, approver_user_id,"                          \
	" denied_reason, execution_status, execution_message,"                 \
	" executor_plugin, executed_at_unix, created_at_unix,"                 \
	" updated_at_unix, expires_at_unix, asked_by, asked_as,"               \
	" asked_user_id, message_seq, turn_seq, " provenance

#define ACTION_KEYS "SELECT seq, id, workspace_id FROM action_approvals a"

#define ACTION_WAITS                                                           \
	"status = 'pending' AND expires_at_unix > ?2 AND (?3 = '' OR EXISTS"   \
	" (SELECT 1 FROM roles r WHERE r.user_id = ?3"                         \
	"  AND r.workspace_id IN ('*', a.workspace_id)))"                      \
	" AND (?4 = '' OR context_id = ?4)"                                    \
	" AND substr(id, 1, length(?5)) = ?5"

#define TASK_ORDER " ORDER BY updated_at_unix DESC, created_ms DESC LIMIT "

const char *const stmt_texts_work[STMT_COUNT] = {
	[STMT_TASK_ADD] =
	    "INSERT INTO tasks (id, workspace_id, context_id, kind, title,"
	    " prompt, status, route_class, priority, due_at_unix,"
	    " assigned_lane, source_connector, source_external_id,"
	    " source_user_id, source_text, created_ms, updated_at_unix,"
	    " created_at, run_key, request_sha256, asked_by, asked_as,"
	    " instance, source_message_seq, is_draft, depth)"
	    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13,"
	    " ?14, ?15, ?16, ?16 / 1000, datetime(?16 / 1000, 'unixepoch'),"
	    " ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24)"
	    " ON CONFLICT (run_key) WHERE run_key IS NOT NULL DO NOTHING",
	[STMT_TASK_GET] = "SELECT " TASK_COLUMNS " FROM tasks WHERE id = ?1",
	[STMT_TASK_OF_ANSWER] =
	    "SELECT " TASK_COLUMNS " FROM tasks" IS_RUN_BY_ANSWER,
	/* No id has a letter behind '~'. */
	[STMT_TASKS_BY_PREFIX] =
	    "SELECT " TASK_COLUMNS " FROM tasks"
	    " WHERE (id >= ?1 AND id < ?1 || '~')"
	    " OR (id >= 'task-' || ?1 AND id < 'task-' || ?1 || '~')"
	    " ORDER BY created_ms DESC LIMIT ?2",
	[STMT_TASKS_SHOWN] =
	    "SELECT " TASK_COLUMNS " FROM tasks WHERE workspace_id = ?1"
	    " AND (?2 = '' OR context_id = ?3 OR asked_by = ?4)"
	    " AND (?2 <> 'own' OR asked_by = ?4)"
	    " AND (?5 = 'all' OR status = ?5 OR (?5 = '' AND status IN"
	    "  ('open','queued','running')))" TASK_ORDER "?6",
	[STMT_TASK_FIND_RUN_KEY] =
	    "SELECT " TASK_COLUMNS " FROM tasks WHERE run_key = ?1",
	[STMT_TASKS_LIST] = "SELECT " TASK_COLUMNS " FROM tasks"
			    " WHERE (?1 = '' OR kind = ?1) AND (?2 = '' OR "
			    "status = ?2)" TASK_ORDER "?3",
	[STMT_TASKS_LIST_WORKSPACE] =
	    "SELECT " TASK_COLUMNS " FROM tasks WHERE workspace_id = ?1"
	    " AND (?2 = '' OR kind = ?2) AND (?3 = '' OR status = "
	    "?3)" TASK_ORDER "?4",
	[STMT_TASKS_LIST_CONTEXT] =
	    "SELECT " TASK_COLUMNS " FROM tasks WHERE context_id = ?1"
	    " AND (?2 = '' OR workspace_id = ?2)"
	    " AND (?3 = '' OR kind = ?3) AND (?4 = '' OR status = "
	    "?4)" TASK_ORDER "?5",
	[STMT_TASK_PATHS] = "SELECT result_path FROM tasks"
			    " WHERE context_id = ?1 AND result_path IS NOT NULL"
			    " AND is_draft = 0" TASK_ORDER "?2",
	[STMT_TASK_RUNNING] =
	    "UPDATE tasks SET status = 'running', attempts = attempts + 1,"
	    " worker_id = ?3, started_at_unix = ?2, finished_at_unix = NULL,"
	    " error_message = NULL, result_summary = NULL, result_path = NULL,"
	    " updated_at_unix = ?2 WHERE id = ?1 AND status = 'queued'",
	[STMT_TASK_ANSWERING] =
	    "UPDATE tasks SET attempts = attempts + 1, started_at_unix = ?2,"
	    " updated_at_unix = ?2" IS_RUN_BY_ANSWER,
	[STMT_TASK_ROUTE] =
	    "UPDATE tasks SET route_class = ?2, priority = ?3,"
	    " assigned_lane = ?4, due_at_unix = ?5, updated_at_unix = ?6"
	    " WHERE id = ?1",
	[STMT_TASK_RUN] =
	    "UPDATE tasks SET status = 'queued', asked_by = ?2, asked_as = ?3,"
	    " updated_at_unix = ?4 WHERE id = ?1 AND status = 'open'",
	[STMT_TASK_CLOSE] =
	    "UPDATE tasks SET status = 'succeeded', finished_at_unix = ?3,"
	    " updated_at_unix = ?3, result_summary = ?2"
	    " WHERE id = ?1 AND status = 'open'",
	[STMT_TASK_QUEUED_AGAIN] =
	    "UPDATE tasks SET status = 'queued', worker_id = NULL,"
	    " started_at_unix = NULL, updated_at_unix = ?2"
	    " WHERE id = ?1 AND status = 'running'",
	[STMT_TASK_SUCCEEDED] =
	    "UPDATE tasks SET status = 'succeeded', finished_at_unix = ?2,"
	    " updated_at_unix = ?2, result_summary = ?3, result_path = ?4,"
	    " error_message = NULL WHERE id = ?1 AND status = 'running'",
	[STMT_TASK_FAILED] =
	    "UPDATE tasks SET status = 'failed', finished_at_unix = ?2,"
	    " updated_at_unix = ?2, error_message = ?3"
	    " WHERE id = ?1 AND status IN ('queued','running')",
	[STMT_TASK_CANCELLED] =
	    "UPDATE tasks SET status = 'cancelled', finished_at_unix = ?2,"
	    " updated_at_unix = ?2, error_message = ?3"
	    " WHERE id = ?1 AND status IN ('open','queued','running')",
	[STMT_ROUTING_ADD] =
	    "INSERT INTO routing_notices (task_id, workspace_id, person,"
	    " reason, ends_ms, is_told) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
	[STMT_ROUTING_ENDS] =
	    "SELECT ends_ms FROM routing_notices"
	    " WHERE workspace_id = ?1 AND person = ?2"
	    " AND ends_ms > ?3 AND ends_ms <= ?3 + ?4 LIMIT 1",
	[STMT_ROUTING_SPAN] =
	    "SELECT (SELECT min(ends_ms) FROM routing_notices),"
	    " (SELECT max(ends_ms) FROM routing_notices)",
/*
	 * One that ends too far ahead was begun before the clock was set. Two
	 * ends of the index, and no OR of them: that would read all rows, for
	 * every message.
	 */
#define ROUTING_PERSON "SELECT workspace_id, person FROM routing_notices"
	[STMT_ROUTING_DUE] =
	    ROUTING_PERSON " WHERE ends_ms <= ?1 UNION " ROUTING_PERSON
			   " WHERE ends_ms > ?1 + ?2 LIMIT ?3",
#define ROUTING_IS_OVER                                                        \
	" WHERE workspace_id = ?1 AND person = ?2"                             \
	" AND (ends_ms <= ?3 OR ends_ms > ?3 + ?4)"
	[STMT_ROUTING_ROWS] =
	    "SELECT " TASK_COLUMNS ", (SELECT reason FROM routing_notices"
	    "  WHERE task_id = tasks.id) FROM tasks WHERE status = 'open'"
	    " AND id IN (SELECT task_id FROM routing_notices" ROUTING_IS_OVER
	    "  AND is_told = 0)"
	    " ORDER BY created_ms, source_message_seq LIMIT ?5",
	[STMT_ROUTING_CLOSE] = "DELETE FROM routing_notices" ROUTING_IS_OVER,
	[STMT_OBJECTIVE_ADD] =
	    "INSERT INTO objectives (id, workspace_id, context_id, title,"
	    " prompt, trigger_type, event_key, cron_expr, timezone, active,"
	    " next_run_unix, created_at_unix, updated_at_unix, asked_by,"
	    " asked_as, ends_at_unix) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7,"
	    " ?8, ?9, ?10, ?11, ?12, ?12, ?13, ?14, ?15)",
	[STMT_OBJECTIVE_UPDATE] =
	    "UPDATE objectives SET title = ?2, prompt = ?3,"
	    " trigger_type = ?4, event_key = ?5, cron_expr = ?6,"
	    " timezone = ?7, active = ?8, next_run_unix = ?9, asked_as = ?10,"
	    " auto_paused_reason = iif(?11, NULL, auto_paused_reason),"
	    " consecutive_failures = iif(?11, 0, consecutive_failures),"
	    " updated_at_unix = ?12 WHERE id = ?1",
	[STMT_OBJECTIVE_DELETE] = "DELETE FROM objectives WHERE id = ?1",
	[STMT_OBJECTIVES_DROP_ENDED] =
	    "DELETE FROM objectives WHERE workspace_id = ?1"
	    " AND ends_at_unix <= ?2 RETURNING id, workspace_id, context_id,"
	    " event_key, cron_expr, timezone",
	[STMT_OBJECTIVES_KEPT] =
	    "SELECT count(*), count(*) FILTER (WHERE asked_by = ?2)"
	    " FROM objectives WHERE workspace_id = ?1",
	[STMT_OBJECTIVES_LIVE] = "SELECT count(*) FROM objectives WHERE "
				 "asked_by = ?1" OBJECTIVE_IS_LIVE,
	[STMT_OBJECTIVES_LIVE_IN] =
	    "SELECT count(*), count(*) FILTER (WHERE asked_as = 'guest')"
	    " FROM objectives WHERE workspace_id = ?1" OBJECTIVE_IS_LIVE,
	[STMT_OBJECTIVES_SHOWN] =
	    "SELECT id, workspace_id, context_id, title, prompt,"
	    " trigger_type, event_key, cron_expr, timezone, asked_by,"
	    " asked_as, created_at_unix, next_run_unix, ends_at_unix, active"
	    " FROM objectives WHERE workspace_id = ?1 AND (asked_by = ?2"
	    "  OR (?3 AND (?4 = '' OR context_id = ?4)))"
	    " AND substr(id, 1, length(?5)) = ?5"
	    " ORDER BY created_at_unix DESC, id LIMIT ?6 OFFSET ?7",
	[STMT_TURN_ADD] =
	    "INSERT INTO turns (kind, state, workspace_id, context_id,"
	    " message_seq, task_id, priority, due_unix, created_ms,"
	    " updated_ms) VALUES (?1, 'queued', ?2, ?3, ?4, ?5, ?6, ?7, ?8,"
	    " ?8)",
	[STMT_TURN_IS_QUEUED] = "SELECT 1 FROM turns WHERE state = 'queued'"
				" AND kind = ?1 LIMIT 1",
	/* One kind a call: the index then gives the order without sorting. */
	[STMT_TURN_NEXT] =
	    "SELECT " TURN_COLUMNS " FROM turns"
	    " WHERE state = 'queued' AND kind = ?1 AND not_before_ms <= ?2"
	    " AND workspace_id NOT IN (SELECT workspace_id"
	    " FROM turns WHERE state = 'running' AND kind = ?1"
	    " GROUP BY workspace_id HAVING count(*) >= ?3)"
	    " ORDER BY priority, due_unix, seq LIMIT 1",
	[STMT_TURN_NEXT_TIME] =
	    "SELECT min(not_before_ms) FROM turns"
	    " WHERE state = 'queued' AND not_before_ms > ?1",
	[STMT_TURN_RUNNING] =
	    "UPDATE turns SET state = 'running', attempts = attempts + 1,"
	    " updated_ms = ?2 WHERE seq = ?1 AND state = 'queued'",
	[STMT_TURN_END] =
	    "UPDATE turns SET state = ?2, error = ?3, updated_ms = ?4"
	    " WHERE seq = ?1 AND state = 'running'",
	[STMT_TURN_REQUEUE] =
	    "UPDATE turns SET state = 'queued', not_before_ms = ?2,"
	    " error = ?3, updated_ms = ?4 WHERE seq = ?1 AND state = 'running'",
	[STMT_TURN_OF_TASK] = "SELECT seq FROM turns WHERE task_id = ?1"
			      " AND state IN ('queued','running')",
	[STMT_TURN_OF_ANSWER] =
	    "SELECT seq FROM turns WHERE message_seq = ?1 AND kind = 1"
	    " AND state IN ('queued','running')",
	[STMT_TURN_ROUTE] =
	    "UPDATE turns SET priority = ?2, due_unix = ?3,"
	    " updated_ms = ?4 WHERE task_id = ?1 AND state = 'queued'",
	[STMT_TURN_CANCEL] =
	    "UPDATE turns SET state = 'cancelled', updated_ms = ?2"
	    " WHERE seq = ?1 AND state IN ('queued','running')",
	[STMT_TURNS_OF] = "SELECT t.seq, t.message_seq, t.task_id FROM turns t"
			  " LEFT JOIN messages m ON m.seq = t.message_seq"
			  " LEFT JOIN tasks k ON k.id = t.task_id"
			  " WHERE t.state IN ('queued','running')"
			  " AND coalesce(k.asked_by, m.said_by) IN (SELECT ?1"
			  "  UNION ALL SELECT 'tool:' || name FROM tokens"
			  "  WHERE connector || ':' || external_id = ?1)"
			  " ORDER BY t.seq LIMIT 500",
	[STMT_TURNS_ANSWERING] =
	    "SELECT t.seq, t.message_seq, NULL FROM turns t"
	    " JOIN messages m ON m.seq = t.message_seq WHERE t.seq IN"
	    " (SELECT seq FROM turns WHERE state = 'queued' UNION ALL"
	    "  SELECT seq FROM turns WHERE state = 'running')"
	    " AND t.kind <> 3 AND t.context_id = ?1 AND t.message_seq < ?2"
	    " AND (?3 = '' OR m.said_by = ?3) ORDER BY t.seq",
	[STMT_TURN_OF_MESSAGE] = "SELECT state, error FROM turns"
				 " WHERE message_seq = ?1 AND kind <> 3",
	[STMT_TURN_CRASHED] =
	    "UPDATE turns SET crash_count = crash_count + 1, updated_ms = ?2"
	    " WHERE seq = ?1 AND state = 'running'",
	[STMT_TURN_GET] = "SELECT " TURN_COLUMNS " FROM turns WHERE seq = ?1",
	[STMT_TURNS_RUNNING_TASKS] = "SELECT count(*) FROM turns"
				     " WHERE state = 'running' AND kind = 3",
	[STMT_TURNS_REQUEUE_ALL] =
	    "UPDATE turns SET state = 'queued', updated_ms = ?1"
	    " WHERE state = 'running'",
	[STMT_TURN_CALL_ADD] =
	    "INSERT INTO turn_calls (turn_seq, call, step, said, want_id, tool,"
	    " arguments, result, is_error, at_ms)"
	    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
	[STMT_TURN_CALLS] =
	    "SELECT turn_seq, call, step, said, want_id, tool, arguments,"
	    " result, is_error FROM turn_calls WHERE turn_seq = ?1"
	    " ORDER BY call",
	[STMT_USAGE_OF_TURN_ADD] =
	    "INSERT INTO usage_of_turns (turn_seq, model, calls, tokens_in,"
	    " tokens_cached, tokens_out, tokens_estimated)"
	    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"
	    " ON CONFLICT (turn_seq) DO UPDATE SET model = ?2,"
	    " calls = calls + ?3, tokens_in = tokens_in + ?4,"
	    " tokens_cached = tokens_cached + ?5,"
	    " tokens_out = tokens_out + ?6,"
	    " tokens_estimated = tokens_estimated + ?7",
	[STMT_USAGE_OF_TURN] =
	    "SELECT calls, tokens_in, tokens_cached, tokens_out,"
	    " tokens_estimated, model FROM usage_of_turns"
	    " WHERE turn_seq = ?1",
	[STMT_USAGE_ADD] =
	    "INSERT INTO usage_of_days (day, scope, key, calls, tokens_in,"
	    " tokens_cached, tokens_out, tokens_estimated)"
	    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"
	    " ON CONFLICT (day, scope, key) DO UPDATE SET calls = calls + ?4,"
	    " tokens_in = tokens_in + ?5, tokens_cached = tokens_cached + ?6,"
	    " tokens_out = tokens_out + ?7,"
	    " tokens_estimated = tokens_estimated + ?8",
	[STMT_USAGE_GET] = "SELECT calls, tokens_in, tokens_cached, tokens_out,"
			   " tokens_estimated FROM usage_of_days"
			   " WHERE day = ?1 AND scope = ?2 AND key = ?3",
	[STMT_TRACE_HEARD_PUT] =
	    "INSERT INTO heard_traces (message_seq, at_ms, trace)"
	    " VALUES (?1, ?2, ?3)"
	    " ON CONFLICT (message_seq) DO UPDATE SET at_ms = ?2, trace = ?3",
	[STMT_TRACE_HEARD] =
	    "SELECT trace FROM heard_traces WHERE message_seq = ?1",
	[STMT_TRACE_TURN_PUT] =
	    "INSERT INTO turn_traces (turn_seq, at_ms, trace)"
	    " VALUES (?1, ?2, ?3)"
	    " ON CONFLICT (turn_seq) DO UPDATE SET at_ms = ?2, trace = ?3",
	[STMT_TRACED_TURNS] =
	    "SELECT t.seq, t.kind, t.state, t.error, t.task_id, t.created_ms,"
	    " r.trace FROM turns t LEFT JOIN turn_traces r"
	    " ON r.turn_seq = t.seq WHERE t.seq IN"
	    " (SELECT seq FROM turns WHERE message_seq = ?1"
	    "  UNION SELECT seq FROM turns WHERE task_id = ?2"
	    "  UNION SELECT ?3) ORDER BY t.seq DESC LIMIT ?4",
	[STMT_TASKS_BEGIN] =
	    "SELECT id FROM tasks WHERE id >= ?1 AND id < ?1 || '~'"
	    " ORDER BY id LIMIT ?2",
	[STMT_ACTIONS_BEGIN] =
	    "SELECT id FROM action_approvals"
	    " WHERE id >= ?1 AND id < ?1 || '~' ORDER BY id LIMIT ?2",
#define TRACES_TIDY(table, key)                                                \
	"DELETE FROM " table " WHERE " key " IN (SELECT " key                  \
	" FROM (SELECT " key ", at_ms FROM " table " ORDER BY " key            \
	"  LIMIT ?2) WHERE at_ms < ?1 OR " key " <= (SELECT max(" key          \
	") FROM " table ") - ?3)"
	[STMT_TRACES_HEARD_TIDY] = TRACES_TIDY("heard_traces", "message_seq"),
	[STMT_TRACES_TURN_TIDY] = TRACES_TIDY("turn_traces", "turn_seq"),
	[STMT_TASKS_REQUEUE_ALL] =
	    "UPDATE tasks SET status = 'queued', worker_id = NULL,"
	    " started_at_unix = NULL, updated_at_unix = ?1"
	    " WHERE id IN (SELECT task_id FROM turns WHERE state = 'running'"
	    " AND task_id IS NOT NULL) AND status = 'running'",

	/* Of what showed a secret only that stays which the chat log shows. */
	[STMT_ACTION_ADD] =
	    "INSERT INTO action_approvals (id, workspace_id, context_id,"
	    " connector, external_id, requester_user_id, action_type,"
	    " action_target, action_summary, payload_json, payload_sha256,"
	    " status, execution_status, created_at_unix, updated_at_unix,"
	    " expires_at_unix, asked_by, asked_as, asked_user_id, message_seq,"
	    " provenance, turn_seq) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8,"
	    " ?9, ?10, ?11, 'pending', 'not_executed', ?12, ?12, ?13, ?14,"
	    " ?15, ?16, ?17, ?18, ?19)",
	[STMT_ACTION_GET] = "SELECT " ACTION_COLUMNS("payload_json",
	    "provenance") " FROM action_approvals WHERE id = ?1",
	[STMT_ACTION_BRIEF] = "SELECT " ACTION_COLUMNS(
	    "''", "''") " FROM action_approvals WHERE id = ?1",
	[STMT_ACTIONS_COUNT] =
	    "SELECT count(*) FROM action_approvals WHERE asked_by = ?1"
	    " AND status = 'pending' AND expires_at_unix > ?2",
	[STMT_ACTIONS_PENDING] =
	    ACTION_KEYS " WHERE seq > ?1 AND " ACTION_WAITS " ORDER BY seq"
			" LIMIT ?6",
	[STMT_ACTIONS_PENDING_DOWN] =
	    ACTION_KEYS " WHERE seq < ?1 AND " ACTION_WAITS " ORDER BY seq DESC"
			" LIMIT ?6",
	[STMT_ACTIONS_LIST] = ACTION_KEYS " WHERE (?1 = '' OR status = ?1)"
					  " AND (?2 = '' OR workspace_id = ?2)"
					  " ORDER BY seq DESC LIMIT ?3",
	[STMT_ACTION_DECIDE] =
	    "UPDATE action_approvals SET status = ?2, approver_user_id = ?3,"
	    " denied_reason = ?4, execution_status = ?5,"
	    " execution_message = ?6, executor_plugin = ?7,"
	    " executed_at_unix = ?8, updated_at_unix = ?9 WHERE id = ?1"
	    " AND status = 'pending' AND expires_at_unix > ?9",
	[STMT_ACTION_EXPIRE] =
	    "UPDATE action_approvals SET status = 'expired',"
	    " updated_at_unix = ?2 WHERE id = ?1"
	    " AND status = 'pending' AND expires_at_unix <= ?2",
	[STMT_ACTION_RECORD] =
	    "UPDATE action_approvals SET execution_status = ?2,"
	    " execution_message = ?3, executed_at_unix = ?4,"
	    " updated_at_unix = ?4 WHERE id = ?1"
	    " AND execution_status = 'executing'",
	[STMT_ACTIONS_OVERDUE] =
	    ACTION_KEYS " WHERE status = 'pending' AND expires_at_unix <= ?1"
			" ORDER BY expires_at_unix LIMIT ?2",
	[STMT_ACTIONS_EXECUTING] =
	    ACTION_KEYS " WHERE execution_status = 'executing' ORDER BY seq",
	[STMT_ACTIONS_OF] =
	    ACTION_KEYS " WHERE asked_by IN (SELECT ?1 UNION ALL"
			" SELECT 'tool:' || name FROM tokens"
			" WHERE connector || ':' || external_id = ?1)"
			" AND status = 'pending'"
			" ORDER BY seq",
};
