/* Prints the table of routes as Markdown, for docs/architecture.md. */

#include <stdio.h>
#include <string.h>

#include "libcommon/buf.h"
#include "libcommon/defs.h"
#include "proto/routes.h"

/* Groups that people know by one word. */
static const struct {
	unsigned mask;
	const char *name;
} groups[] = {
	{ SVC_ALL, "all" },
	{ SVC_CONNECTORS, "connectors" },
	{ SVC_GATEWAYS, "gateways" },
};

static const struct {
	enum route_flag flag;
	const char *name;
} flags[] = {
	{ ROUTE_READ, "read" },
	{ ROUTE_DEFERRED, "deferred" },
	{ ROUTE_LARGE, "large" },
	{ ROUTE_SECRET, "secret" },
	{ ROUTE_MARK, "mark" },
	{ ROUTE_KEYED, "keyed" },
};

static void
add_word(struct buf *out, const char *word)
{
	buf_addf(out, "%s%s", out->size ? ", " : "", word);
}

static void
add_services(struct buf *out, unsigned mask)
{
	for (size_t i = 0; i < N_OF(groups); i++)
		if (groups[i].mask == mask) {
			add_word(out, groups[i].name);
			return;
		}
	for (unsigned id = 0; id < SVC_COUNT; id++)
		if (mask & SVC_BIT(id))
			add_word(out, service_name(id));
}

static void
print_route(const struct route *r)
{
	AUTO(buf_release)
	struct buf from;
	AUTO(buf_release)
	struct buf to;
	AUTO(buf_release)
	struct buf how;

	buf_init(&from);
	buf_init(&to);
	buf_init(&how);
	add_services(&from, r->from);
	add_services(&to, r->to);
	add_word(&how, route_how_name(r->how));
	for (size_t i = 0; i < N_OF(flags); i++)
		if (r->flags & flags[i].flag)
			add_word(&how, flags[i].name);
	printf("| `%s` | %s → %s | %s | %s |\n", r->type, from.data, to.data,
	    how.data, r->help);
}

int
main(void)
{
	puts("| type | from → to | how | what |\n|---|---|---|---|");
	for (size_t i = 0; i < n_routes; i++)
		print_route(&routes[i]);
	return fflush(stdout) == 0 ? 0 : 1;
}
