"""What browsers are told, and how much may be sent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from fastapi import FastAPI
from houses import MAX_BODY, Open, bearer, raw, refusal

from batuta.access.bodies import BodyLimit
from batuta.access.headers import CONTENT_SECURITY_POLICY
from batuta.testing.servers import serving

pytestmark = pytest.mark.anyio


async def test_a_page_may_use_only_what_is_ours_and_be_in_no_frame(opened: Open) -> None:
    """Nothing inline, nothing from elsewhere."""
    async with opened() as client:
        headers = (await client.get("/page")).headers
    policy = dict(rule.split(" ", 1) for rule in headers["content-security-policy"].split("; "))
    assert policy["default-src"] == policy["script-src"] == policy["style-src"] == "'self'"
    assert policy["connect-src"] == "'self'"
    assert policy["img-src"] == "'self' data:"
    assert policy["media-src"] == "'self' blob:"
    assert policy["frame-ancestors"] == policy["object-src"] == policy["base-uri"] == "'none'"
    assert "unsafe" not in CONTENT_SECURITY_POLICY
    assert headers["x-frame-options"] == "DENY"


async def test_every_answer_is_taken_for_what_it_says_it_is(opened: Open) -> None:
    """Refusals too; and forms of ours keep their Origin."""
    async with opened() as client:
        for path in ("/page", "/jobs", "/stream", "/nowhere", "/admin/stats", "/health"):
            headers = (await client.get(path)).headers
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["referrer-policy"] == "same-origin"
            assert headers["cross-origin-resource-policy"] == "same-origin"
            assert ("content-security-policy" in headers) is (path == "/page")


async def test_what_a_route_says_itself_stays(opened: Open) -> None:
    """Once, not twice."""
    async with opened() as client:
        headers = (await client.get("/framed")).headers
    assert headers.get_list("x-frame-options") == ["SAMEORIGIN"]


async def pieces(number: int, size: int) -> AsyncIterator[bytes]:
    """A body whose length nobody is told."""
    for _ in range(number):
        yield b"x" * size


def text_of(length: int) -> bytes:
    """A JSON body of so many bytes."""
    return b'{"text": "' + b"x" * (length - 12) + b'"}'


async def test_a_body_up_to_the_limit_passes(opened: Open) -> None:
    """To the byte."""
    async with opened() as client:
        json = {"Content-Type": "application/json"}
        fits = await client.post("/jobs", content=text_of(MAX_BODY), headers=json)
        assert fits.json()["length"] == MAX_BODY - 12
        over = await client.post("/jobs", content=text_of(MAX_BODY + 1), headers=json)
        assert str(MAX_BODY) in refusal(over, 413, "payload_too_large")


async def test_a_body_of_untold_length_is_counted_whatever_its_type(opened: Open) -> None:
    """Chunked; a claim to be an upload does not help."""
    async with opened() as client:
        for kind in ("application/json", "multipart/form-data; boundary=x", "text/plain", ""):
            headers = {"Content-Type": kind}
            answer = await client.post("/jobs", content=pieces(50, 100), headers=headers)
            refusal(answer, 413, "payload_too_large")


async def test_a_body_that_is_told_to_be_too_long_is_not_read(opened: Open) -> None:
    """The answer comes although not one byte of it was sent."""
    async with opened() as client:
        host = f"Host: {client.base_url.netloc.decode()}"
        head = ("POST /jobs HTTP/1.1", host, "Content-Type: application/json", "Content-Length: 10000000")
        status, answer = await raw(str(client.base_url), *head)
        assert status == 413
        assert b"payload_too_large" in answer


async def test_nonsense_for_a_length_breaks_nothing(opened: Open) -> None:
    """The server or we refuse it."""
    async with opened() as client:
        host = f"Host: {client.base_url.netloc.decode()}"
        for length in ("-1", "abc", "", "1e9", "9" * 40, "1, 2"):
            head = (
                "POST /jobs HTTP/1.1",
                host,
                "Content-Type: application/json",
                f"Content-Length: {length}",
            )
            status, _ = await raw(str(client.base_url), *head, body=b"{}")
            assert 400 <= status < 500, length


async def test_a_route_that_streams_its_body_is_not_limited_here(opened: Open) -> None:
    """It says so itself; with a length and without."""
    async with opened() as client:
        told = await client.post("/upload", content=b"x" * 50_000)
        untold = await client.post("/upload", content=pieces(50, 1000))
    assert told.json()["length"] == untold.json()["length"] == 50_000


async def test_who_may_not_come_in_sends_no_body_at_all(opened: Open) -> None:
    """The gate answers before anything is read."""
    async with opened("0.0.0.0") as client:
        answer = await client.post("/upload", content=b"x" * 50_000, headers=bearer("wrong"))
        refusal(answer, 401, "unauthorized")


async def test_an_app_that_answers_before_it_reads_keeps_its_answer() -> None:
    """It is too late for another one."""
    read: list[str] = []

    async def hasty(scope: dict, receive: object, send: object) -> None:
        if scope["type"] == "lifespan":
            await FastAPI()(scope, receive, send)
            return
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        try:
            while (await receive()).get("more_body"):
                pass
        except Exception as error:  # noqa: BLE001
            read.append(type(error).__name__)
        await send({"type": "http.response.body", "body": b"ok"})

    async with serving(BodyLimit(hasty, max_bytes=10)) as url:
        head = ("POST / HTTP/1.1", "Host: x", "Content-Length: 20")
        async with asyncio.timeout(10):
            status, answer = await raw(url, *head, body=b"x" * 20)
    assert (status, answer[-2:], read) == (200, b"ok", ["PayloadTooLarge"])
