"""What each daemon must not be able to do, tried from inside its process.

One test a daemon. It is started by hand with a key file and with
tests/tools/probe.c preloaded, which makes its attempts at the first moment
after the lock-down. The rows are the "may not" column of docs/architecture.md.
"""

import os
import pathlib
import socket
import subprocess

import pytest

from conftest import DAEMONS, SLOW, build_dir, program
from doors import place, write_keys  # noqa: F401

WORKSPACE = "workspaces/00000000-0000-4000-8000-000000000000"
CANARY = "canary-4f1d-secret"
CANARY_PART = "canary-4f1d"
REFUSED = {"EACCES", "EPERM", "EAFNOSUPPORT", "ENOSYS"}

# What nobody may do: attempt -> allowed in sanitizer builds?
NOBODY = {
    "read /etc/passwd": False,
    "list /": False,
    "list {tmp}": False,
    "read {tmp}/outside": False,
    "write {tmp}/outside": False,
    "write {tmp}/new": False,
    "write {data}/run/serve.lock": False,
    "write {data}/log/agent-runtime.log": False,
    "threads /etc/passwd": False,
    "abstract {abstract}": False,
    "socket 17": False,
    "signal {pid}": False,
    "ptrace {pid}": False,
    "mount {tmp}": False,
    "chroot {tmp}": False,
    "unshare": False,
    "bpf": False,
    "io_uring": False,
    "keyctl": False,
    "dumpable": True,
    "core": False,
    "new_privs": False,
    "listen 0": False,
}

NO_DISK = [
    "read {data}/agent-runtime/audit.key",
    "list {data}/agent-runtime",
    "read {data}/{workspace}/notes.md",
    "list {data}/workspaces",
    "write {data}/{workspace}/notes.md",
    "write {data}/{workspace}/new.md",
    "remove {data}/{workspace}/notes.md",
    "list {data}/index",
    "read {data}/run/admin.token",
    "write {data}/run/admin.token",
    "list {data}",
]
NO_NETWORK = ["connect {port}", "datagram", "socket 16"]
NO_EXEC = ["exec /bin/true"]

# daemon -> what it may not, and what it must be able to (which proves that
# the probe works and that the lock-down is no wider than it should be).
ROWS = {
    "gateway-telegram": (NO_DISK + NO_EXEC, []),
    "gateway-discord": (NO_DISK + NO_EXEC, []),
    "imap-ingest": (NO_DISK, []),
    "indexer": (
        NO_NETWORK + NO_EXEC + [
            "link {data}/index/link",
            "read {data}/agent-runtime/audit.key",
            "write {data}/{workspace}/notes.md",
            "write {data}/{workspace}/new.md",
            "remove {data}/{workspace}/notes.md",
            "read {data}/run/admin.token",
        ],
        ["read {data}/{workspace}/notes.md", "write {data}/index/new"]),
    "scheduler": (
        NO_NETWORK + NO_EXEC + [
            "read {data}/agent-runtime/audit.key",
            "read {data}/{workspace}/notes.md",
            "write {data}/{workspace}/new.md",
            "read {data}/run/admin.token",
            "write {data}/run/admin.token",
            "list {data}/run",
            "list {data}/index",
        ],
        ["read {data}/run/serve/serve.json"]),
    "task-engine": (
        ["list {data}/log", "write {data}/index/new"],
        ["read {data}/{workspace}/notes.md",
         "write {data}/{workspace}/new.md",
         "write {data}/agent-runtime/new",
         "connect {port}"]),
    "api": (
        NO_EXEC + [
            "connect {port}",
            "datagram",
            "read {data}/agent-runtime/audit.key",
            "read {data}/{workspace}/notes.md",
            "write {data}/{workspace}/new.md",
            "read {data}/run/admin.token",
            "write {data}/run/admin.token",
            "remove {data}/run/admin.token",
            "list {data}/index",
        ],
        []),
}

# Where Landlock alone refuses it, the ABI that learnt it.
LANDLOCK_SINCE = {
    "read": 1, "list": 1, "write": 1, "remove": 1, "threads": 1, "link": 1,
    "ptrace": 1,  # and seccomp, but for sanitizers' sake not in their builds
    "abstract": 6, "signal": 6,
}
# Who has internet sockets; for the others seccomp refuses them. ABI 4.
CONNECTING = ("task-engine",)

# A local socket: it proves that the probe says "allowed" where it should.
ANYBODY = ["socket 1"]

SECRETS = {
    "gateway-telegram": "AGENT_RUNTIME_TELEGRAM_TOKEN",
    "gateway-discord": "AGENT_RUNTIME_DISCORD_TOKEN",
    "imap-ingest": "AGENT_RUNTIME_IMAP_PASSWORD",
    "task-engine": "AGENT_RUNTIME_LLM_API_KEY",
}
# What else must be set for a secret to be accepted.
BESIDE_SECRETS = {
    "imap-ingest": {"AGENT_RUNTIME_IMAP_HOST": "127.0.0.1",
                    "AGENT_RUNTIME_IMAP_USERNAME": "nobody"},
}


def landlock_abi():
    """As confine_landlock_abi: the call with LANDLOCK_CREATE_RULESET_VERSION."""
    import ctypes
    libc = ctypes.CDLL(None, use_errno=True)
    return max(0, libc.syscall(444, None, 0, 1))


def has_asan(path):
    return b"__asan_init" in pathlib.Path(path).read_bytes()


def make_data(tmp):
    data = tmp / "data"
    for name in ("run/serve", "log", "agent-runtime", "index", WORKSPACE):
        (data / name).mkdir(parents=True, mode=0o700)
    (tmp / "outside").write_text("x")
    (data / "agent-runtime" / "audit.key").write_text(32 * "x")
    (data / WORKSPACE / "notes.md").write_text("# notes\n")
    (data / "run" / "admin.token").write_text("0" * 64 + "\n")
    (data / "run" / "serve" / "serve.json").write_text("{}\n")
    return data


def run_probe(daemon, tmp, attempts, **sets):
    """{attempt: outcome}"""
    write_keys(tmp / "keys", daemon)
    preload = build_dir() / "tests" / "tools" / "libprobe.so"
    assert preload.exists(), f"{preload} is not built"
    env = {
        "PATH": "/usr/bin:/bin",
        "LD_PRELOAD": str(preload),
        "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") +
        ":verify_asan_link_order=0",
        "AGENT_RUNTIME_DATA_DIR": str(tmp / "data"),
        "AGENT_RUNTIME_DOOR_KEY_FILE": str(tmp / "keys"),
        "AGENT_RUNTIME_HTTP_ADDR": "off",
        "PROBE": ";".join(attempts),
    }
    if daemon in SECRETS:
        env[SECRETS[daemon]] = CANARY
        env.update(BESIDE_SECRETS.get(daemon, {}))
    env.update(sets)
    done = subprocess.run(
        [str(program(daemon))], env=env, cwd=tmp, text=True,
        stdin=subprocess.DEVNULL, capture_output=True, timeout=60 * SLOW,
        check=False)
    got = {}
    for line in done.stdout.splitlines():
        if line.startswith("probe "):
            what, outcome = line[len("probe "):].rsplit(" ", 1)
            got[what.strip()] = outcome
    assert list(got) == [a.strip() for a in attempts], (
        f"{daemon} ended with {done.returncode} before the probe had done "
        f"its work:\n{done.stdout[-2000:]}{done.stderr[-4000:]}")
    assert CANARY not in done.stdout + done.stderr
    return got


def test_every_daemon_has_a_row():
    assert sorted(ROWS) == sorted(DAEMONS)


def abi_for(daemon, attempt):
    """The Landlock ABI that refuses it; 0: something else does."""
    verb = attempt.split()[0]
    if verb in ("listen", "connect"):
        return 4 if daemon in CONNECTING else 0
    return LANDLOCK_SINCE.get(verb, 0)


def attempts_of(daemon, names):
    """What is forbidden and what is needed."""
    is_asan = has_asan(program(daemon))
    may_not, can = ROWS[daemon]
    forbidden = [a.format(**names) for a in may_not]
    forbidden += [a.format(**names) for a, in_asan in NOBODY.items()
                  if not (is_asan and in_asan)]
    if daemon in SECRETS:
        forbidden += [f"environ {CANARY_PART}"]
    return forbidden, [a.format(**names) for a in can + ANYBODY]


def holds(daemon, place, abi, **sets):
    """It is refused all that Landlock of that ABI, and seccomp, can refuse."""
    assert program(daemon).exists(), f"{daemon} is not built"
    with socket.socket() as tcp, socket.socket(socket.AF_UNIX) as abstract:
        tcp.bind(("127.0.0.1", 0))
        tcp.listen()
        abstract.bind(f"\0probe-{os.getpid()}-{daemon}")
        abstract.listen()
        forbidden, needed = attempts_of(daemon, {
            "tmp": place, "data": make_data(place),
            "workspace": WORKSPACE, "pid": os.getpid(),
            "port": tcp.getsockname()[1],
            "abstract": f"probe-{os.getpid()}-{daemon}",
        })
        forbidden = [a for a in forbidden if abi_for(daemon, a) <= abi]
        got = run_probe(daemon, place, forbidden + needed, **sets)
    for attempt in needed:
        assert got[attempt] == "allowed", f"{daemon} cannot {attempt}"
    wrong = {a: got[a] for a in forbidden
             if got[a] not in REFUSED | ({"ENOENT"} if a.startswith("environ")
                                         else set())}
    assert not wrong, f"{daemon} is not refused: {wrong}"
    if abi > 0:
        assert (place / "outside").read_text() == "x"


@pytest.mark.parametrize("daemon", DAEMONS)
def test_a_daemon_cannot_do_what_it_may_not(daemon, place):
    holds(daemon, place, landlock_abi())


@pytest.mark.parametrize("daemon", ["task-engine", "indexer"])
@pytest.mark.parametrize("abi", range(6))
def test_an_older_kernel_holds_what_it_can(daemon, abi, place):
    """The probe hides from the daemon what Landlock has learnt since."""
    holds(daemon, place, min(abi, landlock_abi()), PROBE_LANDLOCK_ABI=str(abi))


def test_this_kernel_can_hold_all_of_it():
    abi = landlock_abi()
    lacking = sorted({a for daemon in DAEMONS
                      for a in (*ROWS[daemon][0], *NOBODY)
                      if abi_for(daemon, a) > abi})
    if lacking:
        pytest.skip(f"Landlock of this kernel is ABI {abi} and cannot refuse: "
                    + ", ".join(lacking))


@pytest.mark.parametrize("soul, can", [
    # The working directory holds .env: the file alone, even if it is edited.
    ("SOUL.md", []), ("./SOUL.md", []), ("{tmp}/SOUL.md", []),
    # The data, and with it the log: the same.
    ("{tmp}/data/SOUL.md", []),
    # A folder of its own: with what an editor puts beside the file.
    ("context/SOUL.md", ["read {tmp}/context/new.md"]),
    ("", None)])
def test_directives_open_no_more_than_their_folder(place, soul, can):
    make_data(place)
    (place / "context").mkdir()
    (place / "context" / "new.md").write_text("x")
    (place / ".env").write_text("x")
    soul = soul.format(tmp=place)
    if soul:
        (place / soul).write_text("Be kind.")
    needed = [] if can is None else [
        f"read {place / soul}", *(a.format(tmp=place) for a in can)]
    forbidden = [f"read {place}/.env", f"list {place}",
                 f"read {place}/outside", f"list {place}/data/log",
                 f"write {place}/SOUL.md"]
    got = run_probe("task-engine", place, forbidden + needed,
                    AGENT_RUNTIME_SOUL_GLOBAL_FILE=soul)
    assert {a: got[a] for a in needed} == {a: "allowed" for a in needed}
    assert {got[a] for a in forbidden} <= REFUSED, got


@pytest.mark.parametrize("root, can", [
    ("skills", True), ("{tmp}/skills", True),
    # What holds .env, or the data, stays closed.
    (".", False), ("{tmp}", False), ("{tmp}/data", False)])
def test_skills_open_their_folder_alone(place, root, can):
    make_data(place)
    root = root.format(tmp=place)
    folder = place / root / "common"
    folder.mkdir(parents=True)
    (folder / "a.md").write_text("x")
    (place / ".env").write_text("x")
    skills = [f"list {folder}", f"read {folder}/a.md"]
    forbidden = [f"read {place}/.env", f"list {place}", f"list {place}/data",
                 f"write {folder}/a.md"]
    got = run_probe("task-engine", place, forbidden + skills,
                    AGENT_RUNTIME_SKILLS_GLOBAL_ROOT=root)
    assert {got[a] for a in forbidden} <= REFUSED, got
    assert ({got[a] for a in skills} == {"allowed"}) is can, got


def test_the_indexer_may_run_qmd_where_that_searches(place):
    """And reads of its surroundings no more than the package and its node."""
    make_data(place)
    package = place / "home/node_modules/@tobilu/qmd/bin"
    package.mkdir(parents=True)
    (place / "home/.env").write_text("x")
    (place / "home/bin").mkdir()
    for path in (package / "qmd", place / "home/bin/node",
                 place / "home/bin/other"):
        path.write_text("#!/bin/sh\n")
        path.chmod(0o755)
    (place / "home/bin/qmd").symlink_to(package / "qmd")
    models = place / "models"
    models.mkdir()
    (models / "a.gguf").write_text("x")
    can = [f"exec {place}/home/bin/qmd", f"read {package}/qmd",
           f"exec {place}/home/bin/node", "exec /bin/true",
           f"read {models}/a.gguf", f"link {place}/data/index/link",
           f"write {place}/data/index/new"]
    forbidden = [
        f"read {place}/home/.env", f"list {place}/home",
        f"exec {place}/home/bin/other", f"list {place}/home/bin",
        f"write {package}/qmd", f"write {models}/b.gguf",
        f"write {place}/data/{WORKSPACE}/new.md",
        f"link {place}/data/{WORKSPACE}/link.md",
        f"read {place}/data/agent-runtime/audit.key",
        f"read {place}/data/run/admin.token", "read /etc/passwd",
        *NO_NETWORK[1:]]
    got = run_probe(
        "indexer", place, forbidden + can,
        AGENT_RUNTIME_SEARCH_BACKEND="qmd",
        AGENT_RUNTIME_QMD_BINARY=f"{place}/home/bin/qmd",
        AGENT_RUNTIME_QMD_SHARED_MODELS_DIR=str(models))
    assert {a: got[a] for a in can} == {a: "allowed" for a in can}
    assert {got[a] for a in forbidden} <= REFUSED, got
