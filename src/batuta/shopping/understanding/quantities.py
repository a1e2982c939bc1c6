"""Numbers with what stands around them: bounds, ranges, currencies, units. Of what, is decided later."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Final

from batuta.shopping.understanding.hearing import Hearing
from batuta.shopping.understanding.numbers import Number
from batuta.shopping.understanding.pieces import Piece
from batuta.shopping.understanding.senses import Sense
from batuta.shopping.understanding.units import ONLY_GLUED, unit_of
from batuta.shopping.understanding.vocabulary import Class

_PASSED: Final = frozenset({Sense.FILLER, Sense.THE, Sense.FACET, Sense.THIS, Sense.CORRECT, Sense.WANT})
"""May stand between a bound and its number: `max price is 200`."""
_FARTHEST: Final = 4
_CURRENCY_OR_NUMBER: Final = frozenset({Sense.NUMBER, Sense.CURRENCY, Sense.HUNDRED})
_ENDS_A_UNIT: Final = frozenset(
    {
        Sense.STOP,
        Sense.COMMA,
        Sense.QUESTION,
        Sense.AND,
        Sense.OR,
        Sense.OR_MORE,
        Sense.OR_LESS,
        Sense.TO,
        Sense.DASH,
        Sense.FOR,
    }
)
_POUNDS: Final = frozenset({"pound", "pounds"})
_UNTIL: Final = frozenset({"bis", "bis zu", "hasta", "ate", "fino a", "jusqua", "up to"})
"""Bounds that join two numbers as well: `200 bis 300`."""
_ALIKE: Final = frozenset({Sense.OR, Sense.AND, Sense.COMMA})
_SYMBOLS: Final = frozenset({"to", "go", "x"})
"""Units right behind the number only; octets of French are words of English."""
_GROUP: Final = 3
_KELVIN: Final = "k"
_THOUSAND: Final = 1000
_LEAST_WHOLE: Final = 10
"""Below it the first number of a range counts thousands where the second does."""


class Shape(Enum):
    """How a number bounds."""

    EXACT = auto()
    BELOW = auto()
    ABOVE = auto()
    AROUND = auto()
    RANGE = auto()


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number or two in a message."""

    start: int
    """The first of its pieces, bounds included."""
    number_at: int
    end: int
    """Behind the last."""
    low: Number
    high: Number
    """The same as `low` unless it is a range."""
    shape: Shape = Shape.EXACT
    currency: str | None = None
    unit: str | None = None
    stars: bool = False
    percent: bool = False
    said: bool = False
    """As a range in words (`between`, `from`), or bounded."""


@dataclass(frozen=True, slots=True)
class _Amount:
    number: Number
    end: int
    currency: str | None = None
    unit: str | None = None
    stars: bool = False
    percent: bool = False


def quantities(hearing: Hearing) -> Iterator[Quantity]:
    """The quantities among the free pieces, from left to right."""
    place = 0
    while place < len(hearing.pieces):
        amount = _amount(hearing, place)
        if amount is None:
            place += 1
            continue
        quantity = _behind(hearing, _ranged(hearing, place, amount))
        quantity = _before(hearing, quantity) if quantity.shape in {Shape.EXACT, Shape.RANGE} else quantity
        yield quantity
        place = quantity.end


def _amount(hearing: Hearing, place: int) -> _Amount | None:
    """A number with its currency or unit, beginning here."""
    currency: str | None = None
    if hearing.sense(place) is Sense.CURRENCY and hearing.free(place):
        currency, place = str(hearing.at(place).value), place + 1
    piece = hearing.at(place)
    if not hearing.free(place) or piece.number is None or (piece.text == "k" and not currency):
        return None
    says, place = _counted(hearing, place)
    amount = _Amount(says, place, currency)
    after = hearing.at(place)
    if not hearing.free(place):
        return amount
    if after.sense is Sense.CURRENCY and (currency or not _weighs(hearing, place, says)):
        amount = _Amount(says, place + 1, str(after.value))
    elif currency is None and (unit := _unit(hearing, place)):
        amount = _Amount(says, place + 1, unit=unit)
    elif after.sense in {Sense.STARS, Sense.PERCENT}:
        stars = after.sense is Sense.STARS
        amount = _Amount(says, place + 1, currency, stars=stars, percent=not stars)
    return amount


def _counted(hearing: Hearing, place: int) -> tuple[Number, int]:
    """The number that begins here, with all words that belong to it, and the place behind it."""
    piece = hearing.at(place)
    total = piece.number or Number(0, 0)
    place += 1
    following = hearing.at(place)
    if _grouped(hearing, place) and following.number:  # `1 200 €`
        joined = total.plain * 1000 + following.number.plain
        return Number(joined, joined), place + 1
    if _worded(piece) and _worded(following) and _fits(total, following):  # `twenty` `five`
        total, place = _sum(total, following), place + 1
    while hearing.sense(place) is Sense.HUNDRED and piece.sense is Sense.NUMBER:
        factor = hearing.at(place)
        if factor.text == _KELVIN and total.plain >= _THOUSAND:  # `3000K`
            break
        total, place = total.times(float(factor.value or 1)), place + 1
        beyond = place + 1 if hearing.sense(place) is Sense.AND else place
        rest = hearing.at(beyond)
        if _worded(rest) and rest.number and rest.number.plain < float(factor.value or 1):
            total, place = _sum(total, rest), beyond + 1
    return total, place


def _worded(piece: Piece) -> bool:
    return piece.sense is Sense.NUMBER and piece.value is not None


def _fits(total: Number, after: Piece) -> bool:
    """Whether `five` belongs to `twenty`, `cincuenta` to `doscientos`."""
    less = after.number.plain if after.number else 0
    unit = 100 if total.plain % 100 == 0 else 10 if total.plain % 10 == 0 else 0
    return total.plain > 0 and less < unit


def _sum(total: Number, more: Piece) -> Number:
    plain = total.plain + (more.number.plain if more.number else 0)
    return Number(plain, plain)


def _grouped(hearing: Hearing, place: int) -> bool:
    before, piece, after = hearing.at(place - 1), hearing.at(place), hearing.at(place + 1)
    digits = before.text.isdigit() and len(before.text) <= _GROUP and piece.text.isdigit()
    return digits and len(piece.text) == _GROUP and not piece.glued and after.sense is Sense.CURRENCY


def _unit(hearing: Hearing, place: int) -> str | None:
    """The unit of measure at this place; words that also mean something else only where that is unlikely."""
    piece = hearing.at(place)
    unit = unit_of(piece.text)
    if unit is None or piece.sense is Sense.NUMBER:
        return None
    if piece.sense is Sense.INCH:
        return piece.text if piece.glued else None
    if piece.text in ONLY_GLUED and not piece.glued:
        after = hearing.at(place + 1)
        if piece.text in _SYMBOLS and not after.entry(Class.NAME):  # `10 x zoom`
            return None
        ends = after.sense in _ENDS_A_UNIT or after.entry(Class.TYPE) or after.entry(Class.NAME)
        return piece.text if unit.dimension in hearing.vocabulary.measured and ends else None
    return piece.text


def _weighs(hearing: Hearing, place: int, says: Number) -> bool:
    """Whether pounds are a weight: only where the catalogue has such weights, and other money."""
    vocabulary = hearing.vocabulary
    unit = unit_of("pounds")
    if hearing.at(place).text not in _POUNDS or unit is None or vocabulary.currency == "GBP":
        return False
    weights = vocabulary.measured.get(unit.dimension, ())
    return any(
        measure.unit and says.plain * unit.factor <= 1.5 * measure.greatest * measure.unit.factor
        for measure in weights
    )


def _ranged(hearing: Hearing, place: int, amount: _Amount) -> Quantity:
    """The quantity of an amount, and of a second one that makes a range with it."""
    join = hearing.sense(amount.end)
    between = _cue(hearing, place, {Sense.BETWEEN, Sense.FROM})
    joined = (
        join in {Sense.TO, Sense.DASH}
        or hearing.at(amount.end).text in _UNTIL
        or (join is Sense.AND and between is not None and hearing.sense(between) is Sense.BETWEEN)
    )
    second = _amount(hearing, amount.end + 1) if joined or join in _ALIKE else None
    if not joined and second is not None:  # `14 or 15 inch`
        alone = not (amount.unit or amount.currency or amount.stars)
        amount = replace(amount, unit=second.unit) if alone and second.unit else amount
        second = None
    alike = second is not None and not (amount.unit and second.currency)
    if second is None or not alike:
        return Quantity(
            place, place, amount.end, amount.number, amount.number,
            currency=amount.currency, unit=amount.unit, stars=amount.stars, percent=amount.percent,
        )  # fmt: skip
    low, high = sorted((_scaled(amount, second), second.number), key=lambda one: one.plain)
    return Quantity(
        place if between is None else between, place, second.end, low, high, Shape.RANGE,
        second.currency or amount.currency, second.unit or amount.unit, second.stars, second.percent,
        said=between is not None,
    )  # fmt: skip


def _scaled(first: _Amount, second: _Amount) -> Number:
    """`1-2k` begins with a thousand, `1.5-2k` with fifteen hundred."""
    bare = not first.unit and not second.unit
    if second.number.plain >= _THOUSAND and 0 < first.number.plain < _LEAST_WHOLE and bare:
        return first.number.times(_THOUSAND)
    return first.number


def _cue(hearing: Hearing, place: int, senses: set[Sense]) -> int | None:
    """The place of the nearest piece before this with one of the senses, passing over what says nothing."""
    for before in range(place - 1, max(place - 1 - _FARTHEST, -1), -1):
        piece = hearing.at(before)
        if piece.sense in senses and hearing.free(before):
            return before
        dot = piece.sense is Sense.STOP and piece.text in {".", ":"} and hearing.sense(before - 1) in senses
        if not dot and piece.sense not in _PASSED:
            return None
    return None


_BEFORE: Final = {Sense.BELOW: Shape.BELOW, Sense.ABOVE: Shape.ABOVE, Sense.AROUND: Shape.AROUND}
_OR: Final = {Sense.OR_LESS: Shape.BELOW, Sense.OR_MORE: Shape.ABOVE}
"""Bounds behind a number, also before one: `and under 100`."""
_BEHIND: Final = _BEFORE | {Sense.OR_LESS: Shape.BELOW, Sense.OR_MORE: Shape.ABOVE, Sense.PLUS: Shape.ABOVE}
_OPPOSITE: Final = {Shape.BELOW: Shape.ABOVE, Shape.ABOVE: Shape.BELOW}


def _before(hearing: Hearing, quantity: Quantity) -> Quantity:
    """With the bound that stands before it; `not under` is a bound above."""
    cue = _cue(hearing, quantity.start, {*_BEFORE, *_OR, Sense.FROM})
    other_from = cue is not None and hearing.sense(cue) is Sense.FROM and hearing.at(cue).text != "from"
    if cue is None or other_from or quantity.shape is Shape.RANGE:
        return quantity
    shape = (_BEFORE | _OR).get(hearing.sense(cue), Shape.ABOVE)
    if hearing.sense(cue - 1) is Sense.NOT and shape in _OPPOSITE:
        cue, shape = cue - 1, _OPPOSITE[shape]
    return replace(quantity, start=cue, shape=shape, said=True)


def _behind(hearing: Hearing, quantity: Quantity) -> Quantity:
    """With the bound that stands behind it: `200 or less`, `16 GB+`, `200 max`."""
    piece = hearing.at(quantity.end)
    if piece.entry(Class.NAME) and hearing.sense(quantity.end + 1) in _BEHIND:  # `512 GB storage at least`
        beyond = replace(quantity, end=quantity.end + 1)
        bounded = _behind(hearing, beyond)
        return bounded if bounded is not beyond else quantity
    shape = _BEHIND.get(piece.sense)
    if shape is None or quantity.shape is Shape.RANGE or not hearing.free(quantity.end):
        return quantity
    if piece.sense is not Sense.PLUS and hearing.sense(quantity.end + 1) in _CURRENCY_OR_NUMBER:
        return quantity  # the bound of the next number
    if piece.sense is Sense.PLUS and not piece.glued:
        return quantity
    return replace(quantity, end=quantity.end + 1, shape=shape, said=True)
