"""What in a title names an edition and not the work: "(Deluxe Edition)", "[2011 Remaster]", " - EP". Pure.

"(Live)", "(Taylor's Version)", "(Remixes)" and "Vol. 2" are other works and stay.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from batuta.albums.sources.answers import Kind

_DECISIVE: Final = re.compile(
    r"remaster|remastéris|reissue|re-issue|\bdeluxe\b|\banniversary\b|\bexpanded\b|\bexplicit\b|\bbonus\b"
    r"|リマスター|デラックス|限定盤|ремастер|переиздание"
)
"""One of these makes any brackets an edition's, whatever else stands in them."""
_TELLING: Final = re.compile(
    r"edition|edited|disc|disk|cd|dvd|lp|vinyl|mono|stereo|mix|clean|digital|import|special|limited"
    r"|collectors?|standard|international|legacy|japan|japanese|us|uk|european|sacd|mfsl|hd|hires|digipak"
)
"""One of these words does, if nothing but these, numbers and `_HARMLESS` stand there."""
_HARMLESS: Final = re.compile(
    r"version|super|ultimate|definitive|platinum|gold|complete|original|recordings?|classic|the|with|and|of"
    r"|for|on|in|a|box|set|tour|itunes|apple|music|tracks?|audio|store|exclusive|years?|bit|khz|hi|res"
    r"|surround|new|\d+(?:st|nd|rd|th)?"
)
_YEAR: Final = re.compile(r"(?:19|20)\d\d")
_SOUNDTRACK: Final = re.compile(
    r"\bsoundtrack\b|\bmotion picture\b|\boriginal (?:\w+ )?score\b|\bost\b|\bmusic from\b"
    r"|\boriginal [\w ]*cast(?: recording)?\b"
)
_KIND: Final = {"single": Kind.SINGLE, "ep": Kind.EP, "e.p.": Kind.EP}
_BRACKETS: Final = re.compile(r"\s*[(\[{【]([^()\[\]{}【】]*)[)\]}】]")
_SUFFIX: Final = re.compile(r"^.*((?:\s[-\u2013\u2014]\s|\s?[:;/]\s)(.+))$")
"""What follows the last separator."""
_BARE: Final = re.compile(
    r"\s(?:"
    r"(?:\d{4} )?(?:digital(?:ly)? )?remaster(?:ed)?(?: edition| version)?(?: \d{4})?"
    r"|(?:super )?deluxe(?: edition| version)?"
    r"|(?:expanded|special|limited|collectors|legacy|anniversary|bonus track) edition"
    r"|(?:disc|disk|cd) ?\d{1,2}"
    r")$"
)
"""At the end without brackets, in words no title of its own ends in."""
_BARE_KIND: Final = re.compile(r"\s(e\.?p\.?)$")
_ROUNDS: Final = 6
"""Brackets within brackets, and one edition after the other, but not for ever."""


@dataclass(frozen=True, slots=True)
class Work:
    """A title without the words for its edition."""

    title: str
    edition: bool = False
    """There were such words."""
    kind: Kind | None = None
    """What the title says of the sort of release, if anything."""


def work_of(title: str) -> Work:
    """The work a title names; `title` in lower case, blanks single. Never empty unless the title is."""
    work = Work(title.strip())
    for _ in range(_ROUNDS):
        shorter = _shortened(work)
        if shorter == work or not shorter.title:  # the brackets are the title: "(Deluxe)"
            return work
        work = shorter
    return work


def _shortened(work: Work) -> Work:
    for found in _BRACKETS.finditer(work.title):
        if (seen := _read(found[1].strip(), bracketed=True)) is not None:
            return _without(work, found.span(), seen)
    if (found := _SUFFIX.match(work.title)) is not None:
        seen = _read(found[2].strip(), bracketed=False)
        if seen is not None:
            return _without(work, found.span(1), seen)
    if (found := _BARE.search(work.title)) is not None:
        return _without(work, found.span(), Work("", edition=True))
    if (found := _BARE_KIND.search(work.title)) is not None:
        return _without(work, found.span(), Work("", kind=Kind.EP))
    return work


def _without(work: Work, span: tuple[int, int], seen: Work) -> Work:
    rest = f"{work.title[: span[0]]} {work.title[span[1] :]}".strip()
    return Work(rest, work.edition or seen.edition, work.kind or seen.kind)


def _read(text: str, *, bracketed: bool) -> Work | None:
    """What a part of a title says about edition and sort; None when it is part of the work's name."""
    if text in _KIND:
        return Work("", kind=_KIND[text])
    if _DECISIVE.search(text):
        return Work("", edition=True)
    if _SOUNDTRACK.search(text):
        return Work("", kind=Kind.SOUNDTRACK)
    if bracketed and _YEAR.fullmatch(text):
        return Work("", edition=True)
    words = re.findall(r"\w+", re.sub(r"['\u2019]", "", text))
    told = [word for word in words if _TELLING.fullmatch(word)]
    known = all(word in told or _HARMLESS.fullmatch(word) for word in words)
    return Work("", edition=True) if told and known else None
