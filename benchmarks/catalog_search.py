"""Search over the judged catalogue: how good its ten best are, and what a search costs on one core.

`python -m benchmarks.catalog_search FOLDER`; the folder has `products.jsonl.gz` and `judgements_dev.csv`.
The weights of `fusion.py` were chosen on these judgements; the figure in five parts chooses them for each
part on the other four.
"""

from __future__ import annotations

import asyncio
import csv
import itertools
import math
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from batuta.services.catalog import fusion
from batuta.services.catalog.catalog import Catalog
from batuta.services.catalog.embedding import Embedder, Vectors
from batuta.services.catalog.importing import read_products
from batuta.services.catalog.models import CatalogSearch, Pagination, SearchFilters
from batuta.services.products import Product
from benchmarks.figures import Figure

LARGE = 105_000
PAGE = Pagination(size=10)
SHOPPERS = (
    "black usb cable 2 m",
    "hp toner cartridge black",
    "samsung monitor 24 inch full hd black",
    "red toaster",
    "wireless mouse for laptop",
    "cargador de batería",
    "something to brew coffee",
    "15 inch notebook case leather",
)
"""Queries as long as shoppers' are; the judged ones have one or two words."""
WEIGHTS = tuple(itertools.product((0.4, 0.5, 0.65, 0.75), (0.3, 0.5, 0.8), (0.0, 0.25, 0.5, 0.75)))
"""Of `MEANING`, `ALL_WORDS` and `FEEDBACK`, from which each fifth's are chosen."""
Judgements = dict[str, dict[str, int]]


class Remembering(Embedder):
    """Equal texts are embedded once: the large catalogue is the small one several times."""

    def __init__(self) -> None:
        super().__init__()
        self._seen: dict[str, Vectors] = {}

    def encode(self, texts: Sequence[str]) -> Vectors:
        new = [text for text in dict.fromkeys(texts) if text not in self._seen]
        self._seen.update(zip(new, super().encode(new), strict=True))
        return np.stack([self._seen[text] for text in texts]) if texts else super().encode(texts)


def judged(folder: Path) -> Judgements:
    """By query, the rating of each judged product; queries without a relevant one say nothing."""
    found: Judgements = defaultdict(dict)
    with (folder / "judgements_dev.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            found[row["query"]][row["docid"]] = int(row["rating"])
    return {query: ratings for query, ratings in found.items() if any(ratings.values())}


def ndcg(ids: Sequence[str], ratings: dict[str, int], depth: int = 10) -> float:
    """Normalised discounted cumulative gain (Järvelin, Kekäläinen 2002); what nobody judged is irrelevant."""

    def gain(several: Sequence[int]) -> float:
        return sum(rating / math.log2(place + 2) for place, rating in enumerate(several[:depth]))

    return gain([ratings.get(product_id, 0) for product_id in ids]) / gain(
        sorted(ratings.values(), reverse=True)
    )


def products_of(folder: Path) -> list[Product]:
    found = [*read_products(folder / "products.jsonl.gz", platform="icecat")]
    return [product for product in found if isinstance(product, Product)]


def many(products: Sequence[Product]) -> Iterator[Product]:
    """The products over and over, each time under other ids."""
    for number in range(LARGE):
        turn, place = divmod(number, len(products))
        yield products[place].model_copy(update={"id": f"{products[place].id}-{turn}"})


async def quality(catalog: Catalog, judgements: Judgements) -> dict[str, float]:
    """nDCG@10 of each query, as the service answers it."""
    found: dict[str, float] = {}
    for query, ratings in judgements.items():
        results = await catalog.search(CatalogSearch(query=query, pagination=PAGE, facets=False))
        found[query] = ndcg([product.id for product in results.products], ratings)
    return found


async def weighted(catalog: Catalog, judgements: Judgements, **weights: float) -> dict[str, float]:
    """The same with other weights."""
    usual = {name: getattr(fusion, name) for name in weights}
    try:
        for name, value in weights.items():
            setattr(fusion, name, value)
        return await quality(catalog, judgements)
    finally:
        for name, value in usual.items():
            setattr(fusion, name, value)


async def in_five_parts(catalog: Catalog, judgements: Judgements) -> float:
    """Each fifth of the queries with the weights that are best for the other four."""
    tried = [
        await weighted(catalog, judgements, MEANING=meaning, ALL_WORDS=words, FEEDBACK=feedback)
        for meaning, words, feedback in WEIGHTS
    ]
    queries = sorted(judgements, key=lambda query: (hash_of(query), query))
    found: list[float] = []
    for part in range(5):
        held = set(queries[part::5])
        best = max(tried, key=lambda each: sum(each[query] for query in queries if query not in held))
        found += [best[query] for query in held]
    return statistics.mean(found)


def hash_of(text: str) -> int:
    """An order that is nobody's."""
    return int.from_bytes(text.encode()[::-1], "big") % 1_000_003


async def timed(
    catalog: Catalog, queries: Sequence[str], made: Callable[[str], CatalogSearch]
) -> list[float]:
    """Milliseconds of each search, the query's embedding included."""
    for query in queries[:3]:
        await catalog.search(made(f"warm {query}"))
    took: list[float] = []
    for query in queries:
        begun = time.perf_counter()
        await catalog.search(made(query))
        took.append((time.perf_counter() - begun) * 1000)
    return took


def show_times(what: str, took: Sequence[float], limit: float | None = None) -> None:
    middle, late = statistics.median(took), float(np.percentile(took, 95))
    if limit is not None:
        Figure(f"{what}, p50 (p95 {late:.1f} ms), one core", middle, "ms", limit).show()
    else:
        print(f"  {what}: p50 {middle:.1f} ms, p95 {late:.1f} ms")


def memory() -> float:
    """Megabytes at most so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


async def judge(data: Path, folder: Path) -> None:
    """Quality, and times over the catalogue as it is."""
    judgements, products = judged(data), products_of(data)
    catalog = await Catalog.opened(folder / "judged")
    begun = time.perf_counter()
    await catalog.load(products)
    print(f"  loading {len(products):,} products: {time.perf_counter() - begun:.0f} s")
    whole = statistics.mean((await quality(catalog, judgements)).values())
    what = f"nDCG@10, hybrid, {len(judgements)} judged queries"
    Figure(what, whole, "", 0.77, "at least", ordinary=".738 with FTS5 alone").show()
    parts = await in_five_parts(catalog, judgements)
    Figure("nDCG@10, weights chosen on other queries (5 parts)", parts, "", 0.77, "at least").show()
    for name, weights in (
        ("words alone", {"MEANING": 0.0}),
        (
            "meaning alone",
            {"MEANING": 1.0, "ENOUGH": 10**9, "NEAR_AT_ALL": -1.0, "AS_NEAR": -9.0, "FEEDBACK": 0.0},
        ),
        ("without feedback", {"FEEDBACK": 0.0}),
    ):
        alone = statistics.mean((await weighted(catalog, judgements, **weights)).values())
        print(f"  {name}: {alone:.3f}")
    await times(catalog, list(judgements), len(products))
    await catalog.aclose()


async def times(catalog: Catalog, queries: list[str], size: int, limit: float | None = None) -> None:
    """What searches of several kinds cost."""
    filters = SearchFilters(price_max=100, attributes={"product_colour": "black"})
    show_times(
        f"hybrid search over {size:,}, judged queries",
        await timed(catalog, queries, lambda query: CatalogSearch(query=query)),
        limit,
    )
    show_times("longer queries", await timed(catalog, SHOPPERS, lambda query: CatalogSearch(query=query)))
    show_times(
        "with filters",
        await timed(catalog, queries, lambda query: CatalogSearch(query=f"{query} it", filters=filters)),
    )
    show_times(
        "the second page, known query",
        await timed(
            catalog, queries, lambda query: CatalogSearch(query=query, pagination=Pagination(page=2))
        ),
    )
    show_times(
        "everything, cheapest first",
        await timed(catalog, queries[:10], lambda _: CatalogSearch(sort_by="price_asc")),
    )


async def large(data: Path, folder: Path) -> None:
    """Times over 105,000 products."""
    products = products_of(data)
    catalog = await Catalog.opened(folder / "large", embedder=Remembering())
    begun = time.perf_counter()
    await catalog.load(many(products))
    took = time.perf_counter() - begun
    await catalog.aclose()
    print(f"  loading {LARGE:,} products, of which {len(products):,} are embedded: {took:.0f} s")


async def serve_large(data: Path, folder: Path) -> None:
    """In a process of its own: opening what was loaded, and searching it."""
    empty = memory()
    begun = time.perf_counter()
    catalog = await Catalog.opened(folder / "large")
    took = time.perf_counter() - begun
    await times(catalog, list(judged(data)), LARGE, 10.0)
    print(
        f"  opening {took:.1f} s; {memory() - empty:.0f} MB beyond Python's own, the encoder's 150 included"
    )
    await catalog.aclose()


PARTS = {"judge": judge, "large": large, "serve_large": serve_large}


def main(data: Path) -> int:
    if not (data / "products.jsonl.gz").exists() or not (data / "judgements_dev.csv").exists():
        print(f"{data} has no products.jsonl.gz and judgements_dev.csv: give the folder that has them")
        return 0
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    with tempfile.TemporaryDirectory(prefix="batuta-bench-") as folder:
        for part in PARTS:
            command = [sys.executable, "-m", "benchmarks.catalog_search", str(data), part, folder]
            subprocess.run(command, check=True, env=environment)
    return 0


def only_part(data: Path, part: str, folder: Path) -> None:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    asyncio.run(PARTS[part](data, folder))


if __name__ == "__main__":
    if sys.argv[2:]:
        only_part(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
    else:
        sys.exit(main(Path(sys.argv[1] if sys.argv[1:] else "data")))
