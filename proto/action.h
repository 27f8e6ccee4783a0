#ifndef PROTO_ACTION_H
#define PROTO_ACTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/credential.h"
#include "proto/shape.h"

/*
 * Actions that wait for a person. Up to updated_at_unix the columns are the
 * predecessor's; unset times are 0, unset strings "".
 */
struct action {
	const char *id; /* act_<uuid> */
	const char *workspace_id;
	const char *context_id;
	const char *connector;
	const char *external_id;
	const char *requester_user_id;
	const char *action_type;
	const char *action_target;
	const char *action_summary;
	const char *payload_json; /* the bytes that run, as text */
	const char *status;	  /* pending approved denied expired */
	const char *approver_user_id;
	const char *denied_reason;
	const char *execution_status;
	const char *execution_message;
	const char *executor_plugin;
	int64_t executed_at_unix;
	int64_t created_at_unix;
	int64_t updated_at_unix;
	const char *payload_sha256; /* of payload_json */
	int64_t expires_at_unix;
	const char *asked_by; /* by whose authority, and the role then */
	const char *asked_as;
	const char *provenance; /* what led to it, in one line */
};
PROTO_MESSAGE(action);

/* action.list: newest first. */
struct action_query {
	struct credential credential;
	const char *id; /* "": all */
	const char *workspace_id;
	const char *status;
	int64_t limit; /* 0: 50 */
};
PROTO_MESSAGE(action_query);

struct action_list {
	struct action *items;
	size_t n_items;
	bool has_more;
};
PROTO_MESSAGE(action_list);

/* action.approve, action.deny */
struct action_decide {
	struct credential credential;
	const char *id;
	const char *reason; /* of a denial */
	/* Kept in the audit log as a remark; decides nothing. */
	const char *approver_user_id;
};
PROTO_MESSAGE(action_decide);

struct action_decided {
	const char *id;
	const char *status;
	const char *execution_status;
	const char *approver_user_id;
	const char *outcome; /* in a sentence */
};
PROTO_MESSAGE(action_decided);

/*
 * button.pressed: somebody pressed a button of a notice. Unique on (instance,
 * chat_id, event_id); who it was is the platform's word.
 */
struct button_pressed {
	const char *event_id; /* "c:<callback or interaction>" */
	const char *chat_id;
	const char *message_id; /* the notice's */
	const char *user_id;
	const char *user_name;
	const char *action_id;
	const char *verb; /* approve deny */
	const char *cursor;
	int64_t pressed_unix_ms;
};
PROTO_MESSAGE(button_pressed);

struct button_outcome {
	/*
	 * decided: by this press; settled: earlier, or expired (either way the
	 * notice turns into its outcome); refused: the presser is told why, and
	 * the notice stays as it is.
	 */
	const char *outcome;
	const char *status; /* the action's now; "" when it is not known */
	const char *text;
};
PROTO_MESSAGE(button_outcome);

#endif
