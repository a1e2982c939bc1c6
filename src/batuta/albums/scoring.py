"""From what the sources answered to one year and how sure it is. Pure and total; the order does not matter.

Each source has one *word*: of its candidates that are the album, the best fitting, an official album before a
bootleg or a single of the same title, and of their years that of the first release where the source tells it,
else the earliest. A word has a strength, by what it rests on:

| evidence                                                        | strength |
|-----------------------------------------------------------------|----------|
| the source tells the year of the first release                  | 75 %     |
| the date of some release                                        | 50 %     |
| the date of something marked as a later edition                 | 25 %     |

less where the title or artist fits in part, where it is a single or a bootleg, where several albums of that
very title exist. The words for a year are independent witnesses: what is left for doubt is the product of
what each leaves, 1 - strength. The other words take away from the confidence: a different first year half of
its strength, an earlier date likewise, a later date of an unmarked release a fifth, a year's difference 5 %,
a later edition nothing, since it contradicts nobody. The year with the highest confidence wins, of equals the
earliest. In fractions, so that rounding is the last step.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Final

from batuta.albums.sources.answers import Candidate, Failed, Found, Kind, SourceAnswer
from batuta.albums.sources.names import artist_match, read_title, title_match
from batuta.albums.years import EARLIEST

_FIRST: Final = Fraction(75, 100)
_DATED: Final = Fraction(50, 100)
_EDITION: Final = Fraction(25, 100)
_BOOTLEG: Final = Fraction(40, 100)
_SINGLE: Final = Fraction(70, 100)
_SEVERAL: Final = Fraction(50, 100)
_AGAINST: Final = Fraction(50, 100)
_LATER: Final = Fraction(20, 100)
_NEAR: Final = Fraction(95, 100)
_LESSER: Final = frozenset({Kind.SINGLE, Kind.REMIX, Kind.OTHER})


class Weight(StrEnum):
    """What a source's answer did to the conclusion."""

    SUPPORTS = "supports"
    NEAR = "near"
    """A year beside it: lowers the confidence a little."""
    LATER_EDITION = "later_edition"
    """Does not count."""
    LATER_DATE = "later_date"
    """Lowers it a little: it may be a reissue that nobody marked."""
    CONTRADICTS = "contradicts"
    NO_YEAR = "no_year"
    """Knows the album, without a usable year."""
    NO_MATCH = "no_match"
    """What it offered is not the album."""
    UNKNOWN = "unknown"
    """Asked, does not know it."""
    NOT_ASKED = "not_asked"
    """It wants a token or a contact that nobody has set."""
    FAILED = "failed"
    """Did not answer."""


@dataclass(frozen=True, slots=True)
class Said:
    """What one source said, and why it counted."""

    source: str
    weight: Weight
    year: int | None
    """The year the source stands for; None without one."""
    text: str
    """For people."""

    @property
    def negative(self) -> bool:
        """It was asked and has no year for this album; a failure is not that."""
        return self.year is None and self.weight not in {Weight.FAILED, Weight.NOT_ASKED}


@dataclass(frozen=True, slots=True)
class Conclusion:
    """The year of an album's first release, as far as the sources can tell."""

    year: int | None
    confidence: int
    """0 to 100; 0 without a year."""
    said: tuple[Said, ...]
    """One for each source, by name."""


@dataclass(frozen=True, slots=True)
class _Word:
    """What a source stands for, before the others are heard."""

    source: str
    years: tuple[int, ...]
    """Ascending; several where several albums have that title."""
    strength: Fraction
    first: bool
    """They are years of first releases."""
    edition: bool
    basis: str

    @property
    def year(self) -> int:
        return self.years[0]


def conclude(artist: str, album: str, answers: Iterable[SourceAnswer], *, this_year: int) -> Conclusion:
    """What the answers come to for this album; years after `this_year` and before 1860 are not believed."""
    heard = [
        _word(source, artist, album, given, this_year)
        for source, given in sorted(_by_source(answers).items())
    ]
    words = [word for word in heard if isinstance(word, _Word)]
    years = sorted({year for word in words for year in word.years})
    year = max(years, key=lambda year: (_confidence(year, words), -year), default=None)
    if year is None:
        return Conclusion(None, 0, tuple(said for said in heard if isinstance(said, Said)))
    said = tuple(_said(word, year) if isinstance(word, _Word) else word for word in heard)
    return Conclusion(year, max(round(100 * _confidence(year, words)), 1), said)


def _by_source(answers: Iterable[SourceAnswer]) -> dict[str, list[SourceAnswer]]:
    found: dict[str, list[SourceAnswer]] = {}
    for answer in answers:
        found.setdefault(answer.source, []).append(answer)
    return found


def _word(source: str, artist: str, album: str, given: list[SourceAnswer], this_year: int) -> _Word | Said:
    """A source's word, or that it has none."""
    candidates = {c for answer in given if isinstance(answer, Found) for c in answer.candidates}
    if not candidates:
        failures = sorted((a.unasked, a.message) for a in given if isinstance(a, Failed))
        if len(failures) == len(given):
            unasked, message = failures[0]
            if unasked:
                return Said(source, Weight.NOT_ASKED, None, f"was not asked: {message}")
            return Said(source, Weight.FAILED, None, f"did not answer: {message}")
        return Said(source, Weight.UNKNOWN, None, "does not know the album")
    fitting = [(fit, c) for c in candidates if (fit := _fit(artist, album, c))]
    if not fitting:
        return Said(source, Weight.NO_MATCH, None, f"none of its {len(candidates)} releases is this album")
    dated = [(rank, c, year) for rank, c in fitting if (year := _year(c, this_year)) is not None]
    if not dated:
        return Said(source, Weight.NO_YEAR, None, "knows the album without a year that can be right")
    best = max(rank for rank, _, _ in dated)
    return _weighed(source, best, [(c, year) for rank, c, year in dated if rank == best])


_Rank = tuple[int, bool, int, bool]
"""How well it fits in per cent, official, how much of an album, not set apart by a comment."""


def _fit(artist: str, album: str, candidate: Candidate) -> _Rank | None:
    """How well a candidate is the album; None if it is not."""
    title = title_match(album, candidate.title, candidate.comment)
    by = artist_match(artist, candidate.artist, candidate.also_known_as) if title else 0
    if not title * by:
        return None
    return (title * by // 100, candidate.official, _standing(album, candidate), not candidate.comment)


def _standing(album: str, candidate: Candidate) -> int:
    """Which of several releases of one title is meant: what the title says, else an album before others."""
    kind = _kind(candidate)
    if kind is read_title(album).kind:
        return 3
    if kind in {Kind.ALBUM, Kind.UNSAID}:
        return 2
    return 0 if kind in _LESSER else 1


def _kind(candidate: Candidate) -> Kind:
    said = read_title(candidate.title).kind
    return said if said is not None and candidate.kind in {Kind.UNSAID, Kind.ALBUM} else candidate.kind


def _year(candidate: Candidate, this_year: int) -> int | None:
    """The first year of it that can be right."""
    years = (candidate.original_year, candidate.year)
    return next((year for year in years if year is not None and EARLIEST <= year <= this_year), None)


def _weighed(source: str, rank: _Rank, dated: list[tuple[Candidate, int]]) -> _Word:
    """The word of a source whose best candidates these are; not empty."""
    fit, official, standing, _ = rank
    firsts = sorted({year for c, year in dated if c.original_year == year})
    earliest = firsts[0] if firsts else min(year for _, year in dated)
    years = tuple(firsts) or (earliest,)
    edition = not firsts and all(_is_edition(c) for c, year in dated if year == earliest)
    strength = (_FIRST if firsts else _EDITION if edition else _DATED) * Fraction(fit, 100)
    strength *= 1 if official else _BOOTLEG
    strength *= 1 if standing else _SINGLE
    strength *= _SEVERAL if len(years) > 1 else 1
    basis = "first released" if firsts else "a later edition of" if edition else "a release of"
    notes = [
        *([] if official else ["a bootleg"]),
        *([] if standing else ["not as an album"]),
        *(["the title or artist fits in part"] if fit < 95 else []),  # noqa: PLR2004  # reordered artists fit
        *([f"several of this title: {', '.join(map(str, years))}"] if len(years) > 1 else []),
    ]
    return _Word(source, years, strength, bool(firsts), edition, f"{basis} {earliest}{_bracketed(notes)}")


def _bracketed(notes: list[str]) -> str:
    return f" ({'; '.join(notes)})" if notes else ""


def _is_edition(candidate: Candidate) -> bool:
    return candidate.reissue or read_title(candidate.title).edition


def _weight(word: _Word, year: int) -> Weight:
    """What a word does to a year."""
    if year in word.years:
        return Weight.SUPPORTS
    if word.edition and word.year > year:
        return Weight.LATER_EDITION
    if any(abs(other - year) == 1 for other in word.years):
        return Weight.NEAR
    if not word.first and word.year > year:
        return Weight.LATER_DATE
    return Weight.CONTRADICTS


def _confidence(year: int, words: Iterable[_Word]) -> Fraction:
    """0 to 1: what the words for it leave no doubt of, less what the others take away."""
    doubt, left = Fraction(1), Fraction(1)
    for word in words:
        match _weight(word, year):
            case Weight.SUPPORTS:
                doubt *= 1 - word.strength
            case Weight.NEAR:
                left *= _NEAR
            case Weight.LATER_DATE:
                left *= 1 - word.strength * _LATER
            case Weight.CONTRADICTS:
                left *= 1 - word.strength * _AGAINST
            case _:
                pass
    return left * (1 - doubt)


_WHY: Final = {
    Weight.SUPPORTS: "counts for it",
    Weight.NEAR: "a year beside it",
    Weight.LATER_EDITION: "does not count",
    Weight.LATER_DATE: "later, perhaps a reissue",
    Weight.CONTRADICTS: "counts against it",
}


def _said(word: _Word, year: int) -> Said:
    weight = _weight(word, year)
    stands_for = year if weight is Weight.SUPPORTS else word.year
    return Said(word.source, weight, stands_for, f"{word.basis}: {_WHY[weight]}")
