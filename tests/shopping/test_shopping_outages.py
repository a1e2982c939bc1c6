"""Services on other machines, and what becomes of a turn when one of them is down, slow or mad."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from shopping_stage import ShopServer, shop_server
from starlette.types import ASGIApp, Receive, Scope, Send

from batuta.clients.breaker import DEFAULT_BREAKER, Breaker
from batuta.services.catalog.app import catalog_app
from batuta.services.catalog.catalog import Catalog
from batuta.services.composer.app import composer_app
from batuta.shopping import services
from batuta.testing.servers import serving

pytestmark = pytest.mark.anyio


class Switched:
    """A service that does what its mode says: `up`, a status, `hangs`, or answers with these very bytes."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.mode: str | bytes = "up"
        self.asked: list[str] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or self.mode == "up":
            await self.app(scope, receive, send)
            return
        self.asked.append(scope["path"])
        if self.mode == "hangs":
            while (await receive())["type"] != "http.disconnect":
                pass
            return
        status, body = (200, self.mode) if isinstance(self.mode, bytes) else (int(self.mode), b"broken")
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


class Stage:
    """Shopping with its services elsewhere."""

    def __init__(self, shop: ShopServer, catalog: Switched, composer: Switched) -> None:
        self.shop = shop
        self.catalog = catalog
        self.composer = composer


@pytest.fixture(scope="module")
async def standing(tmp_path_factory: pytest.TempPathFactory, anyio_backend: str) -> AsyncGenerator[Stage]:
    """The catalogue and the composer each behind an address; the media service where nobody listens."""
    del anyio_backend
    folder: Path = tmp_path_factory.mktemp("far")
    own = await Catalog.opened(folder / "catalog")
    catalog, composer = Switched(catalog_app(own)), Switched(composer_app())
    try:
        async with (
            serving(catalog) as catalog_url,
            serving(composer) as composer_url,
            shop_server(
                folder / "data",
                catalog_service_url=catalog_url,
                response_composer_url=composer_url,
                media_service_url="http://127.0.0.1:9",
            ) as shop,
        ):
            yield Stage(shop, catalog, composer)
    finally:
        await own.aclose()


@pytest.fixture
def stage(standing: Stage, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """All services up, and nothing remembered of how they were; patience for a second."""
    for client in standing.shop.app.state.shopping._services.values():
        client._breaker = Breaker(client.name, DEFAULT_BREAKER, client.clock)
    standing.catalog.mode = standing.composer.mode = "up"
    standing.catalog.asked.clear()
    monkeypatch.setattr(services, "CATALOG_SECONDS", 1.0)
    monkeypatch.setattr(services, "COMPOSER_SECONDS", 1.0)
    return standing


async def test_services_elsewhere_do_what_ours_do(stage: Stage, session_id: str) -> None:
    """The same contract."""
    outcome = await stage.shop.say("running shoes under 150", session_id)
    assert outcome["products"]
    assert not [notice for notice in outcome["notices"] if notice["code"] == "degraded"]


@pytest.mark.parametrize(
    ("mode", "status"),
    [("500", 503), ("503", 503), ("hangs", 504), (b"{}", 503), (b"<html>", 503), (b'{"products": 1}', 503)],
)
async def test_a_catalogue_that_fails_is_an_error_that_says_so(
    stage: Stage, session_id: str, mode: str | bytes, status: int
) -> None:
    """Never "no products"; and what was said before is still known."""
    await stage.shop.say("running shoes", session_id)
    stage.catalog.mode = mode
    answer = await stage.shop.try_to_say("under 150", session_id, request_id="r1")
    assert answer.status_code == status, answer.text
    assert "catalog" in answer.json()["detail"]
    assert (await stage.shop.session(session_id))["state"] == "FAILED"
    stage.catalog.mode = "up"
    for _ in range(100):  # its breaker may be open for a moment
        answer = await stage.shop.try_to_say("under 150", session_id, request_id="r1")
        if answer.status_code == 200:
            break
        await asyncio.sleep(0.1)
    spec = answer.json()["requirement_spec"]
    assert (spec["product_type"], spec["price"]["max"]) == ("running shoe", 150)
    assert (await stage.shop.session(session_id))["turns"] == 2


@pytest.mark.parametrize("mode", ["500", "hangs", b"{}", b'{"products": []}'])
async def test_a_composer_that_fails_leaves_a_marked_answer(
    stage: Stage, session_id: str, mode: str | bytes
) -> None:
    """The products are there, simply ordered, and it is said."""
    stage.composer.mode = mode
    outcome = await stage.shop.say("running shoes under 150", session_id)
    assert outcome["products"]
    assert all(card["price"] <= 150 for card in outcome["products"])
    assert [notice["code"] for notice in outcome["notices"]].count("degraded") == 1


async def test_media_that_cannot_be_read_leave_a_marked_answer(stage: Stage, session_id: str) -> None:
    """What was said beside them is answered."""
    media = [{"type": "image", "data": base64.b64encode(b"picture").decode()}]
    outcome = await stage.shop.say("running shoes like these", session_id, media=media)
    assert outcome["products"]
    assert "degraded" in {notice["code"] for notice in outcome["notices"]}
    alone = await stage.shop.say("", session_id + "-2", media=media)
    assert alone["state"] == "CLARIFICATION"
    assert "degraded" in {notice["code"] for notice in alone["notices"]}


async def test_a_failure_that_passes_is_tried_again(stage: Stage, session_id: str) -> None:
    """Retries fire: nobody turns the error into something else on the way."""
    stage.catalog.mode = "503"
    await stage.shop.try_to_say("running shoes", session_id)
    assert stage.catalog.asked.count("/search") >= 2


async def test_health_says_what_does_not_answer(stage: Stage) -> None:
    """Degraded without media; unavailable without the catalogue."""
    answer = await stage.shop.api.get("/health")
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
    assert answer.json()["parts"]["media"] != "ok"
