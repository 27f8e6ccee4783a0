"""One community for all tests of a module, whose model says what it is told.

    SETS = {"AGENT_RUNTIME_…": "100"}      # for the engine
    PEOPLE = {"7": ("admin",)}             # their roles, as Community.role wants
    model, stub, town, community = FIXTURES

    def test_x(community, stub):
        got, answer = run(community, stub, ("list_files", {}))
"""

import json
import pathlib
import shutil
import tempfile

import pytest

from community import KEY, Community, ModelStub, with_model
from conftest import wait_for

ADMINS = "-900"
ASKED = "as you said, do it"


@pytest.fixture(scope="module")
def model():
    with ModelStub(key=KEY) as s:
        yield s


@pytest.fixture
def stub(model):
    model.forget()
    model.reply = "Done."
    yield model
    assert not model.problems


@pytest.fixture(scope="module")
def town(model, request):
    folder = tempfile.mkdtemp(prefix="dr-", dir="/tmp")
    with Community(pathlib.Path(folder),
                   with_model(model, **request.module.SETS)) as c:
        populate(c, request.module.PEOPLE)
        yield c
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def community(town):
    """The same for all, without what the test before left."""
    idle(town)
    for table in ("action_approvals", "tasks", "objectives"):
        town.write(f"DELETE FROM {table}")
    return town


FIXTURES = model, stub, town, community


def populate(c, people):
    c.admin_room(ADMINS)
    for account, role in people.items():
        c.role(account, *role)


def idle(c):
    """A task that runs would be told what the next answer is to be."""
    wait_for("the end of all turns", lambda: not c.sql(
        "SELECT 1 FROM turns WHERE state IN ('queued', 'running')"))


def results(stub):
    """What the model was shown of its tools, in the last request in which it
    was: a task that it made may have begun since."""
    shown = [[json.loads(m["content"]) for m in r["messages"]
              if m["role"] == "tool"] for r in stub.requests]
    return [s for s in shown if s][-1]


def run(c, stub, *wants, user="9", **more):
    """What came of these calls of the model, and its answer."""
    idle(c)
    stub.script = [list(wants)]
    answer = c.answered(c.ask(ASKED, user=user, **more))
    return results(stub), answer
