/* Every message there is: who sends it, who receives it, what it carries. */

#include "proto/routes.h"

#include <string.h>

#include "libcommon/defs.h"
#include "proto/action.h"
#include "proto/attachment.h"
#include "proto/audit.h"
#include "proto/beat.h"
#include "proto/chat.h"
#include "proto/command.h"
#include "proto/credential.h"
#include "proto/delivery.h"
#include "proto/document.h"
#include "proto/embed.h"
#include "proto/empty.h"
#include "proto/engine.h"
#include "proto/gateway.h"
#include "proto/identity.h"
#include "proto/membership.h"
#include "proto/message.h"
#include "proto/pairing.h"
#include "proto/place.h"
#include "proto/search.h"
#include "proto/task.h"
#include "proto/token.h"
#include "proto/trace.h"
#include "proto/turn.h"
#include "proto/update.h"

#define ENGINE SVC_BIT(SVC_TASK_ENGINE)
#define INDEXER SVC_BIT(SVC_INDEXER)
#define SCHEDULER SVC_BIT(SVC_SCHEDULER)
#define API SVC_BIT(SVC_API)

// clang-format off
const struct route routes[] = {
	/* type, how, from, to, flags, body, reply, help */
	{ "gateway.hello",    ROUTE_REQ,  SVC_CONNECTORS, ENGINE, 0,
	    &gateway_hello_shape, &gateway_welcome_shape,
	    "a connector starts and asks where it left off" },
	{ "gateway.cursor",   ROUTE_REQ,  SVC_CONNECTORS, ENGINE, 0,
	    &gateway_cursor_shape, &empty_shape,
	    "moves the cursor past events that carried nothing" },
	{ "message.inbound",  ROUTE_REQ,  SVC_GATEWAYS,   ENGINE, ROUTE_KEYED,
	    &message_inbound_shape, &message_accepted_shape,
	    "one platform event; answered after commit" },
	{ "attachment.put",   ROUTE_REQ,  SVC_GATEWAYS,   ENGINE, ROUTE_LARGE,
	    &attachment_put_shape, &attachment_held_shape,
	    "a file, before the message that names it" },
	{ "membership.changed", ROUTE_REQ, SVC_GATEWAYS,  ENGINE, 0,
	    &membership_changed_shape, &membership_noted_shape,
	    "the bot is somewhere, or no longer" },
	{ "membership.list",  ROUTE_REQ,
	    SVC_BIT(SVC_GATEWAY_DISCORD), ENGINE, ROUTE_READ,
	    &membership_query_shape, &membership_list_shape,
	    "where the engine takes this bot to be" },
	{ "button.pressed",   ROUTE_REQ,  SVC_GATEWAYS,   ENGINE, 0,
	    &button_pressed_shape, &button_outcome_shape,
	    "a button of an action's notice" },
	{ "update.suspect",   ROUTE_REQ,  SVC_GATEWAYS,   ENGINE, 0,
	    &update_suspect_shape, &update_verdict_shape,
	    "after a kill: may this update be looked at" },
	{ "delivery.ready",   ROUTE_PUB,  ENGINE, SVC_CONNECTORS, 0,
	    &empty_shape, NULL,
	    "doorbell: something is due" },
	{ "delivery.claim",   ROUTE_REQ,  SVC_GATEWAYS,   ENGINE, ROUTE_KEYED,
	    &delivery_claim_shape, &delivery_batch_shape,
	    "leases due outbound messages" },
	{ "delivery.result",  ROUTE_REQ,  SVC_GATEWAYS,   ENGINE, 0,
	    &delivery_result_shape, &delivery_noted_shape,
	    "what became of one part" },
	{ "turn.progress",    ROUTE_PUB,  ENGINE, SVC_GATEWAYS, 0,
	    &turn_progress_shape, NULL,
	    "an answer is being made, and how far it is, or no longer" },
	{ "command.catalogue", ROUTE_REQ, SVC_GATEWAYS,   ENGINE, ROUTE_READ,
	    &empty_shape, &command_catalogue_shape,
	    "what a platform's menu of commands shows" },
	{ "command.complete", ROUTE_REQ,
	    SVC_BIT(SVC_GATEWAY_DISCORD), ENGINE, ROUTE_READ,
	    &command_complete_shape, &command_choices_shape,
	    "what somebody may mean who types an id" },
	{ "search.query",     ROUTE_REQ,  ENGINE,    INDEXER,
	    ROUTE_READ | ROUTE_DEFERRED,
	    &search_query_shape, &search_hits_shape,
	    "finds documents within a scope" },
	{ "search.open",      ROUTE_REQ,  ENGINE,    INDEXER, ROUTE_READ,
	    &search_open_shape, &search_document_shape,
	    "one document within a scope" },
	{ "search.status",    ROUTE_REQ,  ENGINE,    INDEXER, ROUTE_READ,
	    &search_workspace_shape, &search_state_shape,
	    "how the index of a workspace stands" },
	{ "search.reindex",   ROUTE_REQ,  ENGINE,    INDEXER, ROUTE_READ,
	    &search_workspace_shape, &search_state_shape,
	    "looks at the files again" },
	{ "document.changed", ROUTE_REQ,  INDEXER,   ENGINE, 0,
	    &document_changed_shape, &document_noted_shape,
	    "Markdown files appeared, changed or vanished" },
	{ "embed.request",    ROUTE_REQ,  INDEXER,   ENGINE,
	    ROUTE_READ | ROUTE_DEFERRED | ROUTE_LARGE,
	    &embed_request_shape, &embed_vectors_shape,
	    "texts to vectors, by the endpoint that is configured" },
	{ "upkeep",           ROUTE_REQ,  SCHEDULER, ENGINE, 0,
	    &empty_shape, &upkeep_done_shape,
	    "tidies what has expired" },
	{ "health.changed",   ROUTE_REQ,  SCHEDULER, ENGINE, 0,
	    &health_changed_shape, &empty_shape,
	    "daemons stand otherwise than before" },
	{ "beat",             ROUTE_TELL, SVC_ALL,   SCHEDULER, 0,
	    &beat_shape, NULL,
	    "how a daemon stands" },
	{ "health.snapshot",  ROUTE_REQ,  API,       SCHEDULER, ROUTE_READ,
	    &empty_shape, &health_shape,
	    "how all daemons stand" },
	{ "access.check",     ROUTE_REQ,  API,       ENGINE, ROUTE_READ,
	    &access_check_shape, &access_granted_shape,
	    "may this credential use that operation" },
	{ "engine.ready",     ROUTE_REQ,  API,       ENGINE, 0,
	    &empty_shape, &engine_ready_shape,
	    "answered from a commit" },
	{ "engine.status",    ROUTE_REQ,  API,       ENGINE, ROUTE_READ,
	    &engine_status_get_shape, &engine_status_shape,
	    "one screen of counts" },
	{ "chat.turn",        ROUTE_REQ,  API,       ENGINE,
	    ROUTE_DEFERRED | ROUTE_KEYED,
	    &chat_turn_shape, &chat_reply_shape,
	    "a tool's or the local person's message" },
	{ "chat.result",      ROUTE_REQ,  API,       ENGINE, ROUTE_READ,
	    &chat_result_get_shape, &chat_reply_shape,
	    "the reply to an earlier chat.turn" },
	{ "chat.delivered",   ROUTE_REQ,  API,       ENGINE, ROUTE_MARK,
	    &chat_delivered_shape, &empty_shape,
	    "replies were handed to their clients" },
	{ "task.create",      ROUTE_REQ,  API,       ENGINE, 0,
	    &task_create_shape, &task_answer_shape,
	    "queues a task" },
	{ "task.get",         ROUTE_REQ,  API,       ENGINE, ROUTE_READ,
	    &task_ref_shape, &task_answer_shape,
	    "one task" },
	{ "task.list",        ROUTE_REQ,  API,       ENGINE, ROUTE_READ,
	    &task_query_shape, &task_list_shape,
	    "tasks, newest first" },
	{ "task.retry",       ROUTE_REQ,  API,       ENGINE, 0,
	    &task_ref_shape, &task_answer_shape,
	    "queues a copy of a failed task" },
	{ "task.cancel",      ROUTE_REQ,  API,       ENGINE, 0,
	    &task_ref_shape, &task_answer_shape,
	    "stops a task" },
	{ "workspace.list",   ROUTE_REQ,  API,       ENGINE, ROUTE_READ,
	    &place_query_shape, &workspace_list_shape,
	    "workspaces and their folders" },
	{ "workspace.get",    ROUTE_REQ,  API,       ENGINE, ROUTE_READ,
	    &workspace_ref_shape, &workspace_shape,
	    "one workspace, by id, name or the platform's space" },
	{ "search.find",      ROUTE_REQ,  API,       ENGINE,
	    ROUTE_READ | ROUTE_DEFERRED,
	    &search_find_shape, &search_found_shape,
	    "looks in a workspace's Markdown" },
	{ "context.list",     ROUTE_REQ,  API,       ENGINE, ROUTE_READ,
	    &place_query_shape, &context_list_shape,
	    "contexts and their chat logs" },
	{ "context.get",      ROUTE_REQ,  API,       ENGINE, ROUTE_READ,
	    &context_ref_shape, &context_shape,
	    "one context, by id or the platform's name of it" },
	{ "action.list",      ROUTE_REQ,  API,       ENGINE, ROUTE_READ,
	    &action_query_shape, &action_list_shape,
	    "actions and what they run, newest first" },
	{ "action.approve",   ROUTE_REQ,  API,       ENGINE, 0,
	    &action_decide_shape, &action_decided_shape,
	    "approves a pending action" },
	{ "action.deny",      ROUTE_REQ,  API,       ENGINE, 0,
	    &action_decide_shape, &action_decided_shape,
	    "denies a pending action" },
	{ "token.add",        ROUTE_REQ,  API,       ENGINE, ROUTE_SECRET,
	    &token_add_shape, &token_made_shape,
	    "makes a tool's credential" },
	{ "token.list",       ROUTE_REQ,  API,       ENGINE, ROUTE_READ,
	    &token_query_shape, &token_list_shape,
	    "tools' credentials, without their secrets" },
	{ "token.revoke",     ROUTE_REQ,  API,       ENGINE, 0,
	    &token_ref_shape, &token_revoked_shape,
	    "ends a tool's credential" },
	{ "audit.list",       ROUTE_REQ,  API,       ENGINE, ROUTE_READ,
	    &audit_query_shape, &audit_list_shape,
	    "rows of the audit log" },
	{ "audit.verify",     ROUTE_REQ,  API,       ENGINE,
	    ROUTE_READ | ROUTE_DEFERRED,
	    &audit_verify_shape, &audit_verdict_shape,
	    "whether the audit log was changed" },
	{ "trace.why",        ROUTE_REQ,  API,       ENGINE, ROUTE_READ,
	    &trace_query_shape, &trace_why_shape,
	    "why a message, task or action went as it did" },
	{ "trace.simulate",   ROUTE_REQ,  API,       ENGINE,
	    ROUTE_READ | ROUTE_DEFERRED,
	    &trace_simulate_shape, &trace_simulated_shape,
	    "what would become of a message, without an effect" },
	{ "pairing.start",    ROUTE_REQ,  API,       ENGINE, ROUTE_SECRET,
	    &pairing_start_shape, &pairing_started_shape,
	    "makes a one-time token for an account" },
	{ "pairing.lookup",   ROUTE_REQ,  API,       ENGINE, ROUTE_READ,
	    &pairing_ref_shape, &pairing_shape,
	    "whose token that is" },
	{ "pairing.approve",  ROUTE_REQ,  API,       ENGINE, 0,
	    &pairing_approve_shape, &pairing_approved_shape,
	    "links the account to a person" },
	{ "pairing.deny",     ROUTE_REQ,  API,       ENGINE, 0,
	    &pairing_deny_shape, &pairing_denied_shape,
	    "turns the request down" },
	{ "identity.list",    ROUTE_REQ,  API,       ENGINE, ROUTE_READ,
	    &identity_query_shape, &person_list_shape,
	    "people, their accounts and roles" },
	{ "identity.role",    ROUTE_REQ,  API,       ENGINE, 0,
	    &role_change_shape, &person_changed_shape,
	    "gives a role or takes it away" },
	{ "identity.unlink",  ROUTE_REQ,  API,       ENGINE, 0,
	    &identity_unlink_shape, &person_changed_shape,
	    "makes an account a guest's again" },
};
// clang-format on

const size_t n_routes = N_OF(routes);

static const char *const service_names[SVC_COUNT] = {
	[SVC_TASK_ENGINE] = "task-engine",
	[SVC_GATEWAY_TELEGRAM] = "gateway-telegram",
	[SVC_GATEWAY_DISCORD] = "gateway-discord",
	[SVC_IMAP_INGEST] = "imap-ingest",
	[SVC_INDEXER] = "indexer",
	[SVC_SCHEDULER] = "scheduler",
	[SVC_API] = "api",
};

const struct route *
route_find(const char *type)
{
	for (size_t i = 0; i < n_routes; i++)
		if (strcmp(routes[i].type, type) == 0)
			return &routes[i];
	return NULL;
}

const char *
service_name(enum service_id id)
{
	return service_names[id];
}

enum service_id
service_parse(const char *name)
{
	unsigned id;

	for (id = 0; id < SVC_COUNT; id++)
		if (strcmp(service_names[id], name) == 0)
			break;
	return id;
}

bool
door_exists(enum service_id listener, enum service_id peer, enum route_how how)
{
	for (size_t i = 0; i < n_routes; i++) {
		const struct route *r = &routes[i];
		/* Only what is published by the listener goes outwards. */
		unsigned at = how == ROUTE_PUB ? r->from : r->to;
		unsigned by = how == ROUTE_PUB ? r->to : r->from;

		if (r->how == how && (at & SVC_BIT(listener)) &&
		    (by & SVC_BIT(peer)) && listener != peer)
			return true;
	}
	return false;
}

const char *
route_how_name(enum route_how how)
{
	static const char *const names[ROUTE_HOW_COUNT] = {
		[ROUTE_REQ] = "req",
		[ROUTE_PUB] = "pub",
		[ROUTE_TELL] = "tell",
	};
	return names[how];
}
