#ifndef AGENT_RUNTIME_ENVIRONMENT_H
#define AGENT_RUNTIME_ENVIRONMENT_H

#include <stdbool.h>

/*
 * What a daemon gets to see of our environment: the variables of its own
 * table (a secret's _FILE with it), and PATH, LANG, LC_*, TZ, SSL_CERT_FILE,
 * SSL_CERT_DIR and sanitizer options.
 */
bool environment_passes(const char *program, const char *name);

/* Whether it is anybody's: what a .env file may set (and PATH may not). */
bool environment_is_ours(const char *name);

/* A copy of our environment. Secrets are overwritten in the original, which
 * anybody who may trace us could read in /proc. */
struct environment;
struct environment *environment_take(void);
void environment_free(struct environment **environment);
char **environment_all(struct environment *environment);

/*
 * The list for execve: what passes, and extra ("NAME=value", NULL at the end)
 * in place of what has the same name. Freed by environment_list_free; the
 * texts belong to the environment and to extra.
 */
char **environment_for(const struct environment *environment,
    const char *program, char *const *extra);
void environment_list_free(char ***list);

#endif
