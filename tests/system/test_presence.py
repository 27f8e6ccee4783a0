"""Where bots come and go, at the engine's door, and chats that move."""

import pytest

from conftest import wait_for
from door import place  # noqa: F401
from engine_alone import DISCORD, NOW, engine  # noqa: F401
from test_attachments import put

HUB, GROUP, NEW = "-900", "-100", "-1000100"


def change(e, what, event, space=GROUP, chat=GROUP, peer=None, **more):
    return (peer or e.gateway).ask("membership.changed", {
        "event_id": event, "change": what, "space_id": space,
        "space_name": "Harbour", "chat_id": chat, "chat_name": "Harbour",
        "user_id": "42", "user_name": "Ann", "changed_unix_ms": NOW,
        **more})["outcome"]


def texts(e, peer=None):
    """What is due, each chat's in its order: {chat: [texts]}; now sent."""
    peer, out = peer or e.gateway, {}
    while True:
        got = peer.ask("delivery.claim", {"max": 32})["deliveries"]
        for d in got:
            out.setdefault(d["chat_id"], []).append(d["text"])
            peer.ask("delivery.result", {
                "delivery_id": d["delivery_id"], "lease": d["lease"],
                "outcome": "sent", "part": 0, "is_last": True,
                "platform_id": "9"})
        if not got:
            return out


@pytest.fixture
def hub(engine):  # noqa: F811
    engine.inbound("m:1", "/help", HUB)
    texts(engine)
    engine.sql_write("UPDATE contexts SET is_global_hub = 1"
                     " WHERE external_id = ?", HUB)
    return engine


def audited(e):
    return [r[0] for r in e.sql(
        "SELECT operation || ' ' || actor || ' ' || subject FROM audit"
        " WHERE operation LIKE 'membership.%' ORDER BY seq")]


def test_being_added_is_answered_with_one_hello(hub):
    assert change(hub, "added", "s:1") == "changed"
    got = texts(hub)
    assert got[HUB] == ["I was added to `Harbour` (telegram) by `Ann`."]
    assert len(got[GROUP]) == 1 and "/help" in got[GROUP][0]
    assert audited(hub) == ["membership.added telegram:42 telegram:-100"]
    # Said again, and what is so already, changes nothing.
    assert change(hub, "added", "s:1") == "known"
    assert change(hub, "added", "s:2") == "known"
    assert texts(hub) == {} and len(audited(hub)) == 1


def test_a_place_that_we_know_is_no_news(hub):
    hub.inbound("m:1", "/help")
    texts(hub)
    assert change(hub, "added", "s:1") == "known"
    assert texts(hub) == {}


def test_a_server_without_a_channel_gets_no_hello(hub):
    discord = hub.dial(DISCORD)
    assert change(hub, "added", "s:7", "7", "", peer=discord) == "changed"
    assert texts(hub, discord) == {}
    assert texts(hub)[HUB] == ["I was added to `Harbour` (discord) by `Ann`."]
    assert change(hub, "added", "s:8", "7", "", peer=discord) == "known"
    assert change(hub, "removed", "s:9", "7", "", peer=discord,
                  user_id="", user_name="") == "changed"
    assert texts(hub)[HUB] == ["I was removed from `Harbour` (discord)."]
    assert audited(hub)[-1] == "membership.removed discord.main discord:7"


def test_leaving_stops_what_waits_and_what_comes(hub):
    hub.inbound("m:1", "/help")
    hub.inbound("m:2", "/help", f"{GROUP}.5", space_id=GROUP)
    held = hub.gateway.ask("delivery.claim", {"max": 1})["deliveries"][0]
    assert change(hub, "removed", "s:1", reason="kicked") == "changed"
    assert texts(hub) == {HUB: [
        "I was removed from `Harbour` (telegram, `kicked`) by `Ann`."]}
    # Whoever holds one is told to stop.
    assert hub.gateway.ask("delivery.result", {
        "delivery_id": held["delivery_id"], "lease": held["lease"],
        "outcome": "begun", "part": 0})["state"] == "stale"
    assert change(hub, "removed", "s:2") == "known"
    wait_for("the reasons", lambda: hub.sql(
        "SELECT DISTINCT state, error FROM outbox WHERE chat_id LIKE '-100%'")
        == [("failed", "the bot is not there any more: kicked")])
    # A notice of the hub's kind for there is refused as it is written.
    hub.sql_write("UPDATE contexts SET is_global_hub = 1"
                  " WHERE external_id = ?", GROUP)
    change(hub, "added", "s:3", "-300", "-300")
    assert GROUP not in texts(hub)
    assert hub.sql("SELECT count(*) FROM outbox WHERE chat_id = '-100'"
                   " AND state = 'failed' AND text LIKE 'I was added%'") \
        == [(1,)]


def test_being_added_again_recovers(hub):
    change(hub, "added", "s:1")
    texts(hub)
    change(hub, "removed", "s:2")
    texts(hub)
    assert change(hub, "added", "s:3") == "changed"
    # One hello a day is enough for who takes it out and in.
    assert list(texts(hub)) == [HUB]
    hub.inbound("m:5", "/help")
    assert list(texts(hub)) == [GROUP]


def test_whoever_is_heard_is_there(hub):
    hub.inbound("m:1", "/help")
    texts(hub)
    change(hub, "removed", "s:1")
    hub.inbound("m:2", "/help")
    assert GROUP in texts(hub)


def test_a_person_may_block_and_come_back_quietly(hub):
    who = dict(space="42", chat="42", is_direct=True)
    assert change(hub, "added", "s:0", **who) == "known"
    hub.inbound("m:1", "/help", "42", space_id="", is_direct=True)
    assert change(hub, "removed", "s:1", **who) == "changed"
    assert texts(hub) == {}
    assert hub.sql("SELECT error FROM outbox WHERE chat_id = '42'") \
        == [("the person has blocked the bot",)]
    assert change(hub, "added", "s:2", **who) == "changed"
    assert texts(hub) == {}
    hub.inbound("m:2", "/help", "42", space_id="", is_direct=True)
    assert list(texts(hub)) == ["42"]
    assert [a.split()[0] for a in audited(hub)] \
        == ["membership.removed", "membership.added"]


def test_a_group_that_moves_keeps_everything(hub):
    e = hub
    e.inbound("m:1", "/help")
    texts(e)
    e.sql_write("UPDATE contexts SET is_admin = 1 WHERE external_id = ?",
                GROUP)
    before = e.sql("SELECT id, workspace_id FROM contexts"
                   " WHERE external_id = ?", GROUP)
    e.inbound("m:2", "/help", is_addressed=True)
    e.inbound("m:3", "/help", is_addressed=True)
    held = e.gateway.ask("delivery.claim", {"max": 1})["deliveries"][0]
    assert held["chat_id"] == GROUP
    assert change(e, "moved", "s:moved", GROUP, NEW) == "changed"
    assert change(e, "moved", "s:moved", GROUP, NEW) == "known"
    # What is under way goes on, what waits follows.
    assert e.gateway.ask("delivery.result", {
        "delivery_id": held["delivery_id"], "lease": held["lease"],
        "outcome": "sent", "part": 0, "is_last": True,
        "platform_id": "9"})["state"] == "sent"
    assert [len(v) for v in texts(e).values()] == [1]
    assert e.sql("SELECT chat_id, state, count(*) FROM outbox"
                 " WHERE context_id = ? GROUP BY 1, 2", before[0][0]) \
        == [(GROUP, "sent", 1), (NEW, "sent", 2)]
    # Numbers begin anew there: event m:1 is another one.
    assert e.inbound("m:1", "/help", NEW)["outcome"] == "accepted"
    assert list(texts(e)) == [NEW]
    put(e.gateway, "m:4", chat=NEW)
    e.inbound("m:4", "", NEW, attachments=[{"name": "a.md"}], message_id="4")
    assert texts(e)[NEW] == [
        "Attachment saved: `inbox/telegram/-100/4-plants.md`"]
    # A topic of the new chat is in the old workspace.
    e.inbound("m:5", "/help", f"{NEW}.7", space_id=NEW, parent_chat_id=NEW)
    assert texts(e).keys() == {f"{NEW}.7"}
    assert e.sql("SELECT parent_external_id FROM contexts"
                 " WHERE external_id = ?", f"{NEW}.7") == [(GROUP,)]
    assert e.sql("SELECT DISTINCT workspace_id FROM contexts"
                 " WHERE connector = 'telegram' AND external_id <> ?", HUB) == [(before[0][1],)]
    assert e.sql("SELECT id, workspace_id FROM contexts"
                 " WHERE external_id = ?", GROUP) == before
    wait_for("one log", lambda: e.log_of("telegram", GROUP).count("/help")
             >= 4)
    assert e.log_of("telegram", NEW) == ""


def test_what_a_move_leaves_behind_is_not_left(hub):
    """Telegram may also say that the bot is out of the old shell."""
    hub.inbound("m:1", "/help")
    texts(hub)
    change(hub, "removed", "s:1")
    change(hub, "moved", "s:moved", GROUP, NEW)
    texts(hub)
    assert change(hub, "removed", "s:2") == "known"
    assert change(hub, "added", "s:3", NEW, NEW) == "known"
    assert texts(hub) == {}
    hub.inbound("m:1", "/help", NEW)
    assert list(texts(hub)) == [NEW]
    # But to be thrown out of the new one counts.
    assert change(hub, "removed", "s:4", NEW, NEW) == "changed"
    assert hub.sql("SELECT count(*) FROM absences") == [(1,)]


def test_a_chat_that_we_do_not_know_moves_without_us(hub):
    assert change(hub, "moved", "s:1", "-5", "-6") == "known"
    assert hub.sql("SELECT count(*) FROM chat_aliases") == [(0,)]


def test_a_secret_that_cannot_be_delivered_is_not_kept(hub):
    hub.inbound("m:1", "/help", "42", space_id="", is_direct=True)
    texts(hub)
    hub.inbound("m:2", "pair", "42", space_id="", is_direct=True)
    change(hub, "removed", "s:1", "42", "42", is_direct=True)
    rows = hub.sql("SELECT text FROM outbox WHERE chat_id = '42'"
                   " AND state = 'failed'")
    assert len(rows) == 1 and "/approve" in rows[0][0]
    assert rows[0][0] == hub.sql(
        "SELECT m.text FROM messages m JOIN outbox o ON o.message_seq = m.seq"
        " WHERE o.chat_id = '42' AND o.state = 'failed'")[0][0]
