/* `agent-runtime policy`: who may do what, as the engine was built. */

#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "libcommon/buf.h"
#include "libcommon/json.h"
#include "services/agent-runtime/policy_rows.h"
#include "services/agent-runtime/tools.h"

static const char name[] = "policy";

static void
show_json(const char *operation)
{
	AUTO(buf_release)
	struct buf text = { 0 };
	struct json_out out;

	buf_init(&text);
	json_out_init(&out, &text);
	json_out_object(&out, NULL);
	json_out_list(&out, "items");
	for (size_t i = 0; i < n_policy_lines; i++) {
		if (*operation &&
		    strcmp(policy_lines[i].operation, operation) != 0)
			continue;
		json_out_object(&out, NULL);
		json_out_str(&out, "operation", policy_lines[i].operation);
		json_out_str(&out, "who", policy_lines[i].who);
		json_out_str(&out, "help", policy_lines[i].help);
		json_out_object_end(&out);
	}
	json_out_list_end(&out);
	json_out_object_end(&out);
	puts(text.data);
}

static void
show(const char *operation)
{
	for (size_t i = 0; i < n_policy_lines; i++)
		if (!*operation ||
		    strcmp(policy_lines[i].operation, operation) == 0)
			printf("%-28s %s\n%-28s   %s\n",
			    policy_lines[i].operation, policy_lines[i].help, "",
			    policy_lines[i].who);
}

static bool
is_known(const char *operation)
{
	for (size_t i = 0; i < n_policy_lines; i++)
		if (strcmp(policy_lines[i].operation, operation) == 0)
			return true;
	return false;
}

int
policy_run(int argc, char **argv)
{
	const char *operation = "";
	bool as_json = false;
	int status = tool_json_flag(name, argc, argv, &as_json);

	if (status != 0)
		return status;
	if (argc - optind > 1)
		return tool_misused(name, "takes one operation, or none");
	if (optind < argc)
		operation = argv[optind];
	if (*operation && !is_known(operation))
		return tool_misused(
		    name, "there is no operation \"%s\"", operation);
	as_json ? show_json(operation) : show(operation);
	return EXIT_OK;
}
