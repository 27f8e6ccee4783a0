#ifndef TASK_ENGINE_COMMANDS_COMMANDS_TASKS_H
#define TASK_ENGINE_COMMANDS_COMMANDS_TASKS_H

struct arena;
struct command;
struct err;
struct heard;
struct svc;

/* The commands about tasks: rows of the table in commands.c. */
int command_task(struct svc *svc, const struct heard *heard,
    const struct command *command, struct arena *arena, struct err *err);
int command_tasks(struct svc *svc, const struct heard *heard,
    const struct command *command, struct arena *arena, struct err *err);
int command_cancel(struct svc *svc, const struct heard *heard,
    const struct command *command, struct arena *arena, struct err *err);
int command_done(struct svc *svc, const struct heard *heard,
    const struct command *command, struct arena *arena, struct err *err);
int command_route(struct svc *svc, const struct heard *heard,
    const struct command *command, struct arena *arena, struct err *err);
int command_monitor(struct svc *svc, const struct heard *heard,
    const struct command *command, struct arena *arena, struct err *err);

#endif
