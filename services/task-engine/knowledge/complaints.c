/* Remembers what was complained about. Pure. */

#include "services/task-engine/knowledge/complaints.h"

#include <string.h>

#include "libcommon/arena.h"

static struct complaint *
find(struct complaints *c, const char *about)
{
	for (size_t i = 0; i < c->n; i++)
		if (strcmp(c->rows[i].about, about) == 0)
			return &c->rows[i];
	return NULL;
}

static void
release(struct complaint *row)
{
	xfree(&row->about);
	xfree(&row->why);
}

void
complaints_release(struct complaints *c)
{
	while (c->n > 0)
		release(&c->rows[--c->n]);
}

bool
complaint_is_new(struct complaints *c, const char *about, const char *why)
{
	struct complaint *row = find(c, about);

	if (row != NULL && strcmp(row->why, why) == 0)
		return false;
	if (row != NULL)
		release(row);
	else if (c->n == COMPLAINTS_MAX)
		return false;
	else
		row = &c->rows[c->n++];
	*row = (struct complaint){ xstrdup(about), xstrdup(why) };
	return true;
}

void
complaint_over(struct complaints *c, const char *about)
{
	struct complaint *row = find(c, about);

	if (row == NULL)
		return;
	release(row);
	*row = c->rows[--c->n];
}
