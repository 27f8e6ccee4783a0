/* Which log lines belong to one message. */

#include "services/agent-runtime/trail.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "libcommon/arena.h"
#include "libcommon/defs.h"

enum { ID_SIZE = 130 };

struct trail_id {
	char text[ID_SIZE];
	UT_hash_handle hh;
};

struct trail {
	struct trail_id *ids;
};

static bool
knows(const struct trail *trail, const char *text)
{
	struct trail_id *found;

	HASH_FIND_STR(trail->ids, text, found);
	return found != NULL;
}

static void
learn(struct trail *trail, const char *text)
{
	struct trail_id *id;

	if (*text == '\0' || knows(trail, text))
		return;
	id = xcalloc(1, sizeof(*id));
	strncpy(id->text, text, ID_SIZE - 1);
	HASH_ADD_STR(trail->ids, text, id);
}

struct trail *
trail_new(const char *id)
{
	struct trail *trail = xcalloc(1, sizeof(*trail));

	learn(trail, id);
	return trail;
}

void
trail_free(struct trail **slot)
{
	struct trail *trail = *slot;
	struct trail_id *id, *next;

	if (trail == NULL)
		return;
	HASH_ITER (hh, trail->ids, id, next) {
		HASH_DEL(trail->ids, id);
		xfree(&id);
	}
	xfree(slot);
}

/* The value of " key=" up to the next space; "" when there is none. */
static void
value_of(const char *line, const char *key, char out[ID_SIZE])
{
	const char *at = strstr(line, key);
	size_t size;

	out[0] = '\0';
	if (at == NULL)
		return;
	at += strlen(key);
	if (*at == '"')
		at++;
	size = strcspn(at, " \"");
	if (size >= ID_SIZE)
		size = ID_SIZE - 1;
	memcpy(out, at, size);
	out[size] = '\0';
}

bool
trail_takes(struct trail *trail, const char *line)
{
	static const char *const keys[] = { " msg=", " cause=", " key=" };
	char values[N_OF(keys)][ID_SIZE];
	bool is_ours = false;

	for (size_t i = 0; i < N_OF(keys); i++) {
		value_of(line, keys[i], values[i]);
		if (values[i][0] != '\0' && knows(trail, values[i]))
			is_ours = true;
	}
	if (is_ours)
		learn(trail, values[0]);
	return is_ours;
}
