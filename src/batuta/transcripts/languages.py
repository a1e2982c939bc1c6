"""Which of a video's tracks to take: what was preferred most, and people's writing before a recogniser's.

A preference finds, in this order: its own code, then regions and named tracks of it (`pt` finds `pt-BR` and
`pt-nP7-2PuUl7o`), then what it is itself a region of (`pt-BR` finds `pt`; RFC 4647, section 3.4). Of each,
manual tracks come first, and any manual one comes before any automatic one: people who ask for `en` are
better served by what somebody wrote in `en-GB` than by what a recogniser heard.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from batuta.errors import InvalidRequest
from batuta.transcripts.models import Track

_CODE: Final = re.compile(r"[A-Za-z]{2,8}(?:[-_][A-Za-z0-9_-]{1,60})?")
"""A language tag, or YouTube's name of a track: a code and the track's own 11 characters or so."""
_MOST: Final = 20
_ALIASES: Final = {
    "iw": "he",
    "in": "id",
    "ji": "yi",
    "jw": "jv",
    "no": "nb",
    "tl": "fil",
    "zh-cn": "zh-hans",
    "zh-sg": "zh-hans",
    "zh-tw": "zh-hant",
    "zh-hk": "zh-hant",
    "zh-mo": "zh-hant",
}
"""Older codes that YouTube or its users still write (ISO 639, IANA language subtag registry)."""


def is_language(code: str) -> bool:
    """Whether the text is a code, or YouTube's name of a track."""
    return _CODE.fullmatch(code) is not None


def preferences(languages: Iterable[str] | None) -> tuple[str, ...] | None:
    """The codes in the order given, once each, without blanks; None, which means any, when there is none.

    Raises `InvalidRequest` for more than 20 codes and for something that is no code.
    """
    if isinstance(languages, str):  # a text is a sequence too, of its letters
        languages = languages.split(",")
    given = [code.strip() for code in languages or ()]
    codes = tuple(dict.fromkeys(code for code in given if code))
    if len(codes) > _MOST:
        raise InvalidRequest(f"{len(codes)} languages are too many to choose from: send up to {_MOST}")
    for code in codes:
        if not is_language(code):
            raise InvalidRequest(f"{code[:80]!r} is no language code; send codes such as en, pt-BR, zh-Hant")
    return codes or None


def choose(
    tracks: Sequence[Track], languages: Sequence[str] | None, own_language: str | None = None
) -> Track | None:
    """The best track for the preferences, or None; without preferences the best of all.

    `own_language` is the one spoken in the video, if known; the automatic track tells it otherwise.
    """
    if languages is None:
        spoken = own_language or _spoken(tracks)
        kinds = [[track for track in tracks if track.transcript_type == kind] for kind in ("manual", "auto")]
        for kind in filter(None, kinds):
            return _best(kind, spoken) or kind[0] if spoken else kind[0]
        return None
    return next((found for code in languages if (found := _best(tracks, code))), None)


def _spoken(tracks: Iterable[Track]) -> str | None:
    return next((track.language for track in tracks if track.transcript_type == "auto"), None)


def _best(tracks: Iterable[Track], wanted: str) -> Track | None:
    """The track that fits the code best, the earlier of two alike."""
    ranked = [(rank, track) for track in tracks if (rank := _rank(track, wanted)) is not None]
    return min(ranked, key=lambda pair: pair[0])[1] if ranked else None


def _rank(track: Track, wanted: str) -> tuple[bool, int, int] | None:
    """Smaller is better; None when the track is in another language."""
    code, asked = _normal(track.language), _normal(wanted)
    heard = track.transcript_type != "manual"
    if code == asked:
        return heard, 0, 0
    if code.startswith(f"{asked}-"):
        return heard, 1, 0
    if asked.startswith(f"{code}-"):
        return heard, 2, -len(code)  # the most particular of the wider ones
    return None


def _normal(code: str) -> str:
    """In lower case, with hyphens and present-day codes."""
    plain = code.strip().lower().replace("_", "-")
    if plain in _ALIASES:
        return _ALIASES[plain]
    first, hyphen, rest = plain.partition("-")
    return f"{_ALIASES.get(first, first)}{hyphen}{rest}"
