/* The OpenAPI document, from the table of routes and the shapes. */

#include "services/api/openapi.h"

#include <assert.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/defs.h"
#include "libcommon/json.h"
#include "proto/bounds.h"
#include "proto/routes.h"
#include "services/api/answers.h"
#include "services/api/http_json.h"
#include "services/api/http_server.h"
#include "services/api/routes.h"

#define SCHEMAS "#/components/schemas/"

enum { ARENA_BYTES = 1024 * 1024, MAX_SHOWN = 64 };

struct document {
	struct json_out out;
	struct arena *arena;
	const struct shape *shown[MAX_SHOWN]; /* that answers refer to */
	size_t n_shown;
};

static const struct schema_style shown_style = {
	.is_shown = true,
	.refs = SCHEMAS,
};

static const struct status_row {
	unsigned status;
	unsigned unless;     /* routes with this flag never refuse so */
	unsigned only;	     /* and those without this one neither */
	const char *text;    /* what the answer says */
	const char *refusal; /* why a request is refused so; NULL: it is not */
	const char *header;
} statuses[] = {
	{ HTTP_OK, 0, 0, "done", NULL, NULL },
	{ HTTP_CREATED, 0, 0, "made; a secret in it is shown this once", NULL,
	    NULL },
	{ HTTP_ACCEPTED, 0, 0, "taken, not done yet", NULL, NULL },
	{ HTTP_BAD_REQUEST, 0, 0, NULL,
	    "the request is malformed, or a value is out of bounds", NULL },
	{ HTTP_UNAUTHORIZED, API_OPEN, 0, NULL,
	    "no credential, or one that nobody knows", "WWW-Authenticate" },
	{ HTTP_FORBIDDEN, 0, 0, NULL,
	    "this credential may not; or another site's Host or Origin", NULL },
	{ HTTP_NOT_FOUND, API_OPEN, 0, NULL, "no such thing", NULL },
	{ HTTP_CONFLICT, API_OPEN, 0, NULL,
	    "against the present state, or a key used for something else",
	    NULL },
	{ HTTP_TOO_LARGE, 0, API_BODY, NULL, "the body is too large", NULL },
	{ HTTP_UNSUPPORTED_TYPE, 0, API_BODY, NULL,
	    "the body is not sent as application/json", NULL },
	{ HTTP_TOO_MANY_REQUESTS, API_OPEN, 0, NULL, "a bound is reached",
	    "Retry-After" },
	{ HTTP_INTERNAL_ERROR, 0, 0, NULL, "our fault: the log has the cause",
	    NULL },
	{ HTTP_UNAVAILABLE, 0, 0, "it does not stand well",
	    "a daemon or a disk is away: send it again with the same key",
	    "Retry-After" },
};

static void
note_shown(struct document *doc, const struct shape *shape)
{
	for (size_t i = 0; i < doc->n_shown; i++)
		if (doc->shown[i] == shape)
			return;
	assert(doc->n_shown < MAX_SHOWN);
	doc->shown[doc->n_shown++] = shape;
	for (size_t i = 0; i < shape->n_fields; i++)
		if (shape->fields[i].shape != NULL &&
		    !(shape->fields[i].flags & FIELD_NAMED))
			note_shown(doc, shape->fields[i].shape);
}

static void
print_ref(struct document *doc, const struct shape *shape)
{
	if (shape == NULL) {
		json_out_str(&doc->out, "type", "object");
		return;
	}
	note_shown(doc, shape);
	json_out_str(&doc->out, "$ref",
	    arena_printf(doc->arena, SCHEMAS "%s", shape->name));
}

static void
begin_content(struct document *doc)
{
	json_out_object(&doc->out, "content");
	json_out_object(&doc->out, "application/json");
	json_out_object(&doc->out, "schema");
}

static void
end_content(struct document *doc)
{
	for (int i = 0; i < 3; i++)
		json_out_object_end(&doc->out);
}

static void
print_header(struct document *doc, const char *name)
{
	if (name == NULL)
		return;
	json_out_object(&doc->out, "headers");
	json_out_object(&doc->out, name);
	json_out_object(&doc->out, "schema");
	json_out_str(&doc->out, "type",
	    strcmp(name, "Retry-After") == 0 ? "integer" : "string");
	for (int i = 0; i < 3; i++)
		json_out_object_end(&doc->out);
}

/* What a query may say: http_query_decode takes a number above its bound for
 * the bound. */
static void
print_parameter(
    struct document *doc, const struct field *field, const char *text)
{
	assert(field->type == FIELD_STR || field->type == FIELD_INT);
	json_out_object(&doc->out, NULL);
	json_out_str(&doc->out, "name", field->key);
	json_out_str(&doc->out, "in", "query");
	json_out_bool(&doc->out, "required", field->flags & FIELD_REQUIRED);
	if (field->type == FIELD_INT && field->max < BOUND_UNIX)
		text = arena_printf(doc->arena, "more than %lld counts as that",
		    (long long)field->max);
	if (text != NULL)
		json_out_str(&doc->out, "description", text);
	json_out_object(&doc->out, "schema");
	if (field->type == FIELD_STR) {
		shape_field_schema(field, &shown_style, &doc->out);
	} else {
		json_out_str(&doc->out, "type", "integer");
		json_out_int(&doc->out, "minimum", 1);
	}
	json_out_object_end(&doc->out);
	json_out_object_end(&doc->out);
}

static void
print_query(struct document *doc, const struct shape *shape, const char *text)
{
	for (size_t i = 0; shape != NULL && i < shape->n_fields; i++)
		print_parameter(doc, &shape->fields[i], text);
}

/* The part of the bus message that clients fill; no fields without one. */
static struct shape
asked_shape(struct document *doc, const struct api_route *route)
{
	const struct route *bus = route_find(route->operation);

	return bus != NULL ? http_client_shape(bus->body, doc->arena)
			   : (struct shape){ .n_fields = 0 };
}

static void
print_parameters(struct document *doc, const struct api_route *route)
{
	struct shape asked = asked_shape(doc, route);

	json_out_list(&doc->out, "parameters");
	if (route->flags & API_KEYED) {
		json_out_object(&doc->out, NULL);
		json_out_str(&doc->out, "$ref",
		    "#/components/parameters/Idempotency-Key");
		json_out_object_end(&doc->out);
	}
	print_query(
	    doc, route->query, "names one; nothing else may stand beside it");
	if (!(route->flags & API_BODY))
		print_query(doc, &asked, NULL);
	json_out_list_end(&doc->out);
}

static void
print_request(struct document *doc, const struct api_route *route)
{
	const struct schema_style style = {
		.is_closed = (route->flags & API_STRICT) != 0,
	};
	struct shape asked = asked_shape(doc, route);

	if (!(route->flags & API_BODY))
		return;
	json_out_object(&doc->out, "requestBody");
	json_out_bool(&doc->out, "required", true);
	begin_content(doc);
	json_out_str(&doc->out, "title", asked.name);
	json_out_str(&doc->out, "type", "object");
	shape_schema_print(&asked, &style, &doc->out);
	end_content(doc);
	json_out_object_end(&doc->out);
}

static void
print_answer(struct document *doc, const struct status_row *row,
    const struct api_answer *answers, bool is_refused)
{
	bool is_only = !is_refused && answers[1].status != row->status;

	json_out_str(&doc->out, "description", row->text);
	print_header(doc, row->header);
	begin_content(doc);
	if (is_only) {
		print_ref(doc, answers->shape);
		end_content(doc);
		return;
	}
	json_out_list(&doc->out, "anyOf");
	for (; answers->status != 0 && answers->status == row->status;
	     answers++) {
		json_out_object(&doc->out, NULL);
		print_ref(doc, answers->shape);
		json_out_object_end(&doc->out);
	}
	if (is_refused) {
		json_out_object(&doc->out, NULL);
		print_ref(doc, &problem_shape);
		json_out_object_end(&doc->out);
	}
	json_out_list_end(&doc->out);
	end_content(doc);
}

static void
print_shared_response(struct document *doc, const char *name)
{
	json_out_str(&doc->out, "$ref",
	    arena_printf(doc->arena, "#/components/responses/%s", name));
}

static void
print_status(struct document *doc, const struct status_row *row,
    const struct api_route *route, const struct api_answer *answers)
{
	const char *name = arena_printf(doc->arena, "%u", row->status);
	bool is_refused = row->refusal != NULL &&
			  !(route->flags & row->unless) &&
			  (route->flags & row->only) == row->only;

	while (answers->status != 0 && answers->status != row->status)
		answers++;
	if (answers->status == 0 && !is_refused)
		return;
	json_out_object(&doc->out, name);
	if (answers->status != 0)
		print_answer(doc, row, answers, is_refused);
	else
		print_shared_response(doc, name);
	json_out_object_end(&doc->out);
}

static void
print_responses(struct document *doc, const struct api_route *route)
{
	const struct route *bus = route_find(route->operation);
	const struct api_answer plain[] = {
		{ route->flags & API_MAKES ? HTTP_CREATED : HTTP_OK,
		    bus != NULL ? bus->reply : NULL },
		{ 0 },
	};

	json_out_object(&doc->out, "responses");
	for (size_t i = 0; i < N_OF(statuses); i++)
		print_status(doc, &statuses[i], route,
		    route->answers != NULL ? route->answers : plain);
	json_out_object(&doc->out, "default");
	print_shared_response(doc, "default");
	json_out_object_end(&doc->out);
	json_out_object_end(&doc->out);
}

static void
print_operation(struct document *doc, const struct api_route *route)
{
	json_out_object(
	    &doc->out, strcmp(route->method, "GET") == 0 ? "get" : "post");
	if (*route->operation != '\0')
		json_out_str(&doc->out, "operationId", route->operation);
	json_out_str(&doc->out, "summary",
	    route->help != NULL ? route->help
				: route_find(route->operation)->help);
	if (route->flags & API_OPEN) {
		json_out_list(&doc->out, "security");
		json_out_list_end(&doc->out);
	}
	print_parameters(doc, route);
	print_request(doc, route);
	print_responses(doc, route);
	json_out_object_end(&doc->out);
}

static bool
is_first_of_path(size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (strcmp(api_routes[i].path, api_routes[at].path) == 0)
			return false;
	return true;
}

static void
print_paths(struct document *doc)
{
	json_out_object(&doc->out, "paths");
	for (size_t i = 0; i < n_api_routes; i++) {
		const char *path = api_routes[i].path;

		if (!is_first_of_path(i))
			continue;
		json_out_object(&doc->out, path);
		for (size_t j = i; j < n_api_routes; j++)
			if (strcmp(api_routes[j].path, path) == 0)
				print_operation(doc, &api_routes[j]);
		json_out_object_end(&doc->out);
	}
	json_out_object_end(&doc->out);
}

static void
print_refusal(struct document *doc, const char *name, const char *text,
    const char *header)
{
	json_out_object(&doc->out, name);
	json_out_str(&doc->out, "description", text);
	print_header(doc, header);
	begin_content(doc);
	print_ref(doc, &problem_shape);
	end_content(doc);
	json_out_object_end(&doc->out);
}

static void
print_shared_responses(struct document *doc)
{
	json_out_object(&doc->out, "responses");
	for (size_t i = 0; i < N_OF(statuses); i++)
		if (statuses[i].refusal != NULL)
			print_refusal(doc,
			    arena_printf(doc->arena, "%u", statuses[i].status),
			    statuses[i].refusal, statuses[i].header);
	print_refusal(doc, "default",
	    "refused before it is this operation: 405 for a method that the "
	    "path does not know (Allow names those it does), 414, 431, 501, "
	    "505",
	    NULL);
	json_out_object_end(&doc->out);
}

static void
print_shared_parameters(struct document *doc)
{
	static const struct field key = {
		.type = FIELD_STR,
		.flags = FIELD_REQUIRED | FIELD_ASCII,
		.min = 1,
		.max = BOUND_KEY,
	};

	json_out_object(&doc->out, "parameters");
	json_out_object(&doc->out, "Idempotency-Key");
	json_out_str(&doc->out, "name", "Idempotency-Key");
	json_out_str(&doc->out, "in", "header");
	json_out_str(&doc->out, "description",
	    "the same key with the same body is the same request, done once; "
	    "with another body it is 409; without one the api makes one");
	json_out_object(&doc->out, "schema");
	shape_field_schema(&key, &shown_style, &doc->out);
	for (int i = 0; i < 3; i++)
		json_out_object_end(&doc->out);
}

static void
print_schemas(struct document *doc)
{
	json_out_object(&doc->out, "schemas");
	for (size_t i = 0; i < doc->n_shown; i++) {
		struct shape shape =
		    http_answer_shape(doc->shown[i], doc->arena);

		json_out_object(&doc->out, shape.name);
		json_out_str(&doc->out, "type", "object");
		shape_schema_print(&shape, &shown_style, &doc->out);
		json_out_object_end(&doc->out);
	}
	json_out_object_end(&doc->out);
}

static void
print_scheme(struct document *doc, const char *name, const char *type,
    const char *scheme, const char *text)
{
	json_out_object(&doc->out, name);
	json_out_str(&doc->out, "type", type);
	if (scheme != NULL)
		json_out_str(&doc->out, "scheme", scheme);
	json_out_str(&doc->out, "description", text);
	json_out_object_end(&doc->out);
}

static void
print_schemes(struct document *doc)
{
	json_out_object(&doc->out, "securitySchemes");
	print_scheme(doc, "token", "http", "bearer",
	    "the content of <data>/run/admin.token, or a tool's token, which "
	    "reaches /api/v1/chat and /api/v1/tasks only. At the unix socket "
	    "<data>/run/api.sock its owner needs none: being that uid is the "
	    "credential.");
	print_scheme(doc, "certificate", "mutualTLS", NULL,
	    "at the proxy before the admin socket, which passes the subject "
	    "on as X-Client-Subject");
	json_out_object_end(&doc->out);
}

static void
print_head(struct document *doc)
{
	static const char *const schemes[] = { "token", "certificate" };

	json_out_str(&doc->out, "openapi", "3.1.0");
	json_out_object(&doc->out, "info");
	json_out_str(&doc->out, "title", "agent-runtime");
	json_out_str(&doc->out, "version", AGENT_RUNTIME_VERSION);
	json_out_str(&doc->out, "description",
	    "HEAD is answered wherever GET is. maxBytes bounds a string in "
	    "bytes of UTF-8, where maxLength counts characters.");
	json_out_object_end(&doc->out);
	json_out_list(&doc->out, "servers");
	json_out_object(&doc->out, NULL);
	json_out_str(&doc->out, "url", "/");
	json_out_object_end(&doc->out);
	json_out_list_end(&doc->out);
	json_out_list(&doc->out, "security");
	for (size_t i = 0; i < N_OF(schemes); i++) {
		json_out_object(&doc->out, NULL);
		json_out_list(&doc->out, schemes[i]);
		json_out_list_end(&doc->out);
		json_out_object_end(&doc->out);
	}
	json_out_list_end(&doc->out);
}

void
openapi_print(struct buf *out)
{
	AUTO(arena_free)
	struct arena *arena = arena_new(ARENA_BYTES);
	struct document doc = { .arena = arena };

	json_out_init(&doc.out, out);
	json_out_object(&doc.out, NULL);
	print_head(&doc);
	print_paths(&doc);
	json_out_object(&doc.out, "components");
	print_schemes(&doc);
	print_shared_parameters(&doc);
	print_shared_responses(&doc);
	print_schemas(&doc);
	json_out_object_end(&doc.out);
	json_out_object_end(&doc.out);
}
