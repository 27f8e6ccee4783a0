/* The floor under memory: the libraries given, opened and idle. */

#include <dlfcn.h>
#include <stdio.h>
#include <unistd.h>

int
main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (dlopen(argv[i], RTLD_NOW | RTLD_GLOBAL) == NULL) {
			fprintf(stderr, "floor_idle: %s\n", dlerror());
			return 1;
		}
	printf("ready\n");
	fflush(stdout);
	pause();
	return 0;
}
