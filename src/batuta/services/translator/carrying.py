"""What a model cannot know is carried around it as it is: emoji, tags, other scripts, no-words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from itertools import groupby
from typing import Final

from batuta.media.scripts import stands_alone

LONGEST_WORD: Final = 80
"""Characters. A longer one is no word, and costs the engine seconds (3,000 times `a`: 5 s)."""

_TOKENS: Final = re.compile(r"</?[A-Za-z][^<>\n]{0,200}>|\s+|[^\s<]+|<")
_WORDS: Final = re.compile(r"[^\W\d_]+")
_PLAIN: Final = {
    "\N{LEFT SINGLE QUOTATION MARK}": "'",
    "\N{RIGHT SINGLE QUOTATION MARK}": "'",
    "\N{LEFT DOUBLE QUOTATION MARK}": '"',
    "\N{RIGHT DOUBLE QUOTATION MARK}": '"',
    "\N{EN DASH}": "-",
    "\N{EM DASH}": "-",
    "\N{HORIZONTAL ELLIPSIS}": "...",
    "\N{INVERTED QUESTION MARK}": "",
    "\N{INVERTED EXCLAMATION MARK}": "",
}
"""What typographic marks say, for models that were taught without them."""


def has_words(text: str) -> bool:
    """Whether there is anything in it to translate; numbers and marks are the same everywhere."""
    return any(map(str.isalpha, text))


def translated_around(text: str, known: frozenset[str] | None, translate: Callable[[str], str]) -> str:
    """The text with each stretch of known words translated, and everything else where and as it was.

    A word that is known but for its accents is shown without them, and gets them back where it comes back.
    """
    text = _in_known_marks(unicodedata.normalize("NFC", text), known)
    plain = {word: _without_accents(word, known) for word in _WORDS.findall(text)}
    accented = {bare: word for word, bare in plain.items() if bare != word}
    if accented:
        text = _WORDS.sub(lambda word: plain[word[0]], text)
    done: list[str] = []
    for carried, group in groupby(_pieces(text, known), key=lambda piece: piece[0]):
        part = "".join(piece for _, piece in group)
        core = part.strip()
        if carried or not has_words(core):
            done.append(part)
            continue
        before, _, after = part.partition(core)
        done.append(before + translate(core) + after)
    said = "".join(done)
    return _WORDS.sub(lambda word: accented.get(word[0], word[0]), said) if accented else said


def _pieces(text: str, known: frozenset[str] | None) -> Iterator[tuple[bool, str]]:
    """The text in order: whether a piece is carried, and the piece; blanks go with what is before them."""
    carried = False
    for token in _TOKENS.findall(text):
        if token.isspace():
            yield carried, token
        elif token[0] == "<" or _is_no_word(token, known):
            carried = True
            yield carried, token
        else:
            for unknown, run in groupby(token, key=lambda character: not _is_known(character, known)):
                carried = unknown
                yield carried, "".join(run)


def _is_no_word(token: str, known: frozenset[str] | None) -> bool:
    """Whether a letter in it is unknown, or it is too long; scripts without blanks have words inside."""
    if len(token) > LONGEST_WORD and not any(map(stands_alone, token)):
        return True
    return any(
        character.isalpha() and not stands_alone(character) and not _is_known(character, known)
        for character in token
    )


def _is_known(character: str, known: frozenset[str] | None) -> bool:
    """Whether the vocabulary has it, in the form in which it looks (SentencePiece's nmt_nfkc)."""
    if known is None or character in known:
        return True
    plain = unicodedata.normalize("NFKC", character)
    return plain != character and known.issuperset(plain.replace(" ", ""))


def _in_known_marks(text: str, known: frozenset[str] | None) -> str:
    if known is None or text.isascii():
        return text
    return "".join(
        _PLAIN.get(character, character) if character not in known else character for character in text
    )


def _without_accents(word: str, known: frozenset[str] | None) -> str:
    """The word with each letter the vocabulary lacks as the one without its marks, if it has that."""
    if known is None or word.isascii():
        return word
    letters = ((letter, unicodedata.normalize("NFD", letter)[0]) for letter in word)
    return "".join(bare if letter not in known and bare in known else letter for letter, bare in letters)
