"""A requirement while the facts of a message are applied to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Self, TypeVar, cast, get_args

from batuta.services.products import (
    LONGEST_NAME,
    MAX_CONSTRAINTS,
    MAX_VALUES,
    Condition,
    Exclusions,
    PriceRange,
    Range,
    RequirementSpec,
    Scalar,
    SortBy,
)
from batuta.shopping.understanding.hearing import Bounds, Deed, Fact
from batuta.shopping.understanding.text import key, singular

V = TypeVar("V")
_DEFAULT_CURRENCY: Final = PriceRange().currency
_CONDITIONS: Final = frozenset[str](get_args(Condition))
_ORDERS: Final = frozenset[str](get_args(SortBy))
_OWN: Final = frozenset({"price", "rating", "condition", "sort_by"})
_NO_FACETS: Final = frozenset({"keywords", "exclude_words", "sort_by", "in_stock", "product_type"})
"""Never a preference only."""


@dataclass(slots=True)
class Draft:
    """The parts of a requirement, each of which may be changed."""

    product_type: str | None
    keywords: list[str]
    attributes: dict[str, list[Scalar]]
    ranges: dict[str, Range]
    brands: list[str]
    price: PriceRange
    rating_min: float | None
    condition: Condition | None
    in_stock: bool | None
    sort_by: SortBy
    platforms: tuple[str, ...]
    """Nobody says them: they come with the request."""
    not_brands: list[str]
    not_values: dict[str, list[str]]
    not_words: list[str]
    soft: list[str]
    currency: str
    """What is counted in where nobody says: that of the catalogue."""
    said: set[str] = field(default_factory=set[str])
    """Facets for which a value was wanted in this message: a second one is another choice."""
    displaced: list[str] = field(default_factory=list[str])
    """Bounds that a new one left no room for, in words."""

    @classmethod
    def of(cls, spec: RequirementSpec, currency: str) -> Self:
        """A draft that begins as a requirement is."""
        filters = spec.filters
        return cls(
            product_type=spec.product_type,
            keywords=list(spec.keywords),
            attributes={facet: list(values) for facet, values in spec.attributes.items()},
            ranges=dict(filters.ranges),
            brands=list(spec.brand_preferences),
            price=spec.price,
            rating_min=spec.rating_min,
            condition=spec.condition,
            in_stock=filters.in_stock,
            sort_by=filters.sort_by,
            platforms=filters.platforms,
            not_brands=list(filters.exclude_brands),
            not_values={facet: list(values) for facet, values in filters.exclude_attributes.items()},
            not_words=list(filters.exclude_words),
            soft=list(spec.soft),
            currency=currency,
        )

    def spec(self) -> RequirementSpec:
        """The requirement, within its limits."""
        return RequirementSpec(
            product_type=self.product_type,
            keywords=tuple(self.keywords[:MAX_VALUES]),
            attributes=_limited(self.attributes),
            filters=Exclusions(
                exclude_brands=tuple(self.not_brands[:MAX_VALUES]),
                exclude_attributes=_limited(self.not_values),
                exclude_words=tuple(self.not_words[:MAX_VALUES]),
                ranges=dict(list(self.ranges.items())[:MAX_CONSTRAINTS]),
                sort_by=self.sort_by,
                in_stock=self.in_stock,
                platforms=self.platforms,
            ),
            price=self.price,
            brand_preferences=tuple(self.brands[:MAX_VALUES]),
            rating_min=self.rating_min,
            condition=self.condition,
            soft=tuple(self.soft[:MAX_CONSTRAINTS]),
        )

    def apply(self, fact: Fact, *, adds: bool) -> None:
        """One fact. A value takes the place of those of earlier messages unless it `adds` to them."""
        if not all(
            0 < len(name) <= LONGEST_NAME for name in (fact.facet, fact.value) if isinstance(name, str)
        ):
            return  # a name that nobody can want
        if fact.deed is Deed.DROP:
            self._drop(fact)
        elif fact.deed is Deed.EXCLUDE:
            self._exclude(fact)
        else:
            self._want(fact, keep=adds or fact.facet in self.said)
            self.said.add(fact.facet)
            self._settle(fact)

    def _settle(self, fact: Fact) -> None:
        """Whether the facet is a preference now."""
        hard = not fact.soft or fact.facet in _NO_FACETS - {"product_type"}
        if hard and fact.facet in self.soft:
            self.soft.remove(fact.facet)
        elif not hard and fact.facet not in self.soft:
            self.soft.append(fact.facet)

    def _want(self, fact: Fact, *, keep: bool) -> None:
        value = fact.value
        match fact.facet:
            case "price" if isinstance(value, Bounds):
                self._bound(value)
            case "product_type":
                self._name(str(value))
            case "brand":
                _choose(self.brands, str(value), keep=keep)
                _leave(self.not_brands, str(value))
            case "keywords":
                self._word(str(value))
            case "rating" if isinstance(value, int | float):
                self.rating_min = float(value)
            case "condition" if value in _CONDITIONS:
                self.condition = cast("Condition", value)
            case "sort_by" if value in _ORDERS:
                self.sort_by = cast("SortBy", value)
            case "in_stock":
                self.in_stock = bool(value)
            case facet if facet not in _OWN:
                self._value(facet, value, keep=keep)
            case _:
                pass  # nothing that such a facet can be

    def _value(self, facet: str, value: Scalar | Range | Bounds | None, *, keep: bool) -> None:
        if isinstance(value, Range):
            before = self.ranges.get(facet)
            self.ranges[facet] = _joined(before, value) if keep else _met(before, value)
            self.attributes.pop(facet, None)
        elif value is not None and not isinstance(value, Bounds):
            values = self.attributes.setdefault(facet, [])
            _choose(values, value, keep=keep and not isinstance(value, bool))
            self.ranges.pop(facet, None)
            self._allow(facet, value)

    def _allow(self, facet: str, value: Scalar) -> None:
        excluded = self.not_values.get(facet, [])
        _leave(excluded, str(value))
        if not excluded:
            self.not_values.pop(facet, None)

    def _name(self, name: str) -> None:
        """A type of product; words of it need not be searched for any more."""
        self.product_type = name
        words = {singular(word) for word in key(name).split()}
        self.keywords = [word for word in self.keywords if singular(word) not in words]
        _leave(self.not_words, name)

    def _word(self, word: str) -> None:
        named = {singular(part) for part in key(self.product_type or "").split()}
        if word not in self.keywords and singular(word) not in named and len(self.keywords) < MAX_VALUES:
            self.keywords.append(word)
        _leave(self.not_words, word)

    def _bound(self, said: Bounds) -> None:
        """New bounds; an old one stays unless the new leaves no room for it or counts in other money."""
        before = self.price
        open_ = before.min is None and before.max is None
        own = self.currency if open_ and before.currency == _DEFAULT_CURRENCY else before.currency
        currency = said.currency or own
        if said.whole or currency != before.currency:
            self.price = PriceRange(min=said.min, max=said.max, currency=currency)
            return
        least = before.min if said.min is None else said.min
        most = before.max if said.max is None else said.max
        if least is not None and most is not None and least > most:
            least, most = said.min, said.max
            if least is not None and most is not None:
                least, most = most, least
            self.displaced.append("the highest price" if said.max is None else "the lowest price")
        self.price = PriceRange(min=least, max=most, currency=currency)

    def _exclude(self, fact: Fact) -> None:
        value = str(fact.value)
        match fact.facet:
            case "brand":
                _choose(self.not_brands, value, keep=True)
                _leave(self.brands, value)
            case "keywords":
                _choose(self.not_words, value, keep=True)
                _leave(self.keywords, value)
                if self.product_type is not None and _same(self.product_type, value):
                    self.product_type = None
            case facet:
                _choose(self.not_values.setdefault(facet, []), value, keep=True)
                _leave(self.attributes.get(facet, []), value)
        self._tidy(fact.facet)

    def _tidy(self, facet: str) -> None:
        """No facet without a value, and none a preference about which nothing is preferred."""
        if facet in self.attributes and not self.attributes[facet]:
            del self.attributes[facet]
        holds = self.brands if facet == "brand" else facet in self.attributes or facet in self.ranges
        if facet in self.soft and not holds:
            self.soft.remove(facet)

    def _drop(self, fact: Fact) -> None:
        if fact.value is not None:
            self._drop_value(fact.facet, str(fact.value))
            return
        match fact.facet:
            case "brand":
                self.brands, self.not_brands = [], []
            case "price":
                self.price = PriceRange(currency=self.price.currency)
            case "sort_by":
                self.sort_by = "relevance"
            case "rating":
                self.rating_min = None
            case "condition" | "in_stock" | "product_type" as single:
                setattr(self, single, None)
            case facet:
                self.forget(facet)
        if fact.facet in self.soft:
            self.soft.remove(fact.facet)

    def forget(self, facet: str) -> None:
        """An attribute, wanted or not."""
        for kept in (self.attributes, self.ranges, self.not_values):
            kept.pop(facet, None)
        if facet in self.soft:
            self.soft.remove(facet)

    def _drop_value(self, facet: str, value: str) -> None:
        if facet == "keywords":
            _leave(self.keywords, value)
            _leave(self.not_words, value)
            return
        if facet == "brand":
            _leave(self.brands, value)
            _leave(self.not_brands, value)
        else:
            _leave(self.attributes.get(facet, []), value)
            self._allow(facet, value)
        self._tidy(facet)


def facets(spec: RequirementSpec) -> dict[str, object]:
    """What a requirement says, by facet: to see what changed."""
    filters = spec.filters
    names = {*spec.attributes, *filters.ranges, *filters.exclude_attributes}
    said: dict[str, object] = {
        "product_type": spec.product_type,
        "keywords": spec.keywords,
        "price": (spec.price.min, spec.price.max) if spec.price == PriceRange() else spec.price,
        "brand": (spec.brand_preferences, filters.exclude_brands),
        "rating": spec.rating_min,
        "condition": spec.condition,
        "in_stock": filters.in_stock,
        "sort_by": filters.sort_by,
        "exclude_words": filters.exclude_words,
    }
    for facet in sorted(names):
        excluded = filters.exclude_attributes.get(facet)
        said[facet] = (spec.attributes.get(facet), filters.ranges.get(facet), excluded)
    return {facet: (value, facet in spec.soft) for facet, value in said.items()}


def _limited(values: Mapping[str, list[V]]) -> dict[str, tuple[V, ...]]:
    kept = [(facet, tuple(some[:MAX_VALUES])) for facet, some in values.items() if some]
    return dict(kept[:MAX_CONSTRAINTS])


def _choose(values: list[V], value: V, *, keep: bool) -> None:
    """A value beside the others, or instead of them."""
    if not keep:
        values.clear()
    if not any(_same(value, other) for other in values) and len(values) < MAX_VALUES:
        values.append(value)


def _leave(values: list[V], value: object) -> None:
    values[:] = [other for other in values if not _same(value, other)]


def _same(one: object, other: object) -> bool:
    return str(one).casefold() == str(other).casefold()


def _joined(before: Range | None, said: Range) -> Range:
    """Two ranges of one message: one as well as the other (`14 or 15 inch`), but bounds bound both."""
    bounds = (before.min, before.max, said.min, said.max) if before else (None,)
    if before is None or None in bounds:
        return _met(before, said)
    known = [bound for bound in bounds if bound is not None]
    return Range(min=min(known), max=max(known))


def _met(before: Range | None, said: Range) -> Range:
    """A new range; one bound leaves the other where there is room: `at least 8`, then `at most 16`."""
    if before is None or (said.min is not None and said.max is not None):
        return said
    least = before.min if said.min is None else said.min
    most = before.max if said.max is None else said.max
    return said if least is not None and most is not None and least > most else Range(min=least, max=most)
