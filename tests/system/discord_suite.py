"""The whole suite with the strict Discord of tests/fakes: fixtures and what
is seen there."""

import collections
import sys

import pytest

from conftest import ROOT, SLOW, wait_for

sys.path.insert(0, str(ROOT / "tests/fakes"))
from discord import Discord  # noqa: E402
from model_stub import ModelStub  # noqa: E402

TOKEN = "MTEw.canary-discord.4f1d0123456789"
KEY = "sk-canary-of-the-model"


@pytest.fixture
def discord():
    with Discord(token=TOKEN) as d:
        yield d
        assert d.violations == []


def settings(discord, **more):
    return {"AGENT_RUNTIME_DISCORD_TOKEN": discord.token,
            "AGENT_RUNTIME_DISCORD_API_BASE": discord.api_url, **more}


@pytest.fixture
def joined(suite, discord):
    """A suite whose gateway is ready."""
    s = suite(settings(discord))
    discord.wait("a session", discord.is_ready, 20 * SLOW)
    s.wait_cursor("discord.main")
    return s


@pytest.fixture
def model(suite, discord):
    """(suite, stub): with a model that says what the test wants."""
    with ModelStub(key=KEY) as stub:
        s = suite(settings(discord, AGENT_RUNTIME_LLM_BASE_URL=stub.url,
                           AGENT_RUNTIME_LLM_API_KEY=KEY))
        discord.wait("a session", discord.is_ready, 20 * SLOW)
        yield s, stub


def answers(discord):
    """{message id: how often it was answered}"""
    return collections.Counter(
        m["message_reference"]["message_id"] for m in discord.messages
        if "message_reference" in m)


def wait_answered(discord, ids, timeout=20):
    ids = list(ids)
    discord.wait(f"answers to {len(ids)} messages", lambda: all(
        answers(discord)[i] for i in ids), timeout * SLOW)
    assert {i: answers(discord)[i] for i in ids} == {i: 1 for i in ids}


def state_of(s):
    for component in s.heartbeat()["components"]:
        if component["name"].startswith("gateway-discord"):
            return component
    return None


def wait_state(s, state, text=""):
    return wait_for(f"gateway-discord {state} {text!r}", lambda: (
        lambda c: c if c and c["state"] == state and text in c.get("message", "")
        else None)(state_of(s)), 20, 0.1)
