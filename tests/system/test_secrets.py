"""Canary secrets: each is found in the one place that owns it and nowhere
else: not in an environment, a command line, a log, an error, or a file."""

import os
import pathlib
import re

from conftest import wait_for

CANARIES = {
    "AGENT_RUNTIME_LLM_API_KEY": "canary-model-7f3a91",
    "AGENT_RUNTIME_TELEGRAM_TOKEN": "1234567:canary-telegram-22bb",
    "AGENT_RUNTIME_DISCORD_TOKEN": "canary-discord-93cc10",
    "AGENT_RUNTIME_IMAP_PASSWORD": "canary-imap-55dd77",
}
READER = {
    "AGENT_RUNTIME_LLM_API_KEY": "task-engine",
    "AGENT_RUNTIME_TELEGRAM_TOKEN": "gateway-telegram",
    "AGENT_RUNTIME_DISCORD_TOKEN": "gateway-discord",
    "AGENT_RUNTIME_IMAP_PASSWORD": "imap-ingest",
}


def with_canaries(suite, **more):
    return suite(AGENT_RUNTIME_IMAP_HOST="mail.invalid",
                 AGENT_RUNTIME_IMAP_USERNAME="somebody",
                 # Nothing listens there: the key goes nowhere.
                 AGENT_RUNTIME_LLM_BASE_URL="http://127.0.0.1:9/v1",
                 AGENT_RUNTIME_TELEGRAM_API_BASE="http://127.0.0.1:9",
                 AGENT_RUNTIME_LOG_LEVEL="debug", **CANARIES, **more)


def found_in(path, secret):
    try:
        return secret.encode() in pathlib.Path(path).read_bytes()
    except OSError:
        return False


def all_files(root):
    for folder, _, names in os.walk(root):
        for name in names:
            path = pathlib.Path(folder) / name
            if path.is_file() and not path.is_symlink():
                yield path


def test_no_environment_or_command_line_shows_a_secret(suite):
    s = with_canaries(suite)
    pids = {**s.pids(), "serve": s.process.pid}
    assert len(pids) >= 8
    for program, pid in pids.items():
        for name, secret in CANARIES.items():
            for what in ("environ", "cmdline"):
                assert not found_in(f"/proc/{pid}/{what}", secret), (
                    program, what, name)


def test_a_daemon_gets_only_its_own_secrets(suite):
    """Asked of each process's memory, which only root may read."""
    s = with_canaries(suite)
    for program, pid in s.pids().items():
        own = {name for name, daemon in READER.items() if daemon == program}
        assert in_memory(pid, CANARIES) == own, program


def written(pid):
    """Where its memory was written to. Sanitizers reserve terabytes: what is
    big is not ours."""
    with open(f"/proc/{pid}/smaps", encoding="utf-8") as smaps:
        for line in smaps:
            if ends := re.match("([0-9a-f]+)-([0-9a-f]+) (..)", line):
                start, end = int(ends[1], 16), int(ends[2], 16)
                is_ours = ends[3] == "rw" and end - start <= 1 << 28
            elif is_ours and re.match("(Rss|Swap): +[1-9]", line):
                yield start, end


def in_memory(pid, secrets):
    """The names of those secrets that its memory holds."""
    found = set()
    with open(f"/proc/{pid}/mem", "rb", 0) as mem:
        for start, end in set(written(pid)):
            try:
                mem.seek(start)
                text = mem.read(end - start)
            except (OSError, ValueError, OverflowError):
                continue
            found |= {name for name, secret in secrets.items()
                      if secret.encode() in text}
    return found


def test_no_file_log_or_answer_shows_a_secret(suite):
    s = with_canaries(suite)
    token = s.token()
    made = s.run("token", "add", "canary", "--connector", "codex")
    assert made.returncode == 0, made.stderr
    tool = re.search(r"[A-Za-z0-9_-]{32,}", made.stdout)[0]
    s.chat("What do you know about pairing?", timeout=60)
    s.http("GET", "/api/v1/info", token=tool)
    s.http("GET", "/api/v1/tasks", token="wrong-" + token)
    shown = s.run("config", "--json").stdout + s.run("doctor").stdout
    wait_for("the turn's log lines", lambda: "ready" in s.log())
    texts = {"config and doctor": shown, "logs": s.all_logs()}
    secrets = {**CANARIES, "admin.token": token, "tool": tool}
    owner = {"admin.token": s.data / "run/admin.token"}
    for name, secret in secrets.items():
        for where, text in texts.items():
            assert secret not in text, (name, where)
        for path in all_files(s.data):
            if path != owner.get(name):
                assert not found_in(path, secret), (name, path)
    assert found_in(owner["admin.token"], token)
