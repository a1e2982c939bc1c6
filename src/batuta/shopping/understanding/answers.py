"""Whether a message answers the open question, and by what."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from batuta.services.products import Range, Scalar
from batuta.shopping.models import Question, Suggestion
from batuta.shopping.understanding.figures import hear_figures
from batuta.shopping.understanding.hearing import Bounds, Deed, Fact, Hearing
from batuta.shopping.understanding.pieces import cut
from batuta.shopping.understanding.senses import Sense
from batuta.shopping.understanding.text import key
from batuta.shopping.understanding.vocabulary import Class

_SILENT: Final = frozenset(
    {
        Sense.FILLER,
        Sense.THE,
        Sense.ONE,
        Sense.ONES,
        Sense.STOP,
        Sense.QUESTION,
        Sense.SMALLTALK,
        Sense.PLACE,
        Sense.CORRECT,
        Sense.THIS,
        Sense.LIKE,
        Sense.YES,
        Sense.DETAIL,
    }
)
_JOINTS: Final = frozenset({Sense.AND, Sense.OR, Sense.COMMA})
_DECLINES: Final = frozenset(
    {
        Sense.ANY,
        Sense.INDIFFERENT,
        Sense.NO,
        Sense.NOT,
        Sense.NEED_NOT,
        Sense.NO_LIMIT,
        Sense.OTHER,
        Sense.THESE,
    }
)
"""`any`, `none of these`, `both`: whatever is only that says that it does not matter."""
_HARD: Final = frozenset({Sense.ONLY, Sense.WANT, Sense.SEEK})
_YES: Final = frozenset({"yes", "true", "1"})
_NEED: Final = "need"


def hear_answer(hearing: Hearing) -> None:
    """Take an answer that is nothing but a suggestion, its place in the list, yes, no, or no preference."""
    question = hearing.context.question
    if question is None:
        return
    said = [place for place, piece in enumerate(hearing.pieces) if piece.sense not in _SILENT]
    chosen = _by_words(hearing, question, said) or _by_place(hearing, question, said)
    if chosen:
        for suggestion in chosen:
            _choose(hearing, question, suggestion)
        hearing.take(range(len(hearing.pieces)))
        return
    senses = {hearing.sense(place) for place in said}
    if _is_flag(hearing, question.facet) and (yes := _yes_or_no(hearing)) is not None:
        hearing.facts.append(Fact(0, Deed.WANT, question.facet, yes, soft=True))
        hearing.take((0,))
    elif senses & _DECLINES and senses <= _DECLINES | _JOINTS | {Sense.OF_THESE}:
        hearing.skips = True
        hearing.take(range(len(hearing.pieces)))


def soften(hearing: Hearing) -> None:
    """Make a preference of what answers the question in a word or two.

    A sentence says it hard: `only Sony`, `under 200`, `it must be red`.
    """
    question = hearing.context.question
    if question is None or any(piece.sense in _HARD for piece in hearing.pieces):
        return
    for index, fact in enumerate(hearing.facts):
        if fact.facet == question.facet and fact.deed is Deed.WANT and _bare(hearing, question, fact):
            hearing.facts[index] = replace(fact, soft=question.facet != _NEED)


def answered(hearing: Hearing) -> str | None:
    """The facet of the open question, if the message answers it."""
    facet = hearing.asked
    if facet is None:
        return None
    about = {facet, "product_type", "keywords"} if facet == _NEED else {facet}
    if hearing.skips or facet in hearing.declined or any(fact.facet in about for fact in hearing.facts):
        return facet
    return None


def _bare(hearing: Hearing, question: Question, fact: Fact) -> bool:
    """Whether a fact is a value without a bound, or bounds that were suggested."""
    if isinstance(fact.value, Bounds | Range):
        if any(_meaning(hearing, question, each) == fact.value for each in question.suggestions):
            return True
        before, after = hearing.sense(fact.at - 1), hearing.sense(fact.at + 1)
        bounds = {
            Sense.BELOW,
            Sense.ABOVE,
            Sense.OR_LESS,
            Sense.OR_MORE,
            Sense.AROUND,
            Sense.PLUS,
            Sense.BETWEEN,
        }
        return not {before, after} & (bounds | {Sense.FILLER, Sense.CURRENCY, Sense.FACET})
    return True


def _by_words(hearing: Hearing, question: Question, said: list[int]) -> list[Suggestion]:
    """Suggestions whose value or label was said, several where they are joined."""
    by_words = {
        words: suggestion
        for suggestion in question.suggestions
        for words in (key(suggestion.label), key(suggestion.value))
        if words
    }
    whole = " ".join(piece.text for piece in hearing.pieces)
    if found := by_words.get(whole) or by_words.get(_text(hearing, said)):
        return [found]
    parts: list[list[int]] = [[]]
    for place in said:
        if hearing.sense(place) in _JOINTS:
            parts.append([])
        else:
            parts[-1].append(place)
    chosen = [by_words.get(_text(hearing, part)) for part in parts]
    return [each for each in chosen if each] if len(parts) > 1 and all(chosen) else []


def _text(hearing: Hearing, places: list[int]) -> str:
    return " ".join(hearing.at(place).text for place in places)


def _by_place(hearing: Hearing, question: Question, said: list[int]) -> list[Suggestion]:
    """Suggestions by their place in the list: `the second`, `2`, `1 and 3`.

    Where numbers are asked for, a number is a value. `Tell me about the second` is about a product shown.
    """
    if hearing.context.shown and hearing.has(Sense.DETAIL):
        return []
    numeric = question.facet in {"price", "rating", *hearing.vocabulary.numeric}
    places: list[int] = []
    for place in said:
        piece = hearing.at(place)
        if piece.sense is Sense.ORDINAL:
            number = int(float(piece.value or 0))
            places.append(number - 1 if number > 0 else len(question.suggestions) + number)
        elif piece.sense is Sense.NUMBER and piece.number and not numeric:
            places.append(int(piece.number.plain) - 1)
        elif piece.sense not in _JOINTS:
            return []
    if not all(0 <= place < len(question.suggestions) for place in places):
        return []
    return [question.suggestions[place] for place in places]


def _choose(hearing: Hearing, question: Question, suggestion: Suggestion) -> None:
    facet = "product_type" if question.facet == _NEED else question.facet
    value = _meaning(hearing, question, suggestion)
    if value is None:
        hearing.skips = True
    else:
        hearing.facts.append(Fact(0, Deed.WANT, facet, value, soft=question.facet != _NEED))


def _meaning(hearing: Hearing, question: Question, suggestion: Suggestion) -> Scalar | Range | Bounds | None:
    """What a suggestion stands for; None for any number."""
    text = suggestion.value
    if question.facet in {"price", "rating", *hearing.vocabulary.numeric}:
        heard = Hearing(cut(text, hearing.vocabulary), hearing.context, hearing.vocabulary)
        hear_figures(heard)
        return next((fact.value for fact in heard.facts if fact.facet == question.facet), None)
    if _is_flag(hearing, question.facet):
        return key(text) in _YES
    of = {"product_type": Class.TYPE, _NEED: Class.TYPE, "brand": Class.BRAND}.get(
        question.facet, Class.VALUE
    )
    entries = hearing.vocabulary.find(key(text))
    known = next((entry.value for entry in entries if entry.of is of), None)
    return text if known is None else known


def _is_flag(hearing: Hearing, facet: str) -> bool:
    return facet in hearing.vocabulary.flags


def _yes_or_no(hearing: Hearing) -> bool | None:
    """Yes or no at the beginning; a `no` that denies what follows is none."""
    place = next((at for at, piece in enumerate(hearing.pieces) if piece.sense is not Sense.FILLER), 0)
    first, after = hearing.sense(place), hearing.sense(place + 1)
    if first is Sense.YES:
        return True
    ends = {Sense.COMMA, Sense.STOP, Sense.FILLER, Sense.SMALLTALK, Sense.QUESTION}
    return False if first is Sense.NO and after in ends else None
