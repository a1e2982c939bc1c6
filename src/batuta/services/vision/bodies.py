"""A file as it arrives: in a form, in JSON as base64, or sent ahead; bounded in each case, and in all.

Bodies are held in memory until they are worked on, so all that are held at once share one limit.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from batuta.errors import InvalidRequest, PayloadTooLarge, ServiceUnavailable, UnsupportedMedia
from batuta.services.forms import AROUND_FILE_BYTES, read_form
from batuta.services.problems import invalid
from batuta.services.vision.uploads import Uploads

HELD_BYTES: Final = 256 * 1024 * 1024
_AROUND_JSON: Final = 64 * 1024
_KIND_SHOWN: Final = 80
_LONGEST_NAME: Final = 255
_LONGEST_ID: Final = 64
_LONGEST_LANGUAGE: Final = 40
_LONGEST_LENGTH: Final = 30


@dataclass(frozen=True, slots=True)
class Sent:
    """The file of a request, and what was said with it."""

    content: bytes
    filename: str = ""
    language: str | None = None


class _Said(BaseModel):
    """The body in JSON, or the fields of a form: exactly one of the first three, or a form's file."""

    model_config = ConfigDict(frozen=True)

    image: str | None = None
    audio: str | None = None
    upload_id: str | None = Field(default=None, max_length=_LONGEST_ID)
    filename: str = Field(default="", max_length=_LONGEST_NAME)
    language: str | None = Field(default=None, max_length=_LONGEST_LANGUAGE)


class Bodies:
    """Reads the files of requests."""

    def __init__(self, uploads: Uploads, max_bytes: int, held_bytes: int = HELD_BYTES) -> None:
        """`max_bytes` limits a file, `held_bytes` all that are in memory at once."""
        self.max_bytes = max_bytes
        self._uploads = uploads
        self._held_bytes = held_bytes
        self._held = 0

    @contextmanager
    def room(self) -> Generator[Callable[[int], None]]:
        """For one request: what it holds is told to the function given, and over at the end of the block."""
        taken = 0

        def take(size: int) -> None:
            nonlocal taken
            if self._held + size > self._held_bytes:
                raise ServiceUnavailable("too many files are being worked on: try again in a moment", 5.0)
            self._held += size
            taken += size

        try:
            yield take
        finally:
            self._held -= taken

    async def read(self, request: Request, field: str, take: Callable[[int], None]) -> Sent:
        """The file: `file` of a form, `field` of JSON in base64, or the one an `upload_id` names.

        Raises `UnsupportedMedia` for another kind of body, `PayloadTooLarge`, `InvalidRequest`, `NotFound`.
        """
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind == "multipart/form-data":
            return await self._form(request, take)
        if kind == "application/json":
            return await self._json(request, field, take)
        raise UnsupportedMedia(
            f"content type {kind[:_KIND_SHOWN] or 'none'}: send a form with `file`, or JSON with `{field}`"
        )

    async def _form(self, request: Request, take: Callable[[int], None]) -> Sent:
        _check_declared(request, self.max_bytes + AROUND_FILE_BYTES, self.max_bytes)

        async def keep(chunks: AsyncGenerator[bytes], _: str) -> bytes:
            content = bytearray()
            async for chunk in chunks:
                take(len(chunk))
                content += chunk
                if len(content) > self.max_bytes:
                    raise PayloadTooLarge(f"more than the {self.max_bytes} bytes allowed")
            return bytes(content)

        found = await read_form(request, keep)
        said = _understood({name: value for name, value in found if isinstance(value, str) and value})
        files = [value for name, value in found if isinstance(value, bytes) and name == "file"]
        if len(files) == 1 and said.upload_id is None:
            return Sent(files[0], said.filename, said.language)
        if said.upload_id is not None and not files:
            return await self._ahead(said, said.upload_id, take)
        raise InvalidRequest(f"the form has {len(files)} parts `file` with a file name: send one")

    async def _json(self, request: Request, field: str, take: Callable[[int], None]) -> Sent:
        most = self.max_bytes * 4 // 3 + _AROUND_JSON
        _check_declared(request, most, self.max_bytes)
        text = bytearray()
        async for chunk in request.stream():
            take(len(chunk))
            text += chunk
            if len(text) > most:
                raise PayloadTooLarge(f"more than the {self.max_bytes} bytes allowed")
        said = await asyncio.to_thread(_parsed, bytes(text))
        encoded = said.image if field == "image" else said.audio
        if encoded is not None and said.upload_id is None:
            content = await asyncio.to_thread(decoded, encoded, field)
            take(len(content))
            if len(content) > self.max_bytes:
                raise PayloadTooLarge(f"more than the {self.max_bytes} bytes allowed")
            return Sent(content, said.filename, said.language)
        if said.upload_id is not None and encoded is None:
            return await self._ahead(said, said.upload_id, take)
        raise InvalidRequest(f"send either `{field}`, in base64, or `upload_id`")

    async def _ahead(self, said: _Said, upload_id: str, take: Callable[[int], None]) -> Sent:
        content = await self._uploads.read(upload_id)
        take(len(content))
        return Sent(content, said.filename, said.language)


def decoded(text: str, field: str) -> bytes:
    """The bytes of base64 (RFC 4648, section 4), bare or in a `data:` URL (RFC 2397)."""
    if text[:5].lower() == "data:":
        head, comma, text = text.partition(",")
        if not comma or not head.lower().endswith(";base64"):
            raise InvalidRequest(f"{field}: a data: URL must be data:…;base64,…")
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidRequest(f"{field}: not base64 ({error})") from error


def _parsed(text: bytes) -> _Said:
    try:
        return _Said.model_validate_json(text)
    except ValidationError as error:
        raise invalid(error) from error


def _understood(fields: dict[str, str]) -> _Said:
    try:
        return _Said.model_validate(fields)
    except ValidationError as error:
        raise invalid(error) from error


def _check_declared(request: Request, most: int, allowed: int) -> None:
    """Raise `PayloadTooLarge` for a body that says it has more than `most` bytes, for a file of `allowed`."""
    declared = request.headers.get("content-length", "")[:_LONGEST_LENGTH]
    if declared.isascii() and declared.isdigit() and int(declared) > most:
        raise PayloadTooLarge(f"more than the {allowed} bytes allowed; nothing was read")
