#ifndef AGENT_RUNTIME_FIND_H
#define AGENT_RUNTIME_FIND_H

#include "libcommon/defs.h"

struct err;

/*
 * The path of a daemon's program: beside agent-runtime itself, in the build
 * tree that agent-runtime lies in, in the libexec of a tree that was moved, or
 * in the libexec that was configured; never by PATH.
 */
int find_program(char out[4096], const char *name, struct err *err) MUST_CHECK;

#endif
