"""Processes that share a Redis compute a value once, survive each other's death and hear of invalidations."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
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


@pytest.fixture(scope="module")
def loads(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("loads") / "loads"


@pytest.fixture(scope="module")
def start(redis: RedisServer, loads: Path) -> Iterator[Callable[[str], Peer]]:
    """Starts a process by its name, over one cache for all."""
    name = f"test-{uuid.uuid4().hex[:12]}"
    with ExitStack() as stack:

        def start(who: str) -> Peer:
            peer = Peer(redis.url, name, str(loads), who)
            stack.callback(peer.kill)
            return peer

        yield start


@pytest.fixture(scope="module")
def peers(start: Callable[[str], Peer]) -> list[Peer]:
    peers = [start(name) for name in "abcd"]
    assert [peer.hear() for peer in peers] == ["ready"] * 4
    return peers


def who_loaded(loads: Path, key: str) -> list[str]:
    return [line.split()[1] for line in loads.read_text().splitlines() if line.split()[0] == key]


def test_four_processes_with_a_thousand_callers_each_compute_once(peers: list[Peer], loads: Path) -> None:
    """All 4,000 get the value of the one that did; then it is in every memory."""
    for peer in peers:
        peer.tell("storm", "busy", 0.3)
    heard = [peer.hear() for peer in peers]
    (who,) = who_loaded(loads, "busy")
    assert heard == [[who]] * 4
    assert [peer.ask("peek", "busy") for peer in peers] == [who] * 4


def test_when_the_one_that_computes_is_killed_another_takes_over(
    peers: list[Peer], start: Callable[[str], Peer], loads: Path
) -> None:
    """Within seconds: its turn ends with its lease."""
    victim = start("victim")
    assert victim.hear() == "ready"
    victim.tell("get", "deadly", 1000)
    assert victim.hear() == "loading"
    peers[1].tell("get", "deadly")
    victim.kill()
    killed = time.monotonic()
    assert peers[1].hear() == ["b", "origin"]
    assert time.monotonic() - killed < 8
    assert who_loaded(loads, "deadly") == ["victim", "b"]


@pytest.mark.parametrize("cut", [False, True], ids=["heard", "cut off"])
def test_an_invalidation_reaches_the_others_within_a_second(
    peers: list[Peer], redis: RedisServer, loads: Path, *, cut: bool
) -> None:
    """By key and by tag; also when the connections that hear of it have just been cut."""
    first, *others = peers
    mine = f"told-{cut}"
    for number, (what, key) in enumerate([("invalidate", mine), ("invalidate_tag", "t")], start=1):
        for peer in peers:
            peer.ask("get", mine)
        assert all(peer.ask("peek", mine) for peer in peers)
        if cut:
            with redis.client() as client:
                assert client.client_kill_filter(_type="pubsub") >= 4
        assert first.ask(what, key) is True
        told = time.monotonic()
        left = others
        while left:
            left = [peer for peer in left if peer.ask("peek", mine) is not None]
            assert time.monotonic() - told < 1, "still the old value"
        assert len(who_loaded(loads, mine)) == number
