/* Which names beneath the workspaces are documents; pure. */

#include "services/indexer/paths.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "libcommon/utf8.h"
#include "services/indexer/index.h"

enum { MAX_WORKSPACE_BYTES = 128, MAX_DEPTH = 32 };

/* What the engine itself writes of what went on: that is no knowledge. */
static const char *const records[] = { "logs", "tasks" };

bool
paths_is_workspace(const char *name)
{
	size_t size = strlen(name);

	if (size == 0 || size > MAX_WORKSPACE_BYTES || name[0] == '.')
		return false;
	for (; *name; name++)
		if (!isalnum((unsigned char)*name) && !strchr("._-", *name))
			return false;
	return true;
}

static bool
is_plain(const char *name, size_t size)
{
	return size > 0 && name[0] != '.' && utf8_is_valid(name, size);
}

bool
paths_is_indexed_folder(const char *parent, const char *name)
{
	if (!is_plain(name, strlen(name)))
		return false;
	if (parent[0] != '\0')
		return true;
	for (size_t i = 0; i < N_OF(records); i++)
		if (strcmp(name, records[i]) == 0)
			return false;
	return true;
}

bool
paths_is_document(const char *name)
{
	size_t size = strlen(name);

	return is_plain(name, size) && size > 3 &&
	       strcasecmp(name + size - 3, ".md") == 0;
}

bool
paths_is_openable(const char *path)
{
	const char *part = path;
	int depth = 1;

	if (strlen(path) > INDEX_MAX_PATH_BYTES)
		return false;
	for (const char *slash; (slash = strchr(part, '/')); part = slash + 1)
		if (++depth > MAX_DEPTH ||
		    !is_plain(part, (size_t)(slash - part)))
			return false;
	return paths_is_document(part);
}

bool
paths_is_indexed(const char *path)
{
	const char *slash = strchr(path, '/');

	if (!paths_is_openable(path))
		return false;
	for (size_t i = 0; slash && i < N_OF(records); i++)
		if (strlen(records[i]) == (size_t)(slash - path) &&
		    strncmp(path, records[i], (size_t)(slash - path)) == 0)
			return false;
	return true;
}
