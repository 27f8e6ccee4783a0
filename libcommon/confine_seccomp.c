/* System calls that no daemon of ours has a use for, refused by seccomp. */

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "libcommon/confine.h"
#include "libcommon/confine_parts.h"
#include "libcommon/err.h"
#include "libcommon/sanitizers.h"

static const int refused[] = {
	SCMP_SYS(process_vm_readv),
	SCMP_SYS(process_vm_writev),
	SCMP_SYS(pidfd_getfd),
	SCMP_SYS(kcmp),
	SCMP_SYS(mount),
	SCMP_SYS(umount2),
	SCMP_SYS(open_tree),
	SCMP_SYS(move_mount),
	SCMP_SYS(fsopen),
	SCMP_SYS(fsmount),
	SCMP_SYS(mount_setattr),
	SCMP_SYS(pivot_root),
	SCMP_SYS(chroot),
	SCMP_SYS(unshare),
	SCMP_SYS(setns),
	SCMP_SYS(open_by_handle_at),
	SCMP_SYS(bpf),
	SCMP_SYS(io_uring_setup),
	SCMP_SYS(io_uring_enter),
	SCMP_SYS(io_uring_register),
	SCMP_SYS(perf_event_open),
	SCMP_SYS(userfaultfd),
	SCMP_SYS(keyctl),
	SCMP_SYS(add_key),
	SCMP_SYS(request_key),
	SCMP_SYS(init_module),
	SCMP_SYS(finit_module),
	SCMP_SYS(delete_module),
	SCMP_SYS(kexec_load),
	SCMP_SYS(kexec_file_load),
	SCMP_SYS(reboot),
	SCMP_SYS(swapon),
	SCMP_SYS(swapoff),
	SCMP_SYS(acct),
	SCMP_SYS(settimeofday),
	SCMP_SYS(clock_settime),
	SCMP_SYS(syslog),
};

static const unsigned long new_namespaces[] = {
	CLONE_NEWUSER,
	CLONE_NEWNS,
	CLONE_NEWPID,
	CLONE_NEWNET,
	CLONE_NEWIPC,
	CLONE_NEWUTS,
	CLONE_NEWCGROUP,
};

/* Never adds a rule after one that failed. */
struct filter {
	scmp_filter_ctx ctx;
	int failed; /* a negative errno */
};

static void
refuse(struct filter *f, int error, int call)
{
	if (f->failed == 0)
		f->failed =
		    seccomp_rule_add(f->ctx, SCMP_ACT_ERRNO(error), call, 0);
}

static void
refuse_if(struct filter *f, int error, int call, struct scmp_arg_cmp cmp)
{
	if (f->failed == 0)
		f->failed = seccomp_rule_add_array(
		    f->ctx, SCMP_ACT_ERRNO(error), call, 1, &cmp);
}

/* getaddrinfo asks the kernel for our addresses through netlink. */
static int
is_family_allowed(int family, unsigned flags)
{
	switch (family) {
	case AF_UNIX:
		return 1;
	case AF_INET:
	case AF_INET6:
		return (flags &
			   (CONFINE_ALLOW_CONNECT | CONFINE_ALLOW_LISTEN)) != 0;
	case AF_NETLINK:
		return (flags & CONFINE_ALLOW_CONNECT) != 0;
	}
	return 0;
}

/*
 * An argument may be compared once in a rule, hence one rule for each family.
 * All 64 bits are compared, of which the kernel takes 32: what hides a family
 * behind higher bits is greater than the last one.
 */
static void
add_sockets(struct filter *f, unsigned flags)
{
	struct scmp_arg_cmp is = { .arg = 0, .op = SCMP_CMP_EQ };

	for (int family = 0; family <= AF_NETLINK; family++) {
		is.datum_a = (unsigned)family;
		if (!is_family_allowed(family, flags))
			refuse_if(f, EAFNOSUPPORT, SCMP_SYS(socket), is);
	}
	is = (struct scmp_arg_cmp){ 0, SCMP_CMP_GT, AF_NETLINK, 0 };
	refuse_if(f, EAFNOSUPPORT, SCMP_SYS(socket), is);
}

static void
add_processes(struct filter *f, unsigned flags)
{
	for (size_t i = 0; i < N_OF(new_namespaces); i++)
		refuse_if(f, EPERM, SCMP_SYS(clone),
		    (struct scmp_arg_cmp){ 0, SCMP_CMP_MASKED_EQ,
			new_namespaces[i], new_namespaces[i] });
	/* Its flags lie in memory, out of our sight; without it the C library
	 * falls back to clone. */
	refuse(f, ENOSYS, SCMP_SYS(clone3));
	if (!(flags & CONFINE_ALLOW_EXEC)) {
		refuse(f, EPERM, SCMP_SYS(execve));
		refuse(f, EPERM, SCMP_SYS(execveat));
	}
	/* The leak check stops our threads by it. */
	if (!BUILT_WITH_ASAN)
		refuse(f, EPERM, SCMP_SYS(ptrace));
}

int
confine_seccomp(unsigned flags, struct err *err)
{
	struct filter f = { .ctx = seccomp_init(SCMP_ACT_ALLOW) };

	if (f.ctx == NULL)
		return err_set(err, ERR_INTERNAL, "cannot make a call filter");
	for (size_t i = 0; i < N_OF(refused); i++)
		refuse(&f, EPERM, refused[i]);
	add_processes(&f, flags);
	add_sockets(&f, flags);
	if (f.failed == 0)
		f.failed = seccomp_load(f.ctx);
	seccomp_release(f.ctx);
	if (f.failed != 0)
		return err_set(err, ERR_INTERNAL, "enter the call filter: %s",
		    strerror(-f.failed));
	return 0;
}

void
confine_no_io_uring(void)
{
	/* Foreign ABIs have other numbers; the filter of confine_seccomp kills
	 * them, and until then only our own start-up code runs. */
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		    offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_setup, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { .len = N_OF(code), .filter = code };

	/* A kernel without seccomp filters fails at confine_self. */
	(void)prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0);
}
