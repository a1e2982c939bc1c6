"""What of a model's reading is believed: what stands in the message and contradicts nothing of our own.

| the item                   | is believed when its quote stands literally in the message and …              |
|----------------------------|-------------------------------------------------------------------------------|
| type, word of an attribute | the catalogue has it; the quote has a word that nothing else was read from    |
| yes or no                  | the same; `no` needs a negation                                               |
| brand                      | its name is in the quote                                                      |
| condition, order           | a word for it is in the quote (`cues`)                                        |
| anything `not`             | the word itself is in the quote, and a negation in it or before it            |
| price                      | the whole number is in the quote, and so is money                             |
| rating                     | the number is in the quote, and so are stars                                  |
| number of an attribute     | the number is in the quote, with its unit or label; the catalogue has such    |

An item only adds: it takes nothing away and changes nothing that is set. What rests on words is a preference
(`RequirementSpec.soft`), since nobody said it in so many words that we know; what rests on a number, and what
is not wanted, holds. Each word and number is good for one item, so nothing can add more than was said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pydantic import ValidationError

from batuta.services.catalog.models import Lexicon
from batuta.services.products import RequirementSpec
from batuta.shopping.model import amounts, cues, words
from batuta.shopping.model.answers import Item
from batuta.shopping.model.evidence import Believed, Claim, quotes
from batuta.shopping.model.texts import Text, fold, variants, words_in
from batuta.shopping.models import Notice
from batuta.shopping.understanding.models import Act, Understanding

READABLE: Final = frozenset({Act.SEARCH, Act.UNCLEAR})
"""Acts to which a model can add something."""
_QUOTED: Final = 60
"""Characters of a quote in a notice."""
_RULES: Final[Mapping[str, Callable[[Claim], Believed | None]]] = {
    "product_type": words.product_type,
    "brand": words.brand,
    "condition": words.condition,
    "sort": words.sort,
    "price": amounts.price,
    "rating": amounts.rating,
}


@dataclass(frozen=True, slots=True)
class Grounded:
    """A reading with what was believed, and how much was not."""

    understanding: Understanding
    believed: int
    refused: int


def left_over(message: str, heard: Understanding) -> bool:
    """Whether the message has words from which our own reading took nothing: what a model is for."""
    return heard.act in READABLE and bool(_fresh(Text.of(message), heard.spec))


def ground(message: str, heard: Understanding, items: Sequence[Item], lexicon: Lexicon) -> Grounded:
    """Our own reading, and what can be believed of the model's."""
    if heard.act not in READABLE:
        return Grounded(heard, 0, len(items))
    text, spec = Text.of(message), heard.spec
    fresh = _fresh(text, spec)
    unread = {number for number in text.numbers if not number.values & _numbers_of(spec)}
    settled = {*_facets_of(spec), *heard.changed}
    told: dict[str, list[str]] = {}
    for item in items:
        if item.facet in heard.removed or (item.facet in settled and item.relation != "not"):
            continue
        for quote in quotes(text, item.quote, fresh, unread):
            if believed := _believed(Claim(item, quote, spec, lexicon)):
                spec = believed.spec
                fresh -= quote.fresh
                unread -= {believed.number}
                said = " ".join(item.quote.split())[:_QUOTED]
                told.setdefault(item.facet, []).append(f"I took “{said}” to mean {believed.label}.")
                break
    count = sum(map(len, told.values()))
    return Grounded(_added(heard, spec, told), count, len(items) - count)


def _believed(claim: Claim) -> Believed | None:
    rule = _RULES.get(claim.item.facet, _of_attribute)
    try:
        return rule(claim)
    except ValidationError:  # too many of them, or the wrong way round
        return None


def _of_attribute(claim: Claim) -> Believed | None:
    about = claim.lexicon.attributes.get(claim.item.facet)
    if about is None:
        return None
    if about.values:
        return words.word(claim, about)
    return words.yes_or_no(claim, about) if about.least is None else amounts.measure(claim, about)


def _added(heard: Understanding, spec: RequirementSpec, told: dict[str, list[str]]) -> Understanding:
    if not told:
        return heard
    assumed = (Notice(code="assumed", message=text) for texts in told.values() for text in texts)
    return heard.model_copy(
        update={
            "act": Act.SEARCH,
            "spec": spec,
            "changed": tuple(dict.fromkeys((*heard.changed, *told))),
            "notices": (*(n for n in heard.notices if n.code != "not_understood"), *assumed),
        }
    )


def _fresh(text: Text, spec: RequirementSpec) -> set[int]:
    """The words that say something and from which nothing was read."""
    read = variants(word for value in _texts_of(spec) for word in words_in(fold(value))) | cues.EMPTY
    return {
        index
        for index, (word, _) in enumerate(text.words)
        if len(word) > 1 and word not in read and not any(letter.isdigit() for letter in word)
    }


def _texts_of(spec: RequirementSpec) -> Iterator[str]:
    """Every word of a requirement but its keywords, which are what nobody has read."""
    filters = spec.filters
    yield from filter(None, (spec.product_type, spec.condition))
    yield from (*spec.brand_preferences, *filters.exclude_brands, *filters.exclude_words, *filters.ranges)
    for constraints in (spec.attributes, filters.exclude_attributes):
        for name, values in constraints.items():
            yield name
            yield from (value for value in values if isinstance(value, str))


def _numbers_of(spec: RequirementSpec) -> frozenset[float]:
    ranges = (spec.price, *spec.filters.ranges.values())
    bounds = (bound for each in ranges for bound in (each.min, each.max))
    values = (value for values in spec.attributes.values() for value in values if isinstance(value, float))
    return frozenset(number for number in (*bounds, *values, spec.rating_min) if number is not None)


def _facets_of(spec: RequirementSpec) -> Iterator[str]:
    """What is set."""
    held = {
        "product_type": spec.product_type is not None,
        "brand": bool(spec.brand_preferences),
        "price": spec.price.min is not None or spec.price.max is not None,
        "rating": spec.rating_min is not None,
        "condition": spec.condition is not None,
        "sort": spec.filters.sort_by != "relevance",
    }
    yield from (facet for facet, is_held in held.items() if is_held)
    yield from (*spec.attributes, *spec.filters.ranges)
