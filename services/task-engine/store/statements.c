/* The text of every statement, by subject. */

#include <stddef.h>

#include "libcommon/defs.h"
#include "services/task-engine/store/statements.h"

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

const char *
stmt_text(enum stmt_id id)
{
	const char *const *const tables[] = { texts, stmt_texts_people,
		stmt_texts_talk, stmt_texts_work };

	for (size_t i = 0; i < N_OF(tables); i++)
		if (tables[i][id] != NULL)
			return tables[i][id];
	return NULL;
}
