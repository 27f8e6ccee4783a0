"""Telegram beside its messages, from end to end: buttons, files, and where the
bot is."""

import re

import pytest

from conftest import SLOW, wait_for
from test_approvals import ModelStub
from test_telegram import answer, chat_log, tg, up  # noqa: F401

ADA, EVE = 8, 9
MAX = 2 * 1024 * 1024


def pair(s, user, role="admin"):
    begun = s.http("POST", "/api/v1/pairings/start", {
        "connector": "telegram", "connector_user_id": str(user),
        "display_name": "ada"})
    got = s.http("POST", "/api/v1/pairings/approve", {
        "token": begun.json["token"], "role": role})
    assert got.status == 200, got


# -- buttons ---------------------------------------------------------------

@pytest.fixture
def proposing(up, tg):  # noqa: F811
    """A suite where what is asked in a group needs an admin's word."""
    with ModelStub() as stub:
        stub.reply = 'I would:\n\n```action\n{"type": "run_command", ' \
            '"target": "ls", "args": ["-l"]}\n```'
        s = up(AGENT_RUNTIME_LLM_BASE_URL=stub.url,
               AGENT_RUNTIME_LLM_API_KEY=stub.key)
        pair(s, ADA)
        tg.group(-5)
        yield s


def propose(tg):  # noqa: F811
    tg.say(-5, "@harbour_bot list it", user=7)


def buttons(card):
    row = card["buttons"]["inline_keyboard"][0]
    assert [b["text"] for b in row] == ["Approve", "Deny"]
    return {b["text"]: b["callback_data"] for b in row}


@pytest.fixture
def notice(proposing, tg):  # noqa: F811
    """(suite, card, data): an action that waits, and its two buttons."""
    propose(tg)
    card = tg.wait_sent(lambda m: m["buttons"], 20 * SLOW)
    return proposing, card, buttons(card)


def actions(s, status):
    return s.http("GET", f"/api/v1/actions?status={status}").json["items"]


def outcome(tg, card):  # noqa: F811
    wait_for("the outcome", lambda: card["buttons"] is None, 20)
    return card["text"]


def told(tg, query):  # noqa: F811
    return wait_for("an answer", lambda: tg.answers.get(query), 20)


@pytest.mark.parametrize("label,status", [("Approve", "approved"),
                                          ("Deny", "denied")])
def test_a_press_decides_and_the_card_says_so(notice, tg,  # noqa: F811
                                              label, status):
    s, card, data = notice
    shown = card["text"]
    query = tg.press(card, data[label], ADA)
    text = outcome(tg, card)
    assert text.startswith(shown) and len(text) > len(shown)
    got = told(tg, query)
    assert got["text"] and not got["show_alert"]
    assert len(actions(s, status)) == 1
    # Pressed again on a client that still shows the buttons.
    late = tg.press(card, data["Approve"], ADA)
    assert told(tg, late)["text"]
    assert len(actions(s, status)) == 1 and not actions(s, "pending")
    assert sum(m["buttons"] is not None for m in tg.sent) == 0


def test_a_press_by_somebody_else_is_refused_to_them(notice,
                                                     tg):  # noqa: F811
    s, card, data = notice
    assert told(tg, tg.press(card, data["Approve"], EVE))["show_alert"]
    assert card["buttons"] and len(actions(s, "pending")) == 1


def test_a_button_of_another_chat_decides_nothing(notice, tg):  # noqa: F811
    s, card, data = notice
    tg.say(ADA, "/help")
    other = answer(tg, ADA, "/task")
    assert told(tg, tg.press(other, data["Approve"], ADA))["show_alert"]
    for data_of_others in "x:1", "a:act_ no id":
        got = told(tg, tg.press(card, data_of_others, ADA))
        assert got["text"] == "This button no longer works."
    assert len(actions(s, "pending")) == 1
    outcome_query = tg.press(card, data["Deny"], ADA)
    assert outcome(tg, card) and told(tg, outcome_query)


@pytest.mark.parametrize("daemon", ["gateway-telegram", "task-engine"])
def test_a_press_outlives_a_killed_daemon(notice, tg, daemon):  # noqa: F811
    s, card, data = notice
    # Nobody may have reported it by the kill: then it is shown twice, and this
    # one is known by its press.
    s.kill(daemon)
    tg.press(card, data["Approve"], ADA)
    wait_for("the outcome", lambda: card["buttons"] is None, 40)
    assert len(actions(s, "approved")) == 1


def show_twice(s, tg, fault):  # noqa: F811
    """A card that Telegram took and nobody heard of, and the one behind it."""
    tg.fault("sendMessage", fault, when="after", having="reply_markup")
    propose(tg)
    card = tg.wait_sent(lambda m: m["buttons"], 20 * SLOW)
    if fault == "hang":
        s.kill("gateway-telegram")
    return card, tg.wait_sent(
        lambda m: m["buttons"] and m is not card, 40 * SLOW)


def test_a_card_shown_twice_turns_wherever_it_is_pressed(proposing,
                                                         tg):  # noqa: F811
    s = proposing
    # Killed before its report: the one that nobody knows of decides.
    first, second = show_twice(s, tg, "hang")
    query = tg.press(first, buttons(first)["Approve"], ADA)
    assert outcome(tg, first) == outcome(tg, second)
    assert not told(tg, query)["show_alert"]
    assert len(actions(s, "approved")) == 1
    # The answer was lost: it is pressed after the other has decided.
    first, second = show_twice(s, tg, "500")
    deny, approve = buttons(second)["Deny"], buttons(first)["Approve"]
    tg.press(second, deny, ADA)
    assert outcome(tg, second) and first["buttons"]
    query = tg.press(first, approve, ADA)
    assert "denied" in outcome(tg, first) and told(tg, query)["text"]
    assert len(actions(s, "approved")) == len(actions(s, "denied")) == 1


def test_an_edit_whose_answer_is_lost_is_done(notice, tg):  # noqa: F811
    s, card, data = notice
    tg.fault("editMessageText", "500", when="after")
    tg.press(card, data["Approve"], ADA)
    outcome(tg, card)
    wait_for("the second edit", lambda: len(tg.called("editMessageText")) > 1,
             20)
    # The same once more: the double answers that it "is not modified".
    first, second = tg.called("editMessageText")
    assert first == second


# -- files -----------------------------------------------------------------

def document(name="plants.md", file_id="f1", size=8, **more):
    return {"document": {"file_id": file_id, "file_unique_id": "u",
                         "file_name": name, "file_size": size,
                         "mime_type": "text/plain", **more}}


def files(s):
    return {str(p).split("/inbox/")[1]: p.read_bytes()
            for p in s.data.glob("workspaces/*/inbox/**/*.md")}


def test_a_file_is_kept_where_its_chat_is(up, tg):  # noqa: F811
    s = up()
    tg.file("f1", b"# Plants")
    tg.say(7, caption="how do I water them?", **document())
    assert answer(tg, 7, "saved: inbox/telegram/7/101-plants.md")
    assert answer(tg, 7, "found nothing|water")
    wait_for("the file", lambda: files(s)
             == {"telegram/7/101-plants.md": b"# Plants"})
    wait_for("the log", lambda: "[attachment] inbox/telegram/7/101-plants.md"
             in chat_log(s, "7"))
    tg.group(-5)
    tg.file("f2", b"# More")
    tg.say(-5, user=7, **document("b.txt", "f2", mime_type="text/markdown"))
    assert answer(tg, -5, "saved: inbox/telegram/-5/101-b.txt.md")
    # It can be asked for.
    tg.say(7, "/open inbox/telegram/7/101-plants.md")
    assert answer(tg, 7, "Plants$|Plants\\n")


def test_what_is_not_kept_is_named_only_to_who_asks(up, tg):  # noqa: F811
    """P-67: what failed ended in silence."""
    s = up()
    tg.group(-5)
    tg.say(-5, user=7, **document("a.pdf"))
    tg.say(-5, user=7, **document("a.md", "lost"))
    tg.say(-5, user=7, caption="@harbour_bot", caption_entities=[
        {"type": "mention", "offset": 0, "length": 12}], **document("b.pdf"))
    assert answer(tg, -5, "Not saved: b.pdf: only Markdown")
    tg.say(7, **document("big.md", size=MAX + 1))
    assert answer(tg, 7, "Not saved: big.md: it has more than 2 MiB")
    tg.say(7, photo=[{"file_id": "p", "file_unique_id": "u", "width": 1,
                      "height": 1}])
    assert answer(tg, 7, "Not saved: photo")
    tg.say(7, **document("lost.md", "lost"))
    assert answer(tg, 7, "Not saved: lost.md: Telegram did not hand it over")
    assert [m["text"][:18] for m in tg.sent if m["chat_id"] == -5] \
        == ["Not saved: b.pdf: "]
    assert {p["file_id"] for p in tg.called("getFile")} == {"lost"}
    assert files(s) == {}
    assert all("invalid file_id" in p for p in tg.problems)
    tg.problems.clear()


@pytest.mark.parametrize("what,why,more", [
    ("more than its size says", "it has more than 2 MiB",
     {"content": b"a" * (MAX + 1), "says": 8}),
    ("more than getFile says", "it has more than 2 MiB",
     {"content": b"a", "says": MAX + 1}),
    ("no text", "it is not text in UTF-8", {"content": b"\xff"}),
    ("a path that leads out", "did not hand it over",
     {"content": b"a", "path": "../../getMe"}),
    ("another host", "did not hand it over",
     {"content": b"a", "path": "/\\evil.example/a?b#c@d"}),
])
def test_no_file_is_taken_at_its_word(up, tg, what, why,  # noqa: F811
                                      more):
    s = up()
    tg.file("f1", **more)
    tg.say(7, **document())
    assert answer(tg, 7, why), what
    assert files(s) == {} and tg.token not in s.all_logs()


@pytest.mark.parametrize("method,kind", [
    ("getFile", "429"), ("getFile", "html502"), ("file", "500"),
    ("file", "cut"), ("file", "html502")])
def test_what_may_pass_is_tried_again(up, tg, method, kind):  # noqa: F811
    s = up()
    tg.file("f1", b"# Plants")
    tg.fault(method, kind)
    tg.say(7, **document())
    assert answer(tg, 7, "Attachment saved"), s.log()
    assert tg.token not in s.all_logs()


def test_a_file_outlives_killed_daemons(up, tg):  # noqa: F811
    s = up()
    for n in range(6):
        tg.file(f"f{n}", f"# {n}".encode())
        s.kill(["task-engine", "gateway-telegram"][n % 2])
        tg.say(7, **document(f"{n}.md", f"f{n}"))
    wait_for("all six", lambda: len(files(s)) == 6, 60)
    assert sorted(files(s).values()) == [f"# {n}".encode() for n in range(6)]


def test_a_file_under_way_holds_up_its_chat_alone(up, tg):  # noqa: F811
    s = up()
    tg.file("f1", b"# Plants")
    tg.holds_files = True
    tg.say(7, **document())
    wait_for("the fetch", lambda: tg.called("file"), 20)
    tg.say(7, "/whoami")
    for who in (8, 9, 8):
        before = len(tg.sent)
        tg.say(who, "/help")
        wait_for("an answer", lambda before=before: len(tg.sent) > before, 20)
    assert not [m for m in tg.sent if m["chat_id"] == 7]
    # Nothing is acknowledged, and so nothing would be lost.
    assert len(tg.updates) >= 5 and files(s) == {}
    asked = [p.get("timeout") for p in tg.called("getUpdates")]
    assert 0 < asked.count(0) < 40
    tg.holds_files = False
    assert answer(tg, 7, "saved: inbox/telegram/7/101-plants.md")
    wait_for("both answers", lambda: len(
        [m for m in tg.sent if m["chat_id"] == 7]) == 2, 20)
    assert "saved" in next(m for m in tg.sent if m["chat_id"] == 7)["text"]
    wait_for("the acknowledgement", lambda: not tg.updates, 20)
    assert len([m for m in tg.sent if m["chat_id"] in (8, 9)]) == 3


def test_a_kill_beside_a_file_under_way_loses_nothing(up, tg):  # noqa: F811
    s = up()
    tg.file("f1", b"# Plants")
    tg.holds_files = True
    tg.say(7, **document())
    wait_for("the fetch", lambda: tg.called("file"), 20)
    tg.say(8, "/help")
    # Not only sent: what nobody reported by the kill may be sent twice.
    wait_for("the report of an answer", lambda: s.http(
        "GET", "/api/v1/status").json["counts"].get("outbox.sent"), 20)
    s.kill("gateway-telegram")
    tg.holds_files = False
    assert answer(tg, 7, "saved: inbox/telegram/7/101-plants.md")
    wait_for("the acknowledgement", lambda: not tg.updates, 20)
    assert len([m for m in tg.sent if m["chat_id"] == 8]) == 1


# -- where the bot is --------------------------------------------------------

def test_being_added_and_removed(up, tg):  # noqa: F811
    s = up()
    pair(s, ADA, "overlord")
    tg.say(ADA, "/admin-channel enable global")
    answer(tg, ADA, "(?i)workspaces")
    tg.group(-5)
    tg.member(-5, "left", "member", user=7)
    assert answer(tg, -5, "^Hello")
    assert answer(tg, ADA, "added to Harbour .telegram. by User7")
    # More rights are no news.
    tg.member(-5, "member", "administrator", user=7)
    tg.leave(-5, user=7)
    assert answer(tg, ADA, "removed from Harbour .telegram. by User7")
    n = len(tg.called("sendMessage"))
    tg.come_back(-5, user=7)
    tg.say(-5, "/help@harbour_bot", user=7)
    assert answer(tg, -5, "/task")
    # To the chat, and to the admins that it is back: in either order.
    wait_for("both", lambda: len(tg.called("sendMessage")) == n + 2, 10)
    assert len([m for m in tg.sent if m["chat_id"] == -5]) == 2


def test_a_person_who_blocks_gets_nothing_more(up, tg):  # noqa: F811
    s = up()
    tg.say(7, "/help")
    answer(tg, 7, "/task")
    tg.leave(7)
    s.wait_log("membership-changed.*change=removed")
    tg.come_back(7)
    tg.say(7, "/status")
    wait_for("an answer", lambda: len(tg.sent) == 2, 15)
    assert not [c for c in tg.called("sendMessage")][2:]


@pytest.mark.parametrize("tells", [True, False])
def test_a_group_moves_with_all_that_it_has(up, tg, tells):  # noqa: F811
    """Said by both chats; or found out by whoever still writes to the old."""
    s = up()
    pair(s, ADA, "overlord")
    tg.group(-5)
    tg.say(-5, "/admin-channel@harbour_bot enable", user=ADA)
    answer(tg, -5, ".")
    # What is written while it moves waits for the new chat.
    tg.fault("sendMessage", "429", retry_after=2)
    tg.say(-5, "/help@harbour_bot", user=ADA)
    wait_for("a try", lambda: len(tg.called("sendMessage")) == 2, 15)
    tg.migrate(-5, -1005, tells=tells)
    got = answer(tg, -1005, "/task", 20)
    assert got["reply_to"] is None
    s.wait_log("membership-changed.*change=moved")
    # The numbers of messages begin anew: nothing is taken for a repeat.
    for text in ("/whoami", "/status", "/help"):
        tg.say(-1005, f"{text}@harbour_bot", user=ADA)
    wait_for("three answers", lambda: len(
        [m for m in tg.sent if m["chat_id"] == -1005]) == 4, 20)
    wait_for("one log", lambda: chat_log(s, "-5").count("/whoami"))
    assert chat_log(s, "-1005") == ""
    contexts = [c for c in s.http("GET", "/api/v1/contexts").json["items"]
                if c["connector"] == "telegram"]
    assert [c["external_id"] for c in contexts] == ["-5"]
    assert re.search("is_admin.: ?[tT]rue", str(contexts[0])), contexts
