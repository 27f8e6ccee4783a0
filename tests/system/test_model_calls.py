"""The engine's model client against an endpoint that misbehaves."""

import os
import re
import shutil
import ssl
import subprocess
import sys
import time

import pytest

from conftest import ROOT, SLOW, build_dir

sys.path.insert(0, str(ROOT / "tests" / "fakes"))
from model_stub import ModelStub  # noqa: E402

KEY = "sk-canary-0123456789"
PROVIDERS = ("openai", "anthropic")
PIECES = pytest.mark.parametrize("stream", ["", "1"], ids=["whole", "pieces"])


@pytest.fixture
def stub():
    with ModelStub(key=KEY) as s:
        yield s


def ask(stub, text="hi", **env):
    """One call; its status, its line, its log."""
    tool = build_dir() / "tests" / "tools" / "model-call"
    sets = {"BASE_URL": stub.url, "API_KEY": KEY, "MODEL": "m", **env}
    got = subprocess.run(
        [str(tool), text], env={**os.environ, **sets}, text=True,
        capture_output=True, timeout=30 * SLOW, check=False)
    assert KEY not in got.stdout + got.stderr
    assert "Sanitizer" not in got.stderr, got.stderr
    return got.returncode, got.stdout.strip(), got.stderr


def check_lost(log, provider):
    """What it was sent took tokens, and what it made, which is returned."""
    told = provider == "anthropic"
    lost = re.search(r" lost calls=(\d+) in=(\d+) out=(\d+) estimated=(\d+)",
                     log)
    calls, n_in, n_out, estimated = map(int, lost.groups())
    assert (calls, n_in) == (1, 11 if told else 500)
    assert estimated == n_out + (0 if told else n_in)
    return n_out


@PIECES
@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_plain_question_is_answered(stub, provider, stream):
    status, line, _ = ask(stub, "Grüße \"hier\"", PROVIDER=provider,
                          STREAM=stream)
    assert (status, line) == (0, 'done: stub: Grüße "hier"')
    assert stub.problems == []
    assert stub.calls == 1
    assert [r.get("stream", False) for r in stub.requests] == [bool(stream)]


@PIECES
@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("fault, line", [
    ("think", "done: The answer."),
    ("length", "length: Half of an ans"),
    ("filter", "refused:"),
    ("empty-content", "done:"),
    ("wrong-type", "done: stub: hi"),
    ("control-characters", "done: a[2Jbc"),
])
def test_odd_answers_are_understood(stub, provider, fault, line, stream):
    status, got, _ = ask(stub, PROVIDER=provider, MODEL="fault-" + fault,
                         STREAM=stream)
    assert (status, got) == (0, line)
    assert stub.calls == 1


@PIECES
@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("fault", ["not-json", "html", "deep"])
def test_nonsense_is_refused_once(stub, provider, fault, stream):
    status, got, _ = ask(stub, PROVIDER=provider, MODEL="fault-" + fault,
                         STREAM=stream)
    assert status == 1 and got.startswith("unreadable: "), got
    assert stub.calls == 1


def test_empty_choices_are_no_answer(stub):
    status, got, _ = ask(stub, MODEL="fault-empty-choices")
    assert (status, got) == \
        (1, "unreadable: the model's answer holds no choice")


@pytest.mark.parametrize("fault, stream", [
    ("huge", ""), ("huge-chunked", ""), ("huge-chunked", "1")])
def test_a_huge_answer_ends_early(stub, fault, stream):
    status, got, _ = ask(stub, MODEL="fault-" + fault, STREAM=stream,
                         TIMEOUT_MS="60000", DEADLINE_MS="60000")
    assert status == 1
    assert "larger than 4194304 bytes" in got
    assert stub.calls == 1


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_huge_answer_in_pieces_is_cut(stub, provider):
    status, got, _ = ask(stub, MODEL="fault-huge", STREAM="1",
                         PROVIDER=provider, TIMEOUT_MS="60000",
                         DEADLINE_MS="60000")
    assert status == 0
    assert got.startswith("length: xxx") and len(got) <= 256 * 1024 + 8
    assert stub.calls == 1


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("fault", [
    "stream-cut", "stream-close", "stream-silent", "stream-overloaded",
    "stream-limit"])
def test_an_answer_that_breaks_off_is_asked_for_again(stub, provider, fault):
    stub.fault(fault, times=1)
    status, got, log = ask(stub, "a long question", STREAM="1",
                           PROVIDER=provider, TIMEOUT_MS="400")
    assert (status, got) == (0, "done: stub: a long question"), log
    assert stub.calls == 2
    assert "model-retry" in log and "secret" not in log
    assert check_lost(log, provider) > 0


@pytest.mark.parametrize("provider", PROVIDERS)
def test_one_that_is_cancelled_has_taken_tokens(stub, provider):
    stub.fault("stream-silent")
    status, got, log = ask(stub, STREAM="1", PROVIDER=provider, CANCEL="1",
                           TIMEOUT_MS="20000", DEADLINE_MS="20000")
    assert (status, got, stub.calls) == (1, "", 1), log
    check_lost(log, provider)


def test_one_that_always_breaks_off_is_given_up(stub):
    stub.fault("stream-cut")
    status, got, _ = ask(stub, STREAM="1", DEADLINE_MS="20000")
    assert (status, got) == (1, "error unavailable: the model endpoint broke "
                                "off in the middle of the answer")
    assert stub.calls == 4


@pytest.mark.parametrize("fault", ["stream-garbage", "stream-endless"])
def test_pieces_of_nonsense_are_refused_once(stub, fault):
    stub.fault(fault)
    status, got, _ = ask(stub, STREAM="1")
    assert status == 1 and got.startswith("error invalid: "), got
    assert stub.calls == 1


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("fault", ["stream-ignored", "stream-lingers"])
def test_odd_servers_of_pieces_are_understood(stub, provider, fault):
    stub.fault(fault)
    begin = time.monotonic()
    status, got, _ = ask(stub, STREAM="1", PROVIDER=provider,
                         TIMEOUT_MS="60000", DEADLINE_MS="60000")
    assert (status, got) == (0, "done: stub: hi")
    assert stub.calls == 1
    assert time.monotonic() - begin < 3 * SLOW


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_server_without_pieces_is_asked_without(stub, provider):
    stub.fault("stream-refused")
    status, got, log = ask(stub, STREAM="1", PROVIDER=provider)
    assert (status, got) == (0, "done: stub: hi")
    assert [("stream" in r) for r in stub.requests] == [True, False]
    assert "model-without-stream" in log


def test_an_answer_may_take_longer_than_silence(stub):
    stub.fault("stream-comments", piece_ms=100)
    status, got, _ = ask(stub, STREAM="1", TIMEOUT_MS="500")
    assert (status, got) == (0, "done: stub: hi")
    assert stub.calls == 1


@PIECES
@pytest.mark.parametrize("fault", ["429", "500", "cut", "close"])
def test_what_may_pass_is_tried_again(stub, fault, stream):
    """G-62."""
    stub.fault(fault, times=1)
    status, got, log = ask(stub, STREAM=stream)
    assert (status, got) == (0, "done: stub: hi"), log
    assert stub.calls == 2
    assert "model-retry" in log


@pytest.mark.parametrize("fault", ["500", "cut", "close"])
def test_it_gives_up_after_four_tries(stub, fault):
    stub.fault(fault)
    status, got, _ = ask(stub, DEADLINE_MS="20000")
    assert status == 1 and got.startswith("error unavailable: "), got
    assert stub.calls == 4


def test_retry_after_is_obeyed(stub):
    stub.fault("429", times=1, retry_after=2)
    begin = time.monotonic()
    status, _, _ = ask(stub)
    assert status == 0
    assert time.monotonic() - begin >= 2


def test_a_retry_after_beyond_the_deadline_ends_it_at_once(stub):
    stub.fault("429", retry_after=3600)
    begin = time.monotonic()
    status, got, _ = ask(stub)
    assert status == 1 and got.startswith("error busy: "), got
    assert time.monotonic() - begin < 2 * SLOW
    assert stub.calls == 1


@PIECES
@pytest.mark.parametrize("fault", ["hang", "drip"])
def test_silence_and_dripping_end_with_the_deadline(stub, fault, stream):
    stub.fault(fault)
    begin = time.monotonic()
    status, got, _ = ask(stub, TIMEOUT_MS="400", DEADLINE_MS="1500",
                         STREAM=stream)
    assert status == 1 and got.startswith("error timeout: "), got
    assert time.monotonic() - begin < 2.5 * SLOW
    assert stub.calls >= 2


def test_a_hang_is_survived_by_trying_again(stub):
    stub.fault("hang", times=1)
    status, got, _ = ask(stub, TIMEOUT_MS="400")
    assert (status, got) == (0, "done: stub: hi")


@pytest.mark.parametrize("fault, has", [
    ("401", "AGENT_RUNTIME_LLM_API_KEY"),
    ("404", "AGENT_RUNTIME_LLM_MODEL"),
    ("redirect", "AGENT_RUNTIME_LLM_BASE_URL"),
])
def test_what_cannot_pass_says_what_to_do(stub, fault, has):
    stub.fault(fault)
    status, got, log = ask(stub, "private words")
    assert status == 1 and has in got, got
    assert stub.calls == 1
    assert "private words" not in got + log


def test_nobody_there(stub):
    status, got, _ = ask(stub, BASE_URL="http://127.0.0.1:1/v1",
                         DEADLINE_MS="700")
    assert status == 1 and got.startswith("error unavailable: "), got


def test_a_slash_behind_the_base_url_does_no_harm(stub):
    assert ask(stub, BASE_URL=stub.url + "//")[0] == 0


def test_a_key_with_a_line_break_is_refused(stub):
    tool = build_dir() / "tests" / "tools" / "model-call"
    got = subprocess.run(
        [str(tool)], env={**os.environ, "BASE_URL": stub.url,
                          "API_KEY": "a\r\nX-Other: b"},
        text=True, capture_output=True, timeout=30, check=False)
    assert got.returncode == 2
    assert "X-Other" not in got.stderr
    assert stub.calls == 0


def test_without_a_key_none_is_sent():
    """G-61: whether one was needed depended on words in the address."""
    with ModelStub(key="") as s:
        assert ask(s, API_KEY="")[0] == 0


@pytest.fixture
def certificate(tmp_path):
    """A self-signed certificate for localhost, and its key."""
    if not shutil.which("openssl"):
        pytest.skip("no openssl program to make a certificate with")
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
         "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-keyout", key, "-out", cert, "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost"],
        check=True, capture_output=True)
    return cert, key


def test_an_unknown_certificate_is_refused(certificate):
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(*certificate)
    with ModelStub(key=KEY, tls=tls) as s:
        status, got, _ = ask(s, DEADLINE_MS="3000")
        assert status == 1 and got.startswith("error unavailable: "), got
        assert s.calls == 0
        status, got, log = ask(s, CA_FILE=str(certificate[0]))
        assert (status, got) == (0, "done: stub: hi"), log
        wrong_name = s.url.replace("localhost", "127.0.0.1")
        assert ask(s, CA_FILE=str(certificate[0]), BASE_URL=wrong_name,
                   DEADLINE_MS="700")[0] == 1


def test_stub_is_strict(stub):
    """The double itself: what it would let pass would prove nothing."""
    assert ask(stub, "   ")[0] == 1
    assert stub.problems == ["messages[0]: content must be text"]
