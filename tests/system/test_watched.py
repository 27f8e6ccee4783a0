"""A long answer is watched while it is made: one message that grows, at most
once a second, and is the answer in the end, whatever dies on the way."""

import contextlib
import sqlite3

import pytest

from conftest import SLOW, wait_for
from test_typing import KEY, ModelStub, OnDiscord, OnTelegram

WORDS = " ".join(f"word{i}" for i in range(400))  # 3,090 characters
DONE = "That is all."
ANSWER = f"{WORDS} {DONE}"
SURE = "confidence: 0.9\n"


class GrowsOnTelegram(OnTelegram):
    limit = 4096
    edit = "editMessageText"

    def messages(self):
        return [m["text"] for m in list(self.double.sent)
                if m["chat_id"] == 7]

    def edits(self):
        return [(p["text"], at) for m, p, at in list(self.double.calls)
                if m == self.edit]

    def limit_edits(self, after_s):
        self.double.fault(self.edit, "429", retry_after=after_s)

    def delete(self):
        self.double.on_loop(self.double.sent.pop)


class GrowsOnDiscord(OnDiscord):
    limit = 2000

    def messages(self):
        return self.answers(0)

    def edits(self):
        return [(text, at) for _, text, at in list(self.double.edits)]

    def limit_edits(self, after_s):
        self.double.fault("429-user", "PATCH", "/messages/",
                          retry_after=after_s)

    def delete(self):
        def go():
            message = self.double.messages.pop()
            del self.double.known[message["id"]]
        self.double.on_loop(go)


@pytest.fixture(params=[GrowsOnTelegram, GrowsOnDiscord],
                ids=["telegram", "discord"])
def platform(request):
    on = request.param()
    with on.double:
        yield on
        assert not on.problems()


@pytest.fixture
def up(suite, platform):
    """(suite, stub): the model is known not to begin in a thought."""
    with ModelStub(key=KEY) as stub:
        s = suite({**platform.settings(),
                   "AGENT_RUNTIME_CHAT_SHOW_AFTER_SECONDS": "1",
                   "AGENT_RUNTIME_LLM_BASE_URL": stub.url,
                   "AGENT_RUNTIME_LLM_API_KEY": KEY})
        platform.wait_session()
        stub.reply = "Hello."
        platform.ask(0, "as you said, who are you?")
        wait_for("an answer", lambda: platform.answers(0), 20)
        stub.reply = SURE + ANSWER
        stub.piece, stub.piece_ms = 18, 30 * SLOW  # five seconds and more
        yield s, stub


def unsent(s):
    db = s.data / "agent-runtime/meta.sqlite"
    with contextlib.closing(sqlite3.connect(
            f"file:{db}?mode=ro", uri=True)) as c:
        return c.execute("SELECT count(*) FROM outbox WHERE state <> 'sent'"
                         ).fetchone()[0]


def grown(platform):
    """Waits until the answer is whole; what the chat shows of it."""
    wait_for("the whole answer",
             lambda: "".join(platform.messages()).endswith(DONE), 90)
    return platform.messages()[1:]


def wait_growing(platform, n=2):
    wait_for("a message that grows", lambda: len(platform.edits()) >= n, 30)


def hurry(stub):
    """What it says so slowly has been seen."""
    stub.piece_ms = 1


def check_edits(platform):
    """Each is the beginning of the answer, longer than the one before."""
    *partial, (last, _) = platform.edits()
    assert not last.endswith("…")
    # What no longer fits is cut between words: that may be a little less than
    # what did fit.
    cut = platform.limit - 20
    sizes = [min(len(text), cut) for text, _ in partial]
    assert sizes == sorted(sizes)
    for text, _ in partial:
        if text.endswith(" …"):
            assert ANSWER.startswith(text[:-2])
    # One may have been late in getting here, but not all of them.
    assert len(partial) <= 2 + partial[-1][1] - partial[0][1]


def test_it_grows_and_is_one_message(platform, up):
    _, stub = up
    platform.ask(0, "as you said, all of it?")
    wait_growing(platform)
    first = platform.edits()[0][0]
    assert first.endswith(" …") and ANSWER.startswith(first[:-2])
    shown = grown(platform)
    assert len(shown) == -(-len(ANSWER) // platform.limit)
    assert " ".join(shown) == ANSWER
    check_edits(platform)
    assert stub.problems == []


def test_a_short_answer_is_said_once(platform, up):
    _, stub = up
    stub.reply = "Short. " + DONE
    platform.ask(0, "as you said, all of it?")
    assert grown(platform) == [stub.reply]
    assert not platform.edits()


def test_what_must_not_be_seen_is_not_shown(platform, up):
    _, stub = up
    stub.reply = f"<think>\nSECRET {WORDS}\n</think>\n{SURE}{ANSWER}"
    stub.piece *= 2
    platform.ask(0, "as you said, all of it?")
    wait_growing(platform, 1)
    hurry(stub)
    shown = grown(platform)
    assert " ".join(shown) == ANSWER
    assert "SECRET" not in "".join(t for t, _ in platform.edits())


@pytest.mark.parametrize("daemon", ["gateway", "task-engine"])
def test_what_is_killed_leaves_one_message(platform, up, daemon):
    s, stub = up
    platform.ask(0, "as you said, all of it?")
    wait_growing(platform)
    # It grows on, or the model is asked again.
    seen = platform.edits if daemon == "gateway" else lambda: stub.requests
    n = len(seen())
    s.kill(platform.daemon if daemon == "gateway" else daemon)
    wait_for("more of it", lambda: len(seen()) > n, 30)
    hurry(stub)
    shown = grown(platform)
    assert " ".join(shown) == ANSWER
    wait_for("the end of all rows", lambda: not unsent(s), 20)
    assert " ".join(platform.messages()[1:]) == ANSWER


def test_what_the_model_doubts_is_not_shown(platform, up):
    _, stub = up
    stub.reply = f"confidence: 0.1\n{ANSWER}"
    stub.piece *= 2
    platform.ask(0, "as you said, all of it?")
    wait_for("the end", lambda: "not sure" in platform.messages()[-1], 60)
    assert len(platform.messages()) == 2 and not platform.edits()


def test_a_limit_is_obeyed(platform, up):
    _, stub = up
    platform.ask(0, "as you said, all of it?")
    wait_growing(platform, 1)
    platform.limit_edits(3)
    wait_growing(platform, 2)
    hurry(stub)
    shown = grown(platform)
    assert " ".join(shown) == ANSWER


def test_one_that_was_deleted_is_told_anew(platform, up):
    _, stub = up
    platform.ask(0, "as you said, all of it?")
    wait_growing(platform)
    platform.delete()
    assert " ".join(grown(platform)) == ANSWER


def test_a_model_that_fails_says_so_in_its_place(platform, up):
    _, stub = up
    stub.piece_ms = 100
    platform.ask(0, "as you said, all of it?")
    wait_growing(platform)
    stub.fault("401")
    stub.cut_all()
    wait_for("the end", lambda: "model" in platform.messages()[-1], 30)
    assert len(platform.messages()) == 2
