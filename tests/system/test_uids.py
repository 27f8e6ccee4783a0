"""Started as root, serve gives each daemon a uid of its own: what that alone
keeps apart. Each row is tried by a process that has the daemon's uid, gid and
groups, and nothing of its lock-down."""

import json
import os
import pathlib
import re
import stat
import subprocess

import pytest

from conftest import DAEMONS, Suite, wait_for

pytestmark = [
    pytest.mark.xdist_group("uids"),
    pytest.mark.skipif(os.geteuid() != 0,
                       reason="only root can change uids"),
]
FIRST_UID = 61100

TRY = """
import errno, json, os, sys
def read(path):
    with open(path, "rb") as f:
        if path.endswith("/mem"):
            f.seek(int(open(path[:-3] + "maps").readline().split("-")[0], 16))
        f.read(1)
def write(path): os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))
def use(path):  # what connect() asks of a socket
    if not os.access(path, os.W_OK): raise PermissionError(errno.EACCES, path)
verbs = {"read": read, "list": os.listdir, "write": write,
         "remove": os.unlink, "use": use, "signal": lambda p: os.kill(int(p), 0)}
got = {}
for attempt in json.load(sys.stdin):
    verb, arg = attempt.split(" ", 1)
    try:
        verbs[verb](arg)
        got[attempt] = "allowed"
    except OSError as e:
        got[attempt] = errno.errorcode[e.errno]
json.dump(got, sys.stdout)
"""

# What each may do, and nobody else; {folder} is a workspace.
MAY = {
    "task-engine": {
        "read {data}/agent-runtime/meta.sqlite", "list {data}/agent-runtime",
        "read {data}/run/admin.token", "list {data}/run",
        "write {data}/run/new-{daemon}", "list {data}/workspaces",
        "read {folder}/welcome.md", "write {folder}/welcome.md"},
    "indexer": {"list {data}/index", "list {data}/workspaces",
                "read {folder}/welcome.md"},
    "scheduler": {"read {data}/run/serve/serve.json", "list {data}/run/serve"},
}
NOBODY = {
    "write {data}/new", "list {data}", "list {data}/log",
    "write {data}/run/serve.lock", "read {data}/run/serve.lock",
    "use {data}/run/api.sock", "remove {data}/run/api.sock",
    "write {data}/run/serve/serve.json", "write {data}/agent-runtime/../new",
}


@pytest.fixture(scope="module")
def open_suite():
    """Its folder can be reached by others, as /srv and /var/lib can."""
    s = Suite()
    s.chat("/help")
    yield s
    s.close()


def identity(pid):
    """uid, gid, groups of a process."""
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    fields = {k: v.split() for k, v in
              re.findall(r"^(Uid|Gid|Groups):(.*)$", text, re.M)}
    assert len(set(fields["Uid"])) == len(set(fields["Gid"])) == 1
    return (int(fields["Uid"][0]), int(fields["Gid"][0]),
            [int(g) for g in fields["Groups"]])


def attempt(pid, attempts):
    uid, gid, groups = identity(pid)
    done = subprocess.run(
        ["/usr/bin/python3", "-c", TRY], user=uid, group=gid,
        extra_groups=groups, input=json.dumps(sorted(attempts)), text=True,
        capture_output=True, check=True, cwd="/", env={})
    return json.loads(done.stdout)


def test_each_has_a_uid_of_its_own(open_suite):
    # One that was only forked looks like serve for a moment.
    wait_for("all daemons",
             lambda: sorted(open_suite.pids()) == sorted(DAEMONS), 20)
    pids = open_suite.pids()
    uids = {name: identity(pid)[0] for name, pid in pids.items()}
    assert len(set(uids.values())) == len(DAEMONS)
    assert set(uids.values()) == set(range(FIRST_UID, FIRST_UID + len(uids)))
    assert " one-uid " not in open_suite.log()


@pytest.mark.parametrize("path, uid, mode", [
    ("", 0, 0o711), ("log", 0, 0o700), ("run", 0, 0o1771),
    ("run/serve", 0, 0o2750), ("run/serve.lock", 0, 0o600),
    ("run/api.sock", 0, 0o600), ("run/admin.token", FIRST_UID, 0o600),
    ("agent-runtime", FIRST_UID, 0o700),
    ("agent-runtime/meta.sqlite", FIRST_UID, 0o600),
    ("workspaces", FIRST_UID, 0o2750), ("index", FIRST_UID + 4, 0o700)])
def test_what_is_whose(open_suite, path, uid, mode):
    """The group's bits of run/ are its access list's mask."""
    found = (open_suite.data / path).stat()
    assert (found.st_uid, oct(stat.S_IMODE(found.st_mode))) == (uid, oct(mode))


def doors(data):
    """{path: its two sides}"""
    found = {}
    for path in data.glob("run/*/*.*.*"):
        if stat.S_ISSOCK(path.stat().st_mode):
            found[path] = {path.parent.name, path.name.split(".")[0]}
    assert len(found) > 10
    return found


@pytest.mark.parametrize("daemon", DAEMONS)
def test_a_daemon_cannot_reach_anothers(open_suite, daemon):
    s, pids = open_suite, open_suite.pids()
    names = {"data": s.data, "daemon": daemon,
             "folder": next((s.data / "workspaces").iterdir())}
    may = {a.format(**names) for a in MAY.get(daemon, ())}
    may_not = {a.format(**names) for row in (*MAY.values(), NOBODY)
               for a in row} - may
    if daemon != "task-engine":
        may_not.add(f"remove {s.data}/run/admin.token")
    for path, sides in doors(s.data).items():
        (may if daemon in sides else may_not).add(f"use {path}")
    for other, pid in [*pids.items(), ("serve", s.process.pid)]:
        if other != daemon:
            may_not |= {f"read /proc/{pid}/environ", f"read /proc/{pid}/mem",
                        f"signal {pid}"}
    got = attempt(pids[daemon], may | may_not)
    assert {a for a in may if got[a] != "allowed"} == set()
    assert {a: got[a] for a in may_not
            if got[a] not in ("EACCES", "EPERM")} == {}


def test_they_are_replaced_as_themselves(open_suite):
    s = open_suite
    uids = {name: identity(pid)[0] for name, pid in s.pids().items()}
    for daemon in ("task-engine", "api", "indexer"):
        before = s.kill(daemon)
        wait_for("a new one", lambda: s.pids().get(daemon) not in (
            None, before))
    s.wait_ready()
    assert "/task" in s.chat("/help")["reply"]
    wait_for("an answer with a source", lambda: "welcome.md" in s.chat(
        "what can you do?")["reply"], step=0.1)
    assert {n: identity(p)[0] for n, p in s.pids().items()} == uids
    assert re.search(r"\[ok\] +data-modes ", s.run("doctor").stdout)


def engine_uid(s):
    return identity(s.pid("task-engine"))[0]


def test_a_directory_of_one_uid_is_handed_over_and_taken_back(suite):
    s = suite(start=False)
    s.tmp.chmod(0o700)  # closed to others
    s.start()
    assert re.search(r" warn agent-runtime one-uid why=\"/\S+ cannot be "
                     r"reached by others", s.log())
    assert engine_uid(s) == 0
    reply = s.chat("what can you do?", key="k1")["reply"]
    folder = next((s.data / "workspaces").iterdir())
    s.stop()
    outside = s.tmp / "outside"
    outside.write_text("x")
    (folder / "link.md").symlink_to(outside)
    (s.tmp / "linked").mkdir()
    (folder / "linked").symlink_to(s.tmp / "linked")
    os.link(outside, folder / "hard.md")
    s.tmp.chmod(0o755)
    for is_open in (True, True, False, True):
        s.tmp.chmod(0o755 if is_open else 0o700)
        # What root has restored, or written with an editor of its own.
        os.chown(s.data / "agent-runtime" / "meta.sqlite", 0, 0)
        (folder / "mine.md").write_text("zebra\n")
        (folder / "mine.md").chmod(0o600)
        s.start()
        assert engine_uid(s) == (FIRST_UID if is_open else 0)
        assert s.chat("what can you do?", key="k1")["reply"] == reply
        assert s.chat("/help")["handled"]
        wait_for("what root wrote", lambda: "mine.md" in s.chat(
            "/search zebra")["reply"], step=0.1)
        s.stop()
        os.remove(folder / "mine.md")
    assert {p.stat().st_uid for p in (outside, s.tmp / "linked")} == {0}
    for path in (s.data / "agent-runtime").rglob("*"):
        assert path.stat().st_uid == FIRST_UID, path


def test_where_uids_cannot_be_changed_it_is_said(suite):
    s = suite(start=False)
    s.wrapper = ["setpriv", "--inh-caps=-setuid", "--bounding-set=-setuid"]
    s.start()
    assert re.search(r" warn agent-runtime one-uid why=\"uids from 61100 on "
                     r"cannot be taken here\" remedy=", s.log())
    assert engine_uid(s) == 0
    assert s.chat("/help")["handled"]


@pytest.mark.parametrize("name, path", [
    ("AGENT_RUNTIME_WORKSPACE_ROOT", "elsewhere"),
    ("AGENT_RUNTIME_DB_PATH", "elsewhere/meta.sqlite")])
def test_what_lies_elsewhere_is_not_given_away(suite, name, path):
    s = suite(start=False)
    (s.tmp / "elsewhere").mkdir()
    s.sets[name] = str(s.tmp / path)
    s.start()
    assert f'one-uid why="{name} lies outside of the data' in s.log()
    assert engine_uid(s) == 0
    assert (s.tmp / "elsewhere").stat().st_uid == 0
