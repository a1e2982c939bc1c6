"""`multipart/form-data` as a stream (RFC 7578): files of any size in constant memory, as often as needed.

A body can be sent again because a file is not an open handle but something that can be opened again.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final, Protocol

from batuta.clients.answers import JSON
from batuta.errors import StorageError

_ESCAPES: Final = str.maketrans({'"': "%22", "\r": "%0D", "\n": "%0A"})
"""For names inside quotes (HTML, 4.10.21.8, multipart form data)."""


class FileSource(Protocol):
    """A file to send: what it is called, how large it is, and its bytes as often as they are asked for."""

    @property
    def filename(self) -> str:
        """The name the receiver sees."""
        ...

    @property
    def media_type(self) -> str:
        """Such as `audio/wav`."""
        ...

    @property
    def size(self) -> int:
        """Bytes, exactly."""
        ...

    def open(self) -> AsyncIterator[bytes]:
        """The bytes from the beginning; every attempt opens the file anew."""
        ...


@dataclass(frozen=True, slots=True)
class BytesFile:
    """A file that is already in memory."""

    filename: str
    data: bytes
    media_type: str = "application/octet-stream"

    @property
    def size(self) -> int:
        """Bytes."""
        return len(self.data)

    async def open(self) -> AsyncIterator[bytes]:
        """All of it."""
        yield self.data


class Multipart:
    """A form with files; every iteration gives the whole body from the beginning."""

    def __init__(
        self, fields: Mapping[str, str], files: Mapping[str, FileSource], seed: str | None = None
    ) -> None:
        """The same `seed` gives the same boundary, and so the same bytes; None gives a random one."""
        boundary = secrets.token_hex(16) if seed is None else hashlib.sha256(seed.encode()).hexdigest()[:32]
        self.content_type = f"multipart/form-data; boundary={boundary}"
        start = f"--{boundary}\r\nContent-Disposition: form-data; name="
        self._fields = b"".join(
            f'{start}"{name.translate(_ESCAPES)}"\r\n\r\n{value}\r\n'.encode()
            for name, value in fields.items()
        )
        self._files = [(_file_head(start, name, file), file) for name, file in files.items()]
        self._end = f"--{boundary}--\r\n".encode()

    @property
    def content_length(self) -> int:
        """Bytes of the whole body."""
        files = sum(len(head) + file.size + len(b"\r\n") for head, file in self._files)
        return len(self._fields) + files + len(self._end)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Raises `StorageError` when a file does not have the size it claims."""
        if self._fields:
            yield self._fields
        for head, file in self._files:
            yield head
            async with aclosing(_exactly(file)) as chunks:
                async for chunk in chunks:
                    yield chunk
            yield b"\r\n"
        yield self._end


def form_fields(values: Mapping[str, JSON]) -> dict[str, str]:
    """Form fields for JSON values: text as it is, None left out, the rest (`true`, `0.5`, lists) as JSON."""
    return {
        name: value if isinstance(value, str) else json.dumps(value)
        for name, value in values.items()
        if value is not None
    }


def _file_head(start: str, name: str, file: FileSource) -> bytes:
    name, filename = name.translate(_ESCAPES), file.filename.translate(_ESCAPES)
    return f'{start}"{name}"; filename="{filename}"\r\nContent-Type: {file.media_type}\r\n\r\n'.encode()


async def _exactly(file: FileSource) -> AsyncGenerator[bytes]:
    """The file's bytes, held against its size: the receiver has been told how many will come."""
    sent = 0
    chunks = file.open()
    try:
        async for chunk in chunks:
            sent += len(chunk)
            if sent > file.size:
                break
            yield chunk
    finally:
        if isinstance(chunks, AsyncGenerator):
            await chunks.aclose()
    if sent != file.size:
        raise StorageError(
            f"{file.filename} is not the {file.size} bytes it was said to be; reading ended at {sent}"
        )
