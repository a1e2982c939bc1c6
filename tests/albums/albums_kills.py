"""Kills processes that store, delete and save, at random moments, and counts what the disk lost.

`python albums_kills.py FOLDER KILLS SEED` prints {"kills", "saves", "lost"} as JSON. Processes are forked, so
that a thousand of them do not import everything again. After step n the entries n-WINDOW+1 … n are there,
those up to n-AGAIN in their second form, and everything before is deleted; a step counts once its save has
returned.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import sys
import time
from pathlib import Path

from batuta.albums import AppConfig, CacheOrchestrator

WINDOW = 60
AGAIN = 5
LONGEST_SECONDS = 0.12


def caches(folder: Path) -> CacheOrchestrator:
    caching = {"autosave_interval_seconds": 3600, "default_ttl_seconds": 3600}
    return CacheOrchestrator(AppConfig.model_validate({"logs_base_dir": folder, "caching": caching}))


def names(number: int) -> tuple[str, str]:
    return f"Artist {number}", f"Album {number}"


async def write(folder: Path, done: int, told: int) -> None:
    """Go on after the step, and tell of each one that is saved, until killed."""
    orchestrator = caches(folder)
    await orchestrator.initialize()
    while True:
        done += 1
        for number, year in ((done, "1999"), (done - AGAIN, "2000")):
            if number >= 0:
                await orchestrator.store_album_year(*names(number), year)
                await orchestrator.set_cached_api_result(*names(number), "musicbrainz", year)
                orchestrator.set(f"key {number}", year)
        gone = done - WINDOW
        await orchestrator.invalidate_album_cache(*names(gone))
        await orchestrator.api_service.invalidate_for_album(*names(gone))
        orchestrator.invalidate(f"key {gone}")
        await orchestrator.save_all_to_disk()
        os.write(told, f"{done}\n".encode())


async def found(folder: Path) -> list[dict[int, str]]:
    """What each of the three caches has on the disk."""
    orchestrator = caches(folder)
    await orchestrator.initialize()
    albums = {int(one.album.split()[1]): one.year for one in orchestrator.album_years_cache.values()}
    api = {int(one.album.split()[1]): str(one.year) for one in orchestrator.api_cache.values()}
    generic = {int(str(key).split()[1]): str(value) for key, (value, _) in orchestrator.cache.items()}
    await orchestrator.shutdown()
    return [albums, api, generic]


def expected(done: int) -> dict[int, str]:
    first = max(done - WINDOW + 1, 0)
    return {number: "2000" if number <= done - AGAIN else "1999" for number in range(first, done + 1)}


def lost(there: dict[int, str], done: int) -> int:
    """Entries that are missing, wrong or risen from the dead; the next step may have been saved untold."""

    def differences(wanted: dict[int, str]) -> int:
        return sum(there.get(number) != wanted.get(number) for number in there.keys() | wanted.keys())

    return min(differences(expected(done)), differences(expected(done + 1)))


def one_kill(folder: Path, done: int, seconds: float) -> int:
    """Fork, kill, and give the last step that was saved."""
    hears, tells = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(hears)
        try:
            asyncio.run(write(folder, done, tells))
        finally:
            os._exit(1)
    os.close(tells)
    time.sleep(seconds)  # the moment of the kill
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), "the writer ended by itself"
    with os.fdopen(hears, "rb") as file:
        told = file.read().split(b"\n")[:-1]
    return int(told[-1]) if told else done


def main(folder: Path, kills: int, seed: int) -> dict[str, int]:
    moments = random.Random(seed)
    done, count = -1, 0
    for _ in range(kills):
        done = one_kill(folder, done, moments.uniform(0, LONGEST_SECONDS))
        count += sum(lost(there, done) for there in asyncio.run(found(folder)) if done >= 0)
    return {"kills": kills, "saves": done + 1, "lost": count}


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))))
