"""Misspelt words: what they were meant to be, of the words of the catalogue and of bounds and orders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from rapidfuzz.distance import OSA
from rapidfuzz.process import extractOne

from batuta.shopping.understanding.languages import COMMON, Book
from batuta.shopping.understanding.languages.occasions import GIFTS, OCCASIONS
from batuta.shopping.understanding.text import Kind, Token, singular
from batuta.shopping.understanding.vocabulary import Vocabulary

MOST_WORDS: Final = 8
"""Unknown words of a message that are looked at; each costs some 20 µs."""
_SHORTEST: Final = 4
_FOR_ONE: Final = 5
"""Letters of the longer word from which one mistake is forgiven."""
_FOR_TWO: Final = 8
"""Letters of both words from which two are."""
_OF_ANOTHER_LANGUAGE: Final = 7
"""Words of a language other than English are left alone below this."""
CUES: Final = (
    "under",
    "below",
    "between",
    "around",
    "without",
    "cheaper",
    "cheapest",
    "compare",
    "except",
    "budget",
    "dollars",
    "euros",
    "newest",
    "expensive",
    "refurbished",
    "cheap",
    "inch",
    "inches",
)


def corrections(
    found: Sequence[Token], vocabulary: Vocabulary, book: Book, languages: Sequence[str]
) -> dict[int, str]:
    """What misspelt tokens were meant to be, by their place."""
    corrected: dict[int, str] = {}
    tried = 0
    for at, token in enumerate(found):
        if not _doubtful(token, vocabulary, book, languages):
            continue
        tried += 1
        if tried > MOST_WORDS:
            break
        if better := meant(token.text, vocabulary.spelling):
            corrected[at] = better
    return corrected


def meant(word: str, spelling: Mapping[str, Sequence[str]]) -> str | None:
    """The known word that this one was most likely meant to be; None if it is like none.

    It begins with the same letter, or with the first two swapped.
    """
    candidates: list[tuple[float, str]] = []
    own = [*spelling.get(word[0], ()), *(cue for cue in CUES if cue[0] == word[0])]
    swapped = [other for other in spelling.get(word[1], ()) if other[1] == word[0]]
    for words in (own, swapped):
        most = 2 if len(word) >= _FOR_TWO else 1
        best = extractOne(word, words, scorer=OSA.distance, score_cutoff=most)
        if best is not None and _forgiven(word, best[0], int(best[1])):
            candidates.append((best[1], best[0]))
    return min(candidates, default=(0, None), key=lambda candidate: candidate[0])[1]


def _forgiven(word: str, other: str, mistakes: int) -> bool:
    if not mistakes or singular(word) == singular(other):
        return False
    if mistakes > 1:
        return min(len(word), len(other)) >= _FOR_TWO
    return max(len(word), len(other)) >= _FOR_ONE or sorted(word) == sorted(other)


def _doubtful(token: Token, vocabulary: Vocabulary, book: Book, languages: Sequence[str]) -> bool:
    word = token.text
    if token.kind is not Kind.WORD or len(word) < _SHORTEST or not word.isascii() or not word.isalpha():
        return False
    if len(languages) > 1 and len(word) < _OF_ANOTHER_LANGUAGE:
        return False
    stem = singular(word)
    known = (vocabulary.words, book.meanings, COMMON, GIFTS, *(OCCASIONS[code] for code in languages))
    return not any(word in words or stem in words for words in known) and not vocabulary.translated(
        word, languages
    )
