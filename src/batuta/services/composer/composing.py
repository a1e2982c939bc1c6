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
from batuta.services.composer.phrases import asked_for, changes
from batuta.services.composer.ranking import Fit, cheapest_of, fit_of, why_ranked
from batuta.services.composer.wishes import wishes_of
from batuta.services.products import Product

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
        yield f"Try {changes(spec)}."
        return
    yield from (_relaxed(one) for one in request.relaxed)
    if request.compare:
        yield _side_by_side(cards)
        return
    if request.detail:
        yield from (_introduced(card) for card in cards)
        return
    yield _found(request, len(cards))
    first = cards[0]
    title = wording.clean(first.title, LONGEST_IN_TEXT)
    reasons = "; ".join(first.why_ranked[:_MOST_REASONS])
    yield f"{'The best match is' if len(cards) > 1 else 'It is'} {title}: {_priced(first, reasons)}."
    if first.misses:
        yield f"But note: {'; '.join(first.misses[:_MOST_REASONS])}."


def _introduced(card: Card) -> str:
    """One product with what is known of it, and nothing of how it was found."""
    misses = [miss for miss in card.misses if miss != wording.UNKNOWN_PRICE][:_MOST_REASONS]
    facts = [] if any(card.price_text in miss for miss in misses) else [card.price_text]
    if card.rating is not None:
        facts.append(wording.stars(card.rating, card.reviews))
    if card.condition != "new":
        facts.append(card.condition)
    facts += [_fact(label, value) for label, value in card.attributes.items()]
    title = wording.clean(card.title, LONGEST_IN_TEXT)
    told = f"{title}: {'; '.join(facts)}." if facts else f"{title}."
    return f"{told} But note: {'; '.join(misses)}." if misses else told


def _fact(label: str, value: str) -> str:
    """`memory 16 GB`, `wireless`, `no touchscreen`."""
    match value:
        case "yes":
            return label
        case "no":
            return wording.flag_of(label, value=False)
        case _:
            return f"{label} {value}"


def _priced(card: Card, reasons: str) -> str:
    """The reasons, with the price in front unless one of them, or the note, says it."""
    told = card.price is None or any(card.price_text in words for words in (reasons, *card.misses))
    return reasons if told else f"{card.price_text}; {reasons}"


def _side_by_side(cards: Sequence[Card]) -> str:
    if len(cards) < _FEWEST_COMPARED:
        return f"There is only one to look at: {wording.clean(cards[0].title, LONGEST_IN_TEXT)}."
    titles = [wording.clean(card.title, LONGEST_IN_TEXT // 2) for card in cards[:5]]
    if any("," in title for title in titles):
        titles = [f"“{title}”" for title in titles]
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
