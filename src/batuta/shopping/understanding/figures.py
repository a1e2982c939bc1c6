"""What each number of a message is: a rating, a measure, a price, a size, or a part of a name."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from batuta.shopping.understanding.hearing import Bounds, Hearing
from batuta.shopping.understanding.measures import hear_measure, named, value
from batuta.shopping.understanding.money import corrects, hear_price, is_money
from batuta.shopping.understanding.quantities import Quantity, Shape, quantities
from batuta.shopping.understanding.senses import Sense
from batuta.shopping.understanding.vocabulary import Class, Entry

_MOST_STARS: Final = 5
_NEAR: Final = 3
_PASSED: Final = frozenset(
    {Sense.FILLER, Sense.THE, Sense.BELOW, Sense.ABOVE, Sense.AROUND, Sense.TO, Sense.STOP, Sense.THIS}
)


def hear_figures(hearing: Hearing) -> None:
    """Hear all numbers; those that are of nothing stay for whoever comes after."""
    correction: Quantity | None = None
    for quantity in list(quantities(hearing)):
        if not hearing.free(quantity.number_at):
            continue
        if _of_rating(hearing, quantity):
            _hear_rating(hearing, quantity)
        elif quantity.percent or _counts_reviews(hearing, quantity):
            hearing.take(range(quantity.start, quantity.end))
        elif (size := _size(hearing, quantity)) is not None:
            place, entry = size
            hearing.take((place, *range(quantity.start, quantity.end)))
            hearing.want(quantity.number_at, entry.facet, entry.value if entry.value is not None else "")
        elif not quantity.currency and _measured(hearing, quantity):
            continue
        elif is_money(hearing, quantity):
            hear_price(hearing, quantity)
        elif corrects(hearing, quantity):
            correction = quantity
    if correction is not None:
        _hear_correction(hearing, correction)
    _in_one_currency(hearing)


def _in_one_currency(hearing: Hearing) -> None:
    """`50 to 80, at most £100` is all in pounds."""
    bounds = [fact.value for fact in hearing.facts if isinstance(fact.value, Bounds)]
    said = next((each.currency for each in bounds if each.currency), None)
    for index, fact in enumerate(hearing.facts):
        if isinstance(fact.value, Bounds) and fact.value.currency is None:
            hearing.facts[index] = replace(fact, value=replace(fact.value, currency=said))


def _measured(hearing: Hearing, quantity: Quantity) -> bool:
    """Whether it was of an attribute: by its unit, by the attribute's name, or as that is asked for."""
    asked = hearing.asked in hearing.vocabulary.numeric
    wanted = quantity.unit or asked or named(hearing, quantity)
    return bool(wanted) and hear_measure(hearing, quantity)


def _hear_correction(hearing: Hearing, quantity: Quantity) -> None:
    """`make it 32`, where one number was said before, and no price."""
    spec, numeric = hearing.context.spec, hearing.vocabulary.numeric
    said = {*spec.attributes, *spec.filters.ranges} & {*numeric}
    if len(said) == 1 and not any(fact.facet in numeric for fact in hearing.facts):
        measured = numeric[said.pop()]
        hearing.take(range(quantity.start, quantity.end))
        hearing.want(quantity.number_at, measured.facet, value(quantity, measured.unit, measured))


def _of_rating(hearing: Hearing, quantity: Quantity) -> bool:
    if quantity.low.plain > _MOST_STARS or quantity.unit or quantity.currency:
        return False
    if quantity.stars or _of_half_stars(quantity):
        return True
    for before in range(quantity.start - 1, max(quantity.start - 1 - _NEAR, -1), -1):
        piece = hearing.at(before)
        if piece.sense is Sense.FACET:
            return piece.value == "rating"
        if piece.sense not in _PASSED:
            break
    after = hearing.at(quantity.end)
    rating = after.sense is Sense.FACET and after.value == "rating"
    return rating or hearing.asked == "rating" or _out_of_five(hearing, quantity) is not None


def _of_half_stars(quantity: Quantity) -> bool:
    """`at least 4.5`: half stars."""
    half = quantity.low.plain % 1 == 0.5  # noqa: PLR2004
    return quantity.shape is Shape.ABOVE and quantity.low.plain >= 1 and half


def _counts_reviews(hearing: Hearing, quantity: Quantity) -> bool:
    """`100 reviews`, of which nothing can be asked."""
    after = hearing.at(quantity.end)
    return after.sense is Sense.FACET and after.value == "rating" and not quantity.currency


def _out_of_five(hearing: Hearing, quantity: Quantity) -> int | None:
    """The place behind `/5` or `out of 5`; None if that does not follow."""
    place = quantity.end
    while hearing.at(place).text in {"/", "out", "of"} and place < quantity.end + 2:
        place += 1
    return place + 1 if place > quantity.end and hearing.at(place).text == "5" else None


def _hear_rating(hearing: Hearing, quantity: Quantity) -> None:
    """The least rating; a bound above cannot be asked for, and is told."""
    end = _out_of_five(hearing, quantity) or quantity.end
    while hearing.sense(end) in {Sense.STARS, Sense.OR_MORE, Sense.PLUS}:
        end += 1
    if hearing.sense(end) is Sense.FACET and hearing.at(end).value == "rating":
        end += 1
    hearing.take(range(quantity.start, end))
    if quantity.shape is Shape.BELOW:
        hearing.tell("ignored", "Products can be chosen by a lowest rating only, not by a highest.")
        return
    hearing.want(quantity.number_at, "rating", min(quantity.low.plain, float(_MOST_STARS)))


def _size(hearing: Hearing, quantity: Quantity) -> tuple[int, Entry] | None:
    """A number that the catalogue has as a word of the attribute named beside it or asked for: `size 42`."""
    if quantity.shape is not Shape.EXACT or quantity.currency or quantity.unit:
        return None
    entries = hearing.vocabulary.find(hearing.at(quantity.number_at).text)
    words = [entry for entry in entries if entry.of is Class.VALUE]
    name = named(hearing, quantity)
    if name is not None:
        called = [entry for entry in words if entry.facet in name[1]]
        fitting = [
            entry for entry in called if hearing.vocabulary.fits(entry.facet, hearing.kind) is not False
        ]
        if fitting:
            return name[0], max(fitting, key=lambda entry: entry.products)
    joined = hearing.sense(quantity.number_at - 1) in {Sense.OR, Sense.AND, Sense.COMMA}
    beside = hearing.at(quantity.number_at - 2) if joined else hearing.at(quantity.number_at)
    facets = {entry.facet for entry in beside.entries if entry.of is Class.VALUE} | {hearing.asked}
    facets |= {fact.facet for fact in hearing.facts if joined and fact.at == quantity.number_at - 2}
    asked = next((entry for entry in words if entry.facet in facets), None)
    return None if asked is None else (quantity.number_at, asked)
