"""Phrases by their words: which languages a message is in, and one book of all their phrases."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from types import MappingProxyType
from typing import Final

from batuta.media.function_words import function_words
from batuta.shopping.understanding.languages.common import COMMON
from batuta.shopping.understanding.languages.english import ENGLISH
from batuta.shopping.understanding.languages.french import FRENCH
from batuta.shopping.understanding.languages.german import GERMAN
from batuta.shopping.understanding.languages.italian import ITALIAN
from batuta.shopping.understanding.languages.occasions import OCCASIONS
from batuta.shopping.understanding.languages.portuguese import PORTUGUESE
from batuta.shopping.understanding.languages.spanish import SPANISH
from batuta.shopping.understanding.languages.table import Language
from batuta.shopping.understanding.senses import Sense
from batuta.shopping.understanding.text import key

LANGUAGES: Final[Mapping[str, Language]] = MappingProxyType(
    {table.code: table for table in (ENGLISH, SPANISH, PORTUGUESE, FRENCH, GERMAN, ITALIAN)}
)


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a phrase does."""

    sense: Sense
    value: str | float | None = None


@dataclass(frozen=True, slots=True)
class Book:
    """The phrases of some languages."""

    meanings: Mapping[str, Meaning]
    """By the key of the phrase."""
    longest: int
    """Words of the longest one."""


def phrases(listed: str) -> list[str]:
    """The keys of phrases parted by `|`."""
    return [found for phrase in listed.split("|") if (found := key(phrase))]


def languages_of(words: Iterable[str]) -> tuple[str, ...]:
    """The languages that have most of the words, and English, which people mix in; the likeliest first."""
    counts = dict.fromkeys(LANGUAGES, 0)
    for word in words:
        speakers = _speakers().get(word, ()) if len(word) > 1 else ()
        for code in speakers:
            counts[code] += 1
        if word in COMMON and "en" not in speakers:
            counts["en"] += 1
    most = max(counts.values())
    if most == counts["en"]:
        return ("en",)
    return (*(code for code, count in counts.items() if count == most), "en")


@lru_cache(maxsize=64)
def book_of(codes: tuple[str, ...]) -> Book:
    """The phrases of the languages; where two disagree the first counts, and a phrase before a filler."""
    meanings: dict[str, Meaning] = {}
    tables = [LANGUAGES[code] for code in codes]
    for table in tables:
        for phrase, meaning in _meanings(table):
            meanings.setdefault(phrase, meaning)
    for table in tables:
        for word in _small_words(table):
            meanings.setdefault(word, Meaning(Sense.FILLER))
    return Book(meanings, max(phrase.count(" ") + 1 for phrase in meanings))


def _meanings(table: Language) -> Iterator[tuple[str, Meaning]]:
    for sense, by_value in table.valued.items():
        for value, listed in by_value.items():
            for phrase in phrases(listed):
                yield phrase, Meaning(sense, value)
    for sense, listed in table.phrases.items():
        for phrase in phrases(listed):
            yield phrase, Meaning(sense)


def _small_words(table: Language) -> set[str]:
    small = function_words(table.code)
    lists = (
        small.determiners,
        small.prepositions,
        small.conjunctions,
        small.pronouns,
        small.auxiliaries,
        small.enclitics,
    )
    words = {word for listed in lists for word in listed} | set(table.filler.split())
    return {part for word in words for part in key(word).split()}


@cache
def _speakers() -> Mapping[str, tuple[str, ...]]:
    """The languages that have a word."""
    found: dict[str, list[str]] = {}
    for table in LANGUAGES.values():
        said = {phrase for phrase, _ in _meanings(table)} | _small_words(table)
        said |= OCCASIONS[table.code]
        said |= {phrase for listed in table.products.values() for phrase in phrases(listed)}
        for word in {word for phrase in said for word in phrase.split() if word.isalpha()}:
            found.setdefault(word, []).append(table.code)
    return MappingProxyType({word: tuple(codes) for word, codes in found.items()})
