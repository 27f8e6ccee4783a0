#ifndef TESTS_UNIT_UNIT_H
#define TESTS_UNIT_UNIT_H

/*
 * cmocka with what its header needs before itself.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/*
 * Makes a folder for databases, its name beginning so. In memory where that is
 * possible: a test commits thousands of times and proves nothing by waiting for
 * the disk.
 */
static inline void
unit_folder(char *path, size_t size, const char *name)
{
	const char *root = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";

	snprintf(path, size, "%s/%s-XXXXXX", root, name);
	assert_non_null(mkdtemp(path));
}

#endif
