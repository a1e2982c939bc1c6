"""The SQL store by itself: what a turn writes and weighs, and what is refused."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import sqlalchemy.event
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from session_talks import ANNA, LIFETIME, ask, counting, saying

from batuta.errors import StorageError
from batuta.sessions import Sessions, SqlSessions
from batuta.sessions.packing import deflated, inflated, kept_text
from batuta.storage.database import Database

pytestmark = pytest.mark.anyio

TURNS = 200
WORDS = Path(__file__).read_text().split()


@pytest.fixture
async def database(tmp_path: Path, anyio_backend: str) -> AsyncIterator[Database]:
    """A new one in a folder."""
    del anyio_backend
    opened = Database.in_folder(tmp_path)
    await opened.create_tables()
    yield opened
    await opened.aclose()


def shown(chance: random.Random) -> dict[str, Any]:
    """What shopping answers: ten cards, a question with suggestions, what was understood."""

    def words(count: int) -> str:
        return " ".join(chance.choices(WORDS, k=count))

    cards = [
        {
            "id": f"{chance.getrandbits(40):x}",
            "title": words(9),
            "brand": words(1),
            "price": round(chance.uniform(5, 2000), 2),
            "currency": "USD",
            "rating": round(chance.uniform(1, 5), 1),
            "reviews": chance.randrange(5000),
            "image": f"https://images.example.com/{chance.getrandbits(64):x}.jpg",
            "attributes": {"memory_gb": chance.choice([8, 16, 32]), "colour": words(1)},
            "why_ranked": [f"within your budget of ${chance.randrange(999)}", f"rated {words(2)}"],
        }
        for _ in range(10)
    ]
    suggestions = [{"value": words(1), "label": words(1), "count": chance.randrange(99)} for _ in range(5)]
    return {
        "reply": words(25),
        "question": {"id": words(1), "text": words(9), "facet": "brand", "suggestions": suggestions},
        "products": cards,
        "requirement_spec": {"product_type": "laptop", "price": {"max": 900.0, "currency": "USD"}},
        "notices": [],
    }


async def test_a_question_and_its_answer_take_at_most_4_kb(database: Database, tmp_path: Path) -> None:
    """Of the file, over a conversation that shows ten products each time."""
    sessions = Sessions(SqlSessions(database), lifetime=LIFETIME)
    chance = random.Random(7)
    outcomes = [shown(chance) for _ in range(TURNS)]
    before = await size(database, tmp_path)
    for number, outcome in enumerate(outcomes):
        shown_before = [{"id": card["id"], "title": card["title"]} for card in outcome["products"]]
        state = {"spec": outcome["requirement_spec"], "shown": shown_before, "number": number}
        message = f"show me {' '.join(chance.choices(WORDS, k=9))}"
        await sessions.converse(ask(message, "s1"), saying(outcome, state=state))
    each = (await size(database, tmp_path) - before) / TURNS
    print(f"{each:.0f} bytes a turn")
    assert 1000 < each <= 4096
    (kept,) = await sessions.history("s1", ANNA, limit=1)
    assert kept.outcome == outcomes[-1]
    await sessions.aclose()


async def size(database: Database, folder: Path) -> int:
    """Of the file, with everything in it."""

    def checkpoint() -> None:
        with database.engine.connect() as connection:
            connection.exec_driver_sql("ROLLBACK")
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")

    await asyncio.to_thread(checkpoint)
    return (folder / "batuta.sqlite").stat().st_size


async def test_a_turn_is_two_writes(database: Database) -> None:
    """One at its beginning, one at its end."""
    commits: list[object] = []
    sqlalchemy.event.listen(database.engine, "commit", commits.append)
    sessions = Sessions(SqlSessions(database), lifetime=LIFETIME)
    await sessions.converse(ask("hi", "s1"), counting)
    await sessions.converse(ask("hi", "s1"), counting)
    assert len(commits) == 4
    await sessions.aclose()


async def test_a_table_that_cannot_be_read_is_told_of(database: Database) -> None:
    """A health check fails."""
    await database.write(lambda connection: connection.execute(sa.text("drop table sessions")))
    with pytest.raises(StorageError, match="no such table"):
        await SqlSessions(database).ping()


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.text(st.characters()), st.integers() | st.floats(allow_nan=False) | st.text()))
def test_what_was_deflated_comes_back(value: dict[str, Any]) -> None:
    """Exactly; infinities are no JSON."""
    if float("inf") in value.values() or float("-inf") in value.values():
        with pytest.raises(StorageError, match="cannot be kept as JSON"):
            kept_text(value, "state", 10**6)
    else:
        assert repr(inflated(deflated(kept_text(value, "state", 10**6)))) == repr(value)


@pytest.mark.parametrize("data", [b"", b"no zlib", deflated(b'{"a": 1}')[:-3], deflated(b"[" * 10**6)])
def test_what_is_no_deflated_json_is_refused(data: bytes) -> None:
    """Also what would be larger than anything we keep."""
    with pytest.raises(StorageError, match="a kept JSON object"):
        inflated(data)
