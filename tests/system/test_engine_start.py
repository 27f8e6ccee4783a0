"""When the task-engine does not start, and what it says then."""

import contextlib
import pathlib
import sqlite3
import subprocess

import pytest

from conftest import program
from engine_alone import Engine, place  # noqa: F401


def refused_start(engine, status=1):
    engine.start()
    assert engine.process.wait(20) == status
    engine.process = None
    return engine.log().splitlines()[-1]


def test_a_second_engine_names_the_first(place):
    with Engine(place) as engine:
        engine.connect()
        second = Engine(place, start=False)
        second.log_path = place / "second.log"
        second.start()
        assert second.process.wait(20) == 1
        second.process = None
        assert str(engine.process.pid) in second.log()
        assert engine.api.ask("engine.ready", {})


def make_db(engine, sql):
    engine.db.parent.mkdir(parents=True, mode=0o700)
    with contextlib.closing(sqlite3.connect(engine.db)) as db:
        db.executescript(sql)


def test_the_predecessors_database_is_left_alone(place):
    engine = Engine(place, start=False)
    make_db(engine, "".join(f"CREATE TABLE {t} (id TEXT);" for t in (
        "tasks", "contexts", "pairing_requests", "action_approvals",
        "imap_ingestions")))
    before = engine.db.read_bytes()
    line = refused_start(engine)
    assert "Go agent-runtime" in line and str(engine.db) in line
    assert engine.db.read_bytes() == before
    assert not pathlib.Path(f"{engine.db}-wal").exists()


def test_a_newer_schema_is_refused_naming_both(place):
    engine = Engine(place)
    engine.connect()
    engine.stop()
    with contextlib.closing(sqlite3.connect(engine.db)) as db:
        db.execute("PRAGMA user_version = 99")
    line = refused_start(engine)
    assert "schema 99" in line and "knows 4" in line


@pytest.mark.parametrize("at", [0, 4096, 61440])
def test_a_damaged_database_is_named_and_never_replaced(place, at):
    engine = Engine(place)
    engine.connect()
    engine.stop()
    with open(engine.db, "r+b") as file:
        file.seek(at)
        file.write(b"noise" * 400)
    before = engine.db.read_bytes()
    line = refused_start(engine)
    assert "damaged" in line and "backup" in line and str(engine.db) in line
    assert engine.db.read_bytes() == before


@pytest.mark.parametrize("name, value, wanted", [
    ("AGENT_RUNTIME_LLM_BASE_URL", "localhost:1234", "http://"),
    ("AGENT_RUNTIME_LLM_PROVIDER", "gemini", "anthropic"),
    ("AGENT_RUNTIME_DEFAULT_CONCURRENCY", "0", "1 to 64"),
])
def test_a_bad_value_is_named(place, name, value, wanted):
    done = subprocess.run(
        [program("task-engine"), "--check"], text=True, capture_output=True,
        env={"PATH": "/usr/bin:/bin", "AGENT_RUNTIME_DATA_DIR": str(place),
             name: value})
    assert done.returncode == 2
    assert name in done.stderr and value in done.stderr
    assert wanted in done.stderr
