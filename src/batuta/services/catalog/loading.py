"""Products into the catalogue's file: all of an import or nothing, and a new index over everything."""

from __future__ import annotations

import hashlib
import math
import secrets
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pydantic_core import PydanticSerializationError

from batuta.errors import Cancelled, InvalidRequest
from batuta.services.catalog.building import IndexBuilder, meaning_of
from batuta.services.catalog.demo import DEMO_VERSION, demo_products
from batuta.services.catalog.embedding import Embedder
from batuta.services.catalog.index import FORMAT
from batuta.services.catalog.store import CatalogFile, keep_index, mark, product_of, set_marks
from batuta.services.catalog.terms import Stems
from batuta.services.catalog.types import product_types
from batuta.services.catalog.words import lexicon_of
from batuta.services.products import Product

AT_ONCE: Final = 256
"""Products that are embedded and written together; after each such lot an import can be stopped."""
_OWN: Final = "own"
_DEMO: Final = f"demo:{DEMO_VERSION}"
"""Whose products they are: the mark `origin`."""
_INSERT: Final = "INSERT INTO products (id, body) VALUES (?, ?)"
_UPDATE: Final = "UPDATE products SET body = ?, category = NULL WHERE number = ?"


Wanted = Callable[[], bool]
"""Whether somebody still waits for the import."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """What an import came to."""

    added: int
    updated: int
    """Those that were there with other content."""
    removed: int
    total: int
    """Products that there are now."""


class Loader:
    """Imports into one file; methods block for as long as an import takes (2 ms a product)."""

    def __init__(self, file: CatalogFile, embedder: Embedder, stems: Stems) -> None:
        """The embedder and stems are those of the queries."""
        self._file = file
        self._embedder = embedder
        self._stems = stems

    def prepare(self, wanted: Wanted) -> None:
        """Load the demo where there is nothing or an older demo, and renew an index of another format.

        Raises `Cancelled` when it is no longer `wanted`; nothing is changed then.
        """
        if self._is_current(self._file.mark):
            return
        with self._file.writing() as connection:
            if self._is_current(lambda name: mark(connection, name)):
                return  # another process was quicker
            if (mark(connection, "origin") or _DEMO).startswith("demo:"):
                self._load(connection, demo_products(), wanted, replace=True)
                set_marks(connection, [("origin", _DEMO)])
            else:
                self._load(connection, list(_kept(connection)), wanted, replace=False)

    def load(
        self,
        products: Iterable[Product],
        wanted: Wanted,
        *,
        replace: bool = False,
        told: Callable[[int], None] | None = None,
    ) -> Loaded:
        """Add the products or put them in the place of those with their ids; `told` hears how many are in.

        With `replace`, and where there is only the demo, all others are removed. Raises `InvalidRequest`
        where there are none, or one cannot be kept, `Cancelled` when it is no longer `wanted`; nothing is
        changed then.
        """
        with self._file.writing() as connection:
            own = mark(connection, "origin") == _OWN
            loaded = self._load(connection, products, wanted, replace=replace or not own, told=told)
            set_marks(connection, [("origin", _OWN)])
            return loaded

    def _load(
        self,
        connection: sqlite3.Connection,
        products: Iterable[Product],
        wanted: Wanted,
        *,
        replace: bool,
        told: Callable[[int], None] | None = None,
    ) -> Loaded:
        given: set[int] = set()
        added = updated = 0
        for lot in _lots(products):
            _go_on(wanted)
            before = _present(connection, lot)
            for product_id, product in lot.items():
                number, body, digest = before.get(product_id, (None, "", b""))
                kept = _body(product)
                if number is None:
                    number = connection.execute(_INSERT, (product_id, kept)).lastrowid or 0
                    added += 1
                elif kept != body:
                    connection.execute(_UPDATE, (kept, number))
                    updated += number not in given
                given.add(number)
                before[product_id] = (number, body, digest)
            self._embed(connection, lot, before)
            if told is not None:
                told(len(given))
        if not given:
            raise InvalidRequest("there are no products in it: nothing was changed")
        removed = _remove_others(connection, given) if replace else 0
        if added or updated or removed or mark(connection, "format") != str(FORMAT):
            self._renew(connection, wanted)
        total = int(connection.execute("SELECT count(*) FROM products").fetchone()[0])
        return Loaded(added, updated, removed, total)

    def _embed(
        self,
        connection: sqlite3.Connection,
        lot: dict[str, Product],
        known: dict[str, tuple[int, str, bytes]],
    ) -> None:
        texts = {product_id: meaning_of(product) for product_id, product in lot.items()}
        digests = {product_id: _digest(text) for product_id, text in texts.items()}
        others = [product_id for product_id in lot if known[product_id][2] != digests[product_id]]
        vectors = self._embedder.encode([texts[product_id] for product_id in others]).astype(np.float16)
        connection.executemany(
            "INSERT OR REPLACE INTO meanings VALUES (?, ?, ?)",
            [
                (known[product_id][0], digests[product_id], vector.tobytes())
                for product_id, vector in zip(others, vectors, strict=True)
            ],
        )

    def _renew(self, connection: sqlite3.Connection, wanted: Wanted) -> None:
        """The types, the index and the lexicon anew, under a new version."""
        _mine_types(connection)
        version = secrets.token_hex(8)
        builder = IndexBuilder(self._stems)
        query = "SELECT number, body, category, vector FROM products JOIN meanings USING (number) ORDER BY id"
        for place, (number, body, mined, vector) in enumerate(connection.execute(query)):
            if place % AT_ONCE == 0:
                _go_on(wanted)
            builder.add(number, Product.model_validate_json(body), _halves(vector), mined)
        lexicon = lexicon_of(_typed(connection), version).model_copy(
            update={"types_mined": any(product.category is None for product in _kept(connection))}
        )
        keep_index(connection, builder.built(version, self._embedder.encode), lexicon)

    def _is_current(self, marked: Callable[[str], str | None]) -> bool:
        return marked("origin") in {_OWN, _DEMO} and marked("format") == str(FORMAT)


def _lots(products: Iterable[Product]) -> Iterator[dict[str, Product]]:
    """A few at a time by id; of two with one id the last."""
    given = iter(products)
    while lot := list(islice(given, AT_ONCE)):
        yield {product.id: product for product in lot}


def _present(connection: sqlite3.Connection, ids: Iterable[str]) -> dict[str, tuple[int, str, bytes]]:
    """Number, body and digest of those that there are."""
    wanted = list(ids)
    places = ", ".join("?" * len(wanted))
    columns = "id, number, body, digest"
    query = f"SELECT {columns} FROM products JOIN meanings USING (number) WHERE id IN ({places})"  # noqa: S608  # constants
    return {found[0]: (found[1], found[2], found[3]) for found in connection.execute(query, wanted)}


def _body(product: Product) -> str:
    """The product as it is kept; numbers that JSON cannot say are unknown."""
    attributes = {
        name: value
        for name, value in product.attributes.items()
        if not isinstance(value, float) or math.isfinite(value)
    }
    try:
        return product.model_copy(update={"attributes": attributes}).model_dump_json(exclude={"score"})
    except (PydanticSerializationError, UnicodeError) as error:
        raise InvalidRequest(
            f"product {product.id!a} has a text that is no Unicode ({error}): nothing was changed"
        ) from error


def _remove_others(connection: sqlite3.Connection, given: set[int]) -> int:
    numbers = [
        (number,) for (number,) in connection.execute("SELECT number FROM products") if number not in given
    ]
    for table in ("products", "meanings"):
        connection.executemany(f"DELETE FROM {table} WHERE number = ?", numbers)  # noqa: S608  # a constant
    return len(numbers)


def _mine_types(connection: sqlite3.Connection) -> None:
    """The types of those that name none; they depend on all titles, so all are looked at again."""
    query = "SELECT number, body, category FROM products ORDER BY id"
    rows = [
        (number, mined, product)
        for number, body, mined in connection.execute(query)
        if (product := Product.model_validate_json(body)).category is None
    ]
    types = product_types([product for _, _, product in rows])
    changes = [
        (found, number) for (number, mined, _), found in zip(rows, types, strict=True) if found != mined
    ]
    connection.executemany("UPDATE products SET category = ? WHERE number = ?", changes)


def _kept(connection: sqlite3.Connection) -> Iterator[Product]:
    """All products as they were given."""
    for (body,) in connection.execute("SELECT body FROM products ORDER BY id"):
        yield Product.model_validate_json(body)


def _typed(connection: sqlite3.Connection) -> Iterator[Product]:
    """All products with the types that were found for them."""
    for body, mined in connection.execute("SELECT body, category FROM products ORDER BY id"):
        yield product_of(body, mined)


def _halves(vector: bytes) -> NDArray[np.float16]:
    return np.frombuffer(vector, np.float16)


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode(errors="replace"), digest_size=16).digest()


def _go_on(wanted: Wanted) -> None:
    if not wanted():
        raise Cancelled("the import was stopped: nothing was changed")
