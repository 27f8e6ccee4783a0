/* The filtered environment of a daemon. */

#include "services/agent-runtime/environment.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libcommon/arena.h"
#include "libcommon/defs.h"
#include "services/agent-runtime/variables.h"

enum { MAX_NAME_BYTES = 128 };

struct environment {
	char **list;
	size_t n;
};

/* A trailing '*' stands for any ending. */
static const char *const for_everybody[] = {
	"LANG",
	"LC_*",
	"TZ",
	"SSL_CERT_FILE",
	"SSL_CERT_DIR",
	"PATH",
	"ASAN_OPTIONS",
	"LSAN_OPTIONS",
	"UBSAN_OPTIONS",
	"TSAN_OPTIONS",
	"MSAN_OPTIONS",
};
enum { N_HARMLESS = 5 }; /* of these, what a .env file may set */

static bool
matches(const char *pattern, const char *name)
{
	size_t size = strlen(pattern);

	if (pattern[size - 1] == '*')
		return strncmp(pattern, name, size - 1) == 0;
	return strcmp(pattern, name) == 0;
}

static bool
is_among(const char *name, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (matches(for_everybody[i], name))
			return true;
	return false;
}

bool
environment_passes(const char *program, const char *name)
{
	/* serve hands the keys over itself. */
	if (strcmp(name, "AGENT_RUNTIME_DOOR_KEY_FILE") == 0)
		return false;
	return is_among(name, N_OF(for_everybody)) ||
	       variable_find(program, name) != NULL;
}

bool
environment_is_ours(const char *name)
{
	return is_among(name, N_HARMLESS) || matches("AGENT_RUNTIME_*", name) ||
	       variable_find(NULL, name) != NULL;
}

/* False for what has no name, or none that could be ours. */
static bool
name_of(const char *entry, char name[MAX_NAME_BYTES])
{
	const char *equals = strchr(entry, '=');
	size_t size = equals != NULL ? (size_t)(equals - entry) : 0;

	if (size == 0 || size >= MAX_NAME_BYTES)
		return false;
	memcpy(name, entry, size);
	name[size] = '\0';
	return true;
}

static void
hide_if_secret(char *entry)
{
	char name[MAX_NAME_BYTES];
	const struct variable *variable;
	char *value;

	if (!name_of(entry, name))
		return;
	variable = variable_find(NULL, name);
	/* <NAME>_FILE is found as well, and is only a path. */
	if (variable == NULL || !variable_is_secret(variable) ||
	    strcmp(variable->name, name) != 0)
		return;
	value = strchr(entry, '=') + 1;
	explicit_bzero(value, strlen(value));
}

struct environment *
environment_take(void)
{
	struct environment *e = xcalloc(1, sizeof(*e));
	size_t n = 0;

	while (environ[n] != NULL)
		n++;
	e->list = xcalloc(n + 1, sizeof(*e->list));
	for (e->n = 0; e->n < n; e->n++) {
		e->list[e->n] = xstrdup(environ[e->n]);
		hide_if_secret(environ[e->n]);
	}
	return e;
}

void
environment_free(struct environment **slot)
{
	struct environment *e = STEAL(*slot);

	if (e == NULL)
		return;
	for (size_t i = 0; i < e->n; i++) {
		explicit_bzero(e->list[i], strlen(e->list[i]));
		free(e->list[i]);
	}
	free(e->list);
	free(e);
}

char **
environment_all(struct environment *environment)
{
	return environment->list;
}

static bool
is_given(char *const *extra, const char *name)
{
	size_t size = strlen(name);

	for (; *extra != NULL; extra++)
		if (strncmp(*extra, name, size) == 0 && (*extra)[size] == '=')
			return true;
	return false;
}

char **
environment_for(
    const struct environment *e, const char *program, char *const *extra)
{
	char name[MAX_NAME_BYTES];
	size_t n_extra = 0, n = 0;
	char **list;

	while (extra[n_extra] != NULL)
		n_extra++;
	list = xcalloc(e->n + n_extra + 1, sizeof(*list));
	for (size_t i = 0; i < e->n; i++)
		if (name_of(e->list[i], name) && !is_given(extra, name) &&
		    environment_passes(program, name))
			list[n++] = e->list[i];
	for (size_t i = 0; i < n_extra; i++)
		list[n++] = extra[i];
	return list;
}

void
environment_list_free(char ***list)
{
	free(STEAL(*list));
}
