/* Prints agent-runtime's own rows, as a daemon does, for the build. */

#include <stdio.h>

#include "libcommon/buf.h"
#include "services/agent-runtime/settings.h"

int
main(void)
{
	struct buf out;

	buf_init(&out);
	cfg_print_rows(&settings_table, &out);
	fwrite(out.data, 1, out.size, stdout);
	buf_release(&out);
	return fflush(stdout) == 0 ? 0 : 1;
}
