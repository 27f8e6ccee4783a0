#ifndef PROTO_SEARCH_H
#define PROTO_SEARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/credential.h"
#include "proto/shape.h"

/*
 * What a request may see: paths beneath the workspace. An entry that is empty
 * or ends in '/' covers everything beneath it, any other names one file. A
 * path is readable if one of extra covers it, or one of allow and none of deny.
 * The engine makes it (policy_scope), so that ranking and counts leak nothing.
 */
struct search_scope {
	const char **allow;
	size_t n_allow;
	const char **deny;
	size_t n_deny;
	const char **extra;
	size_t n_extra;
};
PROTO_MESSAGE(search_scope);

/* The rule above, for both ends. */
bool search_scope_allows(const struct search_scope *scope, const char *path);

struct search_query {
	const char *workspace_id;
	const char *query;
	int64_t limit;	    /* 1 to 50 */
	int64_t text_bytes; /* 0: only snippets */
	struct search_scope scope;
};
PROTO_MESSAGE(search_query);

struct search_hit {
	const char *path;
	const char *short_id; /* "#a1b2c3" */
	const char *title;
	const char *heading; /* of the section that matched */
	const char *snippet;
	double score; /* 0 to 1 */
	int64_t line; /* where the section begins, from 1 */
	/* From that line on, at most text_bytes; "" when it cannot be read. */
	const char *text;
};
PROTO_MESSAGE(search_hit);

struct search_hits {
	struct search_hit *hits;
	size_t n_hits;
	bool is_stale; /* indexing was still going on when 50 ms had passed */
	bool is_wordless; /* there is no hit, and no word to look for */
};
PROTO_MESSAGE(search_hits);

/* search.find: the admin surface's search, of a whole workspace. */
struct search_find {
	struct credential credential;
	/* Its name, or how its id begins; "": the command line's own. */
	const char *workspace;
	const char *query;
	int64_t limit; /* 0: 10 */
};
PROTO_MESSAGE(search_find);

struct search_found {
	const char *workspace_id;
	const char *workspace_name; /* as it is called now */
	struct search_hit *hits;
	size_t n_hits;
	bool is_stale;
	bool is_wordless;
};
PROTO_MESSAGE(search_found);

/* search.open: by path, or by short id. */
struct search_open {
	const char *workspace_id;
	const char *target;
	int64_t max_bytes;
	struct search_scope scope;
};
PROTO_MESSAGE(search_open);

struct search_document {
	const char *path;
	const char *short_id;
	const char *text;
	bool is_truncated;
	int64_t size_bytes;
};
PROTO_MESSAGE(search_document);

/* search.status, search.reindex */
struct search_workspace {
	const char *workspace_id;
};
PROTO_MESSAGE(search_workspace);

struct search_state {
	bool folder_exists;
	bool is_indexed;
	bool is_pending;
	int64_t n_documents;
	int64_t last_indexed_unix;
	const char *backend;
	const char *detail;
	const char
	    *meaning; /* how it stands with vectors; "": there are none */
};
PROTO_MESSAGE(search_state);

#endif
