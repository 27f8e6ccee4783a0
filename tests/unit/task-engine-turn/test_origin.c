/* Where a part of a prompt comes from, by its path or by who said it. */

#include "services/task-engine/knowledge/origin.h"

#include <string.h>

#include "libcommon/buf.h"
#include "libcommon/defs.h"
#include "tests/unit/unit.h"

static const struct {
	const char *path, *name, *said;
} paths[] = {
	{ "docs/a.md", "file", "file" },
	{ "inbox/telegram/-100/notes.md", "file", "file" },
	{ "inbox/imap/INBOX/7-hello.md", "mail", "mail" },
	{ "inbox/web/page.md", "web", "web page" },
	{ "logs/chats/telegram/-100.md", "chat", "chat log" },
	{ "memory/contexts/c.md", "chat", "chat log" },
	{ "scratch/c/plan.md", "agent", "what the agent wrote in" },
	{ "tasks/2026/11/22/t.md", "agent", "what the agent wrote in" },
	{ "my-inbox/imap/a.md", "file", "file" },
	{ "", "file", "file" },
};

static void
a_document_is_what_its_folder_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(paths); i++) {
		const struct origin origin = origin_of_path(paths[i].path);
		AUTO(buf_release)
		struct buf said = { 0 };

		buf_init(&said);
		origin_say(&said, &origin);
		if (strcmp(origin_name(&origin), paths[i].name) != 0 ||
		    strcmp(said.data, paths[i].said) != 0)
			fail_msg("%s: %s, %s", paths[i].path,
			    origin_name(&origin), said.data);
		assert_string_equal(origin.source, paths[i].path);
	}
}

static void
a_person_has_the_role_of_then(void **state)
{
	const struct origin bob = origin_of_person("telegram:7", "guest");
	const struct origin then = origin_of_person("telegram:7", "admin");
	const struct origin agent = origin_of_person("", "");
	AUTO(buf_release)
	struct buf said = { 0 };

	(void)state;
	buf_init(&said);
	origin_say(&said, &bob);
	assert_string_equal(said.data, "message of guest");
	assert_string_equal(origin_name(&bob), "guest");
	assert_string_equal(origin_name(&agent), "agent");
	assert_false(origin_is(&bob, &then));
	assert_true(origin_is(&bob, &bob));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_document_is_what_its_folder_says),
		cmocka_unit_test(a_person_has_the_role_of_then),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
