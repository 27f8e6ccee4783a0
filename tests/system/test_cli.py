"""The program for people: agent-runtime chat, status, doctor, config, token,
logs, bus."""

import contextlib
import fcntl
import json
import os
import pty
import re
import select
import signal
import socket
import stat
import struct
import subprocess
import termios
import threading
import time

import pytest

from conftest import SLOW, Suite, program, wait_for

pytestmark = pytest.mark.xdist_group("cli")


@pytest.fixture(scope="module")
def up():
    """A suite with a log file, for the whole file."""
    s = Suite(args=["--log-file"], start=False)
    s.start()
    yield s
    s.close()


@pytest.fixture
def down(suite):
    """A suite that was never started."""
    return suite(start=False)


def is_free_of_controls(text):
    return not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", text)


# -- every command ------------------------------------------------------


@pytest.mark.parametrize("command", [
    "serve", "chat", "status", "doctor", "config", "token", "identity",
    "search", "policy", "audit", "why", "simulate", "logs", "bus", "version"])
def test_every_command_helps_on_stdout(down, command):
    for words in ([command, "--help"], ["help", command]):
        got = down.run(*words)
        assert got.returncode == 0
        assert got.stdout.startswith(f"usage: agent-runtime {command}")
        assert got.stderr == ""
    assert "xit status" in got.stdout or command == "version"
    bad = down.run(command, "--no-such-flag")
    assert bad.returncode == 2 and not bad.stdout
    if command != "version":
        assert bad.stderr == (
            f"agent-runtime {command}: unknown flag --no-such-flag; see "
            f"agent-runtime help {command}\n")


@pytest.mark.parametrize("words", [
    ["-h"], ["token", "add", "--help"], ["audit", "verify", "-h"],
    ["chat", "pairing", "pair-admin", "--help"]])
def test_help_is_found_where_it_is_looked_for(down, words):
    got = down.run(*words)
    assert (got.returncode, got.stderr) == (0, "")
    assert got.stdout.startswith("usage: agent-runtime ")


def test_the_value_of_a_flag_may_look_like_one(down):
    got = down.run("chat", "-m", "--help")
    assert got.returncode == 1 and "usage" not in got.stdout


@pytest.mark.parametrize("words, said", [
    (["logs", "-x"], "unknown flag -x"),
    (["logs", "-xf"], "unknown flag -xf"),
    (["status", "--wait"], "--wait needs a value"),
    (["chat", "-m"], "-m needs a value")])
def test_a_wrong_flag_is_named(down, words, said):
    got = down.run(*words)
    assert got.returncode == 2
    assert got.stderr.startswith(f"agent-runtime {words[0]}: {said}; see")


def test_policy_prints_the_table_or_a_row(down):
    whole = json.loads(down.run("policy", "--json").stdout)["items"]
    assert len(whole) > 30
    assert all(row["who"] and row["help"] for row in whole)
    one = down.run("policy", "token.add")
    assert one.returncode == 0 and "the local credential" in one.stdout
    assert len(one.stdout.splitlines()) == 2
    assert down.run("policy", "no.such").returncode == 2


@pytest.mark.parametrize("word", ["help", "--help", "-h"])
def test_help_helps_itself(down, word):
    got = down.run("help", word)
    assert got.returncode == 0 and got.stdout == down.run("help").stdout


def test_without_a_suite_they_say_how_to_start_one(down):
    for words in (["chat", "hi"], ["chat"], ["token", "list"]):
        got = down.run(*words, input="hi\n")
        assert got.returncode == 1, got
        assert "agent-runtime serve" in got.stderr
        assert "./scripts/run" in got.stderr
    got = down.run("status")
    assert got.returncode == 1 and "./scripts/run" in got.stdout
    assert down.run("status", "--wait", "0").returncode == 1
    assert not down.data.exists()


# -- chat ---------------------------------------------------------------


def test_one_message(up):
    """P-94."""
    got = up.run("chat", "/help")
    assert got.returncode == 0 and "/task" in got.stdout
    assert got.stderr == ""
    got = up.run("chat", "-m", "/status", "--json")
    assert set(json.loads(got.stdout)) == {"handled", "reply", "id"}
    got = up.run("chat", "/status", "please")  # words are joined
    assert got.returncode == 0


def test_lines_from_a_pipe(up):
    got = up.run("chat", input="/help\n\n  \n/exit\n/never\n")
    assert got.returncode == 0
    lines = got.stdout.splitlines()
    assert lines[0].startswith("agent> ")
    assert all(x.startswith("      ") or not x for x in lines[1:])


def test_refusals_are_passed_on(up):
    got = up.run("chat", "--connector", "telegram", "hi")
    assert got.returncode == 1 and "telegram" in got.stderr
    got = up.run("chat", "x" * 70000)
    assert got.returncode == 2 and "65536" in got.stderr
    for words in (["--timeout-sec", "0", "x"], ["--timeout-sec", "x", "x"],
                  [""]):
        assert up.run("chat", *words).returncode == 2, words


def test_replies_cannot_drive_the_terminal(up):
    got = up.run("chat", "/open \x1b]0;owned\x07\x1b[2J\u202e.md")
    assert is_free_of_controls(got.stdout.replace("\n", ""))
    assert "\u202e" not in got.stdout


class Terminal:
    """agent-runtime chat on a terminal of its own, or a shell that runs it."""

    def __init__(self, suite, script=None, term="dumb", columns=0):
        pid, self.fd = pty.fork()
        if pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ,
                        struct.pack("HHHH", 24, columns, 0, 0))
            os.chdir(suite.tmp)
            argv = [str(program("agent-runtime")), "chat"]
            if script:
                argv = ["/bin/sh", "-c", script, argv[0]]
            os.execve(argv[0], argv, {**suite.environment(), "TERM": term})
        self.pid = pid
        self.text = ""

    def type(self, text):
        os.write(self.fd, text.encode())

    def expect(self, pattern, timeout=10.0):
        deadline = time.monotonic() + timeout
        while not re.search(pattern, self.text):
            left = deadline - time.monotonic()
            assert left > 0, f"no {pattern!r} in {self.text!r}"
            if select.select([self.fd], [], [], left)[0]:
                try:
                    self.text += os.read(self.fd, 65536).decode()
                except OSError:
                    assert re.search(pattern, self.text), self.text
        found = re.search(pattern, self.text)
        self.text = self.text[found.end():]
        return found

    def expect_prompt(self):
        """The prompt, and a terminal that passes on each key: libedit writes
        the one before it does the other, and a control key typed between
        them is the kernel's."""
        self.expect("you> ")
        wait_for("a raw terminal", lambda: not (
            termios.tcgetattr(self.fd)[3] & termios.ICANON))

    def status(self, timeout=10.0):
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            if not select.select([self.fd], [], [], 0.1)[0]:
                continue
            try:
                if not os.read(self.fd, 65536):
                    break
            except OSError:
                break
        else:
            os.kill(self.pid, signal.SIGKILL)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def test_the_prompt(up):
    term = Terminal(up)
    first = term.expect(r"Your data lies in (.*?)\r?\n")
    assert str(up.data) in first[1]
    for word in ("gateway-telegram", "AGENT_RUNTIME_TELEGRAM_TOKEN",
                 "gateway-discord", "imap-ingest", "/help", "/exit"):
        assert word in first[1]
    term.expect_prompt()
    term.type("/help\n")
    term.expect("agent> .*")
    term.expect_prompt()
    term.type("/exit\n")
    assert term.status() == 0
    history = up.data / "run" / "chat_history"
    assert stat.S_IMODE(history.stat().st_mode) == 0o600
    assert "/help" in history.read_text()


def test_no_word_is_broken_at_the_edge(up):
    said = "what can you do?"
    term = Terminal(up, columns=60)
    greeting = term.expect(r"(?s)(Your data lies in.*?)you> ")[1]
    term.type(said + "\n")
    answer = term.expect(r"(?s)agent> (.*?)you> ")[1]
    term.type("/exit\n")
    assert term.status() == 0
    rows = [row.rstrip("\r") for row in (greeting + answer).split("\n")]
    # What is wider is one word: a path, say.
    assert not [r for r in rows if len(r) > 60 and " " in r.strip()]
    assert [r for r in answer.split("\n")[1:] if r.startswith("      > ")]

    def words(text):
        return [w for w in text.split() if w != ">"]
    assert words(answer) == words(up.run("chat", said).stdout)


def test_ctrl_d_leaves_the_prompt(up):
    term = Terminal(up)
    term.expect_prompt()
    term.type("\x04")
    assert term.status() == 0


def test_an_error_appears_above_the_prompt(down):
    """As ./scripts/run has it: serve and the prompt on one terminal."""
    term = Terminal(down, """
        "$0" serve --log-file &
        "$0" status --wait 20 2>/dev/null >&2 && "$0" chat
        kill $!; wait $!""", term="vt100")
    term.expect_prompt()
    term.type("/hel")
    term.expect("/hel")
    report = down.data / "run" / "serve" / "serve.json"
    killed = set()
    while len(killed) < 5:
        for daemon in json.loads(report.read_text())["daemons"]:
            if daemon["name"] == "indexer" and daemon["pid"]:
                killed.add(daemon["pid"])
                with contextlib.suppress(ProcessLookupError):
                    os.kill(daemon["pid"], signal.SIGKILL)
        time.sleep(0.01)
    term.expect(r"\n?\r\x1b\[K\S+ error agent-runtime daemon-failing "
                r"name=indexer [^\n]*\n")
    drawn = term.expect(r"you> \S*")
    assert drawn[0] == "you> /hel"
    term.type("p\r")
    term.expect("agent> .*")
    term.expect_prompt()
    term.type("/exit\r")
    assert term.status(20.0) == 0


def test_a_killed_api_is_no_lost_message(up):
    """The connection is lost in mid-turn; the command repeats by itself."""
    for _ in range(3):
        chat = subprocess.Popen(
            [program("agent-runtime"), "chat", "what can you do?"],
            cwd=up.tmp, env=up.environment(), stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True)
        up.kill("api")
        out, err = chat.communicate(timeout=60)
        assert chat.returncode == 0, err
        assert "welcome.md" in out or "guide/" in out
        up.wait_ready()


# -- status -------------------------------------------------------------


def test_a_reply_that_comes_too_late_can_be_had(up):
    engine = up.pid("task-engine")
    os.kill(engine, signal.SIGSTOP)
    try:
        got = up.run("chat", "--timeout-sec", "1", "hello")
    finally:
        os.kill(engine, signal.SIGCONT)
    assert got.returncode == 1
    key = re.search(r"/api/v1/chat\?id=(\w+)", got.stderr)[1]
    wait_for("the reply", lambda: up.http(
        "GET", f"/api/v1/chat?id={key}").status == 200)


def test_status_is_one_screen(up):
    up.run("chat", "/help")
    got = up.run("status", "--wait", "20")
    assert got.returncode == 0, got.stderr
    for daemon in ("task-engine", "indexer", "scheduler", "api",
                   "gateway-telegram", "gateway-discord", "imap-ingest"):
        assert daemon in got.stderr
    got = up.run("status")
    assert got.returncode == 0, got.stdout
    assert str(up.data) in got.stdout and "none (extractive)" in got.stdout
    assert len(got.stdout.splitlines()) <= 30
    folder = re.search(r"^folder +(.*)$", got.stdout, re.M)
    assert os.path.isdir(folder[1])
    view = json.loads(up.run("status", "--json").stdout)
    assert view["ready"] and view["well"]
    assert len(view["serve"]["daemons"]) >= 7


@pytest.mark.parametrize("daemon", ["api", "task-engine"])
def test_status_without_one_of_its_sources(suite, daemon):
    """It sends nobody back to itself."""
    s = suite()
    pid = s.pid(daemon)
    os.kill(pid, signal.SIGSTOP)
    try:
        got = s.run("status")
        assert got.returncode == 1
        assert "task-engine" in got.stdout and "running" in got.stdout
        health = re.search(r"^health +(.*(\n {10}.*)*)", got.stdout, re.M)[1]
        assert "does not answer" in " ".join(health.split())
        assert "agent-runtime logs" in " ".join(health.split())
        assert "agent-runtime status" not in " ".join(got.stdout.split())
    finally:
        os.kill(pid, signal.SIGCONT)


@contextlib.contextmanager
def engine_kept_away(s):
    """It dies, and then with status 1 again and again: its lock is held."""
    with open(s.data / "agent-runtime" / "engine.lock") as lock:
        holder = threading.Thread(target=fcntl.flock,
                                  args=(lock, fcntl.LOCK_EX))
        holder.start()
        s.kill("task-engine")
        holder.join()
        yield


def test_an_engine_that_keeps_dying_is_named(suite):
    s = suite()
    s.kill("task-engine", signal.SIGSTOP)
    waiting = s.spawn("chat", "hi")
    s.wait_log("http-taken .*path=/api/v1/chat")
    with engine_kept_away(s):
        s.wait_log("daemon-failing name=task-engine")
        says_who_is_failing(s, waiting)


def says_who_is_failing(s, waiting):
    hopeless = ("task-engine is failing (status 1): nothing is "
                "answered until it runs; see `agent-runtime logs`")
    start = time.monotonic()
    assert hopeless in waiting.communicate(timeout=3 * SLOW)[1]
    assert waiting.returncode == 1
    got = s.run("chat", "hi")
    assert got.returncode == 1 and hopeless in got.stderr
    got = s.run("chat", input="hi\n")
    assert got.returncode == 1 and hopeless in got.stderr
    assert time.monotonic() - start < 5 * SLOW
    start = time.monotonic()
    got = s.http("GET", "/api/v1/heartbeat")
    assert got.status == 503 and time.monotonic() - start < 5 * SLOW
    assert "task-engine" in got.json["error"]
    assert "agent-runtime logs" in got.json["error"]
    got = s.run("status")
    text = " ".join(got.stdout.split())
    assert got.returncode == 1
    assert "health task-engine is failing (status 1)" in text
    assert "agent-runtime logs" in text
    got = s.run("doctor")
    text = " ".join(got.stdout.split())
    assert "task-engine is failing" in text
    assert "indexer is running" not in text


def test_a_chat_that_waits_for_a_restart_says_so(suite):
    s = suite()
    s.kill("task-engine", signal.SIGSTOP)
    waiting = s.spawn("chat", "/help")
    s.wait_log("http-taken .*path=/api/v1/chat")
    with engine_kept_away(s):
        assert re.match("waiting for the suite: task-engine is (backoff|"
                        "starting)$", waiting.stderr.readline().strip())
    out, err = waiting.communicate(timeout=20 * SLOW)
    assert waiting.returncode == 0 and "/task" in out, err


def test_version_is_there_for_programs_too(down):
    words = down.run("version").stdout.split()
    got = down.run("version", "--json")
    assert words == ["agent-runtime", json.loads(got.stdout)["version"]]


def test_waiting_is_not_for_what_will_not_come(suite):
    s = suite(AGENT_RUNTIME_TELEGRAM_TOKEN="none",
              AGENT_RUNTIME_CONNECTOR_INSTANCES="gateway-telegram.main,"
              "gateway-telegram.sink!")
    got = s.run("status", "--wait", "20")
    assert got.returncode == 0, got.stderr
    assert re.search(r"^gateway-telegram is degraded: AGENT_RUNTIME_TELEGRAM_"
                     "TOKEN is no bot token",
                     got.stderr, re.M)
    assert "task-engine is healthy" in got.stderr
    assert s.run("status").returncode == 1
    got = s.run("doctor")
    assert "gateway-telegram is degraded: AGENT_RUNTIME" in got.stdout
    assert re.search(r"connector-telegram +has its credentials; in groups",
                     got.stdout)


def test_waiting_ends_early_when_it_is_hopeless(suite):
    s = suite(start=False, AGENT_RUNTIME_CHAT_WAIT_SECONDS="0")
    s.start(wait=False)
    start = time.monotonic()
    got = s.run("status", "--wait", "60")
    assert got.returncode == 1 and "api" in got.stderr
    assert "configuration" in got.stderr
    assert time.monotonic() - start < 30


# -- doctor and config --------------------------------------------------


def test_doctor_changes_nothing_and_finds_things(down):
    got = down.run("doctor", env={"AGENT_RUNTIME_HTTP_ADRR": "x"})
    assert got.returncode in (1, 2)
    assert "did you mean AGENT_RUNTIME_HTTP_ADDR?" in got.stdout
    assert not down.data.exists()
    view = json.loads(down.run("doctor", "--json").stdout)
    ids = {f["id"] for f in view["findings"]}
    assert ids >= {"kernel-landlock", "library-nng", "programs", "data-dir",
                   "data-modes", "disk-space", "dotenv", "secret-files", "variables",
                   "configuration", "http-port", "model", "prompts",
                   "connector-telegram", "connector-discord",
                   "connector-imap", "suite"}
    for f in view["findings"]:
        assert (f["level"] == "ok") == (f["fix"] == "")
    got = down.run("doctor", env={"AGENT_RUNTIME_CHAT_WAIT_SECONDS": "0"})
    assert got.returncode == 2
    assert "AGENT_RUNTIME_CHAT_WAIT_SECONDS" in got.stdout
    got = down.run("doctor", env={"AGENT_RUNTIME_IMAP_HOST": "mail.example"})
    assert got.returncode == 2
    text = " ".join(got.stdout.split())
    assert ("connector-imap will not start (status 2), because "
            "AGENT_RUNTIME_IMAP_USERNAME is not set") in text


def test_doctor_names_prompts_that_cannot_be_used(suite):
    s = suite(start=False)
    context = s.tmp / "context"
    workspace = s.data / "workspaces" / "w"
    for folder in (context / "skills/common", workspace / "context/agents/c",
                   workspace / "skills/public", workspace / "notes"):
        folder.mkdir(parents=True)
    s.data.chmod(0o700)

    def found():
        view = json.loads(s.run("doctor", "--json").stdout)
        return [f for f in view["findings"] if f["id"] == "prompts"]

    (context / "SOUL.md").write_text("Be kind.")
    (context / "skills/common/a.md").write_text("x" * 2000)
    (workspace / "context/agents/c/SOUL.md").write_text("Be brief.")
    (workspace / "notes/large.md").write_text("x" * 100000)
    [f] = found()
    assert f["level"] == "ok" and f["text"].startswith("3 prompt files")
    bad = {context / "SYSTEM_PROMPT.md": "4000 are used at most",
           context / "skills/common/b.md": "2000 are used at most",
           context / "skills/common/c.md": "not UTF-8",
           workspace / "context/SOUL.md": "larger than 65536",
           workspace / "skills/public/d.md": "symbolic link"}
    for path, content in zip(bad, ("x" * 4001, "x" * 2001, b"caf\xe9",
                                   "x" * 70000, None)):
        if content is None:
            path.symlink_to(context / "SOUL.md")
        else:
            path.write_bytes(content if isinstance(content, bytes)
                             else content.encode())
    got = found()
    assert len(got) == len(bad) and {f["level"] for f in got} == {"warn"}
    for path, why in bad.items():
        name = str(path.relative_to(s.tmp))
        assert [f for f in got if name in f["text"] and why in f["text"]], \
            (path, got)


def test_an_open_file_of_a_secret_is_named(suite):
    s = suite(start=False)
    key = s.tmp / "key"
    s.sets["AGENT_RUNTIME_LLM_API_KEY_FILE"] = key
    key.write_text("sk-canary\n")
    key.chmod(0o640)
    s.start()
    line = ("secret-file-open name=AGENT_RUNTIME_LLM_API_KEY_FILE "
            f'file="{key}" mode=640 remedy="chmod 600"')
    assert s.log().count("secret-file-open") == 1 and line in s.log()
    assert secret_files(s.run("doctor", "--json")) == [
        ("warn", f"AGENT_RUNTIME_LLM_API_KEY_FILE: others may use {key} "
         "(mode 640)", f"chmod 600 {key}")]
    key.chmod(0o600)
    assert secret_files(s.run("doctor", "--json"))[0][0] == "ok"
    s.stop()
    s.start()
    assert "secret-file-open" not in s.log()


def secret_files(got):
    return [(f["level"], f["text"], f["fix"])
            for f in json.loads(got.stdout)["findings"]
            if f["id"] == "secret-files"]


HANDED_IN = """
mount -t tmpfs tmpfs /run && mkdir -p "$(dirname "$1")" &&
(umask 022 && echo sk-canary >"$1") && shift && exec "$@"
"""


@pytest.mark.parametrize("path, level", [
    ("/run/secrets/key", "ok"), ("/run/credentials/suite.service/key", "ok"),
    ("/run/elsewhere/key", "warn")])
def test_what_a_container_hands_in_is_as_it_is(down, path, level):
    if subprocess.run(["unshare", "-m", "true"],
                      capture_output=True).returncode:
        pytest.skip("no namespace of mounts can be made here")
    got = subprocess.run(
        ["unshare", "-m", "sh", "-ec", HANDED_IN, "sh", path,
         program("agent-runtime"), "doctor", "--json"], cwd=down.tmp,
        env={**down.environment(), "AGENT_RUNTIME_LLM_API_KEY_FILE": path},
        capture_output=True, text=True, timeout=60 * SLOW, check=False)
    assert secret_files(got)[0][0] == level, got.stderr


def test_doctor_sees_open_files(up):
    assert up.run("doctor").returncode in (0, 1)
    os.chmod(up.data / "run" / "admin.token", 0o644)
    try:
        got = up.run("doctor")
        assert got.returncode == 2
        assert "chmod 600" in got.stdout
    finally:
        os.chmod(up.data / "run" / "admin.token", 0o600)


def test_config_tells_values_but_no_secrets(down):
    env = {"AGENT_RUNTIME_LLM_API_KEY": "sk-canary",
           "AGENT_RUNTIME_CHAT_WAIT_SECONDS": "7"}
    got = down.run("config", env=env)
    assert got.returncode == 0
    assert "sk-canary" not in got.stdout + got.stderr
    assert "AGENT_RUNTIME_LLM_API_KEY=(set)\n" in got.stdout
    assert "AGENT_RUNTIME_CHAT_WAIT_SECONDS=7\n" in got.stdout
    assert "AGENT_RUNTIME_ENV=development  # default\n" in got.stdout
    view = json.loads(down.run("config", "--json", "--daemon", "api",
                               env=env).stdout)
    assert list(view) == ["api"]
    row = next(v for v in view["api"]
               if v["name"] == "AGENT_RUNTIME_CHAT_WAIT_SECONDS")
    assert row["value"] == "7" and row["is_set"] and row["default"] == "110"
    assert down.run("config", "--daemon", "nobody").returncode == 2


def test_dotenv_is_read(down):
    (down.tmp / ".env").write_text("AGENT_RUNTIME_CHAT_WAIT_SECONDS=9\n")
    got = down.run("config", "--daemon", "api")
    assert "AGENT_RUNTIME_CHAT_WAIT_SECONDS=9\n" in got.stdout
    got = down.run("config", "--daemon", "api",
                   env={"AGENT_RUNTIME_CHAT_WAIT_SECONDS": "8"})
    assert "AGENT_RUNTIME_CHAT_WAIT_SECONDS=8\n" in got.stdout


# -- tokens -------------------------------------------------------------


def test_a_search_from_the_shell(suite):
    s = suite()
    s.chat("/help")
    where, = s.http("GET", "/api/v1/workspaces").json["items"]
    folder = s.data / "workspaces" / where["id"]
    (folder / "docs").mkdir(parents=True)
    (folder / "docs/harbour.md").write_text(
        "# Harbour\n\n## Opening\n\nIt opens at seven \x1b[31mo'clock.\n")
    got = s.run("search", "when", "does", "the", "HARBOUR", "open?")
    assert got.returncode == 0, got.stderr
    first, heading, snippet = got.stdout.splitlines()[:3]
    assert re.fullmatch(r"docs/harbour\.md:3  #[0-9a-f]{6}", first)
    assert heading == "    Harbour > Opening"
    assert snippet == "    It opens at seven [31mo'clock."
    found = json.loads(s.run(
        "search", "--json", "--limit", "1", "--workspace", where["id"][:8],
        '"at seven"').stdout)
    assert found["workspace_id"] == where["id"]
    assert [h["path"] for h in found["hits"]] == ["docs/harbour.md"]
    assert 0 < found["hits"][0]["score"] <= 1
    none = s.run("search", "xyzzy", "--", "-seven")
    assert (none.returncode, none.stdout) == (0, "")
    assert none.stderr == (
        "nothing found in Command line; --workspace names another\n")
    none = s.run("search", "--", "-seven", "*")
    assert none.returncode == 2 and "say a word to look for" in none.stderr
    lost = s.run("search", "--workspace", "nowhere", "x")
    assert lost.returncode == 1
    assert "no such workspace; there are: " in lost.stderr
    assert where["id"][:8] in lost.stderr
    long = s.run("search", "x" * 4500)
    assert long.returncode == 2
    assert long.stderr.endswith("query: has 4500 bytes, at most 4096\n")
    assert s.run("search").returncode == 2
    assert s.run("search", "--limit", "51", "x").returncode == 2
    # It is quick because it does without the client, which says why not.
    for words, is_client in [(["harbour"], False), (["harbour", "--", "-x"],
                             False), (["--workspace", "nowhere", "x"], True)]:
        got = s.run("search", *words, env={"LD_DEBUG": "libs"})
        assert ("libcurl" in got.stderr) is is_client
    assert s.run("search", "x", env={
        "AGENT_RUNTIME_ADMIN_API_URL": "http://127.0.0.1:1"}).returncode == 1
    # Others choose the names that an error quotes.
    s.run("chat", "--connector", "cline", "--external-id", "a\u202eb", "/help")
    other = s.run("search", "--workspace", "nowhere", "x")
    assert "there are: " in other.stderr and "a\ufffdb" in other.stderr
    # Where there are several, the command line's own is meant.
    got = s.run("search", "--json", "harbour")
    assert got.returncode == 0, got.stderr
    found = json.loads(got.stdout)
    assert (found["workspace_id"], found["workspace_name"]) == (
        where["id"], "Command line")
    assert [h["path"] for h in found["hits"]] == ["docs/harbour.md"]
    none = s.run("search", "--workspace", "a\u202eb", "harbour")
    assert none.stderr.startswith("nothing found in a\ufffdb; ")
    s.stop()
    gone = s.run("search", "x")
    assert gone.returncode == 1 and "is not running" in gone.stderr


def test_an_answer_that_is_none_is_left_to_the_client(tmp_path):
    """Whatever is not a whole answer: the client asks again, and complains."""
    (tmp_path / "run").mkdir()
    for answer in (b"",
                   b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}",
                   b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]",
                   b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n{",
                   b"HTTP/1.1 500 No\r\nContent-Length: 2\r\n\r\n{}"):
        with contextlib.closing(socket.socket(socket.AF_UNIX)) as door:
            door.bind(str(tmp_path / "run/api.sock"))
            door.listen()
            asking = subprocess.Popen(
                [program("agent-runtime"), "search", "a b"], cwd=tmp_path,
                env={"PATH": "/usr/bin:/bin",
                     "AGENT_RUNTIME_DATA_DIR": str(tmp_path)},
                stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            for _ in range(2):
                got, _ = door.accept()
                head = got.recv(4096)
                assert head.startswith(
                    b"GET /api/v1/search?limit=10&workspace=&query=%61%20%62 "
                    b"HTTP/1.1\r\n")
                got.sendall(answer)
                got.close()
            out, _ = asking.communicate(timeout=60)
            assert asking.returncode == 1 and out == b""
        (tmp_path / "run/api.sock").unlink()


def test_a_token_lives_and_dies(up):
    got = up.run("token", "add", "bot", "--connector", "cline")
    token = got.stdout.strip()
    assert got.returncode == 0 and len(token) >= 32
    assert token not in got.stderr
    listed = up.run("token", "list").stdout
    assert "bot" in listed and "cline" in listed and token not in listed
    answer = up.http("POST", "/api/v1/chat", {"text": "/help"}, token=token)
    assert answer.status == 200
    assert up.run("token", "add", "bot").returncode == 1
    assert up.run("token", "revoke", "bot").returncode == 0
    assert up.http("GET", "/api/v1/tasks", token=token).status == 401
    assert up.run("token", "revoke", "nobody").returncode == 1
    assert token not in up.all_logs()


def test_an_api_elsewhere_takes_a_token(suite):
    s = suite(AGENT_RUNTIME_HTTP_ADDR="127.0.0.1:0")
    port = s.wait_log(r"address=127\.0\.0\.1:(\d+)")[1]
    url = {"AGENT_RUNTIME_ADMIN_API_URL": f"http://127.0.0.1:{port}/"}
    assert s.run("chat", "/help", env=url).returncode == 0
    got = s.run("chat", "/help", env={
        **url, "AGENT_RUNTIME_ADMIN_TOKEN": "wrong-canary"})
    assert got.returncode == 1 and "wrong-canary" not in got.stderr
    got = s.run("chat", "/help",
                env={"AGENT_RUNTIME_ADMIN_API_URL": "ftp://x"})
    assert got.returncode == 2


@pytest.mark.parametrize("make, said", [
    (None, "there is neither AGENT_RUNTIME_ADMIN_TOKEN nor {}"),
    (os.mkfifo, "{} is not a regular file"),
    (lambda path: path.write_text("x" * 9999), "{} is larger than")])
def test_a_token_that_cannot_be_had_is_said(down, make, said):
    path = down.data / "run/admin.token"
    path.parent.mkdir(parents=True)
    if make:
        make(path)
    got = down.run("token", "list", env={
        "AGENT_RUNTIME_ADMIN_API_URL": "http://127.0.0.1:9"})
    assert got.returncode == 2
    assert said.format(path) in got.stderr
    assert "set" in got.stderr and "xxxx" not in got.stderr


# -- logs ---------------------------------------------------------------


@pytest.mark.parametrize("text", ["what is pairing?", "/search pairing"])
def test_one_message_through_all_daemons(up, text):
    key = json.loads(up.run("chat", "--json", text).stdout)["id"]

    def ids_of(id):
        return [tuple(line.split()[2:4])
                for line in up.run("logs", "--msg", id).stdout.splitlines()]

    # The lines of two daemons may change places on their way to the log.
    steps = {("api", "http-taken"), ("task-engine", "message-taken"),
             ("indexer", "searched"), ("task-engine", "message-answered")}

    def trail():
        got = up.run("logs", "--msg", key)
        assert got.returncode == 0
        return steps <= set(ids_of(key)) and got.stdout
    lines = wait_for("the trail", trail).splitlines()
    engine = [id for name, id in ids_of(key) if name == "task-engine"]
    assert engine.index("message-taken") < engine.index("message-answered")
    # The id of its envelope finds the same, whoever wrote the line.
    for line in lines:
        if " http-taken " in line or " message-taken " in line:
            msg = re.search(r" msg=(\S+)", line)[1]
            assert ids_of(msg) == ids_of(key)
    assert all(is_free_of_controls(x) for x in lines)
    assert len(lines) < len(up.run("logs").stdout.splitlines())
    assert up.run("logs", "--msg", "nothing").stdout == ""


def test_following_the_log(up):
    logs = subprocess.Popen(
        [program("agent-runtime"), "logs", "-f"], cwd=up.tmp,
        env=up.environment(), stdout=subprocess.PIPE, text=True)
    try:
        up.chat("/help", key="follow-me")
        deadline = time.monotonic() + 20
        for line in logs.stdout:
            if "follow-me" in line:
                break
            assert time.monotonic() < deadline
    finally:
        logs.kill()
        logs.wait()


def test_a_log_that_was_deleted_goes_on_under_its_name(up):
    newest = up.data / "log" / "agent-runtime.log"
    newest.rename(newest.with_name("aside"))
    up.chat("/help", key="after-the-log")
    assert "after-the-log" in up.run("logs").stdout
    assert "after-the-log" not in newest.with_name("aside").read_text()


@pytest.mark.parametrize("words", [["logs"], ["logs", "-f"], ["status"]])
def test_output_that_cannot_be_written_is_said(up, words):
    with open("/dev/full", "wb") as full:
        got = subprocess.run(
            [program("agent-runtime"), *words], cwd=up.tmp, timeout=30,
            env=up.environment(), stdout=full, stderr=subprocess.PIPE)
    assert got.returncode == 1
    assert b"the output could not be written" in got.stderr


def test_no_log_is_said(suite):
    got = suite().run("logs")
    assert got.returncode == 1 and "--log-file" in got.stderr


# -- bus ----------------------------------------------------------------


def sink(s, *words, **more):
    return s.run("bus", "--keys",
                 str(s.tmp / "keys" / "gateway-telegram.sink.keys"),
                 "--as", "gateway-telegram.sink", *words, **more)


def test_bus_speaks_as_a_peer(suite):
    up = suite(start=False, AGENT_RUNTIME_CONNECTOR_INSTANCES=(
        "gateway-telegram.main,gateway-telegram.sink!"))
    up.args += ["--door-keys", str(up.tmp / "keys")]
    up.start()
    got = sink(up, "request", "delivery.claim", '{"max":1}')
    assert got.returncode == 0, got.stderr
    assert json.loads(got.stdout) == {"deliveries": []}
    got = sink(up, "request", "delivery.claim", "-", input='{"max":0}')
    assert got.returncode == 1 and got.stderr.startswith("invalid:")
    got = sink(up, "request", "task.list", "{}")
    assert got.returncode != 0
    got = sink(up, "request", "nothing.known")
    assert got.returncode == 2
    got = sink(up, "request", "delivery.claim", "{")
    assert got.returncode == 2
    beat = json.dumps({"state": "healthy", "version": "0", "pid": 1,
                       "started_unix": 1, "proof_age_ms": -1})
    assert sink(up, "send", "beat", beat).returncode == 0
    assert up.run("bus", "request", "delivery.claim").returncode == 2


def test_a_platforms_message_is_followed_to_its_doorbell(suite):
    up = suite(start=False, AGENT_RUNTIME_CONNECTOR_INSTANCES=(
        "gateway-telegram.main,gateway-telegram.sink!"))
    up.args += ["--door-keys", str(up.tmp / "keys"), "--log-file"]
    up.start()
    tail = subprocess.Popen(
        [program("agent-runtime"), "bus", "--keys",
         str(up.tmp / "keys" / "gateway-telegram.sink.keys"),
         "--as", "gateway-telegram.sink", "tail", "--count", "1"],
        cwd=up.tmp, env=up.environment(), stdout=subprocess.PIPE, text=True)
    tries = iter(range(1000))

    def rung():
        # Nobody says when the tail is connected: something new until it is.
        got = sink(up, "request", "message.inbound", json.dumps({
            "event_id": f"m:{next(tries)}", "chat_id": "7", "user_id": "7",
            "is_direct": True, "text": "/help",
            "sent_unix_ms": int(time.time() * 1000)}))
        assert got.returncode == 0, got.stderr
        return tail.poll() is not None
    try:
        wait_for("the doorbell", rung)
        bell = json.loads(tail.stdout.read())
    finally:
        tail.kill()
        tail.wait()
    assert bell["type"] == "delivery.ready"

    def steps():
        got = up.run("logs", "--msg", bell["cause"]).stdout
        return [line.split()[3] for line in got.splitlines()]
    wait_for("both lines", lambda: steps() == ["message-taken",
                                               "message-answered"])
