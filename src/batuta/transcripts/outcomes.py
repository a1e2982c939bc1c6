"""What comes of asking for a transcript: the transcript, or why there is none; and what was tried."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from batuta.cache import Attempt as Looked
from batuta.cache import Failed, Found
from batuta.errors import BatutaError, DeadlineExceeded
from batuta.transcripts.causes import TranscriptUnavailable, YouTubeFailed, YouTubeTimeout
from batuta.transcripts.kept import Kept
from batuta.transcripts.models import Cause, TranscriptResult

Source = Literal["memory", "cache", "database", "youtube", "generated"]
_NAMES: Final[dict[str, Source]] = {
    "memory": "memory",
    "cache": "cache",
    "database": "database",
    "origin": "youtube",
}
_MADE: Final[Source] = "generated"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One tier that was asked, what became of it, and how long that took."""

    tier: Source
    cause: str
    """`hit`, `stale`, `miss`, `skipped` (known to be down), `out_of_time`, or the code of the error."""
    milliseconds: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """Either `kept` or `error` is there."""

    source: Source
    """The tier that answered: with the transcript, or with the failure it remembered."""
    attempts: tuple[Attempt, ...]
    kept: Kept | None = None
    stale: bool = False
    """Whether the transcript should have been refreshed, which failed."""
    age: float = 0.0
    """Seconds since it was fetched."""
    error: TranscriptUnavailable | None = None

    @property
    def cause(self) -> Cause | None:
        """Why there is no transcript."""
        return None if self.error is None else self.error.cause

    @property
    def transcript(self) -> TranscriptResult | None:
        """The transcript, if there is one."""
        return None if self.kept is None else self.kept.result

    def found(self) -> Kept:
        """The transcript as it is kept; raises the `TranscriptUnavailable` of its cause."""
        if self.kept is None:
            raise self.error or YouTubeFailed("there is neither a transcript nor a cause")
        return self.kept


_HIT: Final = (Attempt("memory", "hit", 0.0),)


def given(found: Found[Kept]) -> Outcome:
    """A tier's, or YouTube's."""
    if found.source == "memory" and not found.stale:  # a microsecond saved where there are only five
        return Outcome("memory", _HIT, found.value, age=found.age)
    return Outcome(_NAMES[found.source], attempts(found.attempts), found.value, found.stale, found.age)


def refused(failed: Failed) -> Outcome:
    """YouTube's failure, new or remembered."""
    return Outcome(_NAMES[failed.source], attempts(failed.attempts), error=named(failed.error))


def made(found: Found[Kept], before: Outcome) -> Outcome:
    """What we made ourselves, now (then its source is `generated`) or earlier."""
    source = _MADE if found.source == "origin" else _NAMES[found.source]
    tried = (*before.attempts, *attempts(found.attempts, _MADE))
    return Outcome(source, tried, found.value, age=found.age)  # what is said in a video does not go stale


def not_made(failed: Failed, before: Outcome) -> Outcome:
    """YouTube's failure, which making one did not mend."""
    tried = (*before.attempts, *attempts(failed.attempts, _MADE))
    error = before.error or YouTubeFailed("there is no transcript")
    told = f"{error.message}; generating one failed: {failed.error}"
    if isinstance(failed.error, BatutaError) and failed.error.retryable:  # asking again may help after all
        return Outcome(before.source, tried, error=YouTubeFailed(told, failed.error.retry_after))
    return Outcome(before.source, tried, error=type(error)(told, error.retry_after))


def named(error: Exception) -> TranscriptUnavailable:
    """The error as one of the closed list; those that may pass say when to ask again, the others do not.

    A cache knows that time of every failure it remembers, whatever it is worth.
    """
    match error:
        case TranscriptUnavailable():
            lasts = error.remembered.total_seconds() if error.retry_after is None else error.retry_after
            again = lasts if error.retryable else None
            return error if again == error.retry_after else type(error)(error.message, again)
        case DeadlineExceeded():
            return YouTubeTimeout(error.message, error.retry_after)
        case _:
            return YouTubeFailed(f"{type(error).__name__}: {error}")


def attempts(looked: tuple[Looked, ...], origin: Source = "youtube") -> tuple[Attempt, ...]:
    """The cache's attempts, with its origin called what it is."""
    return tuple(
        Attempt(
            origin if each.tier == "origin" else _NAMES[each.tier],
            (each.cause.removeprefix("transcript_") if each.outcome == "error" else "") or each.outcome,
            each.milliseconds,
        )
        for each in looked
    )
