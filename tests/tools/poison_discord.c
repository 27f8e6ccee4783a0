/* gateway-discord whose translation has a fault, either way. */

#include "libcommon/outbound.h"
#include "services/gateway-discord/deliver.h"
#include "services/gateway-discord/translate.h"
#include "tests/tools/poison.h"

bool
__real_translate_message(struct message_inbound *out, const struct json *event,
    bool is_update, const struct translate_self *self, struct arena *arena);
bool
__wrap_translate_message(struct message_inbound *out, const struct json *event,
    bool is_update, const struct translate_self *self, struct arena *arena);

bool
__wrap_translate_message(struct message_inbound *out, const struct json *event,
    bool is_update, const struct translate_self *self, struct arena *arena)
{
	poison_look(event);
	return __real_translate_message(out, event, is_update, self, arena);
}

void __real_deliver_part(struct deliver *deliver, struct outbound_job *job,
    const struct outbound_part *part);
void __wrap_deliver_part(struct deliver *deliver, struct outbound_job *job,
    const struct outbound_part *part);

void
__wrap_deliver_part(struct deliver *deliver, struct outbound_job *job,
    const struct outbound_part *part)
{
	poison_look_out(part->written);
	__real_deliver_part(deliver, job, part);
}
