"""What somebody wants, wish by wish, and whether a product grants it: yes, no, or nobody knows."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from batuta.services.catalog.inflections import singular
from batuta.services.catalog.terms import folded
from batuta.services.catalog.values import EQUAL_WITHIN, attribute_key
from batuta.services.composer import wording
from batuta.services.products import PriceRange, Product, Range, RequirementSpec, Scalar

_PARTS: Final = re.compile(r"\s*[,;/|]\s*")
_WORDS: Final = re.compile(r"\w+")
_TOLD_BARE: Final = frozenset(
    {"colour", "color", "colours", "colors", "material", "pattern", "style", "finish"}
)
"""Last words of facets whose values need no label: `red, as you asked`."""


class Verdict(NamedTuple):
    """How a product does by one wish."""

    granted: bool | None
    """None: nobody knows."""
    words: str
    """A fact about the product: for the wish where it is granted (may be empty), else what is missed."""
    over_budget: bool = False


Judge = Callable[[Product], Verdict]


@dataclass(frozen=True, slots=True)
class Wish:
    """One thing that is wanted."""

    facet: str
    soft: bool
    """A preference: it moves products, the others part them."""
    judge: Judge


_GRANTED: Final = Verdict(granted=True, words="")


def wishes_of(spec: RequirementSpec) -> tuple[Wish, ...]:
    """The wishes of a requirement, those that people hear of first in front; keywords are the search's."""
    soft = frozenset(spec.soft)
    wanted = (*_bought_by(spec), *_properties(spec), *_excluded(spec))
    return tuple(Wish(facet, facet in soft, judge) for facet, judge in wanted)


def _bought_by(spec: RequirementSpec) -> Iterator[tuple[str, Judge]]:
    if spec.price.min is not None or spec.price.max is not None:
        yield "price", _price(spec.price)
    if spec.product_type is not None:
        yield "product_type", _type(spec.product_type)
    if spec.brand_preferences:
        yield "brand", _brand(spec.brand_preferences)
    if spec.condition is not None:
        yield "condition", _condition(spec.condition)


def _properties(spec: RequirementSpec) -> Iterator[tuple[str, Judge]]:
    for facet, values in spec.attributes.items():
        if values:
            yield facet, _attribute(facet, values)
    for facet, bounds in spec.filters.ranges.items():
        yield facet, _range(facet, bounds)
    if spec.rating_min is not None:
        yield "rating", _rating(spec.rating_min)
    if spec.filters.in_stock is not None:
        yield "in_stock", _stock(wanted=spec.filters.in_stock)
    if spec.filters.platforms:
        yield "platform", _platform(spec.filters.platforms)


def _excluded(spec: RequirementSpec) -> Iterator[tuple[str, Judge]]:
    if spec.filters.exclude_brands:
        yield "exclude_brands", _no_brand(spec.filters.exclude_brands)
    for facet, values in spec.filters.exclude_attributes.items():
        yield f"exclude_{facet}", _no_attribute(facet, values)
    if spec.filters.exclude_words:
        yield "exclude_words", _no_word(spec.filters.exclude_words)


def _price(wanted: PriceRange) -> Judge:
    told = wording.budget(wanted)
    limits = [
        wording.price_text(limit, wanted.currency) for limit in (wanted.min, wanted.max) if limit is not None
    ]
    own = f"{limits[0]}–{limits[-1]}" if len(limits) > 1 else limits[0]  # noqa: RUF001  # the dash of ranges

    def judge(product: Product) -> Verdict:
        price, shown = product.price, wording.price_text(product.price, product.currency)
        if price is None:
            return Verdict(None, wording.UNKNOWN_PRICE)
        if product.currency != wanted.currency:
            return Verdict(None, f"{shown}, your budget is in {wanted.currency}")
        if wanted.max is not None and price > wanted.max:
            return Verdict(granted=False, words=f"{shown}, over your {limits[-1]}", over_budget=True)
        if wanted.min is not None and price < wanted.min:
            return Verdict(granted=False, words=f"{shown}, below your {limits[0]}")
        if shown in limits or len(limits) > 1:
            return Verdict(granted=True, words=f"{shown}, within your {own}")
        return Verdict(granted=True, words=f"{shown}, {told.partition(' ')[0]} your {own}")

    return judge


def _type(wanted: str) -> Judge:
    words = _singular(wanted)

    def judge(product: Product) -> Verdict:
        if product.category is None:
            return _GRANTED  # its words were found, which is all that is known of it
        of_product = _singular(product.category)
        if words <= of_product or of_product <= words:  # a `gaming laptop` is a `laptop`
            return _GRANTED
        shown = wording.clean(product.category, wording.LONGEST_VALUE)
        return Verdict(granted=False, words=f"{shown}, you asked for {wording.clean(wanted)}")

    return judge


def _singular(text: str) -> set[str]:
    return {singular(word) for word in _WORDS.findall(text.casefold())}


def _brand(wanted: tuple[str, ...]) -> Judge:
    names = {folded(name) for name in wanted}
    told = _alternatives("brand", wanted)

    def judge(product: Product) -> Verdict:
        if product.brand is None:
            return Verdict(None, "brand unknown")
        shown = wording.clean(product.brand, wording.LONGEST_VALUE)
        if folded(product.brand) in names:
            return Verdict(granted=True, words=f"{shown}, as you asked")
        return Verdict(granted=False, words=f"{shown}, you asked for {told}")

    return judge


def _condition(wanted: str) -> Judge:
    def judge(product: Product) -> Verdict:
        if product.condition == wanted:
            return Verdict(granted=True, words=f"{wanted}, as you asked")
        return Verdict(granted=False, words=f"{product.condition}, you asked for {wanted}")

    return judge


def _attribute(facet: str, wanted: tuple[Scalar, ...]) -> Judge:
    told = _alternatives(facet, wanted)

    def judge(product: Product) -> Verdict:
        value = _held(product, facet)
        if value is None:
            return Verdict(None, f"{wording.label_of(facet, wanted[0])} unknown")
        if any(same(value, one) for one in wanted):
            return Verdict(granted=True, words=_as_asked(facet, value))
        if isinstance(value, bool):
            return Verdict(granted=False, words=f"{_told(facet, value)}, {_other(facet, value=value)}")
        return Verdict(granted=False, words=f"{_told(facet, value)}, you asked for {told}")

    return judge


def _other(facet: str, *, value: bool) -> str:
    """What was asked for where a product says the opposite of it."""
    quality = wording.is_quality(wording.label_of(facet, value))
    if value:
        return "you asked for one that is not" if quality else "you asked for none"
    return f"you asked for {wording.label_of(facet, value)}" if quality else "you asked for it"


def _held(product: Product, facet: str) -> Scalar | None:
    """The product's value, however the attribute is written: as the catalogue's filters find it."""
    value = product.attributes.get(facet)
    if value is not None or facet in product.attributes:
        return value
    key = attribute_key(facet)
    return next((held for name, held in product.attributes.items() if attribute_key(name) == key), None)


def _range(facet: str, bounds: Range) -> Judge:
    def judge(product: Product) -> Verdict:
        value = _held(product, facet)
        amount = None if value is None or isinstance(value, bool) else _amount(value)
        if value is None or amount is None:
            return Verdict(None, f"{wording.named(facet, numeric=True)[0]} unknown")
        if bounds.holds(amount):
            return Verdict(granted=True, words=_as_asked(facet, value))
        limit, side = (
            (bounds.min, "below") if bounds.min is not None and amount < bounds.min else (bounds.max, "over")
        )
        own = wording.value_of(facet, amount if limit is None else limit)
        return Verdict(granted=False, words=f"{_told(facet, value)}, {side} your {own}")

    return judge


def _rating(least: float) -> Judge:
    def judge(product: Product) -> Verdict:
        if product.rating is None:
            return Verdict(None, "rating unknown")
        told = wording.stars(product.rating, product.reviews)
        if product.rating >= least:
            return Verdict(granted=True, words=told)
        return Verdict(granted=False, words=f"{told}, below your {wording.number(least)}")

    return judge


def _stock(*, wanted: bool) -> Judge:
    def judge(product: Product) -> Verdict:
        if product.in_stock is None:
            return Verdict(None, "stock unknown")
        if product.in_stock == wanted:
            return Verdict(granted=True, words="in stock" if wanted else "out of stock")
        return Verdict(
            granted=False, words="out of stock" if wanted else "in stock, you asked for what is not"
        )

    return judge


def _platform(wanted: tuple[str, ...]) -> Judge:
    names = {name.casefold() for name in wanted}

    def judge(product: Product) -> Verdict:
        if product.platform.casefold() in names:
            return _GRANTED
        shown = wording.clean(product.platform, wording.LONGEST_VALUE)
        return Verdict(granted=False, words=f"from {shown}, you asked for {wording.listed(wanted[:5], 'or')}")

    return judge


def _no_brand(unwanted: tuple[str, ...]) -> Judge:
    names = {folded(name) for name in unwanted}

    def judge(product: Product) -> Verdict:
        if product.brand is None or folded(product.brand) not in names:
            return _GRANTED
        return Verdict(
            granted=False, words=f"{wording.clean(product.brand, wording.LONGEST_VALUE)}, which you excluded"
        )

    return judge


def _no_attribute(facet: str, unwanted: tuple[str, ...]) -> Judge:
    def judge(product: Product) -> Verdict:
        value = _held(product, facet)
        if value is None or not any(same(value, one) for one in unwanted):
            return _GRANTED
        return Verdict(granted=False, words=f"{_told(facet, value)}, which you excluded")

    return judge


def _no_word(unwanted: tuple[str, ...]) -> Judge:
    patterns: Mapping[str, re.Pattern[str]] = {
        word: re.compile(rf"(?<!\w){re.escape(word)}(?!\w)", re.IGNORECASE) for word in unwanted
    }

    def judge(product: Product) -> Verdict:
        for word, pattern in patterns.items():
            if pattern.search(product.title):
                shown = wording.clean(word, wording.LONGEST_VALUE)
                return Verdict(granted=False, words=f"“{shown}” in its title, which you excluded")
        return _GRANTED

    return judge


def same(value: Scalar, wanted: Scalar) -> bool:
    """Whether a product's value is the wanted one, or one of several (`Black/Silver`).

    They are equal as the catalogue's filters have it: without case and accents, numbers within a thousandth.
    """
    if isinstance(value, bool) or isinstance(wanted, bool):
        return _truth(value) is not None and _truth(value) == _truth(wanted)
    if isinstance(value, str) and isinstance(wanted, str):
        had, asked = folded(value), folded(wanted)
        return had == asked or asked in _PARTS.split(had)
    had_number, asked_number = _amount(value), _amount(wanted)
    if had_number is None or asked_number is None:
        return False
    return math.isclose(had_number, asked_number) or (
        abs(had_number - asked_number) <= abs(asked_number) * EQUAL_WITHIN
    )


def _truth(value: Scalar) -> bool | None:
    if isinstance(value, bool):
        return value
    return {"yes": True, "true": True, "no": False, "false": False}.get(str(value).casefold())


def _amount(value: Scalar) -> float | None:
    try:
        return float(value)
    except ValueError:
        return None


def _alternatives(facet: str, wanted: tuple[Scalar, ...]) -> str:
    return wording.listed([wording.value_of(facet, value) for value in wanted[:5]], "or")


def _as_asked(facet: str, value: Scalar) -> str:
    if isinstance(value, bool | str):
        return f"{_told(facet, value)}, as you asked"
    return _told(facet, value)


def _told(facet: str, value: Scalar) -> str:
    """`16 GB memory`, `red`, `size: M`, `not waterproof`."""
    if isinstance(value, bool):
        return wording.flag_of(facet, value=value)
    label, unit = wording.named(facet, numeric=wording.is_number(value))
    shown = wording.value_of(facet, value)
    if unit is not None:
        return f"{shown} {label}"
    if isinstance(value, str) and facet.rpartition("_")[2] in _TOLD_BARE:
        return shown
    return f"{label}: {shown}"
