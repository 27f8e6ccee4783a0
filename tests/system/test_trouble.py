"""When the machine misbehaves: a clear message, nothing that was acknowledged
is lost, and it goes on when the cause is gone."""

import contextlib
import json
import os
import pathlib
import re
import shutil
import sqlite3
import subprocess

import pytest

from conftest import build_dir, program, wait_for

NEEDS_ROOT = pytest.mark.skipif(os.geteuid() != 0,
                                reason="mounting needs root")


@contextlib.contextmanager
def small_disk(size):
    """A file system of its own, so that it can be filled."""
    folder = f"/tmp/ar-disk-{os.getpid()}"
    os.makedirs(folder)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs",
                    folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)
        os.rmdir(folder)


def fill(folder):
    with contextlib.suppress(OSError), open(f"{folder}/filler", "wb") as f:
        while True:
            f.write(b"x" * 4096)
            f.flush()


def post(s, text, key):
    return s.http("POST", "/api/v1/chat", {"text": text},
                  {"Idempotency-Key": key}, timeout=15)


@NEEDS_ROOT
def test_full_disk(suite):
    with small_disk("24m") as folder:
        s = suite(data=folder + "/data")
        assert post(s, "/help", "before").status == 200
        fill(folder)
        acknowledged, refused = [], None
        for i in range(400):
            got = post(s, f"/task fill {i} " + "x" * 2000, f"full-{i}")
            if got.status != 200:
                refused = got
                break
            acknowledged.append(f"full-{i}")
        assert refused is not None, "the disk never was full"
        assert refused.status == 503, refused
        assert "disk" in refused.json["error"], refused
        for i in range(5):
            assert post(s, "/task x", f"lost-{i}").status == 503
        os.unlink(folder + "/filler")
        wait_for("messages to be taken again", lambda: post(
            s, "/help", "after").status == 200, 15, 0.2)
        for key in acknowledged + ["before"]:
            assert s.http("GET", f"/api/v1/chat?id={key}").status == 200, key
        logs_equal_rows(s)
        assert s.log().count(" batch-lost ") == 1
        s.stop()


@NEEDS_ROOT
def test_a_full_disk_is_named_and_what_reads_goes_on(suite):
    """Not in a chat: what is said there is stored before it is answered."""
    with small_disk("24m") as folder:
        s = suite(data=folder + "/data")
        assert post(s, "/help", "before").status == 200
        fill(folder)
        for i in range(400):
            if post(s, f"/task {i} " + "x" * 2000, f"full-{i}").status != 200:
                break
        for text in ("/status", "/help", "/search x", "/open x.md", "hello"):
            got = post(s, text, "not" + text.split()[0])
            assert got.status == 503 and "retry-after" in got.headers, got
            assert "the disk is full: free space where" in got.json["error"]
        for path in ("tasks", "contexts", "chat?id=before", "info", "actions",
                     "identities", "audit"):
            assert s.http("GET", "/api/v1/" + path).status == 200, path
        assert s.http("GET", "/healthz").status == 200
        ready = s.http("GET", "/readyz")
        assert ready.status == 503 and "disk is full" in ready.json["error"]
        # Its next beat says it.
        wait_for("the engine to be degraded", lambda: [
            c for c in s.heartbeat()["components"]
            if c["name"] == "task-engine" and c["state"] == "degraded"])
        for command in ("status", "doctor"):
            assert "the disk is full: free space where" in s.run(
                command).stdout, command
        os.unlink(folder + "/filler")
        s.stop()


def logs_equal_rows(s):
    items = s.http("GET", "/api/v1/contexts").json["items"]
    with sqlite3.connect(s.data / "agent-runtime/meta.sqlite") as db:
        for context in items:
            rows = db.execute("select count(*) from messages where"
                              " context_id = ?", (context["id"],)).fetchone()
            path = (s.data / "workspaces" / context["workspace_id"]
                    / context["chat_log"])
            if rows[0]:
                wait_for(f"{path} to have {rows[0]} entries", lambda:
                         path.exists() and len(re.findall(
                             r"(?m)^## \S+ `\w+`$", path.read_text()))
                         == rows[0], 10, 0.1)


def says_it_is_read_only(s, data):
    got = s.run("doctor", "--json", env={"AGENT_RUNTIME_DATA_DIR": data})
    [f] = [f for f in json.loads(got.stdout)["findings"]
           if f["id"] == "data-dir"]
    assert f["level"] == "error" and got.returncode == 2
    assert f["text"] == f"{data} lies on a file system that is read-only"
    assert "mount" in f["fix"] and "chown" not in f["fix"]


@NEEDS_ROOT
def test_a_secret_on_a_read_only_disk_is_as_it_is(suite):
    with small_disk("1m") as folder:
        key = pathlib.Path(folder) / "key"
        key.write_text("sk-canary\n")
        key.chmod(0o644)
        s = suite(start=False, AGENT_RUNTIME_LLM_API_KEY_FILE=key)
        assert f"others may use {key}" in " ".join(
            s.run("doctor").stdout.split())
        subprocess.run(["mount", "-o", "remount,ro", folder], check=True)
        assert "others may use" not in " ".join(
            s.run("doctor").stdout.split())


@NEEDS_ROOT
def test_read_only_data(suite):
    with small_disk("64m") as folder:
        s = suite(data=folder + "/data")
        assert post(s, "/help", "before").status == 200
        s.stop()
        subprocess.run(["mount", "-o", "remount,ro", folder], check=True)
        s.start(wait=False)
        assert s.process.wait(10) == 1
        assert "Read-only" in s.log() or "read-only" in s.log()
        for data in (s.data, s.data.parent / "none" / "data"):
            says_it_is_read_only(s, data)
        subprocess.run(["mount", "-o", "remount,rw", folder], check=True)
        s.start()
        assert post(s, "/help", "before").status == 200
        s.stop()


def engine_alone(s):
    """The engine by itself, with keys of a suite that is not running."""
    return subprocess.run(
        [program("task-engine")], cwd=s.tmp, capture_output=True, text=True,
        timeout=20, check=False, env={
            **s.environment(), "AGENT_RUNTIME_DOOR_KEY_FILE":
            str(s.tmp / "keys/task-engine.main.keys")})


@pytest.fixture
def stopped(suite):
    s = suite(args=["--door-keys", "keys"])
    assert post(s, "/help", "before").status == 200
    s.stop()
    return s


def test_corrupt_database(stopped):
    path = stopped.data / "agent-runtime/meta.sqlite"
    for suffix in ("-wal", "-shm"):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(f"{path}{suffix}")
    damaged = b"this is no database" + bytes(path.stat().st_size)
    path.write_bytes(damaged)
    done = engine_alone(stopped)
    assert done.returncode in (1, 2)
    assert str(path) in done.stderr
    assert re.search(r"restore|backup", done.stderr), done.stderr
    assert path.read_bytes() == damaged


def test_database_of_a_newer_version(stopped):
    path = stopped.data / "agent-runtime/meta.sqlite"
    with sqlite3.connect(path) as db:
        ours = db.execute("pragma user_version").fetchone()[0]
        db.execute("pragma user_version = 99")
    done = engine_alone(stopped)
    assert done.returncode in (1, 2)
    assert "99" in done.stderr and str(ours) in done.stderr, done.stderr


def test_database_of_the_predecessor(stopped):
    path = stopped.data / "agent-runtime/meta.sqlite"
    os.unlink(path)
    with sqlite3.connect(path) as db:
        db.executescript(
            "create table users (id text primary key, email text);"
            "create table tasks (id text primary key, prompt text not null);"
            "create table pairing_requests (id text primary key);"
            "insert into tasks values ('t1', 'old work');")
    db.close()
    before = path.read_bytes()
    done = engine_alone(stopped)
    assert done.returncode in (1, 2)
    assert re.search(r"predecessor|Go ", done.stderr), done.stderr
    assert path.read_bytes() == before


def test_second_engine(suite):
    s = suite(args=["--door-keys", "keys"])
    holder = s.pid("task-engine")
    done = engine_alone(s)
    assert done.returncode == 1
    assert str(holder) in done.stderr, done.stderr
    assert post(s, "/help", "still").status == 200


def test_a_lock_that_cannot_be_opened_is_no_second_engine(stopped):
    path = stopped.data / "agent-runtime/engine.lock"
    path.unlink()
    path.mkdir()
    done = engine_alone(stopped)
    assert done.returncode == 1
    assert f"cannot open {path}: Is a directory" in done.stderr
    assert "another task-engine" not in done.stderr


def test_deleted_index(suite):
    s = suite()
    found = s.chat("/search pairing")["reply"]
    assert ".md" in found
    s.stop()
    shutil.rmtree(s.data / "index")
    s.start()
    wait_for("the index to be rebuilt", lambda: ".md" in s.chat(
        "/search pairing")["reply"], 15, 0.2)


@contextlib.contextmanager
def by_hand(s, shift):
    """The three daemons that answer a message, without serve, which would not
    let the library through to them."""
    library = build_dir() / "tests/tools/libclockshift.so"
    running = []
    try:
        for name in ("task-engine", "indexer", "api"):
            with open(s.tmp / f"{name}.log", "wb") as log:
                running.append(subprocess.Popen(
                    [program(name)], cwd=s.tmp, stderr=log, env={
                        **s.environment(), "LD_PRELOAD": str(library),
                        "CLOCKSHIFT_FILE": str(shift),
                        "ASAN_OPTIONS": "verify_asan_link_order=0",
                        "AGENT_RUNTIME_DOOR_KEY_FILE":
                        str(s.tmp / f"keys/{name}.main.keys")}))
        yield running
    finally:
        for process in running:
            process.terminate()
        assert [p.wait(10) for p in running] == [0, 0, 0]


def test_clock_jumps_back(stopped):
    """An hour back while it runs: nothing waits for that hour."""
    shift = stopped.tmp / "shift"
    shift.write_text("0")

    def answers(key):
        try:
            return post(stopped, "/help", key).status == 200
        except OSError:
            return False

    with by_hand(stopped, shift):
        wait_for("the api to answer", lambda: answers("early"), 15)
        shift.write_text("-3600000")
        assert post(stopped, "/help", "late").status == 200
        assert stopped.chat("what can you do?", key="turn")["reply"]
        assert post(stopped, "/task list the commands", "task").status == 200
        wait_for("the task to be done", lambda: stopped.http(
            "GET", "/api/v1/tasks?status=succeeded&workspace_id="
            + workspace(stopped)).json["count"] == 1, 15, 0.1)


def workspace(s):
    return s.http("GET", "/api/v1/contexts").json["items"][0]["workspace_id"]
