/* `agent-runtime config`: what each program reads, and what it would read now. */

#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libcommon/buf.h"
#include "libcommon/defs.h"
#include "libcommon/json.h"
#include "services/agent-runtime/screen.h"
#include "services/agent-runtime/tools.h"
#include "services/agent-runtime/variables.h"

static const char name[] = "config";

struct config {
	const char *daemon; /* NULL: all */
	bool as_json;
};

/* As the program would see it; *is_set_out: not the default. */
static const char *
effective(const struct variable *v, bool *is_set_out)
{
	const char *value = getenv(v->name);
	char file[160];

	if (value != NULL && value[strspn(value, " \t\r\n")] == '\0')
		value = NULL;
	if (variable_is_secret(v)) {
		snprintf(file, sizeof(file), "%s_FILE", v->name);
		*is_set_out = value != NULL || getenv(file) != NULL;
		return *is_set_out ? "(set)" : "";
	}
	*is_set_out = value != NULL;
	return value != NULL ? value : v->fallback;
}

static bool
is_wanted(const struct config *config, const struct variable *v)
{
	return strcmp(v->type, "retired") != 0 &&
	       (config->daemon == NULL ||
		   strcmp(config->daemon, v->program) == 0);
}

static void
print_text(const struct config *config)
{
	const char *program = "";

	for (size_t i = 0; i < n_variables; i++) {
		const struct variable *v = &variables[i];
		AUTO(buf_release)
		struct buf line;
		bool is_set;
		const char *value;

		if (!is_wanted(config, v))
			continue;
		if (strcmp(program, v->program) != 0)
			printf("%s# %s\n", *program != '\0' ? "\n" : "",
			    v->program);
		program = v->program;
		value = effective(v, &is_set);
		buf_init(&line);
		buf_addf(&line, "%s=%s%s", v->name, value,
		    is_set ? "" : "  # default");
		screen_print(line.data, "", "  ");
	}
}

static void
put_variable(struct json_out *out, const struct variable *v)
{
	bool is_set;
	const char *value = effective(v, &is_set);

	json_out_object(out, NULL);
	json_out_str(out, "name", v->name);
	json_out_str(out, "value", value);
	json_out_bool(out, "is_set", is_set);
	json_out_str(out, "default", v->fallback);
	json_out_str(out, "type", v->type);
	json_out_str(out, "unit", v->unit);
	json_out_str(out, "help", v->help);
	json_out_object_end(out);
}

/* {"api": [{"name": …}, …], …} */
static void
print_json(const struct config *config)
{
	AUTO(buf_release)
	struct buf text;
	const char *program = NULL;
	struct json_out out;

	buf_init(&text);
	json_out_init(&out, &text);
	json_out_object(&out, NULL);
	for (size_t i = 0; i < n_variables; i++) {
		const struct variable *v = &variables[i];

		if (!is_wanted(config, v))
			continue;
		if (program == NULL || strcmp(program, v->program) != 0) {
			if (program != NULL)
				json_out_list_end(&out);
			json_out_list(&out, v->program);
		}
		program = v->program;
		put_variable(&out, v);
	}
	if (program != NULL)
		json_out_list_end(&out);
	json_out_object_end(&out);
	printf("%s\n", text.data);
}

static int
check_daemon(const struct config *config)
{
	AUTO(buf_release)
	struct buf known;
	const char *last = "";

	buf_init(&known);
	for (size_t i = 0; i < n_variables; i++) {
		if (config->daemon == NULL ||
		    strcmp(config->daemon, variables[i].program) == 0)
			return 0;
		if (strcmp(last, variables[i].program) != 0)
			buf_addf(&known, "%s%s", known.size > 0 ? ", " : "",
			    variables[i].program);
		last = variables[i].program;
	}
	return tool_misused(name, "--daemon %s is not known; known are %s",
	    config->daemon, known.data);
}

int
config_run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "daemon", required_argument, NULL, 'd' },
		{ "json", no_argument, NULL, 'j' },
		{ NULL, 0, NULL, 0 },
	};
	struct config config = { .daemon = NULL };
	int flag, status;

	while ((flag = getopt_long(argc, argv, ":", options, NULL)) != -1) {
		if (flag == 'd')
			config.daemon = optarg;
		else if (flag == 'j')
			config.as_json = true;
		else
			return tool_bad_flag(name, flag, argv);
	}
	if (optind < argc)
		return tool_misused(
		    name, "takes no argument: %s", argv[optind]);
	status = check_daemon(&config);
	if (status != 0)
		return status;
	if (config.as_json)
		print_json(&config);
	else
		print_text(&config);
	return EXIT_OK;
}
