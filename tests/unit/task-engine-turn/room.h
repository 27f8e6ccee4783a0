#ifndef TESTS_UNIT_TASK_ENGINE_TURN_ROOM_H
#define TESTS_UNIT_TASK_ENGINE_TURN_ROOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "services/task-engine/store/turns.h"

struct budgets;
struct turns;

/* The room turn/ itself, on a loop, in the world of world.h. */
extern struct turns *turns;
/* The ledger it draws on, made anew with it: its own, unless a test has others
 * draw on it too. */
extern struct budgets *room_budgets;

/* cmocka's, for the group. */
int room_open(void **state);
int room_close(void **state);

/* In a new world; has_model: one is configured. */
void room_enter(bool has_model);
/* In the world as it is. */
void room_open_turns(void);
/* cmocka's, after each test. */
int room_leave(void **state);

/* Lets the loop run for so long; 0: whatever is due now. */
void room_settle(int64_t ms);
/* Takes what is queued. */
void room_wake(void);
/* A message that is not searched for, so that the model is asked at once. */
void room_ask(enum turn_kind kind);
/* It wants that one tool. */
void room_want(size_t call, const char *name, const char *arguments);

#endif
