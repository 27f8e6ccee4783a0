#ifndef GATEWAY_TELEGRAM_RENDER_H
#define GATEWAY_TELEGRAM_RENDER_H

#include "libcommon/split.h"

/* Marked text as Telegram's HTML. Pure. */
extern const struct split_renderer telegram_html;

/* A message has as many UTF-16 units once its entities are taken out. */
enum { TELEGRAM_TEXT_MAX = 4096 };

#endif
