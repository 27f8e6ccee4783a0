/* `agent-runtime doctor`: looks at everything and changes nothing. */

#include "services/agent-runtime/doctor.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "libcommon/buf.h"
#include "libcommon/err.h"
#include "libcommon/json.h"
#include "services/agent-runtime/screen.h"
#include "services/agent-runtime/tools.h"

static const char name[] = "doctor";

struct doctor {
	struct settings settings;
	bool as_json;
	struct buf text; /* the list of findings, as JSON */
	struct json_out out;
	int n_warnings, n_errors;
};

static void (*const checks[])(struct doctor *doctor) = {
	check_kernel,
	check_libraries,
	check_programs,
	check_data_dir,
	check_modes,
	check_disk,
	check_dotenv,
	check_secret_files,
	check_variables,
	check_configuration,
	check_port,
	check_model,
	check_prompts,
	check_connectors,
	check_suite,
};

const struct settings *
doctor_settings(const struct doctor *doctor)
{
	return &doctor->settings;
}

static void
finding_print(
    enum finding_level level, const char *id, const char *text, const char *fix)
{
	static const char *const marks[] = { "[ok]  ", "[warn]", "[ERR] " };
	AUTO(buf_release)
	struct buf line;

	buf_init(&line);
	buf_addf(&line, "%s %-22s %s", marks[level], id, text);
	screen_say(stdout, line.data, "", "       ");
	if (*fix != '\0')
		screen_say(stdout, fix, "       fix: ", "            ");
}

void
doctor_find(struct doctor *doctor, enum finding_level level, const char *id,
    const char *fix, const char *fmt, ...)
{
	static const char *const names[] = { "ok", "warn", "error" };
	char text[1024];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	doctor->n_warnings += level == FINDING_WARN;
	doctor->n_errors += level == FINDING_ERR;
	if (!doctor->as_json) {
		finding_print(level, id, text, fix);
		return;
	}
	json_out_object(&doctor->out, NULL);
	json_out_str(&doctor->out, "id", id);
	json_out_str(&doctor->out, "level", names[level]);
	json_out_str(&doctor->out, "text", text);
	json_out_str(&doctor->out, "fix", fix);
	json_out_object_end(&doctor->out);
}

static int
verdict(const struct doctor *doctor)
{
	return doctor->n_errors > 0 ? 2 : doctor->n_warnings > 0;
}

static int
examine(struct doctor *doctor)
{
	buf_init(&doctor->text);
	json_out_init(&doctor->out, &doctor->text);
	json_out_object(&doctor->out, NULL);
	json_out_list(&doctor->out, "findings");
	for (size_t i = 0; i < N_OF(checks); i++)
		checks[i](doctor);
	json_out_list_end(&doctor->out);
	json_out_int(&doctor->out, "warnings", doctor->n_warnings);
	json_out_int(&doctor->out, "errors", doctor->n_errors);
	json_out_object_end(&doctor->out);
	if (doctor->as_json)
		printf("%s\n", doctor->text.data);
	else
		printf("%d errors, %d warnings\n", doctor->n_errors,
		    doctor->n_warnings);
	buf_release(&doctor->text);
	return verdict(doctor);
}

static int
parse(struct doctor *doctor, int argc, char **argv)
{
	int status = tool_json_flag(name, argc, argv, &doctor->as_json);

	if (status != 0)
		return status;
	if (optind < argc)
		return tool_misused(
		    name, "takes no argument: %s", argv[optind]);
	return 0;
}

int
doctor_run(int argc, char **argv)
{
	struct doctor doctor = { .n_errors = 0 };
	struct err err;
	int status = parse(&doctor, argc, argv);

	if (status != 0)
		return status;
	if (settings_load(&doctor.settings, &err) < 0)
		return tool_failed(name, &err);
	status = examine(&doctor);
	settings_release(&doctor.settings);
	return status;
}
