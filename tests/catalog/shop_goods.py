"""A small shop of thirty products, and its catalogue opened for tests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from batuta.services.catalog import loading
from batuta.services.catalog.catalog import Catalog
from batuta.services.catalog.embedding import Embedder, Vectors
from batuta.services.catalog.models import CatalogResults, CatalogSearch
from batuta.services.products import Product


class CountingEmbedder(Embedder):
    """Counts the texts it is given."""

    def __init__(self) -> None:
        super().__init__()
        self.texts = 0

    def encode(self, texts: Sequence[str]) -> Vectors:
        self.texts += len(texts)
        return super().encode(texts)


EMBEDDER = CountingEmbedder()
"""One for all tests of a process: it takes a second to load."""

_KINDS = (
    ("toaster", "Two slots, browns {colour} bread evenly", ("Hestia", "Brasa"), 20.0),
    ("coffee maker", "Drip coffee machine for twelve cups", ("Brasa", "Moka"), 35.0),
    ("headphones", "Wireless over-ear headphones with noise cancelling", ("Sonora", "Léger"), 60.0),
    ("running shoe", "Light shoes for running on the road", ("Pronto", "Léger"), 70.0),
    ("laptop backpack", "Backpack for a laptop, with rain cover", ("Mochila", "Pronto"), 30.0),
)
_COLOURS = ("Red", "Black", "Blue, White")


def goods() -> list[Product]:
    """Of each kind six: two brands in three colours, dearer from one to the next."""
    found: list[Product] = []
    for kind, description, brands, price in _KINDS:
        for place in range(6):
            colour = _COLOURS[place % 3]
            attributes: dict[str, bool | float | str] = {"colour": colour, "weight_kg": 0.5 + place / 8}
            if kind == "running shoe":
                attributes["size_eu"] = 38.0 + place
            if (kind, place) == ("toaster", 1):
                attributes["defrost"] = True
            found.append(
                Product(
                    id=f"{kind.split()[0]}-{place}",
                    title=f"{brands[place % 2]} {colour.split(',')[0].lower()} {kind} {place + 1}00",
                    description=description.format(colour="all"),
                    brand=brands[place % 2],
                    category=kind,
                    price=None if place == 4 else price + 10 * place,
                    rating=None if place == 3 else 3.0 + place / 4,
                    reviews=None if place == 2 else 10 * place,
                    condition="refurbished" if place == 5 else "new",
                    in_stock=None if place == 0 else place % 2 == 0,
                    platform="atrium" if place < 3 else "bazaar",
                    released=None if place == 1 else f"202{place}-01-15",
                    attributes=attributes,
                )
            )
    return found


@asynccontextmanager
async def catalogue(folder: Path) -> AsyncIterator[Catalog]:
    """The catalogue of a folder, closed at the end."""
    catalog = await Catalog.opened(folder, embedder=EMBEDDER)
    try:
        yield catalog
    finally:
        await catalog.aclose()


def without_demo(folder: Path, products: Iterable[Product]) -> None:
    """A folder that has these products; there never was a demo in it, which would take a second."""
    file = loading.CatalogFile(folder)
    file.open()
    stems = loading.Stems()
    loading.Loader(file, EMBEDDER, stems).load(products, lambda: True)
    stems.close()
    file.close()


@contextmanager
def open_shop(folder: Path, products: Iterable[Product] | None = None) -> Iterator[Catalog]:
    """The catalogue of the thirty products, or of others, for searches in any event loop."""
    without_demo(folder, goods() if products is None else products)
    catalog = asyncio.run(Catalog.opened(folder, embedder=EMBEDDER))
    yield catalog
    asyncio.run(catalog.aclose())


def asked(catalog: Catalog, query: str = "", **others: Any) -> CatalogResults:
    """The answer to a search, in an event loop of its own."""
    return asyncio.run(catalog.search(CatalogSearch.model_validate({"query": query, **others})))


def ids(results: CatalogResults) -> list[str]:
    """Of the page."""
    return [product.id for product in results.products]
