/* What commands say of their command lines and of what failed. */

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libcommon/buf.h"
#include "libcommon/err.h"
#include "libcommon/flags.h"
#include "services/agent-runtime/screen.h"
#include "services/agent-runtime/tools.h"

int
tool_misused(const char *name, const char *fmt, ...)
{
	va_list args;

	fprintf(stderr, "agent-runtime %s: ", name);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fprintf(stderr, "; see agent-runtime help %s\n", name);
	return EXIT_USAGE;
}

int
tool_bad_flag(const char *name, int flag, char *const *argv)
{
	char text[FLAGS_COMPLAINT_SIZE];

	return tool_misused(name, "%s", flags_complaint(text, flag, argv));
}

int
tool_json_flag(const char *name, int argc, char *const *argv, bool *as_json_out)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ NULL, 0, NULL, 0 },
	};
	int flag;

	while ((flag = getopt_long(argc, argv, ":", options, NULL)) != -1) {
		if (flag != 'j')
			return tool_bad_flag(name, flag, argv);
		*as_json_out = true;
	}
	return 0;
}

int
tool_failed(const char *name, const struct err *err)
{
	AUTO(buf_release)
	struct buf text;

	/* It may quote names that others chose. */
	buf_init(&text);
	screen_add(&text, err->text, strlen(err->text));
	fprintf(stderr, "agent-runtime %s: %s\n", name, text.data);
	return err->code == ERR_INVALID ? EXIT_USAGE : EXIT_FAILED;
}

int
tool_number(const char *text, long least, long most, long *out)
{
	char *end;

	errno = 0;
	*out = strtol(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0' || *out < least ||
	    *out > most)
		return -1;
	return 0;
}

void
tool_add_parameter(struct buf *path, const char *key, const char *value)
{
	if (!value)
		return;
	buf_addf(path, "&%s=", key);
	for (const char *p = value; *p; p++)
		buf_addf(path, "%%%02X", (unsigned char)*p);
}
