/* What goes to Discord, and the heartbeat that shows who is still there. */

#include "libcommon/buf.h"
#include "libcommon/clock.h"
#include "libcommon/loop.h"
#include "services/gateway-discord/frame.h"
#include "services/gateway-discord/session_parts.h"
#include "services/gateway-discord/wire.h"

enum {
	/* Of Discord's 120 events a minute: a server that asks for heartbeats
	 * without end does not get us banned. */
	SENDS_PER_MINUTE = 100,
	MINUTE_MS = 60000,
};

static bool
may_send(struct session *s)
{
	int64_t now_ms = clock_mono_ms();

	if (now_ms - s->minute_ms >= MINUTE_MS) {
		s->minute_ms = now_ms;
		s->n_sent = 0;
	}
	return s->n_sent++ < SENDS_PER_MINUTE;
}

void
session_send(struct session *s, struct buf *payload)
{
	if (may_send(s))
		wire_send(s->wire, payload->data, payload->size);
	buf_release(payload);
}

void
session_beat_now(struct session *s)
{
	struct buf payload;

	buf_init(&payload);
	/* What is not stored yet is not acknowledged: Discord keeps it. */
	frame_beat(&payload, s->cursor.seq);
	session_send(s, &payload);
}

void
session_beats_on_timer(void *arg)
{
	struct session *s = arg;

	if (!s->is_beat_acknowledged) {
		session_happen(s, EV_SILENT);
		return;
	}
	s->is_beat_acknowledged = false;
	session_beat_now(s);
	timer_start(s->beat, s->beat_ms, 0);
}

void
session_beats_start(struct session *s)
{
	s->is_beat_acknowledged = true;
	timer_start(s->beat, session_random_ms(1, s->beat_ms), 0);
}

void
session_beats_stop(struct session *s)
{
	timer_stop(s->beat);
}
