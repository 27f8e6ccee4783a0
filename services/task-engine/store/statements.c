/* The text of every SQL statement that runs. */

#include "services/task-engine/store/statements.h"

#define WORKSPACE_COLUMNS "id, slug, name, kind, created_ms"
/* What the platform calls it now. */
#define CHAT_ID                                                                \
	"coalesce((SELECT platform_id FROM chat_aliases l"                     \
	" WHERE l.connector = contexts.connector"                              \
	" AND l.external_id = contexts.external_id), external_id)"
#define CONTEXT_COLUMNS                                                        \
	"id, workspace_id, connector, external_id, " CHAT_ID                   \
	", parent_external_id, name,"                                          \
	" instance, is_admin, is_global_hub, is_direct, created_ms"
#define MESSAGE_COLUMNS                                                        \
	"seq, instance, chat_id, event_id, direction, workspace_id,"           \
	" context_id, actor, actor_name, said_by, said_as, platform_id,"       \
	" reply_to_id, text, body_sha256, cause, at_ms, is_addressed, is_edit"
#define AUDIT_COLUMNS                                                          \
	"seq, id, at_ms, actor, speaks_as, operation, door, workspace_id,"     \
	" context_id, subject, detail, reason, cause, outcome, is_keyed, hash"
/* An operation that ends in a dot stands for all that begin so. */
#define AUDIT_FILTER                                                           \
	"seq > ?1 AND seq < ?2 AND at_ms >= ?3 AND at_ms < ?4"                 \
	" AND (?5 = '' OR operation = ?5 OR (substr(?5, -1) = '.'"             \
	"  AND substr(operation, 1, length(?5)) = ?5))"                        \
	" AND (?6 = '' OR ?6 IN (actor, speaks_as))"                           \
	" AND (?7 = '' OR workspace_id = ?7)"                                  \
	" AND (?8 = '' OR outcome = ?8)"
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
#define TURN_COLUMNS                                                           \
	"seq, kind, attempts, crash_count, created_ms, context_id,"            \
	" message_seq, task_id"
#define OUTBOX_COLUMNS                                                         \
	"id, instance, connector, chat_id, context_id, message_seq,"           \
	" in_reply_to_seq, task_id, action_id, has_buttons, edits_id,"         \
	" partial_of_seq,"                                                     \
	" reply_to_id, text, is_urgent, is_handled, state, attempt, lease,"    \
	" lease_until_ms, due_ms, first_tried_ms, n_parts_sent,"               \
	" is_part_uncertain, maybe_doubled, error, created_ms, n_deaths"
/* What people have to know of a component: "" that it is well. */
#define COMPONENT_NEWS                                                         \
	"CASE WHEN state IN ('healthy','disabled') THEN ''"                    \
	" WHEN needs_person = 1 THEN '! ' || message ELSE 'trouble' END"
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

const char *const stmt_texts[STMT_COUNT] = {
	[STMT_BEGIN_WRITE] = "BEGIN IMMEDIATE",
	[STMT_BEGIN_READ] = "BEGIN",
	/* Another one when another connection has committed. */
	[STMT_DATA_VERSION] = "PRAGMA data_version",
	[STMT_COMMIT] = "COMMIT",
	[STMT_ROLLBACK] = "ROLLBACK",
	[STMT_SAVEPOINT] = "SAVEPOINT request",
	[STMT_RELEASE] = "RELEASE request",
	[STMT_ROLLBACK_TO] = "ROLLBACK TO request",
	[STMT_KV_GET] = "SELECT value FROM kv WHERE key = ?1",
	[STMT_KV_PUT] = "INSERT INTO kv (key, value) VALUES (?1, ?2)"
			" ON CONFLICT (key) DO UPDATE SET value = ?2",

#define IDENTITY                                                               \
	"SELECT i.id, i.user_id, i.connector, i.connector_user_id,"            \
	" u.display_name, CAST(strftime('%s', i.created_at) AS INTEGER)"       \
	" FROM identities i JOIN users u ON u.id = i.user_id"
	[STMT_IDENTITY_FIND] = IDENTITY " WHERE i.connector = ?1"
					" AND i.connector_user_id = ?2"
					" AND i.verified = 1",
	[STMT_IDENTITY_GET] = IDENTITY " WHERE i.id = ?1",
	[STMT_IDENTITIES_LIST] = IDENTITY " WHERE i.user_id = ?1"
					  " ORDER BY i.created_at, i.id"
					  " LIMIT ?2",
	[STMT_IDENTITY_ADD] =
	    "INSERT INTO identities (id, user_id, connector,"
	    " connector_user_id, verified, created_at)"
	    " VALUES (?1, ?2, ?3, ?4, 1, datetime(?5, 'unixepoch'))"
	    " ON CONFLICT (connector, connector_user_id) DO NOTHING",
	[STMT_IDENTITY_REMOVE] = "DELETE FROM identities WHERE id = ?1",
	[STMT_USERS_LIST] = "SELECT id, display_name FROM users"
			    " WHERE iif(?1 = '', id <> 'local', id = ?1)"
			    " ORDER BY created_at, id LIMIT ?2",
	[STMT_USER_EXISTS] = "SELECT 1 FROM users WHERE id = ?1",
	[STMT_USER_ADD] = "INSERT INTO users (id, display_name, created_at)"
			  " VALUES (?1, ?2, datetime(?3, 'unixepoch'))",
/* The order of enum role; a test holds the two together. */
#define STRONGEST                                                              \
	"SELECT coalesce(max(CASE role WHEN 'viewer' THEN 1"                   \
	" WHEN 'member' THEN 2 WHEN 'operator' THEN 3 WHEN 'admin' THEN 4"     \
	" WHEN 'overlord' THEN 5 END), 0) FROM roles WHERE user_id = ?1"
	[STMT_ROLE_IN] = STRONGEST " AND workspace_id IN (?2, '*')",
	[STMT_ROLE_ANYWHERE] = STRONGEST,
	[STMT_ROLE_PUT] =
	    "INSERT INTO roles (user_id, workspace_id, role)"
	    " VALUES (?1, ?2, ?3)"
	    " ON CONFLICT (user_id, workspace_id) DO UPDATE SET role = ?3",
	[STMT_ROLE_REMOVE] =
	    "DELETE FROM roles WHERE user_id = ?1 AND workspace_id = ?2",
	[STMT_ROLES_LIST] = "SELECT user_id, workspace_id, role FROM roles"
			    " WHERE user_id = ?1"
			    " ORDER BY workspace_id LIMIT ?2",
	[STMT_OVERLORDS] = "SELECT count(*) FROM roles r"
			   " WHERE role = 'overlord' AND EXISTS (SELECT 1"
			   " FROM identities i WHERE i.user_id = r.user_id)",

	[STMT_PAIRING_ADD] =
	    "INSERT INTO pairing_requests (id, token_hash, token_hint,"
	    " connector, connector_user_id, display_name, status,"
	    " expires_at_unix, created_at_unix, updated_at_unix, context_id,"
	    " instance) VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'pending', ?7, ?8,"
	    " ?8, ?9, ?10)",
	[STMT_PAIRING_FIND] =
	    "SELECT id, token_hash, token_hint, connector,"
	    " connector_user_id, display_name, status, expires_at_unix,"
	    " approved_user_id, approver_user_id, denied_reason, context_id,"
	    " instance FROM pairing_requests WHERE token_hash = ?1",
	[STMT_PAIRING_APPROVED] =
	    "UPDATE pairing_requests SET status = 'approved',"
	    " approved_user_id = ?2, approver_user_id = ?3,"
	    " updated_at_unix = ?4 WHERE id = ?1 AND status = 'pending'"
	    " AND expires_at_unix > ?4",
	[STMT_PAIRING_DENIED] =
	    "UPDATE pairing_requests SET status = 'denied',"
	    " approver_user_id = ?2, denied_reason = ?3,"
	    " updated_at_unix = ?4 WHERE id = ?1 AND status = 'pending'"
	    " AND expires_at_unix > ?4",
	[STMT_PAIRING_END_LIVE] =
	    "UPDATE pairing_requests SET status = 'expired',"
	    " updated_at_unix = ?3 WHERE connector = ?1"
	    " AND connector_user_id = ?2 AND status = 'pending'",
	[STMT_PAIRINGS_EXPIRE] =
	    "UPDATE pairing_requests SET status = 'expired',"
	    " updated_at_unix = ?1 WHERE status = 'pending'"
	    " AND expires_at_unix <= ?1",
	[STMT_PAIRINGS_FORGET] =
	    "DELETE FROM pairing_requests WHERE created_at_unix < ?1"
	    " AND status <> 'pending'",

	[STMT_WORKSPACE_ADD] =
	    "INSERT INTO workspaces (id, slug, name, kind, created_ms,"
	    " created_at) VALUES (?1, ?2, ?3, ?4, ?5,"
	    " datetime(?5 / 1000, 'unixepoch'))",
	[STMT_WORKSPACE_BY_SLUG] = "SELECT id FROM workspaces WHERE slug = ?1",
	[STMT_WORKSPACE_GET] =
	    "SELECT " WORKSPACE_COLUMNS " FROM workspaces WHERE id = ?1",
	[STMT_WORKSPACES_LIST] = "SELECT " WORKSPACE_COLUMNS " FROM workspaces"
				 " ORDER BY created_ms, id LIMIT ?1",
	/* No id has a letter behind '~'. */
	[STMT_WORKSPACES_BEGIN] =
	    "SELECT " WORKSPACE_COLUMNS " FROM workspaces"
	    " WHERE id >= ?1 AND id < ?1 || '~' ORDER BY id LIMIT 2",
	[STMT_WORKSPACES_NAMED] =
	    "SELECT " WORKSPACE_COLUMNS " FROM workspaces WHERE name = ?1"
	    " LIMIT 2",
	[STMT_CONTEXT_ADD] =
	    "INSERT INTO contexts (id, workspace_id, connector, external_id,"
	    " parent_external_id, name, instance, is_direct, created_ms,"
	    " created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9,"
	    " datetime(?9 / 1000, 'unixepoch'))",
	[STMT_CONTEXT_HEARD] = "UPDATE contexts SET instance = ?2, name = ?3"
			       " WHERE id = ?1",
	[STMT_CONTEXT_SET_ADMIN] = "UPDATE contexts SET is_admin = ?2,"
				   " is_global_hub = ?3 WHERE id = ?1",
	[STMT_CONTEXT_GET] =
	    "SELECT " CONTEXT_COLUMNS " FROM contexts WHERE id = ?1",
	[STMT_CONTEXT_FIND] =
	    "SELECT " CONTEXT_COLUMNS " FROM contexts WHERE connector = ?1"
	    " AND external_id = coalesce((SELECT external_id"
	    " FROM chat_aliases WHERE connector = ?1 AND platform_id = ?2),"
	    " ?2)",
	/* A thread without one of its own has its channel's. */
	[STMT_CONTEXT_PROMPT] =
	    "SELECT coalesce(nullif(c.system_prompt, ''), p.system_prompt, ''),"
	    " c.system_prompt = '' AND coalesce(p.system_prompt, '') <> ''"
	    " FROM contexts c LEFT JOIN contexts p"
	    " ON c.parent_external_id <> ''"
	    " AND p.connector = c.connector"
	    " AND p.external_id = coalesce((SELECT external_id FROM"
	    "  chat_aliases WHERE connector = c.connector"
	    "  AND platform_id = c.parent_external_id), c.parent_external_id)"
	    " AND p.workspace_id = c.workspace_id WHERE c.id = ?1",
	[STMT_CONTEXT_SET_PROMPT] =
	    "UPDATE contexts SET system_prompt = ?2 WHERE id = ?1",
	[STMT_CONTEXTS_LIST] = "SELECT " CONTEXT_COLUMNS " FROM contexts"
			       " WHERE ?1 = '' OR workspace_id = ?1"
			       " ORDER BY created_ms, id LIMIT ?2",
	[STMT_CONTEXTS_BEGIN] =
	    "SELECT " CONTEXT_COLUMNS " FROM contexts"
	    " WHERE id >= ?1 AND id < ?1 || '~' ORDER BY id LIMIT 2",

	[STMT_CONTEXTS_TOLD] = "SELECT " CONTEXT_COLUMNS " FROM contexts"
			       " WHERE (is_admin = 1 OR is_global_hub = 1)"
			       " AND (?1 IN (workspace_id, '*')"
			       " OR is_global_hub = 1)"
			       " ORDER BY created_ms, id",

	/* In private, and not in a topic of it. */
	[STMT_CONTEXTS_OF_ADMINS] =
	    "SELECT " CONTEXT_COLUMNS " FROM contexts WHERE is_direct = 1"
	    " AND parent_external_id = '' AND workspace_id IN"
	    "  (SELECT w.id FROM roles r JOIN identities i USING (user_id)"
	    "   JOIN workspaces w ON w.slug ="
	    "    i.connector || '/private/' || i.connector_user_id"
	    "   WHERE r.workspace_id = '*' AND r.role IN ('overlord','admin'))"
	    " ORDER BY created_ms, id",

	[STMT_ALIAS_FIND] = "SELECT external_id FROM chat_aliases"
			    " WHERE connector = ?1 AND platform_id = ?2",
	[STMT_ALIAS_EXISTS] = "SELECT 1 FROM chat_aliases"
			      " WHERE connector = ?1 AND external_id = ?2",
	[STMT_ALIAS_ADD] =
	    "INSERT INTO chat_aliases (connector, platform_id, external_id,"
	    " since_ms) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
	[STMT_MEMBERSHIP_ADD] =
	    "INSERT INTO memberships (instance, event_id, change, space_id,"
	    " actor, at_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6)"
	    " ON CONFLICT DO NOTHING",
	/* The change is that of the latest row; where both came at once, it is
	 * of no account. */
	[STMT_MEMBERSHIPS_LIST] =
	    "SELECT space_id FROM (SELECT space_id, change, max(at_ms)"
	    "  FROM memberships WHERE instance = ?1 AND space_id > ?2"
	    "  GROUP BY space_id) WHERE change = 'added'"
	    " ORDER BY space_id LIMIT ?3",
	[STMT_ABSENCE_BEGIN] =
	    "INSERT INTO absences (workspace_id, instance, reason, since_ms)"
	    " VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
	[STMT_ABSENCE_END] = "DELETE FROM absences"
			     " WHERE workspace_id = ?1 AND instance = ?2",

	[STMT_MESSAGE_ADD] =
	    "INSERT INTO messages (instance, chat_id, event_id, direction,"
	    " workspace_id, context_id, actor, actor_name, said_by, said_as,"
	    " platform_id, reply_to_id, text, body_sha256, cause, at_ms,"
	    " is_addressed, is_edit) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8,"
	    " ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)"
	    " ON CONFLICT (instance, chat_id, event_id) DO NOTHING",
	[STMT_MESSAGE_GET] =
	    "SELECT " MESSAGE_COLUMNS " FROM messages WHERE seq = ?1",
	[STMT_MESSAGE_FIND] =
	    "SELECT " MESSAGE_COLUMNS " FROM messages"
	    " WHERE instance = ?1 AND chat_id = ?2 AND event_id = ?3",
	/* What is ordered already, and what came since. */
	[STMT_MESSAGES_BEFORE] =
	    "SELECT " MESSAGE_COLUMNS " FROM messages WHERE seq IN"
	    " (SELECT seq FROM (SELECT seq FROM message_order"
	    "  WHERE context_id = ?1 AND seq < ?2 ORDER BY seq DESC LIMIT ?3)"
	    " UNION ALL SELECT seq FROM messages WHERE context_id = ?1"
	    "  AND seq < ?2 AND seq > (SELECT coalesce(max(CAST(value AS"
	    "  INTEGER)), 0) FROM kv WHERE key = 'logs_done'))"
	    " ORDER BY seq DESC LIMIT ?3",
	[STMT_LOGS_DONE_GET] = "SELECT CAST(value AS INTEGER) FROM kv"
			       " WHERE key = 'logs_done'",
	[STMT_LOGS_DONE_PUT] =
	    "INSERT INTO kv (key, value) VALUES ('logs_done', ?1)"
	    " ON CONFLICT (key) DO UPDATE SET value = ?1",
	[STMT_LOGS_ORDER] =
	    "INSERT OR IGNORE INTO message_order (context_id, seq)"
	    " SELECT context_id, seq FROM messages WHERE seq > ?1"
	    " AND seq <= ?2 ORDER BY context_id, seq",
#define LOG_LINE                                                               \
	"SELECT seq, at_ms, context_id, direction, actor, text"                \
	" FROM messages"
	[STMT_LOG_LINES] = LOG_LINE " WHERE seq > ?1 ORDER BY seq LIMIT ?2",
	[STMT_LOG_LINES_OF] =
	    LOG_LINE " WHERE seq IN (SELECT seq FROM message_order"
		     " WHERE context_id = ?1 AND seq > ?2 ORDER BY seq"
		     " LIMIT ?3) ORDER BY seq",
	[STMT_LOG_FILE_GET] = "SELECT written_seq, size_bytes, is_behind, epoch"
			      " FROM log_files WHERE context_id = ?1",
	/* Of another epoch nothing is noted. */
	[STMT_LOG_FILE_PUT] =
	    "INSERT INTO log_files (context_id, written_seq, size_bytes,"
	    " is_behind, epoch) VALUES (?1, ?2, ?3, ?4, ?5)"
	    " ON CONFLICT (context_id) DO UPDATE SET written_seq = ?2,"
	    " size_bytes = ?3, is_behind = ?4 WHERE epoch = ?5",
	[STMT_LOG_FILES_BEHIND] =
	    "SELECT context_id FROM log_files WHERE is_behind = 1"
	    " AND context_id > ?1 ORDER BY context_id LIMIT ?2",

/* What was said in a context before a message, ordered yet or not. */
#define SAID_BEFORE                                                            \
	"(SELECT seq FROM message_order WHERE context_id = ?1 AND seq < ?2"    \
	" UNION ALL SELECT seq FROM messages WHERE context_id = ?1"            \
	"  AND seq < ?2 AND seq > (SELECT coalesce(max(CAST(value AS"          \
	"  INTEGER)), 0) FROM kv WHERE key = 'logs_done'))"
/* … of that, what has no words any more. */
#define WORDLESS                                                               \
	"(SELECT seq FROM messages WHERE seq IN " SAID_BEFORE " AND text = "   \
	"'')"
/* What is being answered or sent. */
#define IN_WORK                                                                \
	"(SELECT message_seq FROM turns WHERE state = 'queued'"                \
	"  AND message_seq IS NOT NULL UNION SELECT message_seq FROM turns"    \
	"  WHERE state = 'running' AND message_seq IS NOT NULL"                \
	" UNION SELECT message_seq FROM outbox WHERE state = 'sending')"
	[STMT_FORGET_MESSAGES] =
	    "UPDATE messages SET text = '', actor_name = ''"
	    " WHERE seq IN " SAID_BEFORE " AND text <> ''"
	    " AND (?3 = '' OR said_by = ?3) AND seq NOT IN " IN_WORK,
	/* To messages, and the ends of tasks that were made of them. */
	[STMT_FORGET_ANSWERS] =
	    "UPDATE messages SET text = '' WHERE text <> '' AND seq IN"
	    " (SELECT message_seq FROM outbox WHERE context_id = ?1"
	    "  AND state <> 'sending' AND in_reply_to_seq IN " WORDLESS
	    "  UNION SELECT message_seq FROM outbox WHERE context_id = ?1"
	    "  AND state <> 'sending' AND task_id IN (SELECT id FROM tasks"
	    "   WHERE source_message_seq IN " WORDLESS "))",
	/* What names such a task otherwise: that it was begun. */
	[STMT_FORGET_TOLD] =
	    "UPDATE messages SET text = '' WHERE text <> ''"
	    " AND direction = 'outbound' AND seq IN " SAID_BEFORE
	    " AND EXISTS (SELECT 1 FROM tasks t WHERE t.source_message_seq "
	    "IN " WORDLESS " AND instr(messages.text, t.id) > 0)",
	/* Their event id is t:<message>:<call>. */
	[STMT_FORGET_TOOLS] =
	    "UPDATE messages SET text = '' WHERE text <> ''"
	    " AND direction = 'tool' AND seq IN " SAID_BEFORE
	    " AND CAST(substr(event_id, 3) AS INTEGER) IN " WORDLESS,
	[STMT_FORGET_CALLS] =
	    "DELETE FROM turn_calls WHERE turn_seq IN (SELECT seq FROM turns"
	    " WHERE message_seq IN " WORDLESS
	    " AND state <> 'queued' AND state <> 'running')",
	[STMT_FORGET_TRACES_HEARD] = "DELETE FROM heard_traces"
				     " WHERE message_seq IN " WORDLESS,
	[STMT_FORGET_TRACES_TURN] =
	    "DELETE FROM turn_traces WHERE turn_seq IN (SELECT seq FROM turns"
	    " WHERE message_seq IN " WORDLESS
	    " AND state <> 'queued' AND state <> 'running')",
	[STMT_FORGET_OUTBOX_QUEUED] = "DELETE FROM outbox"
				      " WHERE state = 'queued'"
				      " AND message_seq IN " WORDLESS,
	[STMT_FORGET_OUTBOX_TEXT] =
	    "UPDATE outbox SET text = '' WHERE text <> ''"
	    " AND message_seq IN " WORDLESS,
#define FORGET_TASKS                                                           \
	" WHERE source_message_seq IN " WORDLESS                               \
	" AND status <> 'queued' AND status <> 'running'"                      \
	" AND prompt <> '(forgotten)'"
	[STMT_FORGET_PATHS] = "SELECT result_path FROM tasks" FORGET_TASKS
			      " AND result_path IS NOT NULL",
	[STMT_FORGET_TASKS] =
	    "UPDATE tasks SET title = '(forgotten)', prompt = '(forgotten)',"
	    " source_text = iif(source_text IS NULL, NULL, ''),"
	    " result_summary = iif(result_summary IS NULL, NULL,"
	    "  '(forgotten)')" FORGET_TASKS,
	[STMT_FORGET_LOG] =
	    "INSERT INTO log_files (context_id, written_seq, size_bytes,"
	    " is_behind, epoch) VALUES (?1, 0, 0, 1, 1)"
	    " ON CONFLICT (context_id) DO UPDATE SET written_seq = 0,"
	    " size_bytes = 0, is_behind = 1, epoch = epoch + 1",
	[STMT_SUMMARY_GET] = "SELECT seen_seq, n_turns, text FROM summaries"
			     " WHERE context_id = ?1",
	[STMT_SUMMARY_PUT] =
	    "INSERT INTO summaries (context_id, seen_seq, n_turns, text,"
	    " updated_ms) VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (context_id)"
	    " DO UPDATE SET seen_seq = ?2, n_turns = ?3, text = ?4,"
	    " updated_ms = ?5",
	[STMT_SUMMARY_ITEM_ADD] =
	    "INSERT INTO summary_items (seq, context_id, kind, who, text)"
	    " VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING",
	[STMT_SUMMARY_ITEMS] =
	    "SELECT seq, context_id, kind, who, text FROM summary_items"
	    " WHERE context_id = ?1 ORDER BY seq DESC",
	[STMT_SUMMARY_ANSWERED] =
	    "DELETE FROM summary_items WHERE context_id = ?1"
	    " AND kind = 'question' AND ?2 = (SELECT platform_id FROM messages"
	    "  WHERE messages.seq = summary_items.seq)",
	/* What the agent answered is open no longer, either. */
	[STMT_SUMMARY_PRUNE] =
	    "DELETE FROM summary_items WHERE context_id = ?1"
	    " AND ((kind = 'question' AND EXISTS (SELECT 1 FROM outbox"
	    "   WHERE in_reply_to_seq = summary_items.seq))"
	    "  OR (SELECT count(*) FROM summary_items o"
	    "   WHERE o.context_id = ?1 AND o.kind = summary_items.kind"
	    "   AND o.seq > summary_items.seq) >= ?2)",
	[STMT_SUMMARY_DROP_WORDLESS] =
	    "DELETE FROM summary_items WHERE context_id = ?1"
	    " AND (SELECT text FROM messages"
	    "  WHERE messages.seq = summary_items.seq) = ''",

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
	    " prompt, trigger_type, cron_expr, created_at_unix,"
	    " updated_at_unix, asked_by, asked_as, ends_at_unix)"
	    " VALUES (?1, ?2, ?3, ?4, ?5, 'schedule', ?6, ?7, ?7, ?8, ?9,"
	    " ?10)",
	[STMT_OBJECTIVES_LIVE] =
	    "SELECT count(*) FROM objectives WHERE asked_by = ?1"
	    " AND active = 1 AND (ends_at_unix IS NULL OR ends_at_unix > ?2)",
	[STMT_FILE_ADD] =
	    "INSERT INTO files (workspace_id, path, content, state,"
	    " updated_ms) VALUES (?1, ?2, ?3, 'pending', ?4)"
	    /* Under a new number: an older content that is being written just
	     * now must not count as this one. */
	    " ON CONFLICT (workspace_id, path) DO UPDATE SET"
	    " seq = (SELECT max(seq) + 1 FROM files), content = ?3,"
	    " state = 'pending', updated_ms = ?4",
	[STMT_FILES_PENDING] =
	    "SELECT seq, workspace_id, path, content FROM files"
	    " WHERE state = 'pending' AND seq > ?1 ORDER BY seq LIMIT ?2",
	[STMT_FILES_BENEATH] =
	    "SELECT seq, workspace_id, path, content FROM files"
	    " WHERE workspace_id = ?1 AND substr(path, 1, length(?2)) = ?2"
	    " AND state = 'pending'",
	[STMT_FILE_WRITTEN] = "UPDATE files SET state = 'written',"
			      " content = NULL, updated_ms = ?2 WHERE seq = ?1",

	[STMT_ATTACHMENT_ADD] =
	    "INSERT INTO attachments (instance, chat_id, event_id, number,"
	    " name, size_bytes, sha256, content, created_ms)"
	    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
	[STMT_ATTACHMENT_FIND] =
	    "SELECT seq, name, sha256, path FROM attachments"
	    " WHERE instance = ?1 AND chat_id = ?2 AND event_id = ?3"
	    " AND number = ?4",
	[STMT_ATTACHMENTS_HELD] = "SELECT coalesce(sum(size_bytes), 0)"
				  " FROM attachments WHERE path IS NULL",
	[STMT_ATTACHMENT_PATH_USED] = "SELECT 1 FROM attachments"
				      " WHERE workspace_id = ?1 AND path = ?2",
	[STMT_ATTACHMENT_TO_FILE] =
	    "INSERT INTO files (workspace_id, path, content, state,"
	    " updated_ms) SELECT ?2, ?3, content, 'pending', ?4"
	    " FROM attachments WHERE seq = ?1",
	[STMT_ATTACHMENT_NAMED] =
	    "UPDATE attachments SET workspace_id = ?2, path = ?3,"
	    " content = NULL WHERE seq = ?1",
	[STMT_ATTACHMENT_OWN_WRITE] =
	    "INSERT OR REPLACE INTO own_writes (workspace_id, path, sha256,"
	    " written_ms, seen_ms) SELECT ?2, ?3, sha256, ?4, 0"
	    " FROM attachments WHERE seq = ?1",
	[STMT_ATTACHMENTS_TIDY] =
	    "DELETE FROM attachments WHERE path IS NULL AND created_ms < ?1"
	    " AND seq IN (SELECT seq FROM attachments WHERE path IS NULL"
	    " ORDER BY created_ms LIMIT ?2)",

	[STMT_OWN_WRITE_ADD] =
	    "INSERT OR REPLACE INTO own_writes (workspace_id, path, sha256,"
	    " written_ms, seen_ms) VALUES (?1, ?2, ?3, ?4, 0)",
	[STMT_OWN_WRITE_SEEN] =
	    "UPDATE own_writes SET seen_ms = iif(seen_ms = 0, ?4, seen_ms)"
	    " WHERE workspace_id = ?1 AND path = ?2 AND sha256 = ?3"
	    " AND (seen_ms = 0 OR seen_ms > ?5)",
	[STMT_OWN_WRITES_TIDY] =
	    "DELETE FROM own_writes WHERE rowid IN (SELECT rowid FROM"
	    " own_writes WHERE written_ms < ?1 ORDER BY written_ms LIMIT ?2)",
	[STMT_DOCUMENT_NOTE] =
	    "INSERT OR REPLACE INTO document_changes (workspace_id, path,"
	    " change, sha256, at_ms) SELECT ?1, ?2, ?3, ?4, ?5"
	    " WHERE EXISTS (SELECT 1 FROM workspaces WHERE id = ?1)"
	    " AND NOT EXISTS (SELECT 1 FROM document_changes"
	    " WHERE workspace_id = ?1 AND path = ?2 AND sha256 = ?4"
	    " AND (change = 'vanished') = (?3 = 'vanished'))",
	[STMT_DOCUMENTS_TRIM] =
	    "DELETE FROM document_changes WHERE workspace_id = ?1 AND seq <="
	    " (SELECT seq FROM document_changes WHERE workspace_id = ?1"
	    " ORDER BY seq DESC LIMIT 1 OFFSET ?2)",

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
	    " tokens_cached, tokens_out) VALUES (?1, ?2, ?3, ?4, ?5, ?6)"
	    " ON CONFLICT (turn_seq) DO UPDATE SET model = ?2,"
	    " calls = calls + ?3, tokens_in = tokens_in + ?4,"
	    " tokens_cached = tokens_cached + ?5,"
	    " tokens_out = tokens_out + ?6",
	[STMT_USAGE_OF_TURN] =
	    "SELECT calls, tokens_in, tokens_cached, tokens_out, model"
	    " FROM usage_of_turns WHERE turn_seq = ?1",
	[STMT_USAGE_ADD] =
	    "INSERT INTO usage_of_days (day, scope, key, calls, tokens_in,"
	    " tokens_cached, tokens_out) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"
	    " ON CONFLICT (day, scope, key) DO UPDATE SET calls = calls + ?4,"
	    " tokens_in = tokens_in + ?5, tokens_cached = tokens_cached + ?6,"
	    " tokens_out = tokens_out + ?7",
	[STMT_USAGE_GET] =
	    "SELECT calls, tokens_in, tokens_cached, tokens_out"
	    " FROM usage_of_days WHERE day = ?1 AND scope = ?2 AND key = ?3",
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
	/* No index for what is asked once a week: it looks at the last. */
	[STMT_MESSAGES_NAMED] =
	    "SELECT seq, instance, chat_id FROM (SELECT seq, instance, chat_id,"
	    "  platform_id, event_id, cause FROM messages"
	    "  ORDER BY seq DESC LIMIT 50000)"
	    " WHERE ?1 IN (platform_id, event_id, cause)"
	    " UNION SELECT o.message_seq, o.instance, o.chat_id"
	    " FROM (SELECT seq, message_seq, instance, chat_id FROM outbox"
	    "  ORDER BY seq DESC LIMIT 20000) o"
	    " JOIN outbox_parts p ON p.outbox_seq = o.seq"
	    " WHERE p.platform_id = ?1 ORDER BY 1 DESC LIMIT 5",
	[STMT_MESSAGE_ANSWERED] =
	    "SELECT in_reply_to_seq FROM outbox WHERE message_seq = ?1"
	    " AND in_reply_to_seq IS NOT NULL ORDER BY seq LIMIT 1",
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
#define KEPT_TEXT                                                              \
	"iif(partial_of_seq IS NULL,"                                          \
	" (SELECT text FROM messages WHERE seq = message_seq), '')"
	/* Where we are no longer it is not even tried. */
	[STMT_OUTBOX_ADD] =
	    "INSERT INTO outbox (id, instance, connector, chat_id, context_id,"
	    " message_seq, in_reply_to_seq, task_id, reply_to_id, text,"
	    " is_urgent, is_handled, state, due_ms, created_ms, updated_ms,"
	    " action_id, has_buttons, edits_id, partial_of_seq, error)"
	    " SELECT ?1, ?2, ?3, ?4,"
	    " ?5, ?6, ?7, ?8, ?9, iif(a.reason IS NULL, ?10,"
	    "  (SELECT text FROM messages WHERE seq = ?6)), ?11, ?12,"
	    " iif(a.reason IS NULL, 'queued', 'failed'), ?13, ?13, ?13, ?14,"
	    " ?15, ?16, ?17, a.reason FROM (SELECT 1) LEFT JOIN absences a"
	    " ON a.instance = ?2 AND a.workspace_id ="
	    "  (SELECT workspace_id FROM contexts WHERE id = ?5)",
	[STMT_OUTBOX_GET] =
	    "SELECT " OUTBOX_COLUMNS " FROM outbox WHERE id = ?1",
	[STMT_OUTBOX_PARTIAL] =
	    "SELECT " OUTBOX_COLUMNS " FROM outbox WHERE partial_of_seq = ?1",
	[STMT_OUTBOX_OF_MESSAGE] =
	    "SELECT " OUTBOX_COLUMNS " FROM outbox WHERE in_reply_to_seq = ?1",
	[STMT_OUTBOX_NOTICE] =
	    "SELECT action_id FROM outbox WHERE instance = ?1"
	    " AND chat_id = ?2 AND action_id IS NOT NULL AND EXISTS"
	    " (SELECT 1 FROM outbox_parts p WHERE p.outbox_seq = outbox.seq"
	    "  AND p.platform_id = ?3) ORDER BY seq DESC LIMIT 1",
	[STMT_OUTBOX_IS_NOTICE] =
	    "SELECT 1 FROM outbox WHERE instance = ?1 AND chat_id IN (?2,"
	    "  (SELECT external_id FROM chat_aliases WHERE platform_id = ?2"
	    "   AND connector = substr(?1, 1, instr(?1, '.') - 1)))"
	    " AND action_id = ?3 LIMIT 1",
	[STMT_OUTBOX_CARDS] = "SELECT " OUTBOX_COLUMNS " FROM outbox"
			      " WHERE action_id = ?1 AND has_buttons = 1"
			      " ORDER BY seq",
	[STMT_OUTBOX_SHOWN] =
	    "SELECT p.part, p.platform_id FROM outbox o"
	    " JOIN outbox_parts p ON p.outbox_seq = o.seq"
	    " WHERE o.id = ?1 AND o.chat_id = ?2 AND o.state = 'sent'"
	    " AND p.platform_id <> ''"
	    " ORDER BY p.part DESC LIMIT 1",
	/*
	 * The oldest row of each chat, which keeps the order of a chat, found
	 * by jumping from chat to chat in the index, however many wait in one.
	 */
	[STMT_OUTBOX_DUE] =
	    "WITH RECURSIVE chats (chat) AS (SELECT min(chat_id) FROM outbox"
	    "  WHERE instance = ?1 AND state IN ('queued','sending')"
	    "  UNION ALL SELECT (SELECT min(chat_id) FROM outbox WHERE"
	    "   instance = ?1 AND state IN ('queued','sending')"
	    "   AND chat_id > chat) FROM chats WHERE chat IS NOT NULL)"
	    " SELECT " OUTBOX_COLUMNS " FROM outbox WHERE seq IN"
	    "  (SELECT (SELECT min(seq) FROM outbox WHERE instance = ?1"
	    "   AND state IN ('queued','sending') AND chat_id = chat)"
	    "   FROM chats WHERE chat IS NOT NULL)"
	    " AND ((state = 'queued' AND due_ms <= ?2)"
	    "  OR (state = 'sending' AND lease_until_ms <= ?2))"
	    " ORDER BY is_urgent DESC, seq LIMIT ?3",
	[STMT_OUTBOX_UPDATE] =
	    "UPDATE outbox SET state = ?2, attempt = ?3, lease = ?4,"
	    " lease_until_ms = ?5, due_ms = ?6, first_tried_ms = ?7,"
	    " n_parts_sent = ?8, is_part_uncertain = ?9, maybe_doubled = ?10,"
	    " error = ?11, updated_ms = ?12, text = CASE"
	    "  WHEN ?2 IN ('sent','failed') THEN " KEPT_TEXT " ELSE text END"
	    " WHERE id = ?1",
	[STMT_OUTBOX_PART] =
	    "INSERT INTO outbox_parts (outbox_seq, part, state, platform_id,"
	    " at_ms) SELECT seq, ?2, ?3, ?4, ?5 FROM outbox WHERE id = ?1"
	    " ON CONFLICT (outbox_seq, part) DO UPDATE SET state = ?3,"
	    " platform_id = ?4, at_ms = ?5 WHERE state = 'begun'",
	[STMT_OUTBOX_SENT] =
	    "UPDATE outbox SET state = 'sent', lease = '', lease_until_ms = 0,"
	    " is_part_uncertain = 0, error = NULL, updated_ms = ?2,"
	    " text = " KEPT_TEXT " WHERE id = ?1",
	[STMT_OUTBOX_RELEASE] =
	    "UPDATE outbox SET state = 'queued', lease = '',"
	    " lease_until_ms = 0, n_deaths = n_deaths + ?3, updated_ms = ?2"
	    " WHERE state = 'sending' AND instance = ?1",
	/* Nothing is counted while nobody is to blame. */
	[STMT_OUTBOX_UNDER_WAY] =
	    "SELECT count(*), coalesce(max(n_deaths), 0) FROM outbox"
	    " WHERE state = 'sending' AND instance = ?1"
	    " AND lease_until_ms > ?2 AND EXISTS (SELECT 1 FROM outbox s"
	    "  WHERE s.instance = ?1 AND s.n_deaths > 0"
	    "  AND s.state IN ('queued','sending'))",
	[STMT_OUTBOX_POISON] = "SELECT " OUTBOX_COLUMNS " FROM outbox"
			       " WHERE instance = ?1 AND n_deaths >= ?2"
			       " AND n_deaths > 0"
			       " AND state IN ('queued','sending')",
	[STMT_OUTBOX_END_PLACE] =
	    "UPDATE outbox SET state = 'failed', lease = '',"
	    " lease_until_ms = 0, error = ?3, updated_ms = ?4,"
	    " text = " KEPT_TEXT " WHERE instance = ?1"
	    " AND state IN ('queued','sending') AND context_id IN"
	    "  (SELECT id FROM contexts WHERE workspace_id = ?2)",
	/* What is leased goes on: the platform names the new chat to whoever
	 * writes to the old one. */
	[STMT_OUTBOX_MOVE] = "UPDATE outbox SET chat_id = ?3, reply_to_id = '',"
			     " due_ms = min(due_ms, ?4), updated_ms = ?4"
			     " WHERE connector = ?1 AND chat_id = ?2"
			     " AND state IN ('queued','sending')",
	[STMT_OUTBOX_INSTANCES] =
	    "WITH RECURSIVE all_of (x) AS (SELECT min(instance) FROM outbox"
	    "  WHERE state IN ('queued','sending')"
	    "  UNION ALL SELECT (SELECT min(instance) FROM outbox WHERE"
	    "   state IN ('queued','sending') AND instance > x)"
	    "   FROM all_of WHERE x IS NOT NULL)"
	    " SELECT x FROM all_of WHERE x IS NOT NULL AND EXISTS"
	    "  (SELECT 1 FROM outbox WHERE instance = x"
	    "   AND state IN ('queued','sending') AND due_ms <= ?1)",

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

	[STMT_REPLY_GET] =
	    "SELECT bytes FROM replies WHERE door = ?1 AND id = ?2",
	[STMT_REPLY_PUT] = "INSERT INTO replies (door, id, bytes, at_ms)"
			   " VALUES (?1, ?2, ?3, ?4)",
	/* Ids grow with time, so the oldest are found without an index. */
	[STMT_REPLIES_TIDY] = "DELETE FROM replies WHERE at_ms < ?1 AND id IN"
			      " (SELECT id FROM replies ORDER BY id LIMIT ?2)",
	[STMT_FILES_TIDY] =
	    "DELETE FROM files WHERE state = 'written' AND updated_ms < ?1"
	    " AND seq IN (SELECT seq FROM files ORDER BY seq LIMIT ?2)",
#define WINDOW_IS_OVER "(ends_ms <= ?4 OR began_ms > ?4)"
	[STMT_ALLOWANCE_TAKE] =
	    "INSERT INTO allowances (key, began_ms, ends_ms, used)"
	    " SELECT ?1, ?4, ?3, 1 WHERE ?2 > 0 ON CONFLICT (key) DO UPDATE"
	    " SET began_ms = iif(" WINDOW_IS_OVER ", ?4, began_ms),"
	    " ends_ms = iif(" WINDOW_IS_OVER ", ?3, ends_ms),"
	    " used = iif(" WINDOW_IS_OVER ", 1, used + 1)"
	    " WHERE " WINDOW_IS_OVER " OR used < ?2",
	[STMT_ALLOWANCE_USED] =
	    "SELECT used FROM allowances WHERE key = ?1 AND ends_ms > ?2"
	    " AND began_ms <= ?2",
	[STMT_ALLOWANCES_TIDY] =
	    "DELETE FROM allowances WHERE key IN (SELECT key FROM allowances"
	    " WHERE ends_ms <= ?1 ORDER BY ends_ms LIMIT ?2)",
	[STMT_CURSOR_GET] = "SELECT cursor, version, was_clean_stop"
			    " FROM cursors WHERE instance = ?1",
	[STMT_CURSOR_PUT] =
	    "INSERT INTO cursors (instance, cursor, version, was_clean_stop,"
	    " updated_ms) VALUES (?1, ?2, ?3, ?4, ?5)"
	    " ON CONFLICT (instance) DO UPDATE SET cursor = ?2, version = ?3,"
	    " was_clean_stop = ?4, updated_ms = ?5",
	[STMT_CURSOR_MOVE] =
	    "INSERT INTO cursors (instance, cursor, was_clean_stop,"
	    " updated_ms) VALUES (?1, ?2, 0, ?3)"
	    " ON CONFLICT (instance) DO UPDATE SET cursor = ?2,"
	    " was_clean_stop = 0, updated_ms = ?3",

	[STMT_SUSPECTS_BEGIN] =
	    "UPDATE suspects SET is_current = 0 WHERE instance = ?1",
	[STMT_SUSPECTS_CLEAR] =
	    "DELETE FROM suspects WHERE instance = ?1 AND n < ?2",
	[STMT_SUSPECTS_SURVIVED] =
	    "DELETE FROM suspects WHERE instance = ?1 AND is_current = 1"
	    " AND update_id <> ?2 AND n < ?3",
	[STMT_SUSPECT_GET] = "SELECT n, is_current FROM suspects"
			     " WHERE instance = ?1 AND update_id = ?2",
	[STMT_SUSPECT_PUT] =
	    "INSERT INTO suspects (instance, update_id, n, is_current,"
	    " updated_ms) VALUES (?1, ?2, ?3, 1, ?4)"
	    " ON CONFLICT (instance, update_id) DO UPDATE SET n = ?3,"
	    " is_current = 1, updated_ms = ?4",
	[STMT_SUSPECTS_NAMED] =
	    "SELECT count(*) FROM suspects WHERE instance = ?1"
	    " AND is_current = 1 AND updated_ms > ?2",
	[STMT_SUSPECTS_TIDY] =
	    "DELETE FROM suspects WHERE (instance, update_id) IN"
	    " (SELECT instance, update_id FROM suspects"
	    " WHERE updated_ms < ?1 LIMIT ?2)",

	[STMT_COMPONENT_PUT] =
	    "INSERT INTO components (name, state, message, needs_person,"
	    " since_ms) VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (name)"
	    " DO UPDATE SET state = ?2, message = ?3, needs_person = ?4,"
	    " since_ms = ?5 WHERE state <> ?2 OR needs_person <> ?4"
	    " OR (?4 = 1 AND message <> ?3)",
	/* What recovers may be told at once: there was trouble before it. */
	[STMT_COMPONENTS_NEWS] =
	    "SELECT name, state, message, needs_person, since_ms, told,"
	    " told_ms, " COMPONENT_NEWS " FROM components"
	    " WHERE told <> " COMPONENT_NEWS " AND (" COMPONENT_NEWS " = ''"
	    "  OR told_ms <= ?1 - ?2 OR told_ms > ?1) ORDER BY name",
	[STMT_COMPONENT_TOLD] =
	    "UPDATE components SET told = ?2, told_ms = ?3 WHERE name = ?1",
	[STMT_COMPONENTS_DEAD] =
	    "SELECT name FROM components WHERE needs_person = 1"
	    " OR state IN ('stale','missing','failing') ORDER BY name",

	[STMT_TOKEN_ADD] =
	    "INSERT INTO tokens (name, token_sha256, connector, external_id,"
	    " created_unix) VALUES (?1, ?2, ?3, ?4, ?5)"
	    " ON CONFLICT (name) DO NOTHING",
	[STMT_TOKEN_FIND] = "SELECT name, connector, external_id, created_unix,"
			    " last_used_unix, token_sha256 FROM tokens"
			    " WHERE token_sha256 = ?1 AND revoked_unix IS NULL",
	[STMT_TOKEN_GET] = "SELECT name, connector, external_id, created_unix,"
			   " last_used_unix FROM tokens"
			   " WHERE name = ?1 AND revoked_unix IS NULL",
	[STMT_TOKEN_USED] =
	    "UPDATE tokens SET last_used_unix = ?2 WHERE name = ?1",
	[STMT_TOKEN_REVOKE] = "UPDATE tokens SET revoked_unix = ?2"
			      " WHERE name = ?1 AND revoked_unix IS NULL",
	[STMT_TOKENS_LIST] =
	    "SELECT name, connector, external_id, created_unix,"
	    " last_used_unix, revoked_unix IS NOT NULL FROM tokens"
	    " ORDER BY created_unix, name LIMIT 500",

	[STMT_AUDIT_ADD] = "INSERT INTO audit (" AUDIT_COLUMNS ")"
			   " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10,"
			   " ?11, ?12, ?13, ?14, ?15, ?16)",
	/* The number given last, which may be of a row that is gone. */
	[STMT_AUDIT_LAST] =
	    "SELECT (SELECT seq FROM sqlite_sequence WHERE name = 'audit'),"
	    " (SELECT max(seq) FROM audit),"
	    " (SELECT hash FROM audit ORDER BY seq DESC LIMIT 1)",
	[STMT_AUDIT_HASH] = "SELECT hash FROM audit WHERE seq = ?1",
	[STMT_AUDIT_KEY] = "SELECT subject FROM audit"
			   " WHERE operation = 'audit.key'"
			   " ORDER BY seq DESC LIMIT 1",
	[STMT_AUDIT_CHAIN] = "SELECT " AUDIT_COLUMNS
			     " FROM audit WHERE seq > ?1 ORDER BY seq LIMIT ?2",
	[STMT_AUDIT_OLDEST] = "SELECT " AUDIT_COLUMNS " FROM audit"
			      " WHERE " AUDIT_FILTER " ORDER BY seq LIMIT ?9",
	[STMT_AUDIT_NEWEST] =
	    "SELECT " AUDIT_COLUMNS " FROM audit"
	    " WHERE " AUDIT_FILTER " ORDER BY seq DESC LIMIT ?9",

	[STMT_COUNTS] =
	    "SELECT 'tasks.' || status, count(*) FROM tasks GROUP BY status"
	    " UNION ALL SELECT 'turns.' || state, count(*) FROM turns"
	    " WHERE state = 'queued'"
	    " UNION ALL SELECT 'turns.' || state, count(*) FROM turns"
	    " WHERE state = 'running'"
	    " UNION ALL SELECT CASE WHEN instance LIKE 'api.%' AND"
	    " state <> 'sent' THEN 'outbox.undelivered'"
	    " ELSE 'outbox.' || state END, count(*) FROM outbox GROUP BY 1"
	    " UNION ALL SELECT 'outbox.maybe_doubled', count(*) FROM outbox"
	    " WHERE maybe_doubled = 1"
	    " UNION ALL SELECT 'files.waiting', count(*) FROM files"
	    " WHERE state = 'pending'"
	    " UNION ALL SELECT 'logs.behind', count(*) FROM log_files"
	    " WHERE is_behind = 1",
	[STMT_COUNT_TASKS] = "SELECT count(*) FROM tasks"
			     " WHERE workspace_id = ?1 AND status = ?2",
};
