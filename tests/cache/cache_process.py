"""A process with a cache over a shared Redis; does what it reads on its standard input, a line of JSON each.

python cache_process.py REDIS_URL CACHE_NAME LOADS_FILE MY_NAME
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import structlog
from cache_parts import WORDS

from batuta.cache import CachePolicy, TieredCache
from batuta.cache.shared import RedisLink, RedisTier

structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))  # stdout is for answers
_, URL, NAME, LOADS, ME = sys.argv


def write_down(key: str) -> None:
    with Path(LOADS).open("a") as file:
        file.write(f"{key} {ME}\n")


async def load(seconds: float, key: str) -> str:
    write_down(key)
    if seconds > 60:
        print(json.dumps("loading"), flush=True)
    await asyncio.sleep(seconds)
    return ME


async def obey(cache: TieredCache[str], what: str, key: str, number: float) -> object:
    match what:
        case "storm":
            found = await asyncio.gather(*[cache.get(key, lambda: load(number, key)) for _ in range(1000)])
            return sorted({each.value for each in found})
        case "get":
            found = await cache.get(key, lambda: load(number, key), tags=("t",))
            return [found.value, found.source]
        case "peek":
            kept = cache.peek(key)
            return None if kept is None else kept.value
        case "invalidate":
            return await cache.invalidate(key)
        case _:
            return await cache.invalidate_tag(key)


async def main() -> None:
    # the limit is generous: these tests are about processes, on a machine that may be busy
    tier = RedisTier(RedisLink(URL, name=NAME, limit_seconds=2), NAME, WORDS, lease_seconds=1)
    async with TieredCache(WORDS, CachePolicy(60), shared=tier) as cache:
        await tier.follow(cache._hear)
        print(json.dumps("ready"), flush=True)
        while line := await asyncio.to_thread(sys.stdin.readline):
            print(json.dumps(await obey(cache, *json.loads(line))), flush=True)


asyncio.run(main())
