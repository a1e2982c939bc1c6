"""Whether a wording says nothing but the facts: `fault` tells what is wrong with it.

It need not be fair: a wording that is doubtful is not used, and our own text says the same. So it errs on
that side: money must be a price of the product it is said of, a number must be in the facts, a name must be
one of the products', a claim (`cheapest`, `free`, `waterproof`) must stand in the facts, and what could not
be had must still be said. It is plain English, since nothing else could be checked.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator
from itertools import pairwise
from typing import Final

from batuta.services.catalog.models import Lexicon
from batuta.shopping.model.english import CLAIMS, NO_SUPERLATIVES, NUMBER_WORDS, PLAIN
from batuta.shopping.model.facts import Facts, Figures
from batuta.shopping.model.figures import (
    Amount,
    amounts,
    denies,
    loose_marks,
    money_in,
    numbers_in,
    plain,
    sentences,
    without_money,
)
from batuta.shopping.model.texts import fold, variants, words_in

LONGEST: Final = 600
"""Characters."""
_FAMILIAR: Final = 0.6
"""The share of the words that are plain English or in the facts; with fewer it is about something else."""
_LONGEST_TERM: Final = 3
"""Words of a catalogue's word that is looked for."""
_SHORTEST_TERM: Final = 3
"""Letters of one."""

_UNREADABLE: Final = frozenset({"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"})
_MARKUP: Final = re.compile(r"[<>\[\]{}|*_\\`~^]|^\s*[#-]")
_ADDRESS: Final = re.compile(r"https?|www\b|//|@|\w\.[^\W\d_]{2,}|\bdot\s\w{2,4}\b", re.IGNORECASE)
_TOKEN: Final = re.compile(r"\w+(?:'\w+)*")
_SUPERLATIVE: Final = re.compile(r"[^\W\d_]{3,}est")
_PRICED: Final = re.compile(
    r"\b(?:pric\w*|costs?|costing|pay\w*|worth|sells?|yours|asks?|asking)\b(?:[^\w¤]+\w+){0,3}[^\w¤]*$",
    re.IGNORECASE,
)
"""Few words before a number, by which it is taken for an amount of money; `¤` is one already."""
_COUNTED: Final = re.compile(r"(?:st|nd|rd|th|x)$")


def fault(text: str, facts: Facts, terms: Collection[str] = frozenset()) -> str | None:
    """What is wrong with the wording, or None; `terms` are the catalogue's (`terms_of`)."""
    return next(_faults(plain(text), facts, terms), None)


def terms_of(lexicon: Lexicon) -> frozenset[str]:
    """The words by which a catalogue tells its products apart: none may be said of one that is not so."""
    about = lexicon.attributes.values()
    words = (
        *lexicon.types,
        *lexicon.brands,
        *(value for words in about for value in words.values),
        *(words.label for words in about if not words.values and words.least is None),
    )
    terms = (" ".join(words_in(fold(word))) for word in words)
    return frozenset(
        term for term in terms if len(term) >= _SHORTEST_TERM and not PLAIN.issuperset(term.split())
    )


def _faults(text: str, facts: Facts, terms: Collection[str]) -> Iterator[str]:
    """Everything that is wrong, found one after the other."""
    yield from _of_form(text)
    words = words_in(fold(text))
    yield from _of_language(text, words, facts)
    yield from _of_claims(words, facts)
    yield from _of_terms(words, facts, terms)
    yield from _of_omission(text, facts)
    allowed = facts.general
    for sentence in sentences(text):
        allowed = _figures_of(sentence, facts) or allowed  # `It costs …` is about what was named last
        yield from _of_figures(sentence, allowed, facts)
        yield from _of_names(sentence, facts)


def _of_form(text: str) -> Iterator[str]:
    if not text.strip() or len(text) > LONGEST:
        yield f"it has {len(text)} characters, which should be 1 to {LONGEST}"
    if any(unicodedata.category(letter) in _UNREADABLE for letter in text):
        yield "it has characters that are not for reading"
    if _MARKUP.search(text):
        yield "it has marks of a markup language"
    if _ADDRESS.search(text):
        yield "it has an address"


def _of_language(text: str, words: list[str], facts: Facts) -> Iterator[str]:
    familiar = sum(_is_fact(word, facts) or word in PLAIN for word in words)
    if familiar < _FAMILIAR * len(words) or not words:
        yield f"it has {len(words)} words, of which only {familiar} are plain English or in the facts"
    for token in _tokens(text):
        strange = any(each.isalpha() and "LATIN" not in unicodedata.name(each, "") for each in token)
        if strange and not _is_fact(fold(token), facts):
            yield f"it has {token!r}, which is in no fact"


def _of_claims(words: list[str], facts: Facts) -> Iterator[str]:
    counted = facts.everything.numbers
    for word in words:
        superlative = _SUPERLATIVE.fullmatch(word) and word not in NO_SUPERLATIVES
        if (superlative or word in CLAIMS) and not _is_fact(word, facts):
            yield f"it says {word!r}, which is in no fact"
        value = NUMBER_WORDS.get(word)
        if value is not None and value not in counted and not _is_fact(word, facts):
            yield f"it says {word!r}, which is no number of the facts"


def _of_terms(words: list[str], facts: Facts, terms: Collection[str]) -> Iterator[str]:
    """Words of the catalogue that are said of none of these products."""
    for length in range(1, _LONGEST_TERM + 1):
        for start in range(len(words) - length + 1):
            term = words[start : start + length]
            known = any(" ".join((*term[:-1], last)) in terms for last in variants(term[-1:]))
            if known and not all(_is_fact(word, facts) for word in term):
                yield f"it says {' '.join(term)!r}, which is in no fact"


def _of_omission(text: str, facts: Facts) -> Iterator[str]:
    """What our own text says and no wording may leave out."""
    said = numbers_in([text])
    denials = [sentence for sentence in sentences(text) if denies(sentence)]
    for reservation in facts.reservations:
        numbers = numbers_in([reservation])
        about = variants(word for word in words_in(fold(reservation)) if word not in PLAIN)
        if not numbers <= said or not any(
            numbers & numbers_in([denial]) or (not numbers and about & {*words_in(fold(denial))})
            for denial in denials
        ):
            yield f"it does not say {reservation!r}"
    if facts.shown and not any(_is_named(sentence, facts) for sentence in sentences(text)):
        yield "it names none of the products"


def _of_figures(sentence: str, allowed: Figures, facts: Facts) -> Iterator[str]:
    """Money and numbers that are not those of what the sentence is about."""
    if loose_marks(sentence):
        yield f"it speaks of money without an amount: {sentence!r}"
    for money in money_in([sentence]) - allowed.money:
        yield f"it says {money.amount:g} {money.kind}, which is no price of this"
    rest = without_money(sentence)
    for match in _TOKEN.finditer(rest):
        if match[0].lower() in {"one", *NUMBER_WORDS} and _PRICED.search(rest[: match.start()]):
            yield f"it says {match[0]!r} of a price"
    for amount in amounts(rest):
        before, token, after = _around(rest, amount)
        if _is_fact(fold(token), facts) and not token.isdecimal():
            continue  # a part of a name: WH-1000XM5
        if _is_part_of_a_name(before, token, after, facts):
            continue
        if _PRICED.search(rest[: amount.start]) or amount.value not in allowed.numbers:
            yield f"it says {amount.value:g}, which is no number of this"
        unit = _COUNTED.sub("", fold(token).lstrip("0123456789"))
        if unit and not _is_fact(unit, facts):
            yield f"it says {token!r}, which is in no fact"


def _of_names(sentence: str, facts: Facts) -> Iterator[str]:
    for token in _tokens(sentence):
        word = fold(token)
        if token[0].isupper() and word not in PLAIN and not _is_fact(word, facts):
            yield f"it names {token!r}, which is in no fact"


def _figures_of(sentence: str, facts: Facts) -> Figures | None:
    """What may be said of the products a sentence names, and in general; None where it names none."""
    names = {fold(token) for token in _tokens(sentence) if not token[0].islower()}
    names |= {name.removesuffix("'s") for name in names}
    named = [each.figures for each in facts.shown if each.names & names]
    figures = facts.general
    for each in named:
        figures |= each
    return figures if named else None


def _is_named(sentence: str, facts: Facts) -> bool:
    words = words_in(fold(sentence))
    return any(pair in facts.pairs for pair in pairwise(words)) or any(
        token[0].isupper() and any(fold(token) in each.names for each in facts.shown)
        for token in _tokens(sentence)
    )


def _is_part_of_a_name(before: str, token: str, after: str, facts: Facts) -> bool:
    """Whether a number stands beside the word it stands beside in a title: `iPhone 12`, `12 Pro`."""
    number = fold(token)
    pairs = ((before, (fold(before), number)), (after, (number, fold(after))))
    return any(
        not beside.islower() and fold(beside) not in PLAIN and pair in facts.pairs
        for beside, pair in pairs
        if beside
    )


def _around(text: str, amount: Amount) -> tuple[str, str, str]:
    """The word before a number, the whole word it is in, and the word after."""
    before, token, after = "", "", ""
    for match in _TOKEN.finditer(text):
        if match.end() <= amount.start:
            before = match[0]
        elif match.start() < amount.end:
            token = token or match[0]
        else:
            after = match[0]
            break
    return before, token, after


def _is_fact(word: str, facts: Facts) -> bool:
    return word in facts.words or word.removesuffix("'s") in facts.words


def _tokens(text: str) -> list[str]:
    return [match[0] for match in _TOKEN.finditer(text)]
