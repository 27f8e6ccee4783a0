#ifndef SCHEDULER_REPORT_H
#define SCHEDULER_REPORT_H

struct bus;
struct health;
struct roster_time;

/*
 * Tells the engine how daemons stand, one request at a time; what could not be
 * told is told at one of the next looks.
 */
struct report;

struct report *report_new(struct bus *bus);
void report_free(struct report **report);

void report_look(struct report *report, const struct health *health,
    const struct roster_time *now);

#endif
