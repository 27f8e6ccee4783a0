#ifndef API_OPENAPI_H
#define API_OPENAPI_H

struct buf;

/* Appends the OpenAPI 3.1 document of the routes. */
void openapi_print(struct buf *out);

#endif
