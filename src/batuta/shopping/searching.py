"""What is asked of the catalogue for a requirement, and what may be left out where nothing fits; pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from batuta.errors import InvalidRequest
from batuta.services.catalog.models import CatalogSearch, Pagination, SearchFilters, Wanted
from batuta.services.products import Exclusions, PriceRange, Range, RequirementSpec

MOST_RELAXED: Final = 8
"""Constraints that are left out one at a time."""
WINDOW: Final = 30
"""Products that are ranked together at least."""


@dataclass(frozen=True)
class Loosened:
    """A requirement without some of its constraints."""

    spec: RequirementSpec
    without: tuple[str, ...]
    """Facets."""


def asked_for(
    spec: RequirementSpec, page: int, size: int, *, types_mined: bool = False, currency: str | None = None
) -> CatalogSearch:
    """The search whose answer has the products of the page; `currency` is that of most of the catalogue.

    Types that were mined from titles are too rough to leave a product out, or to put one behind another
    (on the judged catalogue that cost two thirds of nDCG@10): then the words of the type find it.
    """
    window = window_size(size)
    priced = spec.price.min is not None or spec.price.max is not None
    filters = _filters(spec).model_copy(update={"currency": spec.price.currency if priced else currency})
    prefer = _preferences(spec)
    if types_mined:
        filters = filters.model_copy(update={"categories": ()})
        prefer.pop("category", None)
    return CatalogSearch(
        query=query_of(spec),
        filters=filters,
        prefer=prefer,
        pagination=Pagination(page=((page - 1) * size) // window + 1, size=window),
        sort_by=spec.filters.sort_by,
    )


def window_size(size: int) -> int:
    """Products ranked together: whole pages, so that none of them is on two."""
    return size * max(1, WINDOW // size)


def query_of(spec: RequirementSpec) -> str:
    """The words to search by: those of the type, and those that name nothing we know."""
    return " ".join((*spec.keywords, *((spec.product_type,) if spec.product_type else ())))


def loosened(spec: RequirementSpec) -> Iterator[Loosened]:
    """The requirement with one constraint less, the most readily given up first; then without ever more.

    What somebody said he does not want is never brought back.
    """
    constraints = _constraints(spec)
    for facet in constraints[:MOST_RELAXED]:
        yield Loosened(without(spec, facet), (facet,))
    bare = spec
    for given_up, facet in enumerate(constraints, 1):
        bare = without(bare, facet)
        if given_up > 1:
            yield Loosened(bare, tuple(constraints[:given_up]))


def without(spec: RequirementSpec, facet: str) -> RequirementSpec:
    """The requirement without its constraint on a facet."""
    changes: dict[str, object] = {"soft": tuple(each for each in spec.soft if each != facet)}
    filters = spec.filters
    match facet:
        case "price":
            changes["price"] = PriceRange(currency=spec.price.currency)
        case "brand":
            changes["brand_preferences"] = ()
        case "rating":
            changes["rating_min"] = None
        case "condition":
            changes["condition"] = None
        case "in_stock":
            changes["filters"] = filters.model_copy(update={"in_stock": None})
        case "product_type":
            changes["product_type"] = None
        case "keywords":
            changes["keywords"] = ()
        case _:
            changes["attributes"] = _minus(spec.attributes, facet)
            changes["filters"] = filters.model_copy(update={"ranges": _minus(filters.ranges, facet)})
    return spec.model_copy(update=changes)


def spec_of(filters: SearchFilters) -> RequirementSpec:
    """What a search's filters say, as a requirement; raises `InvalidRequest` for more than one category."""
    if len(filters.categories) > 1:
        raise InvalidRequest(f"filters.categories: search for one at a time (got {filters.categories})")
    attributes: dict[str, tuple[bool | float | str, ...]] = {}
    ranges: dict[str, Range] = {}
    for name, wanted in filters.attributes.items():
        if isinstance(wanted, Range):
            ranges[name] = wanted
        else:
            attributes[name] = wanted if isinstance(wanted, tuple) else (wanted,)
    return RequirementSpec(
        product_type=filters.categories[0] if filters.categories else None,
        attributes=attributes,
        price=PriceRange(min=filters.price_min, max=filters.price_max, currency=filters.currency or "USD"),
        brand_preferences=filters.brands,
        rating_min=filters.rating_min,
        condition=filters.condition,
        filters=Exclusions(
            exclude_brands=filters.exclude_brands,
            exclude_attributes=filters.exclude_attributes,
            exclude_words=filters.exclude_words,
            ranges=ranges,
            in_stock=filters.in_stock,
            platforms=filters.platforms,
        ),
    )


def _constraints(spec: RequirementSpec) -> list[str]:
    """The facets whose constraints exclude products, as readily given up as they stand here."""
    said = {
        "price": spec.price.min is not None or spec.price.max is not None,
        "in_stock": spec.filters.in_stock is not None,
        "rating": spec.rating_min is not None,
        "condition": spec.condition is not None,
    }
    others = spec.product_type or spec.brand_preferences or spec.attributes or spec.filters.ranges
    found = ["keywords"] if spec.keywords and others else []
    found += [facet for facet, is_said in said.items() if is_said]
    found += [*spec.filters.ranges, *(name for name in spec.attributes if name not in spec.filters.ranges)]
    found += ["brand"] if spec.brand_preferences else []
    return [facet for facet in found if facet not in spec.soft]


def _filters(spec: RequirementSpec) -> SearchFilters:
    hard = {name: wanted for name, wanted in _wanted(spec).items() if name not in spec.soft}
    price = PriceRange() if "price" in spec.soft else spec.price
    return SearchFilters(
        price_min=price.min,
        price_max=price.max,
        brands=() if "brand" in spec.soft else spec.brand_preferences,
        categories=() if spec.product_type is None or "product_type" in spec.soft else (spec.product_type,),
        rating_min=None if "rating" in spec.soft else spec.rating_min,
        condition=None if "condition" in spec.soft else spec.condition,
        in_stock=spec.filters.in_stock,
        platforms=spec.filters.platforms,
        attributes=hard,
        exclude_brands=spec.filters.exclude_brands,
        exclude_attributes=spec.filters.exclude_attributes,
        exclude_words=spec.filters.exclude_words,
    )


def _preferences(spec: RequirementSpec) -> dict[str, tuple[Wanted, ...]]:
    found: dict[str, tuple[Wanted, ...]] = {}
    for facet in spec.soft:
        match facet:
            case "price" if spec.price.min is not None or spec.price.max is not None:
                found[facet] = (Range(min=spec.price.min, max=spec.price.max),)
            case "brand" if spec.brand_preferences:
                found[facet] = spec.brand_preferences
            case "rating" if spec.rating_min is not None:
                found[facet] = (Range(min=spec.rating_min),)
            case "condition" if spec.condition is not None:
                found[facet] = (spec.condition,)
            case "product_type" if spec.product_type is not None:
                found["category"] = (spec.product_type,)
            case _ if facet in (wanted := _wanted(spec)):
                value = wanted[facet]
                found[facet] = value if isinstance(value, tuple) else (value,)
            case _:
                pass
    return found


def _wanted(spec: RequirementSpec) -> dict[str, Wanted]:
    """Attributes and what each must be; a range beside values of the same attribute says it more exactly."""
    return {**spec.attributes, **spec.filters.ranges}


def _minus(values: Mapping[str, object], name: str) -> dict[str, object]:
    return {each: value for each, value in values.items() if each != name}
