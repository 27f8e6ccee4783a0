/* The tables and indexes, as the list of migrations that made them. */

#include "services/task-engine/store/schema.h"

static const char *const version_1[] = {
	/* People. An account that has no identity row is a guest. */
	"CREATE TABLE users ("
	" id TEXT PRIMARY KEY, email TEXT, display_name TEXT NOT NULL,"
	" created_at TEXT NOT NULL DEFAULT (datetime('now'))) STRICT;"
	"CREATE TABLE roles ("
	" user_id TEXT NOT NULL REFERENCES users(id) ON DELETE CASCADE,"
	" workspace_id TEXT NOT NULL," /* or '*' */
	" role TEXT NOT NULL CHECK (role IN"
	"  ('overlord','admin','operator','member','viewer')),"
	" PRIMARY KEY (user_id, workspace_id),"
	" CHECK (role <> 'overlord' OR workspace_id = '*')"
	") STRICT, WITHOUT ROWID;"
	"CREATE TABLE identities ("
	" id TEXT PRIMARY KEY,"
	" user_id TEXT NOT NULL REFERENCES users(id) ON DELETE CASCADE,"
	" connector TEXT NOT NULL, connector_user_id TEXT NOT NULL,"
	" verified INTEGER NOT NULL DEFAULT 0 CHECK (verified IN (0, 1)),"
	" created_at TEXT NOT NULL DEFAULT (datetime('now')),"
	" UNIQUE (connector, connector_user_id)) STRICT;"
	"CREATE INDEX identities_user ON identities (user_id);"
	"INSERT INTO users (id, display_name)"
	" VALUES ('local', 'The person at the machine');"
	"INSERT INTO roles (user_id, workspace_id, role)"
	" VALUES ('local', '*', 'overlord');"
	"CREATE TABLE tokens ("
	" name TEXT PRIMARY KEY, token_sha256 TEXT NOT NULL UNIQUE,"
	" connector TEXT NOT NULL, external_id TEXT NOT NULL,"
	" created_unix INTEGER NOT NULL, last_used_unix INTEGER NOT NULL "
	"DEFAULT 0,"
	" revoked_unix INTEGER) STRICT;",

	/* Places. */
	"CREATE TABLE workspaces ("
	" id TEXT PRIMARY KEY, slug TEXT NOT NULL UNIQUE, name TEXT NOT NULL,"
	" kind TEXT NOT NULL CHECK (kind IN"
	"  ('community','private','session','mailbox')),"
	" owner_user_id TEXT REFERENCES users(id) ON DELETE SET NULL,"
	" created_at TEXT NOT NULL DEFAULT (datetime('now')),"
	" created_ms INTEGER NOT NULL) STRICT;"
	"CREATE INDEX workspaces_owner ON workspaces (owner_user_id)"
	" WHERE owner_user_id IS NOT NULL;"
	"CREATE TABLE contexts ("
	" id TEXT PRIMARY KEY,"
	" workspace_id TEXT NOT NULL REFERENCES workspaces(id) ON DELETE "
	"CASCADE,"
	" connector TEXT NOT NULL, external_id TEXT NOT NULL,"
	" parent_external_id TEXT NOT NULL DEFAULT '',"
	" name TEXT NOT NULL DEFAULT '', instance TEXT NOT NULL,"
	" system_prompt TEXT NOT NULL DEFAULT '',"
	" is_admin INTEGER NOT NULL DEFAULT 0 CHECK (is_admin IN (0, 1)),"
	" is_direct INTEGER NOT NULL DEFAULT 0 CHECK (is_direct IN (0, 1)),"
	" created_at TEXT NOT NULL DEFAULT (datetime('now')),"
	" created_ms INTEGER NOT NULL,"
	" UNIQUE (connector, external_id)) STRICT;"
	"CREATE INDEX contexts_workspace ON contexts (workspace_id);",

	/*
	 * What was said. In the unique key the event comes before its chat:
	 * events grow with time, so a commit of messages from many chats
	 * writes one page of the index and not one for each. And a CHECK with
	 * OR costs nothing, where an IN of three words is a table that is made
	 * anew for every row.
	 */
	"CREATE TABLE messages ("
	" seq INTEGER PRIMARY KEY, instance TEXT NOT NULL, chat_id TEXT NOT "
	"NULL,"
	" event_id TEXT NOT NULL,"
	" direction TEXT NOT NULL CHECK (direction = 'inbound'"
	"  OR direction = 'outbound' OR direction = 'tool'),"
	" workspace_id TEXT NOT NULL REFERENCES workspaces(id) ON DELETE "
	"CASCADE,"
	" context_id TEXT NOT NULL REFERENCES contexts(id) ON DELETE CASCADE,"
	" actor TEXT NOT NULL, actor_name TEXT NOT NULL DEFAULT '',"
	" actor_kind TEXT NOT NULL DEFAULT '' CHECK (actor_kind = ''"
	"  OR actor_kind = 'guest' OR actor_kind = 'tool'"
	"  OR actor_kind = 'local'),"
	" platform_id TEXT NOT NULL DEFAULT '',"
	" reply_to_id TEXT NOT NULL DEFAULT '', text TEXT NOT NULL,"
	" body_sha256 TEXT NOT NULL DEFAULT '', cause TEXT NOT NULL DEFAULT '',"
	" at_ms INTEGER NOT NULL,"
	" is_addressed INTEGER NOT NULL DEFAULT 0 CHECK (is_addressed IN (0, "
	"1)),"
	" is_edit INTEGER NOT NULL DEFAULT 0 CHECK (is_edit IN (0, 1)),"
	" UNIQUE (instance, event_id, chat_id)) STRICT;"
	/*
	 * The messages of each context, in order. Filled from behind, together
	 * with the chat logs (logs_done in kv says how far): as an index of
	 * messages it would cost every inbound message a page of its own.
	 */
	"CREATE TABLE message_order ("
	" context_id TEXT NOT NULL, seq INTEGER NOT NULL,"
	" PRIMARY KEY (context_id, seq)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE cursors ("
	" instance TEXT PRIMARY KEY, cursor TEXT NOT NULL DEFAULT '',"
	" was_clean_stop INTEGER NOT NULL DEFAULT 1 CHECK"
	"  (was_clean_stop IN (0, 1)),"
	" version TEXT NOT NULL DEFAULT '', updated_ms INTEGER NOT NULL"
	") STRICT, WITHOUT ROWID;",

	/* Work. The columns up to updated_at_unix are the predecessor's. */
	"CREATE TABLE tasks ("
	" id TEXT PRIMARY KEY,"
	" workspace_id TEXT NOT NULL REFERENCES workspaces(id) ON DELETE "
	"CASCADE,"
	" context_id TEXT NOT NULL REFERENCES contexts(id) ON DELETE CASCADE,"
	" kind TEXT NOT NULL, title TEXT NOT NULL, prompt TEXT NOT NULL,"
	" status TEXT NOT NULL CHECK (status = 'open' OR status = 'queued'"
	"  OR status = 'running' OR status = 'succeeded'"
	"  OR status = 'failed' OR status = 'cancelled'),"
	" run_key TEXT, route_class TEXT,"
	" priority TEXT CHECK (priority = 'p1' OR priority = 'p2'"
	"  OR priority = 'p3'),"
	" assigned_lane TEXT, due_at_unix INTEGER, source_connector TEXT,"
	" source_external_id TEXT, source_user_id TEXT, source_text TEXT,"
	" attempts INTEGER NOT NULL DEFAULT 0, worker_id INTEGER,"
	" started_at_unix INTEGER, finished_at_unix INTEGER, result_summary "
	"TEXT,"
	" result_path TEXT, error_message TEXT,"
	" created_at TEXT NOT NULL DEFAULT (datetime('now')),"
	" updated_at_unix INTEGER,"
	" created_ms INTEGER NOT NULL, request_sha256 TEXT, asked_by TEXT NOT "
	"NULL,"
	" instance TEXT NOT NULL,"
	" source_message_seq INTEGER REFERENCES messages(seq) ON DELETE SET "
	"NULL"
	") STRICT;"
	"CREATE UNIQUE INDEX idx_tasks_run_key ON tasks (run_key)"
	" WHERE run_key IS NOT NULL;"
	"CREATE INDEX tasks_workspace ON tasks"
	" (workspace_id, updated_at_unix DESC, created_ms DESC);"
	"CREATE INDEX tasks_context ON tasks"
	" (context_id, updated_at_unix DESC, created_ms DESC);"
	"CREATE INDEX tasks_newest ON tasks (updated_at_unix DESC,"
	" created_ms DESC);"
	"CREATE INDEX tasks_status ON tasks (workspace_id, status);"
	"CREATE INDEX tasks_message ON tasks (source_message_seq)"
	" WHERE source_message_seq IS NOT NULL;",

	"CREATE TABLE turns ("
	" seq INTEGER PRIMARY KEY,"
	" kind INTEGER NOT NULL CHECK (kind BETWEEN 1 AND 3),"
	" state TEXT NOT NULL CHECK (state = 'queued'"
	"  OR state = 'running' OR state = 'done' OR state = 'failed'"
	"  OR state = 'cancelled'),"
	" workspace_id TEXT NOT NULL REFERENCES workspaces(id) ON DELETE "
	"CASCADE,"
	" context_id TEXT NOT NULL REFERENCES contexts(id) ON DELETE CASCADE,"
	" message_seq INTEGER REFERENCES messages(seq) ON DELETE CASCADE,"
	" task_id TEXT REFERENCES tasks(id) ON DELETE CASCADE,"
	" priority INTEGER NOT NULL CHECK (priority BETWEEN 1 AND 3),"
	" due_unix INTEGER NOT NULL, attempts INTEGER NOT NULL DEFAULT 0,"
	" crash_count INTEGER NOT NULL DEFAULT 0,"
	" not_before_ms INTEGER NOT NULL DEFAULT 0, error TEXT,"
	" created_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL,"
	" CHECK (kind = 3 OR message_seq IS NOT NULL),"
	" CHECK ((kind = 3) = (task_id IS NOT NULL))) STRICT;"
	"CREATE INDEX turns_queued ON turns (kind, priority, due_unix, seq)"
	" WHERE state = 'queued';"
	"CREATE INDEX turns_running ON turns (kind, workspace_id)"
	" WHERE state = 'running';"
	"CREATE UNIQUE INDEX turns_message ON turns (message_seq)"
	" WHERE message_seq IS NOT NULL AND kind <> 3;"
	"CREATE INDEX turns_task_message ON turns (message_seq)"
	" WHERE message_seq IS NOT NULL;"
	"CREATE INDEX turns_task ON turns (task_id) WHERE task_id IS NOT NULL;",

	/* What goes out. */
	"CREATE TABLE outbox ("
	" seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE,"
	" instance TEXT NOT NULL, connector TEXT NOT NULL, chat_id TEXT NOT "
	"NULL,"
	" context_id TEXT NOT NULL REFERENCES contexts(id) ON DELETE CASCADE,"
	" message_seq INTEGER NOT NULL REFERENCES messages(seq) ON DELETE "
	"CASCADE,"
	" in_reply_to_seq INTEGER REFERENCES messages(seq) ON DELETE SET NULL,"
	" task_id TEXT REFERENCES tasks(id) ON DELETE SET NULL,"
	" reply_to_id TEXT NOT NULL DEFAULT '', text TEXT NOT NULL,"
	" is_urgent INTEGER NOT NULL CHECK (is_urgent IN (0, 1)),"
	" is_handled INTEGER NOT NULL CHECK (is_handled IN (0, 1)),"
	" state TEXT NOT NULL CHECK (state = 'queued'"
	"  OR state = 'sending' OR state = 'sent' OR state = 'failed'),"
	" attempt INTEGER NOT NULL DEFAULT 0, lease TEXT NOT NULL DEFAULT '',"
	" lease_until_ms INTEGER NOT NULL DEFAULT 0,"
	" due_ms INTEGER NOT NULL, first_tried_ms INTEGER NOT NULL DEFAULT 0,"
	" n_parts_sent INTEGER NOT NULL DEFAULT 0,"
	" is_part_uncertain INTEGER NOT NULL DEFAULT 0 CHECK"
	"  (is_part_uncertain IN (0, 1)),"
	" maybe_doubled INTEGER NOT NULL DEFAULT 0 CHECK (maybe_doubled IN (0, "
	"1)),"
	" error TEXT, created_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL"
	") STRICT;"
	"CREATE INDEX outbox_chat ON outbox (instance, chat_id, seq)"
	" WHERE state IN ('queued','sending');"
	"CREATE INDEX outbox_state ON outbox (state, instance);"
	/* A message is answered once, and a task ends once. */
	"CREATE UNIQUE INDEX outbox_answer ON outbox (in_reply_to_seq)"
	" WHERE in_reply_to_seq IS NOT NULL;"
	"CREATE UNIQUE INDEX outbox_task ON outbox (task_id)"
	" WHERE task_id IS NOT NULL;"
	"CREATE INDEX outbox_doubled ON outbox (seq) WHERE maybe_doubled = 1;"
	"CREATE INDEX outbox_message ON outbox (message_seq);"
	"CREATE TABLE outbox_parts ("
	" outbox_seq INTEGER NOT NULL REFERENCES outbox(seq) ON DELETE CASCADE,"
	" part INTEGER NOT NULL,"
	" state TEXT NOT NULL CHECK (state IN ('begun','sent')),"
	" platform_id TEXT NOT NULL DEFAULT '', at_ms INTEGER NOT NULL,"
	" PRIMARY KEY (outbox_seq, part)) STRICT, WITHOUT ROWID;"
	/* Ids are ULIDs: their order is that of time, so rows are appended. */
	"CREATE TABLE replies ("
	" id TEXT NOT NULL, door TEXT NOT NULL, bytes BLOB NOT NULL,"
	" at_ms INTEGER NOT NULL, PRIMARY KEY (id, door))"
	" STRICT, WITHOUT ROWID;",

	/* Files that follow the rows. */
	"CREATE TABLE log_files ("
	" context_id TEXT PRIMARY KEY REFERENCES contexts(id) ON DELETE "
	"CASCADE,"
	" written_seq INTEGER NOT NULL, size_bytes INTEGER NOT NULL,"
	" is_behind INTEGER NOT NULL DEFAULT 0 CHECK (is_behind IN (0, 1))"
	") STRICT, WITHOUT ROWID;"
	"CREATE INDEX log_files_behind ON log_files (context_id)"
	" WHERE is_behind = 1;"
	"CREATE TABLE files ("
	" seq INTEGER PRIMARY KEY,"
	" workspace_id TEXT NOT NULL REFERENCES workspaces(id) ON DELETE "
	"CASCADE,"
	" path TEXT NOT NULL, content TEXT,"
	" state TEXT NOT NULL CHECK (state IN ('pending','written')),"
	" updated_ms INTEGER NOT NULL, UNIQUE (workspace_id, path),"
	" CHECK ((state = 'pending') = (content IS NOT NULL))) STRICT;"
	"CREATE INDEX files_pending ON files (seq) WHERE state = 'pending';",

	/* Each row carries the hash of the one before it. */
	"CREATE TABLE audit ("
	" seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE,"
	" at_ms INTEGER NOT NULL, actor TEXT NOT NULL, operation TEXT NOT NULL,"
	" workspace_id TEXT NOT NULL, subject TEXT NOT NULL,"
	" detail TEXT NOT NULL, sha256 TEXT NOT NULL) STRICT;"
	"CREATE TABLE kv (key TEXT PRIMARY KEY, value TEXT NOT NULL)"
	" STRICT, WITHOUT ROWID;",
	NULL,
};

static const char *const version_2[] = {
	/* Who said it, as policy names them, and the role they had then. */
	"ALTER TABLE messages ADD COLUMN said_by TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE messages ADD COLUMN said_as TEXT NOT NULL DEFAULT '';"
	"UPDATE messages SET said_by = CASE actor_kind"
	"  WHEN 'local' THEN 'local' WHEN 'tool' THEN chat_id"
	"  ELSE substr(instance, 1, instr(instance, '.') - 1) || ':' || actor"
	"  END, said_as = iif(actor_kind = 'local', 'overlord', 'guest')"
	" WHERE direction = 'inbound';"
	"ALTER TABLE messages DROP COLUMN actor_kind;"
	"ALTER TABLE tasks ADD COLUMN asked_as TEXT NOT NULL DEFAULT 'guest';"
	"UPDATE tasks SET asked_as = 'overlord' WHERE asked_by = 'local';"

	/* The hub hears what concerns all workspaces. */
	"ALTER TABLE contexts ADD COLUMN is_global_hub INTEGER NOT NULL"
	" DEFAULT 0 CHECK (is_global_hub IN (0, 1));"
	"CREATE INDEX contexts_admin ON contexts (workspace_id)"
	" WHERE is_admin = 1 OR is_global_hub = 1;",

	/* The columns up to denied_reason are the predecessor's. */
	"CREATE TABLE pairing_requests ("
	" id TEXT PRIMARY KEY, token_hash TEXT NOT NULL UNIQUE,"
	" token_hint TEXT NOT NULL, connector TEXT NOT NULL,"
	" connector_user_id TEXT NOT NULL, display_name TEXT NOT NULL,"
	" status TEXT NOT NULL CHECK (status IN"
	"  ('pending','approved','denied','expired')),"
	" expires_at_unix INTEGER NOT NULL, created_at_unix INTEGER NOT NULL,"
	" updated_at_unix INTEGER NOT NULL, approved_user_id TEXT,"
	" approver_user_id TEXT, denied_reason TEXT,"
	/* Where the outcome is told, if it was asked for in a chat. */
	" context_id TEXT REFERENCES contexts(id) ON DELETE SET NULL,"
	" instance TEXT NOT NULL DEFAULT '') STRICT;"
	"CREATE UNIQUE INDEX pairing_live ON pairing_requests"
	" (connector, connector_user_id) WHERE status = 'pending';"
	"CREATE INDEX pairing_created ON pairing_requests (created_at_unix);"
	"CREATE INDEX pairing_expiry ON pairing_requests (expires_at_unix)"
	" WHERE status = 'pending';"
	"CREATE INDEX pairing_context ON pairing_requests (context_id)"
	" WHERE context_id IS NOT NULL;"
	/* How often something was done in the window that began then. */
	"CREATE TABLE allowances ("
	" key TEXT PRIMARY KEY, began_ms INTEGER NOT NULL,"
	" ends_ms INTEGER NOT NULL, used INTEGER NOT NULL) STRICT,"
	" WITHOUT ROWID;"
	"CREATE INDEX allowances_ends ON allowances (ends_ms);",

	/*
	 * Numbers are never used twice (AUTOINCREMENT), so that rows which were
	 * cut off leave a gap. Rows from before are chained by SHA-256 alone.
	 */
	"CREATE TABLE audit_2 ("
	" seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,"
	" at_ms INTEGER NOT NULL, actor TEXT NOT NULL,"
	" speaks_as TEXT NOT NULL DEFAULT '', operation TEXT NOT NULL,"
	" door TEXT NOT NULL DEFAULT '', workspace_id TEXT NOT NULL,"
	" context_id TEXT NOT NULL DEFAULT '', subject TEXT NOT NULL,"
	" detail TEXT NOT NULL, reason TEXT NOT NULL DEFAULT '',"
	" cause TEXT NOT NULL DEFAULT '',"
	" outcome TEXT NOT NULL DEFAULT 'done' CHECK (outcome IN"
	"  ('done','refused')),"
	" is_keyed INTEGER NOT NULL DEFAULT 0 CHECK (is_keyed IN (0, 1)),"
	" hash TEXT NOT NULL) STRICT;"
	"INSERT INTO audit_2 (seq, id, at_ms, actor, operation, workspace_id,"
	" subject, detail, hash) SELECT seq, id, at_ms, actor, operation,"
	" workspace_id, subject, detail, sha256 FROM audit;"
	"DROP TABLE audit;"
	"ALTER TABLE audit_2 RENAME TO audit;"
	"CREATE INDEX audit_keys ON audit (seq) WHERE operation = 'audit.key';",

	/* What waits for a person. The columns up to updated_at_unix are the
	 * predecessor's. */
	"CREATE TABLE action_approvals ("
	" seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE,"
	" workspace_id TEXT NOT NULL REFERENCES workspaces(id) ON DELETE "
	"CASCADE,"
	" context_id TEXT NOT NULL REFERENCES contexts(id) ON DELETE CASCADE,"
	" connector TEXT NOT NULL, external_id TEXT NOT NULL,"
	" requester_user_id TEXT NOT NULL, action_type TEXT NOT NULL,"
	" action_target TEXT NOT NULL, action_summary TEXT NOT NULL,"
	" payload_json TEXT NOT NULL,"
	" status TEXT NOT NULL CHECK (status IN"
	"  ('pending','approved','denied','expired')),"
	" approver_user_id TEXT, denied_reason TEXT,"
	" execution_status TEXT NOT NULL CHECK (execution_status IN"
	"  ('not_executed','executing','succeeded','failed','skipped',"
	"  'unknown')),"
	" execution_message TEXT, executor_plugin TEXT,"
	" executed_at_unix INTEGER, created_at_unix INTEGER NOT NULL,"
	" updated_at_unix INTEGER NOT NULL, payload_sha256 TEXT NOT NULL,"
	" expires_at_unix INTEGER NOT NULL, asked_by TEXT NOT NULL,"
	" asked_as TEXT NOT NULL, asked_user_id TEXT NOT NULL,"
	" message_seq INTEGER REFERENCES messages(seq) ON DELETE SET NULL,"
	" provenance TEXT NOT NULL,"
	" CHECK (status = 'approved' OR execution_status = 'not_executed')"
	") STRICT;"
	"CREATE INDEX actions_workspace ON action_approvals (workspace_id);"
	"CREATE INDEX actions_context ON action_approvals (context_id);"
	"CREATE INDEX actions_message ON action_approvals (message_seq)"
	" WHERE message_seq IS NOT NULL;"
	"CREATE INDEX actions_pending ON action_approvals (seq)"
	" WHERE status = 'pending';"
	"CREATE INDEX actions_asked ON action_approvals (asked_by)"
	" WHERE status = 'pending';"
	"CREATE INDEX actions_overdue ON action_approvals (expires_at_unix)"
	" WHERE status = 'pending';"
	"CREATE INDEX actions_executing ON action_approvals (seq)"
	" WHERE execution_status = 'executing';"
	/* The notice of an action: a reply to it, or its button, decides. */
	"ALTER TABLE outbox ADD COLUMN action_id TEXT;"
	"CREATE INDEX outbox_action ON outbox (instance, chat_id)"
	" WHERE action_id IS NOT NULL;",

	/* A draft is what nobody asked of us: it is shown to admins only. */
	"ALTER TABLE tasks ADD COLUMN is_draft INTEGER NOT NULL DEFAULT 0"
	" CHECK (is_draft IN (0, 1));"
	/*
	 * Rows that admins are told of. The first of one person is told at
	 * once; those until ends_ms are gathered and told together.
	 */
	"CREATE TABLE routing_notices ("
	" seq INTEGER PRIMARY KEY,"
	" task_id TEXT NOT NULL UNIQUE REFERENCES tasks(id) ON DELETE CASCADE,"
	" workspace_id TEXT NOT NULL, person TEXT NOT NULL,"
	" reason TEXT NOT NULL, ends_ms INTEGER NOT NULL,"
	" is_told INTEGER NOT NULL CHECK (is_told IN (0, 1))) STRICT;"
	"CREATE INDEX routing_notices_person ON routing_notices"
	" (workspace_id, person);"
	"CREATE INDEX routing_notices_ends ON routing_notices (ends_ms);"
	/* The columns up to updated_at_unix are the predecessor's. */
	"CREATE TABLE objectives ("
	" id TEXT PRIMARY KEY,"
	" workspace_id TEXT NOT NULL REFERENCES workspaces(id) ON DELETE "
	"CASCADE,"
	" context_id TEXT NOT NULL REFERENCES contexts(id) ON DELETE CASCADE,"
	" title TEXT NOT NULL, prompt TEXT NOT NULL,"
	" trigger_type TEXT NOT NULL CHECK (trigger_type IN"
	"  ('schedule','event')),"
	" event_key TEXT, cron_expr TEXT,"
	" timezone TEXT NOT NULL DEFAULT 'UTC',"
	" active INTEGER NOT NULL DEFAULT 1 CHECK (active IN (0, 1)),"
	" next_run_unix INTEGER, last_run_unix INTEGER, last_error TEXT,"
	" last_success_unix INTEGER, last_failure_unix INTEGER,"
	" run_count INTEGER NOT NULL DEFAULT 0,"
	" success_count INTEGER NOT NULL DEFAULT 0,"
	" failure_count INTEGER NOT NULL DEFAULT 0,"
	" consecutive_failures INTEGER NOT NULL DEFAULT 0,"
	" consecutive_successes INTEGER NOT NULL DEFAULT 0,"
	" total_run_duration_ms INTEGER NOT NULL DEFAULT 0,"
	" auto_paused_reason TEXT, recent_errors_json TEXT,"
	" created_at_unix INTEGER NOT NULL, updated_at_unix INTEGER NOT NULL,"
	" asked_by TEXT NOT NULL, asked_as TEXT NOT NULL,"
	" ends_at_unix INTEGER) STRICT;"
	"CREATE INDEX objectives_workspace ON objectives (workspace_id);"
	"CREATE INDEX objectives_context ON objectives (context_id);"
	"CREATE INDEX objectives_asker ON objectives (asked_by)"
	" WHERE active = 1;",

	/* What models had done, so that a turn that was interrupted goes on
	 * behind it, and nothing is done twice. */
	"CREATE TABLE turn_calls ("
	" turn_seq INTEGER NOT NULL REFERENCES turns(seq) ON DELETE CASCADE,"
	" call INTEGER NOT NULL, step INTEGER NOT NULL, said TEXT NOT NULL,"
	" want_id TEXT NOT NULL, tool TEXT NOT NULL, arguments TEXT NOT NULL,"
	" result TEXT NOT NULL,"
	" is_error INTEGER NOT NULL CHECK (is_error IN (0, 1)),"
	" at_ms INTEGER NOT NULL, PRIMARY KEY (turn_seq, call)) STRICT,"
	" WITHOUT ROWID;",
	NULL,
};

static const char *const version_3[] = {
	/*
	 * All pages of a notice are about its action; the last one carries its
	 * buttons, and is the card that turns into the outcome: by a row that
	 * edits it.
	 */
	"ALTER TABLE outbox ADD COLUMN has_buttons INTEGER NOT NULL DEFAULT 0"
	" CHECK (has_buttons IN (0, 1));"
	"UPDATE outbox SET has_buttons = 1 WHERE action_id IS NOT NULL;"
	"ALTER TABLE outbox ADD COLUMN edits_id TEXT NOT NULL DEFAULT '';"
	"CREATE INDEX outbox_card ON outbox (action_id) WHERE has_buttons = 1;",
	/* What a gateway may die of, named before it looks at it. */
	"CREATE TABLE suspects ("
	" instance TEXT NOT NULL, update_id TEXT NOT NULL,"
	" n INTEGER NOT NULL, updated_ms INTEGER NOT NULL,"
	" is_current INTEGER NOT NULL CHECK (is_current IN (0, 1)),"
	" PRIMARY KEY (instance, update_id)) STRICT, WITHOUT ROWID;",

	/*
	 * Files that messages bring: held until the message comes, and then
	 * the name that each has got, so that none is given twice.
	 */
	"CREATE TABLE attachments ("
	" seq INTEGER PRIMARY KEY, instance TEXT NOT NULL,"
	" chat_id TEXT NOT NULL, event_id TEXT NOT NULL,"
	" number INTEGER NOT NULL, name TEXT NOT NULL,"
	" size_bytes INTEGER NOT NULL, sha256 TEXT NOT NULL, content TEXT,"
	" workspace_id TEXT REFERENCES workspaces(id) ON DELETE CASCADE,"
	" path TEXT, created_ms INTEGER NOT NULL,"
	" UNIQUE (instance, chat_id, event_id, number),"
	" CHECK ((path IS NULL) = (content IS NOT NULL)),"
	" CHECK ((path IS NULL) = (workspace_id IS NULL))) STRICT;"
	"CREATE UNIQUE INDEX attachments_path ON attachments"
	" (workspace_id, path) WHERE path IS NOT NULL;"
	"CREATE INDEX attachments_held ON attachments"
	" (created_ms, size_bytes) WHERE path IS NULL;"

	/* Where our bots came and went. */
	"CREATE TABLE memberships ("
	" instance TEXT NOT NULL, event_id TEXT NOT NULL,"
	" change TEXT NOT NULL CHECK (change IN"
	"  ('added','removed','moved')),"
	" space_id TEXT NOT NULL, actor TEXT NOT NULL,"
	" at_ms INTEGER NOT NULL, PRIMARY KEY (instance, event_id)"
	") STRICT, WITHOUT ROWID;"
	/* Where one is no longer: nothing is delivered there. */
	"CREATE TABLE absences ("
	" workspace_id TEXT NOT NULL REFERENCES workspaces(id) ON DELETE "
	"CASCADE,"
	" instance TEXT NOT NULL, reason TEXT NOT NULL,"
	" since_ms INTEGER NOT NULL, PRIMARY KEY (workspace_id, instance)"
	") STRICT, WITHOUT ROWID;"
	/* What the platform now calls the chat, and space, that we know by
	 * external_id. */
	"CREATE TABLE chat_aliases ("
	" connector TEXT NOT NULL, platform_id TEXT NOT NULL,"
	" external_id TEXT NOT NULL, since_ms INTEGER NOT NULL,"
	" PRIMARY KEY (connector, platform_id),"
	" UNIQUE (connector, external_id)) STRICT, WITHOUT ROWID;",

	/* Tokens of models, for budgets: of each turn, and by day of UTC. */
	"CREATE TABLE usage_of_turns ("
	" turn_seq INTEGER PRIMARY KEY REFERENCES turns(seq) ON DELETE CASCADE,"
	" model TEXT NOT NULL, calls INTEGER NOT NULL,"
	" tokens_in INTEGER NOT NULL, tokens_cached INTEGER NOT NULL,"
	" tokens_out INTEGER NOT NULL) STRICT;"
	"CREATE TABLE usage_of_days ("
	" day INTEGER NOT NULL, scope TEXT NOT NULL CHECK (scope IN"
	"  ('person','room','workspace','all')),"
	" key TEXT NOT NULL, calls INTEGER NOT NULL,"
	" tokens_in INTEGER NOT NULL, tokens_cached INTEGER NOT NULL,"
	" tokens_out INTEGER NOT NULL, PRIMARY KEY (day, scope, key)) STRICT,"
	" WITHOUT ROWID;",
	NULL,
};

static const char *const version_4[] = {
	/* Of what is not sent, which is little: a row of each answer in an index
	 * by state was a page of each commit. */
	"DROP INDEX outbox_state;"
	"CREATE INDEX outbox_failed ON outbox (instance)"
	" WHERE state = 'failed';"
	/* How many processes of its gateway ended while they had it. */
	"ALTER TABLE outbox ADD COLUMN n_deaths INTEGER NOT NULL DEFAULT 0;"
	"CREATE INDEX outbox_suspects ON outbox (instance)"
	" WHERE n_deaths > 0 AND state IN ('queued','sending');"
	/* What is named and must not be looked at yet. */
	"ALTER TABLE suspects ADD COLUMN is_waiting INTEGER NOT NULL DEFAULT 0"
	" CHECK (is_waiting IN (0, 1));"
	/* How daemons stand, and what people were told of it: "" that all is
	 * well, and when they last heard of trouble. */
	"CREATE TABLE components ("
	" name TEXT PRIMARY KEY, state TEXT NOT NULL, message TEXT NOT NULL,"
	" needs_person INTEGER NOT NULL CHECK (needs_person IN (0, 1)),"
	" since_ms INTEGER NOT NULL, told TEXT NOT NULL DEFAULT '',"
	" told_ms INTEGER NOT NULL DEFAULT 0) STRICT, WITHOUT ROWID;",
	/* What happened to documents last, by which a report that is repeated
	 * is known, and what of it we did ourselves. */
	"CREATE TABLE document_changes ("
	" seq INTEGER PRIMARY KEY AUTOINCREMENT,"
	" workspace_id TEXT NOT NULL REFERENCES workspaces(id) ON DELETE "
	"CASCADE,"
	" path TEXT NOT NULL, change TEXT NOT NULL CHECK (change IN"
	"  ('appeared','changed','vanished')),"
	" sha256 TEXT NOT NULL, at_ms INTEGER NOT NULL,"
	" UNIQUE (workspace_id, path)) STRICT;"
	"CREATE INDEX document_changes_newest ON document_changes"
	" (workspace_id, seq);"
	"CREATE TABLE own_writes ("
	" workspace_id TEXT NOT NULL, path TEXT NOT NULL,"
	" sha256 TEXT NOT NULL, written_ms INTEGER NOT NULL,"
	" seen_ms INTEGER NOT NULL," /* 0: not yet */
	" PRIMARY KEY (workspace_id, path, sha256)) STRICT;"
	"CREATE INDEX own_writes_oldest ON own_writes (written_ms);",
	/* When its request was answered: a repeat's answer says the same. */
	"ALTER TABLE messages ADD COLUMN heard_ms INTEGER NOT NULL DEFAULT 0;",

	/* Of an answer that broke off, or an endpoint that does not count. */
	"ALTER TABLE usage_of_turns ADD COLUMN tokens_estimated INTEGER"
	" NOT NULL DEFAULT 0;"
	"ALTER TABLE usage_of_days ADD COLUMN tokens_estimated INTEGER"
	" NOT NULL DEFAULT 0;",

	/* How many runs of tasks lie between it and a person's words. */
	"ALTER TABLE tasks ADD COLUMN depth INTEGER NOT NULL DEFAULT 0;",

	/* Counts how often it was begun anew: what is being written when
	 * something is forgotten must not count as written. */
	"ALTER TABLE log_files ADD COLUMN epoch INTEGER NOT NULL DEFAULT 0;",
	/*
	 * Why things went as they did: how a message was understood, and what
	 * a turn worked with. JSON of proto/trace.h; upkeep takes the old away.
	 */
	"CREATE TABLE heard_traces ("
	" message_seq INTEGER PRIMARY KEY REFERENCES messages(seq)"
	"  ON DELETE CASCADE, at_ms INTEGER NOT NULL, trace TEXT NOT NULL)"
	" STRICT;"
	"CREATE TABLE turn_traces ("
	" turn_seq INTEGER PRIMARY KEY REFERENCES turns(seq)"
	"  ON DELETE CASCADE, at_ms INTEGER NOT NULL, trace TEXT NOT NULL)"
	" STRICT;"
	/* The turn that proposed it; of one made before, nobody knows. */
	"ALTER TABLE action_approvals ADD COLUMN turn_seq INTEGER;",
	/* An answer that is watched while it is made: the message that it will
	 * answer, whose answer takes its place. */
	"ALTER TABLE outbox ADD COLUMN partial_of_seq INTEGER;"
	"CREATE UNIQUE INDEX outbox_partial ON outbox (partial_of_seq)"
	" WHERE partial_of_seq IS NOT NULL;",

	/* What is being forgotten, oldest first: what is before next_seq is
	 * done. An actor's words alone, or of all (''). */
	"CREATE TABLE forgettings ("
	" seq INTEGER PRIMARY KEY,"
	" context_id TEXT NOT NULL REFERENCES contexts(id) ON DELETE CASCADE,"
	" before_seq INTEGER NOT NULL, next_seq INTEGER NOT NULL,"
	" said_by TEXT NOT NULL, asked_by TEXT NOT NULL,"
	" n_messages INTEGER NOT NULL, n_answers INTEGER NOT NULL,"
	" n_tasks INTEGER NOT NULL) STRICT;"
	"CREATE INDEX forgettings_context ON forgettings"
	" (context_id, before_seq);",
	/* What a claim that is repeated has leased. */
	"CREATE INDEX outbox_lease ON outbox (lease) WHERE lease <> '';",

	/* What is kept of a conversation, and the sentences that it is made
	 * of: one of each kind of a message. */
	"CREATE TABLE summaries ("
	" context_id TEXT PRIMARY KEY REFERENCES contexts(id) ON DELETE "
	"CASCADE,"
	" seen_seq INTEGER NOT NULL, n_turns INTEGER NOT NULL,"
	" text TEXT NOT NULL, updated_ms INTEGER NOT NULL,"
	/* What a model made of it, up to a message; and how often something
	 * was forgotten: what was made of that is not taken. */
	" refined TEXT NOT NULL DEFAULT '',"
	" refined_by TEXT NOT NULL DEFAULT '',"
	" refined_seq INTEGER NOT NULL DEFAULT 0,"
	" attempts INTEGER NOT NULL DEFAULT 0,"
	" generation INTEGER NOT NULL DEFAULT 0) STRICT,"
	" WITHOUT ROWID;"
	"CREATE INDEX summaries_plain ON summaries (updated_ms)"
	" WHERE refined_seq < seen_seq AND attempts < 3;"
	"CREATE TABLE summary_items ("
	" context_id TEXT NOT NULL REFERENCES contexts(id) ON DELETE CASCADE,"
	" kind TEXT NOT NULL CHECK (kind IN ('fact','task','question')),"
	" seq INTEGER NOT NULL, who TEXT NOT NULL, text TEXT NOT NULL,"
	" PRIMARY KEY (context_id, kind, seq)) STRICT, WITHOUT ROWID;",
	/* Those that there were are monitors, due every six hours of UTC. */
	"UPDATE objectives SET next_run_unix ="
	" (CAST(strftime('%s', 'now') AS INTEGER) / 21600 + 1) * 21600"
	" WHERE active = 1 AND next_run_unix IS NULL"
	" AND cron_expr = '0 */6 * * *' AND timezone = 'UTC';",
	NULL,
};

const struct migration schema_migrations[] = {
	{ 1, version_1 },
	{ 2, version_2 },
	{ 3, version_3 },
	{ 4, version_4 },
};

const size_t n_schema_migrations = N_OF(schema_migrations);
