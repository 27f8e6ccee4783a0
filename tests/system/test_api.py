"""What the HTTP interface answers, and to whom; the wire is test_http."""

import concurrent.futures
import http.server
import json
import os
import re
import signal
import socket
import sqlite3
import stat
import threading
import time
import uuid

import pytest

from conftest import SLOW, wait_for
from raw_http import JSON

pytestmark = pytest.mark.xdist_group("api")

# -- what is answered ---------------------------------------------------


def test_health_needs_no_credential(api):
    assert api.http("GET", "/healthz", tcp=api.tcp).json == {"status": "ok"}
    ready = api.http("GET", "/readyz", tcp=api.tcp)
    assert (ready.status, ready.json) == (200, {"status": "ready"})


def test_heartbeat_names_all_seven(api):
    def well():
        got = api.heartbeat()
        states = {c["name"]: c["state"] for c in got["components"]}
        return len(states) >= 7 and set(states.values()) <= {
            "healthy", "disabled"} and got
    got = wait_for("seven well daemons", well)
    assert set(got) >= {"generated_at_unix", "overall", "components"}
    for c in got["components"]:
        assert {"name", "state", "base_state", "updated_at_unix"} <= set(c)
        assert c.get("stale") in (None, True)


def test_info_and_status(api):
    info = api.http("GET", "/api/v1/info").json
    assert info["name"] == "agent-runtime"
    assert set(info) == {"name", "version", "environment", "public_host",
                         "admin_host"}
    status = api.http("GET", "/api/v1/status").json
    assert status["data_dir"] == str(api.data)
    assert isinstance(status["counts"], dict)


def test_answers_look_the_same_everywhere(api):
    for got in (api.http("GET", "/healthz"), api.http("GET", "/nothing"),
                api.http("POST", "/api/v1/chat", {})):
        assert got.headers["content-type"] == "application/json"
        assert got.headers["cache-control"] == "no-store"
        assert got.headers["x-content-type-options"] == "nosniff"
        assert got.body.endswith(b"\n")
        assert got.status == 200 or list(got.json) == ["error"]


def test_head_is_get_without_a_body(api):
    got = api.http("HEAD", "/healthz")
    assert (got.status, got.body) == (200, b"")
    assert int(got.headers["content-length"]) > 0


# -- who may ask --------------------------------------------------------


def test_tcp_needs_a_token_and_knows_it(api):
    for path in ("/api/v1/info", "/api/v1/tasks", "/api/v1/heartbeat"):
        got = api.http("GET", path, tcp=api.tcp)
        assert got.status == 401
        assert got.headers["www-authenticate"].startswith("Bearer")
        assert api.http("GET", path, tcp=api.tcp, token="x" * 64).status == 401
        assert api.http("GET", path, tcp=api.tcp,
                        token=api.token()).status == 200
    got = api.http("GET", "/api/v1/info", tcp=api.tcp,
                   headers={"Authorization": "Basic Og=="})
    assert got.status == 401


def test_the_owner_needs_none_on_his_socket(api):
    assert api.http("GET", "/api/v1/info").status == 200
    mode = stat.S_IMODE(os.stat(api.socket).st_mode)
    assert mode == 0o600
    # A token is the whole credential, even of the owner.
    assert api.http("GET", "/api/v1/info", token="wrong").status == 401


def test_client_subject_is_not_believed_here(api):
    got = api.http("GET", "/api/v1/info", tcp=api.tcp,
                   headers={"X-Client-Subject": "CN=admin"})
    assert got.status == 401


def test_a_tool_reaches_its_own_session_only(api):
    made = api.http("POST", "/api/v1/tokens",
                    {"name": "ci", "connector": "codex"})
    assert made.status == 201, made
    token = made.json["token"]
    assert api.http("POST", "/api/v1/tokens", {
        "name": "ci", "connector": "codex"}).status == 409

    def tool(method, path, body=None):
        return api.http(method, path, body, token=token, tcp=api.tcp)

    assert tool("POST", "/api/v1/chat", {"text": "/help"}).status == 200
    assert tool("GET", "/api/v1/tasks").status == 200
    for other in ({"connector": "cline"}, {"external_id": "x"},
                  {"from_user_id": "x"}, {"connector": "telegram"}):
        got = tool("POST", "/api/v1/chat", {"text": "/help", **other})
        assert got.status == 403, (other, got)
    for path in ("/api/v1/heartbeat", "/api/v1/info", "/api/v1/status",
                 "/api/v1/workspaces", "/api/v1/contexts", "/api/v1/tokens"):
        assert tool("GET", path).status == 403, path
    assert tool("POST", "/api/v1/tokens", {
        "name": "x", "connector": "codex"}).status == 403
    assert api.http("POST", "/api/v1/tokens/revoke",
                    {"name": "ci"}).status == 200
    assert tool("POST", "/api/v1/chat", {"text": "/help"}).status == 401


def test_a_tool_cannot_ask_what_exists(api):
    """What is not its own and what is not at all: one answer."""
    token = api.http("POST", "/api/v1/tokens", {
        "name": "curious", "connector": "codex"}).json["token"]
    task = api.http("POST", "/api/v1/tasks", {
        "connector": "cline", "external_id": "x", "title": "t",
        "prompt": "p"}).json
    for method, path, body, name, real in (
            ("GET", "/api/v1/tasks?id=%s", None, "", task["id"]),
            ("POST", "/api/v1/tasks/retry", {}, "task_id", task["id"]),
            ("POST", "/api/v1/tasks/cancel", {}, "task_id", task["id"]),
            ("POST", "/api/v1/tasks",
             {"title": "t", "prompt": "p",
              "workspace_id": task["workspace_id"]},
             "context_id", task["context_id"])):
        got = []
        for which in (real, str(uuid.uuid4())):
            got.append(api.http(
                method, path % which if body is None else path,
                None if body is None else {**body, name: which},
                token=token, tcp=api.tcp))
        assert got[0].status == 403, (path, got[0])
        assert (got[0].status, got[0].json) == (got[1].status, got[1].json)


# -- chat ---------------------------------------------------------------


def test_chat_answers(api):
    got = api.http("POST", "/api/v1/chat", {"text": "/help"})
    assert got.status == 200
    assert set(got.json) == {"handled", "reply", "id"}
    assert got.json["handled"] is True and "/task" in got.json["reply"]
    again = api.http("GET", "/api/v1/chat?id=" + got.json["id"])
    assert (again.status, again.json) == (200, got.json)


def test_the_same_key_is_the_same_message(api):
    def say(text, key):
        return api.http("POST", "/api/v1/chat", {"text": text},
                        {"Idempotency-Key": key})
    first = say("/status", "key-1")
    assert first.json["id"] == "key-1"
    assert say("/status", "key-1").body == first.body
    assert say("/help", "key-1").status == 409
    assert say("/help", "key-2").status == 200


def test_what_a_chat_body_may_not_hold(api):
    for body, word in (({}, "text"), ({"text": " \n"}, "text is required"),
                       ({"text": 1}, "text"),
                       ({"text": "x", "txet": 1}, "txet"),
                       ({"text": "x", "credential": {}}, "credential"),
                       ({"text": "x", "key": "k"}, "key"),
                       ({"text": "a" * 65537}, "65536"),
                       ([], "object"), ("x", "object"), (None, "object")):
        got = api.http("POST", "/api/v1/chat", json.dumps(body).encode())
        assert got.status == 400, body
        assert word in got.json["error"], got


def test_unknown_messages_are_not_found(api):
    assert api.http("GET", "/api/v1/chat?id=never").status == 404
    for query in ("", "?id=", "?id=a%20b", "?id=a&id=b", "?id=a&x=1",
                  "?id=" + "a" * 129, "?id=%FF"):
        got = api.http("GET", "/api/v1/chat" + query)
        assert got.status == 400, (query, got)


# -- tasks and lists ----------------------------------------------------


def test_tasks_in_the_predecessors_forms(api):
    made = api.http("POST", "/api/v1/tasks", {
        "connector": "codex", "external_id": "codex-cli", "title": "T",
        "prompt": "say hello", "unheard_of": 1},
        {"Idempotency-Key": "task-1"})
    assert made.status == 202, made
    assert {"id", "workspace_id", "context_id", "kind", "status"} <= set(
        made.json)
    assert made.json["status"] == "queued"
    again = api.http("POST", "/api/v1/tasks", {
        "connector": "codex", "external_id": "codex-cli", "title": "T",
        "prompt": "say hello"}, {"Idempotency-Key": "task-1"})
    assert again.json["id"] == made.json["id"]
    other = api.http("POST", "/api/v1/tasks", {
        "connector": "codex", "external_id": "codex-cli", "title": "T",
        "prompt": "another"}, {"Idempotency-Key": "task-1"})
    assert other.status == 409
    task = api.http("GET", "/api/v1/tasks?id=" + made.json["id"]).json
    for key in ("id workspace_id context_id kind title prompt status "
                "route_class priority due_at_unix assigned_lane "
                "source_connector source_external_id source_user_id "
                "source_text attempts worker_id started_at_unix "
                "finished_at_unix result_summary result_path error_message "
                "created_at_unix updated_at_unix").split():
        assert key in task, key
    listed = api.http("GET", "/api/v1/tasks?limit=1&workspace_id="
                      + made.json["workspace_id"]).json
    assert listed["count"] == 1 == len(listed["items"])


def test_bad_task_requests(api):
    """P-86."""
    assert api.http("GET", "/api/v1/tasks?id=nope").status == 404
    assert api.http("POST", "/api/v1/tasks", {"title": "x"}).status == 400
    assert api.http("POST", "/api/v1/tasks/retry", {}).status == 400
    assert api.http("POST", "/api/v1/tasks/retry",
                    {"task_id": "nope"}).status == 404
    assert api.http("POST", "/api/v1/tasks/cancel",
                    {"task_id": "nope"}).status == 404
    for query in ("limit=0", "limit=x", "limit=-1", "status=done",
                  "workspace=x", "limit=1&limit=2"):
        got = api.http("GET", "/api/v1/tasks?" + query)
        assert got.status == 400, (query, got)


def test_places_have_folders(api):
    """P-85."""
    api.chat("/help")
    places = api.http("GET", "/api/v1/workspaces").json
    assert places["count"] == len(places["items"]) >= 1
    for item in places["items"]:
        # Made after the commit, as all files are.
        wait_for(item["folder"], lambda f=item["folder"]: os.path.isdir(f))
    contexts = api.http("GET", "/api/v1/contexts?workspace_id="
                        + places["items"][0]["id"]).json
    assert contexts["count"] == len(contexts["items"])


# -- replies that take their time ---------------------------------------


class SlowModel:
    """An OpenAI-compatible model that answers when it is told to."""

    def __init__(self):
        self.go = threading.Event()
        self.calls = 0
        model = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                self.rfile.read(int(self.headers["Content-Length"]))
                model.calls += 1
                model.go.wait(60)
                text = json.dumps({"choices": [{"message": {
                    "role": "assistant", "content": "done at last"},
                    "finish_reason": "stop"}]}).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0),
                                                      Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever,
                         daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_address[1]}/v1"

    def close(self):
        self.go.set()
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def model():
    m = SlowModel()
    yield m
    m.close()


def say(s, text, key):
    return s.http("POST", "/api/v1/chat", {"text": text},
                  {"Idempotency-Key": key})


def test_a_late_reply_is_promised_and_kept(suite, model):
    s = suite(AGENT_RUNTIME_LLM_BASE_URL=model.url,
              AGENT_RUNTIME_CHAT_WAIT_SECONDS="1")
    began = time.monotonic()
    got = say(s, "think about it", "late")
    took = time.monotonic() - began
    assert (got.status, got.json["id"]) == (202, "late")
    assert 0.99 <= took < 1 + 0.9 * SLOW
    assert s.http("GET", "/api/v1/chat?id=late").status == 202
    assert say(s, "something else", "late").status == 409
    model.go.set()
    got = wait_for("the reply", lambda: (
        lambda a: a if a.status == 200 else None)(
            s.http("GET", "/api/v1/chat?id=late")))
    assert got.json["reply"].startswith("done at last")
    assert say(s, "think about it", "late").json == got.json
    assert model.calls == 1


def test_a_reply_that_nobody_took_is_counted(suite, model):
    s = suite(AGENT_RUNTIME_LLM_BASE_URL=model.url)

    def undelivered():
        return s.http("GET", "/api/v1/status").json["counts"][
            "outbox.undelivered"]

    sock = socket.socket(socket.AF_UNIX)
    sock.connect(str(s.socket))
    body = b'{"text":"are you there"}'
    sock.sendall(b"POST /api/v1/chat HTTP/1.1\r\nHost: localhost\r\n"
                 b"Idempotency-Key: gone\r\n" + JSON.encode() +
                 b"Content-Length: %d\r\n\r\n" % len(body) + body)
    wait_for("the model's call", lambda: model.calls)
    sock.close()
    model.go.set()
    wait_for("an undelivered reply", lambda: undelivered() == 1)
    got = s.http("GET", "/api/v1/chat?id=gone")
    assert got.json["reply"].startswith("done at last")
    wait_for("its delivery", lambda: undelivered() == 0)
    assert model.calls == 1


def test_two_clients_with_one_key_share_the_turn(suite, model):
    s = suite(AGENT_RUNTIME_LLM_BASE_URL=model.url)
    answers = []
    threads = [threading.Thread(
        target=lambda: answers.append(say(s, "both of us", "shared")))
        for _ in range(3)]
    for t in threads:
        t.start()
    wait_for("the model's call", lambda: model.calls)
    model.go.set()
    for t in threads:
        t.join(30)
    assert [a.status for a in answers] == [200] * 3
    assert len({a.body for a in answers}) == 1
    assert model.calls == 1


def test_a_killed_api_in_mid_turn_costs_no_second_turn(suite, model):
    """P-18: a client that leaves ends no turn."""
    s = suite(AGENT_RUNTIME_LLM_BASE_URL=model.url)
    sock = socket.socket(socket.AF_UNIX)
    sock.settimeout(20)
    sock.connect(str(s.socket))
    body = b'{"text":"hold on"}'
    sock.sendall(b"POST /api/v1/chat HTTP/1.1\r\nHost: localhost\r\n"
                 b"Idempotency-Key: mid\r\n" + JSON.encode() +
                 b"Content-Length: %d\r\n\r\n" % len(body) + body)
    wait_for("the model's call", lambda: model.calls)
    s.kill("api")
    assert sock.recv(10) == b""
    s.wait_ready()
    model.go.set()
    got = say(s, "hold on", "mid")
    assert got.status == 200
    assert got.json["reply"].startswith("done at last")
    assert model.calls == 1


# -- when the engine is away --------------------------------------------


def test_a_stopped_engine_is_not_ready_and_promises_nothing(suite):
    """P-87. 202 says that the engine has the message: a silent one says nothing."""
    s = suite(AGENT_RUNTIME_CHAT_WAIT_SECONDS="1")
    pid = s.pid("task-engine")
    os.kill(pid, signal.SIGSTOP)
    try:
        got = s.http("GET", "/readyz")
        assert got.status == 503
        assert got.json["status"] == "not-ready" and got.json["error"]
        assert s.http("GET", "/healthz").status == 200
        got = say(s, "/help", "stopped")
        assert got.status == 503 and "stopped" in got.json["error"]
        assert got.headers["retry-after"] == "1"
    finally:
        os.kill(pid, signal.SIGCONT)
    s.wait_ready()
    got = say(s, "/help", "stopped")
    assert got.status == 200 and got.json["id"] == "stopped"


def test_a_killed_engine_or_api_answers_once(suite):
    s = suite()
    for n, daemon in enumerate(("task-engine", "api", "task-engine")):
        s.kill(daemon)
        key = f"kill-{n}"
        got = wait_for("an answer", lambda: try_chat(s, key))
        again = s.chat("/help", key=key)
        assert again == got


def try_chat(s, key):
    try:
        got = s.http("POST", "/api/v1/chat", {"text": "/help"},
                     {"Idempotency-Key": key})
    except OSError:
        return None
    except Exception as e:  # the api was killed in mid-answer
        assert "http.client" in type(e).__module__, e
        return None
    return got.json if got.status == 200 else None


def test_the_result_of_a_task_is_where_its_reply_says(suite):
    s = suite()
    reply = s.chat("/task which commands are there")["reply"]
    assert "say here" not in reply
    id_ = re.search(r"/api/v1/tasks\?id=(\S+?)`", reply)[1]

    def ended():
        got = s.http("GET", f"/api/v1/tasks?id={id_}").json
        return got if got["finished_at_unix"] else None

    task = wait_for("the task's end", ended)
    assert task["status"] == "succeeded", task
    path = re.search(r"`(/open \S+)`", reply)[1]
    assert wait_for("its file", lambda: (
        lambda r: r if "These are the passages" in r else None)(
            s.chat(path)["reply"]))
    wait_for("all to be noted as delivered", lambda: s.http(
        "GET", "/api/v1/status").json["counts"]["outbox.undelivered"] == 0)


def test_what_was_found_is_opened_by_its_number(suite):
    s = suite()
    assert "Invalid target" in s.chat("/open 1")["reply"]
    where, = s.http("GET", "/api/v1/workspaces").json["items"]
    folder = s.data / "workspaces" / where["id"] / "docs"
    folder.mkdir(parents=True)
    for name, text in (("tide.md", "The zebrafish is out, zebrafish.\n"),
                       ("1.md", "A zebrafish.\n" + "Other words. " * 50)):
        (folder / name).write_text("# A page\n\n" + text)
    reply = wait_for("both to be found", lambda: (
        lambda r: r if "\n2. " in r else None)(
            s.chat("/search zebrafish")["reply"]))
    assert reply.endswith("`, or with its number.")
    for number, path in re.findall(r"(?m)^(\d)\. `(\S+)`", reply):
        assert s.chat(f"/open {number}")["reply"].startswith(f"`{path}`\n")
    assert "Invalid target" in s.chat("/open 3")["reply"]
    # Another place has had no search.
    other = s.http("POST", "/api/v1/chat", {
        "text": "/open 1", "connector": "cline", "external_id": "other"})
    assert "not found in this workspace" in other.json["reply"]
    assert "No markdown matches" in s.chat("/search xyzzy")["reply"]
    assert "Invalid target" in s.chat("/open 1")["reply"]
    # What is gone meanwhile is not there.
    s.chat("/search zebrafish")
    (folder / "tide.md").unlink()
    (folder / "1.md").unlink()
    assert "not found in this workspace" in s.chat("/open 1")["reply"]


def test_a_database_that_somebody_holds_is_waited_for(api):
    path = api.data / "agent-runtime" / "meta.sqlite"
    shell = sqlite3.connect(path, isolation_level=None, timeout=20)
    shell.execute("BEGIN IMMEDIATE")
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        asked = pool.submit(api.http, "POST", "/api/v1/chat",
                            {"text": "/help"})
        assert not concurrent.futures.wait([asked], 0.3).done
        shell.execute("ROLLBACK")
        assert asked.result(20).status == 200
    shell.close()


def test_what_cannot_be_looked_up_says_why(api):
    api.chat("/help")
    log = wait_for("the chat's log", lambda: next(
        api.data.glob("workspaces/*/logs/chats/codex/codex-cli.md"), None))
    folder = log.parents[3]
    (folder / "two.md").write_text("```\none\ntwo\n" + "x\n" * 50000)
    (folder / "latin.md").write_bytes(b"caf\xe9\n")
    for said, answer in (
            ("/open two.md:9999999", "cannot show that document: it has no "
             "line 9999999"),
            ("/open latin.md", "cannot show that document: it is not UTF-8"),
            ("/open two.md", "\n```\n\n(Truncated to safe output size.)"),
            ("/search " + "long " * 1000, "cannot search for that: query: "
             "has 4999 bytes, at most 4096. Use fewer words.")):
        assert answer in api.chat(said)["reply"], said
    last = api.chat("/open two.md:50003")["reply"]
    assert last == "`two.md`\nx\n", last


def test_a_task_that_found_nothing_has_failed(suite):
    s = suite()
    reply = s.chat("/task xyzzyplugh quuxification")["reply"]
    id_ = re.search(r"/api/v1/tasks\?id=(\S+?)`", reply)[1]
    task = wait_for("the task's end", lambda: (
        lambda t: t if t["finished_at_unix"] else None)(
            s.http("GET", f"/api/v1/tasks?id={id_}").json))
    assert task["status"] == "failed"
    assert "no model is connected" in task["error_message"]
    assert "AGENT_RUNTIME_LLM_API_KEY" in task["error_message"]
    assert "AGENT_RUNTIME_LLM_BASE_URL" in task["error_message"]


def test_the_controls_of_a_model_call_have_statuses(suite):
    s = suite(AGENT_RUNTIME_LLM_RATE_LIMIT_PER_WINDOW="1")
    tool = s.run("token", "add", "ci").stdout.strip()
    task = {"title": "t", "prompt": "p"}
    got = [s.http("POST", "/api/v1/tasks", task, token=tool)
           for _ in range(2)]
    assert [g.status for g in got] == [202, 429], got
    assert "Rate limit" in got[1].json["error"]
    assert got[1].headers["retry-after"] == "60"
    off = suite(AGENT_RUNTIME_LLM_ENABLED="false")
    got = off.http("POST", "/api/v1/tasks", {
        **task, "connector": "codex", "external_id": "x"})
    assert got.status == 403 and "LLM_ENABLED" in got.json["error"], got
