/* Hello and goodbye of a connector; its session is the connector's own. */

#include "libcommon/connector.h"

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/bus.h"
#include "libcommon/clock.h"
#include "libcommon/envelope.h"
#include "libcommon/err.h"
#include "libcommon/log.h"
#include "libcommon/loop.h"
#include "libcommon/service.h"
#include "proto/gateway.h"

enum {
	HELLO_DEADLINE_MS = 10000,
	HELLO_AGAIN_MS = 1000,
	/* Longer than the flush that a stopping service grants. */
	GOODBYE_DEADLINE_MS = 1000,
	ARENA_BYTES = 16 * 1024,
};

struct connector {
	struct service_env env;
	struct timer *again;
	struct arena *arena;
	char *cursor; /* NULL until hello was answered */
	connector_welcome_fn on_welcome;
	void *arg;
	bool has_complained;
};

static void
complain(struct connector *c, const char *text)
{
	/* Once: the state of the engine is the scheduler's to tell. */
	if (!c->has_complained)
		log_warn("hello-unanswered", "text=%s", log_quote(text));
	c->has_complained = true;
	timer_start(c->again, HELLO_AGAIN_MS, 0);
}

static void
on_welcome(void *arg, const struct envelope *answer, const struct err *why)
{
	struct connector *c = arg;
	struct gateway_welcome welcome;
	struct err err;

	if (!answer) {
		complain(c, why->text);
		return;
	}
	if (!answer->ok) {
		complain(c, answer->error.text);
		return;
	}
	if (gateway_welcome_decode(&welcome, answer->body, c->arena, &err) <
	    0) {
		complain(c, err.text);
		return;
	}
	connector_set_cursor(c, welcome.cursor);
	log_info("hello", "was_clean_stop=%s",
	    welcome.was_clean_stop ? "true" : "false");
	if (c->on_welcome)
		c->on_welcome(c->arg, c->cursor, welcome.was_clean_stop);
}

void
connector_set_cursor(struct connector *c, const char *cursor)
{
	xfree(&c->cursor);
	c->cursor = xstrdup(cursor);
}

void
connector_ask(struct connector *c, const char *type, const struct buf *body,
    int64_t within_ms, bus_answer_fn fn, void *arg)
{
	const struct bus_call call = {
		.to = SVC_TASK_ENGINE,
		.type = type,
		.cause = log_context_origin(),
		.deadline_ms = clock_unix_ms() + within_ms,
		.body = body,
	};
	struct err err;

	if (bus_call(c->env.bus, &call, fn, arg, &err) < 0)
		fn(arg, NULL, &err);
}

static void
say_hello(void *arg)
{
	struct connector *c = arg;
	struct gateway_hello hello = { .version = AGENT_RUNTIME_VERSION };
	AUTO(buf_release)
	struct buf body = { 0 };

	arena_reset(c->arena);
	buf_init(&body);
	gateway_hello_encode(&hello, &body);
	connector_ask(
	    c, "gateway.hello", &body, HELLO_DEADLINE_MS, on_welcome, c);
}

struct connector *
connector_open(
    const struct service_env *env, connector_welcome_fn fn, void *arg)
{
	struct connector *c = xcalloc(1, sizeof(*c));

	c->env = *env;
	c->on_welcome = fn;
	c->arg = arg;
	c->arena = arena_new(ARENA_BYTES);
	c->again = timer_new(env->loop, say_hello, c);
	say_hello(c);
	return c;
}

/* The process leaves before anybody could use the answer. */
static void
on_goodbye(void *arg, const struct envelope *answer, const struct err *err)
{
	(void)arg;
	if (!answer)
		log_warn("goodbye-unsaid", "text=%s", log_quote(err->text));
}

static void
say_goodbye(struct connector *c)
{
	struct gateway_cursor goodbye = {
		.cursor = c->cursor,
		.is_goodbye = true,
	};
	AUTO(buf_release)
	struct buf body = { 0 };

	buf_init(&body);
	gateway_cursor_encode(&goodbye, &body);
	connector_ask(
	    c, "gateway.cursor", &body, GOODBYE_DEADLINE_MS, on_goodbye, NULL);
}

void
connector_close(struct connector **connector)
{
	struct connector *c = *connector;

	if (!c)
		return;
	if (c->cursor)
		say_goodbye(c);
	timer_free(&c->again);
	arena_free(&c->arena);
	xfree(&c->cursor);
	xfree(connector);
}

void
connector_leave_delivery(
    struct svc *svc, const struct bus_peer *from, const struct envelope *news)
{
	(void)svc;
	(void)from;
	log_debug("delivery-left", "type=%s", news->type);
}
