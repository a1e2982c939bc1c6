"""Words of products and queries, and the stem they are found by, which is that of SQLite's FTS5.

FTS5 itself stems, one distinct word at a time; a query never becomes a MATCH expression, so no query can be
one that FTS5 refuses.
"""

from __future__ import annotations

import re
import sqlite3
import threading
import unicodedata
from collections.abc import Iterable
from typing import Final

_WORD: Final = re.compile(r"[^\W_]+")
LONGEST_WORD: Final = 64
"""Characters that count; longer ones are no words."""
_KEPT: Final = 200_000
"""Stems kept; those of one catalogue of 105,000 products are 40,000."""
MOST_WORDS: Final = 64
"""Of a query."""
_TABLES: Final = (
    "CREATE VIRTUAL TABLE words USING fts5(word, tokenize='porter unicode61 remove_diacritics 2')",
    "CREATE VIRTUAL TABLE stems USING fts5vocab(words, instance)",
)


def words_of(text: str) -> list[str]:
    """The words of a text in lower case; numbers are words."""
    return [word[:LONGEST_WORD] for word in _WORD.findall(text.lower())]


_FILLERS: Final = frozenset(
    words_of(
        "a an the and or of for with without to in on at by from is are be i me my we you your it its this"
        " that these those some any something one want need looking please show find buy get would like"
        " un una el la los las de del para con y"
    )
)
"""Words of a query that name nothing; where it has no others, they count after all."""


def folded(text: str) -> str:
    """What two spellings of a name have in common: without case, accents and surplus spaces."""
    parts = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(part for part in parts if not unicodedata.combining(part)).split())


def asked_words(query: str) -> list[str]:
    """The words of a query that name something, each once."""
    words = list(dict.fromkeys(words_of(query)))
    return ([word for word in words if word not in _FILLERS] or words)[:MOST_WORDS]


class Stems:
    """The stems of words, remembered; any thread may ask."""

    def __init__(self) -> None:
        """Nothing is opened until somebody asks."""
        self._lock = threading.Lock()
        self._known: dict[str, tuple[str, ...]] = {}
        self._engine: sqlite3.Connection | None = None

    def of(self, words: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """The stems of each word: one, none where FTS5 sees no word in it, several where it sees some."""
        wanted = set(words)
        with self._lock:
            if len(self._known) > _KEPT:
                self._known.clear()
            missing = [word for word in wanted if word not in self._known]
            if missing:
                self._learn(missing)
            return {word: self._known[word] for word in wanted}

    def close(self) -> None:
        """Let go of FTS5; the next question opens it again."""
        with self._lock:
            if self._engine is not None:
                self._engine.close()
                self._engine = None

    def _learn(self, words: list[str]) -> None:
        if self._engine is None:
            self._engine = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
            for statement in _TABLES:
                self._engine.execute(statement)
        engine = self._engine
        engine.execute("BEGIN")
        engine.executemany("INSERT INTO words (rowid, word) VALUES (?, ?)", enumerate(words))
        found: list[list[str]] = [[] for _ in words]
        for number, stem in engine.execute("SELECT doc, term FROM stems ORDER BY doc, offset"):
            found[int(number)].append(str(stem))
        engine.execute("ROLLBACK")
        self._known.update((word, tuple(stems)) for word, stems in zip(words, found, strict=True))
