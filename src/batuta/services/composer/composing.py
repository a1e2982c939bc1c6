"""Words an answer: what was found in plain sentences, a card for each product, a table for those compared.

What it writes is plain text: titles are other people's, so they are put in one line and cut, and whoever
shows them as HTML or Markdown escapes them there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from batuta.services.composer import wording
from batuta.services.composer.comparison import card_facets, comparison_of, shown_attributes
from batuta.services.composer.models import Card, ComposeRequest, ComposeResponse, Relaxed
from batuta.services.composer.ranking import Fit, cheapest_of, fit_of, why_ranked
from batuta.services.composer.wishes import wishes_of
from batuta.services.products import Product, Range, RequirementSpec, Scalar

LONGEST_IN_TEXT: Final = 120
"""Characters of a title in a sentence."""
_FEWEST_COMPARED: Final = 2
_MOST_REASONS: Final = 3
_MOST_DIFFERENCES: Final = 5


def compose(request: ComposeRequest) -> ComposeResponse:
    """The answer in words; the products stay in their order. Pure."""
    products, spec = request.products, request.requirement_spec
    wishes = wishes_of(spec)
    fits = [fit_of(product, wishes) for product in products]
    cheapest = cheapest_of(products)
    facets = card_facets(products, spec)
    cards = [
        _card(product, fit, facets, cheapest=at == cheapest)
        for at, (product, fit) in enumerate(zip(products, fits, strict=True))
    ]
    compared = comparison_of(products) if request.compare and len(products) >= _FEWEST_COMPARED else None
    sentences = list(_sentences(request, cards))
    if compared is not None:
        differing = [row.name for row in compared.rows if row.differs][:_MOST_DIFFERENCES]
        sentences.append(
            f"They differ in {wording.listed(differing)}." if differing else "Nothing known tells them apart."
        )
    if request.question:
        sentences.append(wording.clean(request.question, 2 * wording.LONGEST_TITLE))
    return ComposeResponse(text=" ".join(sentences), cards=cards, comparison=compared)


def _card(product: Product, fit: Fit, facets: Sequence[str], *, cheapest: bool) -> Card:
    return Card(
        id=product.id,
        title=wording.clean(product.title) or product.id,
        brand=None if product.brand is None else wording.clean(product.brand, wording.LONGEST_VALUE),
        price=product.price,
        currency=product.currency,
        price_text=wording.price_text(product.price, product.currency),
        rating=product.rating,
        reviews=product.reviews,
        condition=product.condition,
        url=product.url,
        image=product.image,
        attributes=shown_attributes(product, facets),
        why_ranked=why_ranked(product, fit, cheapest=cheapest),
        misses=fit.misses,
    )


def _sentences(request: ComposeRequest, cards: Sequence[Card]) -> Iterator[str]:
    spec = request.requirement_spec
    if not cards:
        yield from (_relaxed(one) for one in request.relaxed)
        sought = asked_for(spec)
        yield f"Nothing was found for “{sought}”." if sought else "Nothing was found."
        yield _advice(spec)
        return
    yield from (_relaxed(one) for one in request.relaxed)
    if request.compare:
        yield _side_by_side(cards)
        return
    yield _found(request, len(cards))
    first = cards[0]
    title = wording.clean(first.title, LONGEST_IN_TEXT)
    reasons = "; ".join(first.why_ranked[:_MOST_REASONS])
    yield f"{'The best match is' if len(cards) > 1 else 'It is'} {title}: {_priced(first, reasons)}."
    if first.misses:
        yield f"But note: {'; '.join(first.misses[:_MOST_REASONS])}."


def _priced(card: Card, reasons: str) -> str:
    """The reasons, with the price in front unless one of them, or the note, says it."""
    told = card.price is None or any(card.price_text in words for words in (reasons, *card.misses))
    return reasons if told else f"{card.price_text}; {reasons}"


def _side_by_side(cards: Sequence[Card]) -> str:
    if len(cards) < _FEWEST_COMPARED:
        return f"There is only one to look at: {wording.clean(cards[0].title, LONGEST_IN_TEXT)}."
    titles = [wording.clean(card.title, LONGEST_IN_TEXT // 2) for card in cards[:5]]
    if len(cards) > len(titles):
        titles.append(f"{len(cards) - len(titles)} more")
    return f"Side by side: {wording.listed(titles)}."


def _found(request: ComposeRequest, shown: int) -> str:
    total = max(shown, request.total or 0)
    sought = "" if request.relaxed else asked_for(request.requirement_spec)
    found = f"I found {wording.plural(total, 'product')}"
    if sought:
        found += f" for “{sought}”"
    if total <= shown:
        return f"{found}."
    return f"{found}; here {'is the best one' if shown == 1 else f'are the best {shown:,}'}."


def _relaxed(one: Relaxed) -> str:
    nearest = f"; {wording.clean(one.nearest)}" if one.nearest else ""
    return f"Nothing {wording.clean(one.wanted)}{nearest}."


def asked_for(spec: RequirementSpec) -> str:
    """What was asked for, in a few words: `red laptop by Dell or HP under $200`; empty for nothing."""
    kind = [wording.clean(word, wording.LONGEST_VALUE) for word in spec.keywords[:5]]
    if spec.product_type is not None:
        kind.append(wording.clean(spec.product_type, wording.LONGEST_VALUE))
    before = [] if spec.condition is None else [spec.condition]
    after: list[str] = []
    if spec.brand_preferences:
        brands = [wording.clean(brand, wording.LONGEST_VALUE) for brand in spec.brand_preferences[:3]]
        after.append(f"by {wording.listed(brands, 'or')}")
    for facet, values in spec.attributes.items():
        (before if all(isinstance(value, str) for value in values) else after).append(_with(facet, values))
    after += [_between(facet, bounds) for facet, bounds in spec.filters.ranges.items()]
    if price := wording.budget(spec.price):
        after.append(price if spec.price.min is None or spec.price.max is None else f"for {price}")
    if spec.rating_min is not None:
        after.append(f"with {wording.number(spec.rating_min)} stars or more")
    words = [word for word in (*before, *kind) if word]
    return " ".join([*words, *after] if words or not after else ["anything", *after])


def _with(facet: str, values: Sequence[Scalar]) -> str:
    """`red or blue`, `with bluetooth`, `with 16 GB memory`, `with ports 4`."""
    told = wording.listed([wording.value_of(facet, value) for value in values[:3]], "or")
    if not values or all(isinstance(value, str) for value in values):
        return told
    label, unit = wording.named(facet, numeric=wording.is_number(values[0]))
    if values[0] is True:
        return f"with {label}"
    if values[0] is False:
        return f"without {label}"
    return f"with {label} {told}" if unit is None else f"with {told} {label}"


def _between(facet: str, bounds: Range) -> str:
    return f"with {wording.named(facet, numeric=True)[0]} {wording.span(facet, bounds)}".rstrip()


def _advice(spec: RequirementSpec) -> str:
    """What to change so that something may be found, what parts most first."""
    changes: list[str] = []
    if spec.price.max is not None:
        changes.append(f"a budget over {wording.price_text(spec.price.max, spec.price.currency)}")
    elif spec.price.min is not None:
        changes.append(f"a price under {wording.price_text(spec.price.min, spec.price.currency)}")
    if spec.brand_preferences:
        changes.append("another brand")
    changes += [
        f"another {wording.named(facet, numeric=True)[0]}"
        for facet in (*spec.attributes, *spec.filters.ranges)
    ]
    if spec.rating_min is not None:
        changes.append("a lower rating")
    if spec.condition is not None:
        changes.append("another condition")
    if spec.filters.exclude_brands or spec.filters.exclude_attributes or spec.filters.exclude_words:
        changes.append("fewer exclusions")
    if spec.filters.in_stock:
        changes.append("what is out of stock, too")
    return f"Try {wording.listed(changes[:3] or ['other words'], 'or')}."
