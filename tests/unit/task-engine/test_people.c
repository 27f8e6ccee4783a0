/* Who asks, and the credentials of tools. */

#include "services/task-engine/people/actors.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libcommon/arena.h"
#include "libcommon/id.h"
#include "proto/credential.h"
#include "proto/token.h"
#include "services/task-engine/audit/verify.h"
#include "services/task-engine/people/tokens.h"
#include "services/task-engine/store/store.h"
#include "services/task-engine/store/tokens.h"
#include "tests/unit/task-engine/world.h"
#include "tests/unit/unit.h"

static void
open_people(struct world *w, struct people *people)
{
	const char *path;

	path = world_path(w, "admin.token");
	DONE(people_open(people, w->store, path, &w->err));
}

static void
the_local_credential_is_made_once_and_private(void **state)
{
	struct world world, *w = &world;
	struct people one, two;
	const char *path;
	char text[128] = "", sha256[ID_SHA256_HEX_SIZE];
	struct stat st;

	(void)state;
	world_open(w);
	open_people(w, &one);
	open_people(w, &two);
	assert_string_equal(one.local_sha256, two.local_sha256);
	path = world_path(w, "admin.token");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	FILE *f = fopen(path, "r");

	assert_non_null(fgets(text, sizeof(text), f));
	fclose(f);
	text[strcspn(text, "\n")] = '\0';
	assert_int_equal(strlen(text), 64);
	id_sha256_hex(sha256, text, strlen(text));
	assert_string_equal(sha256, one.local_sha256);
	assert_int_equal(unlink(path), 0);
	open_people(w, &two);
	assert_string_not_equal(one.local_sha256, two.local_sha256);
	world_close(w);
}

static void
a_guessable_credential_is_refused(void **state)
{
	struct world world, *w = &world;
	struct people people;
	const char *path;

	(void)state;
	world_open(w);
	path = world_path(w, "admin.token");
	FILE *f = fopen(path, "w");

	fputs("secret\n", f);
	fclose(f);
	FAILS(people_open(&people, w->store, path, &w->err), ERR_INVALID);
	world_close(w);
}

static struct token_made
make(struct world *w, const char *name)
{
	static const struct actor local = { .kind = ACTOR_LOCAL,
		.name = "local" };
	const struct token_add in = {
		.name = name, .connector = "codex", .external_id = ""
	};
	struct token_made out;

	DONE(store_begin(w->store, &w->err));
	DONE(token_make(
	    w->store, &local, &in, w->now_ms, w->arena, &out, &w->err));
	DONE(store_commit(w->store, &w->err));
	return out;
}

static void
credentials_tell_who_asks(void **state)
{
	struct world world, *w = &world;
	struct people people;
	char tool_sha256[ID_SHA256_HEX_SIZE];
	struct actor actor;

	(void)state;
	world_open(w);
	open_people(w, &people);
	struct token_made made = make(w, "ci");

	id_sha256_hex(tool_sha256, made.token, strlen(made.token));
	const struct {
		const char *claim;
		struct credential credential;
		const char *name; /* NULL: nobody */
	} cases[] = {
		{ "the token file", { "local", people.local_sha256, -1, "" },
		    "local" },
		{ "the owner at the socket", { "local", "", geteuid(), "" },
		    "local" },
		{ "another uid", { "local", "", geteuid() + 1, "" }, NULL },
		{ "nothing at all", { "local", "", -1, "" }, NULL },
		{ "a tool", { "local", tool_sha256, -1, "" }, "tool:ci" },
		{ "a tool as the owner",
		    { "local", tool_sha256, geteuid(), "" }, "tool:ci" },
		{ "a wrong token as the owner",
		    { "local", "00", geteuid(), "" }, NULL },
		{ "a certificate", { "admin", "", -1, "CN=ann" }, "local" },
		{ "no certificate", { "admin", "", -1, "" }, NULL },
		{ "a certificate elsewhere", { "local", "", -1, "CN=ann" },
		    NULL },
		{ "the public listener",
		    { "public", people.local_sha256, geteuid(), "CN=ann" },
		    NULL },
	};

	for (size_t i = 0; i < N_OF(cases); i++) {
		int got = people_actor(&people, &cases[i].credential, w->now_ms,
		    w->arena, &actor, &w->err);

		if ((got == 0) != (cases[i].name != NULL))
			fail_msg("%s: %d", cases[i].claim, got);
		if (got == 0)
			assert_string_equal(actor.name, cases[i].name);
		else
			assert_int_equal(w->err.code, ERR_UNAUTHENTICATED);
	}
	world_close(w);
}

static void
a_revoked_token_is_nobodys_and_both_are_audited(void **state)
{
	static const struct actor local = { .kind = ACTOR_LOCAL,
		.name = "local" };
	struct world world, *w = &world;
	struct people people;
	char sha256[ID_SHA256_HEX_SIZE];
	struct credential credential = { "local", sha256, -1, "" };
	struct audit_check check = { 0 };
	struct token_item *items;
	struct actor actor;
	size_t n;

	(void)state;
	world_open(w);
	open_people(w, &people);
	struct token_made made = make(w, "ci");

	id_sha256_hex(sha256, made.token, strlen(made.token));
	assert_string_equal(made.external_id, "codex-ci");
	DONE(people_actor(
	    &people, &credential, w->now_ms, w->arena, &actor, &w->err));
	DONE(store_begin(w->store, &w->err));
	DONE(token_revoke(w->store, &local, "ci", w->now_ms, &w->err));
	FAILS(token_revoke(w->store, &local, "ci", w->now_ms, &w->err),
	    ERR_NOT_FOUND);
	DONE(store_commit(w->store, &w->err));
	FAILS(people_actor(
		  &people, &credential, w->now_ms, w->arena, &actor, &w->err),
	    ERR_UNAUTHENTICATED);
	DONE(store_tokens_list(w->store, w->arena, &items, &n, &w->err));
	assert_int_equal(n, 1);
	assert_true(items[0].is_revoked);
	OTHER(audit_verify(w->store, &check, 10, &w->err));
	assert_int_equal(check.state, AUDIT_INTACT);
	assert_int_equal(check.at.seq, 3);
	world_close(w);
}

static void
bad_tokens_are_refused(void **state)
{
	static const struct actor local = { .kind = ACTOR_LOCAL,
		.name = "local" };
	static const struct {
		const char *name, *connector;
		enum err_code code;
	} cases[] = {
		{ "", "codex", ERR_INVALID },
		{ "a b", "codex", ERR_INVALID },
		{ "../x", "codex", ERR_INVALID },
		{ "x", "telegram", ERR_INVALID },
		{ "taken", "codex", ERR_CONFLICT },
	};
	struct world world, *w = &world;
	struct token_made out;

	(void)state;
	world_open(w);
	make(w, "taken");
	for (size_t i = 0; i < N_OF(cases); i++) {
		const struct token_add in = { .name = cases[i].name,
			.connector = cases[i].connector,
			.external_id = "" };

		DONE(store_begin(w->store, &w->err));
		FAILS(token_make(w->store, &local, &in, w->now_ms, w->arena,
			  &out, &w->err),
		    cases[i].code);
		store_rollback(w->store);
	}
	world_close(w);
}

static const struct {
	const char *name;
	enum err_code code; /* ERR_NONE: it is somebody */
	enum actor_kind kind;
	const char *says;
} named[] = {
	{ "local", ERR_NONE, ACTOR_LOCAL, "" },
	{ "telegram:42", ERR_NONE, ACTOR_ACCOUNT, "" },
	{ "imap:ann@example.org", ERR_NONE, ACTOR_ACCOUNT, "" },
	{ "cli:main", ERR_NONE, ACTOR_ACCOUNT, "" },
	{ "tool:laptop", ERR_NONE, ACTOR_TOOL, "" },
	{ "tool:nobody", ERR_NOT_FOUND, ACTOR_TOOL, "\"tool:nobody\"" },
	{ "tool:", ERR_INVALID, ACTOR_TOOL, "is nobody" },
	{ "nobody:1", ERR_INVALID, ACTOR_ACCOUNT,
	    "of telegram, discord, imap, codex" },
	{ "nobody", ERR_INVALID, ACTOR_ACCOUNT, "\"nobody\" is nobody" },
	{ "telegram:", ERR_INVALID, ACTOR_ACCOUNT, "is nobody" },
	{ ":42", ERR_INVALID, ACTOR_ACCOUNT, "is nobody" },
	{ "", ERR_INVALID, ACTOR_ACCOUNT, "is nobody" },
};

static void
a_name_is_somebodys_or_says_why_not(void **state)
{
	struct world world, *w = &world;
	struct people people;

	(void)state;
	world_open(w);
	open_people(w, &people);
	make(w, "laptop");
	for (size_t i = 0; i < N_OF(named); i++) {
		struct err err = { .code = ERR_NONE, .text = "" };
		struct actor actor = { .kind = named[i].kind };

		(void)!people_named(
		    &people, named[i].name, w->arena, &actor, &err);
		if (err.code != named[i].code || actor.kind != named[i].kind ||
		    !strstr(err.text, named[i].says))
			fail_msg(
			    "%s: %d %s", named[i].name, err.code, err.text);
	}
	world_close(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_local_credential_is_made_once_and_private),
		cmocka_unit_test(a_guessable_credential_is_refused),
		cmocka_unit_test(credentials_tell_who_asks),
		cmocka_unit_test(
		    a_revoked_token_is_nobodys_and_both_are_audited),
		cmocka_unit_test(bad_tokens_are_refused),
		cmocka_unit_test(a_name_is_somebodys_or_says_why_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
