"""How well a reader bears to have two neighbouring words parted, by a line break or by the end of a cue.

The order of the costs is Netflix's line treatment (General Requirements): after punctuation, before
conjunctions, before prepositions, never inside a group that is read as one. Their sizes are ours, tuned by
reading the results.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from batuta.media.function_words import FunctionWords, function_words
from batuta.media.punctuation import (
    ASIDES,
    CLAUSE_MARKS,
    CLOSING,
    DASHES,
    DOTS,
    NEVER_FIRST,
    NEVER_LAST,
    OPENING,
    SENTENCE_MARKS,
    TRAILING,
)
from batuta.media.scripts import joiner
from batuta.media.units import Unit

SENTENCE: Final = 0.0
"""After a sentence."""
CLAUSE: Final = 0.2
"""After a comma, colon or dash."""
CONJUNCTION: Final = 0.45
"""Before a conjunction or relative pronoun."""
PREPOSITION: Final = 0.55
"""Before a preposition."""
PHRASE: Final = 0.75
"""Before an article or pronoun: something new begins."""
PLAIN: Final = 0.9
"""Between two words nothing is known about."""
BOUND: Final = 2.0
"""Inside a group read as one: article and noun, pronoun and verb, first and last name, number and unit."""
UNPARTED: Final = 5.0
"""Inside one word, or between a word and its punctuation: only when nothing else fits."""

_INITIALS: Final = re.compile(r"(?:[^\W\d_]\.)+")
_NUMBER: Final = re.compile(r"[$€£¥]?\d[\d.,]*")


def partings(units: Sequence[Unit], language: str) -> list[float]:
    """For each unit, what it costs to part it from the one before; nothing before the first."""
    words = function_words(language)
    costs = [SENTENCE] if units else []
    for left, right in pairwise(units):
        cut_word = not right.joiner and joiner(left.text, right.text, language)
        costs.append(UNPARTED if cut_word else parting(left.text, right.text, words))
    return costs


def parting(left: str, right: str, words: FunctionWords) -> float:
    """What it costs to part two words that stand beside each other, each with its punctuation."""
    if right[0] in NEVER_FIRST or left[-1] in NEVER_LAST or not right.strip(TRAILING):
        return UNPARTED
    if not left.strip(DASHES):
        return BOUND  # a dash opens what follows it
    cost = _after_mark(left.rstrip(CLOSING) or left, right, words)
    if cost is None:
        cost = _between(left, right, words)
    return min(cost, CLAUSE) if right[0] in ASIDES or not right.strip(DASHES) else cost


def _after_mark(left: str, right: str, words: FunctionWords) -> float | None:
    """The cost after a word that ends in punctuation; None when it does not, or its dot ends nothing."""
    mark = left[-1]
    if mark in CLAUSE_MARKS:
        return CLAUSE
    goes_on = right.lstrip(OPENING)[:1].islower()
    if mark in SENTENCE_MARKS:
        return CLAUSE if goes_on else SENTENCE
    if mark not in DOTS:
        return None
    if _abbreviates(left, words):
        return None if goes_on else BOUND
    return CLAUSE if goes_on else SENTENCE


def _abbreviates(left: str, words: FunctionWords) -> bool:
    """Whether the dot belongs to the word: a title, initials, in some languages an ordinal."""
    stem = left.lstrip(OPENING).removesuffix(".")
    if stem.lower() in words.abbreviations:
        return True
    if words.ordinal_dots and stem.isdigit():
        return len(stem) <= 2  # noqa: PLR2004 - a longer number is a year or an amount
    return bool(_INITIALS.fullmatch(f"{stem}.")) and stem.isupper() and stem.lower() not in words.pronouns


def _between(left: str, right: str, words: FunctionWords) -> float:
    """The cost between two words without punctuation to tell, by what kind of words they are."""
    left, right = _bare(left), _bare(right)
    before, after = left.lower(), right.lower()
    opening = before in words.determiners or before in words.prepositions or before in words.conjunctions
    if opening or after in words.enclitics:
        return BOUND
    if after in words.conjunctions:
        return CONJUNCTION
    if before in words.auxiliaries or (before in words.pronouns and after not in words.prepositions):
        return BOUND
    if after in words.prepositions:
        return PREPOSITION
    if after in words.determiners or after in words.pronouns:
        return PHRASE
    named = not words.capital_nouns and _capitalised(left) and _capitalised(right)
    return BOUND if named or _NUMBER.fullmatch(left) else PLAIN


def _bare(word: str) -> str:
    return word.strip(OPENING + CLOSING + TRAILING).replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")


def _capitalised(word: str) -> bool:
    """Whether the word is written as a name is; one in capitals throughout says nothing."""
    return word[:1].isupper() and not word.isupper()
