"""Processes that share a Redis compute a value once, survive each other's death and hear of invalidations."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from batuta.testing.redis import RedisServer

PROGRAM = Path(__file__).parent / "cache_process.py"
pytestmark = pytest.mark.slow


class Peer:
    """One process; `tell` asks it for something, `hear` waits for what it says."""

    def __init__(self, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(PROGRAM), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def tell(self, what: str, key: str, number: float = 0.0) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps([what, key, number]) + "\n")
        self.process.stdin.flush()

    def hear(self) -> object:
        assert self.process.stdout is not None
        return json.loads(self.process.stdout.readline())

    def ask(self, what: str, key: str, number: float = 0.0) -> object:
        self.tell(what, key, number)
        return self.hear()

    def kill(self) -> None:
        self.process.kill()
        with self.process:
            pass


@pytest.fixture
def loads(tmp_path: Path) -> Path:
    return tmp_path / "loads"


@pytest.fixture
def peers(redis: RedisServer, cache_name: str, loads: Path) -> Iterator[list[Peer]]:
    with ExitStack() as stack:
        peers = [Peer(redis.url, cache_name, str(loads), name) for name in "abcd"]
        for peer in peers:
            stack.callback(peer.kill)
        assert [peer.hear() for peer in peers] == ["ready"] * 4
        yield peers


def who_loaded(loads: Path, key: str) -> list[str]:
    return [line.split()[1] for line in loads.read_text().splitlines() if line.split()[0] == key]


def test_four_processes_with_a_thousand_callers_each_compute_once(peers: list[Peer], loads: Path) -> None:
    """All 4,000 get the value of the one that did; then it is in every memory."""
    for peer in peers:
        peer.tell("storm", "k", 0.3)
    heard = [peer.hear() for peer in peers]
    (who,) = who_loaded(loads, "k")
    assert heard == [[who]] * 4
    assert [peer.ask("peek", "k") for peer in peers] == [who] * 4


def test_when_the_one_that_computes_is_killed_another_takes_over(peers: list[Peer], loads: Path) -> None:
    """Within seconds: its turn ends with its lease."""
    first, second, *_ = peers
    first.tell("get", "k", 1000)
    assert first.hear() == "loading"
    second.tell("get", "k")
    first.kill()
    killed = time.monotonic()
    assert second.hear() == ["b", "origin"]
    assert time.monotonic() - killed < 8
    assert who_loaded(loads, "k") == ["a", "b"]


@pytest.mark.parametrize("cut", [False, True], ids=["heard", "cut off"])
def test_an_invalidation_reaches_the_others_within_a_second(
    peers: list[Peer], redis: RedisServer, loads: Path, *, cut: bool
) -> None:
    """By key and by tag; also when the connections that hear of it have just been cut."""
    first, *others = peers
    for number, (what, key) in enumerate([("invalidate", "k"), ("invalidate_tag", "t")], start=1):
        assert {str(peer.ask("get", "k")) for peer in peers if peer.ask("get", "k")} != {"None"}
        assert all(peer.ask("peek", "k") for peer in peers)
        if cut:
            with redis.client() as client:
                assert client.client_kill_filter(_type="pubsub") >= 4
        assert first.ask(what, key) is True
        told = time.monotonic()
        left = others
        while left:
            left = [peer for peer in left if peer.ask("peek", "k") is not None]
            assert time.monotonic() - told < 1, "still the old value"
        assert len(who_loaded(loads, "k")) == number
