"""The suite that a bench measures: its own directory, real daemons."""

import http.client
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = ROOT / "build-bench"
PROGRAM = BUILD / "services/agent-runtime/agent-runtime"
DAEMONS = 7


def run_json(*argv):
    out = subprocess.run([str(a) for a in argv], check=True,
                         capture_output=True, text=True).stdout
    return json.loads(out.splitlines()[-1])


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Suite:
    """The real suite in a directory of its own, by `serve`."""

    def __init__(self, **environment):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="ar-bench-"))
        self.data = self.dir / "data"
        self.port = free_port()
        self.environment = {
            "PATH": "/usr/bin:/bin", "AGENT_RUNTIME_DATA_DIR": str(self.data),
            "AGENT_RUNTIME_HTTP_ADDR": f"127.0.0.1:{self.port}",
            **environment,
        }
        self.process = None

    def start(self):
        self.log = open(self.dir / "log", "ab")
        self.process = subprocess.Popen(
            [PROGRAM, "serve", "--door-keys", self.dir / "keys"], cwd=self.dir,
            env=self.environment, stdin=subprocess.DEVNULL,
            stdout=self.log, stderr=self.log)

    def token(self):
        return (self.data / "run/admin.token").read_text().strip()

    def get(self, path):
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        headers = {}
        if path.startswith("/api/"):
            headers["Authorization"] = "Bearer " + self.token()
        c.request("GET", path, headers=headers)
        r = c.getresponse()
        body = r.read()
        c.close()
        return r.status, body

    def is_complete(self):
        try:
            if self.get("/readyz")[0] != 200:
                return False
            status, body = self.get("/api/v1/heartbeat")
            states = [c["state"] for c in json.loads(body)["components"]]
            well = sum(s in ("healthy", "disabled") for s in states)
            return status == 200 and well >= DAEMONS
        except (OSError, http.client.HTTPException, KeyError, ValueError):
            return False

    def wait(self, seconds=10):
        deadline = time.monotonic() + seconds
        while not self.is_complete():
            if time.monotonic() > deadline:
                said = (self.dir / "log").read_text()[-2000:]
                self.stop()
                raise SystemExit(
                    "bench: the suite did not become ready: " + said)
            time.sleep(0.002)

    def pids(self):
        children = pathlib.Path(
            f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [self.process.pid] + [int(p) for p in
                                     children.read_text().split()]

    def pid_of(self, name):
        return next(p for p in self.pids()
                    if os.readlink(f"/proc/{p}/exe").endswith("/" + name))

    def chat(self, text, key=None):
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        c.request("POST", "/api/v1/chat", json.dumps({"text": text}), {
            "Content-Type": "application/json",
            "Authorization": "Bearer " + self.token(),
            "Idempotency-Key": key or uuid.uuid4().hex})
        r = c.getresponse()
        return json.loads(r.read())

    def stop(self):
        if self.process:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(timeout=10)
        shutil.rmtree(self.dir, ignore_errors=True)

    def __enter__(self):
        self.start()
        self.wait()
        return self

    def __exit__(self, *_):
        self.stop()


def pss_mib(pids):
    total = 0
    for pid in pids:
        for line in open(f"/proc/{pid}/smaps_rollup"):
            if line.startswith("Pss:"):
                total += int(line.split()[1])
    return total / 1024
