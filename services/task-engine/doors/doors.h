#ifndef TASK_ENGINE_DOORS_DOORS_H
#define TASK_ENGINE_DOORS_DOORS_H

#include <stddef.h>

#include "libcommon/defs.h"
#include "libcommon/service.h"

struct bus_request;

/*
 * Everything that may be asked at the engine's doors: one file a door. All of
 * it runs within the transaction of its batch, each request in a savepoint.
 */
extern const struct handler engine_handlers[];
enum { N_ENGINE_HANDLERS = 49 };

/* -1 names a handler or a command that the policy table has no row for. */
int doors_check_policy(struct err *err) MUST_CHECK;

/* drain -> one transaction -> reply */
void doors_on_batch(
    struct svc *svc, struct bus_request **requests, size_t n_requests);

/* gateways.c */
/* Writes the cursor that messages of this batch moved, if one did. */
int cursor_settle(struct svc *svc, struct err *err) MUST_CHECK;
int on_gateway_hello(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err);
int on_update_suspect(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err);
int on_gateway_cursor(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err);
int on_message_inbound(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err);
int on_delivery_claim(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err);
int on_delivery_result(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err);

/* catalogue.c */
int on_command_complete(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err);
int on_command_catalogue(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err);

/* attachments.c */
int on_attachment_put(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err);

/* membership.c */
int on_membership_changed(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err);
int on_membership_list(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err);

/* buttons.c */
int on_button_pressed(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err);

/* api_actions.c */
int on_action_list(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err);
int on_action_approve(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err);
int on_action_deny(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err);

/* documents.c */
int on_document_changed(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err);

/* embed.c */
int on_embed_request(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err);
/* Nobody is answered any more. */
void embed_jobs_close(struct svc *svc);

/* scheduler.c */
int on_upkeep(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err);

/* health.c */
int on_health_changed(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err);
/* Tells the admins what they have not heard yet of daemons that fail or work
 * again; what nobody could hear is told another time. */
int health_tell(
    struct svc *svc, const struct request *request, struct err *err) MUST_CHECK;

/* api_chat.c */
int on_chat_turn(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err);
int on_chat_result(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err);
int on_chat_delivered(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err);

/* api_tasks.c */
int on_task_create(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err);
int on_task_get(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err);
int on_task_list(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err);
int on_task_retry(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err);
int on_task_cancel(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err);

/* api_admin.c */
int on_access_check(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err);
int on_engine_ready(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err);
int on_engine_status(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err);
int on_token_add(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err);
int on_token_list(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err);
int on_token_revoke(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err);

/* api_search.c */
int on_search_find(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err);

/* api_places.c */
int on_workspace_list(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err);
int on_workspace_get(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err);
int on_context_list(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err);
int on_context_get(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err);

/* api_audit.c */
int on_audit_list(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err);
int on_audit_verify(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err);
/* Nobody is answered any more. */
void audit_jobs_close(struct svc *svc);
/* api_why.c */
int on_trace_why(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err);
/* api_simulate.c */
int on_trace_simulate(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err);

/* api_people.c */
int on_pairing_start(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err);
int on_pairing_lookup(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err);
int on_pairing_approve(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err);
int on_pairing_deny(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err);
int on_identity_list(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err);
int on_identity_role(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err);
int on_identity_unlink(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err);

#endif
