"""Who somebody is, said in chats: pair, whoami, admin channels, and what a
change of role stops."""

import re

import pytest

from community import ROOM, Community, ModelStub, with_model
from conftest import wait_for
from door import place  # noqa: F401
from engine_alone import API, credential

LOCAL = {"listener": "local", "peer_uid": 0}


@pytest.fixture
def community(place):  # noqa: F811
    with Community(place) as c:
        yield c


def token_in(text):
    return re.search(r"`([A-Z2-7]{16})`", text)[1]


def has_row(c, token):
    """Whether the token stands in anything that is kept of what was said."""
    return c.sql("SELECT count(*) FROM messages WHERE text LIKE ?",
                 f"%{token}%")[0][0]


@pytest.mark.parametrize("words", ["pair", "/pair", "PAIR", " pair ",
                                   "/pair@our_bot"])
def test_pair_in_a_direct_message_gives_a_token_once(community, words):
    text = community.answer(community.dm(words, user="77"))
    token = token_in(text)
    assert f"/approve {token}" in text and "chat pairing approve" in text
    assert not has_row(community, token)
    again = token_in(community.answer(community.dm("pair", user="77")))
    assert again != token
    states = dict(community.sql(
        "SELECT token_hint, status FROM pairing_requests"))
    assert states == {token[-4:]: "expired", again[-4:]: "pending"}


def test_pair_in_a_group_shows_nothing(community):
    text = community.reply("/pair", user="77")
    assert "direct message" in text and not re.search("[A-Z2-7]{16}", text)
    assert community.sql("SELECT count(*) FROM pairing_requests") == [(0,)]
    # A sentence that has the word in it is a sentence.
    community.dm("pair programming is fun", user="77")
    assert community.sql("SELECT count(*) FROM pairing_requests") == [(0,)]


def test_attempts_are_limited(community):
    texts = [community.answer(community.dm("pair", user="78"))
             for _ in range(7)]
    assert sum("pairing token is" in t for t in texts) == 5
    assert "Too many pairing attempts" in texts[-1]
    # Another account is another matter.
    assert "pairing token is" in community.answer(
        community.dm("pair", user="79"))


def test_one_who_is_linked_is_told_so(community):
    community.role("80", "member", "*")
    assert "linked already" in community.answer(
        community.dm("pair", user="80"))


def test_the_token_is_kept_nowhere_once_it_was_sent(community):
    token = token_in(community.answer(community.dm("pair", user="81")))
    for row in community.gateway.ask("delivery.claim",
                                     {"max": 32})["deliveries"]:
        community.gateway.ask("delivery.result", {
            "delivery_id": row["delivery_id"], "lease": row["lease"],
            "outcome": "sent", "part": 0, "is_last": True,
            "platform_id": "1"})
    assert community.sql("SELECT count(*) FROM outbox WHERE text LIKE ?",
                         f"%{token}%") == [(0,)]
    logs = wait_for("the chat log", lambda: [
        p.read_text() for p in community.data.glob(
            "workspaces/*/logs/chats/telegram/81.md")])
    assert token not in logs[0]
    # Said again by somebody, it is cut out as well.
    community.say(f"look, my token is {token.lower()}!", user="82")
    assert not has_row(community, token.lower())
    assert community.sql("SELECT text FROM messages WHERE actor = '82'") == [
        (f"look, my token is (pairing token …{token[-4:]})!",)]


@pytest.mark.parametrize("role, says", [
    (None, "guest"), ("viewer", "viewer"), ("admin", "admin")])
def test_whoami_says_who_and_what(community, role, says):
    if role:
        community.role("83", role)
    text = community.reply("/whoami", user="83")
    assert "telegram:83" in text and says in text
    assert ("/admin-channel" in text) == (role == "admin")
    if not role:
        assert "pair" in text


def test_admin_channels_are_made_and_unmade(community):
    """G-30."""
    def state():
        return community.sql("SELECT is_admin, is_global_hub FROM contexts"
                             " WHERE external_id = ?", ROOM)[0]

    denied = community.reply("/admin-channel enable", user="84")
    assert denied.startswith("Access denied: link your admin identity first.")
    community.role("84", "operator")
    assert "admin role required" in community.reply(
        "/admin-channel enable", user="84")
    assert state() == (0, 0)
    community.role("84", "admin")
    assert "enabled" in community.reply("/admin-channel enable", user="84")
    assert state() == (1, 0)
    refused = community.reply("/admin_channel enable global", user="84")
    assert "overlord" in refused and state() == (1, 0)
    community.role("84", "overlord", "*")
    assert "enabled" in community.reply("/admin-channel enable global",
                                        user="84")
    assert state() == (1, 1)
    # Who looks after one workspace does not end what tells all of them.
    community.role("89", "admin")
    assert "overlord" in community.reply("/admin-channel disable", user="89")
    assert state() == (1, 1)
    community.reply("/admin-channel disable global", user="84")
    assert state() == (1, 0)
    community.reply("/admin-channel disable", user="84")
    assert state() == (0, 0)
    assert "Usage: /admin-channel" in community.reply(
        "/admin-channel perhaps", user="84")
    done = community.sql("SELECT operation, outcome FROM audit WHERE operation"
                         " LIKE '%admin-channel%' ORDER BY seq")
    assert [o for o in done if o[1] == "refused"]
    assert [o[0] for o in done if o[1] != "refused"] == [
        "admin-channel.enable", "admin-channel.enable",
        "admin-channel.disable", "admin-channel.disable"]


def test_an_intent_in_words_counts_where_it_is_meant(community):
    community.role("85", "admin")
    community.say("please enable admin channel for this chat", user="85")
    assert community.sql("SELECT is_admin FROM contexts WHERE external_id = ?",
                         ROOM) == [(0,)]
    community.ask("please enable admin channel for this chat", user="85")
    assert community.sql("SELECT is_admin FROM contexts WHERE external_id = ?",
                         ROOM) == [(1,)]


def test_a_changed_role_stops_what_was_asked_for(place):  # noqa: F811
    """The running turn says no more, the queued task never begins, and the
    next message has the new role."""
    with ModelStub(key="sk-canary-model-0123456789") as stub:
        stub.reply = "Too late."
        stub.fault("hang", times=9)
        with Community(place, with_model(
                stub, AGENT_RUNTIME_DEFAULT_CONCURRENCY="1")) as c:
            c.role("86", "member")
            asked = c.ask("what is the tide?", user="86")
            wait_for("the model to be asked", lambda: stub.requests)
            c.say("/task first", user="86")
            c.say("/task second", user="86")
            other = c.ask("and the wind?", user="87")
            got = c.api.ask("identity.role", {
                "credential": LOCAL, "user_id": "u86", "role": "viewer",
                "workspace_id": c.workspace()})
            assert got["n_turns_stopped"] == 3
            assert "role" in c.answered(asked)
            assert c.sql("SELECT DISTINCT status FROM tasks") == [
                ("cancelled",)]
            assert c.answer(other) is None
            assert c.sql("SELECT count(*) FROM turns WHERE state IN"
                         " ('queued','running')") == [(1,)]
            assert "viewer" in c.reply("/whoami", user="86")


def test_a_revoked_token_stops_what_the_tool_asked_for(place):  # noqa: F811
    """As a change of role does for a person: the running turn says no more,
    the task is cancelled, and another tool's goes on."""
    with ModelStub(key="sk-canary-model-0123456789") as stub:
        stub.reply = "Too late."
        stub.fault("hang", times=9)
        with Community(place, with_model(stub)) as c:
            tools = {name: credential(c.api.ask("token.add", {
                "credential": LOCAL, "name": name, "connector": "codex"})[
                    "token"]) for name in ("ci", "other")}
            waits = {name: c.dial(API) for name in tools}
            numbers = {name: waits[name].send("chat.turn", {
                "credential": tools[name], "key": "k", "text": "the tide?"})
                for name in tools}
            task = c.api.ask("task.create", {
                "credential": tools["ci"], "key": "t", "title": "t",
                "prompt": "p"})
            wait_for("the model to be asked", lambda: len(stub.requests) >= 3)
            c.api.ask("token.revoke", {"credential": LOCAL, "name": "ci"})
            got = waits["ci"].wait(numbers["ci"])
            assert "token" in got["body"]["reply"], got
            assert c.ended(task["task"]["id"]) == "cancelled"
            assert c.sql("SELECT m.said_by FROM turns t JOIN messages m ON"
                         " m.seq = t.message_seq WHERE t.state IN"
                         " ('queued','running')") == [("tool:other",)]


def test_an_unlinked_account_is_a_guest_at_once(community):
    community.role("88", "admin")
    assert "admin" in community.reply("/whoami", user="88")
    community.api.ask("identity.unlink", {"credential": LOCAL,
                                          "identity_id": "i88"})
    assert "guest" in community.reply("/whoami", user="88")
    assert "Access denied" in community.reply("/admin-channel enable",
                                              user="88")


# Approving and denying, in chats

def start(c, user):
    return token_in(c.answer(c.dm("pair", user=user)))


def roles(c, user):
    return dict(c.sql(
        "SELECT r.workspace_id, r.role FROM roles r JOIN identities i"
        " ON i.user_id = r.user_id WHERE i.connector_user_id = ?", user))


def test_an_admin_approves_in_the_group_for_the_group(community):
    community.role("90", "admin")
    token = start(community, "91")
    text = community.reply(f"/approve {token}", user="90")
    assert "91" in text or "Ann" in text
    # G-15, P-10: not the approver's own role, and least of all by default.
    assert roles(community, "91") == {community.workspace(): "member"}
    assert not has_row(community, token)
    told = community.texts("91")
    assert "You are linked: your role is member" in told[-1]
    assert "member" in community.reply("/whoami", user="91")
    again = community.reply(f"/approve {token}", user="90")
    assert "not pending" in again


@pytest.mark.parametrize("words, role", [
    ("approve {}", "member"), ("please approve the pairing token {}", "member"),
    ("/approve {} operator", "operator"), ("approve {} admin", "admin")])
def test_it_may_be_said_in_words(community, words, role):
    community.role("90", "admin")
    token = start(community, "91")
    community.ask(words.format(token), user="90")
    assert roles(community, "91") == {community.workspace(): role}
    assert not has_row(community, token)


@pytest.mark.parametrize("words", [
    "I do not approve {}", "never approve {}", "should I approve {}?",
    "he said: approve {} if you trust them", "> /approve {}",
    "`/approve {}`"])
def test_what_is_no_approval_approves_nothing(community, words):
    community.role("90", "admin")
    token = start(community, "91")
    community.ask(words.format(token), user="90")
    assert roles(community, "91") == {}
    assert not has_row(community, token)


def test_who_may_not_is_told_who_may(community):
    token = start(community, "91")
    for user, role, says in [("92", None, "link your admin identity first"),
                             ("93", "operator", "admin role required")]:
        if role:
            community.role(user, role)
        assert says in community.reply(f"/approve {token}", user=user)
        assert says in community.reply(f"/deny {token}", user=user)
    community.role("94", "admin")
    assert "above their own" in community.reply(
        f"/approve {token} overlord", user="94")
    # An admin of this workspace grants nothing for all.
    assert "Access denied" in community.reply(
        f"/approve {token} member all", user="94")
    assert roles(community, "91") == {}
    # Nor anything in a workspace where they are nobody.
    community.inbound("m:other", "hi", chat="-500", space_id="elsewhere")
    denied = community.reply(f"/approve {token}", user="94", chat="-500",
                             space="elsewhere")
    assert "Access denied" in denied and roles(community, "91") == {}
    refused = community.sql("SELECT count(*) FROM audit WHERE outcome ="
                            " 'refused' AND operation = 'command.approve'")
    assert refused[0][0] >= 3


def test_an_overlord_grants_for_all_and_makes_overlords(community):
    community.role("95", "overlord", "*")
    token = start(community, "96")
    community.reply(f"/approve {token} overlord all", user="95")
    assert roles(community, "96") == {"*": "overlord"}
    token = start(community, "97")
    community.dm(f"approve {token} admin", user="95")
    assert roles(community, "97") == {"*": "admin"}


def test_a_denial_tells_why(community):
    community.role("90", "admin")
    token = start(community, "91")
    text = community.reply(f"/deny {token} because nobody knows them",
                           user="90")
    assert "denied" in text
    assert "nobody knows them" in community.texts("91")[-1]
    assert community.sql("SELECT status, denied_reason FROM pairing_requests"
                         ) == [("denied", "nobody knows them")]
    # G-19: a reason that speaks of a transaction is a reason.
    token = start(community, "91")
    community.reply(f"/deny {token} duplicate transaction", user="90")
    assert community.sql("SELECT denied_reason FROM pairing_requests WHERE"
                         " denied_reason LIKE '%transaction%'")


def test_an_unknown_token_is_said_to_be_one(community):
    """G-18: nobody is left without an answer."""
    community.role("90", "admin")
    assert community.reply("/approve AAAABBBBCCCCDDDD", user="90").startswith(
        "Pairing token not found.")
    assert community.reply("/deny AAAABBBBCCCCDDDD x", user="90").startswith(
        "Pairing token not found.")


def test_guesses_are_limited(community):
    community.role("90", "admin")
    texts = [community.reply(f"/approve AAAABBBBCCCC{i:04d}".replace("0", "A")
                             .replace("1", "B").replace("8", "C")
                             .replace("9", "D"), user="90")
             for i in range(32)]
    assert sum(t.startswith("Pairing token not found") for t in texts) == 30
    assert "Too many" in texts[-1]


# What is said beside a token

def tokens_kept(c, token):
    """Where the token stands in what is stored, and in what was written."""
    found = []
    tables = [r[0] for r in c.sql("SELECT name FROM sqlite_master WHERE type ="
                                  " 'table' AND name NOT LIKE 'sqlite%'")]
    for table in tables:
        for row in c.sql(f"SELECT * FROM {table}"):
            if any(token.lower() in str(x).lower() for x in row):
                found.append((table, row))
    return found + [line for line in c.log().splitlines()
                    if token.lower() in line.lower()]


@pytest.mark.parametrize("words", [
    "/deny {other} because {token} is mine",
    "/deny-action {action} because {token} is mine",
    "/deny {action} because {token} is mine",
    "/deny it because {token}", "/approve {other} {token}",
    "/approve it {token}", "/approve act_{token}", "/deny act_{token} x",
    "/approve-action {token}", "/route {token} p1", "/cancel {token}",
    "deny {action} because {token} is mine", "/task {token}",
])
def test_a_token_in_other_words_is_kept_nowhere(place, words):  # noqa: F811
    """G-74, P-11: neither in a denial's reason, nor in the reply that quotes
    what was misused, nor in the audit log."""
    with ModelStub(key="sk-canary-model-0123456789") as stub:
        stub.reply = '```action\n{"type": "run_command", "target": "ls"}\n```'
        with Community(place, with_model(stub)) as c:
            c.role("96", "admin")
            c.ask("hello!", user="97")
            action = wait_for("the proposal", lambda: c.sql(
                "SELECT id FROM action_approvals"))[0][0]
            token, other = start(c, "98"), start(c, "99")
            for row in c.gateway.ask("delivery.claim",
                                     {"max": 32})["deliveries"]:
                c.gateway.ask("delivery.result", {
                    "delivery_id": row["delivery_id"], "lease": row["lease"],
                    "outcome": "sent", "part": 0, "is_last": True,
                    "platform_id": "1"})
            c.ask(words.format(token=token, other=other, action=action),
                  user="96")
            assert not tokens_kept(c, token)
            if "because" in words and "{action}" in words:
                assert c.sql("SELECT denied_reason FROM action_approvals") == [
                    (f"(pairing token …{token[-4:]}) is mine",)]
            if "{other} because" in words:
                assert token not in "".join(c.texts("99"))
                assert "is mine" in c.texts("99")[-1]
            # It still works: only what is kept of it was cut.
            if words != "/approve {other} {token}":
                assert "linked" in c.reply(f"/approve {token}", user="96") or \
                    roles(c, "98")


def test_a_token_in_a_request_is_kept_nowhere(community):
    c = community
    token, other = start(c, "98"), start(c, "99")
    c.write("UPDATE outbox SET text = ''")  # the one place, until it is sent
    text = f"use {token.lower()} now"
    made = c.api.ask("task.create", {
        "credential": LOCAL, "key": "t", "title": text, "prompt": text,
        "source_text": text, "connector": "codex", "external_id": "x"})
    cut = f"use (pairing token …{token[-4:]}) now"
    assert [made["task"][k] for k in ("title", "prompt", "source_text")] == [
        cut] * 3
    # A repeat is a repeat all the same.
    again = c.api.ask("task.create", {
        "credential": LOCAL, "key": "t", "title": text, "prompt": text,
        "source_text": text, "connector": "codex", "external_id": "x"})
    assert again["task"]["id"] == made["task"]["id"]
    got = c.api.ask("pairing.deny", {
        "credential": LOCAL, "token": other, "reason": text,
        "approver_user_id": token})
    assert got["denied_reason"] == cut
    c.api.ask("pairing.approve", {
        "credential": LOCAL, "token": start(c, "97"),
        "approver_user_id": token})
    c.write("UPDATE outbox SET text = ''")
    assert not tokens_kept(c, token)
