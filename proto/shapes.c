/* Every shape there is. Only tests and tools link this list. */

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

const struct shape *const shapes[] = {
	&action_shape,
	&action_query_shape,
	&action_list_shape,
	&action_decide_shape,
	&action_decided_shape,
	&button_pressed_shape,
	&button_outcome_shape,
	&attachment_put_shape,
	&attachment_held_shape,
	&audit_query_shape,
	&audit_item_shape,
	&audit_list_shape,
	&audit_verify_shape,
	&audit_verdict_shape,
	&beat_counter_shape,
	&beat_shape,
	&component_shape,
	&health_shape,
	&health_change_shape,
	&health_changed_shape,
	&chat_turn_shape,
	&chat_result_get_shape,
	&chat_reply_shape,
	&chat_delivered_shape,
	&command_item_shape,
	&command_catalogue_shape,
	&command_complete_shape,
	&command_choice_shape,
	&command_choices_shape,
	&credential_shape,
	&access_check_shape,
	&access_granted_shape,
	&delivery_claim_shape,
	&delivery_shape,
	&delivery_batch_shape,
	&delivery_result_shape,
	&delivery_noted_shape,
	&document_change_shape,
	&document_changed_shape,
	&document_noted_shape,
	&embed_text_shape,
	&embed_request_shape,
	&embed_vectors_shape,
	&empty_shape,
	&engine_ready_shape,
	&engine_status_get_shape,
	&engine_status_shape,
	&upkeep_done_shape,
	&gateway_hello_shape,
	&gateway_welcome_shape,
	&gateway_cursor_shape,
	&identity_query_shape,
	&identity_shape,
	&role_held_shape,
	&person_shape,
	&person_list_shape,
	&role_change_shape,
	&identity_unlink_shape,
	&person_changed_shape,
	&membership_changed_shape,
	&membership_noted_shape,
	&membership_query_shape,
	&membership_list_shape,
	&message_attachment_shape,
	&message_inbound_shape,
	&message_accepted_shape,
	&pairing_start_shape,
	&pairing_started_shape,
	&pairing_ref_shape,
	&pairing_shape,
	&pairing_approve_shape,
	&pairing_approved_shape,
	&pairing_deny_shape,
	&pairing_denied_shape,
	&place_query_shape,
	&workspace_ref_shape,
	&context_ref_shape,
	&workspace_shape,
	&workspace_list_shape,
	&context_shape,
	&context_list_shape,
	&search_scope_shape,
	&search_query_shape,
	&search_hit_shape,
	&search_hits_shape,
	&search_find_shape,
	&search_found_shape,
	&search_open_shape,
	&search_document_shape,
	&search_workspace_shape,
	&search_state_shape,
	&task_shape,
	&task_create_shape,
	&task_ref_shape,
	&task_answer_shape,
	&task_query_shape,
	&task_list_shape,
	&token_add_shape,
	&token_made_shape,
	&token_query_shape,
	&token_ref_shape,
	&token_revoked_shape,
	&token_item_shape,
	&token_list_shape,
	&trace_action_shape,
	&trace_document_shape,
	&trace_gate_shape,
	&trace_heard_shape,
	&trace_message_shape,
	&trace_part_shape,
	&trace_query_shape,
	&trace_run_shape,
	&trace_simulate_shape,
	&trace_simulated_shape,
	&trace_task_shape,
	&trace_tool_shape,
	&trace_turn_shape,
	&trace_want_shape,
	&trace_why_shape,
	&turn_progress_shape,
	&update_suspect_shape,
	&update_verdict_shape,
};

const size_t n_shapes = N_OF(shapes);
