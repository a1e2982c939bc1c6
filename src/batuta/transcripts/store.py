"""The database of transcripts: one row for each question that was answered, kept for months.

A row is fresh for TRANSCRIPT_FRESH_DAYS; after that it answers only where YouTube fails.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from batuta.cache import Entry, Stamp
from batuta.storage.database import Database, UtcDateTime, metadata
from batuta.transcripts.kept import Kept
from batuta.transcripts.questions import split_key

KEPT: Final = dt.timedelta(days=365)
"""A row that was not renewed for so long goes."""

transcripts = sa.Table(
    "transcripts",
    metadata,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("video_id", sa.String(11), nullable=False),
    sa.Column("language", sa.Text, nullable=False),
    sa.Column("transcript_type", sa.String(9), nullable=False),
    sa.Column("duration", sa.Float, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("fetched_at", UtcDateTime, nullable=False),
    sa.Index("ix_transcripts_video_id", "video_id"),
    sa.Index("ix_transcripts_fetched_at", "fetched_at"),
)


class TranscriptRows:
    """The tier of `TieredCache` that outlives Redis."""

    def __init__(self, database: Database, *, fresh: dt.timedelta, kept: dt.timedelta = KEPT) -> None:
        self._database = database
        self._fresh = fresh.total_seconds()
        self._kept = max(kept, fresh).total_seconds()

    async def get(self, key: str, tags: tuple[str, ...]) -> Entry[Kept] | None:
        """The row of the key; or one that cannot be bettered: written by people, in the first language."""
        del tags
        video_id, wanted = split_key(key)
        fits = transcripts.c.key == key
        if wanted:
            best = sa.and_(
                transcripts.c.video_id == video_id,
                sa.func.lower(transcripts.c.language) == wanted[0],
                transcripts.c.transcript_type == "manual",
            )
            fits = sa.or_(fits, best)
        query = sa.select(transcripts).where(fits).order_by(transcripts.c.fetched_at.desc()).limit(1)
        row = await self._database.read(lambda connection: connection.execute(query).mappings().first())
        if row is None:
            return None
        kept = Kept.model_validate({name: value for name, value in row.items() if name != "key"})
        stored = kept.fetched_at.timestamp()
        return Entry(kept, stored, stored + self._fresh, stored + self._kept, (video_id,))

    async def stamp(self, key: str, tags: tuple[str, ...]) -> Stamp:
        """Nothing to remember: rows are deleted, not marked."""
        del key, tags
        return Stamp()

    async def put(self, key: str, entry: Entry[Kept], stamp: Stamp) -> None:
        """Write the row, over the older one."""
        del stamp
        if entry.value is None:
            return
        row = {"key": key, **entry.value.model_dump()}
        await self._database.write(lambda connection: _upsert(connection, row))

    async def delete(self, key: str) -> None:
        """Remove the row."""
        await self._delete(transcripts.c.key == key)

    async def delete_tag(self, tag: str) -> None:
        """Remove every row of the video."""
        await self._delete(transcripts.c.video_id == tag)

    async def clear(self) -> None:
        """Remove every row."""
        await self._delete(sa.true())

    async def count(self) -> int:
        """Rows."""
        query = sa.select(sa.func.count()).select_from(transcripts)
        return await self._database.read(lambda connection: connection.execute(query).scalar_one())

    async def clean(self, now: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC)) -> None:
        """Remove the rows that are too old to be given even where YouTube fails."""
        await self._delete(transcripts.c.fetched_at < now() - dt.timedelta(seconds=self._kept))

    async def _delete(self, which: sa.ColumnElement[bool]) -> None:
        await self._database.write(lambda connection: connection.execute(transcripts.delete().where(which)))


def _upsert(connection: sa.Connection, row: Mapping[str, object]) -> None:
    kind = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = kind.insert(transcripts).values(row)
    changed = {name: statement.excluded[name] for name in row if name != "key"}
    connection.execute(statement.on_conflict_do_update(index_elements=["key"], set_=changed))
