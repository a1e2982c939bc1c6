"""A message as words, folded and cut in the same way as the words of the catalogue."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import Enum, auto
from functools import lru_cache
from typing import Final

from batuta.shopping.models import LONGEST_MESSAGE

_BEFORE_FOLDING: Final = str.maketrans(
    {
        **dict.fromkeys("\u2033\u201c\u201d\u201e\u00ab\u00bb", '"'),  # inches and quotation marks
        **dict.fromkeys("\u2019\u2018\u0060\u00b4\u02bc", "'"),
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-"),
        **dict.fromkeys("\u2122\u00ae\u00a9", None),  # trade marks
        "\u2026": " . ",
        "\u00a0": "\u202f",  # a space that holds a number together
    }
)
_NO_DECOMPOSITION: Final = str.maketrans({"ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "\u0131": "i"})
_TOKEN: Final = re.compile(
    r"""
    (?P<link>https?://\S+|www\.\S+)
  | (?P<number>[0-9]{1,3}(?P<group>[.,'\u202f])[0-9]{3}(?:(?P=group)[0-9]{3})*(?:[.,][0-9]{1,2})?(?![0-9])
              |[0-9]+(?:[.,][0-9]+)?)
  | (?P<word>[^\W\d_][^\W_]*(?:'[^\W_]+)*)
  | (?P<sign>\S)
    """,
    re.VERBOSE,
)
_ELISIONS: Final = re.compile(
    "[cdjlmnst]|qu|jusqu|lorsqu|puisqu|quelqu|un|dell|nell|sull|all|dall|quest|quell"
)
_PLAIN_S: Final = ("ss", "us", "is", "os")


class Kind(Enum):
    """What a token is."""

    WORD = auto()
    """Letters, and digits after them: `shoes`, `rtx3060`."""
    NUMBER = auto()
    """Digits with their separators; letters after them are a word of their own: `16` `gb`."""
    SIGN = auto()
    """Anything else, one character."""


@dataclass(frozen=True, slots=True)
class Token:
    """One word, number or sign."""

    kind: Kind
    text: str
    """Folded: lower case, no accents, no apostrophes."""
    raw: str
    """As it was typed."""
    glued: bool
    """Nothing but a hyphen is between it and the one before."""


@lru_cache(maxsize=4096)
def fold(word: str) -> str:
    """A word in lower case, without accents and apostrophes: `Größe` → `grosse`, `Don't` → `dont`."""
    if not word.isascii():
        parts = unicodedata.normalize("NFKD", word.casefold())
        word = "".join(c for c in parts if not unicodedata.combining(c))
        word = word.casefold().translate(_NO_DECOMPOSITION)
    return word.casefold().replace("'", "")


def tokens(message: str) -> list[Token]:
    """The tokens of a text, of which no more than a message's length is read; links are left out."""
    text = unicodedata.normalize("NFKC", message[:LONGEST_MESSAGE].translate(_BEFORE_FOLDING))
    found: list[Token] = []
    end = -1
    for match in _TOKEN.finditer(text[:LONGEST_MESSAGE]):
        glued, end = match.start() == end, match.end()
        raw = match.group()
        if match["word"]:
            found += _words(raw, glued=glued)
        elif match["number"]:
            found.append(Token(Kind.NUMBER, raw, raw, glued))
        elif match["sign"]:
            found.append(Token(Kind.SIGN, raw, raw, glued))
    return _without_hyphens(found)


def _words(raw: str, *, glued: bool) -> list[Token]:
    """A word, or two of a French or Italian elision: `l'ordinateur`."""
    head, apostrophe, tail = raw.partition("'")
    if apostrophe and tail[:1].isalpha() and _ELISIONS.fullmatch(fold(head)):
        rest = Token(Kind.WORD, fold(tail), tail, glued=False)
        return [Token(Kind.WORD, fold(head), head, glued), *([rest] if rest.text else [])]
    text = fold(raw)
    return [Token(Kind.WORD, text, raw, glued)] if text else []


def _without_hyphens(found: list[Token]) -> list[Token]:
    """Without those between parts of a word: `noise-cancelling`, `15-inch`; not `200-300`."""
    kept: list[Token] = []
    for at, token in enumerate(found):
        after = found[at + 1] if at + 1 < len(found) else None
        measured = len(kept) > 1 and kept[-1].glued and kept[-2].kind is Kind.NUMBER  # `8GB-16GB`
        range_ = measured and after is not None and after.kind is Kind.NUMBER
        inside = (
            token.text == "-" and token.glued and after is not None and after.glued and kept and not range_
        )
        if inside and after and Kind.WORD in {kept[-1].kind, after.kind} and after.kind is not Kind.SIGN:
            continue
        kept.append(token)
    return kept


def key(phrase: str) -> str:
    """What a phrase is found by: its folded tokens with a space between each."""
    return " ".join(token.text for token in tokens(phrase[:LONGEST_MESSAGE]))


def singular(word: str) -> str:
    """An English word without the ending of its plural; another one as it is."""
    if len(word) < 4 or not word.endswith("s") or word.endswith(_PLAIN_S):  # noqa: PLR2004  # bus, gas
        return word
    if word.endswith("ies"):
        return word[:-3] + "y" if len(word) > 4 else word[:-1]  # noqa: PLR2004  # ties
    if word.endswith(("sses", "shes", "ches", "xes", "zzes")):
        return word[:-2]
    if word.endswith(("knives", "wives")):
        return word[:-3] + "fe"
    if word.endswith(("shelves", "halves")):
        return word[:-3] + "f"
    return word[:-1]


def singular_key(phrase: str) -> str:
    """A key with its last word in the singular."""
    head, space, last = phrase.rpartition(" ")
    return head + space + singular(last)


def plural(word: str) -> str:
    """The plural of an English word."""
    if word.endswith("y") and word[-2:-1] not in {"a", "e", "o", "u"}:
        return word[:-1] + "ies"
    return word + ("es" if word.endswith(("s", "sh", "ch", "x", "z")) else "s")
