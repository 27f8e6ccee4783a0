"""The scheduler and the disabled connectors alone, at real doors."""

import json
import os
import subprocess
import time

import pytest

from conftest import program, wait_for
from door import Daemon, Listener, Refused, place  # noqa: F401

NAMES = ["api", "gateway-telegram", "indexer", "task-engine"]
DOORS = [f"scheduler/{n}.main" for n in NAMES] + [
    "scheduler/gateway-telegram.two", "task-engine/scheduler.main"]


class Scheduler(Daemon):
    def __init__(self, tmp, env=None):
        super().__init__("scheduler", tmp, DOORS, env, start=False)
        (self.run_dir / "serve").mkdir(mode=0o700)
        self.start()

    def health(self):
        self.api = getattr(self, "api", None) or self.dial(
            "scheduler/api.main")
        return self.api.ask("health.snapshot", {})

    def states(self):
        return {c["name"]: c["state"] for c in self.health()["components"]}


def beat(state="healthy", **more):
    return {"state": state, "version": "1", "pid": 7, "started_unix": 1,
            "proof_age_ms": 0, **more}


@pytest.fixture
def scheduler(place):
    with Scheduler(place) as d:
        yield d


def test_everybody_with_a_door_is_expected(scheduler):
    got = scheduler.health()
    assert got["overall"] == "starting"
    assert scheduler.states() == {
        "api": "starting", "gateway-telegram": "starting",
        "gateway-telegram.two": "starting", "indexer": "starting",
        "scheduler": "healthy", "task-engine": "starting"}
    own = next(c for c in got["components"] if c["name"] == "scheduler")
    assert own["pid"] == scheduler.process.pid


def test_beats_are_believed(scheduler):
    for name in ("api", "indexer", "task-engine"):
        scheduler.dial(f"scheduler/{name}.main", "tell").tell(
            "beat", beat(counters=[{"name": "n", "value": 3}]))
    for instance in ("main", "two"):
        scheduler.dial(f"scheduler/gateway-telegram.{instance}", "tell").tell(
            "beat", beat("disabled", text="set X", proof_age_ms=-1))
    wait_for("all beats",
             lambda: scheduler.health()["overall"] == "healthy")
    got = {c["name"]: c for c in scheduler.health()["components"]}
    assert got["gateway-telegram"]["message"] == "set X"
    assert got["api"]["counters"] == [{"name": "n", "value": 3}]
    scheduler.dial("scheduler/api.main", "tell").tell(
        "beat", beat("degraded", text="why"))
    wait_for("degraded",
             lambda: scheduler.health()["overall"] == "degraded")
    scheduler.wait_log("name=api was=healthy now=degraded")


def test_old_proofs_are_not_believed(place):
    env = {"AGENT_RUNTIME_HEARTBEAT_STALE_SECONDS": "60"}
    with Scheduler(place, env) as d:
        d.dial("scheduler/api.main", "tell").tell(
            "beat", beat(proof_age_ms=61000))
        wait_for("stale", lambda: d.states()["api"] == "stale")
        d.dial("scheduler/api.main", "tell").tell(
            "beat", beat(proof_age_ms=100))
        wait_for("healthy", lambda: d.states()["api"] == "healthy")


def test_bad_beats_change_nothing(scheduler):
    peer = scheduler.dial("scheduler/indexer.main", "tell")
    for body in ({}, beat("well"), beat(pid=0), beat(text="x" * 2000),
                 beat(counters=[{"name": "n", "value": 0}] * 65)):
        peer.tell("beat", body)
    scheduler.wait_log("bad-beat")
    peer.tell("beat", beat())
    wait_for("the good one",
             lambda: scheduler.states()["indexer"] == "healthy")


def test_switched_off_it_says_so(place):
    env = {"AGENT_RUNTIME_HEARTBEAT_ENABLED": "false"}
    with Scheduler(place, env) as d:
        with pytest.raises(Refused) as e:
            d.health()
        assert (e.value.code, e.value.text) == (
            "unavailable", "heartbeat is disabled")


def test_whom_serve_gave_up_is_failing(scheduler):
    report = scheduler.run_dir / "serve" / "serve.json"

    def write(pid, state):
        text = json.dumps({"pid": pid, "daemons": [
            {"name": "api", "instance": "main", "state": state,
             "last_exit": "signal 11 (Segmentation fault)"}]})
        new = report.with_suffix(".new")
        new.write_text(text)
        os.rename(new, report)

    write(os.getpid(), "failing")
    assert scheduler.states()["api"] == "failing"
    got = {c["name"]: c for c in scheduler.health()["components"]}
    assert "signal 11" in got["api"]["message"]
    write(os.getpid(), "running")
    assert scheduler.states()["api"] == "starting"
    write(1, "failing")
    assert scheduler.states()["api"] == "starting"
    write(os.getpid(), "bad-config")
    assert scheduler.states()["api"] == "failing"
    report.unlink()
    assert scheduler.states()["api"] == "starting"


def test_it_drives_upkeep(scheduler):
    engine = Listener(scheduler, "task-engine/scheduler.main")
    asked, answer = engine.take()
    assert asked["type"] == "upkeep"
    answer({"n_expired": 3})

    def proved():
        own = next(c for c in scheduler.health()["components"]
                   if c["name"] == "scheduler")
        return own["proof_age_ms"] >= 0
    wait_for("the proof", proved)


def test_upkeep_goes_on_while_there_is_much_to_tidy(scheduler):
    engine = Listener(scheduler, "task-engine/scheduler.main")
    began = None
    for n_expired in (1000, 2000, 1000, 3):
        asked, answer = engine.take()
        assert asked["type"] == "upkeep"
        answer({"n_expired": n_expired})
        began = began or time.monotonic()
    # Not once a minute, which would let rows come faster than they go.
    assert time.monotonic() - began < 3


CONNECTORS = [
    ("gateway-telegram", {"AGENT_RUNTIME_TELEGRAM_TOKEN": "c4n4ry"},
     "set AGENT_RUNTIME_TELEGRAM_TOKEN",
     'degraded why="AGENT_RUNTIME_TELEGRAM_TOKEN is no bot token: .*"'),
    ("gateway-discord", {"AGENT_RUNTIME_DISCORD_TOKEN": "c4n4ry"},
     "set AGENT_RUNTIME_DISCORD_TOKEN",
     # Only Discord knows what a token is; without an engine nobody asks it.
     'starting why=""'),
    ("imap-ingest", {"AGENT_RUNTIME_IMAP_HOST": "mail.example",
                     "AGENT_RUNTIME_IMAP_USERNAME": "u",
                     "AGENT_RUNTIME_IMAP_PASSWORD": "c4n4ry"},
     "set AGENT_RUNTIME_IMAP_HOST, AGENT_RUNTIME_IMAP_USERNAME and "
     "AGENT_RUNTIME_IMAP_PASSWORD",
     'degraded why="this version cannot read mail yet"'),
]


@pytest.mark.parametrize("name,sets,disabled,alone", CONNECTORS)
def test_a_connector_says_how_it_stands(place, name, sets, disabled, alone):
    door = f"task-engine/{name}.main"
    with Daemon(name, place, [door]) as d:
        engine = Listener(d, door)
        asked, answer = engine.take()
        assert asked["type"] == "gateway.hello"
        answer({"cursor": "where it was"})
        d.wait_log(" hello ")
        d.wait_log(f'state now=disabled why="{disabled}"')
        d.process.terminate()
        asked, answer = engine.take()
        assert asked["type"] == "gateway.cursor"
        assert asked["body"] == {"cursor": "where it was",
                                 "is_goodbye": True}
    with Daemon(name, place / "on", [door], sets) as d:
        d.wait_log(f"state now={alone}")
        d.wait_log(" ready ")
        assert "c4n4ry" not in d.log()


@pytest.mark.parametrize("missing", range(3))
def test_half_a_mail_account_is_refused(missing):
    sets = dict(CONNECTORS[2][1])
    name = list(sets)[missing]
    del sets[name]
    got = subprocess.run([program("imap-ingest"), "--check"], env=sets,
                         capture_output=True, text=True, check=False)
    assert got.returncode == 2
    assert f"{name} is not set" in got.stderr
    assert "c4n4ry" not in got.stderr
