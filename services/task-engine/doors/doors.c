/* The table of what may be asked at the engine's doors. */

#include "services/task-engine/doors/doors.h"

#include "libcommon/err.h"
#include "services/task-engine/approvals/types.h"
#include "services/task-engine/conversation/command.h"
#include "services/task-engine/policy/policy.h"

const struct handler engine_handlers[] = {
	{ "gateway.hello", on_gateway_hello, NULL },
	{ "gateway.cursor", on_gateway_cursor, NULL },
	{ "update.suspect", on_update_suspect, NULL },
	{ "message.inbound", on_message_inbound, NULL },
	{ "delivery.claim", on_delivery_claim, NULL },
	{ "delivery.result", on_delivery_result, NULL },
	{ "command.catalogue", on_command_catalogue, NULL },
	{ "attachment.put", on_attachment_put, NULL },
	{ "membership.changed", on_membership_changed, NULL },
	{ "membership.list", on_membership_list, NULL },
	{ "command.complete", on_command_complete, NULL },
	{ "button.pressed", on_button_pressed, NULL },
	{ "action.list", on_action_list, NULL },
	{ "action.approve", on_action_approve, NULL },
	{ "action.deny", on_action_deny, NULL },
	{ "document.changed", on_document_changed, NULL },
	{ "embed.request", on_embed_request, NULL },
	{ "upkeep", on_upkeep, NULL },
	{ "health.changed", on_health_changed, NULL },
	{ "access.check", on_access_check, NULL },
	{ "engine.ready", on_engine_ready, NULL },
	{ "engine.status", on_engine_status, NULL },
	{ "chat.turn", on_chat_turn, NULL },
	{ "chat.result", on_chat_result, NULL },
	{ "chat.delivered", on_chat_delivered, NULL },
	{ "task.create", on_task_create, NULL },
	{ "task.get", on_task_get, NULL },
	{ "task.list", on_task_list, NULL },
	{ "task.retry", on_task_retry, NULL },
	{ "task.cancel", on_task_cancel, NULL },
	{ "workspace.list", on_workspace_list, NULL },
	{ "workspace.get", on_workspace_get, NULL },
	{ "context.list", on_context_list, NULL },
	{ "context.get", on_context_get, NULL },
	{ "search.find", on_search_find, NULL },
	{ "token.add", on_token_add, NULL },
	{ "token.list", on_token_list, NULL },
	{ "token.revoke", on_token_revoke, NULL },
	{ "audit.list", on_audit_list, NULL },
	{ "audit.verify", on_audit_verify, NULL },
	{ "trace.why", on_trace_why, NULL },
	{ "trace.simulate", on_trace_simulate, NULL },
	{ "pairing.start", on_pairing_start, NULL },
	{ "pairing.lookup", on_pairing_lookup, NULL },
	{ "pairing.approve", on_pairing_approve, NULL },
	{ "pairing.deny", on_pairing_deny, NULL },
	{ "identity.list", on_identity_list, NULL },
	{ "identity.role", on_identity_role, NULL },
	{ "identity.unlink", on_identity_unlink, NULL },
};

_Static_assert(
    N_OF(engine_handlers) == N_ENGINE_HANDLERS, "doors.h counts the handlers");

int
doors_check_policy(struct err *err)
{
	for (size_t i = 0; i < N_OF(engine_handlers); i++)
		if (!policy_find(engine_handlers[i].type))
			return err_set(err, ERR_INTERNAL,
			    "no policy row for %s", engine_handlers[i].type);
	for (size_t i = 0; i < n_action_types; i++)
		if (!policy_find(action_types[i].operation))
			return err_set(err, ERR_INTERNAL,
			    "no policy row for %s", action_types[i].operation);
	for (size_t i = 0; i < n_command_rows; i++)
		if (!policy_find(command_rows[i].operation))
			return err_set(err, ERR_INTERNAL,
			    "no policy row for %s", command_rows[i].operation);
	return 0;
}
