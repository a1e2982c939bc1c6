"""What a transcript is: its segments with their times, where it came from, and why there may be none."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from batuta.media.scripts import join

TranscriptType = Literal["manual", "auto", "generated"]
"""Written by people, heard by YouTube's recogniser, or heard by ours."""

Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Cause(StrEnum):
    """Why there is no transcript; the list is closed, and the value is the `code` of a problem over HTTP."""

    INVALID_ID = "invalid_id"
    NOT_FOUND = "not_found"
    DISABLED = "disabled"
    LANGUAGE_NOT_AVAILABLE = "language_not_available"
    PRIVATE = "private"
    AGE_RESTRICTED = "age_restricted"
    REGION_BLOCKED = "region_blocked"
    LIVE_NOT_ENDED = "live_not_ended"
    BLOCKED = "blocked"
    RATE_LIMITED = "rate_limited"
    PO_TOKEN_REQUIRED = "po_token_required"  # noqa: S105 - the name of a cause, not a secret
    TIMEOUT = "timeout"
    NETWORK = "network"
    UPSTREAM_ERROR = "upstream_error"


def _in_utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)


def _now() -> datetime:
    return datetime.now(UTC)


class Segment(BaseModel):
    """A text and when it is heard, `start` and `duration` in seconds; lines are parted by line feeds."""

    model_config = ConfigDict(frozen=True)

    text: str
    start: Seconds
    duration: Seconds

    @property
    def end(self) -> float:
        """Seconds, to the millisecond: sums of decimal fractions do not come out even."""
        return round(self.start + self.duration, 3)


class Track(BaseModel):
    """A transcript that YouTube offers for a video; `language` is YouTube's code, such as `pt-BR`."""

    model_config = ConfigDict(frozen=True)

    language: str
    name: str
    transcript_type: Literal["manual", "auto"]
    translatable: bool = False


class Tracks(BaseModel):
    """All that YouTube offers for one video, manual tracks first."""

    model_config = ConfigDict(frozen=True)

    tracks: tuple[Track, ...]


class PlaylistVideos(BaseModel):
    """The videos of a playlist in its order, each once; deleted and private ones are left out."""

    model_config = ConfigDict(frozen=True)

    playlist_id: str
    title: str | None = None
    video_ids: tuple[str, ...] = ()
    truncated: bool = False
    """Whether there are more: past the limit, or where YouTube would not go on."""


class TranscriptResult(BaseModel):
    """The transcript of one video in one language; `duration` is when its last segment ends, in seconds."""

    model_config = ConfigDict(frozen=True)

    video_id: str
    transcript: str
    language: str
    transcript_type: TranscriptType
    duration: Seconds
    segments: tuple[Segment, ...]
    fetched_at: Annotated[AwareDatetime, AfterValidator(_in_utc)] = Field(default_factory=_now)

    @classmethod
    def of(
        cls,
        video_id: str,
        language: str,
        transcript_type: TranscriptType,
        segments: Iterable[Segment],
        fetched_at: datetime | None = None,
    ) -> Self:
        """A transcript of these segments: the text joined as the language writes it, the end found."""
        kept = tuple(segments)
        return cls(
            video_id=video_id,
            transcript=join((" ".join(segment.text.split()) for segment in kept), language),
            language=language,
            transcript_type=transcript_type,
            duration=max((segment.end for segment in kept), default=0.0),
            segments=kept,
            fetched_at=fetched_at or _now(),
        )
