"""Amounts, numbers and attributes in words."""

from __future__ import annotations

import pytest

from batuta.services.composer import wording
from batuta.services.products import PriceRange


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        (59.9, "USD", "$59.90"),
        (1299, "EUR", "€1,299"),
        (0.5, "GBP", "£0.50"),
        (1299.5, "JPY", "¥1,300"),
        (20, "CHF", "CHF 20"),
        (19.999, "USD", "$20"),
        (None, "USD", "price unknown"),
    ],
)
def test_money(amount, currency, text):
    """Whole amounts have no decimals, others two."""
    assert wording.price_text(amount, currency) == text


@pytest.mark.parametrize(
    ("facet", "value", "label", "text"),
    [
        ("memory_gb", 16.0, "memory", "16 GB"),
        ("screen_size_in", 15.6, "screen size", "15.6 in"),
        ("battery_pct", 80.0, "battery", "80%"),
        ("capacity_mah", 10_000.0, "capacity", "10,000 mAh"),
        ("built_in", True, "built in", "yes"),
        ("ports", 4.0, "ports", "4"),
        ("thickness_mm", 0.0125, "thickness", "0.0125 mm"),
        ("lumens", float("inf"), "lumens", "unknown"),
        ("distance", 1e300, "distance", "1e+300"),
        ("gb", 5.0, "gb", "5"),
        ("size_m", "M", "size m", "M"),
    ],
)
def test_attributes(facet, value, label, text):
    """A unit is the last word of a number's name; words and yes or no have none."""
    assert (wording.label_of(facet, value), wording.value_of(facet, value)) == (label, text)


@pytest.mark.parametrize(
    ("least", "most", "text"),
    [
        (None, 200, "under $200"),
        (50, None, "over $50"),
        (50, 100, "$50\u2013$100"),
        (50, 50, "$50"),
        (None, None, ""),
    ],
)
def test_budgets(least, most, text):
    """Open on either side, or both."""
    assert wording.budget(PriceRange(min=least, max=most)) == text


@pytest.mark.parametrize(
    ("rating", "reviews", "text"),
    [
        (4.6, 1203, "4.6 stars from 1,203 reviews"),
        (1, 1, "1 star from 1 review"),
        (5, None, "5 stars"),
        (4, -1, "4 stars"),
    ],
)
def test_stars(rating, reviews, text):
    """With as many reviews as somebody counted."""
    assert wording.stars(rating, reviews) == text
