/* Linking accounts to people, and what may be changed about them. */

#include "services/task-engine/people/pairing.h"

#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/err.h"
#include "proto/identity.h"
#include "proto/pairing.h"
#include "services/task-engine/people/actors.h"
#include "services/task-engine/people/identities.h"
#include "services/task-engine/store/messages.h"
#include "services/task-engine/store/pairings.h"
#include "services/task-engine/store/people.h"
#include "services/task-engine/store/store.h"
#include "tests/unit/task-engine/world.h"
#include "tests/unit/unit.h"

static const struct actor local = { .kind = ACTOR_LOCAL, .name = "local" };

/* Opens the world within one transaction. */
static struct policy
begin(struct world *w)
{
	world_open(w);
	DONE(store_begin(w->store, &w->err));
	return (struct policy){ .store = w->store, .guest_commands = "" };
}

static void
end(struct world *w)
{
	DONE(store_commit(w->store, &w->err));
	world_close(w);
}

static struct pairing_started
start(struct world *w, const char *account)
{
	const struct pairing_new new = {
		.connector = "telegram",
		.connector_user_id = account,
		.display_name = account,
		.context_id = w->context.id,
		.instance = w->context.instance,
	};
	struct pairing_started out;

	DONE(pairing_start(
	    w->store, &local, &new, w->now_ms, w->arena, &out, &w->err));
	return out;
}

/* Gives the account a role of its own person's. */
static struct actor
make_person(struct world *w, const struct policy *policy, const char *account,
    enum role role, const char *workspace_id)
{
	struct people people = { .store = w->store };
	const struct pairing_grant grant = {
		.token = start(w, account).token,
		.role = role,
		.workspace_id = workspace_id,
		.target_user_id = "",
		.remark = "",
	};
	struct pairing_link link;
	struct actor out;

	DONE(pairing_approve(
	    policy, &local, &grant, w->now_ms, w->arena, &link, &w->err));
	DONE(people_account(
	    &people, "telegram", account, w->arena, &out, &w->err));
	assert_string_equal(out.user_id, link.user_id);
	return out;
}

static const char *
status_of(struct world *w, const char *token)
{
	struct pairing_row row;

	DONE(pairing_find(w->store, token, w->now_ms, w->arena, &row, &w->err));
	return row.status;
}

static void
a_token_links_once(void **state)
{
	struct world world, *w = &world;
	struct policy policy = begin(w);
	struct pairing_started one = start(w, "42");
	struct pairing_grant grant = {
		.token = one.token,
		.role = ROLE_MEMBER,
		.workspace_id = "*",
		.target_user_id = "",
		.remark = "",
	};
	struct pairing_link link;
	char lower[PAIRING_TOKEN_SIZE];

	(void)state;
	assert_int_equal(strlen(one.token), PAIRING_TOKEN_SIZE - 1);
	assert_string_equal(one.token_hint, one.token + 12);
	assert_int_equal(one.expires_at_unix, w->now_ms / 1000 + PAIRING_TTL_S);
	/* It may be typed in any case. */
	for (size_t i = 0; i <= strlen(one.token); i++)
		lower[i] = (char)(one.token[i] >= 'A' && one.token[i] <= 'Z'
				      ? one.token[i] - 'A' + 'a'
				      : one.token[i]);
	assert_string_equal(status_of(w, lower), "pending");
	DONE(pairing_approve(
	    &policy, &local, &grant, w->now_ms, w->arena, &link, &w->err));
	assert_string_equal(status_of(w, one.token), "approved");
	FAILS(pairing_approve(
		  &policy, &local, &grant, w->now_ms, w->arena, &link, &w->err),
	    ERR_CONFLICT);
	/* The account is linked, so there is nothing to start. */
	const struct pairing_new again = { "telegram", "42", "x", "", "", 0 };
	struct pairing_started out;

	FAILS(pairing_start(
		  w->store, &local, &again, w->now_ms, w->arena, &out, &w->err),
	    ERR_CONFLICT);
	end(w);
}

static void
one_request_lives_an_account(void **state)
{
	struct world world, *w = &world;
	struct policy policy = begin(w);
	struct pairing_started one = start(w, "42"), two = start(w, "42"),
			       other = start(w, "43");
	struct pairing_row row;

	(void)state;
	(void)policy;
	assert_string_not_equal(one.token, two.token);
	assert_string_equal(status_of(w, one.token), "expired");
	assert_string_equal(status_of(w, two.token), "pending");
	assert_string_equal(status_of(w, other.token), "pending");
	/* P-47: what ran out reads so at once, and cannot be decided. */
	w->now_ms += PAIRING_TTL_S * 1000;
	assert_string_equal(status_of(w, two.token), "expired");
	FAILS(pairing_deny(w->store, &local, two.token, "no", "", w->now_ms,
		  w->arena, &row, &w->err),
	    ERR_CONFLICT);
	assert_non_null(strstr(w->err.text, "expired"));
	DONE(store_pairings_tidy(w->store, w->now_ms, 0, &w->err));
	FAILS(pairing_find(w->store, "AAAAAAAAAAAAAAAA", w->now_ms, w->arena,
		  &row, &w->err),
	    ERR_NOT_FOUND);
	end(w);
}

/* P-10, G: the approver's own role is not inherited, nor exceeded. */
static void
nobody_grants_more_than_they_are(void **state)
{
	struct world world, *w = &world;
	struct policy policy = begin(w);
	const char *here = w->context.workspace_id;
	const struct actor admin =
			       make_person(w, &policy, "1", ROLE_ADMIN, here),
			   overlord =
			       make_person(w, &policy, "2", ROLE_OVERLORD, "*"),
			   all = make_person(w, &policy, "3", ROLE_ADMIN, "*");
	const struct {
		const char *name;
		const struct actor *actor;
		enum role role;
		const char *workspace_id;
		int rc;
	} rows[] = {
		{ "admin makes admin here", &admin, ROLE_ADMIN, here, 0 },
		{ "admin makes member here", &admin, ROLE_MEMBER, here, 0 },
		{ "admin here, for all", &admin, ROLE_MEMBER, "*", -1 },
		{ "admin here, elsewhere", &admin, ROLE_VIEWER, "w2", -1 },
		{ "admin makes overlord", &admin, ROLE_OVERLORD, "*", -1 },
		{ "admin of all makes admin", &all, ROLE_ADMIN, "*", 0 },
		{ "admin of all, overlord", &all, ROLE_OVERLORD, "*", -1 },
		{ "overlord makes overlord", &overlord, ROLE_OVERLORD, "*", 0 },
		{ "overlord of one place", &overlord, ROLE_OVERLORD, here, -1 },
		{ "local makes overlord", &local, ROLE_OVERLORD, "*", 0 },
	};

	(void)state;
	for (size_t i = 0; i < N_OF(rows); i++) {
		int rc = role_check_grant(&policy, rows[i].actor, rows[i].role,
		    rows[i].workspace_id, &w->err);

		if (rc != rows[i].rc)
			fail_msg("%s: %d", rows[i].name, rc);
	}
	end(w);
}

static void
a_second_account_joins_the_same_person(void **state)
{
	struct world world, *w = &world;
	struct policy policy = begin(w);
	const struct actor ann = make_person(w, &policy, "1", ROLE_MEMBER, "*");
	struct pairing_grant grant = {
		.token = start(w, "2").token,
		.role = ROLE_MEMBER,
		.workspace_id = "*",
		.target_user_id = "nobody",
		.remark = "codex-cli",
	};
	struct pairing_link link;
	struct person_list list;

	(void)state;
	FAILS(pairing_approve(
		  &policy, &local, &grant, w->now_ms, w->arena, &link, &w->err),
	    ERR_NOT_FOUND);
	grant.target_user_id = "local";
	FAILS(pairing_approve(
		  &policy, &local, &grant, w->now_ms, w->arena, &link, &w->err),
	    ERR_NOT_FOUND);
	grant.target_user_id = ann.user_id;
	DONE(pairing_approve(
	    &policy, &local, &grant, w->now_ms, w->arena, &link, &w->err));
	DONE(people_list(w->store, "", 10, w->arena, &list, &w->err));
	assert_int_equal(list.n_items, 1);
	assert_int_equal(list.items[0].n_identities, 2);
	end(w);
}

/* Else the only overlord would be a member after that. */
static void
a_further_account_takes_no_role_away(void **state)
{
	struct world world, *w = &world;
	struct policy policy = begin(w);
	const struct actor ann =
	    make_person(w, &policy, "1", ROLE_OVERLORD, "*");
	struct pairing_grant grant = {
		.token = start(w, "2").token,
		.role = ROLE_MEMBER,
		.workspace_id = "*",
		.target_user_id = ann.user_id,
		.remark = "",
	};
	struct pairing_link link;
	struct person_list list;

	(void)state;
	DONE(pairing_approve(
	    &policy, &local, &grant, w->now_ms, w->arena, &link, &w->err));
	assert_int_equal(link.role, ROLE_OVERLORD);
	DONE(people_list(w->store, "", 10, w->arena, &list, &w->err));
	assert_int_equal(list.items[0].n_roles, 1);
	assert_string_equal(list.items[0].roles[0].role, "overlord");
	end(w);
}

static void
the_last_overlord_stays(void **state)
{
	struct world world, *w = &world;
	struct policy policy = begin(w);
	const struct actor one =
	    make_person(w, &policy, "1", ROLE_OVERLORD, "*");
	struct role_grant none = { one.user_id, ROLE_ADMIN, "*" };
	struct identity_row removed, identity;
	struct person person;

	(void)state;
	DONE(store_identity_find(
	    w->store, "telegram", "1", w->arena, &identity, &w->err));
	FAILS(role_change(&policy, &local, &none, w->now_ms, w->arena, &person,
		  &w->err),
	    ERR_CONFLICT);
	FAILS(identity_unlink(&policy, &local, identity.id, w->now_ms, w->arena,
		  &removed, &person, &w->err),
	    ERR_CONFLICT);
	make_person(w, &policy, "2", ROLE_OVERLORD, "*");
	DONE(role_change(
	    &policy, &local, &none, w->now_ms, w->arena, &person, &w->err));
	assert_string_equal(person.roles[0].role, "admin");
	none.user_id = "local";
	FAILS(role_change(&policy, &local, &none, w->now_ms, w->arena, &person,
		  &w->err),
	    ERR_REFUSED);
	end(w);
}

static void
changes_are_bounded_by_ones_own_role(void **state)
{
	struct world world, *w = &world;
	struct policy policy = begin(w);
	const char *here = w->context.workspace_id;
	const struct actor admin =
	    make_person(w, &policy, "1", ROLE_ADMIN, here);
	const struct actor overlord =
	    make_person(w, &policy, "2", ROLE_OVERLORD, "*");
	const struct actor member =
	    make_person(w, &policy, "3", ROLE_MEMBER, here);
	const struct {
		const char *name;
		const struct actor *actor;
		const char *user_id;
		enum role role;
		const char *workspace_id;
		int rc;
		enum err_code code;
	} rows[] = {
		{ "raised to operator", &admin, member.user_id, ROLE_OPERATOR,
		    here, 0, 0 },
		{ "a member changes", &member, admin.user_id, ROLE_OPERATOR,
		    here, -1, ERR_REFUSED },
		{ "an admin unseats an overlord", &admin, overlord.user_id,
		    ROLE_GUEST, "*", -1, ERR_REFUSED },
		{ "taken away", &admin, member.user_id, ROLE_GUEST, here, 0,
		    0 },
		{ "taken away twice", &admin, member.user_id, ROLE_GUEST, here,
		    -1, ERR_NOT_FOUND },
		{ "of nobody", &local, "nobody", ROLE_MEMBER, "*", -1,
		    ERR_NOT_FOUND },
		{ "in no workspace", &local, member.user_id, ROLE_MEMBER,
		    "nowhere", -1, ERR_NOT_FOUND },
	};
	struct person person;

	(void)state;
	for (size_t i = 0; i < N_OF(rows); i++) {
		const struct role_grant grant = { rows[i].user_id, rows[i].role,
			rows[i].workspace_id };
		int rc = role_change(&policy, rows[i].actor, &grant, w->now_ms,
		    w->arena, &person, &w->err);

		if (rc != rows[i].rc || (rc < 0 && w->err.code != rows[i].code))
			fail_msg("%s: %d %s", rows[i].name, rc, w->err.text);
	}
	end(w);
}

/* The token is a secret, and what is said is written down and quoted. */
static void
tokens_are_cut_out_of_what_is_said(void **state)
{
	struct world world, *w = &world;
	struct policy policy = begin(w);
	struct pairing_started one = start(w, "42");
	const char *lower = "zzzzzzzzzzzzzzzz";
	const struct {
		const char *name, *text, *wanted;
	} rows[] = {
		{ "nothing", "hello there", NULL },
		{ "a word as long", arena_printf(w->arena, "x %s y", lower),
		    NULL },
		{ "the token", one.token, "(pairing token …%s)" },
		{ "in a command",
		    arena_printf(w->arena, "/approve %s member", one.token),
		    "/approve (pairing token …%s) member" },
		{ "quoted", arena_printf(w->arena, "say `%s`!", one.token),
		    "say `(pairing token …%s)`!" },
		{ "glued to a word", arena_printf(w->arena, "x%s", one.token),
		    NULL },
		{ "among other letters",
		    arena_printf(w->arena, "é%sé", one.token),
		    "é(pairing token …%s)é" },
	};

	(void)state;
	(void)policy;
	for (size_t i = 0; i < N_OF(rows); i++) {
		const char *wanted = rows[i].text, *out, *at;

		DONE(pairing_redact(
		    w->store, rows[i].text, w->arena, &out, &w->err));
		if (rows[i].wanted) {
			at = strstr(rows[i].wanted, "%s");
			wanted = arena_printf(w->arena, "%.*s%s%s",
			    (int)(at - rows[i].wanted), rows[i].wanted,
			    one.token_hint, at + 2);
		}
		if (strcmp(out, wanted) != 0)
			fail_msg("%s: %s", rows[i].name, out);
	}
	end(w);
}

static void
connectors_without_people_are_refused(void **state)
{
	static const char *const connectors[] = { "imap", "api", "", "local" };
	struct world world, *w = &world;
	struct policy policy = begin(w);
	struct pairing_started out;

	(void)state;
	(void)policy;
	for (size_t i = 0; i < N_OF(connectors); i++) {
		const struct pairing_new new = { connectors[i], "1", "x", "",
			"", 0 };

		FAILS(pairing_start(w->store, &local, &new, w->now_ms, w->arena,
			  &out, &w->err),
		    ERR_INVALID);
	}
	end(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_token_links_once),
		cmocka_unit_test(one_request_lives_an_account),
		cmocka_unit_test(nobody_grants_more_than_they_are),
		cmocka_unit_test(a_second_account_joins_the_same_person),
		cmocka_unit_test(a_further_account_takes_no_role_away),
		cmocka_unit_test(the_last_overlord_stays),
		cmocka_unit_test(changes_are_bounded_by_ones_own_role),
		cmocka_unit_test(tokens_are_cut_out_of_what_is_said),
		cmocka_unit_test(connectors_without_people_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
