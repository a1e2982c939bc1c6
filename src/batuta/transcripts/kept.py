"""A transcript as the tiers keep it: the JSON that HTTP answers with, read only by whoever wants its parts.

A hit over HTTP is then a copy of bytes, and memory holds 15 kB for a talk whose segments are 200 kB of
objects.
"""

from __future__ import annotations

from functools import cached_property
from typing import Self

from pydantic import BaseModel, ConfigDict

from batuta.transcripts.models import TranscriptResult


class Kept(BaseModel):
    """One transcript; `body` is the JSON object of its `TranscriptResult`."""

    model_config = ConfigDict(frozen=True)

    body: str

    @classmethod
    def of(cls, result: TranscriptResult) -> Self:
        """The transcript, to be kept."""
        kept = cls(body=result.model_dump_json())
        vars(kept)["result"] = result  # as `cached_property` keeps it: it need not be read again
        return kept

    @cached_property
    def result(self) -> TranscriptResult:
        """The transcript's parts."""
        return TranscriptResult.model_validate_json(self.body)

    def answer(self, source: str, *, stale: bool) -> bytes:
        """The body of an answer over HTTP: the transcript, which tier had it, whether it is out of date."""
        return f'{self.body[:-1]},"source":"{source}","stale":{"true" if stale else "false"}}}'.encode()
