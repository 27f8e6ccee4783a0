#ifndef LIBCOMMON_SANITIZERS_H
#define LIBCOMMON_SANITIZERS_H

/*
 * Whether this build carries AddressSanitizer (and with it the leak check,
 * which traces our own threads at exit and so needs a few calls that are
 * otherwise refused), or ThreadSanitizer, which runs a thread of its own.
 */
#ifdef __has_feature
#define SANITIZERS_HAS_(x) __has_feature(x)
#else
#define SANITIZERS_HAS_(x) 0
#endif

#if defined(__SANITIZE_ADDRESS__) || SANITIZERS_HAS_(address_sanitizer)
#define BUILT_WITH_ASAN 1
#else
#define BUILT_WITH_ASAN 0
#endif

#if defined(__SANITIZE_THREAD__) || SANITIZERS_HAS_(thread_sanitizer)
#define BUILT_WITH_TSAN 1
#else
#define BUILT_WITH_TSAN 0
#endif

#endif
