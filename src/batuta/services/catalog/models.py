"""The catalogue's contract: what is asked of it, and what it answers."""

from __future__ import annotations

from typing import Annotated, Final, Self

from pydantic import BaseModel, Field, model_validator

from batuta.services.products import (
    MAX_CONSTRAINTS,
    MAX_VALUES,
    Amount,
    Condition,
    Frozen,
    Name,
    Product,
    Range,
    Scalar,
    SortBy,
    Stars,
)

LONGEST_QUERY: Final = 12_000
"""Characters: all keywords of a requirement, each as long as it may be. Of them 64 words are looked for."""
MAX_SIZE: Final = 100
MAX_PAGE: Final = 10_000
FACET_VALUES: Final = 50

Wanted = Scalar | tuple[Scalar, ...] | Range
"""One value, any of several, or between two numbers."""


class SearchFilters(Frozen):
    """What a product must be to be found at all.

    One whose price or rating nobody knows is not found by a bound on it; one without an attribute is not
    found by a filter on it.
    """

    price_min: Amount | None = None
    price_max: Amount | None = None
    currency: str | None = Field(default=None, pattern="^[A-Z]{3}$")
    """The one in which prices are bounded, preferred, sorted and counted: a price in another is as one that
    nobody knows, since there are no rates here. None takes prices as bare numbers."""
    brands: tuple[Name, ...] = Field(default=(), max_length=MAX_VALUES)
    """Any of them, in any case."""
    categories: tuple[Name, ...] = Field(default=(), max_length=MAX_VALUES)
    rating_min: Stars | None = None
    condition: Condition | None = None
    in_stock: bool | None = None
    platforms: tuple[Name, ...] = Field(default=(), max_length=MAX_VALUES)
    """An unknown one is an error, not an empty answer."""
    attributes: dict[Name, Wanted] = Field(default_factory=dict, max_length=MAX_CONSTRAINTS)
    exclude_brands: tuple[Name, ...] = Field(default=(), max_length=MAX_VALUES)
    exclude_attributes: dict[Name, tuple[Name, ...]] = Field(default_factory=dict, max_length=MAX_CONSTRAINTS)
    exclude_words: tuple[Name, ...] = Field(default=(), max_length=MAX_VALUES)

    @model_validator(mode="after")
    def _prices_in_order(self) -> Self:
        least, most = self.price_min, self.price_max
        if least is not None and most is not None and least > most:
            raise ValueError(
                f"price_min {least:g} is greater than price_max {most:g}: swap them, or leave one out"
            )
        return self


class Pagination(Frozen):
    """Which of the found products to give."""

    page: Annotated[int, Field(ge=1, le=MAX_PAGE)] = 1
    size: Annotated[int, Field(ge=1, le=MAX_SIZE)] = 10


class CatalogSearch(Frozen):
    """The body of `POST /search`. Without a query every product that passes the filters is found."""

    query: str = Field(default="", max_length=LONGEST_QUERY)
    filters: SearchFilters = SearchFilters()
    prefer: dict[Name, tuple[Wanted, ...]] = Field(default_factory=dict, max_length=MAX_CONSTRAINTS)
    """What would be good, by facet (`brand`, `category`, `price` and `rating` as ranges, `condition`,
    attributes): the score of a product that has any of the values stays, of one of which it is unknown is
    halved, of one that has another is a tenth (contract: "Update beliefs softly"); none is left out."""
    pagination: Pagination = Pagination()
    sort_by: SortBy = "relevance"
    facets: bool = True
    """Whether to count facets."""


class FacetValue(BaseModel):
    """A value and how many of the found products have it."""

    value: Scalar | Range
    """A range for `price` and for numbers with many values: about equally likely parts."""
    count: int
    weight: float = 0.0
    """Their share of the belief: the sum of their scores over that of all found products, 0 to 1."""


class Facet(BaseModel):
    """How one property is spread over the found products."""

    values: list[FacetValue]
    """The most frequent."""
    known: float
    """Share of the belief that is with products of which the property is known."""
    bits: float
    """Entropy in bits of all its values (those not listed, too) over the products of which it is known: what
    an answer is expected to tell."""


class CatalogResults(BaseModel):
    """The answer of `POST /search`."""

    products: list[Product]
    total: int
    """Products found, on all pages."""
    page: int
    size: int
    facets: dict[str, Facet] = Field(default_factory=dict[str, Facet])
    """By facet (`brand`, `category`, `price`, `condition`, attributes), over all found products."""
    flatness: float = 1.0
    """Normalised entropy of the scores of all found products: 1 when all are equally likely, 0 for one."""
    cheapest: float | None = None
    """The lowest known price of the found products."""


class Lexicon(BaseModel):
    """The words of the catalogue (`GET /lexicon`): what the orchestrator understands people by."""

    version: str
    """Changes with the products; an `ETag`."""
    types: dict[str, int]
    """Product types, lower case, singular, and how many products are of it."""
    brands: dict[str, int]
    """As written by the catalogue."""
    attributes: dict[str, AttributeWords]
    currency: str = "USD"
    """That of most products."""
    types_mined: bool = False
    """Whether types were found in titles rather than given: then they are no sure ground to leave any out."""


class AttributeWords(BaseModel):
    """One attribute over the whole catalogue."""

    label: str
    """For people: `screen size`."""
    unit: str | None = None
    """`GB`, `in`, `kg`, … where its values are numbers of it."""
    products: int
    types: dict[str, int] = Field(default_factory=dict[str, int])
    """The types of which most products have it, and how many do."""
    values: dict[str, int]
    """The most frequent words (at most 200), and how often; for numbers and yes/no none."""
    least: float | None = None
    greatest: float | None = None
    """Of numbers."""


Lexicon.model_rebuild()
