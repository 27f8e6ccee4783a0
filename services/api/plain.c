/* Routes that add nothing to a message of the bus: its body is theirs. */

#include <assert.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/err.h"
#include "proto/routes.h"
#include "services/api/http_server.h"
#include "services/api/visit.h"

static const struct field *
field_find(const struct shape *shape, const char *key)
{
	for (size_t i = 0; i < shape->n_fields; i++)
		if (strcmp(shape->fields[i].key, key) == 0)
			return &shape->fields[i];
	return NULL;
}

static void
set_credential(const struct visit *visit, const struct shape *shape, void *in)
{
	const struct field *field = field_find(shape, "credential");

	assert(field && field->shape == &credential_shape);
	memcpy((char *)in + field->offset, &visit->credential,
	    sizeof(visit->credential));
}

static int
show_plain(struct visit *visit, const struct json *body, struct err *err)
{
	const struct shape *shape = route_find(visit->route->operation)->reply;
	void *reply = arena_alloc(visit->arena, shape->size);

	if (visit_decode(visit, shape, reply, body, err) < 0)
		return -1;
	visit_show(visit,
	    visit->route->flags & API_MAKES ? HTTP_CREATED : HTTP_OK, shape,
	    reply);
	return 0;
}

int
on_plain(struct visit *visit, struct err *err)
{
	const struct shape *shape = route_find(visit->route->operation)->body;
	void *in = arena_alloc(visit->arena, shape->size);

	if ((visit->route->flags & API_BODY
		    ? visit_body(visit, shape, in, err)
		    : visit_query(visit, shape, in, err)) < 0)
		return -1;
	set_credential(visit, shape, in);
	return visit_ask(
	    visit, visit->route->operation, in, show_plain, NULL, err);
}
