/*
 * The floor under a turn of the model: what it cannot do without, one after the
 * other as a turn does it, and again and again as turns come. Each alone in a
 * loop would run from a warm cache, as it never does in a turn. The request to
 * the model is made where a turn makes it, and timed apart.
 *
 *   floor_turn BUILD-DIR DIR WORKSPACE QUERY LIMIT TEXT-BYTES API-PORT
 *       MODEL-URL REQUEST-FILE TEXT ROUNDS
 *
 * DIR/data/workspaces/WORKSPACE holds the documents that are searched; TEXT is
 * the message that is stored. Prints JSON.
 */

#include <curl/curl.h>
#include <fcntl.h>
#include <nng/nng.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/clock.h"
#include "libcommon/err.h"
#include "libcommon/file.h"
#include "tests/bench/floor_row.h"
#include "tests/bench/floor_trip.h"
#include "tests/bench/http_client.h"
#include "tests/bench/searcher.h"
#include "tests/bench/took.h"

enum { WARM = 20, REQUEST_MAX = 1 << 20, BUFFER_BYTES = 16 * 1024 };

struct parts {
	/* one /healthz */
	int health_fd;
	char health[512];
	size_t health_size;
	/* two commits */
	struct floor_rows *rows;
	int n_rows;
	const char *text;
	/* three round trips, of which the search has one */
	nng_socket trips;
	struct searcher *searcher;
	const char *query;
	int64_t limit, text_bytes;
	/* apart */
	CURL *model;
	struct curl_slist *headers;
	struct buf request;
};

static void
check_curl(CURLcode code)
{
	if (code == CURLE_OK)
		return;
	fprintf(stderr, "floor_turn: %s\n", curl_easy_strerror(code));
	exit(1);
}

static size_t
ignore(char *data, size_t size, size_t n, void *arg)
{
	(void)data;
	(void)arg;
	return size * n;
}

static void
open_model(struct parts *p, const char *url, const char *request_file)
{
	struct err err;

	buf_init(&p->request);
	if (file_read(&p->request, AT_FDCWD, request_file, REQUEST_MAX, &err) <
	    0) {
		fprintf(stderr, "floor_turn: %s\n", err.text);
		exit(1);
	}
	p->headers = curl_slist_append(NULL, "Content-Type: application/json");
	p->model = curl_easy_init();
	check_curl(curl_easy_setopt(p->model, CURLOPT_URL, url));
	check_curl(curl_easy_setopt(p->model, CURLOPT_HTTPHEADER, p->headers));
	check_curl(
	    curl_easy_setopt(p->model, CURLOPT_POSTFIELDS, p->request.data));
	check_curl(curl_easy_setopt(
	    p->model, CURLOPT_POSTFIELDSIZE, (long)p->request.size));
	check_curl(curl_easy_setopt(p->model, CURLOPT_WRITEFUNCTION, ignore));
	/* As the engine sets it. */
	check_curl(curl_easy_setopt(p->model, CURLOPT_NOSIGNAL, 1L));
	check_curl(curl_easy_setopt(p->model, CURLOPT_PROXY, ""));
	check_curl(
	    curl_easy_setopt(p->model, CURLOPT_BUFFERSIZE, (long)BUFFER_BYTES));
	check_curl(curl_easy_setopt(
	    p->model, CURLOPT_UPLOAD_BUFFERSIZE, (long)BUFFER_BYTES));
	check_curl(curl_easy_setopt(p->model, CURLOPT_FAILONERROR, 1L));
}

static int64_t
ask_model(struct parts *p)
{
	int64_t at_ns = clock_mono_ns();

	check_curl(curl_easy_perform(p->model));
	return clock_mono_ns() - at_ns;
}

/* In ns, without the model's. */
static int64_t
one_round(struct parts *p, int64_t *model_ns_out)
{
	int64_t at_ns = clock_mono_ns(), took_ns;
	size_t n_hits;

	http_client_ask(p->health_fd, p->health, p->health_size);
	floor_trip(p->trips);
	floor_rows_add(p->rows, p->n_rows++, p->text);
	took_ns = clock_mono_ns() - at_ns;
	took_ns += searcher_ask(
	    p->searcher, p->query, p->limit, p->text_bytes, &n_hits);
	if (n_hits == 0) {
		fprintf(stderr, "floor_turn: the search finds nothing\n");
		exit(1);
	}
	*model_ns_out = ask_model(p);
	at_ns = clock_mono_ns();
	floor_rows_add(p->rows, p->n_rows++, p->text);
	floor_trip(p->trips);
	return took_ns + clock_mono_ns() - at_ns;
}

static void
measure(struct parts *p, int rounds)
{
	size_t n = (size_t)rounds;
	int64_t *floor_ns = xcalloc(n, sizeof(*floor_ns));
	int64_t *model_ns = xcalloc(n, sizeof(*model_ns));

	for (int i = -WARM; i < rounds; i++) {
		int64_t model, took = one_round(p, &model);

		if (i < 0)
			continue;
		floor_ns[i] = took;
		model_ns[i] = model;
	}
	printf("{\"floor_us\": %.1f, \"model_us\": %.1f}\n",
	    took_us(floor_ns, n, 50), took_us(model_ns, n, 50));
	free(floor_ns);
	free(model_ns);
}

int
main(int argc, char **argv)
{
	char socket[4200], database[4200];
	struct parts p = { 0 };
	pid_t child;

	if (argc != 12) {
		fprintf(stderr, "usage: floor_turn BUILD-DIR DIR WORKSPACE "
				"QUERY LIMIT TEXT-BYTES API-PORT MODEL-URL "
				"REQUEST-FILE TEXT ROUNDS\n");
		return 2;
	}
	snprintf(socket, sizeof(socket), "%s/s", argv[2]);
	snprintf(database, sizeof(database), "%s/floor.sqlite", argv[2]);
	child = floor_trip_serve(socket);
	p.searcher = searcher_open(argv[1], argv[2], argv[3]);
	floor_trip_dial(&p.trips, socket);
	p.query = argv[4];
	p.limit = atoi(argv[5]);
	p.text_bytes = atoi(argv[6]);
	p.health_fd = http_client_dial(atoi(argv[7]));
	p.health_size = http_client_request(
	    p.health, sizeof(p.health), "GET", "/healthz", "", NULL, 0);
	open_model(&p, argv[8], argv[9]);
	p.text = argv[10];
	p.rows = floor_rows_open(database);
	measure(&p, atoi(argv[11]));
	fflush(stdout);
	searcher_stop(p.searcher);
	kill(child, SIGKILL);
	_exit(0); /* closing a socket of nng 1.5.2 can hang */
}
