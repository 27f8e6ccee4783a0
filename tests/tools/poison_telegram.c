/* gateway-telegram whose translation has a fault. */

#include "services/gateway-telegram/translate.h"
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
