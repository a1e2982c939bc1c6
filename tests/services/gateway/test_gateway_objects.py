"""Objects, over both kinds of store: whole or not there at all, by their key and nothing else."""

from __future__ import annotations

import asyncio

import httpx2
import pytest
from gateway_parts import MEGABYTE, Source, chunks, whole

from batuta.errors import InvalidRequest, NotFound
from batuta.services.gateway.folder import FolderObjects
from batuta.services.gateway.objects import Objects

pytestmark = pytest.mark.anyio

KEY = "1700000000000_talk.mp4"
SMALL, LARGE = 1, 20
"""Megabytes: one fits the writer's buffer, the other goes in several parts."""


async def test_what_is_put_is_there_under_its_key(objects: Objects) -> None:
    """With its size, and its bytes in the order they came."""
    assert await objects.put(KEY, chunks(b"a baton ", b"for all"), "video/mp4") == 15
    assert (await objects.has(KEY), await objects.size(KEY)) == (True, 15)
    assert await whole(objects, KEY) == b"a baton for all"


@pytest.mark.parametrize(
    "name", ["1_ção 日本 🎉.mp4", "1_a'b(c), d@e!.mp4", "dubbed_1.mkv", "folder/inner.mp4"]
)
async def test_names_are_taken_as_they_are(objects: Objects, name: str) -> None:
    """Whatever script they are in, and the names of other gateways, which may have folders."""
    await objects.put(name, chunks(b"x"), "video/mp4")
    assert await whole(objects, name) == b"x"


async def test_what_is_put_again_takes_the_place_of_the_former(objects: Objects) -> None:
    """A video that is rendered again has the same key."""
    await objects.put(KEY, chunks(b"longer than"), "video/mp4")
    await objects.put(KEY, chunks(b"new"), "video/mp4")
    assert await whole(objects, KEY) == b"new"


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [(0, 4, b"0123"), (4, None, b"456789"), (9, 10, b"9"), (3, 3, b""), (8, 99, b"89"), (99, None, b"")],
)
async def test_a_part_can_be_read(objects: Objects, start: int, end: int | None, expected: bytes) -> None:
    """From `start` up to, not including, `end`, as far as there are bytes."""
    await objects.put(KEY, chunks(b"0123456789"), "video/mp4")
    assert await whole(objects, KEY, start, end) == expected


async def test_large_objects_go_and_come_in_pieces(objects: Objects) -> None:
    """Over the borders of parts, and no piece is larger than a few megabytes."""
    data = [bytes([number]) * MEGABYTE for number in range(LARGE)]
    assert await objects.put(KEY, chunks(*data, b"the end"), "video/mp4") == LARGE * MEGABYTE + 7
    pieces = [piece async for piece in objects.read(KEY, MEGABYTE - 1)]
    assert b"".join(pieces) == (b"".join(data) + b"the end")[MEGABYTE - 1 :]
    assert max(map(len, pieces)) <= 9 * MEGABYTE


async def test_nothing_is_something(objects: Objects) -> None:
    """An empty stream is an object of no bytes."""
    assert await objects.put(KEY, chunks(), "video/mp4") == 0
    assert await objects.has(KEY)
    assert await whole(objects, KEY) == b""


async def test_what_is_not_there_is_not_found(objects: Objects) -> None:
    """Reading, measuring and linking say so with the key; deleting it is no error."""
    assert not await objects.has(KEY)
    for ask in (whole(objects, KEY), objects.size(KEY), objects.signed_url(KEY, 60, "talk.mp4")):
        with pytest.raises(NotFound, match=KEY):
            await ask
    await objects.delete(KEY)


async def test_what_is_deleted_is_gone(objects: Objects) -> None:
    """And can be put again."""
    await objects.put(KEY, chunks(b"for now"), "video/mp4")
    await objects.delete(KEY)
    assert not await objects.has(KEY)
    assert await objects.put(KEY, chunks(b"again"), "video/mp4") == 5


@pytest.mark.parametrize(
    "key", ["", "../secret", "a/../../b", "/etc/passwd", "a//b", "a\\b", "a\nb", "a\0b", "x" * 901, "."]
)
async def test_keys_that_lead_elsewhere_are_refused(objects: Objects, key: str) -> None:
    """Before the store is asked at all."""
    for ask in (objects.put(key, chunks(b"x"), "video/mp4"), objects.size(key), objects.delete(key)):
        with pytest.raises(InvalidRequest, match="key"):
            await ask


@pytest.mark.parametrize("megabytes", [SMALL, LARGE])
async def test_a_source_that_fails_leaves_what_was_there(objects: Objects, megabytes: int) -> None:
    """Its own error reaches the caller; a new key stays free, an old object as it was."""
    await objects.put("old", chunks(b"as it was"), "video/mp4")
    for key in (KEY, "old"):
        source = Source(megabytes, RuntimeError("bug"))
        with pytest.raises(RuntimeError, match="bug"):
            await objects.put(key, source.stream(), "video/mp4")
        assert source.closed
    assert not await objects.has(KEY)
    assert await whole(objects, "old") == b"as it was"


@pytest.mark.parametrize("megabytes", [SMALL, LARGE])
async def test_a_put_that_is_cancelled_leaves_nothing(objects: Objects, megabytes: int) -> None:
    """Neither under its key nor beside it."""
    source = Source(megabytes)
    put = asyncio.create_task(objects.put(KEY, source.stream(), "video/mp4"))
    async with asyncio.timeout(10):
        await source.paused.wait()
    assert not await objects.has(KEY)
    put.cancel()
    with pytest.raises(asyncio.CancelledError):
        await put
    assert source.closed
    assert not await objects.has(KEY)
    if isinstance(objects, FolderObjects):
        assert list(objects._folder.iterdir()) == []


async def test_the_link_of_a_bucket_gives_the_file_by_its_name(in_bucket: Objects) -> None:
    """To anybody, as the type it was stored with."""
    await in_bucket.put(KEY, chunks(b"video"), "video/mp4")
    async with httpx2.AsyncClient() as client:
        answer = await client.get(await in_bucket.signed_url(KEY, 60, "ção.mp4"))
    assert (answer.status_code, answer.content) == (200, b"video")
    assert answer.headers["content-type"] == "video/mp4"
    assert answer.headers["content-disposition"].endswith("filename*=UTF-8''%C3%A7%C3%A3o.mp4")
