"""A transcript as the tiers keep it: the JSON that HTTP answers with, and the few facts that need no reading.

A hit over HTTP is then a copy of bytes, and memory holds 15 kB for a talk whose segments are 200 kB of
objects.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Self

from pydantic import AwareDatetime, BaseModel, ConfigDict

from batuta.transcripts.models import TranscriptResult, TranscriptType


class Kept(BaseModel):
    """One transcript; `body` is the JSON object of its `TranscriptResult`."""

    model_config = ConfigDict(frozen=True)

    body: str
    video_id: str
    language: str
    transcript_type: TranscriptType
    duration: float
    fetched_at: AwareDatetime

    @classmethod
    def of(cls, result: TranscriptResult) -> Self:
        """The transcript, to be kept; a long one takes a while."""
        return cls(
            body=result.model_dump_json(),
            video_id=result.video_id,
            language=result.language,
            transcript_type=result.transcript_type,
            duration=result.duration,
            fetched_at=result.fetched_at,
        )

    @property
    def result(self) -> TranscriptResult:
        """The transcript's parts; a long one takes a while to read."""
        return _read(self.body)

    def answer(self, source: str, *, stale: bool) -> bytes:
        """The body of an answer over HTTP: the transcript, which tier had it, whether it is out of date."""
        return f'{self.body[:-1]},"source":"{source}","stale":{"true" if stale else "false"}}}'.encode()


@lru_cache(maxsize=128)
def _read(body: str) -> TranscriptResult:
    """The parts of those read last; the rest of the memory stays text."""
    return TranscriptResult.model_validate_json(body)
