/* Questions that come again need not be sent again. */

#include "services/indexer/questions.h"

#include <string.h>

#include "libcommon/arena.h"

int
questions_find(struct questions *q, const char *text, struct index_meaning *out)
{
	for (size_t i = 0; i < QUESTIONS_KEPT; i++) {
		struct kept_question *kept = &q->kept[i];

		if (!kept->text || strcmp(kept->text, text) != 0)
			continue;
		kept->used = ++q->n_used;
		*out = (struct index_meaning){ "", kept->values,
			kept->n_dimensions };
		return 0;
	}
	return 1;
}

static void
forget(struct kept_question *kept)
{
	xfree(&kept->text);
	xfree(&kept->values);
	*kept = (struct kept_question){ 0 };
}

void
questions_put(
    struct questions *q, const char *text, const struct index_meaning *vector)
{
	size_t size = vector->n_dimensions * sizeof(*vector->values);
	struct kept_question *place = &q->kept[0];

	for (size_t i = 0; i < QUESTIONS_KEPT; i++) {
		struct kept_question *kept = &q->kept[i];

		if (kept->text && strcmp(kept->text, text) == 0)
			return;
		if (kept->used < place->used)
			place = kept;
	}
	forget(place);
	place->text = xstrdup(text);
	place->values = xcalloc(vector->n_dimensions, sizeof(*vector->values));
	memcpy(place->values, vector->values, size);
	place->n_dimensions = vector->n_dimensions;
	place->used = ++q->n_used;
}

void
questions_release(struct questions *q)
{
	for (size_t i = 0; i < QUESTIONS_KEPT; i++)
		forget(&q->kept[i]);
}
