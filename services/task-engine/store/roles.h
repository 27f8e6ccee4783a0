#ifndef TASK_ENGINE_STORE_ROLES_H
#define TASK_ENGINE_STORE_ROLES_H

#include <stdbool.h>

/*
 * What a person is, in one workspace or in all: weakest first, so that roles
 * compare with <. A guest is an account that nobody vouched for.
 */
enum role {
	ROLE_GUEST,
	ROLE_VIEWER,
	ROLE_MEMBER,
	ROLE_OPERATOR,
	ROLE_ADMIN,
	ROLE_OVERLORD,
	ROLE_COUNT
};

/* The workspace id of a role that is held for all of them. */
#define ROLE_EVERYWHERE "*"

const char *role_name(enum role role);
/* In any case; false for what is no role, and for "guest": nobody grants it. */
bool role_parse(const char *name, enum role *role_out);
/* What was stored by role_name; anything else is a guest. */
enum role role_read(const char *name);
static inline enum role
role_weaker(enum role a, enum role b)
{
	return a < b ? a : b;
}

#endif
