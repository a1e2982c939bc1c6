"""A question about an album and what is known of its year, as their page shows them. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil
from types import MappingProxyType
from typing import Final
from urllib.parse import urlencode

from batuta.albums.resolver import SURE, Resolution
from batuta.albums.scoring import Said, Weight
from batuta.console.advice import Failure
from batuta.console.sentences import Tone, rough
from batuta.errors import BatutaError, ServiceUnavailable

PATH: Final = "/console/albums"
VERY_SURE: Final = 90
LIKELY: Final = 40

SOURCES: Final = MappingProxyType({"musicbrainz": "MusicBrainz", "itunes": "iTunes", "discogs": "Discogs"})
_WEIGHTS: Final[MappingProxyType[Weight, tuple[str, Tone]]] = MappingProxyType(
    {
        Weight.SUPPORTS: ("Counts for it", "good"),
        Weight.NEAR: ("A year beside it", "warn"),
        Weight.LATER_EDITION: ("A later edition", "idle"),
        Weight.LATER_DATE: ("A later date", "warn"),
        Weight.CONTRADICTS: ("Counts against it", "warn"),
        Weight.NO_YEAR: ("Has no year", "idle"),
        Weight.NO_MATCH: ("Another album", "idle"),
        Weight.UNKNOWN: ("Does not know it", "idle"),
        Weight.NOT_ASKED: ("Not asked", "idle"),
        Weight.FAILED: ("No answer", "bad"),
    }
)


@dataclass(frozen=True, slots=True)
class Asked:
    """An album, by the names of its artist and its own."""

    artist: str = ""
    album: str = ""

    @property
    def said(self) -> bool:
        """Whether anything was asked."""
        return bool(self.artist or self.album)

    @property
    def address(self) -> str:
        """The page with this question."""
        fields = {"artist": self.artist, "album": self.album}
        query = urlencode({name: value for name, value in fields.items() if value})
        return f"{PATH}?{query}" if query else PATH


@dataclass(frozen=True, slots=True)
class Voice:
    """What one source said."""

    source: str
    word: str
    tone: Tone
    year: int | None
    text: str


@dataclass(frozen=True, slots=True)
class ShownYear:
    """What is known of an album's year."""

    artist: str
    album: str
    year: str | None
    confidence: int
    word: str
    """The confidence as people say it; empty without a year."""
    tone: Tone
    known: bool
    """It was known before; otherwise it has just been concluded."""
    kept_at: dt.datetime | None
    voices: tuple[Voice, ...]
    others: str | None
    """The year that the sources come to, where that is not the year which is kept."""
    passing: bool
    """It is not kept, since a source did not answer and the year is not sure enough without it."""

    all_asked: bool
    """No source lacks a token or a contact of ours."""

    @property
    def whence(self) -> str:
        """Whether it was known, in words."""
        return "Known" if self.known else "Concluded just now"


def shown(found: Resolution) -> ShownYear:
    """What was found out about the year."""
    word, tone = certainty(found.confidence)
    known = found.origin == "cache"
    comes_to = next((said.year for said in found.said if said.weight is Weight.SUPPORTS), None)
    stands_apart = known and comes_to is not None and str(comes_to) != (found.year or "")[:4]
    unanswered = any(said.weight is Weight.FAILED for said in found.said)
    return ShownYear(
        artist=found.artist,
        album=found.album,
        year=found.year,
        confidence=found.confidence,
        word="" if found.year is None else word,
        tone=tone,
        known=known,
        kept_at=found.kept_at,
        voices=voices(found.said),
        others=str(comes_to) if stands_apart else None,
        passing=not known and found.year is not None and unanswered and found.confidence < SURE,
        all_asked=all(said.weight is not Weight.NOT_ASKED for said in found.said),
    )


def voices(said: Iterable[Said]) -> tuple[Voice, ...]:
    """What the sources said, those first that have a year."""
    heard = [Voice(source_name(one.source), *_WEIGHTS[one.weight], one.year, one.text) for one in said]
    return tuple(sorted(heard, key=lambda voice: voice.year is None))


def source_name(source: str) -> str:
    """A source as it calls itself."""
    return SOURCES.get(source, source.capitalize())


def certainty(confidence: int) -> tuple[str, Tone]:
    """A confidence of 0 to 100 in a word and its tone; from `SURE` on a year needs no further source."""
    if confidence >= VERY_SURE:
        return "very sure", "good"
    if confidence >= SURE:
        return "sure", "good"
    return ("likely", "warn") if confidence >= LIKELY else ("a guess", "bad")


def failure_of(error: BatutaError) -> Failure:
    """Why there is no answer, and when to come again where that may help."""
    if not isinstance(error, ServiceUnavailable):
        return Failure(error.title, "", error.message, error.code)
    wait = None if error.retry_after is None else max(1, ceil(error.retry_after))
    when = "in a few minutes" if wait is None else f"in {rough(wait)}"
    return Failure(
        title="No source could say",
        advice=f"They did not answer, which says nothing about the album. Come again {when}.",
        detail=error.message,
        code=error.code,
        again=True,
        wait_seconds=wait,
    )
