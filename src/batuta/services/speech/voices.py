"""Which voices there are, and which of them says a text, decided before any work. No I/O."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from batuta.errors import InvalidRequest
from batuta.services.speech.tongues import NAMES, Tongue, tongue_of

KOKORO: Final = "kokoro"
HIBARI: Final = "hibari"
NANOTTS: Final = "nanotts"
ESPEAK: Final = "espeak"
ENGINES: Final = (KOKORO, HIBARI, NANOTTS, ESPEAK)
"""The best first: Kokoro's voices sound human, hibari is one of them at thirty times the speed, Pico sounds
like 2009, espeak-ng like a robot that speaks ninety languages."""
GET_ESPEAK: Final = "pip install 'batuta[gpl]', or espeak-ng from your system's packages"
_NAMED: Final = 40
"""Languages that an error message names."""


@dataclass(frozen=True, slots=True)
class Voice:
    """A voice of an engine, by the name the engine knows it under, and what it speaks."""

    engine: str
    name: str
    tongue: Tongue

    def __str__(self) -> str:
        return f"{self.engine}:{self.name}"


def _voices(engine: str, *named: tuple[str, str]) -> tuple[Voice, ...]:
    return tuple(Voice(engine, name, tongue_of(language)) for name, language in named)


ENGLISH_KOKORO: Final = _voices(
    KOKORO,
    ("af_heart", "en-US"),
    ("am_michael", "en-US"),
    ("af_bella", "en-US"),
    ("am_fenrir", "en-US"),
    ("bf_emma", "en-GB"),
    ("bm_george", "en-GB"),
)
OTHER_KOKORO: Final = _voices(
    KOKORO,
    ("ef_dora", "es"),
    ("em_alex", "es"),
    ("pf_dora", "pt-BR"),
    ("pm_alex", "pt-BR"),
    ("ff_siwis", "fr-FR"),
    ("if_sara", "it"),
    ("im_nicola", "it"),
    ("hf_alpha", "hi"),
    ("hm_omega", "hi"),
)
"""These need espeak-ng, which reads their languages."""
READS: Final = {"es": "es", "pt": "pt-br", "fr": "fr", "it": "it", "hi": "hi"}
"""The voice of espeak-ng's whose reading Kokoro was taught with."""
HIBARI_VOICES: Final = _voices(HIBARI, ("heart", "en-US"))
NANOTTS_VOICES: Final = _voices(
    NANOTTS,
    *((name, name) for name in ("en-US", "en-GB", "de-DE", "es-ES", "fr-FR", "it-IT")),
)
_SAME_NAME: Final = (
    "af am an ar as az ba be bg bn bs ca cs cy da de el eo es et eu fa fi fr ga gn gu haw he hi hr ht hu hy "
    "ia id is it ka kk kn ko ku ky la lb lt lv mi mk ml mr ms mt my ne nl om or pa pl qu ro ru sd si sk sl "
    "sq sr sv sw ta te th tk tn tr tt ug uk ur uz vi yue"
)
ESPEAK_VOICES: Final = _voices(
    ESPEAK,
    *((code, code) for code in _SAME_NAME.split()),
    ("en-us", "en-US"),
    ("en", "en-GB"),
    ("pt", "pt-PT"),
    ("pt-br", "pt-BR"),
    ("es-419", "es-419"),
    ("fr-be", "fr-BE"),
    ("fr-ch", "fr-CH"),
    ("cmn", "zh"),
    ("nb", "no"),
)
"""What 1.51 (Debian 12) and 1.52 both have. Not Japanese: it cannot read kanji and says "Chinese letter"."""


@dataclass(frozen=True, slots=True)
class Offer:
    """The voices that can be used here."""

    voices: tuple[Voice, ...]

    def plan(self, language: str, voice: str | None) -> tuple[Voice, ...]:
        """Who says it, and who does when that fails, one voice of each engine that has the language.

        Raises `InvalidRequest` that names what is possible and what to install.
        """
        tongue = tongue_of(language)
        able = [each for each in self.voices if each.tongue.code == tongue.code]
        if voice is not None:
            chosen = self._named(voice, tongue)
        elif able:
            chosen = _best(able, tongue)
        else:
            raise InvalidRequest(f"nobody here speaks {tongue}. {self._languages()}{self._hint()}")
        others = [each for each in able if each.engine != chosen.engine]
        return chosen, *_one_of_each(others, tongue)

    def default(self, language: str) -> Voice:
        """Who says it when no voice is asked for; raises as `plan` does."""
        return self.plan(language, None)[0]

    @property
    def languages(self) -> dict[str, Voice]:
        """The languages that can be spoken, by code, with the voice that is used when none is asked for."""
        codes = sorted({each.tongue.code for each in self.voices})
        return {code: self.default(code) for code in codes}

    @property
    def reads_everything(self) -> bool:
        """Whether espeak-ng is here."""
        return any(each.engine == ESPEAK for each in self.voices)

    def _named(self, asked: str, tongue: Tongue) -> Voice:
        """The voice called so: an engine's best for the language, or the very voice."""
        engine, colon, name = asked.strip().lower().partition(":")
        found = [
            each for each in self.voices if engine == each.engine and (not colon or name == each.name.lower())
        ]
        if not found:
            raise InvalidRequest(f"no voice here is called {asked[:64]!r}. {self._possible(tongue)}")
        able = [each for each in found if each.tongue.code == tongue.code]
        if not able:
            raise InvalidRequest(f"{asked} does not speak {tongue}. {self._possible(tongue)}")
        return _best(able, tongue)

    def _possible(self, tongue: Tongue) -> str:
        able = [str(each) for each in self.voices if each.tongue.code == tongue.code]
        if not able:
            return f"Nobody here speaks {tongue}. {self._languages()}{self._hint()}"
        return f"For {tongue} there are: {', '.join(able)}.{self._hint()}"

    def _languages(self) -> str:
        codes = sorted({each.tongue.code for each in self.voices})
        more = f" and {len(codes) - _NAMED} more" if len(codes) > _NAMED else ""
        return f"Possible: {', '.join(codes[:_NAMED])}{more}." if codes else "No engine is installed."

    def _hint(self) -> str:
        return "" if self.reads_everything else f" For more languages and voices install {GET_ESPEAK}."


def check_speech(language: str, voice: str | None, offer: Offer) -> None:
    """Raise `InvalidRequest` for speech nobody here can give, before any work is begun."""
    offer.plan(language, voice)


def shown(voice: Voice) -> dict[str, str | None]:
    """The voice as `GET /voices` tells it."""
    tongue = voice.tongue
    return {
        "voice": str(voice),
        "engine": voice.engine,
        "language": tongue.code,
        "region": tongue.region,
        "language_name": NAMES[tongue.code],
    }


def _best(able: Sequence[Voice], tongue: Tongue) -> Voice:
    """The first of the best engine, of the region asked for where that engine has one."""
    engine = min((each.engine for each in able), key=ENGINES.index)
    of_engine = [each for each in able if each.engine == engine]
    return next((each for each in of_engine if each.tongue.region == tongue.region), of_engine[0])


def _one_of_each(able: Sequence[Voice], tongue: Tongue) -> Iterator[Voice]:
    for engine in ENGINES:
        if found := [each for each in able if each.engine == engine]:
            yield _best(found, tongue)
