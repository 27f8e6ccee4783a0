"""One daemon alone, and the peers at its doors, without nng: its wire format
over ipc is eight bytes of greeting and length-prefixed messages.

    with Daemon("indexer", tmp_path, ["indexer/task-engine.main"]) as d:
        engine = d.dial("indexer/task-engine.main")
        hits = engine.ask("search.query", {...})

The other way round, Listener plays the one who owns the door.
"""

import contextlib
import json
import os
import pathlib
import re
import secrets
import select
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import time

import pytest

import conftest

PUB, SUB, REQ, REP = 0x20, 0x21, 0x30, 0x31
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def ulid():
    value = (int(time.time() * 1000) << 80) | secrets.randbits(80)
    return "".join(CROCKFORD[(value >> (5 * i)) & 31]
                   for i in reversed(range(26)))


@pytest.fixture
def place():
    """A directory of few letters: the path of a socket may have 107."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="dr-", dir="/tmp"))
    yield path
    shutil.rmtree(path, ignore_errors=True)


class Refused(Exception):
    def __init__(self, error):
        super().__init__(f"{error['code']}: {error['text']}")
        self.code = error["code"]
        self.text = error["text"]


class Pipe:
    """One connection: greeting, then whole messages."""

    def __init__(self, sock, protocol):
        self.sock = sock
        sock.sendall(b"\0SP\0" + struct.pack(">HH", protocol, 0))
        greeting = self.read(8)
        assert greeting[:4] == b"\0SP\0", greeting

    def read(self, size):
        data = b""
        while len(data) < size:
            got = self.sock.recv(size - len(data))
            if not got:
                raise EOFError("the other end has left")
            data += got
        return data

    def send(self, data):
        self.sock.sendall(b"\1" + struct.pack(">Q", len(data)) + data)

    def receive(self):
        head = self.read(9)
        return self.read(struct.unpack(">Q", head[1:])[0])


def envelope(type_, from_, key, body, **more):
    return {"v": 1, "id": ulid(), "type": type_, "from": from_,
            "at": int(time.time() * 1000), "key": key, "body": body, **more}


class Peer:
    """Who dials a door: asks (req) or tells (tell)."""

    def __init__(self, daemon, door, how="req"):
        self.door, self.key = door, daemon.keys[door]
        listener, self.name = door.split("/")
        path = daemon.run_dir / listener / f"{self.name}.{how}"

        def connect():
            sock = socket.socket(socket.AF_UNIX)
            sock.settimeout(20 * conftest.SLOW)
            try:
                sock.connect(str(path))
            except (FileNotFoundError, ConnectionRefusedError):
                sock.close()
                return None
            return sock

        self.pipe = Pipe(conftest.wait_for(f"the door {path}", connect),
                         REQ if how == "req" else PUB)

    def send(self, type_, body, **more):
        head = dict(more)
        head.setdefault("deadline", int(time.time() * 1000) + 20000)
        message = envelope(type_, self.name, self.key, body, **head)
        number = secrets.randbits(31) | 1 << 31
        self.pipe.send(struct.pack(">I", number) +
                       json.dumps(message).encode())
        return number

    def wait(self, number):
        while True:
            data = self.pipe.receive()
            if struct.unpack(">I", data[:4])[0] == number:
                return json.loads(data[4:])

    def ask(self, type_, body, **more):
        """The body of the answer, or Refused."""
        got = self.wait(self.send(type_, body, **more))
        if not got["ok"]:
            raise Refused(got["error"])
        return got["body"]

    def tell(self, type_, body):
        self.pipe.send(json.dumps(
            envelope(type_, self.name, self.key, body)).encode())


class Listener:
    """Who owns a door for requests: takes and answers them one by one."""

    def __init__(self, daemon, door):
        listener, self.peer = door.split("/")
        self.name = listener + ".main"
        folder = daemon.run_dir / listener
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(20 * conftest.SLOW)
        self.sock.bind(str(folder / f"{self.peer}.req"))
        self.sock.listen()
        self.waiting = []

    def take(self):
        """(envelope, answer): the next request and what answers it."""
        while True:
            ready, _, _ = select.select([self.sock, *self.waiting], [], [],
                                        20 * conftest.SLOW)
            assert ready, "nothing was asked"
            for sock in ready:
                if sock is self.sock:
                    got, _ = self.sock.accept()
                    got.settimeout(20 * conftest.SLOW)
                    # Whoever dialled may be killed meanwhile, or only probe.
                    with contextlib.suppress(OSError, EOFError, AssertionError):
                        self.waiting.append(PipeSocket(got))
                    continue
                try:
                    return sock.take(self.name)
                except (EOFError, OSError):
                    self.waiting.remove(sock)


class PipeSocket:
    def __init__(self, sock):
        self.pipe = Pipe(sock, REP)

    def fileno(self):
        return self.pipe.sock.fileno()

    def take(self, name):
        data = self.pipe.receive()
        asked = json.loads(data[4:])

        def answer(body, error=None):
            reply = {"v": 1, "id": asked["id"], "type": asked["type"],
                     "from": name, "at": int(time.time() * 1000),
                     "ok": error is None}
            reply["error" if error else "body"] = error or body
            # Whoever asked may have been stopped meanwhile.
            with contextlib.suppress(BrokenPipeError):
                self.pipe.send(data[:4] + json.dumps(reply).encode())

        return asked, answer


class Daemon:
    def __init__(self, name, tmp, doors, env=None, start=True):
        self.name = name
        self.tmp = pathlib.Path(tmp)
        self.data = self.tmp / "data"
        self.run_dir = self.data / "run"
        self.run_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.keys = {door: secrets.token_hex(32) for door in doors}
        self.key_file = self.tmp / f"{name}.keys"
        self.key_file.write_text(
            "".join(f"{d} {k}\n" for d, k in self.keys.items()))
        self.key_file.chmod(0o600)
        self.sets = dict(env or {})
        self.log_path = self.tmp / f"{name}.log"
        self.process = None
        if start:
            self.start()

    def start(self, args=(), **more):
        env = {"PATH": "/usr/bin:/bin", "AGENT_RUNTIME_DATA_DIR": self.data,
               "AGENT_RUNTIME_DOOR_KEY_FILE": self.key_file, **self.sets,
               **{n: os.environ[n] for n in (
                   "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS")
                   if n in os.environ}, **more}
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                [str(conftest.program(self.name)), *args],
                env={k: str(v) for k, v in env.items()},
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        return self

    def log(self):
        return self.log_path.read_text(errors="replace")

    def wait_log(self, pattern, timeout=20.0):
        return conftest.wait_for(
            f"{pattern!r} in\n{self.log()}",
            lambda: re.search(pattern, self.log()), timeout)

    def dial(self, door, how="req"):
        return Peer(self, door, how)

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process = None

    def stop(self):
        """SIGTERM; the exit status."""
        if self.process is None:
            return None
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(30 * conftest.SLOW)
        self.process = None
        return status

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        status = self.stop()
        if kind is None:
            assert status in (None, 0), self.log()
            assert not conftest.SANITIZER.search(self.log()), self.log()
