/* A daemon's command line and the variables that every daemon reads. */

#include "libcommon/service_parts.h"

#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "libcommon/flags.h"

static const char *const level_choices[] = { "debug", "info", "warn", "error",
	NULL };

/* The order of level_choices is that of enum log_level. */
static const struct cfg_item common_items[] = {
	CFG_PATH("AGENT_RUNTIME_DATA_DIR", struct service_cfg, data_dir,
	    "./data", "directory of everything that is kept"),
	CFG_CHOICE("AGENT_RUNTIME_LOG_LEVEL", struct service_cfg, log_level,
	    "info", level_choices, "least level of a line that is logged"),
	CFG_STR("AGENT_RUNTIME_INSTANCE", struct service_cfg, instance, "main",
	    "which of several daemons of this kind it is; set by `serve`"),
	CFG_PATH("AGENT_RUNTIME_DOOR_KEY_FILE", struct service_cfg,
	    door_key_file, "",
	    "file with the keys of its doors, for a daemon that `serve` does "
	    "not start"),
};

struct cfg_table
service_common_table(void)
{
	return (struct cfg_table){ common_items, N_OF(common_items) };
}

struct cfg_table
service_own_table(void)
{
	const struct service *service = service_run.service;

	return (struct cfg_table){ service->items, service->n_items };
}

static const char *
name(void)
{
	return service_name(service_run.service->id);
}

/* What was printed must have arrived before we say that all is well. */
static void
finish_output(void)
{
	if (fflush(stdout) != 0)
		die(1, "cannot write to standard output");
	exit(0);
}

static void
help_variables(const struct cfg_table *table)
{
	for (size_t i = 0; i < table->n_items; i++) {
		const struct cfg_item *item = &table->items[i];

		printf("  %s\n      %s", item->name, item->help);
		if (item->fallback[0] != '\0')
			printf(" (default %s)", item->fallback);
		printf("\n");
	}
}

static void
help(void)
{
	const struct cfg_table own = service_own_table();
	const struct cfg_table common = service_common_table();

	printf(
	    "%s: %s\n\n"
	    "usage: %s [--check | --print-config | --version | --help]\n"
	    "       %s [--door-keys-fd N] [--supervised PID] [--own-uid]\n\n"
	    "  --check              say whether the configuration is good\n"
	    "  --print-config       print the configuration, without secrets\n"
	    "  --print-config-rows  print the rows of its table\n"
	    "  --door-keys-fd N     read the keys of its doors there\n"
	    "  --supervised PID     end with that parent process\n"
	    "  --own-uid            run under the daemon's own uid (as "
	    "root)\n\n"
	    "Usually `agent-runtime serve` starts it. SIGTERM stops it, "
	    "SIGHUP switches\ndebug lines on and off. Exit status: 0 asked "
	    "to stop, 1 cannot start for a\ncause that may pass, 2 wrong use "
	    "or bad configuration, 75 to be started again\nat once.\n\n"
	    "Variables:\n",
	    name(), service_run.service->summary, name(), name());
	help_variables(&own);
	help_variables(&common);
	finish_output();
}

static void
version(void)
{
	printf("%s %s\n", name(), AGENT_RUNTIME_VERSION);
	finish_output();
}

static void
print_rows(void)
{
	const struct cfg_table own = service_own_table();
	const struct cfg_table common = service_common_table();
	struct buf out;

	buf_init(&out);
	cfg_print_rows(&own, &out);
	cfg_print_rows(&common, &out);
	fwrite(out.data, 1, out.size, stdout);
	buf_release(&out);
	finish_output();
}

static int
number(const char *flag, const char *text)
{
	char *end;
	long value = strtol(text, &end, 10);

	if (*text == '\0' || *end != '\0' || value < 0 || value > INT_MAX)
		die(2, "%s %s: must be a whole number", flag, text);
	return (int)value;
}

enum {
	FLAG_HELP = 1,
	FLAG_VERSION,
	FLAG_CHECK,
	FLAG_PRINT,
	FLAG_ROWS,
	FLAG_KEYS_FD,
	FLAG_SUPERVISED,
	FLAG_OWN_UID
};

static const struct option options[] = {
	{ "help", no_argument, NULL, FLAG_HELP },
	{ "version", no_argument, NULL, FLAG_VERSION },
	{ "check", no_argument, NULL, FLAG_CHECK },
	{ "print-config", no_argument, NULL, FLAG_PRINT },
	{ "print-config-rows", no_argument, NULL, FLAG_ROWS },
	{ "door-keys-fd", required_argument, NULL, FLAG_KEYS_FD },
	{ "supervised", required_argument, NULL, FLAG_SUPERVISED },
	{ "own-uid", no_argument, NULL, FLAG_OWN_UID },
	{ NULL, 0, NULL, 0 },
};

static void
take_flag(struct service_flags *out, int flag, char *const *argv)
{
	char text[FLAGS_COMPLAINT_SIZE];

	switch (flag) {
	case FLAG_HELP:
		help();
		break;
	case FLAG_VERSION:
		version();
		break;
	case FLAG_CHECK:
		out->is_check = true;
		break;
	case FLAG_PRINT:
		out->is_print_config = true;
		break;
	case FLAG_ROWS:
		print_rows();
		break;
	case FLAG_KEYS_FD:
		out->keys_fd = number("--door-keys-fd", optarg);
		break;
	case FLAG_SUPERVISED:
		out->supervised = number("--supervised", optarg);
		break;
	case FLAG_OWN_UID:
		out->has_own_uid = true;
		break;
	default:
		die(2, "%s; see %s --help", flags_complaint(text, flag, argv),
		    name());
	}
}

void
service_flags_parse(struct service_flags *out, int argc, char **argv)
{
	int flag;

	*out = (struct service_flags){ .keys_fd = -1 };
	opterr = 0;
	while ((flag = getopt_long(argc, argv, ":", options, NULL)) != -1)
		take_flag(out, flag, argv);
	if (optind < argc)
		die(2, "%s: takes no arguments; see %s --help", argv[optind],
		    name());
}
