/* Remembers what was found last, by whom and where. Pure. */

#include "services/task-engine/commands/found.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/defs.h"
#include "proto/search.h"

enum { LISTS_MAX = 512, DIGITS_MAX = 3 };

struct list {
	char *key;
	char **paths;
	size_t n;
	UT_hash_handle hh;
};

struct found {
	struct list *lists; /* the oldest first */
};

struct found *
found_new(void)
{
	return xcalloc(1, sizeof(struct found));
}

static void
drop(struct found *found, struct list *list)
{
	/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): uthash's own memory */
	HASH_DEL(found->lists, list);
	for (size_t i = 0; i < list->n; i++)
		free(list->paths[i]);
	free(list->paths);
	free(list->key);
	free(list);
}

void
found_free(struct found **slot)
{
	struct list *list, *next;

	if (!*slot)
		return;
	HASH_ITER (hh, (*slot)->lists, list, next) {
		drop(*slot, list);
	}
	free(*slot);
	*slot = NULL;
}

/* Ids of places have no blank in them. */
static struct list *
list_of(const struct found *found, const char *context_id, const char *who,
    struct buf *key)
{
	struct list *list;

	buf_addf(key, "%s %s", context_id, who);
	HASH_FIND_STR(found->lists, key->data, list);
	return list;
}

void
found_note(struct found *found, const char *context_id, const char *who,
    const struct search_hit *hits, size_t n)
{
	AUTO(buf_release)
	struct buf key = { 0 };
	struct list *list;

	buf_init(&key);
	list = list_of(found, context_id, who, &key);
	if (list)
		drop(found, list);
	if (n == 0)
		return;
	if (HASH_COUNT(found->lists) == LISTS_MAX)
		drop(found, found->lists);
	list = xcalloc(1, sizeof(*list));
	list->key = buf_steal(&key);
	list->paths = xcalloc(n, sizeof(*list->paths));
	list->n = n;
	for (size_t i = 0; i < n; i++)
		list->paths[i] = xstrdup(hits[i].path);
	/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): as in drop */
	HASH_ADD_KEYPTR(hh, found->lists, list->key, strlen(list->key), list);
}

const char *
found_path(const struct found *found, const char *context_id, const char *who,
    const char *number)
{
	AUTO(buf_release)
	struct buf key = { 0 };
	const struct list *list;
	size_t size = strlen(number), at;

	if (size == 0 || size > DIGITS_MAX ||
	    strspn(number, "0123456789") != size)
		return NULL;
	at = strtoul(number, NULL, 10);
	buf_init(&key);
	list = list_of(found, context_id, who, &key);
	return list && at >= 1 && at <= list->n ? list->paths[at - 1] : NULL;
}
