#ifndef AGENT_RUNTIME_DOCTOR_H
#define AGENT_RUNTIME_DOCTOR_H

#include "libcommon/defs.h"
#include "services/agent-runtime/settings.h"

/*
 * What `doctor` looks at. A check changes nothing, and its findings have ids
 * that stay the same from version to version.
 */
enum finding_level { FINDING_OK, FINDING_WARN, FINDING_ERR };

struct doctor;

void doctor_find(struct doctor *doctor, enum finding_level level,
    const char *id, const char *fix, const char *fmt, ...) PRINTF(5, 6);
const struct settings *doctor_settings(const struct doctor *doctor);
/* Of a variable of any program: what is set, or its default. */
const char *doctor_value(const char *variable);

/* fix is one line that says what to do; "" with FINDING_OK. */
void check_kernel(struct doctor *doctor);
void check_libraries(struct doctor *doctor);
void check_programs(struct doctor *doctor);
void check_data_dir(struct doctor *doctor);
void check_modes(struct doctor *doctor);
void check_disk(struct doctor *doctor);
void check_dotenv(struct doctor *doctor);
void check_secret_files(struct doctor *doctor);
void check_variables(struct doctor *doctor);
void check_configuration(struct doctor *doctor);
void check_port(struct doctor *doctor);
void check_model(struct doctor *doctor);
void check_prompts(struct doctor *doctor);
void check_connectors(struct doctor *doctor);
void check_suite(struct doctor *doctor);

#endif
