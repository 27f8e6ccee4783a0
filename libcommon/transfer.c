/* HTTP requests: libcurl's multi interface on our loop; nothing blocks. */

#include "libcommon/transfer.h"

#include <assert.h>
#include <curl/curl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <utlist.h>

#include "libcommon/arena.h"
#include "libcommon/err.h"
#include "libcommon/loop.h"
#include "libcommon/transfer_call.h"

enum { KEPT_CONNECTIONS = 16 };

/* A descriptor of curl's that the loop watches. */
struct guest {
	struct transfer *transfer;
	struct watch *watch;
	curl_socket_t fd;
	struct guest *prev, *next;
};

struct transfer {
	struct http_defaults defaults;
	struct loop *loop;
	struct timer *timer;
	struct guest *guests;
};

/* Outside of curl's callbacks: whoever is called may start and cancel. */
static void
reap(struct transfer *transfer)
{
	CURLM *multi = transfer->defaults.multi;
	const CURLMsg *message;
	int n_left;

	while ((message = curl_multi_info_read(multi, &n_left)))
		if (message->msg == CURLMSG_DONE)
			http_call_finish(
			    message->easy_handle, message->data.result);
}

static void
on_timer(void *arg)
{
	struct transfer *transfer = arg;
	int n_running;

	curl_multi_socket_action(
	    transfer->defaults.multi, CURL_SOCKET_TIMEOUT, 0, &n_running);
	reap(transfer);
}

static void
on_ready(void *arg, int events)
{
	const struct guest *guest = arg;
	struct transfer *transfer = guest->transfer;
	int n_running, mask = 0;

	if (events & LOOP_READABLE)
		mask |= CURL_CSELECT_IN;
	if (events & LOOP_WRITABLE)
		mask |= CURL_CSELECT_OUT;
	/* Neither means that polling failed: curl finds out by trying. */
	if (mask == 0)
		mask = CURL_CSELECT_ERR;
	curl_multi_socket_action(
	    transfer->defaults.multi, guest->fd, mask, &n_running);
	reap(transfer);
}

static struct guest *
guest_new(struct transfer *transfer, curl_socket_t fd)
{
	struct guest *guest = xcalloc(1, sizeof(*guest));

	guest->transfer = transfer;
	guest->fd = fd;
	guest->watch = watch_new(transfer->loop, fd, on_ready, guest);
	DL_APPEND(transfer->guests, guest);
	curl_multi_assign(transfer->defaults.multi, fd, guest);
	return guest;
}

static void
guest_free(struct guest *guest)
{
	DL_DELETE(guest->transfer->guests, guest);
	watch_free(&guest->watch);
	free(guest);
}

static int
socket_cb(CURL *easy, curl_socket_t fd, int what, void *arg, void *socket_arg)
{
	static const int events[] = {
		[CURL_POLL_NONE] = 0,
		[CURL_POLL_IN] = LOOP_READABLE,
		[CURL_POLL_OUT] = LOOP_WRITABLE,
		[CURL_POLL_INOUT] = LOOP_READABLE | LOOP_WRITABLE,
	};
	struct guest *guest = socket_arg;

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		if (guest != NULL)
			guest_free(guest);
		return 0;
	}
	if (guest == NULL)
		guest = guest_new(arg, fd);
	watch_set(guest->watch, events[what]);
	return 0;
}

/* Only starts the timer: acting here would re-enter curl. */
static int
timer_cb(CURLM *multi, long timeout_ms, void *arg)
{
	struct transfer *transfer = arg;

	(void)multi;
	if (timeout_ms < 0)
		timer_stop(transfer->timer);
	else
		timer_start(transfer->timer, timeout_ms, 0);
	return 0;
}

/*
 * The system's bundle by its name: Debian's libcurl has none built in but a
 * folder with a file for each authority, which it would parse for each
 * connection. SSL_CERT_FILE is what other TLS libraries heed too.
 */
static const char *
ca_file_of(const char *chosen)
{
	static const char system_bundle[] =
	    "/etc/ssl/certs/ca-certificates.crt";
	const char *named = getenv("SSL_CERT_FILE");

	if (*chosen)
		return chosen;
	return named && *named ? named : system_bundle;
}

/*
 * TLS libraries open what they are given and wait for a fifo's writer. A file
 * that is not there is theirs to name: it may be made later.
 */
static int
refuse_no_file(const struct transfer_options *options, struct err *err)
{
	const char *const paths[] = { ca_file_of(options->ca_file),
		options->cert_file, options->key_file };
	struct stat st;

	for (size_t i = 0; i < N_OF(paths); i++)
		if (paths[i] && *paths[i] && stat(paths[i], &st) == 0 &&
		    !S_ISREG(st.st_mode))
			return err_set(err, ERR_REFUSED,
			    "the PEM file %s is not a regular file", paths[i]);
	return 0;
}

int
transfer_open(struct transfer **transfer_out, struct loop *loop,
    const struct transfer_options *options, struct err *err)
{
	struct transfer *transfer;

	if (refuse_no_file(options, err) < 0)
		return -1;
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return err_set(err, ERR_INTERNAL, "libcurl does not start");
	transfer = xcalloc(1, sizeof(*transfer));
	transfer->loop = loop;
	transfer->timer = timer_new(loop, on_timer, transfer);
	transfer->defaults.ca_file = xstrdup(ca_file_of(options->ca_file));
	transfer->defaults.proxy = xstrdup(options->proxy);
	transfer->defaults.user_agent = xstrdup(options->user_agent);
	if (options->cert_file != NULL)
		transfer->defaults.cert_file = xstrdup(options->cert_file);
	if (options->key_file != NULL)
		transfer->defaults.key_file = xstrdup(options->key_file);
	transfer->defaults.accepts_any_certificate =
	    options->accepts_any_certificate;
	transfer->defaults.multi = curl_multi_init();
	assert(transfer->defaults.multi != NULL);
	curl_multi_setopt(
	    transfer->defaults.multi, CURLMOPT_SOCKETFUNCTION, socket_cb);
	curl_multi_setopt(
	    transfer->defaults.multi, CURLMOPT_SOCKETDATA, transfer);
	curl_multi_setopt(
	    transfer->defaults.multi, CURLMOPT_TIMERFUNCTION, timer_cb);
	curl_multi_setopt(
	    transfer->defaults.multi, CURLMOPT_TIMERDATA, transfer);
	curl_multi_setopt(transfer->defaults.multi, CURLMOPT_MAXCONNECTS,
	    (long)KEPT_CONNECTIONS);
	curl_multi_setopt(transfer->defaults.multi,
	    CURLMOPT_MAX_HOST_CONNECTIONS, options->max_connections_per_host);
	*transfer_out = transfer;
	return 0;
}

void
transfer_close(struct transfer **transfer_ref)
{
	struct transfer *transfer = STEAL(*transfer_ref);
	struct guest *guest, *next;

	if (transfer == NULL)
		return;
	http_calls_free(&transfer->defaults);
	curl_multi_cleanup(transfer->defaults.multi);
	for (guest = transfer->guests; guest != NULL; guest = next) {
		next = guest->next;
		watch_free(&guest->watch);
		free(guest);
	}
	timer_free(&transfer->timer);
	free(transfer->defaults.ca_file);
	free(transfer->defaults.proxy);
	free(transfer->defaults.user_agent);
	free(transfer->defaults.cert_file);
	free(transfer->defaults.key_file);
	free(transfer);
	curl_global_cleanup();
}

int
transfer_start(struct transfer *transfer, const struct http_request *request,
    http_done_fn fn, void *arg, struct http_call **call_out, struct err *err)
{
	return http_call_start(
	    call_out, &transfer->defaults, request, fn, arg, err);
}

void
transfer_cancel(struct http_call **call)
{
	http_call_free(call);
}
