#ifndef AGENT_RUNTIME_DOTENV_H
#define AGENT_RUNTIME_DOTENV_H

#include <stddef.h>

#include "libcommon/defs.h"

struct err;

/*
 * ./.env, as KEY=VALUE lines: read by us and never by a shell. Nothing is
 * expanded or run.
 *
 *   # a comment
 *   KEY=value            # spaces around the value are dropped
 *   KEY='as it is'
 *   KEY="with \" \\ \n \t and a # in it"
 *
 * Anything else, and a key that is set twice, is ERR_INVALID with the line's
 * number; a value is never part of the text.
 */
typedef void (*dotenv_fn)(void *arg, const char *key, const char *value);
int dotenv_parse(const char *text, size_t size, dotenv_fn fn, void *arg,
    struct err *err) MUST_CHECK;

/*
 * Reads the file into the environment; what is set there already wins. Only
 * what our programs read is taken (AGENT_RUNTIME_…, TZ, LANG, LC_…, SSL_CERT_…),
 * so that a file found in some directory cannot change anything else. No file:
 * done.
 */
int dotenv_load(const char *path, struct err *err) MUST_CHECK;

#endif
