/* Pairing, accounts and roles over HTTP. */

#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/err.h"
#include "proto/identity.h"
#include "proto/pairing.h"
#include "services/task-engine/doors/api.h"
#include "services/task-engine/doors/doors.h"
#include "services/task-engine/tasks/stop.h"
#include "services/task-engine/engine.h"
#include "services/task-engine/people/identities.h"
#include "services/task-engine/people/pairing.h"
#include "services/task-engine/store/pairings.h"
#include "services/task-engine/store/people.h"

enum { PEOPLE_DEFAULT = 100 };

static const char *
or_everywhere(const char *workspace_id)
{
	return *workspace_id ? workspace_id : ROLE_EVERYWHERE;
}

int
on_pairing_start(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err)
{
	struct pairing_started out;
	struct pairing_start in;
	struct pairing_new new;
	struct actor actor;

	if (pairing_start_decode(&in, request->body, request->arena, err) < 0 ||
	    api_actor(svc, request, &in.credential, &actor, err) < 0)
		return -1;
	new = (struct pairing_new){
		.connector = in.connector,
		.connector_user_id = in.connector_user_id,
		.display_name = in.display_name,
		.context_id = "",
		.instance = "",
		.ttl_s = in.expires_in_sec,
	};
	if (pairing_start(svc->store, &actor, &new, request->now_ms,
		request->arena, &out, err) < 0)
		return -1;
	pairing_started_encode(&out, reply->body);
	return 0;
}

int
on_pairing_lookup(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err)
{
	struct pairing_row row;
	struct pairing_ref in;
	struct actor actor;

	if (pairing_ref_decode(&in, request->body, request->arena, err) < 0 ||
	    api_actor(svc, request, &in.credential, &actor, err) < 0 ||
	    pairing_find(svc->store, in.token, request->now_ms, request->arena,
		&row, err) < 0)
		return -1;
	const struct pairing out = {
		.id = row.id,
		.token_hint = row.token_hint,
		.connector = row.connector,
		.connector_user_id = row.connector_user_id,
		.display_name = row.display_name,
		.status = row.status,
		.expires_at_unix = row.expires_at_unix,
		.approved_user_id = row.approved_user_id,
		.approver_user_id = row.approver_user_id,
		.denied_reason = row.denied_reason,
	};

	pairing_encode(&out, reply->body);
	return 0;
}

int
on_pairing_approve(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err)
{
	struct pairing_approve in;
	struct pairing_grant grant;
	struct pairing_link link;
	struct actor actor;

	if (pairing_approve_decode(&in, request->body, request->arena, err) <
		0 ||
	    api_actor(svc, request, &in.credential, &actor, err) < 0)
		return -1;
	grant = (struct pairing_grant){
		.token = in.token,
		.role = *in.role ? role_read(in.role) : ROLE_MEMBER,
		.workspace_id = or_everywhere(in.workspace_id),
		.target_user_id = in.target_user_id,
	};
	if (pairing_redact(svc->store, in.approver_user_id, request->arena,
		&grant.remark, err) < 0 ||
	    people_check_workspace(
		svc->store, grant.workspace_id, request->arena, err) < 0 ||
	    pairing_approve(&svc->policy, &actor, &grant, request->now_ms,
		request->arena, &link, err) < 0)
		return -1;
	const struct pairing_approved out = {
		.id = link.id,
		.status = "approved",
		.approved_user_id = link.user_id,
		.approver_user_id = actor.name,
		.identity_id = link.identity_id,
		.connector = link.connector,
		.connector_user_id = link.connector_user_id,
		.role = role_name(link.role),
		.workspace_id = grant.workspace_id,
	};

	pairing_approved_encode(&out, reply->body);
	return 0;
}

int
on_pairing_deny(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err)
{
	struct pairing_deny in;
	struct pairing_row row;
	struct actor actor;

	if (pairing_deny_decode(&in, request->body, request->arena, err) < 0 ||
	    api_actor(svc, request, &in.credential, &actor, err) < 0 ||
	    pairing_deny(svc->store, &actor, in.token, in.reason,
		in.approver_user_id, request->now_ms, request->arena, &row,
		err) < 0)
		return -1;
	const struct pairing_denied out = {
		.id = row.id,
		.status = "denied",
		.approver_user_id = actor.name,
		.denied_reason = row.denied_reason,
	};

	pairing_denied_encode(&out, reply->body);
	return 0;
}

int
on_identity_list(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err)
{
	struct identity_query in;
	struct person_list out;
	struct actor actor;

	if (identity_query_decode(&in, request->body, request->arena, err) <
		0 ||
	    api_actor(svc, request, &in.credential, &actor, err) < 0 ||
	    people_list(svc->store, in.user_id,
		in.limit ? in.limit : PEOPLE_DEFAULT, request->arena, &out,
		err) < 0)
		return -1;
	api_encode_list(&person_list_shape, &out, &out.n_items, reply->body);
	return 0;
}

/* What somebody asked for with more than they have now must not go on. */
static int
answer_changed(struct svc *svc, const struct request *request,
    const struct actor *actor, const struct identity_row *accounts,
    size_t n_accounts, struct person_changed *out, struct reply *reply,
    struct err *err)
{
	struct stopped stopped = { 0 };

	for (size_t i = 0; i < n_accounts; i++) {
		const struct stop stop = {
			.actor = actor,
			.asked_by = arena_printf(request->arena, "%s:%s",
			    accounts[i].connector,
			    accounts[i].connector_user_id),
			.why = STOP_ROLE_CHANGED,
			.now_ms = request->now_ms,
		};

		if (stop_work(svc, &stop, request->arena, &stopped, err) < 0)
			return -1;
	}
	out->n_turns_stopped = stopped.n_turns;
	out->n_actions_cancelled = stopped.n_actions;
	person_changed_encode(out, reply->body);
	return 0;
}

int
on_identity_role(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err)
{
	struct person_changed out = { 0 };
	struct identity_row *accounts;
	struct role_change in;
	struct role_grant grant;
	struct actor actor;
	size_t n;

	if (role_change_decode(&in, request->body, request->arena, err) < 0 ||
	    api_actor(svc, request, &in.credential, &actor, err) < 0)
		return -1;
	grant = (struct role_grant){
		.user_id = in.user_id,
		.role = role_read(in.role),
		.workspace_id = or_everywhere(in.workspace_id),
	};
	if (role_change(&svc->policy, &actor, &grant, request->now_ms,
		request->arena, &out.person, err) < 0 ||
	    store_identities_list(svc->store, in.user_id, ACCOUNTS_MAX,
		request->arena, &accounts, &n, err) < 0)
		return -1;
	return answer_changed(
	    svc, request, &actor, accounts, n, &out, reply, err);
}

int
on_identity_unlink(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err)
{
	struct person_changed out = { 0 };
	struct identity_unlink in;
	struct identity_row removed;
	struct actor actor;

	if (identity_unlink_decode(&in, request->body, request->arena, err) <
		0 ||
	    api_actor(svc, request, &in.credential, &actor, err) < 0 ||
	    identity_unlink(&svc->policy, &actor, in.identity_id,
		request->now_ms, request->arena, &removed, &out.person,
		err) < 0)
		return -1;
	return answer_changed(
	    svc, request, &actor, &removed, 1, &out, reply, err);
}
