/* Looking things up in the list of all variables. */

#include "services/agent-runtime/variables.h"

#include <stdbool.h>
#include <string.h>

#include "libcommon/defs.h"
#include "services/agent-runtime/nearest.h"

#define PREFIX "AGENT_RUNTIME_"
enum { PREFIX_BYTES = sizeof(PREFIX) - 1, MAX_NAME_BYTES = 128 };

bool
variable_is_secret(const struct variable *variable)
{
	return strcmp(variable->type, "secret") == 0;
}

static bool
is_named(const struct variable *v, const char *name)
{
	size_t size = strlen(v->name);

	if (strncmp(v->name, name, size) != 0)
		return false;
	return name[size] == '\0' ||
	       (variable_is_secret(v) && strcmp(name + size, "_FILE") == 0);
}

const struct variable *
variable_find(const char *program, const char *name)
{
	for (size_t i = 0; i < n_variables; i++) {
		const struct variable *v = &variables[i];

		if (is_named(v, name) &&
		    (program == NULL || strcmp(v->program, program) == 0))
			return v;
	}
	return NULL;
}

static bool
has_prefix(const char *name)
{
	return strncmp(name, PREFIX, PREFIX_BYTES) == 0;
}

/*
 * Without the prefix, which nearly all share and which would hide the
 * difference. A few keep a name of the predecessor that has none.
 */
static const char *
next_name(void *arg)
{
	size_t *i = arg;

	while (*i < n_variables && !has_prefix(variables[*i].name))
		(*i)++;
	if (*i >= n_variables)
		return NULL;
	return variables[(*i)++].name + PREFIX_BYTES;
}

const char *
variable_nearest(const char *name)
{
	size_t i = 0;
	const char *found;

	if (!has_prefix(name))
		return NULL;
	found = nearest_of(name + PREFIX_BYTES, next_name, &i);
	return found != NULL ? found - PREFIX_BYTES : NULL;
}

void
variables_each_unknown(char **environment,
    void (*fn)(void *arg, const char *name, const char *nearest), void *arg)
{
	for (; *environment != NULL; environment++) {
		size_t size = strcspn(*environment, "=");
		char name[MAX_NAME_BYTES];

		if (size >= sizeof(name) || !has_prefix(*environment))
			continue;
		memcpy(name, *environment, size);
		name[size] = '\0';
		if (variable_find(NULL, name) == NULL)
			fn(arg, name, variable_nearest(name));
	}
}
