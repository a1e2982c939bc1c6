"""Punctuation of the scripts people subtitle in, by what it does to the text around it."""
# ruff: noqa: RUF001  - the marks that look alike are the subject here

from __future__ import annotations

from typing import Final

DASHES: Final = "-–—"
DOTS: Final = frozenset(".…")
"""End a sentence, or shorten a word, or hesitate."""
SENTENCE_MARKS: Final = frozenset("?!？！。．｡؟۔।॥።")
"""End a sentence and do nothing else."""
CLAUSE_MARKS: Final = frozenset(",;:–—，、；：､،؛")

OPENING: Final = "\"'“‘«‹„‚([{「『（【〔〈《¿¡"
CLOSING: Final = "\"'”’»›)]}」』）】〕〉》"
TRAILING: Final = ".,;:?!…%)]}»›”’"
"""A word of nothing but these belongs to the one before: French `Bonjour !`."""

ASIDES: Final = frozenset("(（«„「『¿¡")
"""Open something that could stand alone."""
NEVER_LAST: Final = frozenset("“‘«‹„‚([{「『（【〔〈《¿¡")
NEVER_FIRST: Final = frozenset(
    "%)]}»›”」』）】〕〉》，、；：､。！？．｡،؛؟"  # closing marks
    "・ーぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮ々ゝゞヽヾ"  # JIS X 4051: no Japanese line begins with these
)
