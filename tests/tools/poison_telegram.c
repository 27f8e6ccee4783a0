/* gateway-telegram whose translation has a fault, either way. */

#include "libcommon/outbound.h"
#include "services/gateway-telegram/gateway.h"
#include "tests/tools/poison.h"

int __real_telegram_translate(struct telegram_update *out,
    const struct json *update, const struct telegram_me *me,
    struct arena *arena, struct err *err);
int __wrap_telegram_translate(struct telegram_update *out,
    const struct json *update, const struct telegram_me *me,
    struct arena *arena, struct err *err);

int
__wrap_telegram_translate(struct telegram_update *out,
    const struct json *update, const struct telegram_me *me,
    struct arena *arena, struct err *err)
{
	poison_look(update);
	return __real_telegram_translate(out, update, me, arena, err);
}

void __real_telegram_send(
    void *svc, struct outbound_job *job, const struct outbound_part *part);
void __wrap_telegram_send(
    void *svc, struct outbound_job *job, const struct outbound_part *part);

void
__wrap_telegram_send(
    void *svc, struct outbound_job *job, const struct outbound_part *part)
{
	poison_look_out(part->written);
	__real_telegram_send(svc, job, part);
}
