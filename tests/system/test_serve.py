"""`agent-runtime serve`: supervision of the real daemons, and of stand-ins that
die in ways which the real ones do not offer.
"""

import json
import os
import pathlib
import pty
import re
import shutil
import signal
import socket
import stat
import subprocess
import time

import pytest

from conftest import DAEMONS, SLOW, Suite, program, wait_for

CANARIES = {
    "AGENT_RUNTIME_TELEGRAM_TOKEN": "canary-telegram-31c7",
    "AGENT_RUNTIME_DISCORD_TOKEN": "canary-discord-88a0",
    "AGENT_RUNTIME_LLM_API_KEY": "canary-model-5d2e",
}
FOR_EVERYBODY = re.compile(
    r"^(PATH|LANG|LC_\w+|TZ|SSL_CERT_(FILE|DIR)|\w+SAN_OPTIONS)$")


def is_sanitized():
    return b"__asan_init" in program("agent-runtime").read_bytes()


STOP_SECONDS = 20 if is_sanitized() else 2


def report(suite):
    """serve.json, None while there is none."""
    try:
        return json.loads((suite.data / "run/serve/serve.json").read_text())
    except FileNotFoundError:
        return None


def daemon(suite, name):
    """The daemon's row of serve.json."""
    rows = (report(suite) or {"daemons": []})["daemons"]
    return next((d for d in rows if d["name"] == name), None)


def running(suite, n=len(DAEMONS)):
    """Starts the suite and waits until n daemons said that they are ready."""
    suite.start(wait=False)
    try:
        suite.wait_log(rf"suite-running running={n} of=", 30)
    except AssertionError as e:
        raise AssertionError(f"{e}\n{suite.log()[-8000:]}") from None
    return suite


def is_alive(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as f:
            return f.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


# -- the real daemons -------------------------------------------------------

def test_all_start_and_stop_within_two_seconds(suite):
    s = running(suite(start=False))
    assert sorted(s.pids()) == sorted(DAEMONS)
    wait_for("the report", lambda: (report(s) or {}).get("state") == "running")
    got = report(s)
    assert got["pid"] == s.process.pid
    assert {d["name"]: d["pid"] for d in got["daemons"]} == s.pids()
    assert all(d["restarts"] == 0 and d["state"] == "running"
               for d in got["daemons"])
    pids = s.pids()
    began = time.monotonic()
    assert s.stop(timeout=60) == 0
    assert time.monotonic() - began < STOP_SECONDS * SLOW
    assert not [name for name, pid in pids.items() if is_alive(pid)]
    assert report(s) is None
    assert "daemon-killed" not in s.log()


def test_directories_and_files_are_private(suite):
    """With one uid; test_uids.py has the other case."""
    s = suite(start=False)
    s.tmp.chmod(0o700)
    running(s)
    wait_for("the report", lambda: report(s))
    for path in (s.data, s.data / "run", s.data / "run/serve",
                 s.data / "log"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700, path
    for name in ("serve.lock", "serve/serve.json"):
        mode = (s.data / "run" / name).stat().st_mode
        assert stat.S_IMODE(mode) == 0o600, name


def test_a_killed_daemon_is_started_again_and_the_others_are_not(suite):
    """P-28: one failure ended all."""
    s = running(suite(start=False))
    before = s.pids()
    s.kill("scheduler")
    s.wait_log(r'daemon-died name=scheduler ended="signal 9 \(Killed\)"')
    wait_for("a new scheduler", lambda: (daemon(s, "scheduler") or {}).get(
        "restarts") == 1 and daemon(s, "scheduler")["state"] == "running")
    after = s.pids()
    assert after.pop("scheduler") != before.pop("scheduler")
    assert after == before


def test_a_daemon_that_does_not_stop_is_killed(suite):
    s = running(suite(start=False))
    s.kill("indexer", signal.SIGSTOP)
    began = time.monotonic()
    assert s.stop(timeout=60) == 0
    assert time.monotonic() - began < (STOP_SECONDS + 0.5) * SLOW
    assert "daemon-killed name=indexer" in s.log()


def test_a_second_serve_is_refused_with_the_pid_of_the_first(suite):
    s = running(suite(start=False))
    got = s.run("serve")
    assert got.returncode == 1
    assert "a serve runs on this data directory already" in got.stderr
    assert str(s.process.pid) in got.stderr
    assert sorted(s.pids()) == sorted(DAEMONS)


@pytest.mark.parametrize("how", ["run deleted", "data moved"])
def test_a_data_directory_that_is_lost_ends_the_suite(suite, how):
    """Nobody reaches it, and what it took would be in files without a name."""
    s = running(suite(start=False))
    wait_for("its report", lambda: (report(s) or {}).get("state") == "running")
    pids = s.pids()
    if how == "run deleted":
        shutil.rmtree(s.data / "run")
    else:
        s.data.rename(s.tmp / "moved")
    wait_for("serve to end", lambda: s.process.poll() is not None,
             3 + STOP_SECONDS)
    assert s.process.returncode == 2
    _, behind = s.log().split("data-directory-lost lock=")
    assert "no-report" not in behind
    assert not [name for name, pid in pids.items() if is_alive(pid)]
    if how == "data moved":
        # The indexer notices sooner and ends; started again, it makes run/.
        shutil.rmtree(s.data, ignore_errors=True)
        (s.tmp / "moved").rename(s.data)
    s.start()
    assert "Glad" in s.chat("hello")["reply"]


def test_closed_standard_descriptors_are_no_files_of_ours(suite):
    """Else the lock is what the log is written to, and serve aborts."""
    s = suite(start=False)
    s.wrapper = ["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh"]
    s.start()
    assert "Glad" in s.chat("hello")["reply"]
    s.wrapper = []
    got = s.run("serve")
    assert got.returncode == 1 and str(s.process.pid) in got.stderr
    assert s.stop() == 0


def test_killed_serve_takes_its_daemons_along(suite):
    s = running(suite(start=False))
    pids = s.pids()
    s.kill("serve")
    wait_for("all daemons to end", lambda: not [
        name for name, pid in pids.items() if is_alive(pid)], 3)
    running(s)
    assert sorted(s.pids()) == sorted(DAEMONS)


def test_bad_configuration_is_named_and_not_tried_again(suite):
    s = running(suite(start=False, AGENT_RUNTIME_HTTP_ADDR="no address"), 6)
    assert re.search(r"^api: .*AGENT_RUNTIME_HTTP_ADDR", s.log(), re.M)
    s.wait_log("daemon-bad-config name=api")
    s.kill("scheduler")
    wait_for("another's restart", lambda: (daemon(s, "scheduler") or {}).get(
        "restarts") == 1)
    row = daemon(s, "api")
    assert (row["state"], row["pid"], row["restarts"]) == (
        "bad-config", 0, 0)
    assert s.log().count("daemon-starting name=api") == 1


def environ_of(pid):
    block = pathlib.Path(f"/proc/{pid}/environ").read_bytes()
    pairs = [e.split(b"=", 1) for e in block.split(b"\0") if b"=" in e]
    return {k.decode(): v.decode() for k, v in pairs}


def rows_of(name):
    """The names in the daemon's own table."""
    got = subprocess.run([program(name), "--print-config-rows"], text=True,
                         capture_output=True, check=True, timeout=60)
    names = set()
    for line in got.stdout.splitlines():
        cells = line.split("\t")
        names.add(cells[0])
        if cells[1] == "secret":
            names.add(cells[0] + "_FILE")
    return names


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root: the daemons are "
                    "not dumpable, so only root reads their environment")
def test_a_daemon_sees_its_own_variables_and_no_secret_stays(suite):
    s = running(suite(
        start=False, LC_ALL="C.UTF-8", TZ="UTC", LD_BIND_NOW="1",
        AWS_SECRET_ACCESS_KEY="canary-stranger-0b1f",
        AGENT_RUNTIME_TRIAGE_AUTORUN="none", **CANARIES))
    for name, pid in s.pids().items():
        env = environ_of(pid)
        own = rows_of(name)
        strangers = [k for k in env
                     if k not in own and not FOR_EVERYBODY.match(k)]
        assert not strangers, f"{name} sees {strangers}"
        assert env["TZ"] == "UTC" and env["LC_ALL"] == "C.UTF-8"
        assert env["AGENT_RUNTIME_DATA_DIR"] == str(s.data)
        block = pathlib.Path(f"/proc/{pid}/environ").read_bytes()
        assert b"canary" not in block, name
        cmdline = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
        assert b"canary" not in cmdline, name
    block = pathlib.Path(f"/proc/{s.process.pid}/environ").read_bytes()
    for value in CANARIES.values():
        assert value.encode() not in block
    assert not [v for v in CANARIES.values() if v in s.log()]


def test_unknown_variables_are_said_once_with_the_nearest(suite):
    s = running(suite(start=False, AGENT_RUNTIME_HTTP_ADR="off",
                      AGENT_RUNTIME_ZZZZZZZZ="1"))
    s.kill("scheduler")
    wait_for("a restart", lambda: (daemon(s, "scheduler") or {}).get(
        "restarts") == 1)
    assert s.log().count("AGENT_RUNTIME_HTTP_ADR ") == 1
    assert ("unknown-variable name=AGENT_RUNTIME_HTTP_ADR "
            "nearest=AGENT_RUNTIME_HTTP_ADDR") in s.log()
    assert re.search(r"unknown-variable name=AGENT_RUNTIME_ZZZZZZZZ$",
                     s.log(), re.M)


def test_the_log_file_takes_the_lines_and_stderr_the_errors(suite):
    s = suite(args=["--log-file"], start=False,
              AGENT_RUNTIME_HTTP_ADDR="no address")
    s.start(wait=False)
    path = s.data / "log" / "agent-runtime.log"
    wait_for("the suite", lambda: path.exists() and
             "suite-running" in path.read_text(), 30)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "daemon-bad-config name=api" in path.read_text()
    assert " scheduler ready " in path.read_text()
    shown = s.log().splitlines()
    assert shown[0] == f"The log is in {path} (10 MiB, five kept)"
    assert any("daemon-bad-config name=api" in line for line in shown)
    assert not [line for line in shown if " info " in line]
    assert s.stop(timeout=60) == 0
    assert "suite-stopping" in path.read_text()


def test_an_error_does_not_end_up_behind_what_is_typed(suite):
    """Under scripts/run a prompt has the same terminal."""
    s = suite(start=False, AGENT_RUNTIME_HTTP_ADDR="no address")
    ours, theirs = pty.openpty()
    with subprocess.Popen(
            [program("agent-runtime"), "serve", "--log-file"], cwd=s.tmp,
            env=s.environment(), stdin=subprocess.DEVNULL,
            stdout=theirs, stderr=theirs, start_new_session=True) as serve:
        os.close(theirs)
        os.set_blocking(ours, False)
        shown = b""

        def look():
            nonlocal shown
            try:
                shown += os.read(ours, 65536)
            except OSError:
                pass
            return re.search(rb"daemon-bad-config name=api[^\n]*\n", shown)
        try:
            wait_for("the error", look, 30)
        finally:
            serve.terminate()
            serve.wait(STOP_SECONDS * SLOW)
            os.close(ours)
    # Behind the last line it shows how far the start has come.
    for line in shown.split(b"\n")[:-1]:
        assert b"\r\x1b[K" in line, shown


def test_ctrl_c_stops_without_false_deaths(suite):
    s = running(suite(start=False))
    pids = s.pids()
    os.killpg(s.process.pid, signal.SIGINT)  # as a terminal does
    assert s.process.wait(STOP_SECONDS * SLOW) == 0
    assert "daemon-died" not in s.log() and "next_try" not in s.log()
    assert s.log().count(" daemon-stopped ") == len(DAEMONS)
    assert not [p for p in pids.values() if is_alive(p)]


def test_door_keys_are_written_for_each_and_only_on_wish(suite):
    s = suite(start=False, args=["--door-keys", "keys"],
              AGENT_RUNTIME_CONNECTOR_INSTANCES="gateway-telegram.main,"
              "gateway-telegram.sink!")
    running(s, 5)
    assert "gateway-telegram.sink" not in s.pids()
    names = sorted(p.name for p in (s.tmp / "keys").iterdir())
    assert names == sorted(
        [f"{n}.main.keys" for n in ("api", "gateway-telegram", "indexer",
                                    "scheduler", "task-engine")] +
        ["gateway-telegram.sink.keys"])
    text = (s.tmp / "keys" / "gateway-telegram.sink.keys").read_text()
    assert re.search(
        r"^task-engine/gateway-telegram\.sink [0-9a-f]{64}$", text, re.M)
    for path in (s.tmp / "keys").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_dotenv_is_read_and_the_environment_wins(suite):
    s = suite(start=False)
    (s.tmp / ".env").write_text(
        "# ours\nAGENT_RUNTIME_LOG_LEVEL='debug'\n"
        "AGENT_RUNTIME_HTTP_ADDR=\"no address\"\n")
    running(s)  # HTTP_ADDR is set in the environment
    pid = s.pid("scheduler")
    if os.geteuid() == 0:
        assert environ_of(pid)["AGENT_RUNTIME_LOG_LEVEL"] == "debug"


@pytest.mark.parametrize("text, why", [
    ("AGENT_RUNTIME_LOG_LEVEL\n", "line 1: must be KEY=VALUE"),
    ("\nA='x\n", "line 2: the quote is not closed"),
])
def test_a_bad_dotenv_is_refused_with_its_line(suite, text, why):
    s = suite(start=False)
    (s.tmp / ".env").write_text(text)
    got = s.run("serve")
    assert got.returncode == 2
    assert f".env: {why}" in got.stderr


def make_fifo(path):
    os.mkfifo(path)


def make_socket(path):
    with socket.socket(socket.AF_UNIX) as s:
        s.bind(str(path))


def make_device(path):
    path.symlink_to("/dev/zero")


@pytest.mark.parametrize("make", [make_fifo, make_socket, make_device,
                                  os.mkdir])
def test_a_dotenv_that_is_no_file_is_refused_at_once(suite, make):
    s = suite(start=False)
    make(s.tmp / ".env")
    for command in ("serve", "status"):
        got = s.run(command)
        assert got.returncode == 2
        assert ".env is not a regular file" in got.stderr


def test_a_directory_too_deep_for_sockets_is_refused(suite):
    s = suite(start=False)
    got = s.run("serve", env={
        "AGENT_RUNTIME_DATA_DIR": str(s.tmp / ("d" * 60))})
    assert got.returncode == 2
    assert "choose a shorter one" in got.stderr


@pytest.mark.parametrize("instances, why", [
    ("gateway-telegram", "has no instance"),
    ("api.main", "is no connector"),
    ("gateway-telegram.a b", "is no name"),
])
def test_bad_instances_are_refused(suite, instances, why):
    got = suite(start=False).run("serve", env={
        "AGENT_RUNTIME_CONNECTOR_INSTANCES": instances})
    assert got.returncode == 2
    assert "AGENT_RUNTIME_CONNECTOR_INSTANCES" in got.stderr
    assert why in got.stderr


# -- stand-ins --------------------------------------------------------------

READY = ('echo "2026-11-22T14:12:03.120Z info {name} ready version=x" >&2\n')
STAY = 'trap "exit 0" TERM INT\nwhile :; do sleep 0.05; done\n'


class StandIns(Suite):
    """A serve beside programs of the test's own: {name: shell script}."""

    def __init__(self, scripts, args=()):
        super().__init__(args=args, start=False)
        self.bin = self.tmp / "bin"
        self.bin.mkdir()
        shutil.copy(program("agent-runtime"), self.bin)
        for name in DAEMONS:
            script = scripts.get(name, READY + STAY)
            if script is None:
                continue
            path = self.bin / name
            path.write_text("#!/bin/sh\n" + script.replace("{name}", name))
            path.chmod(0o755)

    def start(self, wait=False, timeout=20.0):
        self.runs += 1
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                [str(self.bin / "agent-runtime"), "serve", *self.args],
                cwd=self.tmp, env=self.environment(), stdin=subprocess.DEVNULL, stdout=log,
                stderr=subprocess.STDOUT, start_new_session=True)
        return self


@pytest.fixture
def stand_ins():
    made = []

    def make(args=(), **scripts):
        made.append(StandIns({k.replace("_", "-"): v
                              for k, v in scripts.items()}, args))
        return made[-1].start()

    yield make
    for s in made:
        s.close()


def test_five_quick_deaths_are_failing_and_hurt_nobody(stand_ins):
    s = stand_ins(indexer="exit 1\n")
    s.wait_log(r'daemon-failing name=indexer ended="status 1"', 15)
    assert s.log().count("daemon-starting name=indexer") == 5
    wait_for("the report", lambda: daemon(s, "indexer")["state"] == "failing")
    row = daemon(s, "indexer")
    assert row["restarts"] == 4
    assert row["last_exit"] == "status 1"
    assert 20 < row["next_try_unix"] - time.time() < 31
    pauses = [int(p) for p in re.findall(
        r"daemon-died name=indexer .*next_try_ms=(\d+)", s.log())]
    for pause, most in zip(pauses, (100, 200, 400, 800), strict=True):
        assert 0.8 * most <= pause <= most
    others = [d for d in report(s)["daemons"] if d["name"] != "indexer"]
    assert all(d["state"] == "running" and d["restarts"] == 0
               for d in others)
    assert report(s)["state"] == "running"


def test_a_stuck_bus_is_started_again_at_once_without_blame(stand_ins):
    s = stand_ins(indexer=READY + "sleep 1.1\nexit 75\n")
    s.wait_log(r"daemon-stuck name=indexer .*next_try_ms=0")
    wait_for("two restarts", lambda: daemon(s, "indexer")["restarts"] >= 2)
    assert "daemon-died name=indexer" not in s.log()


def test_the_log_is_rotated_at_ten_mebibytes_and_five_are_kept(stand_ins):
    """62 MiB of a daemon's lines: more than the five hold."""
    n, pad = 16250, "x" * 3900
    s = stand_ins(args=["--log-file"], scheduler=READY + f"""
        seq -f '2026-11-22T14:12:03.120Z info {{name}} flood n=%.0f {pad}' {n}
        """ + STAY)
    folder = s.data / "log"
    newest = folder / "agent-runtime.log"
    wait_for("the last line", lambda: newest.exists() and
             f" n={n} x" in newest.read_text(), 60, 0.1)
    files = [folder / f"agent-runtime.log.{i}" for i in (4, 3, 2, 1)] + [newest]
    assert sorted(folder.iterdir()) == sorted(files)
    for path in files:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for path in files[:-1]:
        assert 0 <= path.stat().st_size - 10 * 1024 * 1024 < 2 * len(pad)
    text = "".join(path.read_text() for path in files)
    numbers = [int(i) for i in re.findall(r" flood n=(\d+) ", text)]
    assert numbers == list(range(numbers[0], n + 1)) and numbers[0] > 1
    assert s.run("logs").stdout == text


def test_a_program_that_is_missing_is_named_and_path_does_not_help(stand_ins):
    s = stand_ins(indexer=None)
    assert s.process.wait(20 * SLOW) == 1
    assert "the program indexer is neither beside" in s.log()
    other = s.tmp / "elsewhere"
    other.mkdir()
    shutil.copy(s.bin / "api", other / "indexer")
    s.sets["PATH"] = f"{other}:/usr/bin:/bin"
    s.start()
    assert s.process.wait(20 * SLOW) == 1


def test_an_installed_tree_may_be_moved(stand_ins):
    s = stand_ins()
    s.stop()
    libexec = s.tmp / "libexec/agent-runtime"
    libexec.mkdir(parents=True)
    for name in DAEMONS:
        (s.bin / name).rename(libexec / name)
    shutil.copy(program("agent-runtime").with_name("agent-runtime-client"),
                libexec)
    s.start()
    s.wait_log("suite-running", 20)
    got = subprocess.run([s.bin / "agent-runtime", "status"], cwd=s.tmp,
                         env=s.environment(), text=True, timeout=20 * SLOW,
                         capture_output=True, check=False)
    assert "indexer" in got.stdout, got


def test_lines_that_are_no_log_lines_get_the_name_in_front(stand_ins):
    s = stand_ins(indexer=READY + "echo plain words\n"
                  "printf 'a\\033[2Jb\\n' >&2\necho 'indexer: has its own'\n"
                  + STAY)
    s.wait_log(r"(?m)^indexer: plain words$")
    s.wait_log(r"(?m)^indexer: a\?\[2Jb$")
    s.wait_log(r"(?m)^indexer: has its own$")
    s.wait_log(r"(?m)^2026-11-22T14:12:03.120Z info indexer ready")


def test_a_daemon_gets_its_keys_on_a_descriptor_and_no_more(stand_ins):
    s = stand_ins(indexer='echo "args $*"\ncat <&3\nls /proc/self/fd\n'
                  + READY + STAY)
    s.wait_log(rf"(?m)^indexer: args --door-keys-fd 3 --supervised "
               rf"{s.process.pid}( --own-uid)?$")
    s.wait_log(r"(?m)^indexer: indexer/task-engine\.main [0-9a-f]{64}$")
    s.wait_log("indexer ready")
    keys = re.findall(r"(?m)^indexer: (\S+) [0-9a-f]{64}$", s.log())
    assert all("indexer" in door for door in keys)
    # 0 to 3, and the directory that ls has open.
    fds = {int(n) for n in re.findall(r"(?m)^indexer: (\d+)$", s.log())}
    assert fds == {0, 1, 2, 3, 4}
