/* The text of every statement: here people, places and what the engine keeps
 * for itself; beside it what is said, and what is done. */

#include <stddef.h>

#include "libcommon/defs.h"
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

/* What people have to know of a component: "" that it is well. */
#define COMPONENT_NEWS                                                         \
	"CASE WHEN state IN ('healthy','disabled') THEN ''"                    \
	" WHEN needs_person = 1 THEN '! ' || message ELSE 'trouble' END"

/* All that is not sent; each has an index. */
#define OUTBOX_WAITS "state IN ('queued','sending')"
#define OUTBOX_FAILED "state = 'failed'"

static const char *const texts[STMT_COUNT] = {
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

	[STMT_REPLY_GET] =
	    "SELECT bytes FROM replies WHERE door = ?1 AND id = ?2",
	[STMT_REPLY_PUT] = "INSERT INTO replies (door, id, bytes, at_ms)"
			   " VALUES (?1, ?2, ?3, ?4)",
	/* Ids grow with time, so the oldest are found without an index. */
	[STMT_REPLIES_TIDY] = "DELETE FROM replies WHERE at_ms < ?1 AND id IN"
			      " (SELECT id FROM replies ORDER BY id LIMIT ?2)",
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

	/* What waits was not looked at. */
	[STMT_SUSPECTS_BEGIN] = "UPDATE suspects SET n = CASE is_waiting"
				"  WHEN 0 THEN max(n + ?2, ?3) ELSE n END,"
				" is_current = 0, is_waiting = 0"
				" WHERE instance = ?1 AND is_current = 1",
	[STMT_SUSPECTS_CLEAR] =
	    "DELETE FROM suspects WHERE instance = ?1 AND n < ?2",
	[STMT_SUSPECTS_SURVIVED] =
	    "DELETE FROM suspects WHERE instance = ?1 AND is_current = 1"
	    " AND update_id <> ?2",
	[STMT_SUSPECT_OVER] =
	    "DELETE FROM suspects WHERE instance = ?1 AND is_current = 1"
	    " AND update_id = ?2",
	[STMT_SUSPECT_GET] = "SELECT n, is_current, is_waiting FROM suspects"
			     " WHERE instance = ?1 AND update_id = ?2",
	[STMT_SUSPECT_PUT] =
	    "INSERT INTO suspects (instance, update_id, n, updated_ms,"
	    " is_current, is_waiting) VALUES (?1, ?2, ?3, ?4, ?5, ?6)"
	    " ON CONFLICT (instance, update_id) DO UPDATE SET n = ?3,"
	    " updated_ms = ?4, is_current = ?5, is_waiting = ?6",
	[STMT_SUSPECTS_CURRENT] =
	    "SELECT n, is_current, is_waiting FROM suspects"
	    " WHERE instance = ?1 AND is_current = 1 AND updated_ms > ?2",
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
	    " UNION ALL SELECT iif(instance LIKE 'api.%',"
	    "  'outbox.undelivered', 'outbox.' || state), count(*)"
	    "  FROM (SELECT instance, state FROM outbox WHERE " OUTBOX_WAITS
	    "   UNION ALL SELECT instance, state FROM outbox"
	    "    WHERE " OUTBOX_FAILED ") GROUP BY 1"
	    " UNION ALL SELECT 'outbox.sent', count(*)"
	    "  - (SELECT count(*) FROM outbox WHERE " OUTBOX_WAITS ")"
	    "  - (SELECT count(*) FROM outbox WHERE " OUTBOX_FAILED ")"
	    "  FROM outbox"
	    " UNION ALL SELECT 'outbox.maybe_doubled', count(*) FROM outbox"
	    " WHERE maybe_doubled = 1"
	    " UNION ALL SELECT 'files.waiting', count(*) FROM files"
	    " WHERE state = 'pending'"
	    " UNION ALL SELECT 'logs.behind', count(*) FROM log_files"
	    " WHERE is_behind = 1"
	    " UNION ALL SELECT 'summaries.by_model', count(*) FROM summaries"
	    " WHERE refined_seq > 0",
	[STMT_COUNT_TASKS] = "SELECT count(*) FROM tasks"
			     " WHERE workspace_id = ?1 AND status = ?2",
};

const char *
stmt_text(enum stmt_id id)
{
	const char *const *const tables[] = { texts, stmt_texts_talk,
		stmt_texts_work };

	for (size_t i = 0; i < N_OF(tables); i++)
		if (tables[i][id] != NULL)
			return tables[i][id];
	return NULL;
}
