"""docs/channels/codex.md: every command in it, in its order, in one shell."""

import json
import os
import re
import subprocess

import pytest

from conftest import ROOT, program

PAGE = (ROOT / "docs/channels/codex.md").read_text()
ADDRESS = "127.0.0.1:8080"


def commands():
    """The indented blocks, but for answers, which begin with a brace."""
    blocks = re.findall(r"(?:^    .*\n)+", PAGE, re.M)
    return [re.sub(r"^    ", "", b, flags=re.M) for b in blocks
            if not b.startswith("    {")]


@pytest.fixture
def said(suite):
    """What each block printed."""
    s = suite(AGENT_RUNTIME_HTTP_ADDR="127.0.0.1:0",
              AGENT_RUNTIME_GUEST_COMMANDS="status,task")
    address = s.wait_log(r"(127\.0\.0\.1:[1-9][0-9]*)").group(1)
    script = "set -euo pipefail\n" + "".join(
        f"{block.replace(ADDRESS, address)}\necho; echo '--- end'\n"
        for block in commands())
    path = str(program("agent-runtime").parent)
    got = subprocess.run(
        ["bash", "-c", script], cwd=s.tmp, text=True, timeout=120,
        capture_output=True, env={**s.environment(), "PATH":
                                  path + ":" + os.environ["PATH"]})
    assert got.returncode == 0, got.stdout + got.stderr
    return [out.strip() for out in got.stdout.split("--- end\n")[:-1]], s


def test_what_the_page_says_is_so(said):
    out, s = said
    assert len(out) == len(commands()) == 8
    made, chat, again, task, tasks, repeated, shell, revoked = out
    assert made == ""
    assert re.fullmatch(r"art_\S+", (s.tmp / "editor.token").read_text()
                        .strip())
    assert (s.tmp / "editor.token").stat().st_mode & 0o077 == 0
    chat = json.loads(chat)
    assert chat["handled"] and chat["id"] == "editor-0001"
    assert json.loads(again)["reply"] == chat["reply"]
    task = json.loads(task)
    assert task["status"] == "queued"
    assert [i["title"] for i in json.loads(tasks)["items"]] == [
        "Release notes"]
    assert json.loads(repeated)["id"] == task["id"]
    assert "Release notes" in shell
    assert "editor" in revoked
    token, = s.http("GET", "/api/v1/tokens").json["items"]
    assert token["is_revoked"]
