"""Markdown files that people attach on Discord: fetched, put, kept; and what is
not fetched."""

import sys

import pytest

from conftest import ROOT, SLOW, wait_for

sys.path.insert(0, str(ROOT / "tests/fakes"))
from discord import Discord  # noqa: E402

TEXT = "# Plants\n\nWater them. \N{SEEDLING}\n"
MAX = 2 * 1024 * 1024


@pytest.fixture
def discord():
    with Discord() as d:
        yield d
        assert d.violations == []


@pytest.fixture
def up(suite, discord):
    s = suite({"AGENT_RUNTIME_DISCORD_TOKEN": discord.token,
               "AGENT_RUNTIME_DISCORD_API_BASE": discord.api_url})
    discord.wait("a session", discord.is_ready, 20 * SLOW)
    return s


def kept(s):
    return {p.name.split("-", 1)[1]: p.read_bytes() for p in s.data.glob(
        "workspaces/*/inbox/discord/*/*")}


def bring(discord, *files, text="", mention=True, user="alice"):
    return discord.say("general", user, text, mention=mention,
                       attachments=list(files))


def wait_said(discord, *words, timeout=20):
    return wait_for(f"{words} to be said", lambda: next(
        (t for t in discord.texts() if all(w in t for w in words)), None),
        timeout)


@pytest.mark.parametrize("name, more", [
    ("plants.md", {}), ("PLANTS.Markdown", {}),
    ("plants", {"content_type": "text/markdown; charset=utf-8"})])
def test_a_file_is_kept(discord, up, name, more):
    bring(discord, discord.attach(name, TEXT.encode(), **more))
    wait_said(discord, "Attachment saved")
    assert list(wait_for("the file", lambda: kept(up), 10).values()) == [
        TEXT.encode()]


def test_files_of_a_message_are_kept_together(discord, up):
    bring(discord, discord.attach("a.md", b"# A\n"),
          discord.attach("photo.png", b"png"),
          discord.attach("b.md", b"# B\n"))
    wait_said(discord, "Attachments saved", "Not saved", "photo.png",
              "only Markdown")
    wait_for("both", lambda: kept(up) == {
        "a.md": b"# A\n", "b.md": b"# B\n"}, 10)
    assert len(discord.file_calls) == 2


def test_what_is_not_for_the_agent_is_kept_and_else_passed_over(discord, up):
    bring(discord, discord.attach("plants.md", TEXT.encode()), mention=False,
          text="my plants")
    bring(discord, discord.attach("photo.png", b"png"), mention=False,
          text="my cat")
    wait_for("the file", lambda: kept(up), 20)
    heard = discord.say("general", "bob", "/help", mention=True)
    discord.wait("an answer", lambda: any(
        m.get("message_reference", {}).get("message_id") == heard
        for m in discord.messages), 20 * SLOW)
    assert not [t for t in discord.texts() if "photo.png" in t]


@pytest.mark.parametrize("data, more, why", [
    (b"x" * (MAX + 1), {}, "more than 2 MiB"),
    (b"x" * (8 * MAX), {"size": 10}, "more than 2 MiB"),
    (b"\xff\xfe", {}, "not text in UTF-8"),
    (b"x", {"url": "https://cdn.discordapp.com.example.org/a.md"},
     "does not lie at Discord"),
    (b"x", {"url": "https://cdn.discordapp.com@example.org/a.md"},
     "does not lie at Discord"),
    (b"x", {"url": "file:///etc/passwd"}, "does not lie at Discord"),
    (b"x", {"url": ""}, "does not lie at Discord"),
], ids=["large", "larger than it says", "no text", "another host", "a user",
        "no URL of the web", "no URL"])
def test_what_cannot_be_kept_is_said(discord, up, data, more, why):
    """P-67: what failed ended in silence."""
    bring(discord, discord.attach("plants.md", data, **more))
    wait_said(discord, "Not saved", "plants.md", why)
    assert kept(up) == {}
    assert bool(discord.file_calls) == (why != "does not lie at Discord" and
                                        not len(data) == MAX + 1)
    # It stops where it is too much: what is on its way then is in buffers.
    assert discord.n_file_bytes < 6 * MAX


def test_a_file_that_is_gone_is_said_and_one_that_is_late_is_kept(discord, up):
    discord.file_faults = [404]
    bring(discord, discord.attach("gone.md", b"x"))
    wait_said(discord, "Not saved", "gone.md", "did not hand it over")
    discord.file_faults = [503, 429]
    bring(discord, discord.attach("late.md", b"# Late\n"))
    wait_said(discord, "Attachment saved", "late.md")


def test_a_file_that_does_not_come_holds_up_only_its_chat(discord, up):
    discord.file_faults = ["hang", "hang"]
    for user in ("alice", "bob"):
        discord.whisper(user, "", attachments=[
            discord.attach("plants.md", TEXT.encode())])
    wait_for("both tries", lambda: len(discord.file_calls) == 2, 20)
    discord.say("general", "carol", "/help", mention=True)
    wait_for("an answer", lambda: discord.texts("general"), 8)
    assert kept(up) == {}


def test_a_killed_gateway_fetches_again(discord, up):
    discord.file_faults = ["hang"]
    heard = bring(discord, discord.attach("plants.md", TEXT.encode()))
    wait_for("a try", lambda: discord.file_calls, 20)
    up.wait_cursor("discord.main")
    up.kill("gateway-discord")
    wait_said(discord, "Attachment saved", timeout=40)
    wait_for("the file", lambda: kept(up) == {"plants.md": TEXT.encode()}, 10)
    assert [m["message_reference"]["message_id"]
            for m in discord.messages] == [heard]


def test_an_engine_that_is_away_gets_it_later(discord, up):
    up.kill("task-engine")
    bring(discord, discord.attach("plants.md", TEXT.encode()))
    wait_said(discord, "Attachment saved", timeout=40)
    wait_for("the file", lambda: kept(up) == {"plants.md": TEXT.encode()}, 10)
