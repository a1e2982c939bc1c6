"""The database of transcripts keeps what a tier must keep, in SQLite and in Postgres."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from transcript_stage import HOUR, ID

from batuta.cache import Entry
from batuta.storage.database import Database
from batuta.transcripts.kept import Kept
from batuta.transcripts.models import Segment, TranscriptResult
from batuta.transcripts.store import TranscriptRows

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("nothing_left_running")]


def result_of(video_id: str, language: str = "en", words: str = "x", age_days: float = 0) -> Kept:
    date = dt.datetime.now(dt.UTC) - dt.timedelta(days=age_days)
    segment = Segment(text=words, start=0.25, duration=1.5)
    return Kept.of(TranscriptResult.of(video_id, language, "manual", [segment], date))


async def put(rows: TranscriptRows, key: str, kept: Kept) -> None:
    now = kept.result.fetched_at.timestamp()
    entry = Entry(kept, now, now + 60, now + 60, (kept.result.video_id,))
    await rows.put(key, entry, await rows.stamp(key, entry.tags))


@pytest.fixture(params=["sqlite", "postgres"])
async def rows(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[TranscriptRows]:
    url = request.getfixturevalue("postgres_url") if request.param == "postgres" else None
    database = Database.opened(tmp_path, url)
    await database.create_tables()
    yield TranscriptRows(database, fresh=dt.timedelta(days=30))
    await database.aclose()


async def test_a_row_keeps_what_a_tier_must_keep(rows: TranscriptRows) -> None:
    """What is put is got, any text of it; the last put holds; another key has nothing."""
    for words in ('"}{\\ \u2028 ü 🎵', "nul \0 and \ud7ff", "x" * 100_000):
        kept = result_of(ID, "zh-Hant-nP7-2PuUl7o", words)
        await put(rows, f"{ID}:zh-hant,en", kept)
        entry = await rows.get(f"{ID}:zh-hant,en", (ID,))
        assert entry is not None
        assert entry.value is not None
        assert (entry.value.result, entry.tags, entry.absence) == (kept.result, (ID,), None)
        assert json.loads(entry.value.answer("database", stale=True))["stale"] is True
        assert entry.stored_at == pytest.approx(kept.result.fetched_at.timestamp())
        assert entry.fresh_until - entry.stored_at == 30 * 24 * HOUR
        assert entry.stale_until - entry.stored_at == 365 * 24 * HOUR
    assert await rows.get(f"{ID}:zh", (ID,)) is None
    assert await rows.get(f"{ID}:*", (ID,)) is None
    assert await rows.count() == 1


async def test_what_is_kept_keeps_no_parsed_objects() -> None:
    """Reading the parts leaves nothing beside the text, so that memory's count of bytes is true."""
    kept = result_of(ID, words="x" * 1000)
    before = set(vars(kept))
    assert kept.result.transcript == "x" * 1000
    assert set(vars(kept)) == before == set(Kept.model_fields)
    assert "result" not in vars(kept)


async def test_rows_are_forgotten_by_key_by_video_and_altogether(rows: TranscriptRows) -> None:
    """The others stay; what is put afterwards stays; forgetting what is not there is no error."""
    keys = [f"{ID}:*", f"{ID}:de", f"{ID}:*:made", "other-video:*"]
    for key in keys:
        await put(rows, key, result_of(key[:11]))

    async def left() -> list[str]:
        return [key for key in keys if await rows.get(key, ()) is not None]

    await rows.delete(f"{ID}:de")
    await rows.delete("never-was:*")
    await rows.delete_tag("never-was")
    assert await left() == [keys[0], keys[2], keys[3]]
    await rows.delete_tag(ID)
    assert await left() == [keys[3]]
    await put(rows, keys[0], result_of(ID))
    await rows.clear()
    assert await left() == []
    await put(rows, keys[0], result_of(ID))
    assert await left() == [keys[0]]


async def test_the_newest_of_two_rows_that_answer_is_given(rows: TranscriptRows) -> None:
    """Its own, or one that cannot be bettered; never another's video or language."""
    await put(rows, f"{ID}:es,en", result_of(ID, "en", "what there was", age_days=20))
    await put(rows, f"{ID}:es", result_of(ID, "es", "what there is", age_days=10))
    await put(rows, "other-video:es", result_of("other-video", "es", "another's"))
    entry = await rows.get(f"{ID}:es,en", ())
    assert entry is not None
    assert entry.value is not None
    assert entry.value.result.transcript == "what there is"
    assert await rows.get(f"{ID}:en,es", ()) is not None  # written in English by people, found under `es,en`
    assert await rows.get(f"{ID}:de,es", ()) is None
