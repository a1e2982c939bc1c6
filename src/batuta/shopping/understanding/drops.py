"""What is to hold no longer, or does not matter: `forget the budget`, `any brand`, `no matter the size`."""

from __future__ import annotations

from typing import Final

from batuta.shopping.understanding.hearing import Hearing
from batuta.shopping.understanding.senses import Sense
from batuta.shopping.understanding.vocabulary import Class

_PASSED: Final = frozenset(
    {
        Sense.FILLER,
        Sense.THE,
        Sense.THIS,
        Sense.THESE,
        Sense.AND,
        Sense.OR,
        Sense.COMMA,
        Sense.ONLY,
        Sense.FOR,
        Sense.BELOW,
        Sense.ONE,
        Sense.ONES,
        Sense.TO,
        Sense.CORRECT,
        Sense.FROM,
        Sense.ANY,
        Sense.BY,
        Sense.DETAIL,
        Sense.AROUND,
    }
)
_JOINTS: Final = frozenset({Sense.AND, Sense.OR, Sense.COMMA})
_ENDS: Final = frozenset({Sense.STOP, Sense.QUESTION, Sense.COMMA, Sense.BUT, Sense.AND, Sense.SMALLTALK})
_WISHES: Final = frozenset(
    {"limit", "limits", "filter", "filters", "restriction", "requirement", "preference", "thing", "part"}
)
"""Behind what is dropped they say nothing more: `drop the weight limit`."""
_FARTHEST: Final = 5
_BEGINNERS: Final = frozenset({Sense.FORGET, Sense.ANY, Sense.OTHER, Sense.NEED_NOT, Sense.INDIFFERENT})


def hear_drops(hearing: Hearing) -> None:
    """Hear what is dropped; `anything` alone says that there is no preference about what was asked."""
    for place, piece in enumerate(hearing.pieces):
        if hearing.free(place) and piece.sense in {Sense.NOT, Sense.NO}:
            _hear_without(hearing, place)
        if not hearing.free(place) or piece.sense not in _BEGINNERS:
            continue
        found = _behind(hearing, place)
        if not found and piece.sense is Sense.INDIFFERENT:
            found = _before(hearing, place)
        for at in found:
            _drop(hearing, at)
        if found:
            hearing.take((place, *found, *(at + 1 for at in found if hearing.at(at + 1).text in _WISHES)))
        elif piece.sense in {Sense.INDIFFERENT, Sense.NEED_NOT}:
            hearing.skips = True


def _hear_without(hearing: Hearing, place: int) -> None:
    """`without the colour`: the name of an attribute is nothing that could be excluded."""
    at = place + 1
    while hearing.sense(at) in {Sense.FILLER, Sense.THE, Sense.ANY}:
        at += 1
    piece = hearing.at(at)
    facet = piece.sense is Sense.FACET and piece.value in {"price", "brand", "rating"}
    named = bool(piece.entries) and all(entry.of is Class.NAME for entry in piece.entries)
    said = named and (_named(hearing, at) in hearing.vocabulary.broad or hearing.sense(at - 1) is Sense.THE)
    if hearing.free(at) and (facet or said) and hearing.sense(at + 1) in _ENDS:
        _drop(hearing, at)
        hearing.take((place, at))


def _named(hearing: Hearing, at: int) -> str | None:
    """The attribute that a name means: one that was said before, else one that such products have."""
    spec, fits = hearing.context.spec, hearing.vocabulary.fits
    said = {*spec.attributes, *spec.filters.ranges, *spec.filters.exclude_attributes}
    names = [entry for entry in hearing.at(at).entries if entry.of is Class.NAME]
    best = max(
        names,
        key=lambda entry: (entry.facet in said, fits(entry.facet, hearing.kind) is not False, not entry.shy),
        default=None,
    )
    return best.facet if best else None


def _behind(hearing: Hearing, place: int) -> list[int]:
    """What may be dropped right behind a piece: facets, and where one says so in so many words, values."""
    begins = hearing.sense(place)
    found: list[int] = []
    for at in range(place + 1, min(place + 1 + _FARTHEST + 2 * len(found), len(hearing.pieces))):
        if not hearing.free(at):
            break
        if _droppable(hearing, at, begins) and (not found or _joined(hearing, found[-1], at)):
            found.append(at)
        elif hearing.sense(at) not in _PASSED:
            break
    return found


def _joined(hearing: Hearing, last: int, at: int) -> bool:
    return any(hearing.sense(between) in _JOINTS for between in range(last + 1, at))


def _before(hearing: Hearing, place: int) -> list[int]:
    """The facet of which it is then said that it does not matter: `the colour doesn't matter`."""
    for at in range(place - 1, max(place - 1 - _FARTHEST, -1), -1):
        if not hearing.free(at):
            break
        if _droppable(hearing, at, Sense.INDIFFERENT):
            return [at]
        if hearing.sense(at) not in _PASSED - _JOINTS:
            break
    return []


def _droppable(hearing: Hearing, at: int, begins: Sense) -> bool:
    piece = hearing.at(at)
    if piece.sense is Sense.FACET:
        return piece.value != "product_type"
    outright = begins in {Sense.FORGET, Sense.NEED_NOT}
    if piece.sense in {Sense.CONDITION, Sense.IN_STOCK, Sense.UNKNOWN}:
        return outright
    kinds = {entry.of for entry in piece.entries}
    if outright and kinds & {Class.FLAG, Class.VALUE, Class.BRAND}:
        return True
    return Class.NAME in kinds or (Class.FLAG in kinds and begins is Sense.INDIFFERENT)


def _drop(hearing: Hearing, at: int) -> None:
    """A facet, or a value that was said before."""
    piece = hearing.at(at)
    if piece.sense is Sense.FACET:
        hearing.drop(at, str(piece.value))
        return
    if piece.sense in {Sense.CONDITION, Sense.IN_STOCK}:
        hearing.drop(at, "condition" if piece.sense is Sense.CONDITION else "in_stock")
        return
    if piece.sense is Sense.UNKNOWN:
        hearing.drop(at, "keywords", piece.text)
        return
    flag = piece.entry(Class.FLAG)
    facet = _named(hearing, at) or (flag.facet if flag else None)
    if facet is not None:
        hearing.drop(at, facet)
        return
    entry = max(piece.entries, key=lambda entry: (entry.of is Class.BRAND, entry.products))
    hearing.drop(at, entry.facet, entry.value)
