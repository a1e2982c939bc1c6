"""Products read from a shop's file: CSV, JSON or JSON lines, with the columns of the common shops.

What the columns mean is in `columns.py`, what a price says in `amounts.py`, how a file is read in `files.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from batuta.errors import InvalidRequest
from batuta.services.catalog.amounts import CURRENCY
from batuta.services.catalog.columns import Reading, is_cents, is_continuation, product_of
from batuta.services.catalog.files import Fault, Record, records_in
from batuta.services.problems import invalid
from batuta.services.products import LONGEST_NAME, Product

_LOOKED_AT: Final = 100
"""Records that decide whether prices are in cents."""
_REMEMBERED: Final = 1_000_000
"""Ids that are known again."""


def read_products(
    path: Path, *, platform: str = "local", currency: str | None = None, cents: bool | None = None
) -> Iterator[Product | Fault]:
    """The products of a file in its order, and a fault in place of each record that gives none.

    `currency` is that of prices which name none (`USD` without it). `cents` says whether prices are whole
    numbers of a hundredth. With None they are if the first 100 records have Icecat's layout (a column
    `supplier` beside columns `attr_t_…`, `attr_n_…` or `attr_b_…`) and each of their prices is a whole
    number; otherwise they are not.

    A record without a title is a fault, and so is a price that cannot be read, is negative or not finite: no
    product is free by mistake. A price left open is not known. A record without an id gets a hash of its
    content for one. An id that comes again (among the first million) gives a fault that says so and then the
    product: whoever stores them in order keeps the last.
    Raises `InvalidRequest` at the first step for what is no such file, or for a `platform` or `currency` that
    is none.
    """
    if not 1 <= len(platform) <= LONGEST_NAME:
        raise InvalidRequest(f"the platform's name has {len(platform)} characters: give 1 to {LONGEST_NAME}")
    if currency is not None and not CURRENCY.fullmatch(currency):
        raise InvalidRequest(f"the currency {currency!r} is none: give three capitals, such as USD")
    records = records_in(path)
    first = list(islice(records, _LOOKED_AT))
    if cents is None:
        cents = is_cents([record.values for record in first if isinstance(record, Record)])
    reading = Reading(platform, currency, cents)
    seen: set[int] = set()
    for record in chain(first, records):
        if isinstance(record, Fault):
            yield record
            continue
        if is_continuation(record.values):
            continue
        product = _product(record, reading)
        if isinstance(product, Product):
            mark = hash(product.id)
            if mark in seen:
                yield Fault(record.line, f"the id {product.id!r} came before: this product replaces that one")
            elif len(seen) < _REMEMBERED:
                seen.add(mark)
        yield product


def _product(record: Record, reading: Reading) -> Product | Fault:
    try:
        return product_of(record.values, reading)
    except InvalidRequest as error:
        return Fault(record.line, error.message)
    except ValidationError as error:
        return Fault(record.line, f"it is no product: {invalid(error)}")
