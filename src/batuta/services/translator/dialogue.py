"""Lines without times: each translated sentence by sentence, and put together again in its own place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from batuta.media.scripts import join
from batuta.media.words import Segment, Transcription
from batuta.services.translator.carrying import has_words
from batuta.services.translator.contract import TranslatedLines
from batuta.services.translator.documents import few, remarks
from batuta.services.translator.lines import Line, Outcome
from batuta.services.translator.sentences import sentences_of
from batuta.services.translator.ways import Route

_RATE: Final = 15.0
"""Characters a second, for the sentences' times: of words without pauses they decide nothing."""


@dataclass(frozen=True, slots=True)
class Utterance:
    """A line of the order in the parts that are translated, under their ids."""

    text: str
    parts: tuple[Line, ...]

    @property
    def asked(self) -> tuple[Line, ...]:
        """The parts there is anything to translate in."""
        return tuple(part for part in self.parts if has_words(part.text))


def utterances_of(lines: Sequence[str], language: str, *, whole: bool) -> list[Utterance]:
    """The lines in sentences, which models read best, or `whole`; white space in them is folded."""
    found: list[Utterance] = []
    count = 0
    for text in lines:
        folded = " ".join(text.split())
        texts = [folded] if whole else _sentences(folded, language)
        found.append(Utterance(text, tuple(Line(count + index, part) for index, part in enumerate(texts))))
        count += len(texts)
    return found


def put_together(
    utterances: Sequence[Utterance], outcome: Outcome, route: Route, engine: str
) -> TranslatedLines:
    """The lines in the other language; one without words, or that failed, as it was."""
    lines: list[str] = []
    warnings: list[str] = []
    for number, utterance in enumerate(utterances):
        failed = next((part.id for part in utterance.parts if part.id in outcome.kept), None)
        if failed is not None:
            warnings.append(f"line {number} is not translated: {outcome.kept[failed]}")
        lines.append(utterance.text if failed is not None else _said(utterance, outcome, route.target))
    return TranslatedLines(
        full_text="\n".join(lines),
        lines=lines,
        language_detected=route.target,
        translated_from=route.source,
        pivot=route.pivot,
        kept=len(warnings),
        warnings=[*remarks(route), *few(warnings)],
        engine=engine,
    )


def unchanged_lines(lines: Sequence[str], language: str) -> TranslatedLines:
    """The lines as they are, in the language that is asked for already or without any words."""
    return TranslatedLines(
        full_text="\n".join(lines),
        lines=list(lines),
        language_detected=language,
        translated_from=None,
        pivot=None,
        kept=0,
        warnings=[],
        engine=None,
    )


def _sentences(text: str, language: str) -> list[str]:
    segment = Segment(0.0, len(text) / _RATE, text, ())
    return [each.text for each in sentences_of(Transcription(language, 0.0, segment.end, (segment,)))]


def _said(utterance: Utterance, outcome: Outcome, language: str) -> str:
    if not utterance.asked:
        return utterance.text
    return join((outcome.texts.get(part.id, part.text) for part in utterance.parts), language)
