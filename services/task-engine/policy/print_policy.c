/*
 * Prints the policy table: as C for agent-runtime (--c), else as the rows of a
 * Markdown table for docs/policy.md. Run by the build and by scripts/gen-docs.
 */

#include <stdio.h>
#include <string.h>

#include "services/task-engine/policy/policy.h"

enum { WHO_SIZE = 256 };

static void
describe_session(char who[WHO_SIZE], unsigned flags)
{
	if (!(flags & POLICY_TOOL))
		snprintf(who, WHO_SIZE, "the local credential");
	else
		snprintf(who, WHO_SIZE,
		    "the local credential; a tool in its own session");
}

static void
describe_chat(char who[WHO_SIZE], const struct policy_row *row)
{
	const char *where =
	    row->flags & POLICY_BY_ID ? " in the workspace of the thing" : "";

	if (row->role == ROLE_GUEST)
		snprintf(who, WHO_SIZE, "everybody%s%s",
		    row->flags & POLICY_LISTED
			? " (guests if AGENT_RUNTIME_GUEST_COMMANDS names it)"
			: "",
		    row->flags & POLICY_TOOL ? "; tools" : "; no tool");
	else
		snprintf(who, WHO_SIZE, "%s%s or stronger%s%s",
		    row->flags & POLICY_OWN ? "whoever it belongs to; " : "",
		    role_name(row->role), where,
		    row->flags & POLICY_TOOL ? "; tools their own"
					     : "; no tool");
}

static void
describe(char who[WHO_SIZE], const struct policy_row *row)
{
	if (row->flags & POLICY_DOOR)
		snprintf(who, WHO_SIZE, "a daemon at its own door");
	else if (row->flags & POLICY_HTTP)
		describe_session(who, row->flags);
	else
		describe_chat(who, row);
}

/* The rows have no quotes and no bars; were there any, the build would say. */
static void
print_c(void)
{
	puts("/* Made by print-policy; do not edit. */\n\n"
	     "#include \"services/agent-runtime/policy_rows.h\"\n\n"
	     "const struct policy_line policy_lines[] = {");
	for (size_t i = 0; i < n_policy_rows; i++) {
		char who[WHO_SIZE];

		describe(who, &policy_rows[i]);
		printf("\t{ \"%s\", \"%s\", \"%s\" },\n",
		    policy_rows[i].operation, who, policy_rows[i].help);
	}
	puts("};\n\nconst size_t n_policy_lines =\n"
	     "    sizeof(policy_lines) / sizeof(policy_lines[0]);");
}

static void
print_markdown(void)
{
	puts("| operation | who may | what it is |\n|---|---|---|");
	for (size_t i = 0; i < n_policy_rows; i++) {
		char who[WHO_SIZE];

		describe(who, &policy_rows[i]);
		printf("| `%s` | %s | %s |\n", policy_rows[i].operation, who,
		    policy_rows[i].help);
	}
}

int
main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "--c") == 0)
		print_c();
	else
		print_markdown();
	return fflush(stdout) == 0 ? 0 : 1;
}
