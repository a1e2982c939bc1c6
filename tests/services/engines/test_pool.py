"""Worker processes: warm, orderly, and dead when they should be."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import anyio
import psutil
import pytest

from batuta.errors import BatutaError, EngineCrashed, InvalidRequest, NoAudio
from batuta.services.engines.pool import EnginePool
from offspring import children

pytestmark = pytest.mark.anyio

Pool = EnginePool[dict[str, object], dict[str, object]]
MakePool = Callable[..., Pool]

PARENT = """
import asyncio, sys
from batuta.services.engines.pool import EnginePool
asyncio.run(EnginePool("specimens:" + sys.argv[1]).run({"pids": sys.argv[2]}))
"""


@pytest.fixture(autouse=True)
def _specimens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))


@pytest.fixture
async def make_pool() -> AsyncIterator[MakePool]:
    pools: list[Pool] = []

    def make(engine: str, **options: object) -> Pool:
        pools.append(EnginePool(f"specimens:{engine}", **options))
        return pools[-1]

    yield make
    for pool in pools:
        await pool.aclose()


async def test_a_task_goes_in_and_its_result_comes_out(make_pool: MakePool) -> None:
    """What the engine returns is what the caller gets, whatever the characters."""
    answer = await make_pool("echo").run({"text": "ação \n 🎬"})
    assert answer["text"] == "ação \n 🎬"


async def test_the_process_stays_warm_for_the_next_task(make_pool: MakePool) -> None:
    """Two tasks in a row are done by one process, which is not ours."""
    pool = make_pool("echo", size=2)
    first, second = await pool.run({}), await pool.run({})
    assert first["pid"] == second["pid"] != os.getpid()


async def test_as_many_tasks_run_at_once_as_the_pool_has_places(make_pool: MakePool) -> None:
    """Tasks beyond the size wait; each place is one process."""
    pool = make_pool("echo", size=2)
    answers = await asyncio.gather(*(pool.run({"n": n}) for n in range(6)))
    assert [answer["n"] for answer in answers] == list(range(6))
    assert len({answer["pid"] for answer in answers}) == 2


async def test_waiting_tasks_are_served_in_the_order_they_came(make_pool: MakePool) -> None:
    """First come, first served."""
    pool = make_pool("echo")
    served: list[int] = []

    async def one(n: int) -> None:
        await pool.run({})
        served.append(n)

    await asyncio.gather(*(one(n) for n in range(5)))
    assert served == [0, 1, 2, 3, 4]


async def test_progress_only_grows(make_pool: MakePool) -> None:
    """A listener sees growing percentages of at most 100; steps too small to see are left out."""
    seen: list[float] = []
    await make_pool("count").run({}, seen.append)
    assert seen == [20.0, 60.0, 100.0]


async def test_what_an_engine_prints_does_not_reach_the_protocol(make_pool: MakePool) -> None:
    """Prints, native writes to fd 1 and a flood on stderr neither forge an answer nor block."""
    assert await make_pool("chatter").run({}) == {"stdin": ""}


async def test_an_engines_own_error_arrives_as_the_class_it_was(make_pool: MakePool) -> None:
    """A `NoAudio` raised in the child is a `NoAudio` here, and the process goes on to the next task."""
    pool = make_pool("refuse")
    for _ in range(2):
        with pytest.raises(NoAudio, match=r"clip\.mp4 has no audio track"):
            await pool.run({})


async def test_an_unexpected_exception_is_an_internal_error(make_pool: MakePool) -> None:
    """Its type and message are told."""
    with pytest.raises(BatutaError, match="KeyError: 'lost'") as caught:
        await make_pool("stumble").run({})
    assert caught.value.code == "internal_error"


async def test_an_engine_that_cannot_be_imported_is_an_internal_error(make_pool: MakePool) -> None:
    """The import error is told, and not as a crash worth retrying."""
    with pytest.raises(BatutaError, match="has no attribute 'absent'") as caught:
        await make_pool("absent").run({})
    assert not caught.value.retryable


async def test_data_too_large_for_a_message_is_refused_on_both_sides(make_pool: MakePool) -> None:
    """The advice is to write a file."""
    pool = make_pool("overflow")
    with pytest.raises(BatutaError, match="write the data to a file"):
        await pool.run({})
    with pytest.raises(InvalidRequest, match="write the data to a file"):
        await pool.run({"samples": [0.0] * 1_000_000})


@pytest.mark.parametrize("name", ["SIGKILL", "SIGSEGV"])
async def test_a_process_that_dies_under_its_task_is_an_engine_crash(make_pool: MakePool, name: str) -> None:
    """The error names the signal and the last words on stderr; the next task gets a fresh process."""
    pool = make_pool("crash")
    for _ in range(2):
        with pytest.raises(EngineCrashed, match=rf"got {name}[^$]*corrupted top size"):
            await pool.run({"signal": getattr(signal, name)})


async def test_a_process_that_exits_under_its_task_is_an_engine_crash(make_pool: MakePool) -> None:
    """The error names the exit code."""
    with pytest.raises(EngineCrashed, match="ended with exit code 7"):
        await make_pool("leave").run({})


async def test_a_process_that_died_while_idle_is_replaced(make_pool: MakePool) -> None:
    """Nobody notices but the process list."""
    pool = make_pool("echo")
    first = int(str((await pool.run({}))["pid"]))
    os.kill(first, signal.SIGKILL)
    await eventually(lambda: not psutil.pid_exists(first))
    assert (await pool.run({}))["pid"] != first


async def test_cancelling_a_task_kills_its_process_at_once(make_pool: MakePool, tmp_path: Path) -> None:
    """Half a second later neither the process, deep in native code, nor what it started is left."""
    pool = make_pool("grind")
    task = asyncio.create_task(pool.run({"pids": str(tmp_path / "pids")}))
    pids = await written_pids(tmp_path / "pids")
    cancelled_at = time.monotonic()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await eventually(lambda: not any(map(running, pids)))
    assert time.monotonic() - cancelled_at < 0.5


async def test_a_time_limit_kills_as_a_cancellation_does(make_pool: MakePool, tmp_path: Path) -> None:
    """A scope of anyio cancels every further wait as well; the cleaning up is behind its back."""
    pool = make_pool("grind")
    with anyio.move_on_after(1.0) as scope:
        await pool.run({"pids": str(tmp_path / "pids")})
    assert scope.cancelled_caught
    pids = await written_pids(tmp_path / "pids")
    await eventually(lambda: not any(map(running, pids)))


async def test_after_a_cancellation_the_next_task_gets_a_fresh_process(
    make_pool: MakePool, tmp_path: Path
) -> None:
    """The place of the killed process is free again."""
    pool = make_pool("grind")
    for round_ in "ab":
        task = asyncio.create_task(pool.run({"pids": str(tmp_path / round_)}))
        await written_pids(tmp_path / round_)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert (tmp_path / "a").read_text() != (tmp_path / "b").read_text()


async def test_a_listener_that_fails_stops_the_work(make_pool: MakePool) -> None:
    """Its exception reaches the caller, and the process is not reused in the middle of an answer."""

    def fail(_percent: float) -> None:
        raise RuntimeError("listener")

    pool = make_pool("count")
    with pytest.raises(RuntimeError, match="listener"):
        await pool.run({}, fail)
    assert await pool.run({}) == {}


async def test_an_idle_process_is_let_go(make_pool: MakePool) -> None:
    """After the idle time its memory is free again."""
    pool = make_pool("echo", idle_seconds=0.05)
    pid = int(str((await pool.run({}))["pid"]))
    await eventually(lambda: not psutil.pid_exists(pid))


async def test_closing_ends_running_and_waiting_tasks(make_pool: MakePool, tmp_path: Path) -> None:
    """Both get an error that may be retried elsewhere, and no process is left."""
    pool = make_pool("grind")
    tasks = [asyncio.create_task(pool.run({"pids": str(tmp_path / "pids")})) for _ in range(2)]
    pids = await written_pids(tmp_path / "pids")
    await pool.aclose()
    for outcome in await asyncio.gather(*tasks, return_exceptions=True):
        assert isinstance(outcome, EngineCrashed)
        assert "was closed" in str(outcome)
    await eventually(lambda: not any(map(running, pids)))


async def test_nothing_is_left_behind(make_pool: MakePool, tmp_path: Path) -> None:
    """After work, a crash and a cancellation: the same files open, no child, no zombie, no task."""
    gc.collect()  # what tests before this one left must not close a file meanwhile
    before, tasks = open_files(), asyncio.all_tasks()
    for engine in ("echo", "leave", "grind"):
        async with make_pool(engine) as pool:
            task = asyncio.create_task(pool.run({"pids": str(tmp_path / "pids")}))
            if engine == "grind":
                await written_pids(tmp_path / "pids")
                task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        del task
    gc.collect()
    await eventually(lambda: open_files() <= before)
    assert children() == []
    await eventually(lambda: asyncio.all_tasks() <= tasks)


@pytest.mark.parametrize("engine", ["grind", "deaf"])
async def test_a_process_does_not_outlive_a_parent_killed_with_signal_9(engine: str, tmp_path: Path) -> None:
    """Neither busy in native code nor with the interpreter lock held for good."""
    command = (sys.executable, "-c", PARENT, engine, str(tmp_path / "pids"))
    parent = await asyncio.create_subprocess_exec(*command, stderr=subprocess.DEVNULL)
    pids = await written_pids(tmp_path / "pids")
    parent.kill()
    await parent.wait()
    await eventually(lambda: not running(pids[0]))
    for orphan in filter(running, pids[1:]):  # an engine's own children are its own affair; ours start none
        os.kill(orphan, signal.SIGKILL)


async def test_a_child_runs_politely_and_leaves_signals_to_its_parent(make_pool: MakePool) -> None:
    """It ignores SIGINT, is nicer than we are and is told how many cores are its own."""
    answer = await make_pool("interrupted", niceness=3, threads=2).run({})
    assert answer == {"nice": os.nice(0) + 3, "threads": "2"}


async def eventually(is_so: Callable[[], bool], limit_seconds: float = 10.0) -> None:
    """Look again and again, but not for ever."""
    async with asyncio.timeout(limit_seconds):
        while not is_so():  # noqa: ASYNC110  # another process gives no event
            await asyncio.sleep(0.01)


async def written_pids(path: Path) -> list[int]:
    """The numbers that an engine writes into `path` once it is at work."""
    pids: list[int] = []

    def are_there() -> bool:
        pids[:] = [int(pid) for pid in path.read_text().split()] if path.exists() else []
        return bool(pids)

    await eventually(are_there)
    return pids


def running(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))
