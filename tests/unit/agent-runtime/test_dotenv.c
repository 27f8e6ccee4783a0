/* .env files, good and bad. */

#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libcommon/buf.h"
#include "libcommon/err.h"
#include "services/agent-runtime/dotenv.h"

static void
append(void *arg, const char *key, const char *value)
{
	buf_addf(arg, "%s=<%s>", key, value);
}

static const struct {
	const char *name;
	const char *text;
	const char *want;
} good[] = {
	{ "nothing", "", "" },
	{ "blank lines and comments", "\n  \n# A=1\n   # B=2\n", "" },
	{ "plain", "A=1\nB_2=two words\n", "A=<1>B_2=<two words>" },
	{ "no last newline", "A=1", "A=<1>" },
	{ "empty value", "A=\nB=''\nC=\"\"\n", "A=<>B=<>C=<>" },
	{ "blanks around", "  A=  1  \t\n", "A=<1>" },
	{ "comment behind", "A=1 # one\nB= # none\n", "A=<1>B=<>" },
	{ "hash inside", "A=p#ss\n", "A=<p#ss>" },
	{ "equals inside", "A=b=c==\n", "A=<b=c==>" },
	{ "nothing is expanded", "A=$HOME`id`$(id)\n", "A=<$HOME`id`$(id)>" },
	{ "single quotes keep all", "A='a\\n\"$b # c'\n", "A=<a\\n\"$b # c>" },
	{ "double quotes", "A=\"a\\n\\t\\\"\\\\ # b\"\n", "A=<a\n\t\"\\ # b>" },
	{ "comment behind quotes", "A='1' # one\n", "A=<1>" },
	{ "quote in the middle", "A=it's\n", "A=<it's>" },
	{ "lines of Windows", "A=1\r\nB='2'\r\n", "A=<1>B=<2>" },
	{ "byte order mark",
	    "\xef\xbb\xbf"
	    "A=1\n",
	    "A=<1>" },
	{ "UTF-8", "A=grün\n", "A=<grün>" },
};

static void
good_files_give_their_values(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(good); i++) {
		struct buf out;
		struct err err;

		buf_init(&out);
		if (dotenv_parse(good[i].text, strlen(good[i].text), append,
			&out, &err) != 0)
			fail_msg("%s: %s", good[i].name, err.text);
		if (strcmp(out.data, good[i].want) != 0)
			fail_msg("%s: %s", good[i].name, out.data);
		buf_release(&out);
	}
}

static const struct {
	const char *name;
	const char *text;
	size_t size;
	const char *want;
} bad[] = {
	{ "no equals", "A=1\nB\n", 0, "line 2: must be KEY=VALUE" },
	{ "blank before equals", "A =1\n", 0, "line 1: must be KEY=VALUE" },
	{ "export", "\nexport A=1\n", 0, "line 2: must be KEY=VALUE: leave" },
	{ "digit first", "1A=1\n", 0, "line 1: must be KEY=VALUE" },
	{ "no key", "=1\n", 0, "line 1: must be KEY=VALUE" },
	{ "dash in key", "A-B=1\n", 0, "line 1: must be KEY=VALUE" },
	{ "open single", "A='x\n'\n", 0, "line 1: the quote is not closed" },
	{ "open double", "A=\"x\\\"\n", 0, "line 1: the quote is not closed" },
	{ "ends with escape", "A=\"x\\", 0, "line 1: after a backslash" },
	{ "unknown escape", "A=\"\\x\"\n", 0, "line 1: after a backslash" },
	{ "behind quotes", "A='x'y\n", 0, "line 1: something follows" },
	{ "twice", "A=1\n\nA=1\n", 0, "line 3: A is set a second time" },
	{ "NUL", "A=1\0\n", 5, "line 1: holds a NUL byte" },
};

static void
bad_files_name_the_line_and_no_value(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(bad); i++) {
		size_t size =
		    bad[i].size > 0 ? bad[i].size : strlen(bad[i].text);
		struct err err = { 0 };
		struct buf out;

		buf_init(&out);
		if (dotenv_parse(bad[i].text, size, append, &out, &err) != -1)
			fail_msg("%s: was accepted", bad[i].name);
		if (err.code != ERR_INVALID ||
		    strstr(err.text, bad[i].want) != err.text)
			fail_msg("%s: %s", bad[i].name, err.text);
		buf_release(&out);
	}
}

/* One that Linux would refuse at exec, without a word of which it was. */
static void
a_line_is_no_longer_than_a_program_may_be_given(void **state)
{
	enum { LONGEST = 131071 };
	static char text[LONGEST + 1];
	struct err err = { 0 };
	struct buf out;

	(void)state;
	memset(text, 'x', sizeof(text));
	text[0] = 'A';
	text[1] = '=';
	buf_init(&out);
	assert_int_equal(dotenv_parse(text, LONGEST, append, &out, &err), 0);
	assert_int_equal(
	    dotenv_parse(text, LONGEST + 1, append, &out, &err), -1);
	assert_int_equal(err.code, ERR_INVALID);
	assert_string_equal(err.text,
	    "line 1: is longer than 131071 bytes, which no program can be "
	    "given: shorten it");
	buf_release(&out);
}

static void
load(const char *text, int want)
{
	char path[] = "/tmp/test-dotenv-XXXXXX";
	int fd = mkstemp(path);
	struct err err;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	assert_int_equal(dotenv_load(path, &err), want);
	unlink(path);
}

static void
the_environment_wins_and_strangers_stay_out(void **state)
{
	(void)state;
	setenv("AGENT_RUNTIME_A", "real", 1);
	unsetenv("AGENT_RUNTIME_B");
	unsetenv("LD_PRELOAD");
	load("AGENT_RUNTIME_A=file\nAGENT_RUNTIME_B=file\n"
	     "LD_PRELOAD=/tmp/x.so\nPATH=/tmp\nTZ=Europe/Paris\n"
	     "PUBLIC_HOST=file\n",
	    0);
	assert_string_equal(getenv("AGENT_RUNTIME_A"), "real");
	assert_string_equal(getenv("AGENT_RUNTIME_B"), "file");
	assert_string_equal(getenv("TZ"), "Europe/Paris");
	assert_string_equal(getenv("PUBLIC_HOST"), "file");
	assert_null(getenv("LD_PRELOAD"));
	assert_string_not_equal(getenv("PATH"), "/tmp");
}

static void
a_bad_file_is_refused_and_no_file_is_fine(void **state)
{
	struct err err;

	(void)state;
	load("AGENT_RUNTIME_C", -1);
	assert_int_equal(dotenv_load("/nonexistent/.env", &err), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_files_give_their_values),
		cmocka_unit_test(bad_files_name_the_line_and_no_value),
		cmocka_unit_test(
		    a_line_is_no_longer_than_a_program_may_be_given),
		cmocka_unit_test(the_environment_wins_and_strangers_stay_out),
		cmocka_unit_test(a_bad_file_is_refused_and_no_file_is_fine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
