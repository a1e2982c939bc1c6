"""Requests to URLs that users give: to public addresses only, and to the very address that was checked.

A name is resolved once, every address it has is judged, and the connection goes to one of those: a second
answer of the name's server (DNS rebinding) is never asked for. TLS is verified for the name in the URL. No
redirect is followed, no proxy of the environment is used (behind one, nothing could be checked), no cookie is
kept, and of an answer no more than its beginning is read.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Generator, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Final, cast

import httpcore2
import httpx2

from batuta.clients.addresses import (
    Address,
    AllowList,
    Resolve,
    check_url,
    literal,
    not_public,
    resolve,
    shown,
)
from batuta.errors import ServiceUnavailable

HEAD_SECONDS: Final = 10.0
"""For everything up to the head of the answer: name, connection, TLS, request, status."""
BODY_SECONDS: Final = 2.0
"""For the beginning of the answer's body."""
EXCERPT_BYTES: Final = 4096
MOST_ADDRESSES: Final = 4
"""So many of a name's addresses are tried."""
_RESOLVERS: Final = 4
_REASONS: Final[tuple[tuple[type[BaseException], str], ...]] = (
    (socket.gaierror, "there is no server of this name"),
    (ssl.SSLCertVerificationError, "its certificate cannot be trusted"),
    (ssl.SSLError, "TLS fails"),
    (ConnectionRefusedError, "it refuses connections"),
    (TimeoutError, "it does not answer"),
    (ConnectionError, "the connection broke"),
)
_SAME: Final[tuple[tuple[type[Exception], type[httpx2.TransportError]], ...]] = (
    (httpcore2.ConnectTimeout, httpx2.ConnectTimeout),
    (httpcore2.ReadTimeout, httpx2.ReadTimeout),
    (httpcore2.WriteTimeout, httpx2.WriteTimeout),
    (httpcore2.PoolTimeout, httpx2.PoolTimeout),
    (httpcore2.ConnectError, httpx2.ConnectError),
    (httpcore2.ReadError, httpx2.ReadError),
    (httpcore2.WriteError, httpx2.WriteError),
    (httpcore2.LocalProtocolError, httpx2.LocalProtocolError),
    (httpcore2.RemoteProtocolError, httpx2.RemoteProtocolError),
)


class _Pinned(httpcore2.AsyncNetworkBackend):
    """Connects to an address that was checked, under the name it was found by."""

    def __init__(self, allow: AllowList, look_up: Resolve) -> None:
        self._allow = allow
        self._look_up = look_up
        # httpcore2 declares it in two branches, of which pyright takes the one for when anyio is missing.
        self._network = cast("httpcore2.AsyncNetworkBackend", httpcore2.AnyIOBackend())
        # Of its own: a name server that is silent for long must not hold up whoever else needs a thread.
        self._threads = ThreadPoolExecutor(_RESOLVERS, thread_name_prefix="guarded-resolver")

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  # httpcore2's interface
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        addresses = (await self._checked(host))[:MOST_ADDRESSES]
        share = None if timeout is None else timeout / len(addresses)
        for last, address in enumerate(addresses, 1 - len(addresses)):
            try:
                return await self._network.connect_tcp(
                    str(address), port, share, local_address, socket_options
                )
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout):
                if last == 0:
                    raise
        raise AssertionError("unreachable: there is at least one address")

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _checked(self, host: str) -> tuple[Address, ...]:
        """The host's addresses, all of them permitted: one that is not makes the name suspicious."""
        found = literal(host)
        addresses = (found,) if found is not None else await self._resolved(host)
        if not self._allow.permits_host(host):
            for address in addresses:
                if not self._allow.permits(address):
                    raise not_public(host, address)
        return addresses

    async def _resolved(self, host: str) -> tuple[Address, ...]:
        loop = asyncio.get_running_loop()
        try:
            addresses = await loop.run_in_executor(self._threads, self._look_up, host)
        except (OSError, UnicodeError) as error:
            raise httpcore2.ConnectError(str(error)) from error
        if not addresses:
            raise httpcore2.ConnectError(f"{host} has no address")
        return addresses


class GuardedTransport(httpx2.AsyncBaseTransport):
    """Carries requests to public addresses and those `allow` permits; raises `InvalidRequest` for others.

    A connection serves one request, so that every request is checked. HTTP/1.1 only. On httpcore2's own
    interface and not httpx2's transport, which takes no network backend.
    """

    def __init__(
        self,
        allow: AllowList,
        *,
        look_up: Resolve = resolve,
        tls: ssl.SSLContext | None = None,
        max_connections: int = 32,
    ) -> None:
        """`tls` is for private authorities; by default the certificates httpx2 trusts."""
        self._allow = allow
        self._backend = _Pinned(allow, look_up)
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=httpx2.create_ssl_context() if tls is None else tls,
            max_connections=max_connections,
            max_keepalive_connections=0,
            network_backend=self._backend,
        )

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """The answer; raises `InvalidRequest`, and httpx2's transport errors."""
        url = check_url(str(request.url), self._allow, credentials=True)
        if not isinstance(request.stream, httpx2.AsyncByteStream):
            raise TypeError("the request's body cannot be sent by an asynchronous transport")
        with _in_httpx2_terms():
            answer = await self._pool.handle_async_request(
                httpcore2.Request(
                    request.method,
                    httpcore2.URL(
                        scheme=url.raw_scheme,
                        host=url.raw_host.removesuffix(b"."),  # no certificate is for a name with the dot
                        port=url.port,
                        target=url.raw_path,
                    ),
                    headers=request.headers.raw,
                    content=request.stream,
                    extensions=request.extensions,
                )
            )
        return httpx2.Response(answer.status, headers=answer.headers, stream=_Body(answer))

    async def aclose(self) -> None:
        """Close the connections."""
        self._backend.close()
        await self._pool.aclose()


class _Body(httpx2.AsyncByteStream):
    def __init__(self, answer: httpcore2.Response) -> None:
        self._answer = answer

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _in_httpx2_terms():
            async for piece in self._answer.aiter_stream():
                yield piece

    async def aclose(self) -> None:
        await self._answer.aclose()


@contextmanager
def _in_httpx2_terms() -> Generator[None]:
    try:
        yield
    except (httpcore2.TimeoutException, httpcore2.NetworkError, httpcore2.ProtocolError) as error:
        cls = next((ours for theirs, ours in _SAME if isinstance(error, theirs)), httpx2.TransportError)
        raise cls(str(error)) from error


@dataclass(frozen=True, slots=True)
class Answer:
    """What a URL answered: the status, the headers (names in lower case), the beginning of the body."""

    status: int
    headers: Mapping[str, str]
    excerpt: bytes


class GuardedClient:
    """Posts to users' URLs within `seconds`, and tells what they answered."""

    def __init__(
        self, allow: AllowList, transport: GuardedTransport | None = None, *, seconds: float = HEAD_SECONDS
    ) -> None:
        self.allow = allow
        self._transport = GuardedTransport(allow) if transport is None else transport
        self._seconds = seconds

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """The answer, whatever its status; a redirect is one too.

        Raises `InvalidRequest` for a URL that may not be asked, `ServiceUnavailable` without an answer.
        """
        check_url(url, self.allow)
        request = httpx2.Request(
            "POST",
            url,
            headers={"accept-encoding": "identity", **headers},
            content=body,
            extensions={"timeout": httpx2.Timeout(self._seconds).as_dict()},
        )
        try:
            async with asyncio.timeout(self._seconds):
                response = await self._transport.handle_async_request(request)
        except TimeoutError:
            raise ServiceUnavailable(f"{shown(url)} gave no answer within {self._seconds:g} s.") from None
        except httpx2.TransportError as error:
            raise ServiceUnavailable(f"{shown(url)} cannot be reached: {_reason(error)}.") from None
        return Answer(response.status_code, dict(response.headers), await _beginning(response))

    async def aclose(self) -> None:
        """Close the connections."""
        await self._transport.aclose()


async def _beginning(response: httpx2.Response) -> bytes:
    """As much of the body as comes at once, as it was sent: nothing is unpacked."""
    received = bytearray()
    try:
        with suppress(TimeoutError, httpx2.TransportError):  # the status has been said: that is the answer
            async with asyncio.timeout(BODY_SECONDS):
                async for piece in response.aiter_raw():
                    received += piece
                    if len(received) >= EXCERPT_BYTES:
                        break
    finally:
        await response.aclose()
    return bytes(received[:EXCERPT_BYTES])


def _reason(error: BaseException) -> str:
    reasons = (reason for cause in _causes(error) for kind, reason in _REASONS if isinstance(cause, kind))
    return next(reasons, type(error).__name__)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
