"""How far a negation reaches: `not red or blue`, `without leather, waterproof`, `no Acme, Zenith or Lumo`."""

from __future__ import annotations

from typing import Final

from batuta.shopping.understanding.hearing import Hearing
from batuta.shopping.understanding.pieces import Piece
from batuta.shopping.understanding.senses import Sense
from batuta.shopping.understanding.vocabulary import Class

_PASSED: Final = frozenset(
    {
        Sense.FILLER,
        Sense.THE,
        Sense.ONE,
        Sense.ONES,
        Sense.WANT,
        Sense.ANY,
        Sense.BY,
        Sense.FROM,
        Sense.LIKE,
        Sense.DETAIL,
        Sense.THIS,
        Sense.THESE,
        Sense.TO,
        Sense.FACET,
        Sense.FOR,
        Sense.ONLY,
        Sense.SEEK,
        Sense.MORE,
    }
)
"""May stand between a negation and what it negates."""
_FARTHEST: Final = 6
_SAID: Final = frozenset({Sense.ENTRY, Sense.UNKNOWN, Sense.CONDITION, Sense.IN_STOCK, Sense.WELL_RATED})
_AFTER_NO: Final = frozenset({Sense.COMMA, Sense.STOP, Sense.QUESTION})


def negated(hearing: Hearing) -> frozenset[int]:
    """The places of what the message denies."""
    found: set[int] = set()
    for place, piece in enumerate(hearing.pieces):
        if place in hearing.used:
            continue
        if piece.sense is Sense.NOT or (piece.sense is Sense.NO and _denies(hearing, place)):
            found |= _reach(hearing, place)
        elif piece.text == "free" and piece.glued and hearing.sense(place - 1) in _SAID:
            found.add(place - 1)
            hearing.take((place,))
    return frozenset(found)


def _denies(hearing: Hearing, place: int) -> bool:
    """Whether a `no` belongs to what follows; one before a comma is an answer or begins a correction."""
    return hearing.sense(place + 1) not in _AFTER_NO and place + 1 < len(hearing.pieces)


def _reach(hearing: Hearing, negation: int) -> set[int]:
    """The first thing behind a negation, and those that are joined to it."""
    first = _next(hearing, negation + 1)
    if first is None:
        return set()
    found = {first}
    joined_by_or = False
    place = first + 1
    while place < len(hearing.pieces):
        sense = hearing.sense(place)
        last = max(found)
        if sense is Sense.UNKNOWN and hearing.sense(place - 1) is Sense.UNKNOWN and place - 1 in found:
            found.add(place)
            place += 1
            continue
        if sense not in {Sense.OR, Sense.AND, Sense.COMMA}:
            break
        following = _next(hearing, place + 1)
        if following is None:
            break
        alike = _kind(hearing.at(following)) == _kind(hearing.at(last))
        joined_by_or = joined_by_or or sense is Sense.OR
        if not (sense is Sense.OR or (alike and (sense is Sense.AND or _listed(hearing, following)))):
            break
        found.add(following)
        place = following + 1
    return found


def _next(hearing: Hearing, place: int) -> int | None:
    """The next thing that is said, unless something else comes before it."""
    for at in range(place, min(place + _FARTHEST, len(hearing.pieces))):
        sense = hearing.sense(at)
        if sense in _SAID:
            return at if hearing.free(at) else None
        if sense not in _PASSED and sense not in {Sense.OR, Sense.AND}:
            return None
    return None


def _listed(hearing: Hearing, place: int) -> bool:
    """Whether a conjunction follows with more of the same: the comma before this is one of a list."""
    last = place
    for at in range(place + 1, len(hearing.pieces)):
        sense = hearing.sense(at)
        if sense in {Sense.OR, Sense.AND}:
            following = _next(hearing, at + 1)
            return following is not None and _kind(hearing.at(following)) == _kind(hearing.at(last))
        if sense not in {Sense.COMMA, Sense.ENTRY, Sense.UNKNOWN}:
            return False
    return False


def _kind(piece: Piece) -> str:
    """What two things must have in common to stand in one list."""
    entry = max(piece.entries, key=lambda entry: entry.of, default=None)
    if entry is None:
        return piece.sense.name
    return entry.facet if entry.of is not Class.NAME else piece.sense.name
