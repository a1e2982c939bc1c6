"""What shops write in a price: `$1,299.00`, `1.299,00 €`, `1299 USD`. Pure.

Which sign parts the decimals is read from the text alone. Where there are both, it is the last one. A single
sign before three digits (`1,299`) groups thousands if it is a comma; a dot is taken so only beside a currency
of a country that writes it so (`1.299 €`): a bare `12.500` is what databases write for twelve and a half.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Final

from batuta.errors import InvalidRequest


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


MAX_AMOUNT: Final = 1e12
"""What a product may cost at most (`services/products.py`)."""
CURRENCY: Final = re.compile(r"[A-Z]{3}")
"""The form of a currency's code (ISO 4217)."""
_SHOWN: Final = 40
_NOTHING: Final = frozenset({"", "-", "n/a", "na", "none", "null"})
"""What stands in a table for "not known"."""
_SIGNS: Final = {
    "€": ("EUR",),
    "£": ("GBP",),
    "₹": ("INR",),
    "₩": ("KRW",),
    "₺": ("TRY",),
    "₽": ("RUB",),
    "₪": ("ILS",),
    "zł": ("PLN",),
    "Kč": ("CZK",),
    "R$": ("BRL",),
    "US$": ("USD",),
    "¥": ("JPY", "CNY"),
    "kr": ("SEK", "NOK", "DKK", "ISK"),
    "$": ("USD", "CAD", "AUD", "NZD", "SGD", "HKD", "TWD", "MXN", "CLP", "COP", "ARS"),
}
"""Which currencies a sign may mean; the first, where nobody says more."""
_UNCLEAR: Final = frozenset({"kr"})
"""Signs that mean nothing unless somebody says more."""
_CODES: Final = _words(
    "AED ARS AUD BGN BRL CAD CHF CLP CNY COP CZK DKK EGP EUR GBP HKD HUF IDR ILS INR ISK JPY KES KRW "
    "KWD MAD MXN MYR NGN NOK NZD PEN PHP PKR PLN QAR RON RSD RUB SAR SEK SGD THB TRY TWD UAH USD UYU "
    "VND ZAR"
)
_DOT_GROUPS: Final = _words("ARS BRL CLP COP CZK DKK EUR IDR ISK PLN RON RSD TRY UYU VND")
"""Currencies of countries that write a dot between thousands (Unicode CLDR, `numbers/symbols`)."""
_BLANKS: Final = re.compile("(?<=[0-9])[\\s'\u2019](?=[0-9]{3}(?![0-9]))")
_ROUND: Final = re.compile("[.,] ?[-\u2013\u2014]+")
"""`1299,-` has no cents."""
_AMOUNT: Final = re.compile(r"[0-9][0-9.,]*|[.,][0-9]+")
_GROUPED: Final = {
    sign: re.compile(rf"[1-9][0-9]{{0,2}}(?:{re.escape(sign)}[0-9]{{2,3}})*{re.escape(sign)}[0-9]{{3}}")
    for sign in ",."
}
"""Thousands parted by the sign; India parts by two digits but for the last three."""


@dataclass(frozen=True, slots=True)
class Amount:
    """So much, in the currency that was written beside it, if one was."""

    value: float
    currency: str | None = None


def amount_of(value: object, usual: str | None = None) -> Amount | None:
    """The amount in a price as some shop writes it; None where it is left open.

    `usual` is the currency where nothing is written, which also says whose dollar or crown a sign means.
    Raises `InvalidRequest` for what cannot be read, or is negative, not finite, or more than 1e12.
    """
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise InvalidRequest(f"the price {_shown(value)} is no number: write one, such as 12.99")
    if isinstance(value, str):
        return _read(" ".join(value.split()), usual)
    return Amount(_checked(float(value) if abs(value) <= MAX_AMOUNT else math.inf, value))


def currency_of(written: str, usual: str | None = None) -> str:
    """The code of a currency's code or sign; raises `InvalidRequest` where it is none we know."""
    text = written.strip()
    if text.upper() in _CODES or CURRENCY.fullmatch(text):
        return text.upper()
    meant = _SIGNS.get(text, ())
    if usual in meant:
        return str(usual)
    if not meant or text in _UNCLEAR:
        raise InvalidRequest(f"the currency {_shown(written)} is not clear: write its code, such as USD")
    return meant[0]


def _read(text: str, usual: str | None) -> Amount | None:
    if text.casefold() in _NOTHING:
        return None
    joined = _BLANKS.sub("", _ROUND.sub(" ", text))
    found = _AMOUNT.search(joined)
    if found is None:
        raise InvalidRequest(f"the price {_shown(text)} cannot be read: write a number, such as 12.99")
    before, after = joined[: found.start()].strip(), joined[found.end() :].strip()
    if before[:1] in {"-", "\u2212", "("} or before[-1:] in {"-", "\u2212"}:
        raise InvalidRequest(f"the price {_shown(text)} is negative")
    codes = [_beside(part, usual, text) for part in (before, after) if part and part not in _SIGNS]
    signs = [_beside(part, codes[0] if codes else usual, text) for part in (before, after) if part in _SIGNS]
    if len({*codes, *signs}) > 1:
        raise InvalidRequest(f"the price {_shown(text)} cannot be read: it names two currencies")
    written = next(iter((*codes, *signs)), None)
    number = _number(found[0].rstrip(".,"), written)
    if number is None:
        raise InvalidRequest(f"the price {_shown(text)} cannot be read: write it as 1299.00")
    return Amount(_checked(number, text), written)


def _beside(part: str, usual: str | None, text: str) -> str:
    if part.upper() not in _CODES and part not in _SIGNS:
        raise InvalidRequest(
            f"the price {_shown(text)} cannot be read: {_shown(part)} is no currency we know"
        )
    return currency_of(part, usual)


def _number(digits: str, currency: str | None) -> float | None:
    """The number, whichever sign parts its decimals; None if it is none."""
    comma, dot = digits.rfind(","), digits.rfind(".")
    if comma >= 0 and dot >= 0:
        groups, decimals = (",", ".") if dot > comma else (".", ",")
        whole, _, rest = digits.rpartition(decimals)
        if not _GROUPED[groups].fullmatch(whole):
            return None
        return float(f"{whole.replace(groups, '')}.{rest}") if rest.isdecimal() else None
    sign = "," if comma >= 0 else "."
    grouped = _GROUPED[sign].fullmatch(digits)
    if grouped and (sign == "," or digits.count(".") > 1 or currency in _DOT_GROUPS):
        return float(digits.replace(sign, ""))
    return None if digits.count(sign) > 1 else float(digits.replace(",", "."))


def _checked(number: float, written: object) -> float:
    if not math.isfinite(number):
        raise InvalidRequest(f"the price {_shown(written)} is no finite number below 1e12")
    if number < 0:
        raise InvalidRequest(f"the price {_shown(written)} is negative")
    if number > MAX_AMOUNT:
        raise InvalidRequest(f"the price {_shown(written)} is more than 1e12")
    return number


def _shown(value: object) -> str:
    text = repr(value) if isinstance(value, str) else str(type(value).__name__)
    if isinstance(value, float) or (isinstance(value, int) and abs(value) < 10**_SHOWN):
        text = str(value)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
