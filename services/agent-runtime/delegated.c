/* The commands that another program runs: what they are, and how to get there.
 * `serve` stays in memory for good and should not carry their libraries. */

#include "services/agent-runtime/delegated.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "libcommon/arena.h"
#include "libcommon/err.h"
#include "services/agent-runtime/find.h"

int
delegate(int argc, char **argv)
{
	char **args = xcalloc((size_t)argc + 2, sizeof(*args));
	char self[] = "agent-runtime";
	char path[4096];
	struct err err;

	args[0] = self;
	memcpy(args + 1, argv, (size_t)argc * sizeof(*argv));
	if (find_program(path, "agent-runtime-client", &err) < 0) {
		fprintf(stderr, "agent-runtime: %s\n", err.text);
	} else {
		execv(path, args);
		fprintf(stderr, "agent-runtime: run %s: %s\n", path,
		    strerror(errno));
	}
	xfree(&args);
	return EXIT_FAILED;
}

const struct command chat_command = {
	.name = "chat",
	.summary = "talk to the agent",
	.run = delegate,
	.usage =
	    "usage: agent-runtime chat [FLAGS] [MESSAGE…]\n"
	    "       agent-runtime chat pairing start|pair-admin [FLAGS]\n"
	    "       agent-runtime chat pairing lookup|approve|deny TOKEN "
	    "[FLAGS]\n"
	    "\n"
	    "With a message: sends it, prints the reply and ends. Without one: "
	    "a prompt with\n"
	    "line editing and history; /help says what can be asked, /exit and "
	    "/quit leave.\n"
	    "A lost connection is no lost message: it is sent again under the "
	    "same key.\n"
	    "\n"
	    "  -m, --message TEXT    the message\n"
	    "  --connector NAME      speak as this tool: codex, cline, gemini, "
	    "cli\n"
	    "  --external-id ID      in this session of it\n"
	    "  --from-user-id ID     as this user of it\n"
	    "  --display-name NAME   shown as this\n"
	    "  --timeout-sec N       wait so long for a reply, 1 to 600 "
	    "(default 120)\n"
	    "  --json                print the API's answer\n"
	    "\n"
	    "pairing links an account to a person: start makes a one-time "
	    "token for it, approve\n"
	    "and deny decide, pair-admin does both and makes the first admin "
	    "or overlord.\n"
	    "\n"
	    "  --expires-in-sec N      start: how long the token works "
	    "(default 600)\n"
	    "  --role ROLE             approve: overlord, admin (default), "
	    "operator, member,\n"
	    "                          viewer\n"
	    "  --workspace-id ID       approve: in that workspace (default: "
	    "in all)\n"
	    "  --target-user-id ID     approve: a further account of that "
	    "person\n"
	    "  --approver-user-id ID   kept in the audit log as a remark\n"
	    "  --reason TEXT           deny: why\n"
	    "\n"
	    "Exit status: 0 answered, 1 no answer, 2 wrong use or refused as "
	    "invalid.\n",
};

const struct command search_command = {
	.name = "search",
	.summary = "look in a workspace's Markdown",
	.run = search_near,
	.usage =
	    "usage: agent-runtime search [--workspace W] [--limit N] [--json] "
	    "QUERY…\n"
	    "\n"
	    "Words in any order; \"a phrase\" must be there, what follows a "
	    "hyphen must not, and\n"
	    "wor* may go on. (A query that begins with a hyphen comes after "
	    "--.) It sees all of\n"
	    "the workspace, as the person at the machine does.\n"
	    "\n"
	    "  --workspace W   its name, or how its id begins; needed when "
	    "there are several\n"
	    "  --limit N       at most so many documents, 1 to 50 (default "
	    "10)\n"
	    "  --json          print the API's answer\n"
	    "\n"
	    "Exit status: 0 answered, if with nothing; 1 no answer, or no such "
	    "workspace; 2 wrong\nuse.\n",
};

const struct command identity_command = {
	.name = "identity",
	.summary = "list people, change their roles, unlink accounts",
	.run = delegate,
	.usage =
	    "usage: agent-runtime identity list [--json]\n"
	    "       agent-runtime identity role USER ROLE [--workspace-id ID] "
	    "[--json]\n"
	    "       agent-runtime identity unlink IDENTITY [--json]\n"
	    "\n"
	    "Changes count from the next message on; what that person asked "
	    "for and what has not\n"
	    "ended is stopped. The last overlord stays one.\n"
	    "\n"
	    "  ROLE                overlord, admin, operator, member, viewer "
	    "or none\n"
	    "  --workspace-id ID   in that workspace (default: in all)\n"
	    "\n"
	    "Exit status: 0 done, 1 failed or refused, 2 wrong use.\n",
};

const struct command policy_command = {
	.name = "policy",
	.summary = "print who may do what",
	.run = delegate,
	.usage =
	    "usage: agent-runtime policy [OPERATION] [--json]\n"
	    "\n"
	    "The task-engine's one table, as it was built: every request, "
	    "command, button, tool and\n"
	    "class of action, and who may use it. Needs no running suite.\n"
	    "\n"
	    "Exit status: 0 done, 2 wrong use.\n",
};

const struct command status_command = {
	.name = "status",
	.summary = "show how everything stands",
	.run = delegate,
	.usage =
	    "usage: agent-runtime status [--json] [--wait SECONDS]\n"
	    "\n"
	    "One screen: every daemon with its state, age and restarts, what "
	    "there is to do,\n"
	    "which model answers, and the folder of the command line's "
	    "Markdown.\n"
	    "\n"
	    "  --wait SECONDS   wait until the suite is ready and no daemon "
	    "that serve starts is\n"
	    "                   starting or failing; tells its progress on "
	    "stderr, degraded\n"
	    "                   daemons by name\n"
	    "  --json           the same for a script\n"
	    "\n"
	    "Exit status: 0 all is well (with --wait: all are up), 1 it is "
	    "not, 2 wrong use.\n",
};

const struct command doctor_command = {
	.name = "doctor",
	.summary = "look for what is wrong and say how to mend it",
	.run = delegate,
	.usage =
	    "usage: agent-runtime doctor [--json]\n"
	    "\n"
	    "Looks at the machine, the files and the configuration, and "
	    "changes nothing. Each\n"
	    "line has an id that stays the same; each trouble has a line that "
	    "says what to do.\n"
	    "\n"
	    "Exit status: 0 nothing found, 1 warnings, 2 errors.\n",
};

const struct command config_command = {
	.name = "config",
	.summary = "show the configuration as each daemon reads it",
	.run = delegate,
	.usage =
	    "usage: agent-runtime config [--daemon NAME] [--json]\n"
	    "\n"
	    "Every variable of every program with the value that it would have "
	    "now; secrets as\n"
	    "(set). What is marked `# default` is not set.\n"
	    "\n"
	    "  --daemon NAME   only those that this program reads\n"
	    "\n"
	    "Exit status: 0 done, 2 wrong use.\n",
};

const struct command token_command = {
	.name = "token",
	.summary = "make, list and revoke tools' credentials",
	.run = delegate,
	.usage =
	    "usage: agent-runtime token add NAME [--connector C] "
	    "[--external-id ID] [--json]\n"
	    "       agent-runtime token list [--json]\n"
	    "       agent-runtime token revoke NAME\n"
	    "\n"
	    "A tool's token lets a program chat over HTTP, always as its own "
	    "identity, and\n"
	    "nothing else. `add` prints it once, on stdout.\n"
	    "\n"
	    "  --connector C      codex (default), cline, gemini or cli\n"
	    "  --external-id ID   its session (default C-NAME)\n"
	    "\n"
	    "Exit status: 0 done, 1 failed, 2 wrong use or refused as "
	    "invalid.\n",
};

const struct command audit_command = {
	.name = "audit",
	.summary = "read the audit log, or check that nobody changed it",
	.run = delegate,
	.usage =
	    "usage: agent-runtime audit list [--limit N] [--since WHEN] "
	    "[--until WHEN]\n"
	    "           [--operation NAME] [--actor NAME] [--workspace ID] "
	    "[--refused] [--json]\n"
	    "       agent-runtime audit verify [--head SEQ:HASH] [--json]\n"
	    "\n"
	    "Who did what, from where, why, and what was refused; the newest "
	    "rows, oldest first.\n"
	    "`verify` recomputes every row and compares the head that is kept "
	    "outside of the\n"
	    "database.\n"
	    "\n"
	    "  --limit N          so many rows, 1 to 10000 (default 50)\n"
	    "  --since WHEN       not older: 90m, 2h, 7d ago, or "
	    "2026-11-22T14:12:03Z\n"
	    "  --until WHEN       older than that\n"
	    "  --operation NAME   token.add; token. for all that begin so\n"
	    "  --actor NAME       done by, or in the name of\n"
	    "  --workspace ID     only of this workspace\n"
	    "  --refused          only what was refused\n"
	    "  --head SEQ:HASH    compare this head too: of audit.head or an "
	    "audit-head line\n"
	    "                     of the log, kept elsewhere\n"
	    "\n"
	    "Exit status: 0 done, and intact; 1 it was changed, or could not "
	    "be read; 2 wrong\n"
	    "use.\n",
};

const struct command why_command = {
	.name = "why",
	.summary = "say why something was answered, done, or was not",
	.run = delegate,
	.usage =
	    "usage: agent-runtime why [--json] ID\n"
	    "\n"
	    "Why a message was answered or was not, and what its turn worked "
	    "with: what stood\n"
	    "before it and was passed or not (rows of `agent-runtime policy`, "
	    "variables),\n"
	    "triage, documents, tools, model, tokens, times, and where each "
	    "part of the prompt\n"
	    "came from. Of a task and an action: how it stands, for whom, and "
	    "because of what.\n"
	    "\n"
	    "ID is the number of a message (seq= in the log), the platform's "
	    "id of it, the id\n"
	    "of the log's msg=, or how the id of a task or an action begins.\n"
	    "\n"
	    "Exit status: 0 done, 1 nothing is known of it, 2 wrong use.\n",
};

const struct command simulate_command = {
	.name = "simulate",
	.summary = "say what would become of a message, without an effect",
	.run = delegate,
	.usage =
	    "usage: agent-runtime simulate --as ACCOUNT --in CONTEXT "
	    "[--overheard] [--no-model]\n"
	    "           [--json] TEXT …\n"
	    "\n"
	    "As whom and in which role it would be heard, what stands before "
	    "an answer, triage,\n"
	    "documents, the parts of the prompt, the tools that would be "
	    "offered; then what the\n"
	    "model says and would have done. Nothing is stored, said or "
	    "done.\n"
	    "\n"
	    "  --as ACCOUNT   telegram:42, discord:…, or local\n"
	    "  --in CONTEXT   a context's id, or telegram:-100…\n"
	    "  --overheard    it is not addressed to the agent\n"
	    "  --no-model     do not ask the model\n"
	    "\n"
	    "Exit status: 0 done, 1 failed, 2 wrong use.\n",
};

const struct command logs_command = {
	.name = "logs",
	.summary = "show the log, or one message's way through it",
	.run = delegate,
	.usage =
	    "usage: agent-runtime logs [-f] [--msg ID]\n"
	    "\n"
	    "Prints data/log/agent-runtime.log and its older parts, oldest "
	    "first.\n"
	    "\n"
	    "  -f, --follow   go on with what is added\n"
	    "  --msg ID       only the lines of this message, through all "
	    "daemons\n"
	    "\n"
	    "Exit status: 0 done, 1 there is no log, 2 wrong use.\n",
};

const struct command bus_command = {
	.name = "bus",
	.summary = "speak on the bus, for tests and debugging",
	.run = delegate,
	.usage =
	    "usage: agent-runtime bus --keys FILE --as SERVICE.INSTANCE "
	    "request "
	    "TYPE [BODY]\n"
	    "       agent-runtime bus --keys FILE --as SERVICE.INSTANCE send "
	    "TYPE [BODY]\n"
	    "       agent-runtime bus --keys FILE --as SERVICE.INSTANCE tail "
	    "[--count N]\n"
	    "\n"
	    "Works only with a key file that `serve --door-keys DIR` wrote, "
	    "and "
	    "only for what\n"
	    "that peer may send. BODY is a JSON object, `-` reads it from "
	    "stdin.\n"
	    "\n"
	    "  --timeout S   wait so long for an answer or a connection "
	    "(default 10)\n"
	    "  --count N     end after N messages\n"
	    "\n"
	    "Exit status: 0 done, 1 failed or refused, 2 wrong use.\n",
};
