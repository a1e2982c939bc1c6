"""Numbers and money in a sentence of English, as our composer writes them and a wording of it may."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

_DIGITS: Final = r"\d+(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
_SIGNS: Final = r"[$€£¥₹]"
_CODES: Final = "usd|eur|gbp|cad|aud|chf|sek|nok|dkk|inr|jpy"
_WORDS: Final = rf"{_CODES}|dollars?|euros?|pounds?|quid|bucks?|cents?|pence|penny|pennies"
_MONEY: Final = re.compile(
    rf"(?P<sign>{_SIGNS})\s?(?P<after>{_DIGITS})"
    rf"|(?P<before>{_DIGITS})\s?(?P<mark>{_SIGNS}|(?:{_WORDS})\b)"
    rf"|\b(?P<code>{_WORDS})\s(?P<last>{_DIGITS})",
    re.IGNORECASE,
)
_MARK: Final = re.compile(rf"{_SIGNS}|\b(?:{_WORDS})\b", re.IGNORECASE)
_NUMBER: Final = re.compile(_DIGITS)
_SENTENCE: Final = re.compile(r"(?<=[.!?;])\s+|\n+")
_DENIES: Final = re.compile(
    r"\b(?:no|not|nothing|none|without|unfortunately|over|above|beyond|exceeds?|isn't|aren't|couldn't"
    r"|didn't|unknown|instead|relaxed|below your|asked for)\b",
    re.IGNORECASE,
)
_KINDS: Final = {
    **dict.fromkeys(("$", "usd", "cad", "aud", "dollar", "dollars", "buck", "bucks"), "$"),
    **dict.fromkeys(("€", "eur", "euro", "euros"), "€"),
    **dict.fromkeys(("£", "gbp", "pound", "pounds", "quid"), "£"),
    **dict.fromkeys(("¥", "jpy"), "¥"),
    **dict.fromkeys(("₹", "inr"), "₹"),
}


@dataclass(frozen=True, slots=True)
class Money:
    """An amount, and of which kind: a sign, or a code in lower case."""

    amount: float
    kind: str


@dataclass(frozen=True, slots=True)
class Amount:
    """A number where it stands."""

    value: float
    start: int
    end: int


def plain(text: str) -> str:
    """The text with every letter, digit and sign in its usual form (NFKC), and straight apostrophes."""
    return unicodedata.normalize("NFKC", text).replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")


def money_in(texts: Iterable[str]) -> frozenset[Money]:
    """Every amount of money in the texts."""
    return frozenset(
        Money(_float(match["after"] or match["before"] or match["last"]), kind_of(_mark(match)))
        for text in texts
        for match in _MONEY.finditer(plain(text))
    )


def numbers_in(texts: Iterable[str]) -> frozenset[float]:
    """Every number in the texts, of money or not."""
    return frozenset(amount.value for text in texts for amount in amounts(text))


def amounts(text: str) -> Iterator[Amount]:
    """Every number and its place in `plain(text)`."""
    for match in _NUMBER.finditer(plain(text)):
        yield Amount(_float(match[0]), match.start(), match.end())


def loose_marks(text: str) -> bool:
    """Whether money is spoken of without an amount in digits: `a dollar`, `a few bucks`."""
    return _MARK.search(_MONEY.sub(" ", plain(text))) is not None


def without_money(text: str) -> str:
    """The plain text with `¤` in the place of every character of an amount of money."""
    return _MONEY.sub(lambda match: "¤" * len(match[0]), plain(text))


def kind_of(mark: str) -> str:
    """The kind of money a sign, a word or a code stands for."""
    return _KINDS.get(mark.lower(), mark.lower())


def sentences(text: str) -> list[str]:
    """The text by its full stops and semicolons."""
    return [sentence for sentence in _SENTENCE.split(text) if sentence.strip()]


def denies(sentence: str) -> bool:
    """Whether the sentence says that something is not so."""
    return _DENIES.search(plain(sentence)) is not None


def _mark(match: re.Match[str]) -> str:
    return match["sign"] or match["mark"] or match["code"]


def _float(digits: str) -> float:
    return float(digits.replace(",", ""))
