"""How a script is set: how wide its characters stand, and whether blanks part its words."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

WITHOUT_BLANKS: Final = frozenset({"zh", "yue", "ja", "th", "lo", "km", "my"})
"""Languages written without blanks between words; `yue` is Whisper's code for Cantonese."""

_BLANKLESS_BLOCKS: Final = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x1000, 0x109F),  # Myanmar
    (0x1780, 0x17FF),  # Khmer
    (0x3040, 0x30FF),  # Hiragana, Katakana
)


def primary_language(code: str) -> str:
    """The language of a BCP 47 tag, in lower case: `zh-Hant-TW` is `zh`; `auto` and `und` are no language."""
    language = code.replace("_", "-").partition("-")[0].strip().lower()
    return "" if language in {"auto", "und"} else language


@lru_cache(maxsize=4096)
def _character_columns(character: str) -> int:
    if unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1


def columns(text: str) -> int:
    """Columns on screen: 2 for a full-width character, 0 for a mark that stands on another, else 1.

    Full width is East Asian Width W or F (Unicode Standard Annex 11).
    """
    return len(text) if text.isascii() else sum(map(_character_columns, text))


@lru_cache(maxsize=4096)
def stands_alone(character: str) -> bool:
    """Whether the character belongs to a script that puts no blank beside it."""
    code = ord(character)
    return _character_columns(character) == 2 or any(low <= code <= high for low, high in _BLANKLESS_BLOCKS)  # noqa: PLR2004 - full width


def joiner(left: str, right: str, language: str) -> str:
    """What the language puts between two neighbouring words: one blank, or nothing.

    In a language without blanks two foreign words in a row keep theirs: `iPhone` `Pro` is not `iPhonePro`.
    """
    if primary_language(language) not in WITHOUT_BLANKS or not left or not right:
        return " "
    return "" if stands_alone(left[-1]) or stands_alone(right[0]) else " "


def join(texts: Iterable[str], language: str) -> str:
    """The texts in one line, as the language writes them; those without text are left out."""
    joined = ""
    parts: list[str] = []
    for text in filter(None, texts):
        if parts:
            parts.append(joiner(joined, text, language))
        parts.append(text)
        joined = text
    return "".join(parts)
