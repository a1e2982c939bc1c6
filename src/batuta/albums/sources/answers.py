"""What a source of album years is, and what it can answer: candidates, that it knows none, or a failure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Final, Literal, Protocol, TypeAlias

from pydantic import Field, TypeAdapter


class Kind(StrEnum):
    """What sort of release it is, as far as a year depends on it."""

    ALBUM = "album"
    EP = "ep"
    SINGLE = "single"
    LIVE = "live"
    COMPILATION = "compilation"
    SOUNDTRACK = "soundtrack"
    REMIX = "remix"
    OTHER = "other"
    UNSAID = "unsaid"
    """The source does not tell."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One release a source knows that may be the album asked for."""

    title: str
    artist: str
    """As credited, all artists in one text."""
    year: int | None = None
    """Of this very release."""
    original_year: int | None = None
    """Of the first release of the same album; None where the source does not tell."""
    kind: Kind = Kind.UNSAID
    country: str | None = None
    """As the source writes it: `US`, `USA`, `UK & Europe`."""
    score: int = 0
    """0 to 100, how well it fits the question as the source sees it; by rank where it does not say."""
    also_known_as: tuple[str, ...] = ()
    """Other names of the same artist: real names, spellings in other scripts."""
    comment: str = ""
    """What tells it apart from others of its title: `Green Album`."""
    reissue: bool = False
    """Said to be a later edition, so that `year` is no first year."""
    official: bool = True
    """False for bootlegs."""


class Reason(StrEnum):
    """Why a source gave no answer."""

    BUSY = "busy"
    """It asked us to come back later: 429, Apple's 403, or a pause it asked for."""
    UNAVAILABLE = "unavailable"
    """5xx, no connection, cut off."""
    TIMEOUT = "timeout"
    """No answer in time."""
    RESTING = "resting"
    """It failed so often that it is not asked for a while."""
    OUT_OF_TIME = "out_of_time"
    """Our own deadline came first."""
    NOT_FOUND = "not_found"
    """404: there is no such service at the URL. Never that it does not know the album."""
    REFUSED = "refused"
    """Other 4xx, or a redirect."""
    NEEDS_TOKEN = "needs_token"  # noqa: S105  # the name of a reason
    """401: it answers only those with a token, or does not know ours."""
    NEEDS_CONTACT = "needs_contact"
    """It wants to know whom to write to, and nobody told us."""
    NOT_JSON = "not_json"
    """A page for people in the place of data."""
    MALFORMED = "malformed"
    """JSON that breaks off, or says something other than documented."""
    TOO_LARGE = "too_large"


_PASSING: Final = frozenset(
    {Reason.BUSY, Reason.UNAVAILABLE, Reason.TIMEOUT, Reason.RESTING, Reason.OUT_OF_TIME, Reason.NOT_JSON}
)
_UNASKED: Final = frozenset({Reason.NEEDS_TOKEN, Reason.NEEDS_CONTACT})


@dataclass(frozen=True, slots=True)
class Found:
    """The source was asked and knows these; whether one is the album is for `scoring` to say."""

    source: str
    candidates: tuple[Candidate, ...]
    outcome: Literal["found"] = "found"


@dataclass(frozen=True, slots=True)
class Unknown:
    """The source was asked and does not know it."""

    source: str
    outcome: Literal["unknown"] = "unknown"


@dataclass(frozen=True, slots=True)
class Failed:
    """The source gave no answer; says nothing about the album."""

    source: str
    reason: Reason
    message: str
    """What happened and what to do about it; no secrets."""
    retry_after: float | None = None
    """Seconds after which asking again may help, where the source said."""
    outcome: Literal["failed"] = "failed"

    @property
    def unasked(self) -> bool:
        """Whether it is not asked, or in vain, until the operator sets what it wants."""
        return self.reason in _UNASKED

    @property
    def passing(self) -> bool:
        """Whether asking again later may help without anybody's doing something about it."""
        return self.reason in _PASSING


SourceAnswer: TypeAlias = Found | Unknown | Failed

ANSWERS: Final = TypeAdapter[SourceAnswer](Annotated[SourceAnswer, Field(discriminator="outcome")])
"""`dump_python(answer, mode="json")` is an answer as JSON, `validate_python` the way back."""


class Source(Protocol):
    """Somebody to ask for the release year of an album."""

    @property
    def name(self) -> str:
        """In lower case, as in the cache's keys: `musicbrainz`."""
        ...

    async def look_up(self, artist: str, album: str) -> SourceAnswer:
        """What the source says. Raises `InvalidRequest` for a blank name, else only when cancelled."""
        ...

    async def aclose(self) -> None:
        """Close the connections."""
        ...
