"""Items that are words: types, brands, conditions, orders, words and yes-or-nos of attributes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from batuta.services.catalog.models import AttributeWords
from batuta.services.products import RequirementSpec, SortBy
from batuta.shopping.model import cues
from batuta.shopping.model.evidence import Believed, Claim, changed

_ORDERS: Final[dict[SortBy, str]] = {
    "price_asc": "the cheapest first",
    "price_desc": "the most expensive first",
    "rating": "the best rated first",
    "newest": "the newest first",
    "popularity": "the most popular first",
}
_YES_OR_NO: Final = {"true": True, "yes": True, "false": False, "no": False}


def product_type(claim: Claim) -> Believed | None:
    """A type of the catalogue, for words that nothing else was read from."""
    value = claim.known(claim.lexicon.types)
    if value is None or claim.spec.product_type is not None or not _affirmed(claim, value):
        return None
    return Believed(_softly(changed(claim.spec, product_type=value), "product_type"), value)


def brand(claim: Claim) -> Believed | None:
    """A brand, wanted or not, that the quote names."""
    value = claim.known(claim.lexicon.brands)
    wanted, excluded = claim.spec.brand_preferences, claim.spec.filters.exclude_brands
    if value is None or not claim.quote.names(value) or _among(value, (*wanted, *excluded)):
        return None
    if claim.item.relation == "not":
        return _excluding(claim, exclude_brands=(*excluded, value)) if _denied(claim) else None
    if not _affirmed(claim, value):
        return None
    spec = changed(claim.spec, brand_preferences=(*wanted, value))
    return Believed(_softly(spec, "brand"), f"the brand {value}")


def condition(claim: Claim) -> Believed | None:
    """New, used or refurbished, in one of the words for it."""
    if claim.spec.condition is not None:
        return None
    for each, words in cues.CONDITIONS.items():
        if claim.item.value == each and cues.shows(claim.quote.text, words) and _affirmed(claim, each):
            return Believed(_softly(changed(claim.spec, condition=each), "condition"), each)
    return None


def sort(claim: Claim) -> Believed | None:
    """An order, in one of the words for it."""
    if claim.spec.filters.sort_by != "relevance":
        return None
    for order, label in _ORDERS.items():
        shown = claim.item.value == order and cues.shows(claim.quote.text, cues.SORTS[order])
        if shown and _affirmed(claim, order):
            return Believed(changed(claim.spec, filters=changed(claim.spec.filters, sort_by=order)), label)
    return None


def word(claim: Claim, words: AttributeWords) -> Believed | None:
    """A word that an attribute has in the catalogue, wanted or not."""
    name, value = claim.item.facet, claim.known(words.values)
    present = claim.spec.attributes.get(name, ())
    exclusions = claim.spec.filters.exclude_attributes
    excluded = exclusions.get(name, ())
    if value is None or _among(value, (*(str(each) for each in present), *excluded)):
        return None
    if claim.item.relation == "not":
        if not (claim.quote.names(value) and _denied(claim)):
            return None
        return _excluding(claim, exclude_attributes={**exclusions, name: (*excluded, value)})
    if not _affirmed(claim, value):
        return None
    spec = changed(claim.spec, attributes={**claim.spec.attributes, name: (*present, value)})
    return Believed(_softly(spec, name), f"{words.label} {value}")


def yes_or_no(claim: Claim, words: AttributeWords) -> Believed | None:
    """Whether an attribute is to be so; `no` only where the quote, or what is before it, says no."""
    name = claim.item.facet
    value = _YES_OR_NO.get(str(claim.item.value).lower())
    if value is None or claim.item.relation not in {"is", "not"} or name in claim.spec.attributes:
        return None
    value = value == (claim.item.relation == "is")
    fits = _affirmed(claim, words.label, relation=claim.item.relation) if value else _denied(claim)
    if not fits or not claim.quote.fresh:
        return None
    spec = changed(claim.spec, attributes={**claim.spec.attributes, name: (value,)})
    return Believed(_softly(spec, name), f"{words.label}: {'yes' if value else 'no'}")


def _affirmed(claim: Claim, value: str, relation: str = "is") -> bool:
    """Whether the quote has a word to rest on, and no negation is about it.

    A negation in the quote may be what the item was read from (`not heavy`: light), unless the value stands
    beside it.
    """
    if claim.item.relation != relation or not claim.quote.fresh or claim.quote.denied:
        return False
    return not (claim.quote.denies and claim.quote.names(value))


def _denied(claim: Claim) -> bool:
    return claim.quote.denies or claim.quote.denied


def _excluding(claim: Claim, **filters: object) -> Believed:
    return Believed(
        changed(claim.spec, filters=changed(claim.spec.filters, **filters)), f"not {claim.item.value}"
    )


def _softly(spec: RequirementSpec, facet: str) -> RequirementSpec:
    """With the facet as a preference: nobody said it in so many words that we know."""
    return spec if facet in spec.soft else changed(spec, soft=(*spec.soft, facet))


def _among(value: str, values: Iterable[str]) -> bool:
    return value.casefold() in (each.casefold() for each in values)
