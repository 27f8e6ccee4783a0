/* Routes that add nothing to a message of the bus: its body is theirs. */

#include <assert.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/err.h"
#include "libcommon/json.h"
#include "proto/routes.h"
#include "services/api/http_json.h"
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

/* A list says how many it shows, as the predecessor's did. */
static void
print_count(struct json_out *out, const struct shape *shape, const void *list)
{
	const struct field *items = field_find(shape, "items");
	size_t n;

	if (!items)
		return;
	memcpy(&n, (const char *)list + items->count_offset, sizeof(n));
	json_out_int(out, "count", (int64_t)n);
}

static int
show_plain(struct visit *visit, const struct json *body, struct err *err)
{
	const struct shape *shape = route_find(visit->route->operation)->reply;
	void *reply = arena_alloc(visit->arena, shape->size);
	AUTO(buf_release)
	struct buf text = { 0 };
	struct json_out out;

	buf_init(&text);
	if (visit_decode(visit, shape, reply, body, err) < 0)
		return -1;
	json_out_init(&out, &text);
	json_out_object(&out, NULL);
	http_members_print(&out, shape, reply, NULL);
	print_count(&out, shape, reply);
	json_out_object_end(&out);
	visit_answer(visit,
	    visit->route->flags & API_MAKES ? HTTP_CREATED : HTTP_OK, &text);
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
