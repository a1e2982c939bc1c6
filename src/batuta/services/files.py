"""Artefacts over HTTP: streamed, in part where a part is asked for, not at all where the caller has them.

RFC 9110: ranges (section 14), conditions (section 13). The entity tag is the hash of the content, so it is
strong and never lies.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from typing import Final, Literal
from urllib.parse import quote

from fastapi import Request
from fastapi.responses import Response, StreamingResponse

from batuta.errors import Gone
from batuta.storage.artefacts import Artefact, ArtefactStore

_RANGE: Final = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII)


async def file_response(
    request: Request, artefacts: ArtefactStore, artefact: Artefact, filename: str, *, inline: bool = False
) -> Response:
    """The file, the one part of it that is asked for, or 304; raises `Gone` when it is no longer kept.

    Only sound and pictures that move are shown `inline`, and as what they are: the type is what the sender
    claimed, and a page or script of his must not come from our own address.
    """
    harmless = artefact.media_type.startswith(("audio/", "video/"))
    if not await artefacts.has(artefact):
        raise Gone(f"{filename} is no longer kept: have it made again")
    tag = f'"{artefact.sha256}"'
    headers = {
        "Accept-Ranges": "bytes",
        "ETag": tag,
        "Content-Disposition": disposition(filename, inline=inline and harmless),
        "Content-Security-Policy": "sandbox",
        "X-Content-Type-Options": "nosniff",
    }
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    start, end = 0, artefact.size
    status = 200
    asked = _asked_range(request.headers, artefact.size, tag)
    if asked == "unsatisfiable":
        headers["Content-Range"] = f"bytes */{artefact.size}"
        return Response(status_code=416, headers=headers)
    if asked is not None:
        start, end = asked
        status = 206
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{artefact.size}"
    headers["Content-Length"] = str(end - start)
    body = _nothing() if request.method == "HEAD" else artefacts.read(artefact, start, end)
    shown = artefact.media_type if harmless or not inline else "application/octet-stream"
    return StreamingResponse(body, status, headers, shown)


def disposition(filename: str, *, inline: bool = False) -> str:
    """To be called by this name: as text that no header breaks at, and as it is (RFC 6266, section 4.3)."""
    flat = "".join(
        "_" if character in '"\\/' or not character.isprintable() else character for character in filename
    )
    plain = "".join(character if character.isascii() else "_" for character in flat)
    kind = "inline" if inline else "attachment"
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(flat, safe='')}"


def _asked_range(
    headers: Mapping[str, str], size: int, tag: str
) -> tuple[int, int] | Literal["unsatisfiable"] | None:
    """From where to where, `unsatisfiable`, or None for the whole.

    More than one range, or one that cannot be read, is answered with the whole (RFC 9110, section 14.2).
    """
    found = _RANGE.fullmatch(headers.get("range", "").strip())
    if found is None or headers.get("if-range", tag) != tag:
        return None
    first, last = found.groups()
    if first == last == "":
        return None
    if first == "":  # the last so many bytes
        start, end = max(0, size - int(last)), size
    else:
        start, end = int(first), size if last == "" else min(int(last) + 1, size)
        if last != "" and int(last) < int(first):
            return None
    return (start, end) if start < end else "unsatisfiable"


async def _nothing() -> AsyncIterator[bytes]:
    for _ in ():
        yield b""
