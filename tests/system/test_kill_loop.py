"""kill -9 at any moment: nothing that was acknowledged is lost, nothing is done
twice. Daemons, `serve` and a gateway double are killed at random while messages
and HTTP requests come in; afterwards the database, the double's memory and the
chat logs must tell the same story.

At least 50 rounds (--rounds N) and 60 seconds (AGENT_RUNTIME_KILL_SECONDS).
"""

import contextlib
import http.client
import json
import os
import random
import re
import sqlite3
import subprocess
import threading
import time

from conftest import DAEMONS, build_dir, wait_for

SECONDS = float(os.environ.get("AGENT_RUNTIME_KILL_SECONDS", "60"))
DOOR = "gateway-telegram.sink"
HTTP_CLIENTS = 3
# Those that hold something are killed more often.
VICTIMS = [*DAEMONS, "serve", "sink", "sender", "task-engine", "api"]


class Peer:
    """A program at the gateway's door that is started again when it ends."""

    def __init__(self, suite, keys, mode):
        self.suite = suite
        self.keys = keys
        self.mode = mode
        self.process = None

    def start(self):
        log = open(self.suite.tmp / f"peer-{self.mode[0]}.log", "ab")
        self.process = subprocess.Popen(
            [build_dir() / "tests/tools/peer",
             "--run-dir", self.suite.data / "run", "--as", DOOR,
             "--keys", self.keys / f"{DOOR}.keys", *map(str, self.mode)],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def restart(self):
        self.stop()
        self.start()

    def revive(self):
        """The watchdog of the bus may have ended it, as it may any daemon."""
        if self.process.poll() is not None:
            print(f"peer {self.mode[0]} ended: {self.process.returncode}")
            self.start()


class HttpClient(threading.Thread):
    """Sends one message after another, each until it is acknowledged."""

    def __init__(self, suite, number, stopping):
        super().__init__(daemon=True)
        self.suite = suite
        self.number = number
        self.stopping = stopping
        self.acknowledged = {}
        self.wrong = []

    def run(self):
        count = 0
        while not self.stopping.is_set():
            count += 1
            kind = ("task", "chat", "command")[count % 3]
            key = f"{kind}-{self.number}-{count}"
            self.one(kind, key)

    def one(self, kind, key):
        text = {"task": f"/task note {key}", "chat": f"What is {key}?",
                "command": "/help"}[kind]
        while not self.stopping.is_set():
            try:
                got = self.suite.http(
                    "POST", "/api/v1/chat", {"text": text},
                    {"Idempotency-Key": key}, timeout=10)
            except (OSError, http.client.HTTPException):
                self.stopping.wait(0.05)
                continue
            if got.status in (200, 202):
                self.acknowledged[key] = got.json.get("reply")
                return
            if got.status not in (429, 503):
                self.wrong.append((key, got))
                return
            self.stopping.wait(0.05)


def acks(path):
    try:
        lines = path.read_text().splitlines()
    except FileNotFoundError:
        return []
    # The last line may be torn: its writer is among those killed.
    return [line.split()[0] for line in lines if len(line.split()) >= 2]


def begin(suite, chance):
    s = suite(args=["--door-keys", "keys"], AGENT_RUNTIME_LOG_LEVEL="warn",
              AGENT_RUNTIME_CONNECTOR_INSTANCES="gateway-telegram.main,"
              f"gateway-discord.main,imap-ingest.main,{DOOR}!")
    keys = s.tmp / "keys"
    sink = Peer(s, keys, ["sink", "--out", s.tmp / "sink", "--parts", "2"])
    sender = Peer(s, keys, ["send", "--count", "1000000", "--clients", "8",
                            "--chats", "16", "--rate", "60", "--acks",
                            s.tmp / "acks", "--text", "/help", "--direct",
                            "--tag", f"t{chance.randrange(1 << 30)}"])
    return s, sink, sender


def kill_one(s, victim, sink, sender, chance):
    if victim == "sink":
        sink.restart()
    elif victim == "sender":
        # Its numbers begin again: under the old tag, what it repeats must be
        # recognised; under a new one it brings new messages.
        if chance.randrange(2):
            sender.mode[-1] = f"t{chance.randrange(1 << 30)}"
        sender.restart()
    elif victim == "serve":
        daemons = s.pids()
        s.kill("serve")
        wait_for("the daemons to die with serve", lambda: not any(
            is_ours(pid) for pid in daemons.values()), 5)
        s.start(timeout=30)
        sink.restart()
        sender.restart()
    else:
        s.kill(victim)


def next_victim(s, chance):
    """serve gives up on who dies often, for half a minute; a new serve starts
    afresh, so it is then the one to die."""
    state = json.loads((s.data / "run/serve/serve.json").read_text())
    if any(d["state"] == "failing" for d in state["daemons"]):
        return "serve"
    return chance.choice(VICTIMS)


def is_ours(pid):
    try:
        return "/services/" in os.readlink(f"/proc/{pid}/exe")
    except OSError:
        return False


def settle(s, clients, sink):
    """Everything that is due has been delivered."""
    db = s.data / "agent-runtime/meta.sqlite"

    def quiet():
        sink.revive()
        with sqlite3.connect(f"file:{db}?mode=ro", uri=True) as c:
            open_rows = c.execute(
                "select count(*) from outbox where state not in ('sent')"
                " and instance like '%sink'").fetchone()[0]
            open_turns = c.execute(
                "select count(*) from turns where state in"
                " ('queued', 'running')").fetchone()[0]
        return open_rows == 0 and open_turns == 0

    s.wait_ready(30)
    wait_for("the outbox and the turns to be empty", quiet, 90, 0.25)


def copy_of(path):
    """In memory, with what the checks look for in an index: tens of thousands
    of rows are looked up one by one."""
    db = sqlite3.connect(":memory:")
    with contextlib.closing(sqlite3.connect(path)) as source:
        source.backup(db)
    db.execute("create index by_event on messages (event_id)")
    db.execute("create index by_prompt on tasks (prompt)")
    return db


def check_rows(s, sent, clients):
    db = copy_of(s.data / "agent-runtime/meta.sqlite")
    assert db.execute("pragma integrity_check").fetchone()[0] == "ok"
    assert db.execute("pragma foreign_key_check").fetchall() == []

    def one(sql, *values):
        return db.execute(sql, values).fetchone()[0]

    answers = ("select count(*) from outbox o join messages m"
               " on o.in_reply_to_seq = m.seq where m.event_id = ?")
    for event in sent:
        rows = one("select count(*) from messages where event_id = ?", event)
        assert rows == 1, f"{event}: {rows} rows"
        assert one(answers, event) == 1, f"{event}: not one answer"
    for client in clients:
        assert not client.wrong, client.wrong[:3]
        for key in client.acknowledged:
            rows = db.execute("select seq from messages where event_id = ?"
                              " and direction = 'inbound'",
                              (key,)).fetchall()
            assert len(rows) == 1, f"{key}: {len(rows)} rows"
            replies = one("select count(*) from outbox where"
                          " in_reply_to_seq = ? and task_id is null", rows[0][0])
            assert replies == 1, f"{key}: {replies} replies"
            if key.startswith("task-"):
                tasks = one("select count(*) from tasks where prompt = ?",
                            f"note {key}")
                assert tasks == 1, f"{key}: {tasks} tasks"
    # A task fails that finds nothing and has no model; an answer never does.
    assert one("select count(*) from turns where state = 'failed'"
               " and kind != 3") == 0
    db.close()


def check_sink(s):
    """The counting double saw each part of each row exactly once."""
    seen = (s.tmp / "sink").read_text().splitlines()
    assert len(seen) == len(set(seen))
    db = sqlite3.connect(s.data / "agent-runtime/meta.sqlite")
    want = {f"{row[0]} {part}" for row in db.execute(
        "select id from outbox where instance like '%sink'")
        for part in (0, 1)}
    db.close()
    assert set(seen) == want


FORGED = re.compile(r"^([\s\\]*)(## |# Chat Log|- direction:|- actor:)", re.M)
HTML = re.compile(r"(?<!\\)(\\*)(?=<[A-Za-z/!?])")


def as_logged(direction, actor, at_ms, text):
    """An entry of the chat log, as services/task-engine/workspace says."""
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at_ms // 1000))
    safe, n_html = HTML.subn(lambda m: 2 * m[1] + chr(92), text.strip())
    safe = FORGED.sub(lambda m: m[1] + chr(92) + m[2], safe)
    safe += "\t" * (n_html > 0)
    return (f"## {at} `{direction.upper()}`\n- direction: `{direction}`\n"
            f"- actor: `{actor}`\n\n{safe}\n\n")


def check_logs(s):
    """The chat logs on disk are the rows, line for line."""
    db = sqlite3.connect(s.data / "agent-runtime/meta.sqlite")
    want = {}
    for context, *entry in db.execute(
            "select context_id, direction, actor, at_ms, text from messages"
            " order by seq"):
        want.setdefault(context, []).append(as_logged(*entry))
    db.close()
    logs = {c["id"]: s.data / "workspaces" / c["workspace_id"] / c["chat_log"]
            for c in s.http("GET", "/api/v1/contexts?limit=500").json["items"]}

    def equal():
        return all(context in logs and logs[context].exists() and
                   logs[context].read_text().split("\n\n", 2)[2]
                   == "".join(entries) for context, entries in want.items())

    wait_for("the chat logs to equal the rows", equal, 15, 0.25)


def test_nothing_is_lost_or_doubled(suite, pytestconfig):
    at_least = pytestconfig.getoption("rounds")
    chance = random.Random()
    s, sink, sender = begin(suite, chance)
    stopping = threading.Event()
    clients = [HttpClient(s, i, stopping) for i in range(HTTP_CLIENTS)]
    try:
        sink.start()
        sender.start()
        for client in clients:
            client.start()
        began = time.monotonic()
        rounds = 0
        while rounds < at_least or time.monotonic() - began < SECONDS:
            rounds += 1
            victim = next_victim(s, chance)
            print(f"round {rounds}: {victim}", flush=True)
            kill_one(s, victim, sink, sender, chance)
            before = len(acks(s.tmp / "acks"))
            some = before + chance.randrange(1, 40)

            def work_goes_on():
                sink.revive()
                sender.revive()
                return len(acks(s.tmp / "acks")) >= some

            # Each kill hits work: some of it gets through in every round.
            wait_for("messages to be acknowledged again", work_goes_on, 30)
        stopping.set()
        sender.stop()
        for client in clients:
            client.join(30)
        settle(s, clients, sink)
        sent = set(acks(s.tmp / "acks"))
        print(f"{rounds} rounds, {len(sent)} messages acknowledged at the "
              f"door, {sum(len(c.acknowledged) for c in clients)} over HTTP")
        assert len(sent) > at_least
        assert all(c.acknowledged for c in clients)
        check_rows(s, sent, clients)
        check_sink(s)
        check_logs(s)
    finally:
        stopping.set()
        sender.stop()
        sink.stop()
    assert s.stop() == 0
