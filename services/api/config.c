/* What the api reads from the environment. */

#include "services/api/api.h"

#include <string.h>

#include "libcommon/err.h"
#include "services/api/http_guard.h"

const struct cfg_item api_cfg_items[] = {
	CFG_STR("AGENT_RUNTIME_HTTP_ADDR", struct api_cfg, http_addr,
	    "127.0.0.1:8080",
	    "address and port of the local HTTP listener; port 0 lets the "
	    "kernel choose, \"off\" leaves only the unix socket "
	    "<data>/run/api.sock"),
	CFG_BOOL("AGENT_RUNTIME_HTTP_ALLOW_REMOTE", struct api_cfg,
	    allow_remote, "false",
	    "allows AGENT_RUNTIME_HTTP_ADDR to be no loopback address; "
	    "whoever can reach it can try credentials"),
	CFG_PATH("AGENT_RUNTIME_PUBLIC_SOCKET", struct api_cfg, public_socket,
	    "",
	    "unix socket on which a proxy may serve /healthz and /readyz to "
	    "everybody; empty: none"),
	CFG_PATH("AGENT_RUNTIME_ADMIN_SOCKET", struct api_cfg, admin_socket, "",
	    "unix socket on which a proxy passes on requests whose client "
	    "certificate it has checked (X-Client-Subject); empty: none"),
	CFG_INT("AGENT_RUNTIME_PROXY_UID", struct api_cfg, proxy_uid, "-1", -1,
	    UINT32_MAX, "",
	    "numeric user id of that proxy, the only one heard on "
	    "AGENT_RUNTIME_ADMIN_SOCKET; -1: none"),
	CFG_INT("AGENT_RUNTIME_CHAT_WAIT_SECONDS", struct api_cfg, chat_wait_s,
	    "110", 1, 600, "s",
	    "how long POST /api/v1/chat waits for the reply before it answers "
	    "202 with the id to ask for later"),
	CFG_BOOL("AGENT_RUNTIME_HEARTBEAT_ENABLED", struct api_cfg,
	    heartbeat_enabled, "true",
	    "whether GET /api/v1/heartbeat tells how the daemons stand"),
	CFG_STR("AGENT_RUNTIME_ENV", struct api_cfg, environment, "development",
	    "name of the environment, shown by GET /api/v1/info"),
	CFG_STR("PUBLIC_HOST", struct api_cfg, public_host, "localhost",
	    "host name of the public site; accepted in the Host header"),
	CFG_STR("ADMIN_HOST", struct api_cfg, admin_host, "admin.localhost",
	    "host name of the admin site; accepted in the Host header"),
};
const size_t n_api_cfg_items = N_OF(api_cfg_items);

static int
check_address(const struct api_cfg *cfg, struct err *err)
{
	struct listen_address address;

	if (strcmp(cfg->http_addr, "off") == 0)
		return 0;
	if (listen_address_parse(&address, cfg->http_addr, err) < 0)
		return err_prefix(err, "AGENT_RUNTIME_HTTP_ADDR");
	if (!address.is_loopback && !cfg->allow_remote)
		return err_set(err, ERR_INVALID,
		    "AGENT_RUNTIME_HTTP_ADDR: %s can be reached from other "
		    "machines; use 127.0.0.1 or [::1], or set "
		    "AGENT_RUNTIME_HTTP_ALLOW_REMOTE=true",
		    cfg->http_addr);
	return 0;
}

static int
check_host(const char *name, const char *value, struct err *err)
{
	char host[GUARD_HOST_SIZE];

	if (guard_host_parse(host, value) < 0)
		return err_set(err, ERR_INVALID, "%s: \"%s\" is no host name",
		    name, value);
	return 0;
}

int
api_cfg_check(
    const void *any, const struct service_cfg *common, struct err *err)
{
	const struct api_cfg *cfg = any;

	(void)common;
	if (check_address(cfg, err) < 0 ||
	    check_host("PUBLIC_HOST", cfg->public_host, err) < 0 ||
	    check_host("ADMIN_HOST", cfg->admin_host, err) < 0)
		return -1;
	if (cfg->admin_socket[0] != '\0' && cfg->proxy_uid < 0)
		return err_set(err, ERR_INVALID,
		    "AGENT_RUNTIME_ADMIN_SOCKET is set and "
		    "AGENT_RUNTIME_PROXY_UID is not: set it to the numeric "
		    "user id of the proxy, without which nobody is heard");
	return 0;
}
