#ifndef TESTS_UNIT_BUS_CROWD_H
#define TESTS_UNIT_BUS_CROWD_H

struct progress;

/*
 * Many peers that die young, cheaply: they are forked and never execute a
 * program. Each of the n runs member(i), which does not return. They are killed
 * in mid-request, at any moment of their connecting, or after a while of
 * standing still, and replaced, until SIGTERM. Nothing of the bus may have been
 * touched before: its threads would not be there in a fork.
 */
void crowd(struct progress *progress, int n, void (*member)(int i));

#endif
