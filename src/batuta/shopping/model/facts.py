"""What a wording may say: the facts of an answer, for the model and for the check of what it says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from batuta.clients import JSON
from batuta.services.composer.models import Card, ComposeResponse, Relaxed
from batuta.services.products import RequirementSpec
from batuta.shopping.model.figures import (
    Money,
    denies,
    kind_of,
    money_in,
    numbers_in,
    sentences,
)
from batuta.shopping.model.texts import fold, variants, words_in

MOST_CARDS: Final = 6
"""Products the model is told of."""
_LONGEST: Final = 200
"""Characters of one text the model is told."""
_MOST_TEXTS: Final = 8
_BEGUN: Final = 40
"""Characters by which a title is known that our own text may have cut."""


@dataclass(frozen=True, slots=True)
class Figures:
    """The numbers that may be said of something."""

    money: frozenset[Money] = frozenset()
    numbers: frozenset[float] = frozenset()
    """Those that are no part of a name: ratings, reviews, attributes, counts."""

    def __or__(self, other: Figures) -> Figures:
        return Figures(self.money | other.money, self.numbers | other.numbers)


@dataclass(frozen=True, slots=True)
class Shown:
    """One product's facts."""

    figures: Figures
    names: frozenset[str]
    """Words of its title and brand that no other of the products has."""


@dataclass(frozen=True)
class Facts:
    """Everything a wording may say."""

    composed: ComposeResponse
    general: Figures
    """What was wanted, how many were found, what was left out: what our own text says before it comes to a
    product."""
    shown: tuple[Shown, ...]
    words: frozenset[str]
    """All words of the facts, as singular and plural."""
    pairs: frozenset[tuple[str, str]]
    """Words that follow each other in a title."""
    reservations: tuple[str, ...]
    """Sentences of which the sense must stay: what could not be had."""

    @classmethod
    def of(
        cls,
        composed: ComposeResponse,
        spec: RequirementSpec,
        total: int | None = None,
        relaxed: Sequence[Relaxed] = (),
    ) -> Facts:
        """The facts of an answer; `total` is how many products were found, `relaxed` what was left out."""
        cards = composed.cards[:MOST_CARDS]
        own = _without_names(composed.text, cards)
        before = _before_names(composed.text, cards)
        left_out = tuple(f"{each.wanted}; {each.nearest or ''}" for each in relaxed)
        wanted = tuple(_wanted(spec))
        counts = {float(len(cards)), float(len(composed.cards)), *(() if total is None else (float(total),))}
        texts = (composed.text, *left_out, *wanted, *(text for card in cards for text in _texts(card)))
        return cls(
            composed=composed,
            general=Figures(
                _budget(spec) | money_in((*left_out, before)),
                frozenset(counts) | numbers_in((*left_out, *wanted, before)),
            ),
            shown=tuple(_shown(card, cards) for card in cards),
            words=variants(word for text in texts for word in words_in(fold(text))),
            pairs=frozenset(pair for card in cards for pair in pairwise(words_in(fold(card.title)))),
            reservations=(*left_out, *(text for text in sentences(own) if denies(text))),
        )

    @property
    def everything(self) -> Figures:
        """All figures there are."""
        figures = self.general
        for each in self.shown:
            figures |= each.figures
        return figures

    def data(self) -> JSON:
        """The facts as the model gets them."""
        products: list[JSON] = [
            {
                "title": card.title[:_LONGEST],
                "brand": (card.brand or "")[:_LONGEST],
                "price": card.price_text,
                "rating": card.rating,
                "reviews": card.reviews,
                "condition": card.condition,
                "attributes": {name[:_LONGEST]: value[:_LONGEST] for name, value in card.attributes.items()},
                "reasons": _cut(card.why_ranked),
                "reservations": _cut(card.misses),
            }
            for card in self.composed.cards[:MOST_CARDS]
        ]
        return {"text": self.composed.text, "products": products}


def _shown(card: Card, cards: Sequence[Card]) -> Shown:
    price = () if card.price is None else (Money(card.price, kind_of(card.currency)),)
    own = [_without_names(text, [card]) for text in (*card.why_ranked, *card.misses)]
    counted = (float(number) for number in (card.rating, card.reviews) if number is not None)
    told = numbers_in((*own, *card.attributes.values()))
    others = {word for other in cards if other is not card for word in _names(other)}
    return Shown(
        Figures(frozenset(price) | money_in([card.price_text]), frozenset(counted) | told),
        frozenset(word for word in _names(card) if not word.isdecimal()) - others,
    )


def _names(card: Card) -> list[str]:
    return words_in(fold(f"{card.title} {card.brand or ''}"))


def _texts(card: Card) -> Iterator[str]:
    """Everything a card says."""
    yield from (card.title, card.brand or "", card.price_text, card.condition)
    yield from (*card.attributes, *card.attributes.values(), *card.why_ranked, *card.misses)


def _without_names(text: str, cards: Iterable[Card]) -> str:
    """The text without titles and brands: numbers in those are names, whoever put them there."""
    left = " ".join(text.split())
    for card in cards:
        for name in (card.title, card.brand):
            if name and (folded := " ".join(name.split())):
                left = left.replace(folded, " ")
    return left


def _before_names(text: str, cards: Iterable[Card]) -> str:
    """The text as far as it has come to no product yet."""
    left = " ".join(text.split())
    for card in cards:
        for name in (card.title, card.brand):
            if name and (begun := " ".join(name.split())[:_BEGUN]):
                left = left.partition(begun)[0]
    return left


def _wanted(spec: RequirementSpec) -> Iterator[str]:
    """What somebody wants, as texts."""
    yield from filter(None, (spec.product_type, spec.condition, *spec.keywords, *spec.brand_preferences))
    yield from (*spec.filters.exclude_brands, *spec.filters.exclude_words)
    for name, values in spec.attributes.items():
        yield from (name, *(f"{value:g}" if isinstance(value, float) else str(value) for value in values))
    for name, values in spec.filters.exclude_attributes.items():
        yield from (name, *values)
    for name, each in spec.filters.ranges.items():
        yield from (name, *(f"{bound:g}" for bound in (each.min, each.max) if bound is not None))
    if spec.rating_min is not None:
        yield f"{spec.rating_min:g}"


def _budget(spec: RequirementSpec) -> frozenset[Money]:
    kind = kind_of(spec.price.currency)
    return frozenset(Money(b, kind) for b in (spec.price.min, spec.price.max) if b is not None)


def _cut(texts: Sequence[str]) -> list[str]:
    return [text[:_LONGEST] for text in texts[:_MOST_TEXTS]]
