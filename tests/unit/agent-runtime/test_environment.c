/* What a daemon gets to see of the environment. */

#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libcommon/buf.h"
#include "libcommon/defs.h"
#include "services/agent-runtime/environment.h"
#include "services/agent-runtime/variables.h"

static const struct {
	const char *program, *name;
	bool want;
} passes[] = {
	{ "api", "AGENT_RUNTIME_HTTP_ADDR", true },
	{ "gateway-telegram", "AGENT_RUNTIME_HTTP_ADDR", false },
	{ "gateway-telegram", "AGENT_RUNTIME_TELEGRAM_TOKEN", true },
	{ "gateway-telegram", "AGENT_RUNTIME_TELEGRAM_TOKEN_FILE", true },
	{ "gateway-telegram", "AGENT_RUNTIME_TELEGRAM_API_BASE_FILE", false },
	{ "api", "AGENT_RUNTIME_TELEGRAM_TOKEN", false },
	{ "api", "AGENT_RUNTIME_TELEGRAM_TOKEN_FILE", false },
	{ "api", "AGENT_RUNTIME_DOOR_KEY_FILE", false },
	{ "api", "PATH", true },
	{ "api", "LANG", true },
	{ "api", "LC_ALL", true },
	{ "api", "TZ", true },
	{ "api", "SSL_CERT_FILE", true },
	{ "api", "SSL_CERT_DIR", true },
	{ "api", "ASAN_OPTIONS", true },
	{ "api", "PUBLIC_HOST", true },
	{ "task-engine", "PUBLIC_HOST", false },
	{ "api", "HOME", false },
	{ "api", "LD_PRELOAD", false },
	{ "api", "PATHX", false },
	{ "api", "AWS_SECRET_ACCESS_KEY", false },
};

static void
only_its_own_and_the_harmless_pass(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(passes); i++)
		if (environment_passes(passes[i].program, passes[i].name) !=
		    passes[i].want)
			fail_msg("%s %s", passes[i].program, passes[i].name);
}

static bool
has(char **list, const char *entry)
{
	for (; *list != NULL; list++)
		if (strcmp(*list, entry) == 0)
			return true;
	return false;
}

static void
lists_are_filtered_and_extra_replaces(void **state)
{
	char extra_text[] = "AGENT_RUNTIME_DATA_DIR=/abs";
	char *extra[] = { extra_text, NULL };
	struct environment *e;
	char **list;

	(void)state;
	setenv("AGENT_RUNTIME_DATA_DIR", "./data", 1);
	setenv("AGENT_RUNTIME_HTTP_ADDR", "off", 1);
	setenv("AGENT_RUNTIME_LLM_API_KEY", "key", 1);
	e = environment_take();
	list = environment_for(e, "api", extra);
	assert_true(has(list, "AGENT_RUNTIME_DATA_DIR=/abs"));
	assert_false(has(list, "AGENT_RUNTIME_DATA_DIR=./data"));
	assert_true(has(list, "AGENT_RUNTIME_HTTP_ADDR=off"));
	assert_false(has(list, "AGENT_RUNTIME_LLM_API_KEY=key"));
	environment_list_free(&list);
	list = environment_for(e, "task-engine", extra + 1);
	assert_true(has(list, "AGENT_RUNTIME_LLM_API_KEY=key"));
	environment_list_free(&list);
	environment_free(&e);
}

static void
secrets_are_gone_from_our_own_block(void **state)
{
	static char secret[] = "AGENT_RUNTIME_LLM_API_KEY=canary";
	static char plain[] = "AGENT_RUNTIME_HTTP_ADDR=off";
	static char file[] = "AGENT_RUNTIME_LLM_API_KEY_FILE=/run/key";
	struct environment *e;

	(void)state;
	putenv(secret);
	putenv(plain);
	putenv(file);
	e = environment_take();
	assert_null(memmem(secret, sizeof(secret), "canary", 6));
	assert_string_equal(plain, "AGENT_RUNTIME_HTTP_ADDR=off");
	assert_string_equal(file, "AGENT_RUNTIME_LLM_API_KEY_FILE=/run/key");
	assert_true(
	    has(environment_all(e), "AGENT_RUNTIME_LLM_API_KEY=canary"));
	environment_free(&e);
	unsetenv("AGENT_RUNTIME_LLM_API_KEY");
	unsetenv("AGENT_RUNTIME_HTTP_ADDR");
	unsetenv("AGENT_RUNTIME_LLM_API_KEY_FILE");
}

static void
collect(void *arg, const char *name, const char *nearest)
{
	buf_addf(arg, "%s>%s\n", name, nearest != NULL ? nearest : "");
}

static void
unknown_variables_are_named(void **state)
{
	char *environment[] = { (char *)"AGENT_RUNTIME_HTTP_ADR=1",
		(char *)"AGENT_RUNTIME_HTTP_ADDR=1", (char *)"HOME=/",
		(char *)"AGENT_RUNTIME_LLM_API_KEY_FILE=/x",
		(char *)"AGENT_RUNTIME_WHATEVER=1", NULL };
	struct buf out;

	(void)state;
	buf_init(&out);
	variables_each_unknown(environment, collect, &out);
	assert_string_equal(out.data,
	    "AGENT_RUNTIME_HTTP_ADR>AGENT_RUNTIME_HTTP_ADDR\n"
	    "AGENT_RUNTIME_WHATEVER>\n");
	buf_release(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_its_own_and_the_harmless_pass),
		cmocka_unit_test(lists_are_filtered_and_extra_replaces),
		cmocka_unit_test(secrets_are_gone_from_our_own_block),
		cmocka_unit_test(unknown_variables_are_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
