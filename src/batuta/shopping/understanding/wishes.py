"""What is wanted in words that every shop knows: cheap, best rated, used, in stock, cheaper than these."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import median
from types import MappingProxyType
from typing import Final, Protocol

from batuta.shopping.understanding.hearing import Bounds, Hearing
from batuta.shopping.understanding.money import above, amount, below
from batuta.shopping.understanding.references import PRICES_COMPARED
from batuta.shopping.understanding.senses import Sense
from batuta.shopping.understanding.vocabulary import Class

WELL_RATED: Final = 4.0
"""Stars that `highly rated` is taken for."""
_BARE_BUDGET: Final = "budget"
_TOO: Final = "too "


class _Reader(Protocol):
    """Hears the piece at a place, which may be denied."""

    def __call__(self, hearing: Hearing, place: int, *, negative: bool) -> None: ...


def hear_wishes(hearing: Hearing, denied: frozenset[int]) -> None:
    """Hear them from left to right; what is denied is turned round where that means something."""
    for place, piece in enumerate(hearing.pieces):
        if not hearing.free(place):
            continue
        negative = place in denied or hearing.sense(place - 1) in {Sense.NOT, Sense.NO}
        if hear := _READERS.get(piece.sense):
            hear(hearing, place, negative=negative)
        elif piece.text in PRICES_COMPARED and hearing.sense(place + 1) in {Sense.THESE, Sense.THIS}:
            _hear_compared(hearing, place, negative=negative)  # `cheaper than these`


def _adjective(hearing: Hearing, place: int) -> bool:
    """`a budget laptop`: right before what is wanted."""
    after = hearing.at(place + 1)
    return after.sense is Sense.ENTRY and not after.entry(Class.NAME)


def _hear_class(hearing: Hearing, place: int, *, negative: bool) -> None:
    """Cheap: the lowest prices first, where a type of product sees to it that all of them are meant."""
    piece = hearing.at(place)
    if piece.sense is Sense.FACET and not (piece.text == _BARE_BUDGET and _adjective(hearing, place)):
        return
    cheap = (piece.sense is not Sense.PREMIUM) is not negative
    typed = hearing.context.spec.product_type is not None or any(
        other.entry(Class.TYPE) for other in hearing.pieces
    )
    hearing.take((place,))
    if not typed:
        hearing.tell("assumed", f"“{piece.raw}” depends on what it is: say a price to search by it.")
        return
    hearing.want(place, "sort_by", "price_asc" if cheap else "price_desc")
    which = "lowest" if cheap else "highest"
    hearing.tell("assumed", f"Took “{piece.raw}” as: the {which} prices first.")


def _hear_compared(hearing: Hearing, place: int, *, negative: bool) -> None:
    """Cheaper than what was shown: below the middle one of its prices; `not cheaper` is dearer."""
    piece = hearing.at(place)
    cheaper = (piece.sense in {Sense.CHEAPER, Sense.BELOW}) is not negative
    prices = [shown.price for shown in hearing.context.shown if shown.price]
    hearing.take((place,))
    if not prices:
        hearing.want(place, "sort_by", "price_asc" if cheaper else "price_desc")
        return
    middle = median(prices)
    hearing.want(place, "price", Bounds(max=below(middle)) if cheaper else Bounds(min=above(middle)))
    than = f"{'below' if cheaper else 'above'} {amount(middle, hearing.context.spec.price.currency)}"
    hearing.tell("assumed", f"Took “{piece.raw}” as {than}, the middle of the prices shown.")


def _hear_order(hearing: Hearing, place: int, *, negative: bool) -> None:
    """An order, or `best`, which is one by rating."""
    piece = hearing.at(place)
    if negative:
        return
    if piece.sense is Sense.SORT and piece.value is not None:
        hearing.want(place, "sort_by", piece.value)
        return
    if hearing.sense(place + 1) is Sense.NUMBER:  # `top 10`
        hearing.take((place + 1,))
    hearing.want(place, "sort_by", "rating")
    hearing.tell("assumed", f"Took “{piece.raw}” as: the best rated first.")


def _hear_well_rated(hearing: Hearing, place: int, *, negative: bool) -> None:
    if not negative:
        hearing.want(place, "rating", WELL_RATED)
        hearing.tell("assumed", f"Took “{hearing.at(place).raw}” as {WELL_RATED:g} stars or more.")


def _hear_condition(hearing: Hearing, place: int, *, negative: bool) -> None:
    """Neither used nor refurbished is new; not new is used."""
    condition = str(hearing.at(place).value)
    if negative:
        condition = "used" if condition == "new" else "new"
    hearing.want(place, "condition", condition)


def _hear_stock(hearing: Hearing, place: int, *, negative: bool) -> None:
    if not negative:
        hearing.want(place, "in_stock", value=True)


def _hear_no_limit(hearing: Hearing, place: int, *, negative: bool) -> None:
    del negative
    hearing.drop(place, "price")


def _hear_extreme(hearing: Hearing, place: int, *, negative: bool) -> None:
    """Nothing is done by it, and that is told."""
    raw = hearing.at(place).raw
    if not negative or hearing.at(place).text.startswith(_TOO):  # `not too heavy`
        hearing.take((place + 1,) if hearing.at(place + 1).entry(Class.NAME) else ())
        hearing.tell("ignored", f"Products cannot be put in order by “{raw}”; say a value instead.")


_READERS: Final[Mapping[Sense, _Reader]] = MappingProxyType(
    {
        Sense.CHEAP: _hear_class,
        Sense.PREMIUM: _hear_class,
        Sense.FACET: _hear_class,
        Sense.CHEAPER: _hear_compared,
        Sense.PRICIER: _hear_compared,
        Sense.SORT: _hear_order,
        Sense.BEST: _hear_order,
        Sense.WELL_RATED: _hear_well_rated,
        Sense.CONDITION: _hear_condition,
        Sense.IN_STOCK: _hear_stock,
        Sense.NO_LIMIT: _hear_no_limit,
        Sense.EXTREME: _hear_extreme,
    }
)
