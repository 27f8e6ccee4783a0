"""Files that messages bring, at the engine's door: held, named, written."""

import base64
import hashlib
import time

import pytest

from conftest import wait_for
from door import Refused, place  # noqa: F401
from engine_alone import DISCORD, Engine, engine  # noqa: F401

MAX = 2 * 1024 * 1024
TEXT = "# Plants\n\nWater them. 🌱\n"


def put(peer, event="m:1", text=TEXT, chat="-100", index=0, name="plants.md",
        media_type="", **more):
    data = text if isinstance(text, bytes) else text.encode()
    return peer.ask("attachment.put", {
        "event_id": event, "chat_id": chat, "index": index, "name": name,
        "media_type": media_type, "size_bytes": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
        "data": base64.b64encode(data).decode(), **more})


def names(*files):
    return [{"name": name, "media_type": "", "size_bytes": 10}
            for name in files]


def bring(e, event, *files, text="", **more):
    return e.inbound(event, text, attachments=names(*files), **more)


def files(e, pattern="inbox/**/*.md"):
    return {str(p).split("/inbox/")[1]: p.read_text()
            for p in (e.data / "workspaces").glob(f"*/{pattern}")}


def answers(e):
    got = e.gateway.ask("delivery.claim", {"max": 32})["deliveries"]
    for d in got:
        e.gateway.ask("delivery.result", {
            "delivery_id": d["delivery_id"], "lease": d["lease"],
            "outcome": "sent", "part": 0, "is_last": True,
            "platform_id": "9"})
    return [d["text"] for d in got]


def test_a_file_lands_where_its_chat_reads(engine):  # noqa: F811
    assert put(engine.gateway) == {"outcome": "held"}
    assert files(engine) == {}
    bring(engine, "m:1", "plants.md", message_id="1")
    wait_for("the file", lambda: files(engine)
             == {"telegram/-100/1-plants.md": TEXT})
    where = "inbox/telegram/-100/1-plants.md"
    assert answers(engine) == [f"Attachment saved: `{where}`"]
    wait_for("the log", lambda: f"[attachment] {where}"
             in engine.log_of("telegram", "-100"))
    assert engine.counts()["files.waiting"] == 0
    assert engine.sql("SELECT count(*) FROM attachments"
                      " WHERE content IS NOT NULL") == [(0,)]


def test_what_comes_again_is_the_same(engine):  # noqa: F811
    assert put(engine.gateway)["outcome"] == "held"
    assert put(engine.gateway)["outcome"] == "known"
    with pytest.raises(Refused, match="conflict"):
        put(engine.gateway, text="another")
    assert bring(engine, "m:1", "plants.md")["outcome"] == "accepted"
    assert put(engine.gateway)["outcome"] == "known"
    assert bring(engine, "m:1", "plants.md")["outcome"] == "duplicate"
    wait_for("the file", lambda: files(engine))
    assert list(files(engine).values()) == [TEXT]
    assert len(answers(engine)) == 1


def test_a_file_that_comes_behind_its_message_is_not_taken(
        engine):  # noqa: F811
    bring(engine, "m:1", "plants.md")
    assert put(engine.gateway)["outcome"] == "known"
    assert engine.sql("SELECT count(*) FROM attachments") == [(0,)]


def test_no_file_replaces_another(engine):  # noqa: F811
    """Two of one name in a message, and a bot whose numbers are the same."""
    put(engine.gateway, text="a", index=0)
    put(engine.gateway, text="b", index=1)
    bring(engine, "m:1", "plants.md", "plants.md", message_id="1")
    put(engine.gateway, "m:2", text="c")
    bring(engine, "m:2", "plants.md", message_id="1")
    wait_for("three files", lambda: files(engine) == {
        "telegram/-100/1-plants.md": "a",
        "telegram/-100/1-2-plants.md": "b",
        "telegram/-100/1-3-plants.md": "c"})
    assert "Attachments saved:\n- `inbox/telegram/-100/1-plants.md`\n- " \
        "`inbox/telegram/-100/1-2-plants.md`" in answers(engine)[0]


@pytest.mark.parametrize("name,media_type,file", [
    ("../../etc/passwd.md", "", "1-passwd.md"),
    ("C:\\temp\\a b.MD", "", "1-a-b.MD"),
    ("Küche.markdown", "", "1-K-che.markdown"),
    ("", "text/markdown", "1-attachment.md"),
    (".md.", "text/x-markdown; charset=utf-8", "1-md.md"),
    ("notes.txt", "text/markdown", "1-notes.txt.md"),
    ("x" * 200 + ".md", "", f"1-{'x' * 93}.md"),
    ("-.-..md", "", "1-md.md"),
])
def test_names_are_made_safe(engine, name, media_type, file):  # noqa: F811
    put(engine.gateway, name=name, media_type=media_type)
    bring(engine, "m:1", name, message_id="1")
    assert engine.sql("SELECT path FROM attachments") \
        == [(f"inbox/telegram/-100/{file}",)]


@pytest.mark.parametrize("what,code,more", [
    ("not Markdown", "refused", {"name": "a.pdf"}),
    ("not UTF-8", "refused", {"text": b"\xff\xfe"}),
    ("a NUL", "refused", {"text": b"a\0b"}),
    ("another hash", "invalid", {"sha256": "0" * 64}),
    ("another size", "invalid", {"size_bytes": 3}),
    ("no base64", "invalid", {"data": "####"}),
    ("a byte too many", "invalid", {"text": b"a" * (MAX + 1)}),
])
def test_what_is_no_file_of_ours_is_refused(engine, what, code,
                                            more):  # noqa: F811
    with pytest.raises(Refused) as got:
        put(engine.gateway, **more)
    assert got.value.code == code, what
    assert engine.sql("SELECT count(*) FROM attachments") == [(0,)]


def test_the_largest_file_passes_the_door(engine):  # noqa: F811
    text = ("ä" * (MAX // 2))
    assert put(engine.gateway, text=text)["outcome"] == "held"
    bring(engine, "m:1", "plants.md", message_id="1")
    wait_for("the file", lambda: files(engine).get(
        "telegram/-100/1-plants.md") == text)


def test_what_is_not_kept_is_said_to_who_spoke_to_us(engine):  # noqa: F811
    bring(engine, "m:1", "plants.jpg", "big.md")
    assert answers(engine) == []
    engine.inbound("m:2", "", is_addressed=True, attachments=[
        {"name": "plants.jpg"}, {"name": "big.md", "size_bytes": MAX + 1},
        {"name": "lost.md", "problem": "Telegram did not answer"},
        {"name": "never`sent.md"}])
    assert answers(engine) == [
        "Not saved: `plants.jpg`: only Markdown files (.md) are kept.\n"
        "Not saved: `big.md`: it has more than 2 MiB.\n"
        "Not saved: `lost.md`: Telegram did not answer.\n"
        "Not saved: `never'sent.md`: it did not arrive."]
    # An edit is never answered, and brings nothing.
    put(engine.gateway, "e:2")
    bring(engine, "e:2", "plants.md", is_edit=True, is_addressed=True)
    assert answers(engine) == [] and files(engine) == {}


def test_words_are_answered_beside_the_file(engine):  # noqa: F811
    put(engine.gateway)
    bring(engine, "m:1", "plants.md", text="/help", message_id="1",
          is_addressed=True)
    got = []
    wait_for("both", lambda: got.extend(answers(engine)) or len(got) == 2)
    assert got[0].startswith("Attachment saved: `inbox/")
    assert "/task <prompt>" in got[1]
    wait_for("the log", lambda: "/help\n[attachment] inbox/telegram/"
             in engine.log_of("telegram", "-100"))


def test_a_person_has_a_share_and_a_workspace_another(place):  # noqa: F811
    with Engine(place, {"AGENT_RUNTIME_ATTACHMENTS_PER_DAY": "1"}) as e:
        e.connect()
        for n, user in enumerate(["1", "1", *map(str, range(2, 13))]):
            put(e.gateway, f"m:{n}", text=f"{n}")
            bring(e, f"m:{n}", "a.md", user_id=user, is_addressed=True)
            text = answers(e)[0]
            is_kept = n != 1 and n < 11
            assert text.startswith("Attachment saved") == is_kept, (n, text)
        assert "today" in text


def test_what_no_message_names_goes_after_an_hour(engine):  # noqa: F811
    put(engine.gateway)
    put(engine.gateway, "m:2")
    engine.sql_write("UPDATE attachments SET created_ms = created_ms"
                     " - 3600001 WHERE event_id = 'm:1'")
    engine.dial("task-engine/scheduler.main").ask("upkeep", {})
    assert engine.sql("SELECT event_id FROM attachments") == [("m:2",)]


def test_what_is_held_is_bounded(engine):  # noqa: F811
    put(engine.gateway)
    engine.sql_write("UPDATE attachments SET size_bytes = ?",
                     64 * 1024 * 1024)
    with pytest.raises(Refused, match="busy"):
        put(engine.gateway, "m:2")


def test_what_is_acknowledged_survives_a_kill(engine):  # noqa: F811
    put(engine.gateway)
    engine.restart()
    bring(engine, "m:1", "plants.md", message_id="1")
    engine.restart()
    wait_for("the file", lambda: files(engine)
             == {"telegram/-100/1-plants.md": TEXT})


def test_a_folder_that_is_a_link_takes_no_file(engine, tmp_path):  # noqa: F811
    engine.inbound("m:0", "hi")
    wait_for("the log", lambda: engine.log_of("telegram", "-100"))
    folder = next((engine.data / "workspaces").glob(
        "*/logs/chats/telegram/-100.md")).parents[3]
    (folder / "inbox").symlink_to(tmp_path)
    put(engine.gateway)
    bring(engine, "m:1", "plants.md", message_id="1")
    engine.wait_log("files-delayed")
    assert list(tmp_path.iterdir()) == []
    assert engine.counts()["files.waiting"] == 1
    (folder / "inbox").unlink()
    wait_for("the file", lambda: files(engine), timeout=20)


def test_each_gateway_has_its_own(engine):  # noqa: F811
    discord = engine.dial(DISCORD)
    put(engine.gateway, text="t", chat="7")
    put(discord, text="d", chat="7")
    discord.ask("message.inbound", {
        "event_id": "m:1", "chat_id": "7", "space_id": "70", "user_id": "1",
        "message_id": "1", "sent_unix_ms": int(time.time() * 1000),
        "attachments": names("a.md")})
    wait_for("the file", lambda: files(engine)
             == {"discord/7/1-plants.md": "d"})
