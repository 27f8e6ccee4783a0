/* How many threads nng starts for its callbacks: two, on any machine. */

#include "libcommon/bus_impl.h"

#include <unistd.h>

/*
 * Callbacks of ours only push to a queue, so more threads do nothing but wake
 * each other: with two for each processor, nng's own number, a message costs a
 * third more processor time, and a machine of 64 gets 128 of them per daemon.
 * Two are the fewest that it takes.
 */
#ifdef HAVE_NNG_INIT_SET_PARAMETER

void
bus_threads_few(void)
{
	nng_init_set_parameter(NNG_INIT_NUM_TASK_THREADS, 2);
}

#else

/* nng 1.5 has no knob: it asks this for the processors, and doubles them. Of
 * all that is linked here nothing else wants to know. */
long true_sysconf(int name) __asm__("__sysconf");

long
sysconf(int name)
{
	return name == _SC_NPROCESSORS_ONLN ? 1 : true_sysconf(name);
}

void
bus_threads_few(void)
{
}

#endif
