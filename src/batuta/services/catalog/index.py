"""The whole catalogue as arrays: what every product's words, meaning and facts are, without the products.

A row is a product's place in the order of ids; all arrays know it by that. The index is made once by whoever
imports (`building.py`), kept in the catalogue's file, and read by everybody else in a fraction of a second.
105,000 products take about 250 MB.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from batuta.errors import StorageError
from batuta.services.catalog.codes import Codes
from batuta.services.catalog.embedding import Vectors
from batuta.services.catalog.terms import folded
from batuta.services.catalog.values import Values

FORMAT: Final = 3
"""Of what is kept; whoever finds another number builds the index again from the products."""

Floats = NDArray[np.float64]
Rows = NDArray[np.int32]
Mask = NDArray[np.bool_]
Parts = dict[str, bytes]
"""The index in the file."""


@dataclass(frozen=True, slots=True)
class Postings:
    """Which products have a word, and how much that says: FTS5's bm25 with weighted fields."""

    terms: dict[str, int]
    first: NDArray[np.int64]
    """(terms + 1,)"""
    rows: Rows
    impacts: NDArray[np.float32]
    """What the word adds to the product's bm25."""
    titled: Mask
    """Whether the word is in the title."""
    idf: NDArray[np.float32]

    def of(self, term: str) -> slice:
        """Where the products are that have the word; an empty slice where none has."""
        number = self.terms.get(term)
        return slice(0) if number is None else slice(int(self.first[number]), int(self.first[number + 1]))


@dataclass(frozen=True, slots=True)
class Facts:
    """What can be compared, NaN where it is not known."""

    price: Floats
    rating: Floats
    reviews: Floats
    released: Floats
    """Days since the year 1."""
    in_stock: NDArray[np.int8]
    """1, 0, or -1 where it is not known."""


@dataclass(frozen=True, slots=True)
class Index:
    """One version of the catalogue."""

    version: str
    numbers: NDArray[np.int64]
    """(products,): a product's number in the file."""
    postings: Postings
    vectors: Vectors
    """(products, dimensions): meanings, turned so that few dimensions say most of them."""
    basis: Vectors
    """(512, dimensions): the turn, for queries."""
    types: Vectors
    """(categories, 512): meanings of the types' names, not turned; of very many the most frequent."""
    facts: Facts
    brands: Codes
    categories: Codes
    conditions: Codes
    platforms: Codes
    currencies: Codes
    values: Values

    @property
    def size(self) -> int:
        """How many products there are."""
        return len(self.numbers)

    def priced_in(self, currency: str | None) -> Index:
        """The same with prices of one currency only, all others not known; None leaves all as they are."""
        if currency is None:
            return self
        held = self.currencies.mask([folded(currency)])
        price = np.where(held, self.facts.price, np.nan)
        return replace(self, facts=replace(self.facts, price=price))

    def to_parts(self) -> Parts:
        """As it is kept."""
        facts, postings, values = self.facts, self.postings, self.values
        arrays: dict[str, NDArray[Any]] = {
            "numbers": self.numbers,
            "first": postings.first,
            "rows": postings.rows,
            "impacts": postings.impacts,
            "titled": postings.titled,
            "idf": postings.idf,
            "vectors": self.vectors.astype(np.float16),
            "basis": self.basis,
            "types": self.types.astype(np.float16),
            "price": facts.price,
            "rating": facts.rating,
            "reviews": facts.reviews,
            "released": facts.released,
            "in_stock": facts.in_stock,
            "attribute_of": values.attribute_of,
            "row_first": values.row_first,
            "row_values": values.row_values,
            "value_rows": values.value_rows,
        }
        words = {"terms": "\n".join(postings.terms), "values": values.words}
        for name in ("brands", "categories", "conditions", "platforms", "currencies"):
            codes: Codes = getattr(self, name)
            arrays[f"{name}_codes"] = codes.codes
            words[name] = codes.words
        return {name: _dumped(array) for name, array in arrays.items()} | {
            name: word.encode() for name, word in words.items()
        }

    @classmethod
    def from_parts(cls, version: str, parts: Mapping[str, bytes]) -> Index:
        """As `to_parts` gave it; raises `StorageError` where something is missing or damaged."""
        try:
            return _read(version, parts)
        except (KeyError, ValueError, EOFError, TypeError) as error:
            raise StorageError(
                f"the catalogue's index is damaged ({error!r}): import the products again"
            ) from error


def _read(version: str, parts: Mapping[str, bytes]) -> Index:
    def array(name: str) -> NDArray[Any]:
        return np.load(io.BytesIO(parts[name]), allow_pickle=False)

    def codes(name: str) -> Codes:
        return Codes.read(parts[name].decode(), array(f"{name}_codes"))

    terms = parts["terms"].decode()
    return Index(
        version=version,
        numbers=array("numbers"),
        postings=Postings(
            terms={term: number for number, term in enumerate(terms.split("\n") if terms else ())},
            first=array("first"),
            rows=array("rows"),
            impacts=array("impacts"),
            titled=array("titled"),
            idf=array("idf"),
        ),
        vectors=array("vectors").astype(np.float32),
        basis=array("basis"),
        types=array("types").astype(np.float32),
        facts=Facts(
            price=array("price"),
            rating=array("rating"),
            reviews=array("reviews"),
            released=array("released"),
            in_stock=array("in_stock"),
        ),
        brands=codes("brands"),
        categories=codes("categories"),
        conditions=codes("conditions"),
        platforms=codes("platforms"),
        currencies=codes("currencies"),
        values=Values.read(
            parts["values"].decode(),
            array("attribute_of"),
            array("row_first"),
            array("row_values"),
            array("value_rows"),
        ),
    )


def _dumped(array: NDArray[Any]) -> bytes:
    file = io.BytesIO()
    np.save(file, array, allow_pickle=False)
    return file.getvalue()
