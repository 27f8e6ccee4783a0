#ifndef AGENT_RUNTIME_SETTINGS_H
#define AGENT_RUNTIME_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "libcommon/cfg.h"

struct err;

/* What agent-runtime itself reads; the daemons have tables of their own. */
struct settings {
	const char *data_dir;
	int log_level;
	const char *connector_instances;
	const char *admin_api_url;
	const char *admin_token;
	int64_t admin_http_timeout_s;
	bool admin_tls_skip_verify;
	const char *admin_tls_ca_file;
	const char *admin_tls_cert_file;
	const char *admin_tls_key_file;
};

extern const struct cfg_table settings_table;

int settings_load(struct settings *settings, struct err *err) MUST_CHECK;
void settings_release(struct settings *settings);

#endif
