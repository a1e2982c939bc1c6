"""Measures: of which attribute `16 GB`, `15.6"` or `at least 10 hours` is, in the unit of that attribute."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from batuta.services.products import Range
from batuta.shopping.understanding.hearing import Hearing
from batuta.shopping.understanding.quantities import Quantity, Shape
from batuta.shopping.understanding.senses import Sense
from batuta.shopping.understanding.units import (
    FLUID_OUNCE,
    INCHES,
    OUNCES,
    Dimension,
    Unit,
    converted,
    unit_of,
)
from batuta.shopping.understanding.vocabulary import Class, Measured

AROUND: Final = 0.1
"""What `about 2 kg` leaves open on both sides."""
BELOW_INCHES: Final = 0.5
ABOVE_INCHES: Final = 0.7
"""What whole inches leave open: a 15.6" screen is sold as `15 inch`."""
_MORE_IS_BETTER: Final = frozenset(
    {Dimension.TIME, Dimension.CHARGE, Dimension.PIXELS, Dimension.MAGNIFICATION}
)
"""`30 hours of battery` are at least that."""
_LIMITS: Final = frozenset({"max", "min"})
"""How labels of limits begin: `for 120 kg` is a greatest load of 120 or more."""
_GREATEST: Final = "max "
_CONVERTED: Final = 0.02
"""What a converted measure leaves open: a pound is 0.4536 kg."""
_PASSED: Final = frozenset(
    {
        Sense.FILLER,
        Sense.THE,
        Sense.BELOW,
        Sense.ABOVE,
        Sense.AROUND,
        Sense.BETWEEN,
        Sense.FROM,
        Sense.TO,
        Sense.THIS,
        Sense.STOP,
        Sense.CORRECT,
        Sense.WANT,
        Sense.ONLY,
    }
)
_FARTHEST: Final = 4
_NEAR: Final = 2
_FAR: Final = 3.0
"""How many times beyond the catalogue's values a number may be that is of an attribute nobody named."""


def named(hearing: Hearing, quantity: Quantity) -> tuple[int, frozenset[str]] | None:
    """The place of the name right behind a quantity or before it, and the attributes so called."""
    after = quantity.end
    while hearing.sense(after) in {Sense.FILLER, Sense.FROM, Sense.THE} and after < quantity.end + _NEAR:
        after += 1
    places = [after]
    for before in range(quantity.start - 1, max(quantity.start - 1 - _FARTHEST, -1), -1):
        places.append(before)
        if hearing.sense(before) not in _PASSED:
            break
    fits = hearing.vocabulary.fits
    for place in places:
        before = hearing.at(place - 1)
        other = place < quantity.start and (before.sense is Sense.NUMBER or _measures(hearing, place - 1))
        if hearing.free(place) and hearing.at(place).entry(Class.NAME) and not other:
            entries = hearing.at(place).entries
            names = (entry for entry in entries if entry.of is Class.NAME)
            called = frozenset(each.facet for each in names if not each.shy or fits(each.facet, hearing.kind))
            return (place, called) if called else None
    return None


def _measures(hearing: Hearing, place: int) -> bool:
    """Whether a unit stands there: no `in` without a number before it."""
    return unit_of(hearing.at(place).text) is not None and hearing.sense(place - 1) is Sense.NUMBER


def hear_measure(hearing: Hearing, quantity: Quantity) -> bool:
    """A quantity as a value or a range of an attribute; False if there is none that it can be of."""
    unit = unit_of(quantity.unit)
    if quantity.unit in OUNCES and _holds_fluid(hearing):
        unit = FLUID_OUNCE
    name = named(hearing, quantity)
    measured = _of(hearing, quantity, unit, name[1] if name else frozenset())
    if measured is None:
        return False
    hearing.take(range(quantity.start, quantity.end))
    if name and measured.facet in name[1]:
        hearing.take((name[0],))
    if hearing.asked == measured.facet:
        hearing.want(quantity.number_at, measured.facet, value(quantity, unit, measured, literal=True))
        return True
    up_to = measured.label.startswith(_GREATEST) and not name and quantity.shape is Shape.BELOW
    quantity = replace(quantity, shape=Shape.EXACT) if up_to else quantity  # a chair `for up to 120 kg`
    for each in _pair(hearing, measured) if quantity.shape in {Shape.EXACT, Shape.RANGE} else (measured,):
        hearing.want(quantity.number_at, each.facet, value(quantity, unit, each))
    return True


def _holds_fluid(hearing: Hearing) -> bool:
    """Whether such products have a capacity."""
    vocabulary = hearing.vocabulary
    capacities = vocabulary.measured.get(Dimension.VOLUME, ())
    return any(vocabulary.fits(each.facet, hearing.kind) for each in capacities)


def _pair(hearing: Hearing, measured: Measured) -> tuple[Measured, ...]:
    """Both limits where there are two: `for 4 players` is a least of up to 4, a greatest from 4."""
    first, _, rest = measured.label.partition(" ")
    other = {"max": f"min {rest}", "min": f"max {rest}"}.get(first)
    pair = (each for each in hearing.vocabulary.numeric.values() if each.label == other)
    return (measured, *pair)


def _of(hearing: Hearing, quantity: Quantity, unit: Unit | None, names: frozenset[str]) -> Measured | None:
    """The attribute: one that is named or asked for, else the likeliest one with such a unit and values."""
    numeric = hearing.vocabulary.numeric
    asked = frozenset((hearing.asked,)) if hearing.asked else frozenset[str]()
    for facets in (names, asked):
        called = [numeric[facet] for facet in facets if facet in numeric]
        alike = [
            each
            for each in called
            if unit is None or each.unit is None or each.unit.dimension is unit.dimension
        ]
        if facets is names and unit is None:
            far = 1.0 if quantity.shape is Shape.BELOW else _FAR  # `a good camera under 400` is a price
            alike = [each for each in alike if each.holds(quantity.high.plain, within=far)]
        if alike:
            return _likeliest(hearing, alike, quantity.high.plain, unit)
    if unit is None:
        return None
    candidates = [
        each
        for each in hearing.vocabulary.measured.get(unit.dimension, ())
        if each.unit and each.holds(converted(quantity.high.plain, unit, each.unit), within=_FAR)
    ]
    return _likeliest(hearing, candidates, quantity.high.plain, unit)


def _likeliest(
    hearing: Hearing, candidates: Sequence[Measured], number: float, unit: Unit | None
) -> Measured | None:
    """The attribute that such products have and among whose values it is; None if they have none.

    Of several that in this unit, that of most products, that of the narrowest values.
    """

    def fit(measured: Measured) -> tuple[bool, bool, bool, int, float, str]:
        own = measured.unit or unit
        in_own = converted(number, unit, own) if unit and own else number
        fits = hearing.vocabulary.fits(measured.facet, hearing.kind) is not False
        same = unit is None or own is None or own.factor == unit.factor
        span = measured.greatest / max(measured.least, 1e-9)
        return fits, measured.holds(in_own), same, measured.products, -span, measured.facet

    best = max(candidates, key=fit, default=None)
    return best if best is not None and fit(best)[0] else None


def value(
    quantity: Quantity, unit: Unit | None, measured: Measured, *, literal: bool = False
) -> float | Range:
    """A number in the attribute's unit, or a range where it is bounded, converted, or rounded by custom.

    `literal` is an answer to a question about the attribute: the number itself, whatever it is usual to mean.
    """
    own = measured.unit
    unit = unit or own
    low = converted(quantity.low.plain, unit, own) if unit and own else quantity.low.plain
    high = converted(quantity.high.plain, unit, own) if unit and own else quantity.high.plain
    if unit and unit.binary and own and own.factor != unit.factor:
        high = high * 1.024
    limit = measured.label.partition(" ")[0]
    if quantity.shape in {Shape.EXACT, Shape.RANGE} and limit in _LIMITS and not literal:
        return Range(min=high) if limit == "max" else Range(max=low)
    if quantity.shape is Shape.AROUND:
        return Range(min=_tidy(low * (1 - AROUND)), max=_tidy(high * (1 + AROUND)))
    if quantity.shape in {Shape.BELOW, Shape.ABOVE}:
        return Range(max=high) if quantity.shape is Shape.BELOW else Range(min=low)
    if quantity.shape is Shape.RANGE or low != high:
        return Range(min=min(low, high), max=max(low, high))
    return _customary(low, unit, own, literal=literal) or low


def _customary(number: float, unit: Unit | None, own: Unit | None, *, literal: bool) -> Range | None:
    """The range that one number is taken for by custom; None if it is taken at its word."""
    if unit is None or own is None:
        return None
    if unit.dimension in _MORE_IS_BETTER and not literal:
        return Range(min=number)
    if unit == INCHES == own and number == int(number):
        return Range(min=number - BELOW_INCHES, max=number + ABOVE_INCHES)
    if unit.dimension is not Dimension.DATA and _inexact(unit, own):
        return Range(min=_tidy(number * (1 - _CONVERTED)), max=_tidy(number * (1 + _CONVERTED)))
    return None


def _inexact(unit: Unit, own: Unit) -> bool:
    """Whether a conversion is no matter of powers of ten."""
    ratio = unit.factor / own.factor
    return not any(abs(ratio - 10.0**power) < 1e-9 * ratio for power in range(-6, 10))


def _tidy(number: float) -> float:
    return round(number, 4)
