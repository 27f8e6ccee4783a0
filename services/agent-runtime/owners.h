#ifndef AGENT_RUNTIME_OWNERS_H
#define AGENT_RUNTIME_OWNERS_H

#include <stdbool.h>

#include "libcommon/defs.h"

/*
 * Prepares the data directory for daemons that each run under a uid of its own
 * (libcommon/identity.h), and says whether they can: only as root, where ids
 * may be changed, files given away and named in access lists, and the data
 * directory reached by others. Where root finds that they cannot, a line says
 * why, and all daemons share its uid. A directory that was made under one uid
 * is handed over once, without following a link. serve.lock must be held.
 */
bool owners_prepare(const char *data_dir);

#endif
