"""Actions that wait for a person: proposed by the model's answers, shown whole,
decided once. The engine alone; gateway and api are played by the test."""

import concurrent.futures
import hashlib
import json
import re
import secrets
import sys
import time

import pytest

from conftest import ROOT, build_dir, wait_for
from door import Peer, Refused, place  # noqa: F401
from engine_alone import API, Engine, credential

sys.path.insert(0, str(ROOT / "tests" / "fakes"))
from model_stub import ModelStub  # noqa: E402

HERE, ADMINS, THERE = "-100", "-200", "-300"
ADA, BOB, EVE, GUEST = "7", "8", "9", "42"


def block(**more):
    return "```action\n" + json.dumps(
        {"type": "run_command", "target": "ls", "args": ["-l"], **more},
        ensure_ascii=False) \
        + "\n```"


class Ahead(Peer):
    """A peer whose clock goes ahead as the engine's does."""

    def send(self, type_, body, **more):
        more.setdefault("deadline", int(time.time() * 1000) + 20000
                        + self.daemon.ahead_ms)
        return super().send(type_, body, **more)


class Town(Engine):
    """Two communities: HERE with its admin channel ADMINS, and THERE."""

    def __init__(self, tmp, stub, env=None):
        super().__init__(tmp, {
            "AGENT_RUNTIME_LLM_BASE_URL": stub.url,
            "AGENT_RUNTIME_LLM_API_KEY": stub.key,
            "AGENT_RUNTIME_LLM_RATE_LIMIT_PER_WINDOW": "0", **(env or {})})
        self.stub = stub
        self.n = 0
        self.ahead_ms = 0
        self.platform = {}  # delivery id -> platform id

    def dial(self, door, how="req"):
        peer = Ahead(self, door, how)
        peer.daemon = self
        return peer

    def event(self):
        self.n += 1
        return f"m:{self.n}"

    def say(self, text, chat=HERE, user=GUEST, space=None, **more):
        return self.inbound(self.event(), text, chat, user_id=user,
                            space_id=space or chat, is_addressed=True, **more)

    def settle(self):
        for chat, space in ((HERE, HERE), (ADMINS, HERE), (THERE, THERE)):
            self.say("/help", chat, space=space)
        wait_for("the first replies", lambda: len(self.claim()) == 3 or None)
        self.sql_write("UPDATE contexts SET is_admin = 1"
                       " WHERE external_id = ?", ADMINS)
        here, there = (self.sql(
            "SELECT workspace_id FROM contexts WHERE external_id = ?", x)[0][0]
            for x in (HERE, THERE))
        for user, workspace in ((ADA, here), (BOB, "*"), (EVE, there)):
            self.pair(user, workspace)
        return self

    def pair(self, user, workspace):
        made = self.api.ask("pairing.start", {
            "credential": self.local, "connector": "telegram",
            "connector_user_id": user, "display_name": user})
        self.api.ask("pairing.approve", {
            "credential": self.local, "token": made["token"], "role": "admin",
            "workspace_id": workspace})

    def claim(self):
        """Takes and delivers what is due: (chat, text, action id)."""
        out = []
        while True:
            got = self.gateway.ask("delivery.claim", {"max": 32})["deliveries"]
            for d in got:
                self.platform[d["delivery_id"]] = f"p{secrets.token_hex(4)}"
                self.gateway.ask("delivery.result", {
                    "delivery_id": d["delivery_id"], "lease": d["lease"],
                    "outcome": "sent", "part": 0, "is_last": True,
                    "platform_id": self.platform[d["delivery_id"]]})
                out.append((d["chat_id"], d["text"], d.get("action_id", ""),
                            self.platform[d["delivery_id"]]))
            if not got:
                return out

    def deliveries(self, n):
        got = []

        def enough():
            got.extend(self.claim())
            return len(got) >= n

        wait_for(f"{n} messages", enough)
        assert len(got) == n, got
        return got

    def propose(self, answer=None, chat=HERE, user=GUEST):
        """The ids of what the model's answer proposes, after delivery."""
        self.stub.reply = answer or block()
        self.claim()
        before = {r[0] for r in self.sql("SELECT id FROM action_approvals")}
        self.say("hello!", chat, user)
        wait_for("the answer", lambda: [
            x for x in self.claim() if x[0] == chat])
        self.claim()
        return [r[0] for r in self.sql(
            "SELECT id FROM action_approvals ORDER BY seq")
            if r[0] not in before]

    def row(self, action):
        names = ("status", "execution_status", "approver_user_id",
                 "denied_reason", "payload_json", "payload_sha256")
        return dict(zip(names, self.sql(
            f"SELECT {', '.join(names)} FROM action_approvals WHERE id = ?",
            action)[0]))

    def press(self, action, verb="approve", user=ADA, chat=ADMINS, event=None,
              name="x"):
        return self.gateway.ask("button.pressed", {
            "event_id": event or "c:" + secrets.token_hex(4), "chat_id": chat,
            "message_id": "1", "user_id": user, "user_name": name,
            "action_id": action, "verb": verb,
            "pressed_unix_ms": 1700000000000})

    def decide(self, verb, action, who=None, api=None, **more):
        return (api or self.api).ask(f"action.{verb}", {
            "credential": who or self.local, "id": action, **more})

    def audit(self, action):
        return self.sql("SELECT operation, actor, outcome, detail, reason"
                        " FROM audit WHERE subject = ? ORDER BY seq", action)


@pytest.fixture
def stub():
    with ModelStub() as s:
        yield s


@pytest.fixture
def town(place, stub):
    with Town(place, stub) as t:
        yield t.connect().settle()


# -- proposing --------------------------------------------------------------

def test_what_is_proposed_is_shown_whole(town):
    """G-16, G-57, P-102: type, target, every argument and the digest of the
    stored bytes; the words around the block are kept."""
    town.stub.reply = "Gladly.\n" + block(summary="*look* `around`") + "\nBye."
    town.say("hello!", reply_to_id="")
    (_, reply, none, _), (chat, notice, action, _) = sorted(
        town.deliveries(2), key=lambda d: d[2])
    row = town.row(action)
    assert chat == ADMINS and none == ""
    assert row["status"] == "pending"
    digest = hashlib.sha256(row["payload_json"].encode()).hexdigest()
    assert digest == row["payload_sha256"] and digest in notice
    assert f"```json\n{row['payload_json']}\n```" in notice
    assert json.loads(row["payload_json"]) == {
        "type": "run_command", "target": "ls", "summary": "*look* `around`",
        "payload": {"args": ["-l"]}}
    for part in (action, "run_command", '"ls"', "telegram:42", "hello!",
                 "Admin approval required."):
        assert part in notice
    assert "Gladly.\nBye." in reply and action in reply
    assert "Admin approval required." in reply and "```" not in reply
    assert town.audit(action)[0][:3] == (
        "action.propose", "telegram:42", "done")


def test_without_an_admin_channel_it_is_shown_where_it_was_asked(town):
    town.sql_write("UPDATE contexts SET is_admin = 0")
    town.stub.reply = block()
    town.say("hello!")
    (chat, _, none, _), (here, notice, action, _) = town.deliveries(2)
    assert chat == here == HERE and none == "" and action
    assert town.row(action)["payload_json"] in notice


def test_a_long_payload_is_paged_and_never_cut(town):
    town.stub.reply = block(body="päckchen " * 3000)
    town.say("hello!")
    got = town.deliveries(4)
    pages = [text for chat, text, _, _ in got if chat == ADMINS]
    assert [a for c, _, a, _ in got if c == ADMINS][:-1] == ["", ""]
    action = got[-1][2]
    shown = "".join(re.search("```json\n(.*)\n```", p)[1] for p in pages)
    assert shown == town.row(action)["payload_json"]
    assert "/approve-action" in pages[-1]
    assert "/approve-action" not in pages[0]
    # A reply to any page is about that action; the buttons are on the last.
    town.propose()
    assert action in answer(town, "deny it", ADMINS, reply_to_id=got[1][3])
    assert town.row(action)["status"] == "denied"


def test_members_words_cannot_forge_a_notice(town):
    """What members write is quoted: no line, fence or mention of theirs."""
    town.stub.reply = block(summary="x\n- expires: never\n```\n@everyone")
    town.say("hello! ```\n- SHA-256: `0000`\nApprove it with `/x`")
    notice = next(t for c, t, a, _ in town.deliveries(2) if a)
    assert len(re.findall("^- expires: ", notice, re.M)) == 1
    assert len(re.findall("^- SHA-256: ", notice, re.M)) == 1
    assert notice.count("```") == 2
    for line in notice.splitlines():
        if "@everyone" in line and not line.startswith("{"):
            assert re.search(r'`"[^`]*@everyone[^`]*"`', line)


@pytest.mark.parametrize("answer, says", [
    ('```action\n{"type":"eval","target":"x"}\n```', "no such type"),
    ('```action\n{"type":"webhook"}\n```', "no target"),
    ("```action\nnot json\n```", "dropped"),
    ('Use {"type":"run_command","target":"rm"}.', "rm"),
    ('> ```action\n> {"type":"run_command","target":"rm"}\n> ```', "rm"),
])
def test_what_is_no_proposal_is_none(town, answer, says):
    """G-36: never a brace in prose, nothing that is quoted."""
    town.stub.reply = answer
    town.say("hello!")
    (_, reply, _, _), = town.deliveries(1)
    assert says in reply
    assert town.sql("SELECT count(*) FROM action_approvals") == [(0,)]


def test_pending_ones_of_one_asker_are_bounded(place, stub):
    """G-30a: and another asker still has room."""
    with Town(place, stub,
              {"AGENT_RUNTIME_APPROVAL_MAX_PENDING": "2"}) as town:
        town.connect().settle()
        answer = "\n".join([block()] * 3)
        assert len(town.propose(answer)) == 2
        assert town.propose(answer) == []
        assert len(town.propose(answer, user="43")) == 2


# -- deciding ---------------------------------------------------------------

def test_a_button_decides_once(town):
    action, = town.propose()
    got = town.press(action, event="c:1")
    assert got["outcome"] == "decided" and got["status"] == "approved"
    assert "Outcome:" in got["text"] and action in got["text"]
    row = town.row(action)
    assert row["approver_user_id"] == "telegram:" + ADA
    assert row["execution_status"] == "skipped"
    # The platform sends it again, and somebody presses an old notice.
    for event, verb, user in (("c:1", "approve", ADA), ("c:2", "deny", BOB)):
        got = town.press(action, verb, user, event=event)
        assert got["outcome"] == "settled" and got["status"] == "approved"
        assert "not pending" in got["text"]
    assert town.row(action) == row
    # The card turns into the outcome; whoever asked elsewhere is told.
    (card, shown, _, _), (chat, text, _, _) = town.claim()
    assert card == ADMINS and shown.endswith(text)
    assert chat == HERE and action in text and "Outcome:" in text
    assert [a[:2] for a in town.audit(action)] == [
        ("action.propose", "telegram:42"), ("action.approve", "telegram:7")]


def test_a_button_denies(town):
    action, = town.propose()
    got = town.press(action, "deny")
    assert got["outcome"] == "decided" and got["status"] == "denied"
    assert town.row(action)["execution_status"] == "not_executed"
    assert town.row(action)["denied_reason"] == "denied by admin"


def test_who_may_press(town):
    """G-13, G-14, P-101: the role in the workspace of the action decides."""
    action, = town.propose()
    for user in (GUEST, EVE):
        for verb in ("approve", "deny"):
            got = town.press(action, verb, user)
            assert got["outcome"] == "refused", (user, verb)
            assert "status" not in got
    # Where it was never shown, even an admin's press is nothing.
    for chat in (THERE, "-999"):
        assert town.press(action, chat=chat)["outcome"] == "refused"
    assert town.press("act_" + "0" * 36)["outcome"] == "refused"
    # A name is nobody's: it can be taken, and given up.
    assert town.press(action, user=GUEST, name=ADA)["outcome"] == "refused"
    assert town.row(action)["status"] == "pending"
    refused = [a for a in town.audit(action) if a[2] == "refused"]
    assert {a[1] for a in refused} == {"telegram:42", "telegram:9"}
    assert town.press(action, user=BOB, name="?")["outcome"] == "decided"


def test_one_of_two_clients_wins(town):
    """G-53, P-48: two approvals at once are one, by whichever way."""
    clients = [town.dial(API) for _ in range(3)] + [None]
    for _ in range(10):
        action, = town.propose()

        def approve(client):
            if client is None:
                pressed = town.press(action)["outcome"]
                return {"decided": "approved", "settled": "conflict"}[pressed]
            try:
                return town.decide("approve", action, api=client)["status"]
            except Refused as error:
                return error.code

        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            got = sorted(pool.map(approve, clients))
        assert got == ["approved", "conflict", "conflict", "conflict"]
        assert [a[0] for a in town.audit(action)].count("action.approve") == 1


def test_who_decides_is_the_credential(town):
    """G-06, P-2: the approver in the body is a remark; a tool decides
    nothing, whatever role its account holds."""
    action, = town.propose()
    made = town.api.ask("token.add", {
        "credential": town.local, "name": "ci", "connector": "codex",
        "external_id": "ci"})
    pairing = town.api.ask("pairing.start", {
        "credential": town.local, "connector": "codex",
        "connector_user_id": "ci", "display_name": "ci"})
    town.api.ask("pairing.approve", {
        "credential": town.local, "token": pairing["token"],
        "role": "overlord"})
    tool = credential(made["token"])
    for verb in ("approve", "deny", "list"):
        with pytest.raises(Refused) as refused:
            town.decide(verb, action, who=tool, approver_user_id="local")
        assert refused.value.code == "refused"
    assert town.row(action)["status"] == "pending"
    got = town.decide("approve", action, approver_user_id="telegram:9")
    assert got["approver_user_id"] == "local"
    assert town.row(action)["approver_user_id"] == "local"
    assert "remark: telegram:9" in town.audit(action)[-1][3]


def test_who_asked_is_the_credential(town):
    """G-06, P-2: neither the task's source_user_id nor the account that the
    person at the machine speaks as is shown as who asked."""
    tool = credential(town.api.ask("token.add", {
        "credential": town.local, "name": "ci", "connector": "codex",
        "external_id": "ci"})["token"])
    town.stub.reply = block()
    for n, (who, asked_by, requester) in enumerate([
            (town.local, "local", "local"), (tool, "tool:ci", "ci")]):
        town.api.ask("task.create", {
            "credential": who, "key": f"t{n}", "title": "t", "prompt": "p",
            "connector": "codex", "external_id": "ci",
            "source_connector": "telegram", "source_user_id": ADA})
        row = wait_for("the proposal", lambda: [
            i for i in town.api.ask("action.list", {
                "credential": town.local})["items"]
            if i["asked_by"] == asked_by])[0]
        assert row["requester_user_id"] == requester
        assert ADA not in [row["provenance"], row["connector"]]
    town.chat("hello!", "k", connector="codex", external_id="x",
              from_user_id=ADA)
    last = town.api.ask("action.list", {"credential": town.local})["items"][0]
    assert (last["asked_by"], last["requester_user_id"]) == ("local", "local")


def test_over_http_a_short_id_is_enough(town):
    action, = town.propose()
    short = action[:12]
    for wrong, code in ((action[:7], "not_found"), ("act_zzzz", "not_found")):
        with pytest.raises(Refused) as refused:
            town.decide("deny", wrong)
        assert refused.value.code == code
    got = town.decide("deny", short, reason="no")
    assert got["id"] == action and got["status"] == "denied"
    listed = town.api.ask("action.list", {"credential": town.local})["items"]
    assert [i["id"] for i in listed] == [action]
    assert hashlib.sha256(listed[0]["payload_json"].encode()).hexdigest() == \
        listed[0]["payload_sha256"]


def test_separation_is_by_person(place, stub):
    with Town(place, stub,
              {"AGENT_RUNTIME_APPROVAL_SEPARATION": "true"}) as town:
        town.connect().settle()
        action, = town.propose(user=ADA)
        got = town.press(action, user=ADA)
        assert got["outcome"] == "refused"
        assert "AGENT_RUNTIME_APPROVAL_SEPARATION" in got["text"]
        assert town.row(action)["status"] == "pending"
        assert town.press(action, user=BOB)["outcome"] == "decided"


def test_a_lost_role_takes_what_waits_along(town):
    action, = town.propose(user=ADA)
    other, = town.propose()
    user = town.sql("SELECT user_id FROM identities"
                    " WHERE connector_user_id = ?", ADA)[0][0]
    got = town.api.ask("identity.role", {
        "credential": town.local, "user_id": user, "role": "none",
        "workspace_id": town.sql(
            "SELECT workspace_id FROM contexts WHERE external_id = ?",
            HERE)[0][0]})
    assert got["n_actions_cancelled"] == 1
    assert town.row(action)["status"] == "denied"
    assert town.row(other)["status"] == "pending"
    # Whoever asked is told, once.
    told = [t for c, t, _, _ in town.claim() if c == HERE]
    assert len(told) == 1 and action in told[0]
    assert "role of whoever asked was changed" in told[0]
    assert town.press(other, user=ADA)["outcome"] == "refused"


def test_a_revoked_token_takes_what_waits_along(town):
    made = town.api.ask("token.add", {
        "credential": town.local, "name": "ci", "connector": "codex",
        "external_id": "ci"})
    town.stub.reply = block()
    reply = town.chat("hello!", "k1", who=credential(made["token"]))["reply"]
    action = re.search(r"act_[0-9a-f-]{36}", reply)[0]
    # Nobody else is told of a session: its reply shows all.
    assert town.row(action)["payload_json"] in reply
    assert town.row(action)["status"] == "pending"
    town.api.ask("token.revoke", {"credential": town.local, "name": "ci"})
    assert town.row(action)["status"] == "denied"
    # A session is asked, never told: its log says it.
    log = wait_for("the log", lambda: [t for t in [
        town.log_of("codex", "ci")] if "denied" in t])[0]
    assert log.count("token of whoever asked was revoked") == 1


# -- time and crashes -------------------------------------------------------

def test_what_nobody_decides_expires(place, stub):
    """G-54, P-102: judged where it is used, with or without the upkeep."""
    # Where the engine may read once it is locked down.
    shift = place / "data" / "agent-runtime" / "shift"
    shift.parent.mkdir(parents=True, mode=0o700)
    shift.write_text("0")
    with Town(place, stub, {
            "LD_PRELOAD": build_dir() / "tests/tools/libclockshift.so",
            "CLOCKSHIFT_FILE": shift,
            "ASAN_OPTIONS": "verify_asan_link_order=0"}) as town:
        town.connect().settle()
        pressed, tidied = town.propose("\n".join([block()] * 2))
        day = 24 * 3600 * 1000
        town.ahead_ms = day - 60000
        shift.write_text(str(town.ahead_ms))
        assert town.press(pressed, user=GUEST)["outcome"] == "refused"
        town.ahead_ms = day + 2000
        shift.write_text(str(town.ahead_ms))
        got = town.press(pressed)
        assert got["outcome"] == "settled" and got["status"] == "expired"
        assert town.row(tidied)["status"] == "pending"
        # Whoever asked hears of it, once, though nobody tidied.
        town.press(pressed)
        told = [t for c, t, _, _ in town.claim() if c == HERE]
        assert len(told) == 1 and pressed in told[0] and "expired" in told[0]
        with pytest.raises(Refused) as refused:
            town.decide("approve", tidied)
        assert refused.value.code == "conflict"
        town.dial("task-engine/scheduler.main").ask("upkeep", {})
        assert town.row(tidied)["status"] == "expired"
        told = [t for c, t, _, _ in town.claim() if c == HERE]
        assert len(told) == 1 and tidied in told[0] and "expired" in told[0]
        for action in (pressed, tidied):
            assert [a[0] for a in town.audit(action) if a[2] == "done"] == [
                "action.propose", "action.expire"]


def test_kill_between_approve_and_answer(town):
    """A decision is on disk whole or not at all, and never made twice."""
    for _ in range(8):
        action, = town.propose()
        town.api.send("action.approve", {
            "credential": town.local, "id": action})
        town.restart()
        row = town.row(action)
        assert (row["status"], row["execution_status"]) in (
            ("pending", "not_executed"), ("approved", "skipped"))
        if row["status"] == "pending":
            town.decide("approve", action)
        assert [a[0] for a in town.audit(action)].count("action.approve") == 1


def test_what_was_executing_is_never_run_again(town):
    """G-54: between start and record nobody knows."""
    action, = town.propose()
    town.decide("approve", action)
    town.kill()
    town.sql_write("UPDATE action_approvals SET execution_status ="
                   " 'executing', execution_message = NULL WHERE id = ?",
                   action)
    town.start().connect()
    assert town.row(action)["execution_status"] == "unknown"
    assert "action-unknown action=" + action in town.log()
    with pytest.raises(Refused) as refused:
        town.decide("approve", action)
    assert refused.value.code == "conflict"
    town.restart()
    assert town.row(action)["execution_status"] == "unknown"
    assert any("not known" in t for c, t, _, _ in town.claim() if c == HERE)


# -- in words ---------------------------------------------------------------

def answer(town, text, chat=HERE, user=ADA, **more):
    """The reply to it in that chat; "" when nothing is said."""
    town.claim()
    town.stub.reply = "The model was asked."
    more.setdefault("is_addressed", True)
    event = town.event()
    town.inbound(event, text, chat, user_id=user, message_id=event,
                 space_id=HERE if chat == ADMINS else chat, **more)
    if not more["is_addressed"]:
        # Whatever is said about it is queued within its own transaction.
        return "".join(t for c, t, _, _ in town.claim() if c == chat)
    return wait_for(f"an answer to {text!r}", lambda: [
        t for c, t, _, _ in town.claim() if c == chat])[0]


def test_commands_list_approve_and_deny(town):
    """/pending-actions, /approve-action, /deny-action and the action forms of
    /approve and /deny, by whole and short ids, quoted or not."""
    assert answer(town, "/pending-actions") == "No pending actions."
    assert answer(town, "/approve") == "No pending actions."
    a, b, c, d = town.propose("\n".join([block()] * 4))
    listed = answer(town, "/pending_actions")
    assert listed.startswith("Pending actions:\n")
    assert [x in listed for x in (a, b, c, d)] == [True] * 4
    for ambiguous in ("/approve", "/approve it", "/deny-action it"):
        reply = answer(town, ambiguous)
        assert "multiple pending actions" in reply.lower() and a in reply
    assert "Outcome:" in answer(town, f"/approve-action `{a}`")
    reply = answer(town, f"/deny-action {b[:10]} because it is too loud")
    assert b in reply and "denied" in reply
    assert town.row(b)["denied_reason"] == "it is too loud"
    # G-30a: the newest, however many there are.
    assert d in answer(town, "/approve latest")
    assert "Outcome:" in answer(town, "/approve")
    assert {town.row(x)["status"] for x in (a, c, d)} == {"approved"}
    reply = answer(town, f"/approve-action {a}")
    assert reply.startswith("Action approval is not pending")
    assert "not found" in answer(town, "/approve-action act_0000")
    assert answer(town, "/approve-action").startswith(
        "Usage: /approve-action")


def test_approve_and_deny_all(town):
    """G-19: both."""
    ids = town.propose("\n".join([block()] * 2))
    assert answer(town, "/approve all").count("Outcome:") == 2
    more = town.propose("\n".join([block()] * 3))
    assert answer(town, "/deny all").count("denied") == 6
    assert {town.row(x)["status"] for x in ids} == {"approved"}
    assert {town.row(x)["status"] for x in more} == {"denied"}


def test_lists_cover_what_one_may_decide(town):
    """G-13, P-101. The predecessor's list fell back to all contexts; ours
    covers what the asker may decide, and tells no summary in public."""
    here, = town.propose(block(summary="secret plan"))
    there, = town.propose(chat=THERE)
    assert here in answer(town, "/pending-actions", ADMINS, ADA)
    assert there not in answer(town, "/pending-actions", ADMINS, ADA)
    for user in (ADA, EVE):
        reply = answer(town, "/approve-action " + (
            there if user == ADA else here), user=user)
        assert "not found" in reply
    reply = answer(town, "/pending-actions", THERE, EVE)
    assert there in reply and here not in reply
    town.press(there, user=EVE, chat=THERE)
    reply = answer(town, "/pending-actions", THERE, BOB)
    assert "all contexts" in reply and here in reply
    assert "secret plan" not in reply
    assert "secret plan" in answer(town, "/pending-actions", ADMINS, BOB)
    reply = answer(town, "/approve", THERE, EVE)
    assert reply == "No pending actions."
    for text in ("/pending-actions", "/approve", "/approve-action " + here):
        assert answer(town, text, user=GUEST).startswith("Access denied")
    assert town.row(here)["status"] == "pending"


@pytest.mark.parametrize("room, is_told", [
    (HERE, False), (ADMINS, False), (THERE, True), ("hub", True),
    ("dm", True)])
def test_a_room_hears_of_what_it_may_read(town, room, is_told):
    """G-13, P-101: who may decide everywhere still tells no room what another
    workspace is about; an admin channel is one of its own workspace alone."""
    ids = town.propose("\n".join(
        [block(target="canary-target", summary="canary-summary")] * 4),
        chat=THERE)
    town.stub.reply = "The model was asked."
    where, more = room, {}
    if room == "hub":
        where = ADMINS
        town.sql_write("UPDATE contexts SET is_global_hub = 1"
                       " WHERE external_id = ?", ADMINS)
    if room == "dm":
        where, more = BOB, {"is_direct": True}
    said = []
    for text in ("/pending-actions", "approve it", "/approve " + ids[0],
                 "/approve " + ids[0], "/deny latest", "/deny all"):
        reply = answer(town, text, where, BOB, **more)
        assert "canary" not in reply or is_told, text
        said.append(reply)
    assert all(i in said[0] for i in ids)
    assert ("canary-summary" in said[0]) == is_told
    assert ("canary-target" in said[2]) == is_told
    assert {town.row(i)["status"] for i in ids} == {"approved", "denied"}


@pytest.mark.parametrize("text", [
    "I do not approve it", "don't approve it", "never approve action {}",
    "please do not approve {}", "I will approve it tomorrow",
    "should I approve it?", "he said: approve it", '"approve it"',
    "> approve it", "```\napprove it\n```", "we approve of your style",
    "approve it if it is safe", "I can't approve {}",
])
def test_a_sentence_is_no_decision(town, text):
    """G-12, G-20: approving needs an affirmative sentence of one's own."""
    action, = town.propose()
    answer(town, text.format(action))
    assert town.row(action)["status"] == "pending"


@pytest.mark.parametrize("text, status", [
    ("approve it", "approved"), ("I approve it", "approved"),
    ("please approve {}", "approved"), ("deny it", "denied"),
    ("reject {} because it is late", "denied"),
    ("approve the action", "approved")])
def test_words_decide_when_they_are_addressed(town, text, status):
    action, = town.propose()
    text = text.format(action)
    assert answer(town, text, is_addressed=False) == ""
    assert town.row(action)["status"] == "pending"
    assert action in answer(town, text)
    assert town.row(action)["status"] == status


def test_in_an_admin_channel_words_decide_unaddressed(town):
    action, = town.propose()
    assert action in answer(town, "approve it", ADMINS, is_addressed=False)
    assert town.row(action)["status"] == "approved"


def test_a_reply_to_the_notice_is_about_that_action(town):
    """"yes" counts only there; with several pending it needs no id."""
    town.stub.reply = "\n".join([block()] * 2)
    town.say("hello!")
    got = town.deliveries(3)
    (first, number), (second, other) = [(a, p) for _, _, a, p in got if a]
    answer(town, "yes", ADMINS)
    assert town.row(first)["status"] == "pending"
    reply = answer(town, "yes", ADMINS, reply_to_id=number)
    assert first in reply and "Outcome:" in reply
    reply = answer(town, "deny it because no", ADMINS, reply_to_id=other)
    assert second in reply
    assert town.row(second)["denied_reason"] == "no"
    # Of another chat the same number is another message.
    third, = town.propose()
    answer(town, "yes", HERE, reply_to_id=number)
    assert town.row(third)["status"] == "pending"


def test_a_reply_to_something_else_does_not_mean_the_only_one(town):
    """Whoever points at another message may have read another notice."""
    action, = town.propose()
    text = answer(town, "approve it", ADMINS, reply_to_id="of-another")
    assert town.row(action)["status"] == "pending"
    assert action in text
    answer(town, "approve it", ADMINS)
    assert town.row(action)["status"] == "approved"


def test_approving_grants_nothing_and_starts_no_turn(town):
    """G-55, G-56."""
    action, = town.propose()
    calls = town.stub.calls
    answer(town, "/approve-action " + action)
    assert town.stub.calls == calls
    again, = town.propose()
    assert town.row(again)["status"] == "pending"


def test_questions_about_approvals_tell_only_who_may_decide(town):
    """G-17."""
    action, = town.propose()
    question = "what command do I run to approve it?"
    assert action in answer(town, question)
    for user in (GUEST, EVE):
        assert action not in answer(town, question, user=user)
