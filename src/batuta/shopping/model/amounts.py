"""Items that are numbers: prices, ratings, measures. The number is the user's own; nothing is converted."""

from __future__ import annotations

from typing import Final

from batuta.services.catalog.models import AttributeWords
from batuta.services.products import Range, RequirementSpec
from batuta.shopping.model import cues
from batuta.shopping.model.evidence import Believed, Claim, changed
from batuta.shopping.model.texts import fold, words_in

_MOST_STARS: Final = 5
_DOLLARS: Final = frozenset({"USD", "CAD", "AUD", "NZD", "SGD", "HKD"})
_BOUNDS: Final = {"at_least": "min", "at_most": "max"}
_WORDS: Final = {"at_least": "at least", "at_most": "at most"}


def price(claim: Claim) -> Believed | None:
    """A bound on the price, where the quote speaks of money."""
    found, relation, present = claim.number(), claim.item.relation, claim.spec.price
    if found is None or not cues.shows(claim.quote.text, cues.MONEY) or not claim.directed():
        return None
    amount, number = found
    if cues.begins_with_a_unit(claim.quote.behind[number]):
        return None
    currency, bound = _currency(claim), _BOUNDS[relation]
    bounds = {"min": present.min, "max": present.max}
    if bounds[bound] is not None or (any(bounds.values()) and present.currency != currency):
        return None
    spec = changed(claim.spec, price=changed(present, **{bound: amount, "currency": currency}))
    return Believed(spec, f"{_WORDS[relation]} {amount:g} {currency}", number)


def rating(claim: Claim) -> Believed | None:
    """So many stars at least, where the quote speaks of stars."""
    found = claim.number()
    if found is None or claim.item.relation not in {"is", "at_least"} or claim.spec.rating_min is not None:
        return None
    stars, number = found
    if stars > _MOST_STARS or not cues.shows(claim.quote.text, cues.STARS):
        return None
    return Believed(changed(claim.spec, rating_min=stars), f"at least {stars:g} stars", number)


def measure(claim: Claim, words: AttributeWords) -> Believed | None:
    """A number of an attribute, or a bound on it, where the quote names its unit or its label."""
    name, found = claim.item.facet, claim.number()
    if found is None or name in claim.spec.attributes or not cues.shows(claim.quote.text, _names_of(words)):
        return None
    amount, number = found
    if words.least is None or words.greatest is None or not words.least <= amount <= words.greatest:
        return None
    if claim.item.relation == "is":
        spec = _exactly(claim, amount)
    else:
        spec = _bounded(claim, amount) if claim.directed() else None
    if spec is None:
        return None
    how = _WORDS.get(claim.item.relation, "")
    return Believed(spec, " ".join(f"{words.label} {how} {amount:g} {words.unit or ''}".split()), number)


def _exactly(claim: Claim, amount: float) -> RequirementSpec | None:
    name = claim.item.facet
    if name in claim.spec.filters.ranges:
        return None
    return changed(claim.spec, attributes={**claim.spec.attributes, name: (amount,)})


def _bounded(claim: Claim, amount: float) -> RequirementSpec | None:
    name, ranges = claim.item.facet, claim.spec.filters.ranges
    bound, present = _BOUNDS[claim.item.relation], ranges.get(name, Range())
    if {"min": present.min, "max": present.max}[bound] is not None:
        return None
    filters = changed(claim.spec.filters, ranges={**ranges, name: changed(present, **{bound: amount})})
    return changed(claim.spec, filters=filters)


def _names_of(words: AttributeWords) -> list[str]:
    unit = (words.unit or "").casefold()
    units = cues.UNITS.get(unit) or ((unit,) if unit else ())
    return [*units, *(word for word in words_in(fold(words.label)) if word not in cues.EMPTY)]


def _currency(claim: Claim) -> str:
    """The one said, else the one spoken of before; a dollar is the catalogue's kind of dollar."""
    before = claim.spec.price.currency
    own = claim.lexicon.currency if before == "USD" else before
    said = next((code for cue, code in cues.CURRENCIES.items() if cues.shows(claim.quote.text, (cue,))), own)
    return own if said == "USD" and own in _DOLLARS else said
