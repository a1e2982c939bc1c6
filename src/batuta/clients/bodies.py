"""Reading the body of an answer: all of it if it is not too large, or the beginning if that will do."""

from __future__ import annotations

from contextlib import aclosing
from typing import Final

import httpx2

from batuta.clients.answers import question
from batuta.errors import ServiceError

_BEGINNING_BYTES: Final = 64 * 1024


async def whole(service: str, response: httpx2.Response, most: int) -> httpx2.Response:
    """The answer with its body in memory, decoded, and nothing left open; `most` is in bytes."""
    if response.is_closed:  # a transport that had the body at hand may have read it already
        _check_size(service, response, len(response.content), most)
        return response
    body: list[bytes] = []
    size = 0
    async with aclosing(response.aiter_bytes()) as chunks:
        async for chunk in chunks:
            size += len(chunk)
            _check_size(service, response, size, most)
            body.append(chunk)
    headers = response.headers.copy()
    if headers.pop("Content-Encoding", None) is not None:  # no longer true of the decoded body
        headers.pop("Content-Length", None)
    return httpx2.Response(
        response.status_code,
        headers=headers,
        content=b"".join(body),
        request=response.request,
        extensions=response.extensions,
    )


async def beginning(response: httpx2.Response) -> bytes:
    """As much of an error's body as is worth reading, and can be read."""
    body = b""
    try:
        async with aclosing(response.aiter_bytes()) as chunks:
            async for chunk in chunks:
                body += chunk
                if len(body) >= _BEGINNING_BYTES:
                    break
    except httpx2.RequestError:
        pass  # the status is news enough
    return body


def _check_size(service: str, response: httpx2.Response, size: int, most: int) -> None:
    if size > most:
        asked = question(service, response.request)
        raise ServiceError(f"{asked} answered more than {most} bytes; use `stream` for it")
