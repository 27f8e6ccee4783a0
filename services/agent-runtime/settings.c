/* agent-runtime's own table of variables. */

#include "services/agent-runtime/settings.h"

#include <string.h>

#include "libcommon/err.h"

static const char *const level_choices[] = { "debug", "info", "warn", "error",
	NULL };

// clang-format off
static const struct cfg_item items[] = {
	CFG_PATH("AGENT_RUNTIME_DATA_DIR", struct settings, data_dir,
	    "./data", "directory of everything that is kept"),
	CFG_CHOICE("AGENT_RUNTIME_LOG_LEVEL", struct settings, log_level,
	    "info", level_choices, "least level of a line that is logged"),
	CFG_CSV("AGENT_RUNTIME_CONNECTOR_INSTANCES", struct settings,
	    connector_instances,
	    "gateway-telegram.main,gateway-discord.main,imap-ingest.main",
	    "connectors that `serve` starts, as program.instance; with a "
	    "trailing ! it only makes their door"),
	CFG_STR("AGENT_RUNTIME_ADMIN_API_URL", struct settings, admin_api_url,
	    "", "HTTP API that the commands use; empty: that of the data "
	    "directory"),
	CFG_SECRET("AGENT_RUNTIME_ADMIN_TOKEN", struct settings, admin_token,
	    "token that is sent to AGENT_RUNTIME_ADMIN_API_URL; empty: that of "
	    "<data>/run/admin.token"),
	CFG_INT("AGENT_RUNTIME_ADMIN_HTTP_TIMEOUT_SECONDS", struct settings,
	    admin_http_timeout_s, "120", 1, 3600, "s",
	    "how long a command waits for an answer of the HTTP API"),
	CFG_BOOL("AGENT_RUNTIME_ADMIN_TLS_SKIP_VERIFY", struct settings,
	    admin_tls_skip_verify, "false",
	    "do not check the certificate of the HTTP API"),
	CFG_PATH("AGENT_RUNTIME_ADMIN_TLS_CA_FILE", struct settings,
	    admin_tls_ca_file, "",
	    "PEM file with the authorities trusted for the HTTP API"),
	CFG_PATH("AGENT_RUNTIME_ADMIN_TLS_CERT_FILE", struct settings,
	    admin_tls_cert_file, "",
	    "PEM file with the client certificate for the HTTP API"),
	CFG_PATH("AGENT_RUNTIME_ADMIN_TLS_KEY_FILE", struct settings,
	    admin_tls_key_file, "",
	    "PEM file with the key of the client certificate"),
};
// clang-format on

const struct cfg_table settings_table = { items, N_OF(items) };

static int
check(const struct settings *s, struct err *err)
{
	bool has_cert = s->admin_tls_cert_file[0] != '\0';
	bool has_key = s->admin_tls_key_file[0] != '\0';

	if (has_cert != has_key)
		return err_set(err, ERR_INVALID,
		    "AGENT_RUNTIME_ADMIN_TLS_CERT_FILE and "
		    "AGENT_RUNTIME_ADMIN_TLS_KEY_FILE: set both or neither");
	return 0;
}

int
settings_load(struct settings *settings, struct err *err)
{
	memset(settings, 0, sizeof(*settings));
	if (cfg_load(settings, &settings_table, err) < 0)
		return -1;
	if (check(settings, err) < 0) {
		settings_release(settings);
		return -1;
	}
	return 0;
}

void
settings_release(struct settings *settings)
{
	cfg_release(settings, &settings_table);
}
