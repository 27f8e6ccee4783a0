/* Retrieval, always within a scope. */

#include "proto/search.h"

#include <string.h>

#include "proto/bounds.h"

static const struct field search_scope_fields[] = {
	F_STRS(struct search_scope, allow, 0, BOUND_PREFIXES, BOUND_PATH),
	F_STRS(struct search_scope, deny, 0, BOUND_PREFIXES, BOUND_PATH),
	F_STRS(struct search_scope, extra, 0, BOUND_PREFIXES, BOUND_PATH),
};
SHAPE(search, search_scope, search_scope_fields);

static bool
covers(const char *entry, const char *path)
{
	size_t size = strlen(entry);

	if (size == 0 || entry[size - 1] == '/')
		return strncmp(path, entry, size) == 0;
	return strcmp(path, entry) == 0;
}

static bool
any_covers(const char *const *entries, size_t n, const char *path)
{
	for (size_t i = 0; i < n; i++)
		if (covers(entries[i], path))
			return true;
	return false;
}

bool
search_scope_allows(const struct search_scope *scope, const char *path)
{
	if (any_covers(scope->extra, scope->n_extra, path))
		return true;
	return any_covers(scope->allow, scope->n_allow, path) &&
	       !any_covers(scope->deny, scope->n_deny, path);
}

static const struct field search_query_fields[] = {
	F_STR(struct search_query, workspace_id, FIELD_REQUIRED | FIELD_TOKEN,
	    1, BOUND_ID),
	F_STR(struct search_query, query, FIELD_REQUIRED, 1, BOUND_QUERY),
	F_INT(struct search_query, limit, FIELD_REQUIRED, 1, BOUND_HITS),
	F_INT(struct search_query, text_bytes, 0, 0, BOUND_DOCUMENT),
	F_OBJECT(struct search_query, scope, FIELD_REQUIRED, search_scope),
};
SHAPE(search, search_query, search_query_fields);

static const struct field search_hit_fields[] = {
	F_STR(struct search_hit, path, FIELD_REQUIRED, 1, BOUND_PATH),
	F_STR(struct search_hit, short_id, FIELD_TOKEN, 0, BOUND_WORD),
	F_STR(struct search_hit, title, 0, 0, BOUND_TITLE),
	F_STR(struct search_hit, heading, 0, 0, BOUND_TITLE),
	F_STR(struct search_hit, snippet, 0, 0, BOUND_SNIPPET),
	F_REAL(struct search_hit, score, FIELD_REQUIRED, 0, 1),
	F_INT(struct search_hit, line, FIELD_REQUIRED, 1, BOUND_INT),
	F_STR(struct search_hit, text, 0, 0, BOUND_DOCUMENT),
};
SHAPE(search, search_hit, search_hit_fields);

static const struct field search_hits_fields[] = {
	F_LIST(
	    struct search_hits, hits, FIELD_REQUIRED, search_hit, BOUND_HITS),
	F_BOOL(struct search_hits, is_stale, 0),
	F_BOOL(struct search_hits, is_wordless, 0),
};
SHAPE(search, search_hits, search_hits_fields);

static const struct field search_find_fields[] = {
	F_OBJECT(struct search_find, credential, FIELD_REQUIRED, credential),
	F_STR(struct search_find, workspace, 0, 0, BOUND_NAME),
	F_STR(struct search_find, query, FIELD_REQUIRED, 1, BOUND_QUERY),
	F_INT(struct search_find, limit, 0, 0, BOUND_HITS),
};
SHAPE(search, search_find, search_find_fields);

static const struct field search_found_fields[] = {
	F_STR(struct search_found, workspace_id, FIELD_REQUIRED | FIELD_TOKEN,
	    1, BOUND_ID),
	F_STR(struct search_found, workspace_name, 0, 0, BOUND_NAME),
	F_LIST(
	    struct search_found, hits, FIELD_REQUIRED, search_hit, BOUND_HITS),
	F_BOOL(struct search_found, is_stale, 0),
	F_BOOL(struct search_found, is_wordless, 0),
};
SHAPE(search, search_found, search_found_fields);

static const struct field search_open_fields[] = {
	F_STR(struct search_open, workspace_id, FIELD_REQUIRED | FIELD_TOKEN, 1,
	    BOUND_ID),
	F_STR(struct search_open, target, FIELD_REQUIRED, 1, BOUND_PATH),
	F_INT(struct search_open, max_bytes, FIELD_REQUIRED, 1, BOUND_DOCUMENT),
	F_OBJECT(struct search_open, scope, FIELD_REQUIRED, search_scope),
};
SHAPE(search, search_open, search_open_fields);

static const struct field search_document_fields[] = {
	F_STR(struct search_document, path, FIELD_REQUIRED, 1, BOUND_PATH),
	F_STR(struct search_document, short_id, FIELD_TOKEN, 0, BOUND_WORD),
	F_STR(struct search_document, text, FIELD_REQUIRED, 0, BOUND_DOCUMENT),
	F_BOOL(struct search_document, is_truncated, 0),
	F_INT(struct search_document, size_bytes, FIELD_REQUIRED, 0, BOUND_INT),
};
SHAPE(search, search_document, search_document_fields);

static const struct field search_workspace_fields[] = {
	F_STR(struct search_workspace, workspace_id,
	    FIELD_REQUIRED | FIELD_TOKEN, 1, BOUND_ID),
};
SHAPE(search, search_workspace, search_workspace_fields);

static const struct field search_state_fields[] = {
	F_BOOL(struct search_state, folder_exists, 0),
	F_BOOL(struct search_state, is_indexed, 0),
	F_BOOL(struct search_state, is_pending, 0),
	F_INT(struct search_state, n_documents, 0, 0, BOUND_INT),
	F_INT(struct search_state, last_indexed_unix, 0, 0, BOUND_INT),
	F_STR(struct search_state, backend, FIELD_REQUIRED | FIELD_TOKEN, 1,
	    BOUND_WORD),
	F_STR(struct search_state, detail, 0, 0, BOUND_NOTE),
	F_STR(struct search_state, meaning, 0, 0, BOUND_NOTE),
};
SHAPE(search, search_state, search_state_fields);
