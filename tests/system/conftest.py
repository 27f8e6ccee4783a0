"""The real suite for system tests: `agent-runtime serve` in a directory of its
own, spoken to through its unix socket.

    def test_x(suite):
        s = suite()                      # or suite(AGENT_RUNTIME_X="1")
        assert s.chat("/status")["handled"]
        s.kill("task-engine")            # kill -9; serve starts it again
        s.wait_ready()

AGENT_RUNTIME_BUILD names the build directory; without it the newest build*/
of the tree is taken. Nothing here sleeps for luck: every wait is for something
and has a deadline.
"""

import contextlib
import glob
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import tempfile
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SLOW = float(os.environ.get("AGENT_RUNTIME_TEST_PATIENCE", "1"))
SANITIZER = re.compile(
    r"(ERROR: (Address|Leak|Memory|Thread)Sanitizer|runtime error:"
    r"|SUMMARY: \w+Sanitizer|Assertion .* failed)")
DAEMONS = ("task-engine", "gateway-telegram", "gateway-discord",
           "imap-ingest", "indexer", "scheduler", "api")


def pytest_addoption(parser):
    parser.addoption("--rounds", type=int, default=50,
                     help="rounds of the kill loop, at least (50)")


def pytest_configure(config):
    config.addinivalue_line(
        "markers", "xdist_group(name): with -n and --dist loadgroup, in one "
        "process: what they share is made once")
    config.addinivalue_line(
        "markers", "real_qmd: with the real qmd; chosen only where "
        "scripts/deps --qmd installed that")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config, items):
    """What takes longest begins first, so that no worker is left alone with
    it at the end: the kill loop, then the groups."""
    if not (ROOT / "build-qmd/node_modules/.bin/qmd").exists():
        without = [i for i in items if i.get_closest_marker("real_qmd")]
        items[:] = [i for i in items if i not in without]
        config.hook.pytest_deselected(items=without)
    items.sort(key=lambda item: (
        item.path.stem != "test_kill_loop",
        item.get_closest_marker("xdist_group") is None))


def build_dir():
    named = os.environ.get("AGENT_RUNTIME_BUILD")
    if named:
        return pathlib.Path(named).resolve()
    found = [p for p in ROOT.glob("build*") if all(
        (p / "services" / name / name).exists()
        for name in ("agent-runtime",) + DAEMONS)]
    if not found:
        raise RuntimeError("no build directory with the whole suite: meson "
                           "setup build && ninja -C build, or set "
                           "AGENT_RUNTIME_BUILD")
    return max(found, key=lambda p: max(
        (p / "services" / name / name).stat().st_mtime for name in DAEMONS))


def program(name):
    """The path of a program in the build directory."""
    return build_dir() / "services" / name / name


def wait_for(what, check, timeout=10.0, step=0.01):
    """Calls check until it gives something true; that is returned."""
    deadline = time.monotonic() + timeout * SLOW
    while True:
        got = check()
        if got:
            return got
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {timeout:g} s in vain for {what}")
        time.sleep(step)


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path, timeout):
        super().__init__("localhost", timeout=timeout)
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Answer:
    """An HTTP answer: status, headers (lower case), body, json."""

    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"<{self.status} {self.body[:300]!r}>"


class Suite:
    def __init__(self, env=None, args=(), data=None, start=True):
        self.tmp = pathlib.Path(tempfile.mkdtemp(prefix="ar-", dir="/tmp"))
        # Reached by others, so that as root each daemon has its own uid.
        self.tmp.chmod(0o755)
        self.data = pathlib.Path(data) if data else self.tmp / "data"
        self.args = list(args)
        self.sets = dict(env or {})
        self.wrapper = []  # what serve is started by
        self.runs = 0
        self.process = None
        if start:
            self.start()

    # -- starting and stopping ------------------------------------------

    def environment(self):
        """Nothing of ours from outside, so that tests do not depend on it."""
        env = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"),
               "LANG": "C.UTF-8", "HOME": str(self.tmp),
               "AGENT_RUNTIME_DATA_DIR": str(self.data),
               "AGENT_RUNTIME_HTTP_ADDR": "off"}
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS"):
            if name in os.environ:
                env[name] = os.environ[name]
        env.update({k: str(v) for k, v in self.sets.items()})
        return env

    @property
    def log_path(self):
        return self.tmp / f"serve-{self.runs}.log"

    def start(self, wait=True, timeout=20.0):
        self.runs += 1
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                [*self.wrapper, str(program("agent-runtime")), "serve",
                 *self.args], cwd=self.tmp, env=self.environment(),
                stdin=subprocess.DEVNULL, stdout=log,
                stderr=subprocess.STDOUT, start_new_session=True)
        if wait:
            self.wait_ready(timeout)
        return self

    def stop(self, timeout=10.0):
        """SIGTERM; returns the exit status."""
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(timeout * SLOW)
            except subprocess.TimeoutExpired:
                self.kill_group()
                raise AssertionError(
                    "serve did not stop:\n" + self.log()[-4000:])
        status = self.process.returncode
        self.process = None
        return status

    def kill_group(self):
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()

    def close(self):
        """Stops it, complains about sanitizer reports, removes the files."""
        try:
            self.stop()
        finally:
            logs = self.all_logs()
            keep = os.environ.get("AGENT_RUNTIME_TEST_KEEP")
            if not keep:
                shutil.rmtree(self.tmp, ignore_errors=True)
        found = SANITIZER.search(logs)
        assert not found, logs[max(0, found.start() - 500):][:6000]

    def wait_ready(self, timeout=20.0):
        def check():
            if self.process and self.process.poll() is not None:
                raise AssertionError(
                    f"serve ended with {self.process.returncode}:\n"
                    + self.log()[-4000:])
            try:
                return self.http("GET", "/readyz", timeout=2).status == 200
            except OSError:
                return False
            except http.client.HTTPException:
                return False
        try:
            wait_for("/readyz", check, timeout)
        except AssertionError as e:
            raise AssertionError(f"{e}\n{self.log()[-4000:]}") from None

    # -- what it says ---------------------------------------------------

    def log(self):
        """What this run of serve wrote, daemons included."""
        try:
            return self.log_path.read_text(errors="replace")
        except FileNotFoundError:
            return ""

    def all_logs(self):
        paths = sorted(self.tmp.glob("serve-*.log"))
        paths += sorted((self.data / "log").glob("*"))
        return "\n".join(p.read_text(errors="replace") for p in paths
                         if p.is_file())

    def wait_log(self, pattern, timeout=10.0):
        return wait_for(f"log line {pattern!r}",
                        lambda: re.search(pattern, self.log()), timeout)

    # -- its processes --------------------------------------------------

    def pids(self):
        """{daemon: pid} of serve's live children; fixed names without
        ".main"."""
        found = {}
        if self.process is None:
            return found
        for stat in glob.glob("/proc/[0-9]*/stat"):
            try:
                text = pathlib.Path(stat).read_text()
                pid = int(text.split(" ", 1)[0])
                fields = text.rsplit(")", 1)[1].split()
                if int(fields[1]) != self.process.pid or fields[0] == "Z":
                    continue
                exe = os.readlink(f"/proc/{pid}/exe")
                env = pathlib.Path(f"/proc/{pid}/environ").read_bytes()
            except (OSError, ValueError, IndexError):
                continue
            name = os.path.basename(exe).split(" ")[0]
            instance = re.search(rb"AGENT_RUNTIME_INSTANCE=([^\0]*)", env)
            if instance and instance[1] not in (b"", b"main"):
                name += "." + instance[1].decode()
            found[name] = pid
        return found

    def pid(self, daemon, timeout=10.0):
        return wait_for(f"a process {daemon}",
                        lambda: self.pids().get(daemon), timeout)

    def kill(self, daemon, signo=signal.SIGKILL):
        """Signals one daemon, or "serve"; returns the pid that it had."""
        pid = self.process.pid if daemon == "serve" else self.pid(daemon)
        os.kill(pid, signo)
        if daemon == "serve" and signo == signal.SIGKILL:
            self.process.wait()
        elif signo == signal.SIGKILL:
            # The dying one is not taken for the next one.
            wait_for(f"the end of {daemon}", lambda: not os.path.exists(
                f"/proc/{pid}/exe"))
        return pid

    def wait_cursor(self, instance, timeout=20):
        """Until the engine knows the gateway's session: what is killed before
        begins anew, and was never told what came in between."""
        db = self.data / "agent-runtime/meta.sqlite"

        def known():
            with contextlib.closing(sqlite3.connect(
                    f"file:{db}?mode=ro", uri=True)) as c:
                return c.execute("SELECT 1 FROM cursors WHERE instance = ? "
                                 "AND cursor <> ''", (instance,)).fetchone()
        wait_for(f"the cursor of {instance}", known, timeout)

    # -- talking to it --------------------------------------------------

    @property
    def socket(self):
        return self.data / "run" / "api.sock"

    def token(self):
        path = self.data / "run" / "admin.token"
        return wait_for("admin.token", lambda: path.exists() and
                        path.read_text().strip())

    def http(self, method, path, body=None, headers=None, token=None,
             timeout=30.0, socket_path=None, tcp=None):
        """One request. body: bytes as they are, anything else as JSON. Without
        a token the owner's uid is the credential. tcp=(host, port)."""
        head = dict(headers or {})
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        if body is not None:
            head.setdefault("Content-Type", "application/json")
        if token:
            head["Authorization"] = "Bearer " + token
        if tcp:
            conn = http.client.HTTPConnection(*tcp, timeout=timeout * SLOW)
        else:
            conn = UnixConnection(socket_path or self.socket, timeout * SLOW)
        try:
            conn.request(method, path, body=body, headers=head)
            got = conn.getresponse()
            return Answer(got.status,
                          {k.lower(): v for k, v in got.getheaders()},
                          got.read())
        finally:
            conn.close()

    def chat(self, text, key=None, timeout=30.0, **fields):
        """POST /api/v1/chat, waiting past 202; returns the reply's JSON."""
        headers = {"Idempotency-Key": key} if key else {}
        got = self.http("POST", "/api/v1/chat", {"text": text, **fields},
                        headers, timeout=timeout)
        if got.status == 202:
            path = "/api/v1/chat?id=" + got.json["id"]
            got = wait_for("the reply", lambda: (
                lambda a: a if a.status != 202 else None)(
                    self.http("GET", path)), timeout, 0.1)
        assert got.status == 200, got
        return got.json

    def heartbeat(self):
        return self.http("GET", "/api/v1/heartbeat").json

    def run(self, *args, input=None, timeout=60.0, env=None):
        """`agent-runtime <args>` against this suite; a CompletedProcess with
        text."""
        return subprocess.run(
            [str(program("agent-runtime")), *args], cwd=self.tmp,
            env={**self.environment(), **(env or {})}, input=input, text=True,
            capture_output=True, timeout=timeout * SLOW, check=False)

    def spawn(self, *args):
        """The same, not waited for; a Popen with pipes of text."""
        return subprocess.Popen(
            [str(program("agent-runtime")), *args], cwd=self.tmp,
            env=self.environment(), stdin=subprocess.DEVNULL, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    """A test that fails shows what its suites said last: what fails beside the
    others alone may not do so again."""
    report = (yield).get_result()
    if not report.failed:
        return
    values = [v for given in item.funcargs.values()
              for v in getattr(given, "made", [given])]
    for s in {id(v): v for v in values if isinstance(v, Suite)}.values():
        report.sections.append((f"end of {s.log_path}", s.log()[-8000:]))


@pytest.fixture
def suite():
    """Makes suites that are stopped and checked at the end of the test:
    suite(NAME="value", …) or suite(env={…}, args=[…], start=False)."""
    made = []

    def make(env=None, args=(), data=None, start=True, **sets):
        s = Suite({**(env or {}), **sets}, args, data, start=False)
        made.append(s)
        if start:
            s.start()
        return s

    make.made = made
    yield make
    troubles = []
    for s in made:
        try:
            s.close()
        except AssertionError as e:
            troubles.append(str(e))
    assert not troubles, "\n".join(troubles)


@pytest.fixture(scope="module")
def shared_suite():
    """One suite with default settings for all tests of a file that change
    nothing in it that another would notice."""
    s = Suite()
    yield s
    s.close()


@pytest.fixture(scope="module")
def api():
    """One suite with a TCP listener for the whole file."""
    s = Suite({"AGENT_RUNTIME_HTTP_ADDR": "127.0.0.1:0"})
    line = s.wait_log(r"listening listener=local address=127\.0\.0\.1:(\d+)")
    s.tcp = ("127.0.0.1", int(line[1]))
    yield s
    s.close()
