"""Products side by side, and which of their attributes matter on a card."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from batuta.services.composer import wording
from batuta.services.composer.models import Comparison, ComparisonRow
from batuta.services.products import Product, RequirementSpec

NOT_KNOWN: Final = "–"  # noqa: RUF001  # the contract's
MOST_ROWS: Final = 20
MOST_ON_CARD: Final = 6
_FEWEST_KNOWN: Final = 2
"""An attribute that only one has compares nothing."""


def comparison_of(products: Sequence[Product]) -> Comparison:
    """The products side by side: what they differ in first, at most `MOST_ROWS` rows."""
    own = list(_own_rows(products))
    facets = dict.fromkeys(facet for product in products for facet in product.attributes)
    others = [row for row in (_row(facet, products) for facet in facets) if _known(row) >= _FEWEST_KNOWN]
    rows = [*own, *_differing_first(others)[: MOST_ROWS - len(own)]]
    return Comparison(product_ids=[product.id for product in products], rows=_differing_first(rows))


def card_facets(products: Sequence[Product], spec: RequirementSpec) -> tuple[str, ...]:
    """Attributes as cards show them: those asked for, then those that differ, the best known first."""
    asked = dict.fromkeys((*spec.attributes, *spec.filters.ranges, *spec.filters.exclude_attributes))
    counted: dict[str, int] = {}
    values: dict[str, set[object]] = {}
    for product in products:
        for facet, value in product.attributes.items():
            counted[facet] = counted.get(facet, 0) + 1
            values.setdefault(facet, set()).add(value)
    telling = [facet for facet in counted if len(values[facet]) > 1 and facet not in asked]
    telling.sort(key=lambda facet: -counted[facet])  # as the catalogue has them where equally known
    if len(products) == 1:
        telling = [facet for facet in counted if facet not in asked]
    return (*asked, *telling)


def shown_attributes(product: Product, facets: Iterable[str]) -> dict[str, str]:
    """The first few of these attributes that the product has, in words, by label: `memory`: `16 GB`."""
    shown: dict[str, str] = {}
    for facet in facets:
        value = product.attributes.get(facet)
        if value is not None:
            shown.setdefault(wording.label_of(facet, value), wording.value_of(facet, value))
        if len(shown) == MOST_ON_CARD:
            break
    return shown


def _own_rows(products: Sequence[Product]) -> Iterator[ComparisonRow]:
    """What every product has beside its attributes."""
    yield _made("price", [_price(product) for product in products])
    yield _made("rating", [_rating(product) for product in products])
    yield _made("brand", [wording.clean(product.brand or "", wording.LONGEST_VALUE) for product in products])
    yield _made("condition", [product.condition for product in products])


def _price(product: Product) -> str:
    return "" if product.price is None else wording.price_text(product.price, product.currency)


def _rating(product: Product) -> str:
    return "" if product.rating is None else wording.stars(product.rating, product.reviews)


def _row(facet: str, products: Sequence[Product]) -> ComparisonRow:
    found = [product.attributes.get(facet) for product in products]
    label = next(wording.label_of(facet, value) for value in found if value is not None)
    return _made(label, ["" if value is None else wording.value_of(facet, value) for value in found])


def _made(name: str, values: list[str]) -> ComparisonRow:
    known = {value for value in values if value}
    return ComparisonRow(name=name, values=[value or NOT_KNOWN for value in values], differs=len(known) > 1)


def _known(row: ComparisonRow) -> int:
    return sum(value != NOT_KNOWN for value in row.values)


def _differing_first(rows: Sequence[ComparisonRow]) -> list[ComparisonRow]:
    return sorted(rows, key=lambda row: not row.differs)
