#ifndef LIBCOMMON_DEFS_H
#define LIBCOMMON_DEFS_H

/*
 * The few macros that every file may use.
 *
 * AUTO(f) calls f(&variable) when the variable leaves its scope, so f is a
 * destructor of the house's one shape: it takes the variable's address and
 * accepts what STEAL left behind.
 */
#define AUTO(f) __attribute__((cleanup(f)))
#define STEAL(x)                                                               \
	__extension__({                                                        \
		__typeof__(x) stolen_ = (x);                                   \
		(x) = 0;                                                       \
		stolen_;                                                       \
	})

#define N_OF(table) (sizeof(table) / sizeof((table)[0]))

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF(fmt, args)                                                      \
	__attribute__((format(printf, fmt, args), nonnull(fmt)))

#define STRINGIFY_(x) #x
#define STRINGIFY(x) STRINGIFY_(x)

#endif
