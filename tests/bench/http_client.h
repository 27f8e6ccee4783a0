#ifndef TESTS_BENCH_HTTP_CLIENT_H
#define TESTS_BENCH_HTTP_CLIENT_H

/* A kept-alive HTTP client that costs next to nothing. What goes wrong ends the
 * program. */

#include <stddef.h>

/* A connection to a port of 127.0.0.1. */
int http_client_dial(int port);

/* The bytes of a request in out; headers: n of them, without line ends. */
size_t http_client_request(char *out, size_t size, const char *method,
    const char *path, const char *body, char *const *headers, int n);

/* Sends it and reads the response, which must have status 200 and a
 * Content-Length. */
void http_client_ask(int fd, const char *request, size_t size);

#endif
