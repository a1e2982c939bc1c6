"""Files over HTTP: continued where an earlier attempt stopped, refused unread when the size is wrong."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import cache
from ssl import SSLContext
from typing import Final, Self

import httpx2

from batuta.weights.sources import Interrupted, SourceFailed, Stream, WebFile
from batuta.weights.threads import off_loop

_OK: Final = 200
_PARTIAL: Final = 206
_CONTENT_RANGE: Final = re.compile(r"bytes (?P<start>\d+)-\d+/(?P<total>\d+|\*)")


class Web:
    """The web as one pull sees it: a host that once gave no answer is not asked again."""

    def __init__(self, *, connect: timedelta, silence: timedelta) -> None:
        self._timeout = httpx2.Timeout(silence.total_seconds(), connect=connect.total_seconds())
        self._silent: dict[str, str] = {}

    async def __aenter__(self) -> Self:
        self._client = httpx2.AsyncClient(
            verify=await off_loop(_certificates),
            timeout=self._timeout,
            follow_redirects=True,
            max_redirects=5,
            # Sizes and ranges are those of the file, not of some compressed form of it.
            headers={"accept-encoding": "identity"},
        )
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self._client.aclose()

    @asynccontextmanager
    async def open(self, source: WebFile, *, size: int, have: int) -> AsyncGenerator[Stream]:
        """The file from byte `have` on, or from zero where the server does not do ranges.

        Raises `SourceFailed` when there is no answer or a useless one, `Interrupted` when it breaks off.
        """
        if cause := self._silent.get(source.host):
            raise SourceFailed(f"not asked again ({cause})")
        answered = False
        try:
            headers = {"range": f"bytes={have}-"} if have else {}
            async with self._client.stream("GET", source.url, headers=headers) as response:
                answered = True
                yield Stream(
                    start_of(response.status_code, response.headers, size, have), response.aiter_raw()
                )
        except (httpx2.RequestError, httpx2.InvalidURL) as error:
            cause = f"{type(error).__name__}: {error}".rstrip(": ")
            if answered:
                raise Interrupted(cause) from error
            self._silent[source.host] = cause
            raise SourceFailed(cause) from error


@cache
def _certificates() -> SSLContext:
    """The authorities this system trusts; reading them takes 80 ms."""
    return httpx2.create_ssl_context()


def start_of(status: int, headers: Mapping[str, str], size: int, have: int) -> int:
    """At which byte of the file this answer's body starts; raises `SourceFailed` when it is of no use.

    RFC 9110, sections 14.2 and 15.3.7: a server may ignore the range and answer 200, and the range it sends
    is the one in its `Content-Range`, not the one asked for.
    """
    if status == _OK:
        start, total = 0, headers.get("content-length", "*")
    elif status == _PARTIAL and (found := _CONTENT_RANGE.fullmatch(headers.get("content-range", ""))):
        start, total = int(found["start"]), found["total"]
    else:
        raise SourceFailed(f"answered {status}")
    if total not in ("*", str(size)):
        raise SourceFailed(f"has another file there, of {total} bytes instead of {size}")
    if start not in (0, have):
        raise SourceFailed(f"sent bytes from {start} when asked from {have}")
    return start
