/* What a request's head decides before its body is read. */

#include "services/api/access.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "libcommon/arena.h"
#include "libcommon/clock.h"
#include "libcommon/err.h"
#include "libcommon/id.h"
#include "proto/bounds.h"
#include "services/api/http_guard.h"
#include "services/api/http_server.h"
#include "services/api/visit.h"

static const struct access_refusal welcome = { 0, NULL };

static struct access_refusal
refuse(unsigned status, const char *text)
{
	return (struct access_refusal){ status, text };
}

static bool
names_host(const char *host, const char *configured)
{
	char own[GUARD_HOST_SIZE];

	return guard_host_parse(own, configured) == 0 && strcmp(host, own) == 0;
}

static bool
names_address(const char *host, const char *configured)
{
	struct listen_address address;
	struct err ignored;

	return listen_address_parse(&address, configured, &ignored) == 0 &&
	       strcmp(host, address.host) == 0;
}

/*
 * A page of a stranger whose name was rebound to 127.0.0.1 sends its own name:
 * only ours are answered. On a unix socket no browser can be.
 */
static struct access_refusal
check_host(const struct visit *visit, const char *name)
{
	const struct api_cfg *cfg = visit->svc->cfg;
	char host[GUARD_HOST_SIZE];

	if (!visit->exchange->is_tcp)
		return welcome;
	if (guard_host_parse(host, name) < 0)
		return refuse(HTTP_BAD_REQUEST,
		    "the host that the request names is malformed");
	if (guard_host_is_loopback(host) ||
	    names_host(host, cfg->public_host) ||
	    names_host(host, cfg->admin_host) ||
	    names_address(host, cfg->http_addr))
		return welcome;
	return refuse(HTTP_FORBIDDEN,
	    "the request names another site as its host; use 127.0.0.1, "
	    "localhost, PUBLIC_HOST or ADMIN_HOST");
}

static struct access_refusal
check_site(const struct visit *visit)
{
	const struct http_exchange *exchange = visit->exchange;
	struct access_refusal verdict;
	const char *host, *origin;

	if (http_exchange_header(exchange, "Host", &host) < 0 ||
	    http_exchange_header(exchange, "Origin", &origin) < 0)
		return refuse(
		    HTTP_BAD_REQUEST, "more than one Host or Origin header");
	if (*host == '\0' && !exchange->is_http_1_0)
		return refuse(HTTP_BAD_REQUEST, "the Host header is missing");
	/* What the target names counts, whatever Host says (RFC 9112, 3.2.2). */
	if (exchange->authority != NULL)
		host = exchange->authority;
	verdict = check_host(visit, host);
	if (verdict.status != 0)
		return verdict;
	if (*origin != '\0' && !guard_origin_is_same(origin, host))
		return refuse(HTTP_FORBIDDEN,
		    "requests from pages of other sites are refused");
	return welcome;
}

static struct access_refusal
find_route(struct visit *visit, char *allow_out)
{
	const struct http_exchange *exchange = visit->exchange;

	visit->route = api_route_find((enum api_listener)exchange->listener,
	    exchange->method, exchange->path, allow_out);
	if (visit->route != NULL)
		return welcome;
	if (*allow_out != '\0')
		return refuse(HTTP_METHOD_NOT_ALLOWED, "method not allowed");
	return refuse(HTTP_NOT_FOUND, "there is nothing at this path");
}

/* A token, where there is one, is the whole credential: a tool that runs as
 * the owner and shows its token gets no more than that token gives. */
static struct access_refusal
take_token(struct visit *visit)
{
	struct credential *credential = &visit->credential;
	const char *header, *token;
	char hex[ID_SHA256_HEX_SIZE];

	if (http_exchange_header(visit->exchange, "Authorization", &header) < 0)
		return refuse(
		    HTTP_BAD_REQUEST, "more than one Authorization header");
	if (*header == '\0')
		return welcome;
	token = guard_bearer(header);
	if (token == NULL)
		return refuse(HTTP_UNAUTHORIZED,
		    "the Authorization header must be: Bearer <token>");
	id_sha256_hex(hex, token, strlen(token));
	credential->token_sha256 = arena_strdup(visit->arena, hex);
	credential->peer_uid = -1;
	return welcome;
}

/* Only the proxy knows whose certificate it has seen. */
static struct access_refusal
take_subject(struct visit *visit)
{
	const char *subject;

	if (visit->exchange->peer_uid != visit->svc->cfg->proxy_uid)
		return refuse(HTTP_FORBIDDEN,
		    "only the proxy of AGENT_RUNTIME_PROXY_UID is heard at "
		    "this socket");
	if (http_exchange_header(
		visit->exchange, "X-Client-Subject", &subject) < 0 ||
	    strlen(subject) > BOUND_SUBJECT)
		return refuse(HTTP_BAD_REQUEST,
		    "X-Client-Subject is there twice or too long");
	if (*subject == '\0')
		return refuse(
		    HTTP_UNAUTHORIZED, "a client certificate is needed");
	visit->credential.subject = arena_strdup(visit->arena, subject);
	return welcome;
}

static struct access_refusal
take_credential(struct visit *visit)
{
	const struct http_exchange *exchange = visit->exchange;
	struct access_refusal verdict;

	visit->credential = (struct credential){
		.listener =
		    api_listener_name((enum api_listener)exchange->listener),
		.token_sha256 = "",
		.peer_uid = exchange->peer_uid,
		.subject = "",
	};
	if (visit->route->flags & API_OPEN)
		return welcome;
	verdict = exchange->listener == LISTENER_ADMIN ? take_subject(visit)
						       : take_token(visit);
	if (verdict.status != 0)
		return verdict;
	if (exchange->is_tcp && *visit->credential.token_sha256 == '\0')
		return refuse(HTTP_UNAUTHORIZED,
		    "a token is needed: Authorization: Bearer <token>; the "
		    "local one lies in <data>/run/admin.token");
	return welcome;
}

/* Unpacking would make a large body out of a small one; nobody needs it. */
static struct access_refusal
check_json(const struct visit *visit, const char *type)
{
	const char *coding;
	int got =
	    http_exchange_header(visit->exchange, "Content-Encoding", &coding);

	if (!guard_is_json(type))
		return refuse(HTTP_UNSUPPORTED_TYPE,
		    "the body must be sent as Content-Type: application/json");
	if (got < 0 || (*coding != '\0' && strcasecmp(coding, "identity") != 0))
		return refuse(HTTP_UNSUPPORTED_TYPE,
		    "the body must be sent without a Content-Encoding");
	return welcome;
}

static struct access_refusal
check_body_type(const struct visit *visit)
{
	const char *type, *length, *encoding;

	if (http_exchange_header(visit->exchange, "Content-Type", &type) < 0 ||
	    http_exchange_header(visit->exchange, "Content-Length", &length) <
		0 ||
	    http_exchange_header(
		visit->exchange, "Transfer-Encoding", &encoding) < 0)
		return refuse(HTTP_BAD_REQUEST, "a header is there twice");
	if (visit->route->flags & API_BODY)
		return check_json(visit, type);
	if (*encoding != '\0' || length[strspn(length, "0")] != '\0')
		return refuse(HTTP_BAD_REQUEST, "this request takes no body");
	return welcome;
}

static struct access_refusal
take_key(struct visit *visit)
{
	char ulid[ID_ULID_SIZE];
	const char *key;
	int got;

	visit->key = "";
	if (!(visit->route->flags & API_KEYED))
		return welcome;
	got = http_exchange_header(visit->exchange, "Idempotency-Key", &key);
	if (got < 0)
		return refuse(
		    HTTP_BAD_REQUEST, "more than one Idempotency-Key");
	if (got == 1) {
		id_ulid(ulid, clock_unix_ms());
		visit->is_key_ours = true;
		key = ulid;
	} else if (!guard_is_key(key)) {
		return refuse(HTTP_BAD_REQUEST,
		    "Idempotency-Key must be 1 to 128 visible ASCII "
		    "characters");
	}
	visit->key = arena_strdup(visit->arena, key);
	return welcome;
}

struct access_refusal
access_check_head(struct visit *visit, char *allow_out)
{
	static struct access_refusal (*const checks[])(struct visit *) = {
		take_credential,
		take_key,
	};
	struct access_refusal verdict = check_site(visit);

	if (verdict.status == 0)
		verdict = find_route(visit, allow_out);
	for (size_t i = 0; i < N_OF(checks) && verdict.status == 0; i++)
		verdict = checks[i](visit);
	if (verdict.status == 0)
		verdict = check_body_type(visit);
	return verdict;
}
