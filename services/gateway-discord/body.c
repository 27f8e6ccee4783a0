/* What all messages to Discord have in common; pure. */

#include "services/gateway-discord/body.h"

#include "libcommon/json.h"

void
body_begin(struct json_out *json, struct buf *out)
{
	json_out_init(json, out);
	json_out_object(json, NULL);
	json_out_object(json, "allowed_mentions");
	json_out_list(json, "parse");
	json_out_list_end(json);
	json_out_object_end(json);
}
