"""A source's token: put on at the last moment, taken out of whatever comes back.

No request that a log, a trace or an error could show has it: it exists in this transport alone, and between
this transport and the network. A server that repeats it in a message is not passed on word for word.
"""

from __future__ import annotations

import re
from contextlib import aclosing
from typing import Final

import httpx2

from batuta.clients.bodies import beginning
from batuta.errors import InvalidRequest
from batuta.telemetry.masking import MASK

_TOKEN: Final = re.compile(r"[!-~]{4,512}")
"""Printable ASCII (RFC 9110, section 5.5): what else there is an HTTP library refuses, quoting it."""


class Credential(httpx2.AsyncBaseTransport):
    """Carries requests with `Authorization: <scheme><token>`."""

    def __init__(self, inner: httpx2.AsyncBaseTransport, scheme: str, token: str) -> None:
        """Raises `InvalidRequest` for a token that no header can carry; `inner` is closed with this."""
        token = token.strip()
        if _TOKEN.fullmatch(token) is None:
            raise InvalidRequest(
                f"the token has {len(token)} characters or some that no header can carry: copy it again."
            )
        self._inner = inner
        self._header = f"{scheme}{token}"
        self._secret = token.encode()

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """The answer; an answer that is no success is cut to its beginning and has the token masked."""
        headers = request.headers.copy()
        headers["Authorization"] = self._header
        response = await self._inner.handle_async_request(
            httpx2.Request(
                request.method,
                request.url,
                headers=headers,
                stream=request.stream,
                extensions=request.extensions,
            )
        )
        if response.is_success:
            return response
        async with aclosing(response):
            body = await beginning(response)
        told = [
            (name, value.replace(self._secret, MASK.encode()))
            for name, value in response.headers.raw
            if name.lower() not in {b"content-encoding", b"content-length", b"transfer-encoding"}
        ]
        return httpx2.Response(
            response.status_code, headers=told, content=body.replace(self._secret, MASK.encode())
        )

    def masked(self, text: str) -> str:
        """The text without the token."""
        return text.replace(self._secret.decode(), MASK)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._inner.aclose()
