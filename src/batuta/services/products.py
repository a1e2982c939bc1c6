"""What the services of shopping speak of: products, what somebody wants of them, and what was asked for.

The catalogue gives products, the composer ranks and words them, the orchestrator fills the requirements.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

MAX_VALUES: Final = 50
"""Of one constraint."""
MAX_CONSTRAINTS: Final = 50
LONGEST_NAME: Final = 200

Name = Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)]
"""Of a brand, a type, an attribute or one of its values."""
Condition = Literal["new", "refurbished", "used"]
Scalar = bool | float | str
"""What an attribute of a product is: yes or no, a number in the unit of its name, a word."""
SortBy = Literal["relevance", "price_asc", "price_desc", "rating", "newest", "popularity"]
Amount = Annotated[float, Field(ge=0, le=1e12, allow_inf_nan=False)]
Stars = Annotated[float, Field(ge=0, le=5, allow_inf_nan=False)]


class Frozen(BaseModel):
    """A value: nobody changes it, and a field nobody knows is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Product(BaseModel):
    """One thing that can be bought, as the catalogue has it; what is not known is None."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: Name
    title: str
    description: str = ""
    brand: str | None = None
    category: str | None = None
    """The type of product, in the singular and lower case where we found it ourselves: `running shoes`."""
    price: Amount | None = None
    currency: str = "USD"
    rating: Stars | None = None
    reviews: int | None = None
    condition: Condition = "new"
    in_stock: bool | None = None
    platform: str = "local"
    """Whose catalogue it came from, as its import was told."""
    url: str | None = None
    image: str | None = None
    released: str | None = None
    """ISO 8601 date."""
    attributes: dict[str, Scalar] = Field(default_factory=dict[str, Scalar])
    score: float = 0.0
    """How well it fits the query: 1 for the best of its search, above 0; 1 for all without a query."""


class Range(Frozen):
    """A number between two, both included; None is open."""

    min: float | None = Field(default=None, allow_inf_nan=False)
    max: float | None = Field(default=None, allow_inf_nan=False)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"min {self.min:g} is greater than max {self.max:g}: swap them, or leave one")
        return self

    def holds(self, value: float) -> bool:
        """Whether the number is in it."""
        return (self.min is None or value >= self.min) and (self.max is None or value <= self.max)


class PriceRange(Range):
    """What it may cost."""

    min: Amount | None = None
    max: Amount | None = None
    currency: str = Field(default="USD", pattern="^[A-Z]{3}$")


class Exclusions(Frozen):
    """What it must not be, and bounds of numbers."""

    exclude_brands: tuple[Name, ...] = Field(default=(), max_length=MAX_VALUES)
    exclude_attributes: dict[Name, tuple[Name, ...]] = Field(default_factory=dict, max_length=MAX_CONSTRAINTS)
    exclude_words: tuple[Name, ...] = Field(default=(), max_length=MAX_VALUES)
    """Words that its title must not have."""
    ranges: dict[Name, Range] = Field(default_factory=dict, max_length=MAX_CONSTRAINTS)
    """Of attributes that are numbers, in the unit of their name."""
    sort_by: SortBy = "relevance"
    in_stock: bool | None = None
    platforms: tuple[Name, ...] = Field(default=(), max_length=MAX_VALUES)
    """Whose catalogues alone are searched."""


class RequirementSpec(Frozen):
    """What somebody wants, as far as he said so.

    A facet is `product_type`, `brand`, `price`, `rating`, `condition`, or the name of an attribute.
    """

    product_type: Name | None = None
    keywords: tuple[Name, ...] = Field(default=(), max_length=MAX_VALUES)
    """Words he used that name no type, brand or attribute we know: they go into the query."""
    attributes: dict[Name, tuple[Scalar, ...]] = Field(default_factory=dict, max_length=MAX_CONSTRAINTS)
    """Any of the values will do."""
    filters: Exclusions = Exclusions()
    price: PriceRange = PriceRange()
    brand_preferences: tuple[Name, ...] = Field(default=(), max_length=MAX_VALUES)
    rating_min: Stars | None = None
    condition: Condition | None = None
    soft: tuple[Name, ...] = Field(default=(), max_length=MAX_CONSTRAINTS)
    """Facets that are a preference: chosen as an answer to a question of ours, not said in so many words.
    They move products up and down; all others exclude (contract: shopping, "When and what to ask")."""

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to search for yet."""
        nothing = RequirementSpec(
            price=PriceRange(currency=self.price.currency), filters=Exclusions(sort_by=self.filters.sort_by)
        )
        return self == nothing
