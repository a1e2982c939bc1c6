"""Into which languages a video can be dubbed: those that can be both translated into and spoken. No I/O."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from batuta.services.speech.tongues import NAMES
from batuta.services.speech.voices import Offer as Voices
from batuta.services.transcriber.languages import LANGUAGES
from batuta.services.translator.pairs import Offer as Pairs


@dataclass(frozen=True, slots=True)
class Offers:
    """What our own services can do; None for one that runs elsewhere, which knows that itself."""

    translation: Callable[[], Pairs] | None = None
    """Blocks shortly: models may have come since."""
    speech: Voices | None = None


NOBODY: Final = Offers()


@dataclass(frozen=True, slots=True)
class DubLanguage:
    """A language to dub into."""

    code: str
    name: str
    voices: tuple[str, ...]
    """By the names they are asked for under; the first speaks when none is. Empty where nobody knows."""
    sources: frozenset[str] | None
    """Languages that can be translated into it; None for all."""


def dub_languages(pairs: Pairs | None, voices: Voices | None) -> tuple[DubLanguage, ...]:
    """The languages by name; None stands for a service elsewhere, of which everything is expected."""
    spoken = LANGUAGES if voices is None else voices.languages
    found = [
        DubLanguage(code, NAMES[code], _voices(voices, code), sources)
        for code in spoken
        if code in LANGUAGES and ((sources := _sources(pairs, code)) is None or sources)
    ]
    return tuple(sorted(found, key=lambda language: language.name))


def _sources(pairs: Pairs | None, target: str) -> frozenset[str] | None:
    if pairs is None or pairs.anything:
        return None
    return frozenset(pair.source for pair in pairs.routes if pair.target == target)


def _voices(voices: Voices | None, code: str) -> tuple[str, ...]:
    if voices is None:
        return ()
    first = voices.default(code)
    others = [voice for voice in voices.voices if voice.tongue.code == code and voice != first]
    return tuple(map(str, [first, *others]))
