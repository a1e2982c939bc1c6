"""The composer over HTTP."""

from __future__ import annotations

import httpx2
import pytest
from composer_products import product

from batuta.services.composer.app import composer_app

PRODUCTS = [product("dear", 300).model_dump(), product("cheap", 100).model_dump()]


@pytest.fixture(scope="module")
def app():
    return composer_app()


@pytest.fixture
async def client(app):
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://composer") as client:
        yield client


@pytest.mark.anyio
@pytest.mark.parametrize("prefix", ["", "/api/v1"])
async def test_every_path_is_there_twice(client, prefix):
    """With and without the prefix, as the contract has it."""
    body = {"products": PRODUCTS, "requirement_spec": {"price": {"max": 200}}}
    ranked = await client.post(f"{prefix}/rank", json=body)
    composed = await client.post(f"{prefix}/compose", json={**body, "total": 2})
    health = await client.get(f"{prefix}/health")
    assert [one["product"]["id"] for one in ranked.json()["products"]] == ["cheap", "dear"]
    assert ranked.json()["products"][1]["misses"] == ["$300, over your $200"]
    assert composed.json()["cards"][0]["price_text"] == "$300"
    assert health.json()["status"] == "ok"


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("path", "body", "said"),
    [
        (
            "/rank",
            {
                "products": [],
                "criteria": dict.fromkeys(("price_weight", "rating_weight", "relevance_weight"), 0),
            },
            "all weights are 0",
        ),
        ("/rank", {"products": [PRODUCTS[0]] * 201}, "200"),
        (
            "/rank",
            {"products": [], "requirement_spec": {"price": {"min": 9, "max": 1}}},
            "min 9 is greater than max 1",
        ),
        ("/compose", {"products": [], "total": -1}, "total"),
        ("/compose", {}, "products"),
    ],
)
async def test_what_cannot_be_used_is_a_problem(client, path, body, said):
    """The message says what is wrong, and where."""
    refused = await client.post(path, json=body)
    assert refused.status_code == 422
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["code"] == "invalid_request"
    assert said in refused.json()["detail"]
