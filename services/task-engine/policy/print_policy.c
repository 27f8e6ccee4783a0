/*
 * Prints the policy table: as C for agent-runtime (--c), else as the rows of a
 * Markdown table for docs/policy.md. Run by the build and by scripts/gen-docs.
 */

#include <stdio.h>
#include <string.h>

#include "services/task-engine/policy/describe.h"
#include "services/task-engine/policy/policy.h"

/* The rows have no quotes and no bars; were there any, the build would say. */
static void
print_c(void)
{
	puts("/* Made by print-policy; do not edit. */\n\n"
	     "#include \"services/agent-runtime/policy_rows.h\"\n\n"
	     "const struct policy_line policy_lines[] = {");
	for (size_t i = 0; i < n_policy_rows; i++) {
		char who[POLICY_WHO_SIZE];

		policy_describe(who, &policy_rows[i]);
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
		char who[POLICY_WHO_SIZE];

		policy_describe(who, &policy_rows[i]);
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
