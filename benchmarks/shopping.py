"""Shopping: what a turn costs beside its services, what a conversation takes on disk, many at once.

Search quality is `catalog_search`, questions are `shoppers`. `python -m benchmarks.shopping turns` does one
part: turns or crowd.
"""

from __future__ import annotations

import asyncio
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx2

from batuta.house import open_batuta
from batuta.settings import Settings
from batuta.shopping.models import ChatRequest, TurnOutcome
from batuta.shopping.orchestrator import Orchestrator
from benchmarks.figures import Figure
from benchmarks.programs import House, free_port, start

TURNS = 200
CROWD = 200
TURNS_EACH = 5
THINK_SECONDS = (1.0, 5.0)
"""Between an answer and the next message: nobody types faster."""
WANTS = (
    "running shoes",
    "laptops",
    "headphones",
    "backpacks",
    "coffee makers",
    "watches",
    "jackets",
    "monitors",
)
REFINEMENTS = (
    "under 300 dollars",
    "not red",
    "4 stars or more",
    "no preference",
    "the cheapest",
    "any brand",
)


async def turns(folder: Path) -> None:
    """One conversation after the other, in process: CPU of a whole turn, of its services, of the rest."""
    async with open_batuta(Settings(batuta_data=folder)) as batuta:
        shopping = batuta.shopping
        await shopping.chat(ChatRequest(message="laptops", user_id="warm"))
        size = _bytes(folder)
        spent = _Spent(shopping._orchestrator)  # noqa: SLF001  # measured from inside
        begun, done = time.process_time(), 0
        for number in range(TURNS // TURNS_EACH):
            for message in _messages(number):
                request = ChatRequest(message=message, user_id="ann", session_id=f"s{number}")
                await shopping.chat(request)
                done += 1
        whole = (time.process_time() - begun) / done * 1000
        services = spent.seconds / done * 1000
    Figure(
        "a turn's own overhead, CPU", whole - services, "ms", 5, ordinary="a LangGraph SqliteSaver 10.9 ms"
    ).show()
    print(f"  the whole turn {whole:.1f} ms, of which search, ranking and wording {services:.1f} ms")
    Figure(
        "storage for a question and its answer",
        (_bytes(folder) - size) / done / 1024,
        "KB",
        4,
        ordinary="a LangGraph SqliteSaver 79 KB",
    ).show()


class _Spent:
    """CPU seconds spent within the three services, as the orchestrator asks them."""

    def __init__(self, orchestrator: Orchestrator) -> None:
        self.seconds = 0.0
        catalog, composer = orchestrator._catalog, orchestrator._composer  # noqa: SLF001  # as above
        for port, names in ((catalog, ("search", "product")), (composer, ("rank", "compose"))):
            for name in names:
                setattr(port, name, self._timed(getattr(port, name)))

    def _timed(self, ask: Callable[..., Awaitable[object]]) -> Callable[..., Awaitable[object]]:
        async def timed(*arguments: object) -> object:
            begun = time.process_time()
            try:
                return await ask(*arguments)
            finally:
                self.seconds += time.process_time() - begun

        return timed


async def crowd(folder: Path) -> None:
    """Many conversations at once over HTTP, each with a person who thinks; and all at the same moment."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    arguments = ("-m", "batuta", "serve", "shopping", "--port", str(port))
    process = await start(arguments, {"BATUTA_DATA": str(folder)}, f"{url}/health")
    house = House(process, url)
    try:
        await _crowd(house)
    finally:
        house.kill()


async def _crowd(house: House) -> None:
    limits = httpx2.Limits(max_connections=CROWD, max_keepalive_connections=CROWD)
    async with httpx2.AsyncClient(base_url=house.url, timeout=120, limits=limits) as api:
        await _say(api, "warm", "laptops")
        times: list[float] = []

        async def person(number: int) -> None:
            chance = random.Random(number)
            await asyncio.sleep(chance.uniform(0, THINK_SECONDS[1]))
            for message in _messages(number):
                times.append(await _say(api, f"p{number}", message))
                await asyncio.sleep(chance.uniform(*THINK_SECONDS))

        begun = house.cpu_seconds()
        await asyncio.gather(*(person(number) for number in range(CROWD)))
        cpu = (house.cpu_seconds() - begun) / len(times) * 1000
        kept = 0
        for number in range(CROWD):
            answer = await api.get(f"/api/v1/sessions/p{number}", params={"user_id": f"p{number}"})
            kept += answer.json()["turns"]
        p95 = statistics.quantiles(times, n=20)[18] * 1000
        Figure(f"{CROWD} conversations at once, p95 of a turn", p95, "ms", 300).show()
        print(f"  p50 {statistics.median(times) * 1000:.0f} ms; {cpu:.1f} ms CPU of the server for a turn")
        Figure("turns lost", CROWD * TURNS_EACH - kept, "", 0).show()
        at_once = await asyncio.gather(*(_say(api, f"q{number}", "laptops") for number in range(CROWD)))
        median, last = statistics.median(at_once) * 1000, max(at_once) * 1000
        print(f"  {CROWD} messages in the same moment: p50 {median:.0f} ms, the last after {last:.0f} ms")


async def _say(api: httpx2.AsyncClient, who: str, message: str) -> float:
    begun = time.perf_counter()
    answer = await api.post("/api/v1/chat", json={"message": message, "user_id": who, "session_id": who})
    elapsed = time.perf_counter() - begun
    TurnOutcome.model_validate_json(answer.raise_for_status().content)
    return elapsed


def _messages(number: int) -> list[str]:
    chance = random.Random(number)
    return [chance.choice(WANTS), *chance.sample(REFINEMENTS, TURNS_EACH - 1)]


def _bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.glob("batuta.sqlite*"))


def main() -> None:
    wanted = sys.argv[1:]
    for name, part in (("turns", turns), ("crowd", crowd)):
        if not wanted or name in wanted:
            with tempfile.TemporaryDirectory() as folder:
                asyncio.run(part(Path(folder)))


if __name__ == "__main__":
    main()
