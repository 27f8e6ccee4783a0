/* The names of roles. Pure. */

#include "services/task-engine/store/roles.h"

#include <strings.h>

static const char *const names[ROLE_COUNT] = {
	[ROLE_GUEST] = "guest",
	[ROLE_VIEWER] = "viewer",
	[ROLE_MEMBER] = "member",
	[ROLE_OPERATOR] = "operator",
	[ROLE_ADMIN] = "admin",
	[ROLE_OVERLORD] = "overlord",
};

const char *
role_name(enum role role)
{
	return names[role];
}

bool
role_parse(const char *name, enum role *role_out)
{
	for (unsigned role = ROLE_VIEWER; role < ROLE_COUNT; role++)
		if (strcasecmp(names[role], name) == 0) {
			*role_out = (enum role)role;
			return true;
		}
	return false;
}

enum role
role_read(const char *name)
{
	enum role role;

	return role_parse(name, &role) ? role : ROLE_GUEST;
}
