"""Conversations over a WebSocket, with the demo catalogue."""

from __future__ import annotations

import asyncio

import pytest
from shopping_stage import ShopServer
from websockets.exceptions import ConnectionClosed

from batuta.shopping import sockets

pytestmark = pytest.mark.anyio


async def test_a_turn_is_told_in_frames(shop: ShopServer, session_id: str) -> None:
    """Each has its type, its data, a time and the session."""
    async with shop.socket(f"user_id=ann&session_id={session_id}") as socket:
        connected = await socket.frame()
        assert connected["type"] == "connected"
        frames = await socket.turn(type="message", message="running shoes")
        assert all(set(frame) == {"type", "data", "timestamp", "session_id"} for frame in frames)
        assert {frame["session_id"] for frame in frames} == {session_id}
        kinds = [frame["type"] for frame in frames]
        assert kinds[0] == "thinking"
        assert kinds.count("results") == 1
        assert kinds.count("clarification") == 1
        question = frames[kinds.index("clarification")]["data"]
        assert question["question"]
        assert question["suggestions"][0]["count"] > 0
        answered = await socket.turn(type="answer", message=question["suggestions"][0]["value"])
        assert answered[-1]["type"] == "done"
        spec = next(frame for frame in answered if frame["type"] == "results")["data"]["requirement_spec"]
        assert question["context"] in spec["soft"]
        await socket.send(type="disconnect")
        with pytest.raises(ConnectionClosed):
            await socket.frame()
    assert (await shop.session(session_id))["turns"] == 2


async def test_a_session_begun_without_an_id_gets_one(shop: ShopServer) -> None:
    """And goes on under it."""
    async with shop.socket("user_id=ann") as socket:
        assert (await socket.frame())["session_id"] is None
        first = await socket.turn(type="message", message="laptops")
        second = await socket.turn(type="message", message="under 900")
        assert first[-1]["session_id"] == second[-1]["session_id"] is not None
        assert (await shop.session(first[-1]["session_id"]))["turns"] == 2


@pytest.mark.parametrize(
    "frame",
    [
        "{",
        "[]",
        "null",
        '"text"',
        '{"type": "dance"}',
        '{"type": "message"}',
        '{"type":"message","message":" "}',
    ],
)
async def test_a_malformed_frame_gets_an_error_and_the_socket_stays_open(
    shop: ShopServer, session_id: str, frame: str
) -> None:
    """The next message is answered as if nothing had been."""
    async with shop.socket(f"user_id=ann&session_id={session_id}") as socket:
        await socket.frame()
        await socket.connection.send(frame)
        error = await socket.frame()
        assert error["type"] == "error"
        assert error["data"]["recoverable"] is True
        assert error["data"]["error"]
        assert error["data"]["details"]["code"] == "invalid_request"
        assert (await socket.turn(type="message", message="laptops"))[-1]["type"] == "done"


async def test_who_does_not_say_who_he_is_is_told_so_and_shown_out(shop: ShopServer) -> None:
    """Not silently."""
    async with shop.socket("session_id=x") as socket:
        error = await socket.frame()
        assert error["type"] == "error"
        assert error["data"]["recoverable"] is False
        assert "user_id" in error["data"]["error"]
        with pytest.raises(ConnectionClosed):
            await socket.frame()


async def test_a_foreign_session_cannot_be_spoken_in(shop: ShopServer, session_id: str) -> None:
    """It is as unknown as one that never was."""
    await shop.say("running shoes", session_id)
    async with shop.socket(f"user_id=mallory&session_id={session_id}") as socket:
        assert (await socket.frame())["data"]["state"] == "INITIAL"
        frames = await socket.turn(type="message", message="laptops")
        assert frames[-1]["type"] == "error"
        assert frames[-1]["data"]["details"]["code"] == "not_found"
    assert (await shop.session(session_id))["turns"] == 1


async def test_two_tabs_on_one_session_take_turns(shop: ShopServer, session_id: str) -> None:
    """Nothing either says is lost."""
    query = f"user_id=ann&session_id={session_id}"
    async with shop.socket(query) as one, shop.socket(query) as other:
        await one.frame()
        await other.frame()
        await one.turn(type="message", message="running shoes")
        await asyncio.gather(
            one.turn(type="message", message="under 150 dollars"),
            other.turn(type="message", message="not red"),
        )
    spec = (await shop.session(session_id))["requirement_spec"]
    assert spec["price"]["max"] == 150
    assert spec["filters"]["exclude_attributes"]


async def test_whoever_leaves_in_the_middle_finds_the_outcome_later(
    shop: ShopServer, session_id: str
) -> None:
    """The turn is finished and kept."""
    async with shop.socket(f"user_id=ann&session_id={session_id}") as socket:
        await socket.frame()
        await socket.send(type="message", message="running shoes", request_id="r1")
        assert (await socket.frame())["type"] == "thinking"
    outcome = await shop.say("running shoes", session_id, request_id="r1")
    assert outcome["products"]
    assert (await shop.session(session_id))["turns"] == 1


async def test_the_server_pings(shop: ShopServer, session_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """And takes a pong."""
    monkeypatch.setattr(sockets, "PING_SECONDS", 0.05)
    async with shop.socket(f"user_id=ann&session_id={session_id}") as socket:
        await socket.frame()
        assert (await socket.frame())["type"] == "ping"
        await socket.send(type="pong")
        while (frame := await socket.frame())["type"] == "ping":
            await socket.send(type="message", message="laptops")
        assert frame["type"] == "thinking"
