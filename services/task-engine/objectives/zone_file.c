/* Finds the file of a time zone. */

#include "services/task-engine/objectives/zone.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "libcommon/buf.h"
#include "libcommon/err.h"
#include "libcommon/file.h"
#include "libcommon/utf8.h"

#define ZONES "/usr/share/zoneinfo/"

enum {
	NAME_MAX_BYTES = 64,
	FILE_MAX = 64 * 1024, /* the largest of today has 4 KiB */
	SHOWN_MAX = 40,	      /* of a wrong name in its error */
};

/* TZif of a zone that is always UTC: two blocks and a rule. */
#define EMPTY_BLOCK                                                            \
	"TZif2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"  \
	"\0\0\0\1\0\0\0\4"                                                     \
	"\0\0\0\0\0\0UTC\0"
static const char utc[] = EMPTY_BLOCK EMPTY_BLOCK "\nUTC0\n";

/*
 * The database's own names begin with a capital and have no dot: neither a way
 * out of the folder, nor its other files (posixrules, localtime, zone.tab).
 */
static bool
is_name(const char *name)
{
	static const char bytes[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789_+-/";
	size_t size = strlen(name);

	return size > 0 && size <= NAME_MAX_BYTES && *name >= 'A' &&
	       *name <= 'Z' && strspn(name, bytes) == size &&
	       name[size - 1] != '/' && strstr(name, "//") == NULL;
}

static int
no_such(struct err *err, const char *name)
{
	return err_set(err, ERR_INVALID,
	    "there is no time zone `%.*s` here: write it like UTC or "
	    "Europe/Berlin",
	    (int)utf8_cut(name, strlen(name), SHOWN_MAX), name);
}

/* Or is a folder of zones. */
static bool
is_absent(const struct err *err)
{
	return err->code == ERR_NOT_FOUND || err->code == ERR_REFUSED;
}

int
zone_load(struct zone **zone_out, const char *name, struct err *err)
{
	char path[sizeof(ZONES) + NAME_MAX_BYTES];
	AUTO(fd_close)
	int fd = -1;
	AUTO(buf_release)
	struct buf data = { 0 };

	if (strcmp(name, "UTC") == 0)
		return zone_parse(zone_out, utc, sizeof(utc) - 1, err);
	if (!is_name(name))
		return no_such(err, name);
	snprintf(path, sizeof(path), ZONES "%s", name);
	/* A link is the distribution's: of names that mean the same. */
	fd = file_open_named(path, err);
	if (fd < 0)
		return is_absent(err) ? no_such(err, name) : -1;
	buf_init(&data);
	if (file_read_fd(&data, fd, path, FILE_MAX, err) < 0)
		return -1;
	if (zone_parse(zone_out, data.data, data.size, err) < 0)
		return no_such(err, name);
	return 0;
}
