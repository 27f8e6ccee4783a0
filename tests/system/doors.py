"""Door keys for a daemon that is started by hand, without `serve`."""

import pathlib
import secrets
import shutil
import tempfile

import pytest

from conftest import DAEMONS


@pytest.fixture
def place():
    """A directory with a short name: paths of sockets have 107 bytes."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="ar-", dir="/tmp"))
    yield path
    shutil.rmtree(path, ignore_errors=True)


def write_keys(path, daemon):
    """The keys of all doors that this daemon has, each of them random."""
    doors = [("task-engine", d) for d in DAEMONS if d not in (
        "task-engine", "indexer")]
    doors += [("indexer", "task-engine"), ("task-engine", "indexer")]
    doors += [("scheduler", d) for d in DAEMONS if d != "scheduler"]
    mine = [f"{listener}/{peer}.main {secrets.token_hex(32)}\n"
            for listener, peer in doors if daemon in (listener, peer)]
    path.write_text("".join(mine))
    path.chmod(0o600)
