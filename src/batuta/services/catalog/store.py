"""The catalogue's file: products as JSON, their meanings, and the index over them, in one SQLite file.

    products   number id body category        `category` is the type we found, where the product names none
    meanings   number digest vector            512 halves; the digest is that of the text they stand for
    parts      name body                       the index (`index.py`)
    marks      name value                      version, format, whose products they are, the lexicon

An import is one transaction: whoever reads sees all of it or nothing. A reader keeps a *view*, a transaction
of its own on one version, so that the products it gives are those that its index knows.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from batuta.errors import Conflict, StorageError
from batuta.services.catalog.index import FORMAT, Index
from batuta.services.catalog.models import Lexicon
from batuta.services.products import Product
from batuta.storage.database import make_folder
from batuta.storage.own_file import connect

NAME: Final = "catalog.sqlite"
"""So long an import waits for another one."""
SCHEMA: Final = 1
_IDS_AT_ONCE: Final = 500
_TABLES: Final = (
    """CREATE TABLE IF NOT EXISTS products (number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,
    body TEXT NOT NULL, category TEXT)""",
    """CREATE TABLE IF NOT EXISTS meanings (number INTEGER PRIMARY KEY, digest BLOB NOT NULL,
    vector BLOB NOT NULL)""",
    "CREATE TABLE IF NOT EXISTS parts (name TEXT PRIMARY KEY, body BLOB NOT NULL)",
    "CREATE TABLE IF NOT EXISTS marks (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
    f"PRAGMA user_version={SCHEMA}",
)


class CatalogFile:
    """The file in a folder; methods block, and raise `StorageError`."""

    def __init__(self, folder: Path) -> None:
        """Nothing is opened yet."""
        self.path = folder / NAME
        self._lock = threading.Lock()
        self._watching: sqlite3.Connection | None = None

    def open(self) -> None:
        """Make the file where there is none."""
        with errors(self.path), self._lock:
            make_folder(self.path.parent)
            if self._watching is None:
                self._watching = connect(self.path, SCHEMA, _TABLES, "BATUTA_DATA")

    def close(self) -> None:
        """Let go of it; views are closed by whoever has them."""
        with self._lock:
            if self._watching is not None:
                self._watching.close()
                self._watching = None

    def mark(self, name: str) -> str | None:
        """A note kept with the products, as it is now."""
        with errors(self.path), self._lock:
            if self._watching is None:
                raise StorageError(f"{self.path} is closed: the catalogue has been shut down")
            return mark(self._watching, name)

    def tidy(self) -> None:
        """Move what was imported out of the write-ahead log, as far as no view needs it there."""
        with errors(self.path), self._lock:
            if self._watching is not None:
                self._watching.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()

    def view(self) -> View:
        """The newest version, which stays as it is for this reader."""
        with errors(self.path):
            connection = connect(self.path, SCHEMA, _TABLES, "BATUTA_DATA")
            try:
                connection.execute("BEGIN")
                return View(self.path, connection)
            except BaseException:
                connection.close()
                raise

    @contextmanager
    def writing(self) -> Generator[sqlite3.Connection]:
        """The one transaction that changes something; raises `Conflict` while another process has one."""
        with errors(self.path):
            connection = connect(self.path, SCHEMA, _TABLES, "BATUTA_DATA")
            try:
                connection.execute("BEGIN IMMEDIATE")
                yield connection
                connection.execute("COMMIT")
            finally:
                connection.close()  # what was not committed is undone


class View:
    """One version of the products, for any thread."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        """A connection in a transaction; the first thing read decides which version it is."""
        self._path = path
        self._lock = threading.Lock()
        self._connection = connection
        self.version = mark(connection, "version") or ""

    def index(self) -> Index:
        """The index over the products; raises `StorageError` where it is damaged."""
        with self._reading() as connection:
            return Index.from_parts(self.version, dict(connection.execute("SELECT name, body FROM parts")))

    def lexicon(self) -> Lexicon:
        """The words of the products."""
        with self._reading() as connection:
            return Lexicon.model_validate_json(mark(connection, "lexicon") or "")

    def numbered(self, numbers: Sequence[int]) -> dict[int | str, Product]:
        """The products of these numbers, by number."""
        return self._found("number", numbers)

    def named(self, ids: Sequence[str]) -> list[Product]:
        """The products of these ids, those there are, in that order."""
        found = self._found("id", ids)
        return [found[name] for name in ids if name in found]

    def renew(self) -> None:
        """Look at the file anew: after `tidy` a view needs no log, which can then begin again.

        Without it every import would make the log longer for as long as somebody serves.
        """
        with self._reading() as connection:
            connection.execute("COMMIT")
            connection.execute("BEGIN")
            mark(connection, "version")

    def close(self) -> None:
        """Give the version up."""
        with self._lock:
            self._connection.close()

    def _found(self, column: str, keys: Sequence[int] | Sequence[str]) -> dict[int | str, Product]:
        found: dict[int | str, Product] = {}
        with self._reading() as connection:
            for begin in range(0, len(keys), _IDS_AT_ONCE):
                some = keys[begin : begin + _IDS_AT_ONCE]
                places = ", ".join("?" * len(some))
                query = f"SELECT {column}, body, category FROM products WHERE {column} IN ({places})"  # noqa: S608  # constants
                for key, body, mined in connection.execute(query, some):
                    found[key] = product_of(body, mined)
        return found

    @contextmanager
    def _reading(self) -> Generator[sqlite3.Connection]:
        with errors(self._path), self._lock:
            yield self._connection


def product_of(body: str, mined: str | None) -> Product:
    """A product as it is kept, with the type that was found for it."""
    product = Product.model_validate_json(body)
    return product if mined is None else product.model_copy(update={"category": product.category or mined})


def mark(connection: sqlite3.Connection, name: str) -> str | None:
    """A note kept with the products."""
    found = connection.execute("SELECT value FROM marks WHERE name = ?", (name,)).fetchone()
    return None if found is None else str(found[0])


def set_marks(connection: sqlite3.Connection, marks: Iterable[tuple[str, str]]) -> None:
    """Keep notes."""
    connection.executemany("INSERT OR REPLACE INTO marks VALUES (?, ?)", marks)


def keep_index(connection: sqlite3.Connection, index: Index, lexicon: Lexicon) -> None:
    """Put the index over all products in the place of the one before."""
    connection.execute("DELETE FROM parts")
    connection.executemany("INSERT INTO parts VALUES (?, ?)", index.to_parts().items())
    set_marks(
        connection,
        [("version", index.version), ("format", str(FORMAT)), ("lexicon", lexicon.model_dump_json())],
    )


@contextmanager
def errors(path: Path) -> Generator[None]:
    """What SQLite and the system say, as an error of ours."""
    try:
        yield
    except sqlite3.OperationalError as error:
        code: int = getattr(error, "sqlite_errorcode", 0)
        if code & 0xFF == sqlite3.SQLITE_BUSY:  # the extended codes have the code in their low byte
            raise Conflict(
                f"another import into {path} is under way: try again when it is finished"
            ) from error
        raise StorageError(f"{path} cannot be used ({error}): see BATUTA_DATA") from error
    except (sqlite3.DatabaseError, OSError) as error:
        raise StorageError(f"{path} cannot be used ({error}): see BATUTA_DATA") from error
