/* What is said and written: messages, logs, files, the outbox. */

#include "services/task-engine/store/statements.h"

#define MESSAGE_COLUMNS                                                        \
	"seq, instance, chat_id, event_id, direction, workspace_id,"           \
	" context_id, actor, actor_name, said_by, said_as, platform_id,"       \
	" reply_to_id, text, body_sha256, cause, at_ms, is_addressed, "        \
	"is_edit,"                                                             \
	" heard_ms"

#define OUTBOX_COLUMNS                                                         \
	"id, instance, connector, chat_id, context_id, message_seq,"           \
	" in_reply_to_seq, task_id, action_id, has_buttons, edits_id,"         \
	" partial_of_seq,"                                                     \
	" reply_to_id, text, is_urgent, is_handled, state, attempt, lease,"    \
	" lease_until_ms, due_ms, first_tried_ms, n_parts_sent,"               \
	" is_part_uncertain, maybe_doubled, error, created_ms, n_deaths"

/* In the words of the index of what waits. */
#define IS_SENDING "state IN ('queued','sending') AND state = 'sending'"

/* While it is being forgotten, nothing from before that is shown. */
#define FIRST_SHOWN                                                            \
	"(SELECT coalesce(max(before_seq), 0) FROM forgettings"                \
	" WHERE forgettings.context_id = ?1)"

const char *const stmt_texts_talk[STMT_COUNT] = {
	[STMT_MESSAGE_ADD] =
	    "INSERT INTO messages (instance, chat_id, event_id, direction,"
	    " workspace_id, context_id, actor, actor_name, said_by, said_as,"
	    " platform_id, reply_to_id, text, body_sha256, cause, at_ms,"
	    " is_addressed, is_edit, heard_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6,"
	    " ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)"
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
	    "  WHERE context_id = ?1 AND seq < ?2 AND seq >= " FIRST_SHOWN
	    "  ORDER BY seq DESC LIMIT ?3)"
	    " UNION ALL SELECT seq FROM messages WHERE context_id = ?1"
	    "  AND seq < ?2 AND seq > (SELECT coalesce(max(CAST(value AS"
	    "  INTEGER)), 0) FROM kv WHERE key = 'logs_done')"
	    "  AND seq >= " FIRST_SHOWN ") ORDER BY seq DESC LIMIT ?3",
	/* None while something is being forgotten: what is hidden just now must
	 * not count as seen. */
	[STMT_MESSAGES_SINCE] =
	    "SELECT count(*), count(*) FILTER (WHERE direction = 'inbound'"
	    "  AND text <> '' AND text NOT GLOB '/*')"
	    " FROM messages WHERE NOT EXISTS"
	    " (SELECT 1 FROM forgettings WHERE forgettings.context_id = ?1)"
	    " AND seq IN"
	    " (SELECT seq FROM (SELECT seq FROM message_order"
	    "  WHERE context_id = ?1 AND seq > ?2 ORDER BY seq DESC LIMIT ?3)"
	    " UNION ALL SELECT seq FROM messages WHERE context_id = ?1"
	    "  AND seq > ?2 AND seq > (SELECT coalesce(max(CAST(value AS"
	    "  INTEGER)), 0) FROM kv WHERE key = 'logs_done'))",
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
	[STMT_LOG_LINES] =
	    LOG_LINE " WHERE seq > ?1 AND NOT EXISTS (SELECT 1"
		     "  FROM forgettings f WHERE messages.seq < f.before_seq"
		     "  AND f.context_id = messages.context_id)"
		     " ORDER BY seq LIMIT ?2",
	[STMT_LOG_LINES_OF] =
	    LOG_LINE " WHERE seq IN (SELECT seq FROM message_order"
		     " WHERE context_id = ?1 AND seq > ?2"
		     " AND seq >= " FIRST_SHOWN " ORDER BY seq"
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

/* What was said in a context from a message on, up to another, ordered yet or
 * not. */
#define SAID                                                                   \
	"(SELECT seq FROM message_order WHERE context_id = ?1 AND seq >= ?2"   \
	"  AND seq < ?3 UNION ALL SELECT seq FROM messages"                    \
	" WHERE context_id = ?1 AND seq < ?3 AND seq > max(?2 - 1,"            \
	"  (SELECT coalesce(max(CAST(value AS INTEGER)), 0) FROM kv"           \
	"   WHERE key = 'logs_done')))"
/* … of that, what has no words any more. */
#define WORDLESS                                                               \
	"(SELECT seq FROM messages WHERE seq IN " SAID " AND text = '')"
/* What is being answered or sent; by the indexes of what waits or runs. */
#define IN_WORK                                                                \
	"(SELECT message_seq FROM turns WHERE state = 'queued'"                \
	"  AND +message_seq IS NOT NULL UNION SELECT message_seq FROM turns"   \
	"  WHERE state = 'running' AND +message_seq IS NOT NULL"               \
	" UNION SELECT message_seq FROM outbox WHERE " IS_SENDING              \
	"  AND partial_of_seq IS NULL)"
#define IS_PARTIAL_WAITING                                                     \
	"state IN ('queued','sending') AND partial_of_seq IS NOT NULL"
#define NO_WORDS "'\xe2\x80\xa6'"
	/* Where the next slice begins; no row: this is the last. */
	[STMT_FORGET_NEXT_SLICE] =
	    "SELECT seq FROM message_order WHERE context_id = ?1"
	    " AND seq >= ?2 AND seq < ?3 ORDER BY seq LIMIT 1 OFFSET ?4",
	[STMT_FORGET_MESSAGES] =
	    "UPDATE messages SET text = '', actor_name = ''"
	    " WHERE seq IN " SAID " AND text <> ''"
	    " AND (?4 = '' OR said_by = ?4) AND seq NOT IN " IN_WORK,
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
	/* What the api was answered of such a task, should it ask again. */
	[STMT_FORGET_REPLIES] =
	    "UPDATE replies SET bytes = CAST(json_replace(CAST(bytes AS TEXT),"
	    " '$.body.task.title', '(forgotten)',"
	    " '$.body.task.prompt', '(forgotten)',"
	    " '$.body.task.source_text', '',"
	    " '$.body.task.result_summary', '(forgotten)') AS BLOB)"
	    " WHERE instr(CAST(bytes AS TEXT), '\"task\":{') > 0"
	    " AND json_extract(CAST(bytes AS TEXT), '$.body.task.id') IN"
	    "  (SELECT id FROM tasks WHERE source_message_seq IN " WORDLESS
	    "   AND prompt = '(forgotten)')",
	/* To messages, and the ends of tasks that were made of them; what was
	 * answered since tells of the forgetting itself. */
	[STMT_FORGET_ANSWERS] =
	    "UPDATE messages SET text = '' WHERE text <> '' AND seq < ?4"
	    " AND seq IN"
	    " (SELECT message_seq FROM outbox WHERE context_id = ?1"
	    "  AND state <> 'sending' AND in_reply_to_seq IN " WORDLESS
	    "  UNION SELECT message_seq FROM outbox WHERE context_id = ?1"
	    "  AND state <> 'sending' AND task_id IN (SELECT id FROM tasks"
	    "   WHERE source_message_seq IN " WORDLESS "))",
	/* What may name such a task otherwise: that it was begun. */
	[STMT_FORGET_TELLERS] =
	    "SELECT seq, text FROM messages WHERE seq IN " SAID
	    " AND direction = 'outbound' AND instr(text, '`') > 0"
	    " AND seq NOT IN " IN_WORK,
	[STMT_FORGET_TOLD] = "UPDATE messages SET text = '' WHERE seq = ?1",
	[STMT_TASK_IS_FORGOTTEN] =
	    "SELECT 1 FROM tasks WHERE id = ?1 AND prompt = '(forgotten)'",
	[STMT_TASKS_ARE_FORGOTTEN] = "SELECT 1 FROM tasks WHERE context_id = ?1"
				     " AND prompt = '(forgotten)' LIMIT 1",
	/* Their event id is t:<message>:<call>. */
	[STMT_FORGET_TOOLS] =
	    "UPDATE messages SET text = '' WHERE text <> ''"
	    " AND direction = 'tool' AND seq IN " SAID
	    " AND (SELECT text FROM messages q WHERE q.seq ="
	    "  CAST(substr(messages.event_id, 3) AS INTEGER)) = ''",
/* A task that is tried again is no answer to its message. */
#define WORDLESS_TURNS                                                         \
	"(SELECT seq FROM turns WHERE message_seq IN " WORDLESS                \
	"  AND state <> 'queued' AND state <> 'running'"                       \
	" UNION SELECT seq FROM turns WHERE task_id IN (SELECT id FROM tasks"  \
	"   WHERE source_message_seq IN " WORDLESS ")"                         \
	"  AND state <> 'queued' AND state <> 'running')"
	[STMT_FORGET_CALLS] =
	    "DELETE FROM turn_calls WHERE turn_seq IN " WORDLESS_TURNS,
	[STMT_FORGET_TRACES_HEARD] = "DELETE FROM heard_traces"
				     " WHERE message_seq IN " WORDLESS,
	[STMT_FORGET_TRACES_TURN] =
	    "DELETE FROM turn_traces WHERE turn_seq IN " WORDLESS_TURNS,
#define WORDLESS_OUTBOX                                                        \
	"(message_seq IN " WORDLESS " OR (state <> 'sending'"                  \
	" AND message_seq < ?4 AND in_reply_to_seq IN " WORDLESS "))"
	/* Of an answer that is shown while it is made what is not told yet
	 * stays as a row: what takes its place follows it. */
	[STMT_FORGET_OUTBOX_QUEUED] = "DELETE FROM outbox"
				      " WHERE state = 'queued'"
				      " AND partial_of_seq IS NULL"
				      " AND " WORDLESS_OUTBOX,
	/* What is yet to be told cannot be empty. */
	[STMT_FORGET_OUTBOX_TEXT] =
	    "UPDATE outbox SET text = iif(" IS_PARTIAL_WAITING ", " NO_WORDS
	    ", '') WHERE text <> '' AND " WORDLESS_OUTBOX,
/* Answers that wait while the slices go on: none of them is sent. */
#define WAITING                                                                \
	" state IN ('queued','sending') AND state = 'queued'"                  \
	" AND context_id = ?1 AND +message_seq < ?2 AND partial_of_seq IS "    \
	"NULL"                                                                 \
	" AND (?3 = '' OR EXISTS (SELECT 1 FROM messages q"                    \
	"  WHERE q.seq = in_reply_to_seq AND q.said_by = ?3)"                  \
	" OR EXISTS (SELECT 1 FROM tasks k JOIN messages q"                    \
	"  ON q.seq = k.source_message_seq"                                    \
	"  WHERE k.id = outbox.task_id AND q.said_by = ?3))"
	[STMT_FORGET_WAITING_TEXT] =
	    "UPDATE messages SET text = '' WHERE text <> '' AND seq IN"
	    " (SELECT message_seq FROM outbox WHERE" WAITING ")",
	[STMT_FORGET_WAITING] = "DELETE FROM outbox WHERE" WAITING,
	/* What is shown of answers that are made just then. */
	[STMT_FORGET_WAITING_PARTIALS] =
	    "UPDATE outbox SET text = " NO_WORDS " WHERE " IS_PARTIAL_WAITING
	    " AND context_id = ?1 AND message_seq < ?2"
	    " AND (?3 = '' OR EXISTS (SELECT 1 FROM messages q"
	    "  WHERE q.seq = partial_of_seq AND q.said_by = ?3))",
	[STMT_FORGET_SUMMARY_ITEMS] =
	    "DELETE FROM summary_items WHERE context_id = ?1 AND seq < ?2"
	    " AND (?3 = '' OR (SELECT said_by FROM messages"
	    "  WHERE messages.seq = summary_items.seq) = ?3)",
	[STMT_FORGETTING_ADD] =
	    "INSERT INTO forgettings (context_id, before_seq, next_seq,"
	    " said_by, asked_by, n_messages, n_answers, n_tasks)"
	    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
	[STMT_FORGETTING_NEXT] =
	    "SELECT seq, context_id, before_seq, next_seq, said_by, asked_by,"
	    " n_messages, n_answers, n_tasks FROM forgettings"
	    " ORDER BY seq LIMIT 1",
	[STMT_FORGETTING_PUT] =
	    "UPDATE forgettings SET next_seq = ?2, n_messages = ?3,"
	    " n_answers = ?4, n_tasks = ?5 WHERE seq = ?1",
	[STMT_FORGETTING_END] = "DELETE FROM forgettings WHERE seq = ?1",
	[STMT_FORGET_LOG] =
	    "INSERT INTO log_files (context_id, written_seq, size_bytes,"
	    " is_behind, epoch) VALUES (?1, 0, 0, 1, 1)"
	    " ON CONFLICT (context_id) DO UPDATE SET written_seq = 0,"
	    " size_bytes = 0, is_behind = 1, epoch = epoch + 1",
	[STMT_SUMMARY_GET] =
	    "SELECT seen_seq, n_turns, text, refined, refined_by, refined_seq,"
	    " attempts, generation FROM summaries WHERE context_id = ?1",
	[STMT_SUMMARY_PUT] =
	    "INSERT INTO summaries (context_id, seen_seq, n_turns, text,"
	    " refined, refined_by, refined_seq, attempts, generation,"
	    " updated_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"
	    " ON CONFLICT (context_id) DO UPDATE SET seen_seq = ?2,"
	    " n_turns = ?3, text = ?4, refined = ?5, refined_by = ?6,"
	    " refined_seq = ?7, attempts = ?8, generation = ?9,"
	    " updated_ms = ?10",
	/* The conversations that are spoken in now first. */
	[STMT_SUMMARIES_PLAIN] =
	    "SELECT context_id FROM summaries"
	    " WHERE refined_seq < seen_seq AND attempts < 3"
	    " ORDER BY updated_ms DESC LIMIT ?1",
	[STMT_SUMMARY_ATTEMPT] = "UPDATE summaries SET attempts = attempts + ?2"
				 " WHERE context_id = ?1",
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
	/* Its buttons are under the last of the parts that were begun. */
	[STMT_OUTBOX_COPY] =
	    "INSERT INTO outbox (id, instance, connector, chat_id, context_id,"
	    " message_seq, action_id, has_buttons, text, is_urgent, is_handled,"
	    " state, due_ms, created_ms, updated_ms, n_parts_sent)"
	    " SELECT ?1, instance, connector, chat_id, context_id,"
	    " message_seq, action_id, has_buttons, " KEPT_TEXT ","
	    " is_urgent, is_handled, 'sent', ?6, ?6, ?6, 1 + coalesce("
	    "  (SELECT max(part) FROM outbox_parts WHERE outbox_seq = seq), 0)"
	    " FROM outbox WHERE action_id = ?4 AND has_buttons = 1"
	    " AND instance = ?2 AND chat_id = ?3"
	    " AND (attempt > 1 OR is_part_uncertain = 1)"
	    " AND NOT EXISTS (SELECT 1 FROM outbox o"
	    "  JOIN outbox_parts p ON p.outbox_seq = o.seq"
	    "  WHERE o.instance = ?2 AND o.chat_id = ?3"
	    "  AND o.action_id IS NOT NULL AND p.platform_id = ?5)"
	    " ORDER BY seq LIMIT 1",
	[STMT_OUTBOX_COPY_PART] =
	    "INSERT INTO outbox_parts (outbox_seq, part, state, platform_id,"
	    " at_ms) SELECT seq, n_parts_sent - 1, 'sent', ?2, ?3"
	    " FROM outbox WHERE id = ?1",
	/* Said by a change of a card: with the action's id too. */
	[STMT_OUTBOX_TOLD] =
	    "SELECT m.seq, m.text FROM outbox o JOIN messages m"
	    " ON m.seq = o.message_seq WHERE o.instance = ?1"
	    " AND o.chat_id = ?2 AND o.action_id IS NOT NULL"
	    " AND o.action_id = ?3 AND o.edits_id <> ''"
	    " ORDER BY o.seq DESC LIMIT 1",
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
	[STMT_OUTBOX_LEASED] = "SELECT " OUTBOX_COLUMNS " FROM outbox"
			       " WHERE instance = ?1 AND lease = ?2"
			       " AND lease <> '' AND lease_until_ms > ?3"
			       " ORDER BY is_urgent DESC, seq",
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
	    " lease_until_ms = 0, n_deaths = max(n_deaths + ?3, ?4),"
	    " updated_ms = ?2"
	    " WHERE " IS_SENDING " AND instance = ?1",
	/* Nothing is counted while nobody is to blame. */
	[STMT_OUTBOX_UNDER_WAY] =
	    "SELECT count(*), coalesce(sum(n_deaths > 0), 0) FROM outbox"
	    " WHERE " IS_SENDING " AND instance = ?1"
	    " AND lease_until_ms > ?2 AND (?3 OR EXISTS (SELECT 1 FROM outbox s"
	    "  WHERE s.instance = ?1 AND s.n_deaths > 0"
	    "  AND s.state IN ('queued','sending')))",
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

	[STMT_FILES_TIDY] =
	    "DELETE FROM files WHERE state = 'written' AND updated_ms < ?1"
	    " AND seq IN (SELECT seq FROM files ORDER BY seq LIMIT ?2)",
};
