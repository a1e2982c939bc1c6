"""The form of an upload: its file goes straight into the object store, and is known by its first bytes."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, field

from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header
from starlette.requests import Request

from batuta.errors import InvalidRequest
from batuta.services.forms import AROUND_FILE_BYTES, read_form
from batuta.services.gateway.containers import MEDIA_TYPES, TAKEN, container_of
from batuta.services.gateway.refusals import FileEmpty, FileTooLarge, InvalidFileType

Keep = Callable[[str, AsyncGenerator[bytes], str], Awaitable[str]]
"""Stores a file of this name and media type; gives its key."""


@dataclass(frozen=True, slots=True)
class UploadForm:
    """What came: the key under which the file lies, and the form's texts."""

    key: str
    texts: dict[str, str] = field(default_factory=dict[str, str])


async def read_upload(request: Request, keep: Keep, max_bytes: int) -> UploadForm:
    """Read the form. Nothing is kept of a file that is not named `file`, empty, no video, or too large.

    Raises `FileEmpty`, `InvalidFileType`, `FileTooLarge` and `InvalidRequest`; what `keep` stored before
    another part of the form was found wanting is its caller's to discard.
    """
    declared = _declared(request)
    too_large = f"more than the {max_bytes} bytes allowed (MAX_UPLOAD_BYTES)"
    if declared > max_bytes + AROUND_FILE_BYTES:
        raise FileTooLarge(f"{too_large}; nothing was read", max_size=max_bytes, uploaded_size=declared)
    named = _NamedFile(request)
    keys: list[str] = []

    async def kept(chunks: AsyncGenerator[bytes], _claimed: str) -> str:
        if keys:
            raise InvalidRequest("the form has two files: send one video, in the field `file`")
        first = await anext(chunks, b"")
        if not first:
            raise FileEmpty("the file is empty: send a video in the form's field `file`")
        container = container_of(first)
        if container is None:
            raise InvalidFileType(f"the file is none of {TAKEN}, whatever its name says")
        keys.append(await keep(named.filename, limited(first, chunks), MEDIA_TYPES[container]))
        return keys[0]

    async def limited(first: bytes, rest: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
        size, piece = 0, first
        while piece:
            size += len(piece)
            if size > max_bytes:
                seen = max(size, declared)
                raise FileTooLarge(f"{too_large}; nothing was kept", max_size=max_bytes, uploaded_size=seen)
            yield piece
            piece = await anext(rest, b"")

    found = await read_form(named, kept)
    texts = {name: value for name, value in found if value not in keys}
    if [name for name, value in found if value in keys] != ["file"]:
        raise FileEmpty("the form has no file: send a video in its field `file`")
    return UploadForm(keys[0], texts)


class _NamedFile(Request):
    """A request that notes, on its way to `read_form`, what the first file of the form is called."""

    def __init__(self, request: Request) -> None:
        super().__init__(request.scope, request.receive)
        self.filename = ""
        self._is_over = False
        self._name = self._value = b""

    async def stream(self) -> AsyncGenerator[bytes]:
        """The body, as it comes."""
        _, options = parse_options_header(self.headers.get("content-type"))
        parser = MultipartParser(
            options.get(b"boundary", b""),
            {
                "on_header_field": self._header_name,
                "on_header_value": self._header_value,
                "on_header_end": self._header_end,
            },
        )
        async for chunk in super().stream():
            try:
                if not self._is_over:
                    parser.write(chunk)
            except FormParserError:  # `read_form` says what is wrong
                self._is_over = True
            yield chunk

    def _header_name(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_end(self) -> None:
        if self._name.lower() == b"content-disposition" and not self._is_over:
            _, options = parse_options_header(self._value)
            if b"filename" in options:
                self.filename = options[b"filename"].decode(errors="replace")
                self._is_over = True
        self._name = self._value = b""


def _declared(request: Request) -> int:
    said = request.headers.get("content-length", "")
    return int(said) if said.isdigit() and len(said) < 20 else 0  # noqa: PLR2004  # 64 bits
