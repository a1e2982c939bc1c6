"""What went wrong once, and is not to go wrong again."""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest
from aiodynamo.credentials import ChainCredentials, Key, StaticCredentials
from aiodynamo.http.types import HttpImplementation, Request, Response
from shopping_stage import ShopServer
from starlette.types import Message, Receive, Scope, Send

from batuta.clients import AppTransport, RetryPolicy, ServiceClient
from batuta.errors import (
    BatutaError,
    Forbidden,
    InvalidRequest,
    NotFound,
    ServiceUnavailable,
    Unauthorized,
    UnsupportedMedia,
)
from batuta.services.catalog.models import CatalogSearch
from batuta.services.composer.models import RankRequest
from batuta.sessions import dynamo_client
from batuta.shopping import uploads
from batuta.shopping.frames import frames
from batuta.shopping.media import Media
from batuta.shopping.models import Medium, TurnOutcome
from batuta.shopping.orchestrator import Tell
from batuta.shopping.services import Catalog, Composer

pytestmark = pytest.mark.anyio

PHOTO = (Medium(type="image", data="AAAA"),)
MIB = 1024 * 1024


class Service:
    """One that answers whatever is asked with the same, and remembers what that was."""

    def __init__(self, answer: object) -> None:
        """An error is answered as our own services do."""
        self.asked: list[dict[str, str]] = []
        self._status, self._kind, self._body = 200, b"application/json", answer
        if isinstance(answer, BatutaError):
            self._status, self._kind = answer.status, b"application/problem+json"
            self._body = answer.to_problem()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        del receive
        self.asked.append({name.decode(): value.decode() for name, value in scope["headers"]})
        start: Message = {"type": "http.response.start", "status": self._status}
        await send({**start, "headers": [(b"content-type", self._kind)]})
        await send({"type": "http.response.body", "body": json.dumps(self._body).encode()})


@asynccontextmanager
async def asked_for(service: Service, name: str = "catalog") -> AsyncGenerator[ServiceClient]:
    """A client of the service."""
    retry = RetryPolicy(max_retries=0)
    async with ServiceClient(name, f"http://{name}", AppTransport(service), retry=retry) as client:
        yield client


async def test_no_two_searches_have_the_same_idempotency_key() -> None:
    """Whoever keeps to such keys answered every search with the products of the first."""
    service = Service({"products": [], "total": 0, "page": 1, "size": 10})
    async with asked_for(service) as client:
        await Composer(client).rank(RankRequest(products=()))
        for query in ("laptop", "shoe", "laptop"):
            await Catalog(client).search(CatalogSearch(query=query))
    ranked, first, other, again = (headers["idempotency-key"] for headers in service.asked)
    assert first == again
    assert len({ranked, first, other}) == 3


@pytest.mark.parametrize("error", [Unauthorized("no key"), Forbidden("no"), NotFound("no such path")])
async def test_a_service_that_does_not_let_us_in_is_one_that_fails(error: BatutaError) -> None:
    """Whoever talks to us was told that his key was wrong, or that his session was not there."""
    service = Service(error)
    async with asked_for(service) as client:
        for asking in (
            Catalog(client).search(CatalogSearch(query="laptop")),
            Composer(client).rank(RankRequest(products=())),
        ):
            with pytest.raises(ServiceUnavailable, match=r"catalog .*no"):
                await asking
    if not isinstance(error, NotFound):
        async with asked_for(service, "media") as client:
            reading = await Media(client).read(PHOTO, "")
        assert [notice.code for notice in reading.notices] == ["degraded"]


async def test_what_whoever_asks_can_mend_is_still_told_as_such() -> None:
    """A search that cannot be used, a product that is gone, a photo that is none."""
    async with asked_for(Service(InvalidRequest("unknown platform"))) as client:
        with pytest.raises(InvalidRequest, match="platform"):
            await Catalog(client).search(CatalogSearch(query="laptop"))
    async with asked_for(Service(NotFound("gone"))) as client:
        with pytest.raises(NotFound):
            await Catalog(client).product("p1")
    async with asked_for(Service(UnsupportedMedia("text"))) as client:
        with pytest.raises(UnsupportedMedia):
            await Media(client).read(PHOTO, "")


async def test_the_colour_of_a_photo_is_that_of_the_thing() -> None:
    """Not of the table it lies on, which has most of the photo."""
    colours = [
        {"name": "white", "share": 0.8, "confidence": 0.4},
        {"name": "red", "share": 0.2, "confidence": 0.6},
    ]
    async with asked_for(Service({"labels": [], "text": [], "colours": colours}), "media") as client:
        assert (await Media(client).read(PHOTO, "")).words == ("red",)


@pytest.mark.parametrize("answer", [[], None, {"labels": "shoe"}, {"colours": [1]}])
async def test_a_media_service_that_answers_nonsense_is_at_fault_and_not_the_photo(answer: object) -> None:
    """The turn goes on, and says so."""
    async with asked_for(Service(answer), "media") as client:
        reading = await Media(client).read(PHOTO, "")
    assert [notice.code for notice in reading.notices] == ["degraded"]
    assert "media answered" in reading.notices[0].message


@pytest.mark.parametrize("letter", ["\U0001f600", "\x01", '"'])
async def test_a_message_may_have_5000_characters_whatever_they_are(
    shop: ShopServer, session_id: str, letter: str
) -> None:
    """Those that take many bytes were refused."""
    assert (await shop.try_to_say(letter * 5000, session_id)).status_code == 200


async def test_filters_that_contradict_themselves_cannot_be_used(shop: ShopServer) -> None:
    """They were an error of ours."""
    body = {"query": "laptop", "user_id": "ann", "filters": {"price_min": 60, "price_max": 50}}
    answer = await shop.api.post("/api/v1/search", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert "60" in answer.json()["detail"]


async def test_a_photo_too_large_for_a_message_is_sent_where_it_can_be(shop: ShopServer) -> None:
    """The refusal says where that is."""
    photo = base64.b64encode(b"x" * MIB).decode()
    answer = await shop.try_to_say("like this", media=[{"type": "image", "data": photo}])
    assert (answer.status_code, answer.json()["code"]) == (413, "payload_too_large")
    assert "/api/v1/uploads" in answer.json()["detail"]
    assert (await shop.api.post("/api/v1/uploads", content=b"x" * 2 * MIB)).status_code == 201


async def test_a_form_has_one_file_however_its_kind_is_written(shop: ShopServer) -> None:
    """Of many files each was held in memory, before they were counted."""
    file = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nx\r\n'
    headers = {"content-type": "Multipart/Form-Data; boundary=b"}
    one = await shop.api.post("/api/v1/uploads", content=file + b"--b--\r\n", headers=headers)
    assert one.status_code == 201
    two = await shop.api.post("/api/v1/uploads", content=file + file + b"never ended", headers=headers)
    assert (two.status_code, "several" in two.json()["detail"]) == (422, True)


async def test_uploads_have_a_limit_together(shop: ShopServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """And what one held is free again once it is over, however it ended."""
    monkeypatch.setattr(uploads, "HELD_BYTES", MIB)
    for _ in range(2):
        refused = await shop.api.post("/api/v1/uploads", content=b"x" * (MIB + 1))
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
        assert (await shop.api.post("/api/v1/uploads", content=b"x" * MIB)).status_code == 201


async def test_a_frame_for_anothers_session_does_not_move_the_connection_there(
    shop: ShopServer, session_id: str
) -> None:
    """Every message after it was refused."""
    await shop.say("laptops", f"{session_id}-bob", "bob")
    async with shop.socket(f"user_id=ann&session_id={session_id}") as socket:
        await socket.frame()
        foreign = await socket.turn(type="message", message="laptops", session_id=f"{session_id}-bob")
        assert foreign[-1]["data"]["details"]["code"] == "not_found"
        own = await socket.turn(type="message", message="laptops")
        assert (own[-1]["type"], own[-1]["session_id"]) == ("done", session_id)


async def test_a_frame_too_large_is_said_to_be_so(shop: ShopServer, session_id: str) -> None:
    """As it is over HTTP."""
    async with shop.socket(f"user_id=ann&session_id={session_id}") as socket:
        await socket.frame()
        error = (await socket.turn(type="message", message="hi", more="x" * (8 * MIB)))[-1]
        assert error["data"]["details"]["code"] == "payload_too_large"


async def test_a_name_that_nobody_can_have_is_refused_at_the_door(shop: ShopServer) -> None:
    """Not with every message."""
    async with shop.socket("user_id=a%00b") as socket:
        assert (await socket.frame())["type"] == "error"


async def test_a_turn_that_breaks_ends_in_an_error_all_the_same() -> None:
    """Whoever listens waited for ever."""

    async def run(tell: Tell) -> TurnOutcome:
        del tell
        raise ValueError("a mistake")

    told = [frame async for frame in frames(run, "s")]
    assert [frame.type for frame in told] == ["thinking", "error"]
    assert told[-1].data["details"]["code"] == "internal_error"


async def test_credentials_that_are_not_found_are_said_once_and_found_ones_never(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The library wrote a traceback for each place it looked in, and a key it found into the log."""
    assert dynamo_client.Http  # whoever speaks to DynamoDB has imported it
    caplog.set_level(logging.DEBUG)
    for found in (_Broken(), StaticCredentials(Key("id", "secret"))):
        await ChainCredentials([found]).get_key(_no_network)
    assert not [each for each in caplog.records if each.name.startswith("aiodynamo")]


class _Broken(StaticCredentials):
    def __init__(self) -> None:
        super().__init__(None)

    async def get_key(self, http: HttpImplementation) -> Key | None:
        raise OSError(http)


async def _no_network(request: Request) -> Response:
    raise TimeoutError(request)
