"""The catalogue: products that are searched for by words, meaning and facts, in one folder.

Several processes may use a folder. Whoever imports makes the index; all others see by the version in the file
that there is a new one, and answer from the old one until they have read it.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeVar

import numpy as np
import structlog

from batuta.errors import BatutaError, NotFound, StorageError
from batuta.services.catalog import preferring
from batuta.services.catalog.embedding import Embedder
from batuta.services.catalog.facets import facets_of, flatness
from batuta.services.catalog.filters import passing
from batuta.services.catalog.fusion import Found, everything, fitting
from batuta.services.catalog.index import Index
from batuta.services.catalog.loading import Loaded, Loader
from batuta.services.catalog.models import CatalogResults, CatalogSearch, Lexicon
from batuta.services.catalog.ordering import best
from batuta.services.catalog.store import CatalogFile, View
from batuta.services.catalog.terms import Stems, asked_words
from batuta.services.products import Product

T = TypeVar("T")

SEARCHES_AT_ONCE: Final = 2
_AGAIN_SECONDS: Final = 5.0
"""After a new version could not be read."""

log = structlog.get_logger()


@dataclass(slots=True)
class _Version:
    """One version of the catalogue, and how many are reading it."""

    view: View
    index: Index
    readers: int = 0
    lexicon: Lexicon | None = field(default=None)


class Catalog:
    """The products of one folder; many may ask at a time."""

    def __init__(self, folder: Path, embedder: Embedder | None = None) -> None:
        """Use `opened`."""
        self._file = CatalogFile(folder)
        self._embedder, self._stems = embedder or Embedder(), Stems()
        self._loader = Loader(self._file, self._embedder, self._stems)
        self._searchers = ThreadPoolExecutor(SEARCHES_AT_ONCE, thread_name_prefix="catalog")
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="catalog-writer")
        """Imports, and reads a new version."""
        self._lock = threading.Lock()
        self._version: _Version | None = None
        self._renewal: Future[None] | None = None
        self._not_before = 0.0
        self._closing = threading.Event()

    @classmethod
    async def opened(cls, folder: Path, *, embedder: Embedder | None = None) -> Catalog:
        """The catalogue in the folder; our demo products are loaded where there are none.

        Catalogues may share an `embedder`. Raises `StorageError`.
        """
        catalog = cls(folder, embedder)
        try:
            await _done(catalog._writer, catalog._open)
        except BaseException:
            await catalog.aclose()
            raise
        return catalog

    async def search(self, asked: CatalogSearch) -> CatalogResults:
        """What was asked for: a page, how many there are, what they differ by.

        Raises `InvalidRequest` for a platform that is not there.
        """
        return await _done(self._searchers, lambda: self._search(asked))

    async def product(self, product_id: str) -> Product:
        """The product; raises `NotFound`."""
        found = await self.products([product_id])
        if not found:
            raise NotFound(f"there is no product {product_id!r} in the catalogue")
        return found[0]

    async def products(self, ids: Sequence[str]) -> list[Product]:
        """Those of the products that there are, in that order."""
        return await _done(self._searchers, lambda: self._products(ids))

    async def lexicon(self) -> Lexicon:
        """The words of the catalogue."""
        return await _done(self._searchers, self._lexicon)

    async def size(self) -> int:
        """How many products there are; raises `StorageError` where the file cannot be read."""
        return await _done(self._searchers, self._size)

    async def load(
        self,
        products: Iterable[Product],
        *,
        replace: bool = False,
        on_progress: Callable[[int], None] | None = None,
    ) -> Loaded:
        """Add the products, or put them in the place of those with their ids.

        With `replace` all others are removed; the demo goes with the first import in any case. It is all or
        nothing, and until it is done everybody finds what was there before. `on_progress` is told in this
        loop how many are in. Raises `InvalidRequest` where there are none, `Conflict` while another process
        imports.
        """
        loop = asyncio.get_running_loop()

        def told(count: int) -> None:
            if on_progress is not None:
                loop.call_soon_threadsafe(on_progress, count)

        given_up = threading.Event()

        def wanted() -> bool:
            return not given_up.is_set() and not self._closing.is_set()

        def work() -> Loaded:
            loaded = self._loader.load(products, wanted, replace=replace, told=told)
            self._renew()
            return loaded

        try:
            return await _done(self._writer, work)
        except asyncio.CancelledError:
            given_up.set()
            raise

    async def renewed(self) -> None:
        """Wait until the version that is in the file now is the one that answers."""
        await _done(self._writer, self._renew)

    async def aclose(self) -> None:
        """Stop what is under way and let go of the file."""
        self._closing.set()
        await asyncio.to_thread(self._close)

    def _open(self) -> None:
        self._embedder.prepare()
        self._file.open()
        self._loader.prepare(lambda: not self._closing.is_set())
        self._renew()

    def _close(self) -> None:
        for executor in (self._searchers, self._writer):
            executor.shutdown(wait=True, cancel_futures=True)
        if self._version is not None:
            self._version.view.close()
        self._file.close()
        self._stems.close()

    def _search(self, asked: CatalogSearch) -> CatalogResults:
        page, size = asked.pagination.page, asked.pagination.size
        with self._reading() as version:
            index = version.index.priced_in(asked.filters.currency)
            believed = preferring.believed(index, self._found(index, asked), asked.prefer)
            found, beliefs = believed.found, believed.beliefs
            places = best(index, found, asked.sort_by, page * size)[(page - 1) * size :]
            numbers: list[int] = index.numbers[found.rows[places]].tolist()
            scores: list[float] = found.scores[places].tolist()
            products = version.view.numbered(numbers)
            prices = index.facts.price[found.rows]
            known = prices[~np.isnan(prices)]
            return CatalogResults(
                products=[
                    products[number].model_copy(update={"score": round(score, 6)})
                    for number, score in zip(numbers, scores, strict=True)
                    if number in products
                ],
                total=len(found.rows),
                page=page,
                size=size,
                facets=facets_of(index, found.rows, beliefs) if asked.facets else {},
                flatness=flatness(beliefs),
                cheapest=float(known.min()) if len(known) else None,
            )

    def _found(self, index: Index, asked: CatalogSearch) -> Found:
        mask = passing(index, asked.filters, self._stems)
        if not asked.query.strip():
            return everything(index, mask)
        words = asked_words(asked.query)
        stems = self._stems.of(words)
        terms = list(dict.fromkeys(term for word in words for term in stems[word]))
        return fitting(index, terms, self._embedder.query(asked.query), mask)

    def _products(self, ids: Sequence[str]) -> list[Product]:
        with self._reading() as version:
            return version.view.named(ids)

    def _lexicon(self) -> Lexicon:
        with self._reading() as version:
            if version.lexicon is None:
                version.lexicon = version.view.lexicon()
            return version.lexicon

    def _size(self) -> int:
        with self._reading() as version:
            return version.index.size

    @contextmanager
    def _reading(self) -> Generator[_Version]:
        """The version that answers; one that is new in the file is read meanwhile, beside."""
        newest = self._file.mark("version")
        with self._lock:
            version = self._version
            if version is None:
                raise StorageError("the catalogue is not open")
            version.readers += 1
            idle = self._renewal is None or self._renewal.done()
            if newest != version.index.version and idle and time.monotonic() >= self._not_before:
                self._renewal = self._writer.submit(self._renew_or_tell)
        try:
            yield version
        finally:
            with self._lock:
                version.readers -= 1
                forgotten = version is not self._version and not version.readers
            if forgotten:
                version.view.close()

    def _renew(self) -> None:
        """Read the version in the file, unless it is the one that answers."""
        view = self._file.view()
        old = self._version
        if old is not None and old.index.version == view.version:
            view.close()
            return
        try:
            new = _Version(view, view.index())
        except BaseException:
            view.close()
            raise
        with self._lock:
            self._version = new
            forgotten = old is not None and not old.readers
        if old is not None and forgotten:
            old.view.close()
        self._file.tidy()
        view.renew()

    def _renew_or_tell(self) -> None:
        try:
            self._renew()
        except BatutaError as error:
            self._not_before = time.monotonic() + _AGAIN_SECONDS
            log.warning("the new version of the catalogue cannot be read", error=str(error))


async def _done(executor: ThreadPoolExecutor, work: Callable[[], T]) -> T:
    try:
        doing = asyncio.get_running_loop().run_in_executor(executor, work)
    except RuntimeError as error:  # what a thread pool says that was shut down
        raise StorageError("the catalogue has been closed: open it again") from error
    return await doing
