/* The WebSocket to Discord: libwebsockets on our loop. What it does with the
 * network is its business; names are looked up by us, as it would block. */

#include "services/gateway-discord/wire.h"

#include <assert.h>
#include <libwebsockets.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <utlist.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/err.h"
#include "libcommon/loop.h"
#include "services/gateway-discord/address.h"
#include "services/gateway-discord/stream.h"

enum {
	MAX_FDS = 32,
	RX_BYTES = 16 * 1024,
	CONNECT_TIMEOUT_S = 15,
	/* For the other side's answer to our closing. */
	CLOSE_TIMEOUT_S = 5,
	WHY_SIZE = 400,
};

static const char protocol_name[] = "discord";
static const char query[] = "?v=10&encoding=json&compress=zlib-stream";
static const char user_agent[] = "DiscordBot (https://github.com/agent-runtime,"
				 " " AGENT_RUNTIME_VERSION ")";

struct wire {
	struct loop *loop;
	struct lws_context *context;
	const struct wire_events *events;
	void *arg;
	struct line *line; /* NULL: no connection */
	unsigned n_dials;
};

struct outgoing {
	struct outgoing *prev, *next;
	size_t size;
	unsigned char data[]; /* LWS_PRE bytes of room, then the text */
};

/* A connection, from its dialling until libwebsockets has done with it. */
struct line {
	struct wire *wire; /* NULL: hung up, nobody wants to know */
	struct lws *wsi;
	struct stream *stream;
	struct outgoing *outgoing;
	struct address address;
	bool is_looking_up;
	bool is_open;
	int close_code; /* to say, or said by the other side */
	char why[WHY_SIZE];
};

struct lookup {
	struct line *line;
	unsigned turn; /* which of several addresses */
	int error;
	char host[ADDRESS_HOST_SIZE];
	char address[NI_MAXHOST];
};

static void
line_free(struct line *line)
{
	struct outgoing *o, *next;

	DL_FOREACH_SAFE(line->outgoing, o, next)
	{
		DL_DELETE(line->outgoing, o);
		xfree(&o);
	}
	stream_free(&line->stream);
	xfree(&line);
}

/* The last thing that is heard of a connection. */
static void
end(struct line *line)
{
	struct wire *wire = line->wire;

	if (wire) {
		wire->line = NULL;
		wire->events->on_closed(wire->arg, line->close_code, line->why);
	}
	line_free(line);
}

static int
take_bytes(struct line *line, struct lws *wsi, const void *in, size_t size)
{
	struct wire *wire = line->wire;
	const char *text;
	size_t text_size;
	struct err err;

	if (!wire)
		return 0;
	if (!lws_frame_is_binary(wsi)) {
		snprintf(line->why, sizeof(line->why), "not compressed");
		return -1;
	}
	if (stream_feed(line->stream, in, size, &err) < 0) {
		snprintf(line->why, sizeof(line->why), "%s", err.text);
		return -1;
	}
	if (lws_is_final_fragment(wsi) &&
	    lws_remaining_packet_payload(wsi) == 0 &&
	    stream_message(line->stream, &text, &text_size))
		wire->events->on_message(wire->arg, text, text_size);
	return 0;
}

static int
write_next(struct line *line, struct lws *wsi)
{
	struct outgoing *o = line->outgoing;
	int written;

	if (!line->wire) {
		lws_close_reason(
		    wsi, (enum lws_close_status)line->close_code, NULL, 0);
		return -1;
	}
	if (!o)
		return 0;
	written = lws_write(wsi, o->data + LWS_PRE, o->size, LWS_WRITE_TEXT);
	DL_DELETE(line->outgoing, o);
	if (written < (int)o->size) {
		xfree(&o);
		return -1;
	}
	xfree(&o);
	if (line->outgoing)
		lws_callback_on_writable(wsi);
	return 0;
}

static void
note_closing(struct line *line, const unsigned char *in, size_t size)
{
	if (size < 2)
		return;
	line->close_code = in[0] << 8 | in[1];
	snprintf(line->why, sizeof(line->why), "%.*s", (int)(size - 2),
	    (const char *)in + 2);
}

static int
add_headers(struct lws *wsi, void *in, size_t size)
{
	unsigned char **at = in;

	return lws_add_http_header_by_name(wsi,
	    (const unsigned char *)"user-agent:",
	    (const unsigned char *)user_agent, (int)strlen(user_agent), at,
	    *at + size);
}

static void
note_open(struct line *line, struct lws *wsi)
{
	line->is_open = true;
	line->wsi = wsi;
	if (line->wire)
		line->wire->events->on_open(line->wire->arg);
}

static int
on_lws(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
    size_t size)
{
	struct line *line = lws_get_opaque_user_data(wsi);

	(void)user;
	if (!line)
		return 0;
	/* Of about ninety reasons these concern a client's connection. */
	if (reason == LWS_CALLBACK_CLIENT_APPEND_HANDSHAKE_HEADER)
		return add_headers(wsi, in, size);
	if (reason == LWS_CALLBACK_CLIENT_ESTABLISHED)
		note_open(line, wsi);
	else if (reason == LWS_CALLBACK_CLIENT_RECEIVE)
		return take_bytes(line, wsi, in, size);
	else if (reason == LWS_CALLBACK_CLIENT_WRITEABLE)
		return write_next(line, wsi);
	else if (reason == LWS_CALLBACK_WS_PEER_INITIATED_CLOSE)
		note_closing(line, in, size);
	else if (reason == LWS_CALLBACK_CLIENT_CONNECTION_ERROR)
		snprintf(line->why, sizeof(line->why), "%.*s", (int)size,
		    in ? (const char *)in : "");
	if (reason == LWS_CALLBACK_CLIENT_CONNECTION_ERROR ||
	    reason == LWS_CALLBACK_CLIENT_CLOSED) {
		lws_set_opaque_user_data(wsi, NULL);
		end(line);
	}
	return 0;
}

static const struct lws_protocols protocols[] = {
	{ .name = protocol_name,
	    .callback = on_lws,
	    .rx_buffer_size = RX_BYTES },
	{ 0 },
};

static void
connect_line(struct line *line, const char *address)
{
	struct wire *wire = line->wire;
	const struct address *to = &line->address;
	char host[ADDRESS_HOST_SIZE + 8];
	char path[ADDRESS_PATH_SIZE + sizeof(query)];
	struct lws *wsi;
	struct lws_client_connect_info info = {
		.context = wire->context,
		.address = address,
		.port = to->port,
		.ssl_connection = to->is_tls ? LCCSCF_USE_SSL : 0,
		.path = path,
		.host = host,
		.local_protocol_name = protocol_name,
		.opaque_user_data = line,
		.alpn = "http/1.1",
	};

	snprintf(path, sizeof(path), "%s%s", to->path, query);
	if (to->port == (to->is_tls ? 443 : 80))
		snprintf(host, sizeof(host), "%s", to->host);
	else
		snprintf(host, sizeof(host), "%s:%d", to->host, to->port);
	wsi = lws_client_connect_via_info(&info);
	/* What fails at once may have been told already, and is gone then. */
	if (wire->line != line)
		return;
	line->wsi = wsi;
	if (!wsi)
		end(line);
}

/* In a thread of the pool: touches nothing but the lookup. */
static void
look_up(void *arg)
{
	struct lookup *lookup = arg;
	const struct addrinfo hints = {
		.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_ADDRCONFIG,
	};
	struct addrinfo *all, *one;
	unsigned n = 0;

	lookup->error = getaddrinfo(lookup->host, NULL, &hints, &all);
	if (lookup->error != 0)
		return;
	assert(all);
	for (one = all; one; one = one->ai_next)
		n++;
	/* Another one each time: the first may be of a kind that is broken
	 * here. */
	one = all;
	for (n = lookup->turn % n; n > 0; n--)
		one = one->ai_next;
	lookup->error = getnameinfo(one->ai_addr, one->ai_addrlen,
	    lookup->address, sizeof(lookup->address), NULL, 0, NI_NUMERICHOST);
	freeaddrinfo(all);
}

static void
on_looked_up(void *arg)
{
	struct lookup *lookup = arg;
	struct line *line = lookup->line;

	line->is_looking_up = false;
	if (!line->wire) {
		line_free(line);
	} else if (lookup->error != 0) {
		snprintf(line->why, sizeof(line->why), "%s: %s", lookup->host,
		    gai_strerror(lookup->error));
		end(line);
	} else {
		connect_line(line, lookup->address);
	}
	xfree(&lookup);
}

void
wire_dial(struct wire *wire, const struct address *address)
{
	struct line *line = xcalloc(1, sizeof(*line));
	struct lookup *lookup = xcalloc(1, sizeof(*lookup));

	assert(!wire->line);
	line->wire = wire;
	line->address = *address;
	line->stream = stream_new();
	line->is_looking_up = true;
	wire->line = line;
	lookup->line = line;
	lookup->turn = wire->n_dials++;
	snprintf(lookup->host, sizeof(lookup->host), "%s", address->host);
	loop_work(wire->loop, look_up, on_looked_up, lookup);
}

void
wire_send(struct wire *wire, const char *text, size_t size)
{
	struct line *line = wire->line;
	struct outgoing *o;

	assert(line && line->is_open);
	o = xcalloc(1, sizeof(*o) + LWS_PRE + size);
	o->size = size;
	memcpy(o->data + LWS_PRE, text, size);
	DL_APPEND(line->outgoing, o);
	lws_callback_on_writable(line->wsi);
}

void
wire_hang_up(struct wire *wire, int code)
{
	struct line *line = STEAL(wire->line);

	if (!line)
		return;
	line->wire = NULL;
	line->close_code = code;
	if (line->is_looking_up)
		return; /* on_looked_up frees it */
	if (!line->is_open) {
		lws_set_timeout(
		    line->wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC);
		return;
	}
	lws_callback_on_writable(line->wsi);
	lws_set_timeout(line->wsi, PENDING_TIMEOUT_USER_OK, CLOSE_TIMEOUT_S);
}

int
wire_open(struct wire **wire_out, struct loop *loop, const char *ca_file,
    const struct wire_events *events, void *arg, struct err *err)
{
	struct wire *wire = xcalloc(1, sizeof(*wire));
	void *loops[] = { loop_uv(loop) };
	struct lws_context_creation_info info = {
		.port = CONTEXT_PORT_NO_LISTEN,
		.protocols = protocols,
		.gid = -1,
		.uid = -1,
		.options = LWS_SERVER_OPTION_LIBUV |
			   LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT,
		.foreign_loops = loops,
		.fd_limit_per_thread = MAX_FDS,
		.timeout_secs = CONNECT_TIMEOUT_S,
		.client_ssl_ca_filepath = *ca_file ? ca_file : NULL,
		/* Not the one of the environment. */
		.http_proxy_address = "",
	};

	/* Its messages would go around our log; what counts comes as an
	 * event. */
	lws_set_log_level(0, NULL);
	wire->loop = loop;
	wire->events = events;
	wire->arg = arg;
	wire->context = lws_create_context(&info);
	if (!wire->context) {
		xfree(&wire);
		return err_set(err, ERR_INTERNAL,
		    "libwebsockets does not start: is its libuv plug-in "
		    "installed, and the CA file there?");
	}
	*wire_out = wire;
	return 0;
}

void
wire_close(struct wire **slot)
{
	struct wire *wire = STEAL(*slot);

	if (!wire)
		return;
	/* Without a closing handshake Discord keeps the session, and the next
	 * start resumes it. */
	if (wire->line)
		wire->line->wire = NULL;
	lws_context_destroy(wire->context);
	xfree(&wire);
}
