"""A file behind a URL, streamed to disk: for media that yt-dlp does not take for media."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Final

import httpx2

from batuta.errors import ServiceRefused, UnreadableMedia
from batuta.services.downloader.limits import SizeLimit
from batuta.services.downloader.refusals import answered, shown, unreachable

_MOST_REDIRECTS: Final = 5
_PATIENCE_SECONDS: Final = 20.0
"""For a connection, and between two pieces of the answer."""
_NO_MEDIA: Final = ("text/", "application/json", "application/xhtml", "application/xml", "image/")


@dataclass(frozen=True, slots=True)
class Streamed:
    """Where the bytes came from in the end, and what they were called."""

    url: str
    media_type: str


def stream(url: str, path: Path, limit: SizeLimit, report: Callable[[float], None]) -> Streamed:
    """Write what the URL answers to `path`; raises `UnreadableMedia` when it is a page or a picture."""
    try:
        with (
            httpx2.Client(
                follow_redirects=True, max_redirects=_MOST_REDIRECTS, timeout=_PATIENCE_SECONDS
            ) as client,
            client.stream("GET", url, headers={"Accept-Encoding": "identity"}) as answer,
        ):
            if answer.status_code != HTTPStatus.OK:
                raise answered(url, answer.status_code, answer.headers.get("Retry-After"))
            media_type = (
                answer.headers.get("Content-Type", "application/octet-stream").partition(";")[0].strip()
            )
            if media_type.startswith(_NO_MEDIA):
                raise UnreadableMedia(
                    f"There is no audio or video at {shown(url)}, but {media_type}. "
                    "Give the address of the file, or of a page with one in it."
                )
            _save(answer, path, limit, report)
            return Streamed(str(answer.url), media_type)
    except httpx2.TooManyRedirects:
        raise ServiceRefused(f"{shown(url)} redirects more than {_MOST_REDIRECTS} times.") from None
    except httpx2.TransportError as error:
        raise unreachable(url, error) from None


def _save(answer: httpx2.Response, path: Path, limit: SizeLimit, report: Callable[[float], None]) -> None:
    announced = int(answer.headers.get("Content-Length", 0))
    limit.check(announced)
    received = 0
    with path.open("wb") as file:
        for piece in answer.iter_bytes():
            received += len(piece)
            limit.check(received)
            file.write(piece)
            if announced:
                report(100 * received / announced)
