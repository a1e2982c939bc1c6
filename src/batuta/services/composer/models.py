"""The composer's contract: rank products for what somebody wants, and word the answer."""

from __future__ import annotations

from typing import Annotated, Final, Self

from pydantic import BaseModel, Field, model_validator

from batuta.services.products import Frozen, Product, RequirementSpec

MAX_PRODUCTS: Final = 200
Weight = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class Criteria(Frozen):
    """How much each counts; they need not sum to 1, and may not all be 0."""

    price_weight: Weight = 0.2
    rating_weight: Weight = 0.2
    relevance_weight: Weight = 0.6

    @model_validator(mode="after")
    def _something_counts(self) -> Self:
        if not self.price_weight + self.rating_weight + self.relevance_weight:
            raise ValueError("all weights are 0: give at least one of them, or leave the criteria out")
        return self


class RankRequest(Frozen):
    """The body of `POST /rank`."""

    products: tuple[Product, ...] = Field(max_length=MAX_PRODUCTS)
    requirement_spec: RequirementSpec = RequirementSpec()
    criteria: Criteria = Criteria()
    preferences_applied: bool = False
    """Whether the products' scores have the soft facets in them already (`CatalogSearch.prefer`); they do not
    move the relevance a second time then."""


class Ranked(BaseModel):
    """A product with its place."""

    product: Product
    rank: int
    """From 1."""
    score: float
    """0 to 1; the belief that this is the one, over that of the best is `belief`."""
    belief: float
    """The share of belief this product has among the ranked ones; they sum to 1."""
    why_ranked: list[str]
    """Facts that can be checked: `$99, under your $200`, `4.6 stars from 1,203 reviews`."""
    misses: list[str]
    """What was wanted and is not so, or not known: `price unknown`, `$259, over your $200`."""


class RankResponse(BaseModel):
    """The answer of `POST /rank`: the same products, best first."""

    products: list[Ranked]


class Relaxed(Frozen):
    """A constraint that had to be left out for anything to be found."""

    facet: str
    """`price`, `brand`, `rating`, `condition`, an attribute, `exclude_brands` …"""
    wanted: str
    """In words that follow `Nothing`: `under $50`, `by Sony`, `in red` (`phrases.wanted_of`)."""
    nearest: str | None = None
    """What comes nearest: `the cheapest is $59.90`."""


class ComposeRequest(Frozen):
    """The body of `POST /compose`."""

    products: tuple[Product, ...] = Field(max_length=MAX_PRODUCTS)
    """Best first, at most those to show."""
    requirement_spec: RequirementSpec = RequirementSpec()
    total: int | None = Field(default=None, ge=0)
    relaxed: tuple[Relaxed, ...] = Field(default=(), max_length=20)
    question: str | None = None
    """What will be asked under the text."""
    compare: bool = False
    """Whether the products are to be set side by side."""
    detail: bool = False
    """Whether each is to be introduced with its facts, as somebody asked to hear more of it."""


class Card(BaseModel):
    """A product as it is shown."""

    id: str
    title: str
    brand: str | None
    price: float | None
    currency: str
    price_text: str
    """`$59.90`, or `price unknown`."""
    rating: float | None
    reviews: int | None
    condition: str
    url: str | None
    image: str | None
    attributes: dict[str, str]
    """The few that matter here, in words, by their labels."""
    why_ranked: list[str]
    misses: list[str]


class ComparisonRow(BaseModel):
    """One attribute of all compared products."""

    name: str
    values: list[str]
    """One for each product, a dash where unknown."""
    differs: bool


class Comparison(BaseModel):
    """Products side by side."""

    product_ids: list[str]
    rows: list[ComparisonRow]


class ComposeResponse(BaseModel):
    """The answer of `POST /compose`."""

    text: str
    cards: list[Card]
    comparison: Comparison | None = None
