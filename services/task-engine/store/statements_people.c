/* People, places and who may what: identities, roles, pairing, contexts. */

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

const char *const stmt_texts_people[STMT_COUNT] = {
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
};
