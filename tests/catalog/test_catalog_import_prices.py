"""A price means what the shop wrote, or the product is not taken."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batuta.errors import InvalidRequest
from batuta.services.catalog.amounts import Amount, amount_of


@pytest.mark.parametrize(
    ("written", "value", "currency"),
    [
        ("$1,299.00", 1299, "USD"),
        ("1.299,00 €", 1299, "EUR"),
        ("1299 USD", 1299, "USD"),
        ("15.00 USD", 15, "USD"),
        ("1.299 €", 1299, "EUR"),
        ("12.500", 12.5, None),
        ("1,299", 1299, None),
        ("12,5", 12.5, None),
        ("0,125", 0.125, None),
        ("\u20ac1\u202f299,00", 1299, "EUR"),
        ("1'299.00 CHF", 1299, "CHF"),
        ("R$ 1.299,00", 1299, "BRL"),
        ("1299,- €", 1299, "EUR"),
        ("1,29,999.00 INR", 129_999, "INR"),
        ("12.345.678", 12_345_678, None),
        ("$5 CAD", 5, "CAD"),
        (".5", 0.5, None),
        (0, 0, None),
        (19.99, 19.99, None),
    ],
)
def test_prices_are_read_as_written(written: object, value: float, currency: str | None):
    """Signs before or after, thousands parted by comma, dot, blank or apostrophe."""
    assert amount_of(written) == Amount(value, currency)


@pytest.mark.parametrize("written", [None, "", " ", "-", "n/a", "N/A"])
def test_a_price_left_open_is_not_known(written: object):
    """And not zero."""
    assert amount_of(written) is None


@pytest.mark.parametrize(
    "written",
    [
        "free",
        "call us",
        "-5",
        "(5.00)",
        "12.99-",
        "\u22125 €",
        "10.00 - 20.00",
        "1e5",
        "NaN",
        "inf",
        "5 banana",
        "12,345.6.7",
        "$5 EUR",
        "5 kr",
        "9" * 20,
        -0.01,
        math.nan,
        math.inf,
        10**400,
        True,
        [5],
    ],
)
def test_what_is_no_clear_price_is_refused(written: object):
    """With the price in the message, shortened."""
    with pytest.raises(InvalidRequest, match=r"price|currency") as caught:
        amount_of(written)
    assert len(caught.value.message) < 160


def test_the_shop_says_whose_dollar_it_is():
    """A sign of several currencies means the usual one, if that is among them."""
    assert amount_of("$5", "CAD") == Amount(5, "CAD")
    assert amount_of("5 kr", "SEK") == Amount(5, "SEK")
    assert amount_of("$5", "EUR") == Amount(5, "USD")
    assert amount_of("5", "EUR") == Amount(5, None)


@given(
    st.decimals(0, 10**9, places=2), st.sampled_from([(",", "."), (".", ","), ("\u00a0", ","), ("'", ".")])
)
def test_grouped_amounts_come_back(amount: object, signs: tuple[str, str]):
    """Whatever sign parts thousands and decimals, where both are written."""
    thousands, decimals = signs
    written = f"{amount:,.2f}".translate(str.maketrans({",": thousands, ".": decimals}))
    assert amount_of(written) == Amount(float(str(amount)))
