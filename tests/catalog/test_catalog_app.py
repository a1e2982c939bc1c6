"""The catalogue over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
from shop_goods import catalogue, goods, without_demo

from batuta.services.catalog.app import catalog_app
from batuta.services.catalog.models import CatalogResults, Lexicon
from batuta.services.products import Product

pytestmark = pytest.mark.anyio


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of the service; it answers without a network."""
    without_demo(tmp_path, [*goods(), Product(id="a/b c", title="Slash")])
    async with catalogue(tmp_path) as catalog:
        transport = httpx2.ASGITransport(app=catalog_app(catalog))
        async with httpx2.AsyncClient(transport=transport, base_url="http://shop") as client:
            yield client


@pytest.mark.parametrize("prefix", ["", "/api/v1"])
async def test_every_path_is_there_twice(shop: httpx2.AsyncClient, prefix: str) -> None:
    """With and without `/api/v1`."""
    body = {"query": "red toaster", "filters": {"price_max": 30}, "pagination": {"page": 1, "size": 5}}
    found = CatalogResults.model_validate((await shop.post(f"{prefix}/search", json=body)).json())
    assert found.products[0].id == "toaster-0"
    assert found.facets["brand"].known == pytest.approx(1)
    one = await shop.get(f"{prefix}/products/toaster-0")
    assert Product.model_validate(one.json()) == goods()[0]
    several = await shop.post(f"{prefix}/products/batch", json={"ids": ["toaster-1", "none", "toaster-0"]})
    assert [product["id"] for product in several.json()["products"]] == ["toaster-1", "toaster-0"]
    health = (await shop.get(f"{prefix}/health")).json()
    assert (health["status"], health["products"]) == ("ok", 31)
    assert (await shop.get(f"{prefix}/lexicon")).status_code == 200


async def test_an_id_may_have_any_characters(shop: httpx2.AsyncClient) -> None:
    """A slash, too."""
    assert (await shop.get("/products/a/b%20c")).json()["title"] == "Slash"


async def test_the_lexicon_need_not_be_sent_again(shop: httpx2.AsyncClient) -> None:
    """Whoever has this version is told so."""
    first = await shop.get("/lexicon")
    lexicon = Lexicon.model_validate(first.json())
    assert lexicon.types["toaster"] == 6
    assert first.headers["etag"] == f'"{lexicon.version}"'
    for tags in (first.headers["etag"], f'"other", W/{first.headers["etag"]}', "*"):
        again = await shop.get("/lexicon", headers={"If-None-Match": tags})
        assert (again.status_code, again.content) == (304, b"")
    assert (await shop.get("/lexicon", headers={"If-None-Match": '"other"'})).status_code == 200


@pytest.mark.parametrize(
    ("path", "body", "status", "told"),
    [
        ("/search", {"sort_by": "cheapest"}, 422, "sort_by"),
        ("/search", {"query": "x" * 12_001}, 422, "query"),
        ("/search", {"pagination": {"size": 101}}, 422, "size"),
        ("/search", {"pagination": {"page": 0}}, 422, "page"),
        ("/search", {"filters": {"colour": "red"}}, 422, "colour"),
        ("/search", {"filters": {"attributes": {"size_eu": {"min": 5, "max": 3}}}}, 422, "swap them"),
        ("/search", {"filters": {"platforms": ["amazon"]}}, 422, "atrium, bazaar"),
        ("/products/batch", {"ids": ["x"] * 101}, 422, "ids"),
    ],
)
async def test_what_cannot_be_used_is_a_problem(
    shop: httpx2.AsyncClient, path: str, body: dict[str, object], status: int, told: str
) -> None:
    """It says which value, and why."""
    answer = await shop.post(path, json=body)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert told in answer.json()["detail"]


async def test_a_product_that_is_not_there_is_a_problem(shop: httpx2.AsyncClient) -> None:
    """404, with its id."""
    answer = await shop.get("/products/nobody")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert "'nobody'" in answer.json()["detail"]
