"""The audit log through the real daemons: what it says, and that nobody can
change it unnoticed. The chain is computed here a second time, by what
docs/operations.md and services/task-engine/audit/chain.c say."""

import contextlib
import hashlib
import hmac
import json
import re
import shutil
import sqlite3
import stat
import threading
import time
import uuid

import pytest

from conftest import SLOW, wait_for
from door import Refused, place  # noqa: F401
from engine_alone import Engine, credential

FIELDS = ("id", "actor", "speaks_as", "operation", "door", "workspace_id",
          "context_id", "subject", "detail", "reason", "cause", "outcome")


def chain(key, previous, row):
    """The hash of a row (a dict) behind one with the hash previous."""
    text = f"{row['seq']}\n{row['at_ms']}\n"
    for value in (previous, *(row[f] for f in FIELDS)):
        text += f"{len(value.encode())}:{value}\n"
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def rows_of(db):
    with contextlib.closing(sqlite3.connect(db)) as conn:
        conn.row_factory = sqlite3.Row
        return [dict(r) for r in conn.execute(
            "SELECT * FROM audit ORDER BY seq")]


class Audited(Engine):
    @property
    def own(self):
        return self.data / "agent-runtime"

    def head(self):
        seq, digest = (self.own / "audit.head").read_text().strip().split(":")
        return int(seq), digest

    def work(self, n=1):
        """Each is a row of token.add and one of token.revoke."""
        for _ in range(n):
            name = "t" + uuid.uuid4().hex
            body = {"credential": self.local, "name": name}
            self.api.ask("token.add", {**body, "connector": "codex"})
            self.api.ask("token.revoke", body)

    def verify(self, **more):
        return self.api.ask("audit.verify", {"credential": self.local, **more})

    def listed(self, **query):
        return self.api.ask("audit.list", {"credential": self.local, **query})

    def while_stopped(self, change):
        self.stop()
        change(self)
        return self.start().connect()


def sql(text):
    def change(engine):
        with contextlib.closing(sqlite3.connect(engine.db)) as db:
            db.executescript(text)
    return change


@pytest.fixture
def engine(place):
    with Audited(place) as e:
        yield e.connect()


# What it says

def test_a_row_says_who_from_where_what_and_why(engine):
    """G-75, P-104."""
    engine.api.ask("token.add", {"credential": engine.local, "name": "ci",
                                 "connector": "codex"})
    engine.chat("/task count the boats", "k1", connector="cli",
                external_id="s1", from_user_id="ann")
    engine.inbound("m:1", "/task count the nets")
    rows = engine.listed()["items"]
    assert [r["operation"] for r in rows[:2]] == ["audit.key", "token.add"]
    assert rows[1]["actor"] == "local" and rows[1]["door"] == "api.main"
    assert rows[1]["subject"] == "ci" and rows[1]["outcome"] == "done"
    assert re.fullmatch("[0-9A-Z]{26}", rows[1]["cause"])
    tasks = [r for r in rows if r["operation"] == "task.create"]
    assert (tasks[0]["actor"], tasks[0]["speaks_as"]) == ("local", "cli:ann")
    assert tasks[1]["actor"] == "telegram:42"
    assert tasks[1]["door"] == "gateway-telegram.main"
    assert "speaks_as" not in tasks[1]
    for row in tasks:
        (workspace, context), = engine.sql(
            "SELECT workspace_id, context_id FROM tasks WHERE id = ?",
            row["subject"])
        assert (row["workspace_id"], row["context_id"]) == (
            workspace, context)
    # Any other program can check it.
    key, previous = (engine.own / "audit.key").read_bytes(), ""
    for row in rows_of(engine.db):
        assert row["is_keyed"] == 1
        assert row["hash"] == chain(key, previous, row)
        previous = row["hash"]


def test_key_and_head_are_private_and_the_log_has_heads(engine):
    for name, size in (("audit.key", 32), ("audit.head", None)):
        found = (engine.own / name).stat()
        assert stat.S_IMODE(found.st_mode) == 0o600
        assert size in (None, found.st_size)
    engine.work(51)
    rows = rows_of(engine.db)
    engine.wait_log(r"audit-head msg=\w+ seq=10[0-9] hash=[0-9a-f]{64}")
    engine.stop()
    last = rows[-1]
    assert engine.head() == (last["seq"], last["hash"])
    assert f"audit-head seq={last['seq']} hash={last['hash']}" in engine.log()
    assert (engine.own / "audit.key").read_bytes() not in \
        engine.log().encode()


def test_what_is_refused_is_a_row_and_a_flood_is_eleven(engine):
    made = engine.api.ask("token.add", {
        "credential": engine.local, "name": "ci", "connector": "codex"})
    tool = credential(made["token"])
    for _ in range(40):
        with pytest.raises(Refused):
            engine.api.ask("token.list", {"credential": tool})
    with pytest.raises(Refused):
        engine.api.ask("access.check", {"credential": tool,
                                        "operation": "heartbeat.read"})
    with pytest.raises(Refused):
        engine.api.ask("token.revoke", {"credential": credential("no"),
                                        "name": "ci"})
    # Reading without a credential changes nothing and is in the log.
    with pytest.raises(Refused):
        engine.api.ask("token.list", {"credential": credential("no")})
    engine.inbound("m:1", "/nonsense")
    rows = engine.listed(outcome="refused")["items"]
    assert [r["operation"] for r in rows] == (
        ["token.list"] * 11 + ["heartbeat.read", "token.revoke"])
    assert all(r["actor"] == "tool:ci" for r in rows[:12])
    assert "may not use token.list" in rows[0]["reason"]
    assert rows[10]["reason"].startswith("and more")
    assert rows[12]["actor"] == "nobody"
    assert engine.verify()["state"] == "intact"
    assert engine.head()[0] == rows_of(engine.db)[-1]["seq"]


def test_lists_are_filtered_and_paged(engine):
    engine.work(6)
    everything = engine.listed()["items"]
    assert [r["seq"] for r in everything] == list(range(1, 14))

    def pages(**query):
        seen, after = [], 0
        while True:
            got = engine.listed(after=after, **query)
            seen += [r["seq"] for r in got.get("items", [])]
            after = got.get("next", 0)
            if not after:
                return seen
    assert pages(limit=4) == list(range(1, 14))
    assert pages(limit=4, order="newest") == list(range(13, 0, -1))
    assert pages(limit=2, operation="token.add") == [2, 4, 6, 8, 10, 12]
    assert pages(operation="token.") == list(range(2, 14))
    assert pages(operation="token") == []
    assert pages(actor="engine") == [1]
    assert pages(outcome="refused") == []
    assert pages(workspace_id="nowhere") == []
    now = int(time.time())
    assert pages(since_unix=now + 60) == []
    assert len(pages(until_unix=now + 60)) == 13
    assert pages(until_unix=now - 3600) == []


# That nobody changes it

TAMPERS = [
    ("edited", 4, "UPDATE audit SET actor = 'tool:x' WHERE seq = 4"),
    ("edited", 5, "UPDATE audit SET outcome = 'refused' WHERE seq = 5"),
    ("missing", 3, "DELETE FROM audit WHERE seq = 3"),
    ("cut", 5, "DELETE FROM audit WHERE seq > 5"),
    ("cut", 0, "DELETE FROM audit"),
    ("restored", 9, "DELETE FROM audit WHERE seq > 5; UPDATE sqlite_sequence"
                    " SET seq = 5 WHERE name = 'audit'"),
]


@pytest.mark.parametrize("state,bad_seq,text", TAMPERS)
def test_a_change_while_it_is_stopped_is_noticed(engine, state, bad_seq, text):
    engine.work(4)
    assert engine.verify()["state"] == "intact"
    head = engine.head()
    engine.while_stopped(sql(text))
    for _ in range(2):
        got = engine.verify()
        assert (got["state"], got.get("bad_seq", 0)) == (state, bad_seq), got
        engine.work(3)
    if state in ("cut", "restored"):
        assert engine.head() == head
        engine.wait_log("audit-head-differs")


def test_a_change_while_it_runs_is_noticed(engine):
    engine.work(4)
    sql("UPDATE audit SET reason = 'asked to' WHERE seq = 2")(engine)
    assert engine.verify()["state"] == "edited"


def test_a_restored_copy_is_noticed_until_it_is_acknowledged(engine):
    engine.work(2)
    copy = engine.tmp / "copy.sqlite"
    with contextlib.closing(sqlite3.connect(engine.db)) as db:
        db.execute("VACUUM INTO ?", (str(copy),))
    engine.work(2)

    def restore(e):
        shutil.copy(copy, e.db)
    engine.while_stopped(restore)
    got = engine.verify()
    assert (got["state"], got["bad_seq"]) == ("restored", 9)
    engine.work(5)
    assert engine.verify()["state"] == "restored"
    engine.while_stopped(lambda e: (e.own / "audit.head").unlink())
    got = engine.verify()
    assert got["state"] == "intact"
    row, = engine.listed(operation="audit.head")["items"]
    assert row["seq"] == got["begun_seq"] and row["actor"] == "engine"


def test_a_head_that_is_kept_elsewhere_outlives_both_files(engine):
    """The attacker who can write all three files, and the copy of a head."""
    engine.work(4)
    kept = "{}:{}".format(*engine.head())

    def rewrite(e):
        key = (e.own / "audit.key").read_bytes()
        rows = rows_of(e.db)
        rows[3]["actor"] = "somebody else"
        previous = ""
        with contextlib.closing(sqlite3.connect(e.db)) as db:
            for row in rows:
                previous = chain(key, previous, row)
                db.execute("UPDATE audit SET actor = ?, hash = ? WHERE"
                           " seq = ?", (row["actor"], previous, row["seq"]))
            db.commit()
        (e.own / "audit.head").write_text(f"{rows[-1]['seq']}:{previous}\n")
    assert engine.verify(head=kept)["state"] == "intact"
    engine.while_stopped(rewrite)
    assert engine.verify()["state"] == "intact"
    assert engine.verify(head=kept)["state"] == "restored"
    with pytest.raises(Refused) as refused:
        engine.verify(head="17:no")
    assert refused.value.code == "invalid"


@pytest.mark.parametrize("other", [None, b"k" * 32, b"short"],
                         ids=["missing", "other", "short"])
def test_without_its_key_it_does_not_start(engine, other):
    engine.work(2)
    engine.stop()
    key = engine.own / "audit.key"
    original = key.read_bytes()
    key.unlink()
    if other is not None:
        key.write_bytes(other)
    engine.start()
    assert engine.process.wait(20 * SLOW) == 1
    engine.process = None
    assert re.search("audit.key (is missing|is another key|holds 5 bytes)",
                     engine.log())
    assert (key.read_bytes() if other else None) == other
    key.write_bytes(original)
    engine.start().connect()
    assert engine.verify()["state"] == "intact"


def test_a_key_that_is_given_up_is_said_for_good(engine):
    engine.work(2)

    def give_up(e):
        (e.own / "audit.key").unlink()
        (e.own / "audit.head").unlink()
    engine.while_stopped(give_up)
    engine.wait_log("audit-key-lost")
    engine.work(1)
    got = engine.verify()
    assert got["state"] == "other-key" and got["begun_seq"] == 6
    assert got["seq"] == 8


def test_killed_before_the_rename_the_head_is_older_never_newer(engine):
    """The answer leaves between commit and rename: that is when it dies."""
    behind, rounds = 0, 0
    while behind < 3:
        rounds += 1
        assert rounds < 100
        engine.work()
        engine.kill()
        rows = rows_of(engine.db)
        seq, digest = engine.head()
        assert seq <= rows[-1]["seq"]
        assert rows[seq - 1]["hash"] == digest
        behind += seq < rows[-1]["seq"]
        engine.start().connect()
        assert engine.verify()["state"] == "intact"
        assert engine.head()[0] >= rows[-1]["seq"]
    print(f"killed between commit and rename: {behind} of {rounds}")


N_MANY = 100_000


def add_many(engine):
    key = (engine.own / "audit.key").read_bytes()
    seq, previous = engine.head()
    with contextlib.closing(sqlite3.connect(engine.db)) as db:
        def made():
            nonlocal seq, previous
            for i in range(N_MANY):
                seq += 1
                row = dict.fromkeys(FIELDS, "")
                row.update(seq=seq, at_ms=1700000000000 + i, id=f"audit_{i}",
                           actor="local", operation="task.create",
                           door="api.main", subject=f"task {i}",
                           outcome="done")
                previous = chain(key, previous, row)
                yield (seq, row["at_ms"], *(row[f] for f in FIELDS), 1,
                       previous)
        db.executemany(
            f"INSERT INTO audit (seq, at_ms, {', '.join(FIELDS)}, is_keyed,"
            f" hash) VALUES ({', '.join('?' * (len(FIELDS) + 4))})", made())
        db.commit()
    (engine.own / "audit.head").write_text(f"{seq}:{previous}\n")


def test_a_hundred_thousand_rows_keep_nobody_waiting(engine):
    engine.while_stopped(add_many)
    other = engine.dial("task-engine/gateway-telegram.main")
    began = time.monotonic()
    number = engine.api.send(
        "audit.verify", {"credential": engine.local},
        deadline=int(time.time() * 1000) + 120000)
    waits, verdict = [], []
    thread = threading.Thread(
        target=lambda: verdict.append(engine.api.wait(number)))
    thread.start()
    while thread.is_alive():
        asked = time.monotonic()
        other.ask("delivery.claim", {"max": 1})
        waits.append(time.monotonic() - asked)
    thread.join()
    took = time.monotonic() - began
    assert verdict[0]["body"]["state"] == "intact", verdict
    assert verdict[0]["body"]["seq"] == N_MANY + 1
    print(f"{N_MANY} rows in {took:.2f} s, {len(waits)} claims meanwhile, "
          f"the longest {max(waits) * 1000:.1f} ms")
    assert len(waits) > 5
    assert max(waits) < 0.5 * SLOW
    # A filter that lets nothing through looks at them page by page.
    after, n_pages = 0, 0
    while True:
        got = engine.listed(operation="token.", order="newest", after=after)
        assert not got.get("items")
        n_pages += 1
        after = got.get("next", 0)
        if not after:
            break
    assert n_pages == 11
    # A busy machine makes any handler slow for a moment; all rows at once
    # would be slow for seconds.
    slow = re.findall(r"slow-handler .*ms=(\d+)", engine.log())
    assert max(map(int, slow), default=0) < 500 * SLOW


# Commands and HTTP

def test_the_command_lists_and_verifies(suite):
    s = suite()
    for name in ("one", "two"):
        assert s.run("token", "add", name).returncode == 0
    tool = s.run("token", "add", "three").stdout.strip()
    assert s.http("GET", "/api/v1/tokens", token=tool).status == 403
    assert s.http("GET", "/api/v1/audit", token=tool).status == 403
    got = s.run("audit", "list")
    assert got.returncode == 0, got.stderr
    lines = [" ".join(l.split()) for l in got.stdout.splitlines()]
    assert re.match(r"1 \S+Z done audit.key engine to [0-9a-f]{16}", lines[0])
    assert re.match(r"2 \S+Z done token.add local to one codex codex-one "
                    r"by api.main$", lines[1])
    assert re.match(r"5 \S+Z refused token.list tool:three why: .* by api",
                    lines[4])
    got = s.run("audit", "list", "--operation", "token.", "--limit", "2",
                "--since", "1h", "--actor", "local", "--json")
    assert [r["subject"] for r in json.loads(got.stdout)["items"]] == [
        "two", "three"]
    assert json.loads(s.run("audit", "list", "--refused",
                            "--json").stdout)["count"] == 2
    assert s.run("audit", "list", "--until", "2020-01-01T00:00:00Z").stdout \
        == ""
    got = s.run("audit", "verify")
    assert got.returncode == 0 and got.stdout.startswith("intact: "), got
    head = re.search("^head: (.+)$", got.stdout, re.M)[1]
    assert s.run("audit", "verify", "--head", head).returncode == 0
    broken = head[:-1] + ("0" if head[-1] != "0" else "1")
    got = s.run("audit", "verify", "--head", broken)
    assert got.returncode == 1 and got.stdout.startswith("restored: ")
    got = s.run("audit", "verify", "--head", broken, "--json")
    assert got.returncode == 1
    assert json.loads(got.stdout)["state"] == "restored"
    for wrong in (["audit"], ["audit", "show"], ["audit", "list", "x"],
                  ["audit", "list", "--limit", "0"],
                  ["audit", "list", "--since", "soon"],
                  ["audit", "verify", "--head", "17 x"],
                  ["audit", "verify", "--head", "17"]):
        assert s.run(*wrong).returncode == 2, wrong
    s.stop()
    got = s.run("audit", "verify")
    assert got.returncode == 1 and got.stdout == ""


def test_the_end_of_a_task_is_in_it(suite):
    """G-75."""
    s = suite()
    # In a session whose workspace has no files, so that it fails.
    s.chat("/task name the harbours", connector="cli", external_id="s1")

    def rows():
        got = s.http("GET", "/api/v1/audit?operation=task.").json["items"]
        return got if len(got) == 2 else None
    made, ended = wait_for("the end of the task", rows)
    assert (made["operation"], made["actor"], made["speaks_as"]) == (
        "task.create", "local", "cli:s1")
    assert (ended["operation"], ended["actor"], ended["speaks_as"]) == (
        "task.failed", "engine", "local")
    assert ended["subject"] == made["subject"] and ended["detail"]
    # Both follow from one message.
    assert ended["cause"] == made["cause"] != ""


def test_http_serves_it_to_the_person_at_the_machine(suite):
    """P-104: it can be read."""
    s = suite()
    s.run("token", "add", "one")
    got = s.http("GET", "/api/v1/audit?limit=1")
    assert got.status == 200 and got.json["count"] == 1
    assert set(got.json["items"][0]) == {"seq", "at_unix_ms", "is_keyed",
                                         "hash", *FIELDS}
    again = s.http("GET", f"/api/v1/audit?after={got.json['next']}")
    assert [r["operation"] for r in again.json["items"]] == ["token.add"]
    assert again.json["next"] == 0
    assert s.http("GET", "/api/v1/audit?order=best").status == 400
    assert s.http("GET", "/api/v1/audit?color=red").status == 400
    got = s.http("GET", "/api/v1/audit/verify")
    assert got.status == 200 and got.json["state"] == "intact"
    assert s.http("GET", "/api/v1/audit/verify?head=x").status == 400
    assert s.http("POST", "/api/v1/audit", {}).status == 405


def test_a_suite_whose_log_was_cut_says_so(suite):
    s = suite()
    s.run("token", "add", "one")
    s.stop()
    with contextlib.closing(sqlite3.connect(
            s.data / "agent-runtime/meta.sqlite")) as db:
        db.execute("DELETE FROM audit WHERE seq > 1")
        db.commit()
    s.start()
    got = s.run("audit", "verify")
    assert got.returncode == 1
    assert got.stdout.startswith("cut: the log was cut off after row 1")
    wait_for("the engine's state", lambda: any(
        c["name"] == "task-engine" and c["state"] == "degraded" and
        "audit.head" in c.get("message", "")
        for c in s.heartbeat()["components"]))
