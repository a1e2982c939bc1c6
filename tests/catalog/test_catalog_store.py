"""What an import leaves behind: all of it or nothing, whoever is killed, and who else is at work."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from shop_goods import EMBEDDER, catalogue, goods, ids, without_demo

from batuta.errors import Cancelled, Conflict, InvalidRequest, NotFound, StorageError
from batuta.services.catalog import loading, store
from batuta.services.catalog.catalog import Catalog
from batuta.services.catalog.models import CatalogSearch
from batuta.services.products import Product
from batuta.storage import own_file

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("nothing_left_running")]

KETTLE = Product(id="kettle", title="Hestia kettle", category="kettle", price=25)
FEW = [Product(id=f"demo-{number}", title=f"Demo gadget {number}", platform="demo") for number in range(3)]
KILLED = """
import asyncio, os, signal, sys
from pathlib import Path
from batuta.services.catalog.catalog import Catalog
from batuta.services.products import Product
def products():
    for number in range(600):
        yield Product(id=f"new-{number}", title=f"Anvil {number}")
    os.kill(os.getpid(), signal.SIGKILL)
async def main():
    await (await Catalog.opened(Path(sys.argv[1]))).load(products(), replace=True)
asyncio.run(main())
"""


@pytest.fixture(autouse=True)
def _small_demo(monkeypatch: pytest.MonkeyPatch) -> None:
    """A demo of three products, since embedding ours takes half a second."""
    monkeypatch.setattr(loading, "demo_products", lambda: FEW)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the shop of thirty products."""
    without_demo(tmp_path, goods())
    return tmp_path


async def everything(catalog: Catalog) -> set[str]:
    return set(ids(await catalog.search(CatalogSearch.model_validate({"pagination": {"size": 100}}))))


def set_mark(folder: Path, name: str, value: str) -> None:
    connection = sqlite3.connect(folder / store.NAME)
    connection.execute("UPDATE marks SET value = ? WHERE name = ?", (value, name))
    connection.commit()
    connection.close()


async def test_an_empty_folder_has_the_demo_until_something_is_imported(tmp_path: Path) -> None:
    """The first import takes the demo's place, the next ones add."""
    async with catalogue(tmp_path) as catalog:
        assert await everything(catalog) == {"demo-0", "demo-1", "demo-2"}
        assert await catalog.load([KETTLE]) == loading.Loaded(1, 0, 3, 1)
        assert await catalog.load(goods()[:2]) == loading.Loaded(2, 0, 0, 3)
        assert await everything(catalog) == {"kettle", "toaster-0", "toaster-1"}
    async with catalogue(tmp_path) as catalog:
        assert await catalog.size() == 3


async def test_an_import_adds_changes_and_leaves_alone_by_id(folder: Path) -> None:
    """What is the same is not counted as changed; with `replace` all others go."""
    first, second, *_ = goods()
    dearer = first.model_copy(update={"price": 99.0})
    async with catalogue(folder) as catalog:
        assert await catalog.load([dearer, second, KETTLE, KETTLE]) == loading.Loaded(1, 1, 0, 31)
        assert (await catalog.product(first.id)).price == 99
        assert await catalog.load([KETTLE], replace=True) == loading.Loaded(0, 0, 30, 1)
        with pytest.raises(NotFound, match="toaster-0"):
            await catalog.product("toaster-0")


async def test_what_did_not_change_is_not_embedded_again(folder: Path) -> None:
    """Another price is another product to SQLite, and the same text to the encoder."""
    async with catalogue(folder) as catalog:
        before, version = EMBEDDER.texts, (await catalog.lexicon()).version
        await catalog.load(goods())
        assert (EMBEDDER.texts, (await catalog.lexicon()).version) == (before, version)
        await catalog.load([goods()[0].model_copy(update={"price": 1.0})])
        types = 5
        assert EMBEDDER.texts == before + types
        assert (await catalog.lexicon()).version != version


async def test_products_are_given_as_they_were_imported(folder: Path) -> None:
    """Those there are, in the order asked for."""
    async with catalogue(folder) as catalog:
        wanted = [goods()[7], goods()[1]]
        assert await catalog.products([wanted[0].id, "nobody", wanted[1].id]) == wanted


async def test_a_type_is_found_for_a_product_without_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is given, found by, and counted, until the product names one itself."""
    mined = lambda products: [f"third word {product.title.split()[2]}" for product in products]  # noqa: E731
    monkeypatch.setattr(loading, "product_types", mined)
    plain = [product.model_copy(update={"category": None}) for product in goods()]
    without_demo(tmp_path, plain)
    async with catalogue(tmp_path) as catalog:
        assert (await catalog.product("toaster-0")).category == "third word toaster"
        filters = {"filters": {"categories": ["third word toasters"]}}
        found = await catalog.search(CatalogSearch.model_validate(filters))
        assert found.total == (await catalog.lexicon()).types["third word toaster"] == 6
        await catalog.load(goods()[:1])
        assert (await catalog.product("toaster-0")).category == "toaster"


def faulty() -> Iterator[Product]:
    yield KETTLE
    raise InvalidRequest("line 2 cannot be read")


async def test_an_import_that_fails_changes_nothing(folder: Path) -> None:
    """Neither a fault on the way, nor an empty file, nor a text that is no Unicode."""
    broken = Product.model_construct(id="broken", title="half \ud800", attributes={})
    async with catalogue(folder) as catalog:
        before = await everything(catalog)
        for products, fault in ((faulty(), "line 2"), ([], "no products"), ([KETTLE, broken], "no Unicode")):
            with pytest.raises(InvalidRequest, match=fault):
                await catalog.load(products, replace=True)
        assert await everything(catalog) == before


async def test_numbers_that_cannot_be_kept_are_unknown(folder: Path) -> None:
    """JSON has no infinity."""
    odd = KETTLE.model_copy(update={"attributes": {"power_w": float("inf"), "colour": "red"}})
    async with catalogue(folder) as catalog:
        await catalog.load([odd])
        assert (await catalog.product("kettle")).attributes == {"colour": "red"}


async def test_searches_are_answered_from_the_old_products_during_an_import(folder: Path) -> None:
    """And another import is refused meanwhile."""
    begun, go_on = threading.Event(), threading.Event()
    progress: list[int] = []

    def slow() -> Iterator[Product]:
        for product in goods():
            yield product.model_copy(update={"id": f"new-{product.id}"})
        begun.set()
        assert go_on.wait(30)

    async with catalogue(folder) as catalog, catalogue(folder) as beside:
        importing = asyncio.create_task(catalog.load(slow(), replace=True, on_progress=progress.append))
        await asyncio.to_thread(begun.wait, 30)
        assert "toaster-0" in await everything(catalog)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(own_file, "BUSY_SECONDS", 0.05)
            with pytest.raises(Conflict, match="under way"):
                await beside.load([KETTLE])
        go_on.set()
        assert (await importing).removed == 30
        assert progress[-1] == 30
        assert all(name.startswith("new-") for name in await everything(catalog))


async def test_another_process_s_import_is_noticed_and_read_beside(folder: Path) -> None:
    """Whoever asks first is answered from the products that were; none of them is missing on its page."""
    async with catalogue(folder) as serving, catalogue(folder) as importing:
        before = await everything(serving)
        await importing.load([KETTLE], replace=True)
        assert await everything(serving) in (before, {"kettle"})
        await serving.renewed()
        assert await everything(serving) == {"kettle"}
        assert (await serving.lexicon()) == (await importing.lexicon())


async def test_a_new_version_that_cannot_be_read_leaves_the_old_one(folder: Path) -> None:
    """Until it can."""
    async with catalogue(folder) as catalog:
        before = await everything(catalog)
        connection = sqlite3.connect(folder / store.NAME)
        connection.execute("UPDATE parts SET body = x'00' WHERE name = 'idf'")
        connection.execute("UPDATE marks SET value = 'other' WHERE name = 'version'")
        connection.commit()
        connection.close()
        assert await everything(catalog) == before
        with pytest.raises(StorageError, match="import the products again"):
            await catalog.renewed()
        assert await everything(catalog) == before


async def test_an_import_that_nobody_waits_for_any_more_is_undone(folder: Path) -> None:
    """Cancelled, it stops at the next lot."""
    begun = threading.Event()

    def endless() -> Iterator[Product]:
        for number in range(10**9):
            yield KETTLE.model_copy(update={"id": str(number)})
            begun.set()

    async with catalogue(folder) as catalog:
        before = await everything(catalog)
        importing = asyncio.create_task(catalog.load(endless(), replace=True))
        await asyncio.to_thread(begun.wait, 30)
        importing.cancel()
        with pytest.raises((asyncio.CancelledError, Cancelled)):
            await importing
        await catalog.renewed()
        assert await everything(catalog) == before


async def test_the_log_does_not_grow_with_every_import(folder: Path) -> None:
    """While somebody serves, who needs the version before until he has read the next."""
    log = folder / f"{store.NAME}-wal"
    async with catalogue(folder) as catalog:
        sizes: list[int] = []
        for price in range(5):
            await catalog.load([KETTLE.model_copy(update={"price": float(price)})])
            await everything(catalog)
            sizes.append(log.stat().st_size)
        assert sizes[-1] <= sizes[1] * 1.2


async def test_killed_in_an_import_the_old_products_are_there(folder: Path) -> None:
    """By `kill -9` when two lots have been written."""
    command = [sys.executable, "-c", KILLED, str(folder)]
    killed = await asyncio.to_thread(subprocess.run, command, timeout=60, check=False)
    assert killed.returncode == -signal.SIGKILL
    async with catalogue(folder) as catalog:
        assert await everything(catalog) == {product.id for product in goods()}
        assert (await catalog.load([KETTLE])).total == 31


async def test_several_may_open_an_empty_folder_at_once(tmp_path: Path) -> None:
    """All have the demo, once."""
    together = await asyncio.gather(*(Catalog.opened(tmp_path, embedder=EMBEDDER) for _ in range(4)))
    assert [await catalog.size() for catalog in together] == [3] * 4
    assert len({(await catalog.lexicon()).version for catalog in together}) == 1
    for catalog in together:
        await catalog.aclose()


async def test_an_older_demo_is_renewed_and_a_user_s_products_are_not(tmp_path: Path) -> None:
    """Another Batuta brings another demo."""
    async with catalogue(tmp_path):
        pass
    set_mark(tmp_path, "origin", "demo:older")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loading, "demo_products", lambda: FEW[1:])
        async with catalogue(tmp_path) as catalog:
            assert await everything(catalog) == {"demo-1", "demo-2"}
            await catalog.load([KETTLE])
    async with catalogue(tmp_path) as catalog:
        assert await everything(catalog) == {"kettle"}


async def test_an_index_of_another_format_is_built_again(folder: Path) -> None:
    """From the products, which stay as they were."""
    set_mark(folder, "format", "0")
    before = EMBEDDER.texts
    async with catalogue(folder) as catalog:
        assert await catalog.products(["toaster-0"]) == [goods()[0]]
        types = 5
        assert EMBEDDER.texts == before + types
        assert (await catalog.search(CatalogSearch(query="toaster"))).total == 6


async def test_files_that_are_no_catalogue_of_ours_are_errors(tmp_path: Path) -> None:
    """One is no database, one is of a Batuta to come."""
    (tmp_path / "text").mkdir()
    (tmp_path / "text" / store.NAME).write_text("no database " * 100)
    with pytest.raises(StorageError, match="cannot be used"):
        await Catalog.opened(tmp_path / "text")
    newer = tmp_path / "newer"
    without_demo(newer, [KETTLE])
    connection = sqlite3.connect(newer / store.NAME)
    connection.execute("PRAGMA user_version=99")
    connection.close()
    with pytest.raises(StorageError, match="version 99"):
        await Catalog.opened(newer)


async def test_a_closed_catalogue_says_so(folder: Path) -> None:
    """Whoever asks it."""
    async with catalogue(folder) as catalog:
        pass
    with pytest.raises(StorageError, match="closed"):
        await catalog.search(CatalogSearch())
