#ifndef LIBCOMMON_FLAGS_H
#define LIBCOMMON_FLAGS_H

/*
 * What getopt_long complains about, in our words. It must be silent (opterr 0)
 * and its short options begin with ":". flag is what it returned, '?' or ':';
 * out is filled and returned: "unknown flag --x", "--x needs a value".
 */
enum { FLAGS_COMPLAINT_SIZE = 160 };
const char *
flags_complaint(char out[FLAGS_COMPLAINT_SIZE], int flag, char *const *argv);

#endif
