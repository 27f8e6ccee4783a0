"""Search by meaning: the real engine and indexer, and an endpoint that is
there, slow, away, hostile, or must not be told."""

import contextlib
import shutil
import sqlite3
import sys

import pytest

from community import Community
from conftest import ROOT, wait_for
from door import Daemon, Refused, place  # noqa: F401
from engine_alone import CHANGES, INDEXER

sys.path.insert(0, str(ROOT / "tests" / "fakes"))
from embedding_stub import DIMENSIONS, SENSELESS, EmbeddingStub  # noqa: E402

KEY = "sk-canary-embed-0123456789"
FILES = {
    "garage.md": "# Garage\n\nWhere we park every automobile.\n",
    "clinic.md": "# Clinic\n\nAsk the physician.\n",
    "drafts/plan.md": "# Plan\n\nNobody may read zqdraft.\n",
    "pay.private.md": "# Pay\n\nNobody may read zqpay.\n",
}


class Suite(Community):
    def __init__(self, tmp, stub, env=None):
        self.stub = stub
        sets = {"AGENT_RUNTIME_EMBED_BASE_URL": stub.url,
                "AGENT_RUNTIME_EMBED_API_KEY": KEY,
                "AGENT_RUNTIME_EMBED_MODEL": "stub-1",
                "AGENT_RUNTIME_EMBED_QUESTION_MS": "10000",
                "AGENT_RUNTIME_QMD_DEBOUNCE_SECONDS": "0", **(env or {})}
        super().__init__(tmp, sets)
        self.indexer = Daemon("indexer", tmp, [INDEXER, CHANGES], sets, False)
        self.indexer.key_file.write_text(self.key_file.read_text())
        self.folder = self.data / "workspaces" / self.workspace()
        for path, text in FILES.items():
            self.put(path, text)
        # Of the starter workspace nothing is sent.
        out = [i for i, in self.sql("SELECT id FROM workspaces")
               if i != self.workspace()]
        self.indexer.sets.setdefault(
            "AGENT_RUNTIME_EMBED_EXCLUDE_WORKSPACES", ",".join(out))
        self.indexer.start()

    def put(self, path, text):
        (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / path).write_text(text)

    def find(self, text):
        return [h["path"] for h in self.api.ask("search.find", {
            "credential": self.local, "workspace": self.workspace(),
            "query": text})["hits"]]

    def vectors(self):
        """{path: vectors of its sections}"""
        path = self.data / "index" / self.workspace() / "index.sqlite"
        if not path.exists():
            return {}
        with contextlib.closing(sqlite3.connect(path)) as db:
            if not db.execute("PRAGMA user_version").fetchone()[0]:
                return {}
            return dict(db.execute(
                "SELECT path, count(*) FROM vector JOIN document"
                " ON document.id = vector.id >> 12 WHERE vector.id > 0"
                " GROUP BY path"))

    def settled(self, *paths):
        wait_for(f"vectors of {paths}", lambda: set(paths) <= set(
            self.vectors()))

    def status(self):
        return self.answered(self.say("/status", "41", is_addressed=True))

    def __exit__(self, kind, value, trace):
        with contextlib.suppress(AttributeError):
            self.indexer.__exit__(kind, value, trace)
        super().__exit__(kind, value, trace)


@pytest.fixture
def stub():
    with EmbeddingStub() as s:
        yield s


@pytest.fixture
def suite(place, stub):  # noqa: F811
    with Suite(place, stub) as s:
        s.settled("garage.md", "clinic.md")
        yield s


def test_what_means_the_same_is_found(suite):
    assert suite.find("vehicle")[0] == "garage.md"
    assert suite.find("doctor")[0] == "clinic.md"
    # By words it is found as before; what means nothing here is not.
    assert suite.find("physician")[0] == "clinic.md"
    assert suite.find("zebra") == []
    # A phrase must be there, and what is left out stays out.
    assert suite.find('"vehicle"') == []
    assert "garage.md" not in suite.find("vehicle -park")
    assert set(suite.stub.keys) == {f"Bearer {KEY}"}
    assert suite.stub.model == "stub-1"
    assert "search by meaning: 4 of 4 sections have vectors" in suite.status()


def test_only_what_changed_is_sent(suite):
    wait_for("all", lambda: len(suite.vectors()) == len(FILES))
    suite.stub.texts.clear()
    suite.put("garage.md", FILES["garage.md"] + "\n## Roof\n\nIt leaks.\n")
    wait_for("two sections", lambda: suite.vectors().get("garage.md") == 2)
    assert suite.stub.texts == ["Garage > Roof\n\nIt leaks."]
    suite.stub.texts.clear()
    (suite.folder / "clinic.md").rename(suite.folder / "ward.md")
    suite.settled("ward.md")
    assert "clinic.md" not in suite.vectors()
    assert suite.stub.texts in ([], ["Clinic\n\nAsk the physician."])
    # Also after a restart, and never a question that was asked before.
    suite.stub.texts.clear()
    suite.find("where is the vehicle")
    suite.find("where is the vehicle")
    assert suite.stub.texts == ["where is the vehicle"]
    suite.indexer.stop()
    suite.indexer.start()
    assert wait_for("it again", lambda: suite.find("a vehicle"))
    assert suite.stub.texts == ["where is the vehicle", "a vehicle"]


def test_another_model_begins_anew(suite):
    suite.stub.texts.clear()
    suite.sets["AGENT_RUNTIME_EMBED_MODEL"] = "stub-2"
    suite.restart()
    # The first question tells the indexer, which goes on running: it is not
    # compared with what the other model made.
    assert suite.find("vehicle") == []
    wait_for("all of it again", lambda: len(suite.stub.texts) >= 5)
    assert suite.stub.model == "stub-2"
    wait_for("its meaning", lambda: suite.find("vehicle") == ["garage.md"])


def test_what_is_excluded_is_never_sent(place, stub):  # noqa: F811
    env = {"AGENT_RUNTIME_EMBED_EXCLUDE_GLOBS": "drafts/**,*.private.md"}
    with Suite(place, stub, env) as suite:
        suite.settled("garage.md", "clinic.md")
        assert suite.find("zqdraft")[0] == "drafts/plan.md"
        assert suite.find("zqpay")[0] == "pay.private.md"
        sent = "".join(stub.texts)
        assert "automobile" in sent and "Nobody may read" not in sent
        assert "search by meaning: 2 of 4" in suite.status()
        # What may be sent from now on is.
        for sets in (suite.sets, suite.indexer.sets):
            sets["AGENT_RUNTIME_EMBED_EXCLUDE_GLOBS"] = "drafts/**"
        suite.restart()
        suite.indexer.stop()
        suite.indexer.start()
        suite.settled("pay.private.md")
        assert "drafts/plan.md" not in suite.vectors()


@pytest.mark.parametrize("who", ["the indexer", "the engine"])
def test_a_workspace_that_is_excluded_sends_nothing(
        place, stub, who):  # noqa: F811
    """The engine decides again, whatever the indexer asks for."""
    with Suite(place, stub) as suite:
        suite.settled("garage.md")
        suite.stop()
        suite.indexer.stop()
        stub.texts.clear()
        shutil.rmtree(suite.data / "index" / suite.workspace())
        name = "AGENT_RUNTIME_EMBED_EXCLUDE_WORKSPACES"
        if who == "the engine":
            suite.sets[name] = suite.workspace()
        else:
            suite.indexer.sets[name] += "," + suite.workspace()
        suite.start().connect()
        suite.indexer.start()
        assert wait_for("words", lambda: suite.find("automobile")) == [
            "garage.md"]
        assert suite.find("vehicle") == []
        if who == "the engine":
            suite.indexer.wait_log("meaning-refused")
        assert stub.texts == []


def test_the_engine_asks_only_for_what_it_may(suite):
    """What a taken-over indexer might try."""
    suite.indexer.stop()
    suite.stub.texts.clear()
    suite.sets["AGENT_RUNTIME_EMBED_EXCLUDE_GLOBS"] = "drafts/**"
    suite.restart()
    door = suite.dial(CHANGES)
    for workspace, path, code in [
            ("no-such-workspace", "a.md", "refused"),
            (suite.workspace(), "drafts/plan.md", "refused"),
            (suite.workspace(), "drafts/deep/plan.md", "refused")]:
        with pytest.raises(Refused) as refused:
            door.ask("embed.request", {
                "workspace_id": workspace,
                "texts": [{"path": path, "text": "zqdraft"}]})
        assert refused.value.code == code
    assert suite.stub.texts == []
    got = door.ask("embed.request", {
        "workspace_id": suite.workspace(),
        "texts": [{"path": "a.md", "text": "one"}, {"text": "two"}]})
    assert got["n_dimensions"] == DIMENSIONS and len(got["vectors"]) == 2
    assert KEY not in str(got)


def test_an_endpoint_that_is_away_costs_nothing(suite):
    suite.stub.mode = "down"
    assert suite.find("automobile") == ["garage.md"]
    suite.indexer.wait_log("meaning-away .*answers 500")
    assert "search by meaning: away, search is by words alone" in \
        suite.status()
    suite.indexer.wait_log("now=degraded .*search is by words alone")
    n = len(suite.stub.texts)
    assert suite.find("physician") == ["clinic.md"]
    assert suite.find("vehicle") == []
    # It is left alone, and comes back by itself.
    assert len(suite.stub.texts) <= n + 1
    suite.stub.mode = "good"
    suite.indexer.wait_log("meaning-back", 60)
    assert suite.find("vehicle")[0] == "garage.md"
    wait_for("the word", lambda: "away" not in suite.status())


def test_documents_wait_for_the_endpoint(suite):
    suite.stub.mode = "limited"
    suite.put("new.md", "# New\n\nHow to commence.\n")
    wait_for("the words", lambda: suite.find("commence") == ["new.md"])
    assert "new.md" not in suite.vectors()
    suite.stub.mode = "good"
    wait_for("the vector", lambda: "new.md" in suite.vectors(), 60)
    assert suite.find("begin")[0] == "new.md"


def test_a_slow_endpoint_does_not_hold_a_search_up(place, stub):  # noqa: F811
    env = {"AGENT_RUNTIME_EMBED_QUESTION_MS": "50"}
    with Suite(place, stub, env) as suite:
        suite.settled("garage.md")
        stub.lets_answer.clear()
        assert suite.find("an automobile") == ["garage.md"]
        stub.lets_answer.set()
        # It came too late for that search, and in time for the next one.
        wait_for("it by its meaning",
                 lambda: suite.find("vehicle")[:1] == ["garage.md"])


@pytest.mark.parametrize("mode", SENSELESS)
def test_a_senseless_answer_is_none(suite, mode):
    before = suite.vectors()
    suite.stub.mode = mode
    suite.put("new.md", "# New\n\nOne.\n\n## Two\n\nTwo.\n")
    assert wait_for("the words", lambda: suite.find("automobile")) == [
        "garage.md"]
    suite.indexer.wait_log("meaning-away")
    assert suite.vectors() == before
    assert "sk-secret" not in suite.log() + suite.indexer.log()
    assert KEY not in suite.log() + suite.indexer.log()


def test_one_text_that_is_refused_costs_no_other_its_vector(suite):
    suite.stub.mode = "picky"
    for i in range(3):
        suite.put(f"long{i}.md", f"# Long\n\nA text zqlong {i}.\n")
    suite.put("new.md", "# New\n\nHow to commence.\n")
    suite.settled("new.md")
    assert suite.find("begin")[0] == "new.md"
    # Nor does a question that is refused.
    assert suite.find("zqlong")[0].startswith("long")
    assert suite.find("vehicle")[0] == "garage.md"
    wait_for("the rest", lambda: "search by meaning: 5 of 8 sections" in
             suite.status())
    for log in (suite.log(), suite.indexer.log()):
        assert "sk-secret" not in log and "meaning-away" not in log
    # Until another start it is not tried again.
    suite.stub.texts.clear()
    suite.put("garage.md", FILES["garage.md"] + "\n## Roof\n\nIt leaks.\n")
    wait_for("two sections", lambda: suite.vectors().get("garage.md") == 2)
    assert not any("zqlong" in text for text in suite.stub.texts)


def test_one_that_refuses_everything_is_left_alone(suite):
    suite.stub.mode = "unwilling"
    for i in range(40):
        suite.put(f"new{i}.md", f"# New\n\nHow to commence {i}.\n")
    suite.indexer.wait_log("meaning-away .*answers 400")
    assert len(suite.stub.texts) < 60
    suite.stub.mode = "good"
    suite.indexer.wait_log("meaning-back", 60)
    wait_for("the others", lambda: suite.find("begin"))


def test_vectors_of_other_dimensions_are_not_mixed(suite):
    before = suite.vectors()
    suite.stub.mode = "other dimensions"
    suite.put("new.md", "# New\n\nOne.\n")
    suite.indexer.wait_log("meaning-away .*dimensions")
    assert suite.vectors() == before
    # The question's vector is of the other kind, too: it counts for nothing.
    assert suite.find("automobile") == ["garage.md"]


def test_the_order_is_what_the_endpoint_says(place, stub):  # noqa: F811
    stub.mode = "reversed"
    with Suite(place, stub) as suite:
        suite.settled("garage.md", "clinic.md")
        assert suite.find("vehicle")[0] == "garage.md"


def test_a_budget_holds(place, stub):  # noqa: F811
    env = {"AGENT_RUNTIME_LLM_BUDGET_WORKSPACE_TOKENS": "60"}
    with Suite(place, stub, env) as suite:
        suite.settled("garage.md")
        used = suite.sql("SELECT scope, sum(tokens_in) FROM usage_of_days"
                         " GROUP BY scope")
        assert dict(used) == {"workspace": 28, "all": 28}
        suite.put("long.md", "# Long\n\n" + "many words " * 100)
        wait_for("the word", lambda: "meaning: waiting (today's budget"
                 in suite.status())
        assert "meaning-away" not in suite.indexer.log()
        assert suite.find("automobile") == ["garage.md"]
        assert "long.md" not in suite.vectors()
        assert not any("many words" in t for t in stub.texts)


def test_without_an_endpoint_nothing_is_asked(place, stub):  # noqa: F811
    env = {"AGENT_RUNTIME_EMBED_BASE_URL": ""}
    with Suite(place, stub, env) as suite:
        assert wait_for("words", lambda: suite.find("automobile")) == [
            "garage.md"]
        assert suite.find("vehicle") == []
        assert "meaning" not in suite.status()
        assert stub.texts == []
