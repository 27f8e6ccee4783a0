"""What a script says to somebody who only asks, or asks for what is not there:
nothing is built and nothing runs."""

import subprocess

import pytest

from conftest import ROOT, SLOW

BENCHES = ("start", "memory", "status", "inbound", "turn", "search")


def bench(*words):
    return subprocess.run([ROOT / "scripts/bench", *words], text=True,
                          stdin=subprocess.DEVNULL, capture_output=True,
                          timeout=10 * SLOW, check=False)


@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_bench_names_what_it_measures(flag):
    got = bench(flag)
    assert (got.returncode, got.stderr) == (0, "")
    assert got.stdout.startswith("usage: scripts/bench")
    assert all(name in got.stdout for name in BENCHES)


@pytest.mark.parametrize("words", [
    ["no-such-name"], ["start", "no-such-name"], ["--no-such-name"]])
def test_bench_refuses_what_it_does_not_know(words):
    got = bench(*words)
    assert (got.returncode, got.stdout) == (2, "")
    assert "no-such-name" in got.stderr


def test_bench_writes_no_part_of_the_table():
    before = (ROOT / "README.md").read_bytes()
    got = bench("start", "--write")
    assert (got.returncode, got.stdout) == (2, "")
    assert "no names" in got.stderr
    assert (ROOT / "README.md").read_bytes() == before


def test_bench_lists_what_there_is_beside_a_wrong_name():
    assert all(name in bench("no-such-name").stderr for name in BENCHES)
