"""Which answers are offered, and what is expected of them."""

from __future__ import annotations

import math
from itertools import pairwise

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from batuta.services.catalog.models import Facet, FacetValue
from batuta.services.products import PriceRange, Range, RequirementSpec, Scalar
from batuta.shopping.beliefs import entropy, outlook
from batuta.shopping.models import Need, Survey
from batuta.shopping.questions import MOST_SUGGESTIONS, next_question


def offered(facet: str, values: list[FacetValue], spec: RequirementSpec | None = None):
    """The question's suggestions as value, label and count."""
    found = Facet(values=values, known=1, bits=2)
    question = next_question(
        Survey(total=100, flatness=1, facets={facet: found}),
        Need(number=3, spec=spec or RequirementSpec(product_type="laptop")),
    )
    assert question is not None
    assert question.id == f"3-{facet}"
    return [(one.value, one.label, one.count) for one in question.suggestions]


def value(of: Scalar | Range, count: int, weight: float | None = None) -> FacetValue:
    return FacetValue(value=of, count=count, weight=count / 100 if weight is None else weight)


def test_the_likeliest_values_are_offered():
    """Five at most, by belief rather than by count, spellings together."""
    values = [value("red", 30), value("Blue", 10), value("blue", 9), value("white", 5, 0.5), value("a,b", 4)]
    values += [value("green", 3), value("grey", 2)]
    assert offered("colour", values) == [
        ("white", "white", 5),
        ("red", "red", 30),
        ("Blue", "Blue", 19),
        ("a,b", "a, b", 4),
        ("green", "green", 3),
    ]


def test_counts_serve_where_nobody_tells_weights():
    """A foreign catalogue counts; all its products are believed in alike."""
    values = [value("red", 3, 0), value("blue", 40, 0), value("white", 20, 0)]
    assert [one[0] for one in offered("colour", values)] == ["blue", "white", "red"]


def test_numbers_ascend_and_have_units():
    """As a number to send, and in words to show."""
    values = [value(16.0, 40), value(8.0, 30), value(1000.0, 5), value(0.5, 4)]
    assert offered("memory_gb", values) == [
        ("0.5", "0.5 GB", 4),
        ("8", "8 GB", 30),
        ("16", "16 GB", 40),
        ("1000", "1,000 GB", 5),
    ]


def test_yes_comes_before_no():
    """Whatever is more frequent."""
    values = [value(of=False, count=70), value(of=True, count=30)]
    assert offered("bluetooth", values) == [("yes", "Yes", 30), ("no", "No", 70)]


@pytest.mark.parametrize(
    ("facet", "currency", "labels"),
    [
        ("price", "USD", ["Up to $50", "$50\u2013$100", "$100 or more"]),
        ("price", "EUR", ["Up to €50", "€50\u2013€100", "€100 or more"]),
        ("weight_kg", "USD", ["Up to 50 kg", "50 kg\u2013100 kg", "100 kg or more"]),
    ],
)
def test_ranges_stand_in_order(facet, currency, labels):
    """What is sent is what the understanding reads; what is shown has the currency or the unit."""
    values = [value(Range(min=100), 30), value(Range(max=50), 40), value(Range(min=50, max=100), 30)]
    found = offered(
        facet, values, RequirementSpec(product_type="laptop", price=PriceRange(currency=currency))
    )
    assert [one[0] for one in found] == ["under 50", "50-100", "over 100"]
    assert [one[1] for one in found] == labels


def test_many_ranges_become_five():
    """Neighbours are put together, the lightest first; nothing gets lost between."""
    bounds = [0, 10, 20, 30, 40, 50, 60, 70]
    values = [value(Range(min=least, max=least + 10), 1 + least) for least in bounds]
    found = offered("price", values)
    assert len(found) == MOST_SUGGESTIONS
    assert sum(one[2] for one in found) == sum(one.count for one in values)
    edges = [one[0].split("-") for one in found]
    assert (edges[0], edges[-1][1]) == (["0", "40"], "80")
    assert all(lower[1] == upper[0] for lower, upper in pairwise(edges))


def test_words_count_that_are_not_offered_ranges_do_not():
    """Somebody may name any brand; of a price he says no more than the range."""
    brands = [value(name, 10) for name in "abcde"]
    assert outlook(Facet(values=brands, known=1, bits=4.5), brands).bits == 4.5
    prices = [value(Range(min=least, max=least + 1), 10) for least in range(4)]
    assert outlook(Facet(values=prices, known=1, bits=9), prices).bits == 2
    assert outlook(Facet(values=brands, known=1, bits=4.5), brands).offered == pytest.approx(0.5)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(0, 1e6), max_size=12))
def test_an_entropy_is_that_of_shares(shares):
    """Between none and that of equal shares; scale and order do not matter."""
    found = entropy(shares)
    positive = [share for share in shares if share > 0]
    assert 0 <= found <= math.log2(max(1, len(positive))) + 1e-9
    assert entropy(reversed([7 * share for share in shares])) == pytest.approx(found, abs=1e-9)
