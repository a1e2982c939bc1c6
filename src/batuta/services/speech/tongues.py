"""Languages as they are asked for: a code with a region or without, or an English name. No I/O."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from batuta.errors import InvalidRequest
from batuta.services.transcriber.languages import AUTO, LANGUAGES, spoken

_OTHERS: Final = {
    "an": "Aragonese",
    "eo": "Esperanto",
    "ga": "Irish",
    "gn": "Guarani",
    "ia": "Interlingua",
    "ku": "Kurdish",
    "ky": "Kyrgyz",
    "om": "Oromo",
    "or": "Odia",
    "qu": "Quechua",
    "tn": "Tswana",
    "ug": "Uyghur",
}
"""Languages that espeak-ng speaks and Whisper does not know."""
NAMES: Final = LANGUAGES | _OTHERS
_CODES: Final = {name.lower(): code for code, name in NAMES.items()}
_REGION: Final = re.compile(r"[a-z]{2}|\d{3}")


@dataclass(frozen=True, slots=True)
class Tongue:
    """A language by its code, and where it is spoken so (`BR`, `419`), if that was said."""

    code: str
    region: str | None = None

    def __str__(self) -> str:
        tag = f"{self.code}-{self.region}" if self.region else self.code
        return f"{NAMES[self.code]} ({tag})"


def tongue_of(language: str) -> Tongue:
    """The language; raises `InvalidRequest` for `auto` and for what is none."""
    asked = language.strip().lower().replace("_", "-")
    asked = _CODES.get(asked, asked)
    primary, *rest = asked.split("-")
    region = next((part.upper() for part in rest if _REGION.fullmatch(part)), None)
    if primary == AUTO:
        raise InvalidRequest(f"language is {language!r}: name the language the text is in")
    if primary in _OTHERS:
        return Tongue(primary, region)
    try:
        code = spoken(primary)
    except InvalidRequest:
        code = None
    if code is None:
        raise InvalidRequest(f"{language!r} is no language: give a code such as 'en', 'pt-BR' or 'es'")
    return Tongue(code, region)
