"""What a context may read: a canary in each private place of a sibling
channel, and every way tried to get it out, with the real indexer."""

import contextlib
import hashlib
import os
import re
import signal
import time

import pytest

from community import SPACE, Community, ModelStub, with_model
from conftest import wait_for
from door import Daemon, place  # noqa: F401
from engine_alone import INDEXER

HERE, THERE, ADMINS = "-100", "-200", "-900"
GUEST, MEMBER, ADMIN = "41", "42", "43"


class Readers(Community):
    """Two rooms of one workspace, and an indexer that reads their files."""

    def __init__(self, tmp, env=None):
        super().__init__(tmp, env)
        self.indexer = Daemon("indexer", tmp, [INDEXER], start=False)
        self.indexer.key_file.write_text(self.key_file.read_text())
        self.inbound("m:there", "hi", chat=THERE, space_id=SPACE)
        self.admin_room(ADMINS)
        self.role(MEMBER, "member")
        self.role(ADMIN, "admin")
        self.folder = self.data / "workspaces" / self.workspace()
        self.there = self.sql("SELECT id FROM contexts WHERE external_id = ?",
                              THERE)[0][0]
        self.plant()
        self.indexer.start()

    def plant(self):
        """{path: canary} of what belongs to THERE, or to nobody here."""
        self.write(
            "INSERT INTO tasks (id, workspace_id, context_id, kind, title,"
            " prompt, status, asked_by, created_ms, instance, result_path)"
            " VALUES ('t', ?, ?, 'general', 't', 'p', 'succeeded', 'local',"
            " 1, 'telegram.main', 'tasks/2026/01/01/t.md')",
            self.workspace(), self.there)
        self.own = {
            f"memory/contexts/{self.there}.md": "zqmemory",
            f"inbox/telegram/{THERE}/note.md": "zqinbox",
            f"scratch/{self.there}/draft.md": "zqscratch",
            "tasks/2026/01/01/t.md": "zqtask",
        }
        self.nobodys = {
            "ops/heartbeat.md": "zqops",
            "context/SYSTEM_PROMPT.md": "zqprompt",
            f"context/agents/{self.there}/SOUL.md": "zqsoul",
            "skills/common/secret.md": "zqskill",
            "inbox/telegram/-300/other.md": "zqother",
        }
        for path, canary in {**self.own, **self.nobodys,
                             "shared.md": "zqshared"}.items():
            file = self.folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(f"# About {canary}\n\nThe word is {canary}.\n")
        self.say("the word is zqlog", chat=THERE, user=GUEST)
        self.own[f"logs/chats/telegram/{THERE}.md"] = "zqlog"

    def got(self, text, user, chat):
        return self.answered(self.say(text, user, chat=chat,
                                      is_addressed=True))

    def __exit__(self, kind, value, trace):
        with contextlib.suppress(AttributeError):
            self.indexer.__exit__(kind, value, trace)
        super().__exit__(kind, value, trace)


@pytest.fixture
def readers(place):  # noqa: F811
    with Readers(place) as r:
        wait_for("the index to be there", lambda: "zqshared" in r.got(
            "/search zqshared", GUEST, HERE), 20)
        yield r


def ways(path, canary):
    """What somebody may try who knows or guesses the place."""
    return [
        f"/search {canary}", f"search for {canary} please",
        f"what do the docs say about {canary} in the workspace?",
        f"/open {path}", f"/open {path}:1", f"/open ./{path}",
        f"/open x/../{path}", f"/open {path.upper()}",
        f"/open {path.replace('/', '//')}", f"open file {path}",
        f"/open {path.replace('-', '%2D')}",
    ]


def test_a_number_means_the_search_that_was_sent_before(readers):
    """Though the indexer has yet to answer that one."""
    for name in ("lions", "zebras"):
        (readers.folder / f"{name}.md").write_text(f"About {name}.\n")
    wait_for("the first list", lambda: "lions.md" in readers.got(
        "/search lions", MEMBER, HERE))
    os.kill(readers.indexer.process.pid, signal.SIGSTOP)
    search, number, later = [readers.say(text, MEMBER, chat=HERE) for text in (
        "/search zebras", "/open 1", "/search lions")]
    os.kill(readers.indexer.process.pid, signal.SIGCONT)
    assert "zebras.md" in readers.answered(search)
    assert "About zebras" in readers.answered(number)
    assert "lions.md" in readers.answered(later)


@pytest.mark.parametrize("user", [GUEST, ADMIN])
def test_nothing_of_a_sibling_channel_comes_out(readers, user):
    """G-29."""
    private = {**readers.own, **readers.nobodys}
    for path, canary in private.items():
        for way in ways(path, canary):
            text = readers.got(way, user, HERE)
            # What was asked is quoted back; the file's words are not.
            assert f"The word is {canary}" not in text, (way, text)
            assert f"About {canary}" not in text, (way, text)
            assert "result(s)" not in text or path not in text, (way, text)


def test_a_short_id_from_elsewhere_opens_nothing(readers):
    found = wait_for("a hit with its short id", lambda: re.findall(
        r"#[0-9a-f]{6,}", readers.got("/search zqinbox", GUEST, THERE)), 20)
    for short in found:
        assert "The word is zqinbox" in readers.got(
            f"/open {short}", GUEST, THERE)
        assert "The word" not in readers.got(f"/open {short}", ADMIN, HERE)


def test_a_channel_reads_what_is_its_own_and_no_more(readers):
    for path, canary in readers.own.items():
        text = wait_for(path, lambda p=path, c=canary: (
            lambda t: t if c in t else None)(
                readers.got(f"/open {p}", GUEST, THERE)), 20)
        assert canary in text
    for path, canary in readers.nobodys.items():
        assert canary not in readers.got(f"/open {path}", ADMIN, THERE)


def test_an_admin_reads_all_among_admins_and_a_guest_there_does_not(readers):
    everything = {**readers.own, **readers.nobodys}
    for path, canary in everything.items():
        if path.startswith(("logs/",)):
            continue
        assert canary in readers.got(f"/open {path}", ADMIN, ADMINS), path
        assert canary not in readers.got(f"/open {path}", MEMBER, ADMINS)
    # It takes effect with the next message.
    readers.role(ADMIN, None)
    for path, canary in everything.items():
        assert canary not in readers.got(f"/open {path}", ADMIN, ADMINS)


def test_no_canary_reaches_a_model_that_is_asked_elsewhere(place):  # noqa: F811
    with ModelStub(key="sk-canary-model-0123456789") as stub:
        stub.reply = "Nothing."
        env = with_model(stub, AGENT_RUNTIME_AGENT_GROUNDING_FIRST_STEP="true")
        with Readers(place, env) as readers:
            wait_for("the index", lambda: "zqshared" in readers.got(
                "/search zqshared", GUEST, HERE), 20)
            private = {**readers.own, **readers.nobodys}
            for canary in private.values():
                readers.got(f"which file in the workspace docs explains "
                            f"{canary} and where is its policy?", ADMIN, HERE)
            # A workspace's prompt and skills are for the model, and only
            # they; what is for another conversation is not.
            meant = {"zqprompt", "zqskill"}
            assert stub.requests
            for request in stub.requests:
                text = str(request)
                for canary in set(private.values()) - meant:
                    assert f"The word is {canary}" not in text, canary


def test_counts_and_suggestions_leak_nothing(readers):
    """A search that finds only what may not be read finds nothing: no count,
    no path, no title (the scope goes with the question)."""
    for canary in {**readers.own, **readers.nobodys}.values():
        text = readers.got(f"/search {canary}", MEMBER, HERE)
        assert "result(s)" not in text and ".md" not in text, text


def test_time_goes_on(readers):
    """A file that appears later is as private as one that was there."""
    path = readers.folder / "scratch" / readers.there / "late.md"
    path.write_text("# Late\n\nThe word is zqlate.\n")
    deadline = time.monotonic() + 20
    while "zqlate" not in readers.got(
            f"/open scratch/{readers.there}/late.md", GUEST, THERE):
        assert time.monotonic() < deadline
    assert "The word" not in readers.got("/search zqlate", MEMBER, HERE)


def test_what_people_change_is_noted_and_our_own_writing_is_not(readers):
    """The engine knows its own files by their hashes."""
    def changes():
        return readers.sql("SELECT path, change FROM document_changes"
                           " WHERE workspace_id = ?", readers.workspace())

    own = f"scratch/{readers.there}/own.md"
    readers.write(
        "INSERT INTO files (workspace_id, path, content, state, updated_ms)"
        " VALUES (?, ?, 'one', 'pending', 1)", readers.workspace(), own)
    readers.write(
        "INSERT INTO own_writes (workspace_id, path, sha256, written_ms,"
        " seen_ms) VALUES (?, ?, ?, 1, 0)", readers.workspace(), own,
        hashlib.sha256(b"one").hexdigest())
    readers.say("hi", chat=THERE, user=GUEST)
    wait_for("our file", lambda: (readers.folder / own).exists())
    (readers.folder / "plan.md").write_text("# Plan\n")
    wait_for("the change", lambda: ("plan.md", "appeared") in changes())
    assert own not in [path for path, _ in changes()]
    readers.wait_log('document-changed .*path="?plan.md"? change=appeared')
    # Somebody edits what was ours.
    (readers.folder / own).write_text("two")
    wait_for("the edit", lambda: (own, "changed") in changes())
    (readers.folder / own).unlink()
    wait_for("the end", lambda: (own, "vanished") in changes())
    # What was there before the index was is no news.
    assert "shared.md" not in [path for path, _ in changes()]
