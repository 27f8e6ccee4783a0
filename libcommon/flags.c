/* What is wrong with a command line, by the flag's name. Pure. */

#include "libcommon/flags.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

/* Within "-xf" getopt has not gone past the word yet. */
static const char *
word_of(char *const *argv)
{
	const char *now = argv[optind];

	if (optopt != 0 && now != NULL && now[0] == '-' && now[1] != '-' &&
	    strchr(now, optopt) != NULL)
		return now;
	return argv[optind - 1];
}

const char *
flags_complaint(char out[FLAGS_COMPLAINT_SIZE], int flag, char *const *argv)
{
	if (flag == ':')
		snprintf(out, FLAGS_COMPLAINT_SIZE, "%.100s needs a value",
		    argv[optind - 1]);
	else
		snprintf(out, FLAGS_COMPLAINT_SIZE, "unknown flag %.100s",
		    word_of(argv));
	return out;
}
