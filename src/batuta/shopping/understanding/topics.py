"""Whether a message begins another need, and what of the old one still makes sense for it."""

from __future__ import annotations

from typing import Final

from batuta.services.products import Exclusions, PriceRange, RequirementSpec
from batuta.shopping.understanding.draft import Draft, facets
from batuta.shopping.understanding.hearing import Deed, Hearing
from batuta.shopping.understanding.senses import Sense
from batuta.shopping.understanding.text import key, singular
from batuta.shopping.understanding.vocabulary import Class

_KEPT: Final = frozenset({"price", "rating"})
"""What may be a preference still."""
_WORDS: Final = {
    "product_type": "product type",
    "keywords": "search words",
    "sort_by": "order",
    "exclude_words": "unwanted words",
}


def begins_another(hearing: Hearing) -> bool:
    """Whether what is wanted now is another kind of thing.

    Shoes after running shoes are not; a correction (`I meant sandals`) is not; a phone case after a phone is.
    """
    spec = hearing.context.spec
    named = next(
        (
            str(fact.value)
            for fact in hearing.facts
            if fact.facet == "product_type" and fact.deed is Deed.WANT
        ),
        None,
    )
    if hearing.modelled or hearing.places(Sense.MEANT) or hearing.sense(0) is Sense.NO:
        return False
    if named is not None:
        if spec.product_type is not None:
            return not related(spec.product_type, named)
        lost = not hearing.context.shown and hearing.context.question is None
        return bool(spec.keywords) and lost and not _heard(spec.keywords) & _heard([named])
    return spec.product_type is not None and _seeks_unknown(hearing)


def related(one: str, other: str) -> bool:
    """Whether two types are of one kind: hiking shoes, running shoes and shoes."""
    return _parts(one)[-1:] == _parts(other)[-1:]


def _parts(name: str) -> list[str]:
    return [singular(word) for word in key(name).split()]


def _heard(names: list[str] | tuple[str, ...]) -> set[str]:
    return {word for name in names for word in _parts(name)}


def _seeks_unknown(hearing: Hearing) -> bool:
    """Whether a thing is sought that the catalogue has no type for."""
    words = any(fact.facet == "keywords" and fact.deed is Deed.WANT for fact in hearing.facts)
    if not words:
        return False
    sought = [place for place, piece in enumerate(hearing.pieces) if piece.sense is Sense.SEEK]
    only = all(
        piece.sense is not Sense.ENTRY or fact_is_value(piece.entries[0].of) for piece in hearing.pieces
    )
    return hearing.other_thing or (bool(sought) and only and hearing.sense(sought[-1] + 1) is not Sense.FOR)


def fact_is_value(of: Class) -> bool:
    """Whether an entry says how a thing is, not what."""
    return of in {Class.VALUE, Class.FLAG}


def blank(before: RequirementSpec) -> RequirementSpec:
    """Nothing wanted, in the same money and of the same platforms."""
    return RequirementSpec(
        price=PriceRange(currency=before.price.currency),
        filters=Exclusions(platforms=before.filters.platforms),
    )


def begin(draft: Draft) -> None:
    """Leave what made sense for the old need only.

    The most it may cost, brands that are not wanted, rating and stock are kept.
    """
    draft.product_type = None
    draft.keywords, draft.brands, draft.not_words = [], [], []
    draft.attributes, draft.ranges, draft.not_values = {}, {}, {}
    draft.price = PriceRange(max=draft.price.max, currency=draft.price.currency)
    draft.condition = None
    draft.sort_by = "relevance"
    kept = draft.price.max is not None
    draft.soft = [facet for facet in draft.soft if facet in _KEPT and (facet != "price" or kept)]


def leave_unfitting(draft: Draft, hearing: Hearing) -> None:
    """Leave attributes that things of the type which is wanted now do not have."""
    named = next((fact.value for fact in hearing.facts if fact.facet == "product_type"), None)
    said = {fact.facet for fact in hearing.facts}
    lost = [
        facet
        for facet in dict.fromkeys((*draft.attributes, *draft.ranges, *draft.not_values))
        if hearing.vocabulary.fits(facet, str(named)) is False and facet not in said
    ]
    for facet in lost if named is not None else ():
        draft.forget(facet)
        hearing.tell("dropped", f"{str(named).capitalize()} has no {hearing.vocabulary.label(facet)}.")


def tell_dropped(before: RequirementSpec, hearing: Hearing) -> None:
    """Name what holds no longer for the new need."""
    set_again = {fact.facet for fact in hearing.facts if fact.deed is Deed.WANT}
    said = facets(before)
    empty = facets(RequirementSpec())
    lost = [
        _WORDS.get(facet) or hearing.vocabulary.label(facet)
        for facet in said
        if facet not in {"price", "rating", "in_stock", "product_type", *set_again}
        and said[facet] != empty.get(facet, ((None, None, None), False))
        and not (facet == "brand" and not before.brand_preferences)
    ]
    if before.price.min is not None and "price" not in set_again:
        lost.append("lowest price")
    if lost:
        hearing.tell(
            "dropped", f"This looks like something else, so these no longer hold: {', '.join(lost)}."
        )
