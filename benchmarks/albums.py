"""The albums' caches beside their naive peer: hot path, invalidation, saving, stalls of the loop, kill -9.

The hot paths take turns in one process. The rest is measured in a process for each of the two: the objects of
the one would burden the garbage collector of the other.
"""

from __future__ import annotations

import asyncio
import gc
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from batuta.albums import AppConfig, CacheOrchestrator
from benchmarks.figures import Figure
from benchmarks.naive_albums import NaiveCaches

OPERATIONS = 200_000
KEYS = 5_000
ALBUMS = 100_000
ENTRIES = 3 * ALBUMS
INVALIDATED = {"ours": 1000, "naive": 10}
SAVES = {"ours": 30, "naive": 3}
CHANGED = 10
TICK_SECONDS = 0.001
STALL_MS = 20.0
KILLS = 1000
KILLER = Path(__file__).parents[1] / "tests" / "albums" / "albums_kills.py"


def config(folder: Path) -> AppConfig:
    """Saves when it is told to."""
    return AppConfig.model_validate({"logs_base_dir": folder, "caching": {"autosave_interval_seconds": 3600}})


class Ours:
    """The peer's verbs, done by Batuta."""

    def __init__(self, folder: Path) -> None:
        self.caches = CacheOrchestrator(config(folder))
        self.store_album_year = self.caches.store_album_year
        self.set_cached_api_result = self.caches.set_cached_api_result
        self.save = self.caches.save_all_to_disk
        self.load = self.caches.initialize

    async def invalidate_for_album(self, artist: str, album: str) -> None:
        await self.caches.album_service.invalidate_album(artist, album)
        await self.caches.api_service.invalidate_for_album(artist, album)


Caches = Ours | NaiveCaches


def pass_of(caches: CacheOrchestrator | NaiveCaches, keys: list[str]) -> float:
    """Microseconds of CPU for one operation: nine gets to one set."""
    get, put = caches.get, caches.set
    begun = time.process_time()
    for number in range(OPERATIONS // 10):
        first = number * 9 % (KEYS - 10)
        put(keys[first], number)
        for key in keys[first : first + 9]:
            get(key)
    return (time.process_time() - begun) / OPERATIONS * 1e6


def hot_path(folder: Path) -> None:
    ours, naive = CacheOrchestrator(config(folder)), NaiveCaches(folder)
    keys = [f"raw_response_{number}" for number in range(KEYS)]
    for caches in (ours, naive):
        for key in keys:
            caches.set(key, key)
    times = [(pass_of(ours, keys), pass_of(naive, keys)) for _ in range(7)]
    mine, theirs = (statistics.median(column) for column in zip(*times, strict=True))
    what = f"one get or set (9:1) among {KEYS:,} keys, CPU; {1 / mine:.2f} M op/s"
    Figure(what, mine, "us", 1.5 * theirs, ordinary="about 1 M op/s", naive=theirs).show()


async def fill(caches: Caches) -> None:
    """A year for each album, and answers of two sources about each."""
    for number in range(ALBUMS):
        artist, album = f"Artist {number // 10}", f"Album {number}"
        await caches.store_album_year(artist, album, "1999", 80)
        await caches.set_cached_api_result(artist, album, "musicbrainz", "1999")
        await caches.set_cached_api_result(artist, album, "discogs", "1998")
        if number % 1000 == 0:
            await asyncio.sleep(0)


async def invalidating(caches: Caches, times: int) -> float:
    """Microseconds of CPU for one album."""
    begun = time.process_time()
    for number in range(times):
        await caches.invalidate_for_album(f"Artist {number // 10}", f"Album {number}")
    return (time.process_time() - begun) / times * 1e6


async def saving(caches: Caches, times: int) -> float:
    """Milliseconds for a save after a few changes."""
    took: list[float] = []
    for turn in range(times):
        for number in range(CHANGED):
            await caches.store_album_year(f"Changed {turn}", f"Album {number}", "2001", 80)
        begun = time.perf_counter()
        await caches.save()
        took.append((time.perf_counter() - begun) * 1000)
    return statistics.median(took)


async def stall(work: Callable[[], Awaitable[object]]) -> float:
    """Milliseconds for which the loop came late, at worst, while the work was done."""
    worst = 0.0
    ended = False

    async def watch() -> None:
        nonlocal worst
        while not ended:
            begun = time.perf_counter()
            await asyncio.sleep(TICK_SECONDS)
            worst = max(worst, time.perf_counter() - begun - TICK_SECONDS)

    gc.collect()
    watching = asyncio.create_task(watch())
    await asyncio.sleep(0)
    await work()
    ended = True
    await watching
    return worst * 1000


async def first_part(which: str, folder: Path) -> dict[str, float]:
    """In a process of its own: a cache that grows and is saved."""
    caches: Caches = Ours(folder) if which == "ours" else NaiveCaches(folder)
    found = {"alone": await stall(lambda: asyncio.sleep(1))}
    if isinstance(caches, Ours):
        await caches.load()
    await fill(caches)
    found["stall saving everything"] = await stall(caches.save)
    found["invalidating"] = await invalidating(caches, INVALIDATED[which])
    await caches.save()
    found["saving"] = await saving(caches, SAVES[which])
    for number in range(CHANGED):
        await caches.store_album_year("Changed at last", f"Album {number}", "2001", 80)
    found["stall saving"] = await stall(caches.save)
    if isinstance(caches, Ours):
        found["stall exporting"] = await stall(lambda: caches.caches.export_files(folder / "exported"))
        await caches.caches.shutdown()
    return found


async def second_part(which: str, folder: Path) -> dict[str, float]:
    """In another process: the same cache is loaded."""
    caches: Caches = Ours(folder) if which == "ours" else NaiveCaches(folder)
    begun = time.perf_counter()
    found = {"stall loading": await stall(caches.load), "loading": time.perf_counter() - begun}
    if isinstance(caches, Ours):
        count = len(caches.caches.album_years_cache) + len(caches.caches.api_cache)
        assert count > ENTRIES - 3 * INVALIDATED[which], count
        await caches.caches.shutdown()
    return found


async def third_part(which: str, folder: Path) -> dict[str, float]:
    """In another process: what was exported is imported."""
    del which
    caches = CacheOrchestrator(config(folder / "imported"))
    await caches.initialize()
    found = {"stall importing": await stall(lambda: caches.import_files(folder / "exported"))}
    await caches.shutdown()
    return found


PARTS = {"first": first_part, "second": second_part, "third": third_part}


def killed_often(folder: Path) -> dict[str, int]:
    """Kills, saves, and saved entries that were lost."""
    command = [sys.executable, str(KILLER), str(folder), str(KILLS), str(time.time_ns())]
    found: dict[str, int] = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    return found


def measured(part: str, which: str, folder: Path) -> dict[str, float]:
    """What a part found, in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.albums", part, which, str(folder)]
    found: dict[str, float] = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    return found


def show(ours: dict[str, float], naive: dict[str, float]) -> None:
    Figure(
        f"invalidating one album among {ALBUMS:,}, of {2 * ALBUMS:,} API entries, CPU",
        ours["invalidating"],
        "us",
        naive["invalidating"] / 1000,
        ordinary="48 ms: it scans",
        naive=naive["invalidating"],
    ).show()
    Figure(
        f"saving after {CHANGED} changes among {ENTRIES:,} entries",
        ours["saving"],
        "ms",
        naive["saving"] / 50,
        ordinary="2.0 s: it rewrites everything",
        naive=naive["saving"],
    ).show()
    print(f"  the loop alone, nothing done: late by {ours['alone']:.1f} ms at worst")
    for what in ("saving everything", "saving", "loading", "exporting", "importing"):
        Figure(
            f"worst stall of the loop, {what}, {ENTRIES:,} entries",
            ours[f"stall {what}"],
            "ms",
            STALL_MS,
            ordinary="310-520 ms" if f"stall {what}" in naive else "",
            naive=naive.get(f"stall {what}"),
        ).show()
    print(f"  loading took {ours['loading']:.1f} s; the naive peer {naive['loading']:.1f} s")


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="batuta-bench-") as name:
        folder = Path(name)
        hot_path(folder / "hot")
        found: dict[str, dict[str, float]] = {}
        for which in ("ours", "naive"):
            place = folder / which
            place.mkdir()
            found[which] = {**measured("first", which, place), **measured("second", which, place)}
        found["ours"] |= measured("third", "ours", folder / "ours")
        show(found["ours"], found["naive"])
        killed = killed_often(folder / "killed")
        kills, saves = killed["kills"], killed["saves"]
        what = f"saved entries lost over {kills:,} kill -9 at random moments, {saves:,} saves"
        Figure(what, killed["lost"], "entries", 0).show()


if __name__ == "__main__":
    if sys.argv[1:]:
        print(json.dumps(asyncio.run(PARTS[sys.argv[1]](sys.argv[2], Path(sys.argv[3])))))
    else:
        main()
