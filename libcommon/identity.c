/* Uids of the daemons, and access lists that name them. */

#include "libcommon/identity.h"

#include <assert.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "libcommon/err.h"

struct identity
identity_of(enum service_id service)
{
	char name[64];
	const struct passwd *user;
	uid_t id = IDENTITY_FIRST_ID + (uid_t)service;

	snprintf(name, sizeof(name), "agent-runtime-%s", service_name(service));
	user = getpwnam(name);
	if (user != NULL)
		return (struct identity){ user->pw_uid, user->pw_gid };
	return (struct identity){ id, id };
}

gid_t
identity_readers(void)
{
	const struct group *group = getgrnam("agent-runtime");

	return group != NULL ? group->gr_gid : identity_of(SVC_INDEXER).gid;
}

int
identity_assume(enum service_id service, struct err *err)
{
	struct identity me = identity_of(service);
	gid_t readers = identity_readers();
	bool is_reader = service == SVC_TASK_ENGINE || service == SVC_INDEXER;

	if (setgroups(is_reader ? 1 : 0, &readers) < 0 ||
	    setresgid(me.gid, me.gid, me.gid) < 0 ||
	    setresuid(me.uid, me.uid, me.uid) < 0)
		return err_errno(err, "change to uid %u", (unsigned)me.uid);
	return 0;
}

/* The kernel's form of an access list, little-endian (xattr(7), acl(5)). */
struct acl_entry {
	uint16_t tag;
	uint16_t may;
	uint32_t id;
};
struct acl {
	uint32_t version;
	struct acl_entry entries[4 + IDENTITY_MAX_ADMITTED];
};
enum {
	ACL_VERSION = 2,
	ACL_OWNER = 0x01,
	ACL_USER = 0x02,
	ACL_GROUP = 0x04,
	ACL_MASK = 0x10,
	ACL_OTHERS = 0x20,
};

static void
acl_add(struct acl *acl, size_t *n, unsigned tag, unsigned may, uint32_t id)
{
	acl->entries[(*n)++] = (struct acl_entry){
		.tag = (uint16_t)tag, .may = (uint16_t)may, .id = id
	};
}

int
identity_admit(const char *path, unsigned owner_may,
    const struct admitted *users, size_t n_users, unsigned others_may,
    struct err *err)
{
	struct acl acl = { .version = ACL_VERSION };
	unsigned mask = 0;
	size_t n = 0;

	assert(n_users <= IDENTITY_MAX_ADMITTED);
	acl_add(&acl, &n, ACL_OWNER, owner_may, UINT32_MAX);
	for (size_t i = 0; i < n_users; i++) {
		acl_add(&acl, &n, ACL_USER, users[i].may, users[i].uid);
		mask |= users[i].may;
	}
	acl_add(&acl, &n, ACL_GROUP, 0, UINT32_MAX);
	acl_add(&acl, &n, ACL_MASK, mask, UINT32_MAX);
	acl_add(&acl, &n, ACL_OTHERS, others_may, UINT32_MAX);
	if (setxattr(path, "system.posix_acl_access", &acl,
		sizeof(acl.version) + n * sizeof(acl.entries[0]), 0) == 0)
		return 0;
	if (errno != EOPNOTSUPP)
		return err_errno(err, "set the access list of %s", path);
	return err_set(err, ERR_UNAVAILABLE,
	    "the file system of %s has no access lists", path);
}
