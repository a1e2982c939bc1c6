"""Photos and recordings on their way to the media service, which keeps them for an hour."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from typing import Final

from fastapi import Request
from pydantic import BaseModel

from batuta.clients import BytesFile
from batuta.errors import InvalidRequest, PayloadTooLarge, ServiceUnavailable
from batuta.services.forms import Keep, read_form
from batuta.shopping.media import AT_FAULT, Media
from batuta.shopping.services import answered, as_its_failure

MAX_BYTES: Final = 25 * 1024 * 1024
HELD_BYTES: Final = 4 * MAX_BYTES
"""Of all uploads on their way; who comes then is asked to come again."""
UPLOAD_SECONDS: Final = 30.0


class Uploaded(BaseModel):
    """What to name in a message."""

    upload_id: str


class Uploads:
    """The way to the media service, so wide that what is on it fits into memory."""

    def __init__(self, media: Media) -> None:
        """Files go to this media service."""
        self._client = media.client
        self._held = 0

    async def hand_on(self, request: Request) -> Uploaded:
        """The file of a request, kept there.

        Raises `InvalidRequest` for none or several, `PayloadTooLarge`, and `ServiceUnavailable`.
        """
        taken: list[int] = []

        async def keep(chunks: AsyncGenerator[bytes], media_type: str) -> BytesFile:
            if taken:
                raise InvalidRequest("the form has several files: send one, as `file`")
            content = bytearray()
            taken.append(0)
            async for chunk in chunks:
                if len(content) + len(chunk) > MAX_BYTES:
                    raise PayloadTooLarge(f"a photo or a recording may have {MAX_BYTES} bytes")
                if self._held + len(chunk) > HELD_BYTES:
                    raise ServiceUnavailable("too many uploads at once: send it again in a moment", 5.0)
                content += chunk
                self._held += len(chunk)
                taken[0] += len(chunk)
            return BytesFile("upload", bytes(content), media_type or "application/octet-stream")

        try:
            return await self._sent(await _file_of(request, keep))
        finally:
            self._held -= sum(taken)

    async def _sent(self, file: BytesFile) -> Uploaded:
        with as_its_failure(self._client, passed_on=AT_FAULT):
            response = await self._client.request(
                "POST", "/uploads", files={"file": file}, timeout=UPLOAD_SECONDS
            )
        return answered(self._client, "/uploads", response.content, Uploaded)


async def _file_of(request: Request, keep: Keep[BytesFile]) -> BytesFile:
    kind = request.headers.get("content-type", "application/octet-stream")
    if kind.lower().startswith("multipart/form-data"):
        form = await read_form(request, keep)
        files = [part for _, part in form if isinstance(part, BytesFile)]
        if not files:
            raise InvalidRequest("the form has no file: send one, as `file`")
        file = files[0]
    else:
        file = await keep(_pieces(request.stream()), kind)
    if not file.data:
        raise InvalidRequest("the upload is empty: send the bytes of a photo or a recording")
    return file


async def _pieces(stream: AsyncIterator[bytes]) -> AsyncGenerator[bytes]:
    async for piece in stream:
        yield piece
