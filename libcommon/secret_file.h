#ifndef LIBCOMMON_SECRET_FILE_H
#define LIBCOMMON_SECRET_FILE_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * Whether others than its owner may use the file of a secret, and whoever runs
 * us can change that: the file is theirs, or they are root. Containers and
 * service managers have their own ways and modes: what lies beneath
 * /run/secrets or /run/credentials, or on a file system that is read-only, is
 * not called open. *mode_out is set with true.
 */
bool secret_file_is_open(const char *path, mode_t *mode_out);

#endif
