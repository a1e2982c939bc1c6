"""How long a text will take to say, before anybody has said it: roughly, to compare it with its time."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from batuta.media.punctuation import CLAUSE_MARKS, DOTS, SENTENCE_MARKS
from batuta.media.scripts import columns, primary_language

_RATES: Final = MappingProxyType(
    {"de": 11.8, "en": 13.5, "ja": 4.0, "ko": 4.3, "ru": 10.8, "tr": 12.0, "yue": 4.2, "zh": 4.2}
)
"""Letters and digits a second of a natural voice (KrillinAI, `estimator.go`); Cantonese as Chinese."""
_ALPHABETIC: Final = 12.0
"""For other languages: the mean of those above that are written in letters."""
_FULL_WIDTH: Final = 4.2
"""For full-width characters in them."""
_BREATH: Final = 0.1
"""Seconds for each mark that ends a clause or a sentence (VideoLingo, `estimate_duration.py`)."""

_MARKS: Final = CLAUSE_MARKS | SENTENCE_MARKS | DOTS


def natural_seconds(text: str, language: str) -> float:
    """About how many seconds a natural voice takes for the text; 0 for one without letters and digits.

    Voices differ by a third and more: good for telling a translation twice too long, not for placing clips.
    """
    rate = _RATES.get(primary_language(language))
    spoken = [character for character in text if character.isalnum()]
    if not spoken:
        return 0.0
    breaths = _BREATH * sum(mark in _MARKS for mark in text)
    if rate is not None:
        return len(spoken) / rate + breaths
    wide = sum(columns(character) > 1 for character in spoken)
    return wide / _FULL_WIDTH + (len(spoken) - wide) / _ALPHABETIC + breaths
