"""Prices: which numbers are money, and what they bound."""

from __future__ import annotations

import re
from typing import Final

from batuta.shopping.understanding.hearing import Bounds, Hearing
from batuta.shopping.understanding.quantities import Quantity, Shape
from batuta.shopping.understanding.senses import Sense
from batuta.shopping.understanding.vocabulary import Class

AROUND: Final = 0.2
"""What `about 50` leaves open on both sides."""
LEAST_OF_A_RANGE: Final = 20
"""From which a range without a currency or a word that bounds it is one of prices: not `2-3 people`."""
LEAST_OF_A_BUDGET: Final = 50
"""From which a number that nothing explains may be one."""
_BETWEEN_PRICE_AND_NUMBER: Final = frozenset(
    {
        Sense.FILLER,
        Sense.THE,
        Sense.TO,
        Sense.THIS,
        Sense.CORRECT,
        Sense.FROM,
        Sense.BETWEEN,
        Sense.STOP,
        Sense.BELOW,
        Sense.ABOVE,
        Sense.AROUND,
        Sense.WANT,
    }
)
_FARTHEST: Final = 5
_CENT: Final = 0.01
_SYMBOLS: Final = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "INR": "₹"}
_DOLLARS: Final = frozenset({"USD", "CAD", "AUD", "NZD", "SGD", "HKD", "MXN"})
_A_DOLLAR: Final = frozenset({"$", "dollar", "dollars", "buck", "bucks"})
_MODEL: Final = re.compile(r"[A-Z]")


def is_money(hearing: Hearing, quantity: Quantity) -> bool:
    """Whether a number is a price; `iPhone 12`, `top 10`, `16 GB` and `4 ports` are none.

    It is one if it has a currency, is asked for, bounded, or stands behind a word for price.
    """
    if quantity.unit or quantity.stars or quantity.percent:
        return False
    if quantity.currency or _price_named(hearing, quantity.start) or hearing.asked == "price":
        return True
    if quantity.shape is Shape.RANGE and not quantity.said:
        return quantity.high.price >= LEAST_OF_A_RANGE
    if quantity.shape is not Shape.EXACT:
        return not _counts_things(hearing, quantity)
    if _behind_a_type(hearing, quantity):
        hearing.tell("assumed", f"Took {quantity.low.price:g} as the most it may cost.")
        return True
    price = hearing.context.spec.price
    known = price.min is not None or price.max is not None
    known = known or hearing.has(Sense.CHEAPER, Sense.PRICIER)
    known = known or any(fact.facet == "price" and fact.at < quantity.start for fact in hearing.facts)
    return known and quantity.low.price >= LEAST_OF_A_RANGE / 2 and corrects(hearing, quantity)


def _behind_a_type(hearing: Hearing, quantity: Quantity) -> bool:
    """`laptop 500`: a round number right behind a product, and nothing after it."""
    comma = hearing.sense(quantity.start - 1) is Sense.COMMA
    before, after = hearing.at(quantity.start - (2 if comma else 1)), hearing.at(quantity.end)
    round_ = quantity.low.price >= LEAST_OF_A_BUDGET and quantity.low.price % 10 in {0, 9}
    ends = quantity.end == quantity.number_at + 1 and after.sense in {Sense.STOP, Sense.QUESTION, Sense.COMMA}
    return round_ and ends and before.entry(Class.TYPE) is not None


def _price_named(hearing: Hearing, place: int) -> bool:
    """Whether `price`, `budget` or `spend` stands before it, with nothing between that says something."""
    for before in range(place - 1, max(place - 1 - _FARTHEST, -1), -1):
        piece = hearing.at(before)
        if piece.sense is Sense.FACET:
            return piece.value == "price"
        if piece.sense not in _BETWEEN_PRICE_AND_NUMBER:
            return False
    return False


def _counts_things(hearing: Hearing, quantity: Quantity) -> bool:
    """`at least 4 ports`: a small number with a word behind it that is no product."""
    piece = hearing.at(quantity.end)
    counted = piece.sense is Sense.UNKNOWN or (
        piece.sense is Sense.ENTRY and not piece.entry(Class.TYPE) and not piece.entry(Class.BRAND)
    )
    return (
        quantity.high.plain < LEAST_OF_A_RANGE
        and counted
        and hearing.at(quantity.end - 1).sense is not (Sense.OR_LESS)
    )


def corrects(hearing: Hearing, quantity: Quantity) -> bool:
    """Whether a number takes the place of one said before: `make it 300`, `no, 300`, or 300 alone."""
    before = [
        piece.sense for piece in hearing.pieces[: quantity.start]
        if piece.sense not in {Sense.FILLER, Sense.COMMA, Sense.STOP, Sense.TO, Sense.THIS, Sense.BUT}
    ]  # fmt: skip
    alone = not before and all(
        piece.sense in {Sense.FILLER, Sense.STOP, Sense.QUESTION, Sense.CORRECT}
        for piece in hearing.pieces[quantity.end :]
    )
    return alone or bool(before and before[-1] in {Sense.CORRECT, Sense.NO})


def hear_price(hearing: Hearing, quantity: Quantity) -> None:
    """A quantity that is money, as bounds of the price; nothing and less are no price."""
    low, high = quantity.low.price, quantity.high.price
    currency = _currency(hearing, quantity)
    hearing.take(range(quantity.start, quantity.end))
    if high <= 0:
        return
    if quantity.shape is Shape.RANGE:
        bounds = Bounds(min(low, high), max(low, high), currency, whole=True)
    elif quantity.shape is Shape.AROUND:
        least, most = round(low * (1 - AROUND), 2), round(low * (1 + AROUND), 2)
        bounds = Bounds(least, most, currency, whole=True)
        said = amount(low, currency or hearing.context.spec.price.currency)
        hearing.tell("assumed", f"Took about {said} as {least:g} to {most:g}.")
    elif quantity.shape is Shape.ABOVE:
        bounds = Bounds(min=low, currency=currency)
    elif quantity.shape is Shape.EXACT:
        bounds = _exact(hearing, quantity, currency)
    else:
        bounds = Bounds(max=high, currency=currency)
    hearing.want(quantity.number_at, "price", bounds)


def _exact(hearing: Hearing, quantity: Quantity, currency: str | None) -> Bounds:
    """A price without a bound is the most it may cost, unless only the least was said before."""
    price = hearing.context.spec.price
    if price.min is not None and price.max is None and corrects(hearing, quantity):
        return Bounds(min=quantity.low.price, currency=currency)
    return Bounds(max=quantity.low.price, currency=currency)


def _currency(hearing: Hearing, quantity: Quantity) -> str | None:
    """The currency that was said; a dollar is the catalogue's where that counts in dollars of some kind."""
    own = hearing.vocabulary.currency
    places = hearing.pieces[quantity.start : quantity.end]
    plain = any(piece.text in _A_DOLLAR for piece in places if piece.sense is Sense.CURRENCY)
    return own if quantity.currency == "USD" and plain and own in _DOLLARS else quantity.currency


def below(price: float) -> float:
    """The most that is less than a price."""
    return max(round(price - _CENT, 2), 0.0)


def above(price: float) -> float:
    """The least that is more than a price."""
    return round(price + _CENT, 2)


def amount(value: float, currency: str) -> str:
    """Money for people: `$59.90`, `1,299 CHF`."""
    digits = f"{value:,.2f}".removesuffix(".00")
    symbol = _SYMBOLS.get(currency)
    return f"{symbol}{digits}" if symbol else f"{digits} {currency}"
