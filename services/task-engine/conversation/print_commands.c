/* Prints the catalogue of commands as a Markdown table. Run by gen-docs. */

#include <stdio.h>

#include "services/task-engine/conversation/command.h"
#include "services/task-engine/policy/describe.h"
#include "services/task-engine/policy/policy.h"

/* In a table a bar would end the cell. */
static void
print_escaped(const char *text)
{
	for (; *text; text++)
		printf(*text == '|' ? "\\|" : "%c", *text);
}

static void
print_row(const struct command_row *row)
{
	char who[POLICY_WHO_SIZE];

	policy_describe(who, policy_find(row->operation));
	printf("| `/%s%s", row->name, *row->argument ? " " : "");
	print_escaped(row->argument);
	printf("` | %s | %s |\n", row->help, who);
}

int
main(void)
{
	puts("| command | what it does | who may |\n|---|---|---|");
	for (size_t i = 0; i < n_command_rows; i++)
		print_row(&command_rows[i]);
	return fflush(stdout) == 0 ? 0 : 1;
}
