"""The HTTP interface as a client meets it: real daemons, raw bytes."""

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

from conftest import Suite, wait_for

pytestmark = pytest.mark.xdist_group("api")

JSON = "Content-Type: application/json\r\n"
HOST = "Host: localhost\r\n"


@pytest.fixture(scope="module")
def api():
    """One suite with a TCP listener for the whole file."""
    s = Suite({"AGENT_RUNTIME_HTTP_ADDR": "127.0.0.1:0"})
    line = s.wait_log(r"listening listener=local address=127\.0\.0\.1:(\d+)")
    s.tcp = ("127.0.0.1", int(line[1]))
    yield s
    s.close()


class Raw:
    """A connection to the TCP listener on which tests say what they like."""

    def __init__(self, api, timeout=5.0):
        self.sock = socket.create_connection(api.tcp, timeout)

    def send(self, data):
        if isinstance(data, str):
            data = data.encode("latin-1")
        self.sock.sendall(data)
        return self

    def rest(self):
        """Everything until the other side closes."""
        out = b""
        while True:
            try:
                part = self.sock.recv(65536)
            except ConnectionResetError:
                return out
            if not part:
                return out
            out += part

    def answer(self):
        """(status, headers, body) of one answer with a Content-Length."""
        out = b""
        while b"\r\n\r\n" not in out:
            part = self.sock.recv(65536)
            if not part:
                return None
            out += part
        head, body = out.split(b"\r\n\r\n", 1)
        lines = head.decode("latin-1").split("\r\n")
        headers = dict(re.split(r": *", x.lower(), maxsplit=1)
                       for x in lines[1:])
        while len(body) < int(headers["content-length"]):
            body += self.sock.recv(65536)
        return int(lines[0].split(" ")[1]), headers, body

    def is_closed(self):
        try:
            return self.sock.recv(1) == b""
        except ConnectionResetError:
            return True

    def close(self):
        self.sock.close()


def ask(api, data):
    raw = Raw(api)
    try:
        return raw.send(data).answer()
    finally:
        raw.close()


def get(path, headers="", token=None, version="1.1", host=HOST):
    if token:
        headers += f"Authorization: Bearer {token}\r\n"
    return f"GET {path} HTTP/{version}\r\n{host}{headers}\r\n"


def post(path, body, token, headers="", length=None):
    if isinstance(body, str):
        body = body.encode()
    size = len(body) if length is None else length
    head = (f"POST {path} HTTP/1.1\r\n{HOST}{JSON}{headers}"
            f"Authorization: Bearer {token}\r\nContent-Length: {size}\r\n\r\n")
    return head.encode() + body


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


# -- methods, paths, sites ----------------------------------------------


def test_wrong_methods_say_which_are_right(api):
    """P-86."""
    for method, path, allow in (
            ("POST", "/healthz", "GET, HEAD"),
            ("DELETE", "/api/v1/chat", "POST, GET, HEAD"),
            ("PUT", "/api/v1/tasks/retry", "POST"),
            ("OPTIONS", "/api/v1/chat", "POST, GET, HEAD"),
            ("BREW", "/healthz", "GET, HEAD")):
        got = api.http(method, path)
        assert (got.status, got.headers.get("allow")) == (405, allow)


def test_unknown_paths(api):
    for path in ("/", "/healthz/", "/api/v1", "/api/v1/chat/", "/%2e%2e",
                 "/api//v1/chat"):
        assert api.http("GET", path).status == 404, path
    assert api.http("GET", "/" + "a" * 3000).status == 414


@pytest.mark.parametrize("host,status", [
    ("localhost", 200), ("LOCALHOST:1", 200), ("127.0.0.1", 200),
    ("[::1]:8080", 200), ("admin.localhost", 200),
    ("evil.example", 403), ("127.0.0.1.evil.example", 403),
    ("0.0.0.0", 403), ("", 400), ("a b", 400), ("localhost:x", 400)])
def test_rebound_names_are_refused(api, host, status):
    got = ask(api, get("/healthz", host=f"Host: {host}\r\n"))
    assert got[0] == status


def test_a_missing_or_second_host_is_refused(api):
    assert ask(api, get("/healthz", host=""))[0] == 400
    assert ask(api, get("/healthz", host="", version="1.0"))[0] == 400
    assert ask(api, get("/healthz", host=HOST + HOST))[0] == 400
    assert ask(api, get("/healthz", version="1.0"))[0] == 200


@pytest.mark.parametrize("target,host,status", [
    ("http://127.0.0.1:8080/healthz", HOST, 200),
    ("HTTP://LOCALHOST/healthz", HOST, 200),
    ("http://[::1]:8080/healthz", HOST, 200),
    ("http://admin.localhost/%68ealthz", HOST, 200),
    ("http://localhost/healthz", "Host: evil.example\r\n", 200),
    ("http://localhost/heal%zz", HOST, 404),
    ("http://localhost", HOST, 404), ("http://localhost/", HOST, 404),
    ("http://localhost?path=/healthz", HOST, 404),
    ("http://localhost/healthz/", HOST, 404),
    ("http:///healthz", HOST, 400), ("http://", HOST, 400),
    ("http://a@localhost/healthz", HOST, 400),
    ("http://localhost#/healthz", HOST, 400),
    ("http://localhos%74/healthz", HOST, 400),
    ("http://%6c%6f%63%61%6c%68%6f%73%74", HOST, 400),
    ("http://localhost/healthz", "", 400),
    ("http://localhost/healthz", HOST + HOST, 400),
    ("http://evil.example/healthz", HOST, 403),
    ("http://localhost.evil.example/healthz", HOST, 403),
    ("http:/localhost/healthz", HOST, 404),
    ("https://localhost/healthz", HOST, 404),
    ("%68ttp://localhost/healthz", HOST, 404)])
def test_the_absolute_form_names_its_own_host(api, target, host, status):
    got = ask(api, get(target, host=host))
    assert got[0] == status
    # Without Host newer versions of the library answer by themselves.
    assert status == 200 or host == "" or b'"error"' in got[2]


def test_the_absolute_form_keeps_its_query_and_its_origin(api):
    token = api.token()
    got = ask(api, get("http://localhost/api/v1/tasks?wrong=x", token=token))
    assert got[0] == 400 and b"wrong" in got[2]
    got = ask(api, get("http://localhost/healthz",
                       "Origin: http://localhost\r\n",
                       host="Host: 127.0.0.1\r\n"))
    assert got[0] == 200
    got = ask(api, get("http://localhost/healthz",
                       "Origin: http://127.0.0.1\r\n",
                       host="Host: 127.0.0.1\r\n"))
    assert got[0] == 403
    assert ask(api, get("http://localhost/healthz", host="",
                        version="1.0"))[0] == 200


def test_each_request_of_a_connection_has_its_own_form(api):
    raw = Raw(api)
    for target, status in (("http://localhost/healthz", 200),
                           ("/healthz", 200),
                           ("http://evil.example/healthz", 403)):
        assert raw.send(get(target)).answer()[0] == status, target
    raw.close()


def test_pages_of_other_sites_are_refused(api):
    for origin, status in (("http://localhost", 200),
                           ("http://localhost:3000", 403),
                           ("https://evil.example", 403), ("null", 403)):
        got = ask(api, get("/healthz", f"Origin: {origin}\r\n"))
        assert got[0] == status, origin


# -- bodies and framing -------------------------------------------------


def test_only_json_is_taken(api):
    for kind in ("text/plain", "application/x-www-form-urlencoded", "",
                 "application/json; charset=latin1"):
        got = api.http("POST", "/api/v1/chat", b'{"text":"x"}',
                       {"Content-Type": kind})
        assert got.status == 415, kind
    got = api.http("POST", "/api/v1/chat", b'{"text":"/help"}',
                   {"Content-Type": "application/json; charset=UTF-8"})
    assert got.status == 200


@pytest.mark.parametrize("headers,status", [
    ("Content-Encoding: identity\r\n", 200),
    ("Content-Encoding: IDENTITY\r\n", 200),
    ("Content-Encoding:\r\n", 200),
    ("Content-Encoding: gzip\r\n", 415),
    ("Content-Encoding: identity, gzip\r\n", 415),
    ("Content-Encoding: identity\r\nContent-Encoding: br\r\n", 415)])
def test_a_coded_body_is_refused(api, headers, status):
    got = ask(api, post("/api/v1/chat", '{"text":"/help"}', api.token(),
                        headers))
    assert got[0] == status
    assert status == 200 or "Content-Encoding" in json.loads(got[2])["error"]


@pytest.mark.parametrize("body", [
    b"", b"{", b'{"text":"a"} x', b'{"text":"a","text":"b"}',
    b'{"text":"' + b"\xff" + b'"}', b'{"text":"a\x00b"}',
    b'{"text":"a\\u0000b"}', b'{"text":"\\ud800"}', b'{"text":"a\nb"}',
    b'{"text":' + b"[" * 10000 + b"]" * 10000 + b"}", b"\xef\xbb\xbf{}",
    b'{"text":"a",}', b"{'text':'a'}", b"nul", b'{"text":"a"}\x00',
], ids=lambda b: repr(b[:20]))
def test_bad_json_is_refused_and_the_next_request_works(api, body):
    raw = Raw(api)
    raw.send(post("/api/v1/chat", body, api.token()))
    status, _, text = raw.answer()
    assert status == 400 and "error" in json.loads(text)
    raw.send(get("/healthz"))
    assert raw.answer()[0] == 200
    raw.close()


def test_large_bodies_are_refused_unread(api):
    """P-18."""
    raw = Raw(api)
    raw.send(post("/api/v1/chat", b"", api.token(), length=256 * 1024 + 1))
    assert raw.answer()[0] == 413
    assert raw.is_closed()
    big = api.http("POST", "/api/v1/chat", b"x" * 1024 * 1024)
    assert big.status == 413
    assert ask(api, post("/api/v1/chat", b"", api.token(),
                         "Expect: 100-continue\r\n", 10 ** 9))[0] == 413


def test_a_body_of_just_the_limit_is_read(api):
    text = b'{"text":"/help"' + b" " * (256 * 1024 - 16) + b"}"
    assert len(text) == 256 * 1024
    assert api.http("POST", "/api/v1/chat", text).status == 200


def test_chunked_bodies_are_read_and_counted(api):
    head = (f"POST /api/v1/chat HTTP/1.1\r\n{HOST}{JSON}Authorization: "
            f"Bearer {api.token()}\r\nTransfer-Encoding: chunked\r\n\r\n")
    assert ask(api, head + 'f\r\n{"text":"/help"\r\n1\r\n}\r\n0\r\n\r\n')[
        0] == 200
    raw = Raw(api).send(head)
    for _ in range(40):
        raw.send("2000\r\n" + "a" * 0x2000 + "\r\n")
    raw.send("0\r\n\r\n")
    assert raw.answer()[0] == 413
    raw.close()


@pytest.mark.parametrize("headers,status", [
    ("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", 400),
    ("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", 400),
    ("Content-Length: 5\r\nContent-Length: 5\r\n", 400),
    ("Content-Length: 5\r\nContent-Length: 6\r\n", 400),
    ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", 400),
    # Debian 13's library refuses the unknown coding before we see it.
    ("Transfer-Encoding: gzip\r\n", (501, 400)),
    ("Transfer-Encoding: chunked, identity\r\n", (501, 400)),
    ("Transfer-Encoding : chunked\r\n", 400),
    ("Content-Length: -5\r\n", 400), ("Content-Length: +5\r\n", 400),
    ("Content-Length: 5, 5\r\n", 400), ("Content-Length: 0x5\r\n", 400),
    ("Content-Length: 99999999999999999999999\r\n", 413),
])
def test_no_request_can_be_smuggled(api, headers, status):
    raw = Raw(api)
    raw.send(f"POST /api/v1/chat HTTP/1.1\r\n{HOST}{JSON}Authorization: "
             f"Bearer {api.token()}\r\n{headers}\r\n"
             f"0\r\n\r\nGET /healthz HTTP/1.1\r\n{HOST}\r\n")
    got = raw.rest()
    raw.close()
    allowed = status if isinstance(status, tuple) else (status,)
    assert int(got.split(b" ", 2)[1]) in allowed
    assert b'"ok"' not in got


@pytest.mark.parametrize("data", [
    get("/healthz%00"), get("/%00"), get("/healthz%00/x"),
    get("http://localhost/healthz%00"), get("http://localhost%00/healthz"),
    get("/healthz?a=%00"), get("/healthz?%00=a"), get("/healthz?a=b%00c"),
    get("/healthz\0"), get("/healthz\0x"), get("\0/healthz"),
    get("/healthz?\0"), get("/healthz?a=\0b"),
    get("/healthz\0HTTP/1.1"), get("/healthz\0 HTTP/1.1"),
    get("http://localhost\0/healthz"),
    get("/healthz").replace("GET", "GET\0X", 1),
    get("/healthz").replace("GET", "GET\0", 1),
    get("/healthz", "X: a\0b\r\n"), get("/healthz", "X: \0\r\n"),
    get("/healthz", "X: a\0\r\n"), get("/healthz", "X: a\0\r\nY: b\r\n"),
    get("/healthz", "X: \0b\r\nY: b\r\n"),
    get("/healthz", "X: a\0b: c\r\nY: b\r\n"),
    get("/healthz", "X\0Y: a\r\n"), get("/healthz", "X: a\r\n\0\r\n"),
    get("/healthz", host="Host: localhost\0.evil.example\r\n"),
    get("/healthz", "Content-Length: 0\0\x001\r\n"),
    get("/healthz", "X: a\0 \r\n"), get("/healthz", "\0X: a\r\n"),
], ids=lambda data: repr(data)[5:40])
def test_a_nul_is_refused_wherever_it_stands(api, data):
    """Debian 13's library refuses them, some by closing without a word."""
    raw = Raw(api).send(data)
    raw.sock.shutdown(socket.SHUT_WR)
    got = raw.rest()
    raw.close()
    assert not got or got.startswith(b"HTTP/1.1 400 "), got[:80]


def test_separators_may_be_long_or_short(api):
    for field in ("X:\r\n", "X: \r\n", "X:a\r\n", "X:\t  a b \r\n",
                  "X: a\r\nY:\r\nZ:  b\r\n", "X: a\nY: b\n"):
        assert ask(api, get("/healthz", field))[0] == 200, field
    assert ask(api, b"GET /healthz HTTP/1.1\nHost: localhost\n\n")[0] == 200
    assert ask(api, b"GET /readyz HTTP/1.0\r\nHost: localhost\r\n\r\n")[
        0] == 200


def test_a_folded_line_makes_no_other_field(api):
    """Debian 12's library adds it to the name; Debian 13's to the value."""
    got = ask(api, f"POST /api/v1/chat HTTP/1.1\r\n{HOST}{JSON}Authorization: "
              f"Bearer {api.token()}\r\nContent-Lengt: 16\r\n h\r\n\r\n"
              '{"text":"/help"}')
    assert got[0] == 400
    assert ask(api, get("/healthz", host="Hos: x\r\n t\r\n"))[0] == 400


def test_a_get_has_no_body(api):
    got = ask(api, get("/healthz", "Content-Length: 3\r\n") + "abc")
    assert got[0] == 400


def test_headers_have_limits(api):
    assert ask(api, get("/healthz", "X: " + "a" * 20000 + "\r\n"))[0] == 431
    many = "".join(f"X{i}: y\r\n" for i in range(80))
    assert ask(api, get("/healthz", many))[0] == 431
    raw = Raw(api).send(get("/healthz", "X: " + "a" * 200000 + "\r\n"))
    assert b" 431 " in raw.rest()[:30]
    for bad in ("X: a\x01b\r\n", "X y: a\r\n", "caf\xe9: a\r\n"):
        assert ask(api, get("/healthz", bad))[0] == 400, bad


@pytest.mark.parametrize("junk", [
    b"\r\n\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\r\n\r\n",
    b"GET\r\n\r\n", b"GET /healthz\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n",
    b"\x00" * 5000 + b"\r\n\r\n"], ids=lambda b: repr(b[:16]))
def test_junk_harms_nobody(api, junk):
    raw = Raw(api, timeout=15.0).send(junk)
    raw.sock.shutdown(socket.SHUT_WR)
    got = raw.rest()
    raw.close()
    assert not got or re.match(rb"HTTP/1\.1 [45]\d\d ", got), got[:80]
    assert api.http("GET", "/healthz", tcp=api.tcp).status == 200


@pytest.mark.parametrize("key", ["", "a b", "a" * 129, "caf\xe9", "\x7f"])
def test_bad_idempotency_keys(api, key):
    got = ask(api, post("/api/v1/chat", '{"text":"/help"}', api.token()
                        ).decode("latin-1").replace(
        "\r\n\r\n", f"\r\nIdempotency-Key: {key}\r\n\r\n", 1))
    assert got[0] == 400


def test_pipelined_requests_are_answered_in_order(api):
    raw = Raw(api)
    raw.send(get("/readyz") + get("/healthz", "Connection: close\r\n"))
    got = raw.rest()
    assert got.index(b'"ready"') < got.index(b'"ok"')


# -- slow and vanished clients ------------------------------------------


def test_slow_headers_are_cut_off_in_time(api):
    """P-18. A byte now and then does not keep a connection."""
    raw = Raw(api, timeout=0.5)
    raw.send("GET /healthz HTTP/1.1\r\nX: ")
    start = time.monotonic()
    while time.monotonic() - start < 20:
        try:
            raw.send("a")
            if raw.sock.recv(1) == b"":
                break
        except socket.timeout:
            continue
        except OSError:
            break
    assert 8 < time.monotonic() - start < 14
    raw.close()


def test_many_idle_connections_do_not_keep_others_out(api):
    idle = [Raw(api) for _ in range(300)]
    assert api.http("GET", "/healthz", tcp=api.tcp).status == 200
    for raw in idle:
        raw.close()


def test_a_vanished_client_costs_nothing(api):
    for _ in range(50):
        raw = Raw(api)
        raw.send(post("/api/v1/chat", '{"text":"/help"}', api.token()))
        raw.close()
    for _ in range(20):
        raw = Raw(api)
        raw.send(post("/api/v1/chat", '{"text":"/he', api.token(),
                      length=1000))
        raw.close()
    assert api.chat("/help")["handled"]


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
    got = say(s, "think about it", "late")
    assert (got.status, got.json["id"]) == (202, "late")
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


# -- other listeners and settings ---------------------------------------


def test_the_public_and_admin_sockets(suite):
    """P-1."""
    s = suite(start=False)
    public, admin = s.tmp / "public.sock", s.tmp / "admin.sock"
    s.sets.update(AGENT_RUNTIME_PUBLIC_SOCKET=str(public),
                  AGENT_RUNTIME_ADMIN_SOCKET=str(admin),
                  AGENT_RUNTIME_PROXY_UID=str(os.getuid()))
    s.start()
    subject = {"X-Client-Subject": "CN=ada"}

    def status(path, socket_path, headers=None):
        return s.http("GET", path, headers=headers,
                      socket_path=socket_path).status

    assert status("/healthz", public) == 200
    assert status("/readyz", public) == 200
    assert status("/api/v1/info", public) == 404
    assert status("/api/v1/info", public, subject) == 404
    assert status("/api/v1/info", admin) == 401
    assert status("/api/v1/info", admin, subject) == 200
    assert s.http("GET", "/api/v1/info", token=s.token(),
                  socket_path=admin).status == 401


def test_only_the_proxy_is_heard_at_the_admin_socket(suite):
    s = suite(start=False)
    admin = s.tmp / "admin.sock"
    s.sets.update(AGENT_RUNTIME_ADMIN_SOCKET=str(admin),
                  AGENT_RUNTIME_PROXY_UID=str(os.getuid() + 1))
    s.start()
    got = s.http("GET", "/api/v1/info", socket_path=admin,
                 headers={"X-Client-Subject": "CN=ada"})
    assert got.status == 403


def test_a_busy_port_is_named(suite):
    other = socket.create_server(("127.0.0.1", 0))
    address = f"127.0.0.1:{other.getsockname()[1]}"
    s = suite(start=False, AGENT_RUNTIME_HTTP_ADDR=address)
    s.start(wait=False)
    line = s.wait_log(r"AGENT_RUNTIME_HTTP_ADDR: .* used by another program")
    assert address in line[0]
    other.close()


def test_addresses_that_others_reach_need_a_word(suite):
    s = suite(start=False, AGENT_RUNTIME_HTTP_ADDR="0.0.0.0:0")
    s.start(wait=False)
    s.wait_log("AGENT_RUNTIME_HTTP_ALLOW_REMOTE")
    s.wait_log("bad-config|status 2")
    t = suite(AGENT_RUNTIME_HTTP_ADDR="0.0.0.0:0",
              AGENT_RUNTIME_HTTP_ALLOW_REMOTE="true")
    t.wait_log(r"address=0\.0\.0\.0:\d+")


def test_heartbeat_can_be_switched_off(suite):
    s = suite(AGENT_RUNTIME_HEARTBEAT_ENABLED="false")
    got = s.http("GET", "/api/v1/heartbeat")
    assert got.status == 503
    assert got.json == {"status": "unavailable",
                        "error": "heartbeat is disabled"}


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
