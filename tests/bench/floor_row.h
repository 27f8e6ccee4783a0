#ifndef TESTS_BENCH_FLOOR_ROW_H
#define TESTS_BENCH_FLOOR_ROW_H

/*
 * The floor under every durable answer: plain SQLite, one row a commit. The row
 * is the engine's for a message: its table, its index, its statement. What goes
 * wrong ends the program.
 */

struct floor_rows;

/* A new database at path, in place of what is there. */
struct floor_rows *floor_rows_open(const char *path);
void floor_rows_close(struct floor_rows **rows);

/* The i-th row, committed. Each i once. */
void floor_rows_add(struct floor_rows *rows, int i, const char *text);

#endif
