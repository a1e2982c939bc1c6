"""Into which languages a video can be dubbed: those that can be both translated into and spoken. No I/O."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from batuta.errors import InvalidRequest
from batuta.services.speech.contract import KOKORO_MODEL, KOKORO_VOICES
from batuta.services.speech.tongues import NAMES
from batuta.services.speech.voices import KOKORO, check_speech
from batuta.services.speech.voices import Offer as Voices
from batuta.services.transcriber.languages import LANGUAGES
from batuta.services.translator.pairs import Offer as Pairs
from batuta.services.translator.pairs import check_translation, code_of, target_of
from batuta.services.translator.ways import Engine


@dataclass(frozen=True, slots=True)
class Offers:
    """What our own services can do; None for one that runs elsewhere, which knows that itself."""

    translation: Callable[[], Pairs] | None = None
    """Blocks shortly: models may have come since."""
    speech: Voices | None = None

    def check(self, spoken: str, wanted: str, voice: str | None) -> None:
        """Raise `InvalidRequest` for a language, or a voice, that nobody here can do; blocks shortly."""
        if code_of(spoken) == target_of(wanted):
            raise InvalidRequest(f"the video speaks {wanted} already: name another language to dub it into")
        if self.translation is not None:
            check_translation(spoken, wanted, self.translation())
        if self.speech is not None:
            check_speech(wanted, voice, self.speech)

    def weights(self, spoken: str, wanted: str, voice: str | None) -> tuple[str, ...]:
        """The sets of model weights that translating and speaking need, as far as that is known before."""
        names: list[str] = []
        source = code_of(spoken)
        if self.translation is not None and source is not None:
            route = self.translation().route(source, target_of(wanted))
            names += [f"bergamot-{leg.pair}" for leg in route.legs if leg.engine is Engine.BERGAMOT]
        if self.speech is not None and self.speech.plan(wanted, voice)[0].engine == KOKORO:
            names += [KOKORO_MODEL, KOKORO_VOICES]
        return tuple(names)


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
