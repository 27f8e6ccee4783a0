#ifndef TESTS_TOOLS_POISON_H
#define TESTS_TOOLS_POISON_H

struct json;

/* Dies, as of a fault of its own, when the update says what it must not. */
void poison_look(const struct json *update);
/* The same of what goes out. */
void poison_look_out(const char *text);

#endif
