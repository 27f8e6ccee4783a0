/* The head of a request: what HTTP itself refuses before the body is read. */

#include "services/api/http_internal.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "libcommon/json.h"
#include "services/api/http_guard.h"

enum {
	MAX_PATH_BYTES = 2048,
	MAX_QUERY_PAIRS = 32,
};

/*
 * Before version 1.0 the library lets a NUL end a text, and hangs a folded line
 * behind a copy of its field's name. It works where the bytes came in, so both
 * show by what lies between one text and the next: NULs in the separator's
 * place, then blanks.
 */
static bool
is_next(const char *end, const char *next, ptrdiff_t max_nuls)
{
	ptrdiff_t n = 0;

	if (MHD_VERSION >= 0x01000000)
		return true;
	if (next <= end || next - end > HTTP_MAX_HEADER_BYTES)
		return false;
	while (n < max_nuls && end + n < next && end[n] == '\0')
		n++;
	while (end + n < next && (end[n] == ' ' || end[n] == '\t'))
		n++;
	return end + n == next;
}

/* Field by field. */
struct header_check {
	struct refusal refusal;
	size_t n_fields, n_bytes, n_lengths, n_encodings;
	const char *length, *encoding;
	const char *end; /* of the text before the next field */
};

static const struct refusal bad_field = { HTTP_BAD_REQUEST,
	"a header field has a bad name, more than one line or a control "
	"character in its value" };

static bool
is_clean_value(const char *value, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if ((unsigned char)value[i] < ' ' && value[i] != '\t')
			return false;
	return true;
}

static enum MHD_Result
check_field(void *cls, enum MHD_ValueKind kind, const char *key,
    size_t key_size, const char *value, size_t value_size)
{
	struct header_check *check = cls;

	(void)kind;
	check->n_bytes += key_size + value_size;
	if (++check->n_fields > HTTP_MAX_HEADERS ||
	    check->n_bytes > HTTP_MAX_HEADER_BYTES) {
		check->refusal = (struct refusal){
			HTTP_HEADERS_TOO_LARGE,
			"too many or too long header fields; allowed are 64 "
			"fields and 16 KiB in all",
		};
		return MHD_NO;
	}
	if (!guard_is_field_name(key, key_size) ||
	    !is_clean_value(value, value_size) ||
	    !is_next(check->end, key, strlen("\r\n")) ||
	    !is_next(key + key_size, value, strlen(":"))) {
		check->refusal = bad_field;
		return MHD_NO;
	}
	check->end = value + value_size;
	if (strcasecmp(key, "Content-Length") == 0) {
		check->n_lengths++;
		check->length = value;
	}
	if (strcasecmp(key, "Transfer-Encoding") == 0) {
		check->n_encodings++;
		check->encoding = value;
	}
	return MHD_YES;
}

/* Two ways to say where the body ends are a way to smuggle a request. */
static struct refusal
check_framing(const struct header_check *check, bool is_http_1_0)
{
	if (check->n_lengths + check->n_encodings > 1)
		return (struct refusal){ HTTP_BAD_REQUEST,
			"more than one Content-Length or Transfer-Encoding" };
	if (check->encoding != NULL && is_http_1_0)
		return (struct refusal){ HTTP_BAD_REQUEST,
			"HTTP/1.0 knows no Transfer-Encoding" };
	if (check->encoding != NULL &&
	    strcasecmp(check->encoding, "chunked") != 0)
		return (struct refusal){ HTTP_NOT_IMPLEMENTED,
			"the only Transfer-Encoding is chunked" };
	if (check->length == NULL)
		return (struct refusal){ 0, NULL };
	if (*check->length == '\0' ||
	    check->length[strspn(check->length, "0123456789")] != '\0')
		return (struct refusal){ HTTP_BAD_REQUEST,
			"Content-Length is not a number" };
	if (strlen(check->length) > 18 ||
	    strtoll(check->length, NULL, 10) > HTTP_MAX_BODY)
		return (struct refusal){ HTTP_TOO_LARGE,
			"the body is larger than 256 KiB" };
	return (struct refusal){ 0, NULL };
}

static enum MHD_Result
check_pair(void *cls, enum MHD_ValueKind kind, const char *key, size_t key_size,
    const char *value, size_t value_size)
{
	struct header_check *check = cls;

	(void)kind;
	if (++check->n_fields > MAX_QUERY_PAIRS ||
	    !utf8_is_valid(key, key_size) ||
	    (value != NULL && !utf8_is_valid(value, value_size))) {
		check->refusal = (struct refusal){ HTTP_BAD_REQUEST,
			"the query has too many parameters or is not UTF-8" };
		return MHD_NO;
	}
	return MHD_YES;
}

static struct refusal
check_fields(const struct http_exchange *exchange, const char *version)
{
	struct header_check check = { .end = version + strlen(version) };
	size_t size = MHD_get_connection_info(
	    exchange->connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE)
			  ->header_size;

	MHD_get_connection_values_n(
	    exchange->connection, MHD_HEADER_KIND, check_field, &check);
	if (check.refusal.status != 0)
		return check.refusal;
	if (!is_next(check.end, exchange->method + size, strlen("\r\n\r\n")))
		return bad_field;
	return check_framing(&check, exchange->is_http_1_0);
}

static struct refusal
check_query(const struct http_exchange *exchange)
{
	struct header_check check = { 0 };

	MHD_get_connection_values_n(
	    exchange->connection, MHD_GET_ARGUMENT_KIND, check_pair, &check);
	return check.refusal;
}

static struct refusal
check_target(const struct http_exchange *exchange, const char *version)
{
	const struct http_target *target = &exchange->client->target;
	const char *method = exchange->method;

	if (!is_next(method + strlen(method), target->begin, strlen(" ")) ||
	    !is_next(target->end, version, strlen(" ")))
		return (struct refusal){ HTTP_BAD_REQUEST,
			"there is a NUL in the first line" };
	if (target->fault != NULL)
		return (struct refusal){ HTTP_BAD_REQUEST, target->fault };
	if (strlen(exchange->path) > MAX_PATH_BYTES)
		return (struct refusal){ HTTP_URI_TOO_LONG,
			"the path is longer than 2048 bytes" };
	return (struct refusal){ 0, NULL };
}

struct refusal
head_check(struct http_exchange *exchange, const char *version)
{
	struct refusal refusal;

	exchange->is_http_1_0 = strcmp(version, "HTTP/1.0") == 0;
	if (!exchange->is_http_1_0 && strcmp(version, "HTTP/1.1") != 0)
		return (struct refusal){ HTTP_BAD_VERSION,
			"only HTTP/1.1 and HTTP/1.0 are spoken here" };
	refusal = check_target(exchange, version);
	if (refusal.status == 0)
		refusal = check_fields(exchange, version);
	if (refusal.status == 0)
		refusal = check_query(exchange);
	return refusal;
}
