"""./scripts/run, the first command of the README, as a newcomer uses it: on a
terminal, without one, and for one message. It builds the release when there is
none."""

import os
import pty
import re
import select
import shutil
import signal
import subprocess
import tempfile
import time

import pytest

from conftest import ROOT, SLOW, wait_for

pytestmark = pytest.mark.xdist_group("run")

BUILD_S = 400


@pytest.fixture(scope="module", autouse=True)
def built():
    subprocess.run([ROOT / "scripts/build-release", "build-release"],
                   check=True, timeout=BUILD_S, capture_output=True)


@pytest.fixture
def environment():
    """A data directory of its own; the rest as a newcomer has it."""
    folder = tempfile.mkdtemp(prefix="ar-run-", dir="/tmp")
    yield {**{k: v for k, v in os.environ.items()
              if not k.startswith("AGENT_RUNTIME_")},
           "AGENT_RUNTIME_DATA_DIR": folder + "/data",
           "AGENT_RUNTIME_HTTP_ADDR": "off", "TERM": "xterm"}
    shutil.rmtree(folder, ignore_errors=True)


def run(environment, *args, timeout=60):
    return subprocess.run([ROOT / "scripts/run", *args], env=environment,
                          stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=timeout * SLOW, check=False)


def nobody_runs(environment):
    """No process has this data directory in its environment."""
    needle = ("AGENT_RUNTIME_DATA_DIR="
              + environment["AGENT_RUNTIME_DATA_DIR"]).encode()
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/environ", "rb") as f:
                if needle in f.read():
                    return False
        except OSError:
            continue
    return True


def test_one_message_is_answered_and_everything_stops(environment):
    done = run(environment, "--message", "what can you do?")
    assert done.returncode == 0, done.stderr
    assert "welcome.md" in done.stdout
    assert "AGENT_RUNTIME_LLM_API_KEY" in done.stdout
    wait_for("everything to stop", lambda: nobody_runs(environment), 5)


def test_wrong_use(environment):
    assert run(environment, "--message").returncode == 2
    assert run(environment, "--no-such-flag").returncode == 2
    assert "--message" in run(environment, "--help").stdout


class Terminal:
    """./scripts/run on a terminal of its own."""

    def __init__(self, environment):
        self.text = ""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execve(ROOT / "scripts/run", ["run"], environment)

    def expect(self, pattern, timeout=60):
        deadline = time.monotonic() + timeout * SLOW
        while not re.search(pattern, self.text):
            left = deadline - time.monotonic()
            assert left > 0, f"no {pattern!r} in {self.text[-3000:]!r}"
            if select.select([self.fd], [], [], left)[0]:
                try:
                    self.text += os.read(self.fd, 65536).decode(
                        errors="replace")
                except OSError:
                    raise AssertionError(self.text[-3000:]) from None
        return re.search(pattern, self.text)

    def say(self, line):
        self.text = ""
        os.write(self.fd, line.encode() + b"\r")

    def leave(self):
        self.say("/exit")
        deadline = time.monotonic() + 15 * SLOW
        while time.monotonic() < deadline:
            if select.select([self.fd], [], [], 0.1)[0]:
                try:
                    if not os.read(self.fd, 65536):
                        break
                except OSError:
                    break
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def test_a_terminal_gets_a_prompt_and_a_second_one_joins(environment):
    first = Terminal(environment)
    first.expect(r"you> ")
    assert environment["AGENT_RUNTIME_DATA_DIR"] in first.text
    assert "/help" in first.text
    first.say("how do I connect Telegram?")
    first.expect(r"telegram\.md")

    second = Terminal(environment)
    second.expect(r"you> ")
    second.say("/search pairing")
    second.expect(r"pairing\.md")
    assert second.leave() == 0

    # The second one only joined: the first still answers.
    first.say("/status")
    first.expect(r"indexed")
    assert first.leave() == 0
    wait_for("everything to stop", lambda: nobody_runs(environment), 5)


def test_without_a_terminal_it_stays_and_logs(environment):
    process = subprocess.Popen(
        [ROOT / "scripts/run"], env=environment, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        for line in process.stdout:
            if "suite-running" in line:
                break
        else:
            raise AssertionError("it ended before the suite ran")
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
        assert time.monotonic() - began < 3 * SLOW
    finally:
        process.kill()
        process.stdout.close()
