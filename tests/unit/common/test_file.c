/* Files, in a directory of the test's own. */

#include "tests/unit/unit.h"

#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libcommon/buf.h"
#include "libcommon/err.h"
#include "libcommon/file.h"

static char root[32];
static int root_fd = -1;

static int
begin(void **state)
{
	(void)state;
	snprintf(root, sizeof(root), "/tmp/test-file-XXXXXX");
	if (mkdtemp(root) == NULL || chdir(root) < 0)
		return -1;
	root_fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return root_fd < 0 ? -1 : 0;
}

static int
remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	return remove(path);
}

static int
end(void **state)
{
	(void)state;
	fd_close(&root_fd);
	return chdir("/") < 0 ||
	       nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS) < 0;
}

static void
put(const char *path, const char *text)
{
	struct err err;

	if (file_replace(AT_FDCWD, path, text, strlen(text), 0600, &err) < 0)
		fail_msg("%s", err.text);
}

static void
expect(const char *path, const char *text)
{
	struct err err;
	struct buf buf;

	buf_init(&buf);
	if (file_read(&buf, root_fd, path, 1 << 20, &err) < 0)
		fail_msg("%s", err.text);
	assert_string_equal(buf.data, text);
	buf_release(&buf);
}

static void
reading_appends_up_to_the_limit(void **state)
{
	struct err err;
	struct buf buf;

	(void)state;
	put("a", "12345");
	buf_init(&buf);
	buf_adds(&buf, ">");
	assert_int_equal(file_read(&buf, root_fd, "a", 5, &err), 0);
	assert_string_equal(buf.data, ">12345");
	assert_int_equal(file_read(&buf, root_fd, "a", 4, &err), -1);
	assert_int_equal(err.code, ERR_INVALID);
	assert_string_equal(err.text, "a is larger than 4 bytes");
	buf_release(&buf);
}

static void
a_large_file_is_read_whole(void **state)
{
	struct err err;
	struct buf in, out;

	(void)state;
	buf_init(&in);
	buf_init(&out);
	for (int i = 0; i < 50000; i++)
		buf_addf(&in, "%d\n", i);
	assert_int_equal(
	    file_replace(root_fd, "big", in.data, in.size, 0600, &err), 0);
	assert_int_equal(file_read(&out, root_fd, "big", in.size, &err), 0);
	assert_int_equal(out.size, in.size);
	assert_memory_equal(out.data, in.data, in.size);
	buf_release(&in);
	buf_release(&out);
}

static void
reading_says_what_is_wrong(void **state)
{
	struct err err;
	struct buf buf;

	(void)state;
	buf_init(&buf);
	assert_int_equal(file_read(&buf, AT_FDCWD, "none", 9, &err), -1);
	assert_int_equal(err.code, ERR_NOT_FOUND);
	assert_string_equal(
	    err.text, "cannot open none: No such file or directory");
	assert_int_equal(buf.size, 0);
	buf_release(&buf);
}

static void
make_socket(const char *path)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	fd_close(&fd);
}

static const char *const no_files[] = { "fifo", "link-to-fifo", "socket",
	"/dev/zero", "." };

/* A fifo would be waited for, a device may have no end. */
static void
what_is_no_regular_file_is_refused_at_once(void **state)
{
	char want[64];
	struct err err;
	struct buf buf;

	(void)state;
	assert_int_equal(mkfifo("fifo", 0600), 0);
	assert_int_equal(symlink("fifo", "link-to-fifo"), 0);
	make_socket("socket");
	alarm(20);
	buf_init(&buf);
	for (size_t i = 0; i < N_OF(no_files); i++) {
		snprintf(want, sizeof(want), "%s is not a regular file",
		    no_files[i]);
		assert_int_equal(
		    file_read(&buf, AT_FDCWD, no_files[i], 9, &err), -1);
		assert_string_equal(err.text, want);
		assert_int_equal(err.code, ERR_REFUSED);
		assert_int_equal(buf.size, 0);
	}
	alarm(0);
	buf_release(&buf);
}

static const struct {
	const char *path;
	int flags;
	enum err_code code; /* ERR_NONE: opened */
} opens[] = {
	{ "dir/file", O_RDONLY, ERR_NONE },
	{ "./dir/../dir/file", O_RDONLY, ERR_NONE },
	{ "dir", O_RDONLY | O_DIRECTORY, ERR_NONE },
	{ "dir", O_RDONLY, ERR_REFUSED },
	{ "dir/none", O_RDONLY, ERR_NOT_FOUND },
	{ "dir/new", O_WRONLY | O_CREAT, ERR_NONE },
	{ "..", O_RDONLY | O_DIRECTORY, ERR_REFUSED },
	{ "dir/../../etc/passwd", O_RDONLY, ERR_REFUSED },
	{ "/etc/passwd", O_RDONLY, ERR_REFUSED },
	{ "link-to-file", O_RDONLY, ERR_REFUSED },
	{ "link-to-dir/file", O_RDONLY, ERR_REFUSED },
	{ "link-out/passwd", O_RDONLY, ERR_REFUSED },
	{ "fifo", O_RDONLY, ERR_REFUSED },
	{ "", O_RDONLY, ERR_NOT_FOUND },
};

static void
make_tree(void)
{
	assert_int_equal(mkdir("dir", 0700), 0);
	put("dir/file", "x");
	assert_int_equal(symlink("dir/file", "link-to-file"), 0);
	assert_int_equal(symlink("dir", "link-to-dir"), 0);
	assert_int_equal(symlink("/etc", "link-out"), 0);
	assert_int_equal(mkfifo("fifo", 0600), 0);
}

static void
nothing_is_opened_outside_or_through_links(void **state)
{
	(void)state;
	make_tree();
	for (size_t i = 0; i < N_OF(opens); i++) {
		struct err err = { 0 };
		int fd = file_open_beneath(
		    root_fd, opens[i].path, opens[i].flags, 0600, &err);

		if ((fd >= 0) != (opens[i].code == ERR_NONE) ||
		    err.code != opens[i].code)
			fail_msg("%s: %d %s", opens[i].path, fd, err.text);
		fd_close(&fd);
	}
}

static const struct {
	const char *path;
	enum err_code code;
} mkdirs[] = {
	{ "a/b/c", ERR_NONE },
	{ "a/b/c", ERR_NONE },
	{ "a//b/d/", ERR_NONE },
	{ "link-to-dir/x", ERR_NOT_FOUND }, /* ENOTDIR: a link is none */
	{ "link-out/x", ERR_NOT_FOUND },
	{ "dir/file/x", ERR_NOT_FOUND },
	{ "../x", ERR_REFUSED },
	{ "a/../../x", ERR_REFUSED },
	{ "/tmp/x", ERR_REFUSED },
};

static void
directories_are_made_beneath_only(void **state)
{
	struct stat st;

	(void)state;
	make_tree();
	for (size_t i = 0; i < N_OF(mkdirs); i++) {
		struct err err = { 0 };
		int rc = file_mkdirs(root_fd, mkdirs[i].path, 0700, &err);

		if ((rc == 0) != (mkdirs[i].code == ERR_NONE) ||
		    err.code != mkdirs[i].code)
			fail_msg("%s: %d %s", mkdirs[i].path, rc, err.text);
	}
	assert_int_equal(stat("a/b/d", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_not_equal(stat("dir/x", &st), 0);
}

static void
operators_paths_may_be_absolute_and_linked(void **state)
{
	char path[128];
	struct err err;
	struct stat st;

	(void)state;
	make_tree();
	snprintf(path, sizeof(path), "%s/link-to-dir/x/y", root);
	assert_int_equal(file_mkdirs(AT_FDCWD, path, 0700, &err), 0);
	assert_int_equal(stat("dir/x/y", &st), 0);
	assert_int_equal(file_mkdirs(AT_FDCWD, "./dir/../p/q", 0700, &err), 0);
	assert_int_equal(stat("p/q", &st), 0);
	snprintf(path, sizeof(path), "%s/link-to-dir/written", root);
	put(path, "w");
	expect("dir/written", "w");
}

static int
count_entries(
    const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	/* Temporary files must not be left behind. */
	return strstr(path, ".tmp-") != NULL;
}

static void
replacing_leaves_one_file_of_the_mode(void **state)
{
	struct err err;
	struct stat st;
	mode_t old = umask(077);

	(void)state;
	make_tree();
	for (int i = 0; i < 3; i++)
		assert_int_equal(
		    file_replace(root_fd, "dir/file", "old", 3, 0640, &err), 0);
	assert_int_equal(
	    file_replace_soon(root_fd, "dir/file", "new", 3, 0640, &err), 0);
	umask(old);
	expect("dir/file", "new");
	assert_int_equal(stat("dir/file", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	/* The link itself is replaced, not what it shows. */
	assert_int_equal(
	    file_replace(root_fd, "link-to-file", "z", 1, 0600, &err), 0);
	expect("dir/file", "new");
	expect("link-to-file", "z");
	assert_int_equal(nftw(root, count_entries, 8, FTW_PHYS), 0);
}

static const struct {
	const char *path;
	enum err_code code;
} replaces[] = {
	{ "none/x", ERR_NOT_FOUND },
	{ "dir", ERR_INVALID }, /* a directory stands there */
	{ "dir/", ERR_INVALID },
	{ "", ERR_INVALID },
	{ "dir/..", ERR_INVALID },
	{ "../x", ERR_REFUSED },
	{ "/tmp/x", ERR_REFUSED },
	{ "link-to-dir/x", ERR_REFUSED },
	{ "link-out/x", ERR_REFUSED },
};

static void
replacing_outside_is_refused(void **state)
{
	(void)state;
	make_tree();
	for (size_t i = 0; i < N_OF(replaces); i++) {
		struct err err = { 0 };
		int rc =
		    file_replace(root_fd, replaces[i].path, "x", 1, 0600, &err);

		if (rc == 0 || err.code != replaces[i].code)
			fail_msg("%s: %d %d %s", replaces[i].path, rc,
			    (int)err.code, err.text);
	}
	assert_int_equal(nftw(root, count_entries, 8, FTW_PHYS), 0);
}

/* A limit on the size of files fails a write in its middle, as a full disk. */
static void
a_write_cut_short_leaves_the_old_file(void **state)
{
	struct rlimit old, small;
	struct err err;
	struct buf text;
	int rc;

	(void)state;
	put("f", "old");
	buf_init(&text);
	memset(buf_grow(&text, 100000), 'x', 100000);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	small = old;
	small.rlim_cur = 4096;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	rc = file_replace(root_fd, "f", text.data, text.size, 0600, &err);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	assert_int_equal(rc, -1);
	expect("f", "old");
	assert_int_equal(nftw(root, count_entries, 8, FTW_PHYS), 0);
	buf_release(&text);
}

static void
a_lock_names_its_holder(void **state)
{
	char want[128];
	struct err err;
	int fd, status;
	pid_t pid;

	(void)state;
	fd = file_lock("serve.lock", &err);
	assert_true(fd >= 0);
	pid = fork();
	if (pid == 0) {
		int other = file_lock("serve.lock", &err);

		snprintf(want, sizeof(want),
		    "serve.lock is held by process %ld", (long)getppid());
		_exit(other == -1 && err.code == ERR_CONFLICT &&
			      strcmp(err.text, want) == 0
			  ? 0
			  : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	fd_close(&fd);
	fd = file_lock("serve.lock", &err);
	assert_true(fd >= 0);
	snprintf(want, sizeof(want), "%ld\n", (long)getpid());
	expect("serve.lock", want);
	fd_close(&fd);
}

static void
a_lock_dies_with_its_holder(void **state)
{
	struct err err;
	int fd, status;
	pid_t pid;

	(void)state;
	pid = fork();
	if (pid == 0)
		_exit(file_lock("l", &err) >= 0 ? 0 : 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	fd = file_lock("l", &err);
	assert_true(fd >= 0);
	fd_close(&fd);
}

/* Holds the inherited lock until the parent has long begun to wait. */
static void
linger(void)
{
	(void)poll(NULL, 0, 200);
	_exit(0);
}

static void
the_children_of_a_dead_holder_are_waited_for(void **state)
{
	struct err err;
	int fd, status;
	pid_t pid;

	(void)state;
	pid = fork();
	if (pid == 0) {
		if (file_lock("l", &err) < 0)
			_exit(1);
		if (fork() == 0)
			linger();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	fd = open("l", O_RDONLY | O_CLOEXEC);
	assert_true(flock(fd, LOCK_EX | LOCK_NB) < 0);
	fd_close(&fd);
	fd = file_lock("l", &err);
	assert_true(fd >= 0);
	fd_close(&fd);
}

static void
a_lock_is_not_taken_through_a_link(void **state)
{
	struct err err;

	(void)state;
	assert_int_equal(symlink("elsewhere", "l"), 0);
	assert_int_equal(file_lock("l", &err), -1);
	assert_int_equal(err.code, ERR_REFUSED);
}

static void
leave_it(void)
{
}

static void
delete_it(void)
{
	assert_int_equal(unlink("locks/l"), 0);
}

static void
move_its_folder(void)
{
	assert_int_equal(rename("locks", "moved"), 0);
}

static void
put_another_there(void)
{
	move_its_folder();
	assert_int_equal(mkdir("locks", 0700), 0);
	fclose(fopen("locks/l", "w"));
}

static void
make_it_untold(void)
{
	move_its_folder();
	assert_int_equal(symlink("locks", "locks"), 0);
}

static void
put_a_file_for_its_folder(void)
{
	move_its_folder();
	fclose(fopen("locks", "w"));
}

static void
a_lock_that_is_elsewhere_is_noticed(void **state)
{
	static const struct {
		const char *name;
		void (*then)(void);
		bool is_at;
	} cases[] = {
		{ "left", leave_it, true },
		{ "deleted", delete_it, false },
		{ "its folder moved", move_its_folder, false },
		{ "another in its place", put_another_there, false },
		{ "who knows", make_it_untold, true },
		{ "a file for its folder", put_a_file_for_its_folder, false },
	};

	(void)state;
	for (size_t i = 0; i < N_OF(cases); i++) {
		AUTO(fd_close)
		int fd = -1;
		struct err err;

		print_message("%s\n", cases[i].name);
		assert_int_equal(mkdir("locks", 0700), 0);
		fd = file_lock("locks/l", &err);
		assert_true(fd >= 0);
		cases[i].then();
		assert_int_equal(
		    file_lock_is_at(fd, "locks/l"), cases[i].is_at);
		assert_int_equal(file_remove_tree("locks", &err), 0);
		assert_int_equal(file_remove_tree("moved", &err), 0);
	}
}

#define FILE_TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FILE_TEST(reading_appends_up_to_the_limit),
		FILE_TEST(a_large_file_is_read_whole),
		FILE_TEST(reading_says_what_is_wrong),
		FILE_TEST(what_is_no_regular_file_is_refused_at_once),
		FILE_TEST(nothing_is_opened_outside_or_through_links),
		FILE_TEST(directories_are_made_beneath_only),
		FILE_TEST(operators_paths_may_be_absolute_and_linked),
		FILE_TEST(replacing_leaves_one_file_of_the_mode),
		FILE_TEST(replacing_outside_is_refused),
		FILE_TEST(a_write_cut_short_leaves_the_old_file),
		FILE_TEST(a_lock_names_its_holder),
		FILE_TEST(a_lock_dies_with_its_holder),
		FILE_TEST(the_children_of_a_dead_holder_are_waited_for),
		FILE_TEST(a_lock_is_not_taken_through_a_link),
		FILE_TEST(a_lock_that_is_elsewhere_is_noticed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
