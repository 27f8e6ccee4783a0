/* `search` of agent-runtime-client: any server, and every reason why not. */

#include "libcommon/buf.h"
#include "libcommon/defs.h"
#include "libcommon/err.h"
#include "libcommon/json.h"
#include "services/agent-runtime/client.h"
#include "services/agent-runtime/search.h"
#include "services/agent-runtime/tools.h"

static int
ask(const struct settings *settings, const char *path, struct buf *text,
    struct json **answer_out, struct err *err)
{
	AUTO(client_answer_release)
	struct client_answer answer = { 0 };
	const struct client_request request = { .method = "GET", .path = path };
	struct client *client = NULL;
	int rc;

	if (client_open(&client, settings, err) < 0)
		return -1;
	rc = client_call(client, &request, &answer, err);
	client_close(&client);
	if (rc < 0)
		return -1;
	buf_add(text, answer.text.data, answer.text.size);
	*answer_out = STEAL(answer.json);
	return 0;
}

int
search_run(int argc, char **argv)
{
	return search_by(argc, argv, ask);
}
