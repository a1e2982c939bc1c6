"""Forms as they arrive (`multipart/form-data`, RFC 7578): a file goes straight to where it is kept.

Starlette's `request.form()` first writes every file whole into the temporary folder, and only then can
anybody say that it is too large.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final, TypeVar

from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header
from starlette.requests import ClientDisconnect, Request

from batuta.errors import InvalidRequest, PayloadTooLarge
from batuta.storage.artefacts import CHUNK_BYTES, Artefact, ArtefactStore

MAX_FIELDS: Final = 100
MAX_FILES: Final = 5_100
"""Of one form: the clips of a long dub are a file each."""
MAX_FIELD_BYTES: Final = 512 * 1024
MAX_TEXT_BYTES: Final = 2 * 1024 * 1024
"""All the fields of a form together."""
AROUND_FILE_BYTES: Final = 4 * 1024 * 1024
"""What may surround the files of a form."""

_KIND: Final = b"multipart/form-data"
_SHOWN: Final = 200
"""Characters of what somebody sent that a message repeats."""

T = TypeVar("T")

Keep = Callable[[AsyncGenerator[bytes], str], Awaitable[T]]
"""Takes in a file: its bytes in pieces of about a megabyte, and the media type its sender claims."""


async def read_uploads(
    request: Request, artefacts: ArtefactStore, max_bytes: int, uploaded: list[Artefact]
) -> dict[str, str | Artefact]:
    """The form's fields by name, blank ones left out; each file is stored, and added to `uploaded` at once.

    Raises `PayloadTooLarge` for files over `max_bytes` together, before reading where the form says its size.
    """
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > max_bytes + AROUND_FILE_BYTES:
        raise PayloadTooLarge(f"more than the {max_bytes} bytes allowed; nothing was read")

    async def keep(chunks: AsyncGenerator[bytes], media_type: str) -> Artefact:
        left = max_bytes - sum(file.size for file in uploaded)
        try:
            uploaded.append(await artefacts.put(chunks, media_type, max_bytes=left))
        except PayloadTooLarge as error:
            raise PayloadTooLarge(f"more than the {max_bytes} bytes allowed; nothing was kept") from error
        return uploaded[-1]

    return {name: value for name, value in await read_form(request, keep) if value != ""}


async def read_form(request: Request, keep: Keep[T]) -> list[tuple[str, str | T]]:
    """The form's fields in order: text as it is, files as what `keep` makes of them.

    Raises `InvalidRequest` for a form that is broken or breaks off, and whatever `keep` raises.
    """
    found: list[tuple[str, str | T]] = []
    files = fields = size = 0
    async with aclosing(_events(request)) as events:
        async for head in events:
            if not isinstance(head, _Head):
                continue  # the rest of a file that `keep` did not want to the end
            if head.is_file:
                files += 1
                if files > MAX_FILES:
                    raise InvalidRequest(f"a form may have {MAX_FILES} files")
                found.append((head.name, await keep(_data(events), head.media_type)))
                continue
            fields += 1
            text = await _text(head.name, events)
            size += len(text)
            if fields > MAX_FIELDS:
                raise InvalidRequest(f"a form may have {MAX_FIELDS} fields")
            if size > MAX_TEXT_BYTES:
                raise PayloadTooLarge(f"the fields of a form may have {MAX_TEXT_BYTES} bytes together")
            found.append((head.name, text))
    return found


@dataclass(frozen=True, slots=True)
class _Head:
    """What a part says about itself."""

    name: str
    is_file: bool
    media_type: str


class _End:
    """A part is over."""


_Events = AsyncGenerator[_Head | bytes | _End]


class _Reader:
    """Turns the parser's callbacks into events."""

    def __init__(self, boundary: bytes) -> None:
        self.ready: deque[_Head | bytes | _End] = deque()
        self.is_over = False
        self._headers: dict[bytes, bytes] = {}
        self._name = self._value = b""
        self._parser = MultipartParser(
            boundary,
            {
                "on_header_field": self._header_name,
                "on_header_value": self._header_value,
                "on_header_end": self._header_end,
                "on_headers_finished": self._head,
                "on_part_data": lambda data, start, end: self.ready.append(data[start:end]),
                "on_part_end": lambda: self.ready.append(_End()),
                "on_end": self._over,
            },
        )

    def write(self, chunk: bytes) -> None:
        """Raises `FormParserError`."""
        self._parser.write(chunk)

    def _header_name(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_end(self) -> None:
        self._headers[self._name.lower()] = self._value
        self._name = self._value = b""

    def _head(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition"))
        if b"name" not in options:
            raise FormParserError("a part has no name")
        name = options[b"name"].decode(errors="replace")
        media_type = self._headers.get(b"content-type", b"").decode("latin-1")
        self.ready.append(_Head(name, b"filename" in options, media_type))
        self._headers.clear()

    def _over(self) -> None:
        self.is_over = True


async def _events(request: Request) -> _Events:
    kind, options = parse_options_header(request.headers.get("content-type"))
    if kind.lower() != _KIND:
        named = kind.decode("latin-1")[:_SHOWN] or "none"
        raise InvalidRequest(f"content type {named!r}: send a form as {_KIND.decode()}")
    try:
        reader = _Reader(options.get(b"boundary", b""))
        async for chunk in request.stream():
            reader.write(chunk)
            while reader.ready:
                yield reader.ready.popleft()
    except FormParserError as error:
        raise InvalidRequest(f"the form cannot be read: {error}") from error
    except ClientDisconnect as error:
        raise InvalidRequest("the caller left before the form had arrived") from error
    if not reader.is_over:
        raise InvalidRequest("the form breaks off before its closing boundary")


async def _data(events: _Events) -> AsyncGenerator[bytes]:
    """The bytes of the part that has just begun."""
    gathered = bytearray()
    async for event in events:
        if not isinstance(event, bytes):
            break
        gathered += event
        if len(gathered) >= CHUNK_BYTES:
            yield bytes(gathered)
            gathered.clear()
    if gathered:
        yield bytes(gathered)


async def _text(name: str, events: _Events) -> str:
    text = b""
    async for chunk in _data(events):
        text += chunk
        if len(text) > MAX_FIELD_BYTES:
            raise PayloadTooLarge(f"{name}: a field of a form may have {MAX_FIELD_BYTES} bytes")
    try:
        return text.decode()
    except UnicodeDecodeError as error:
        raise InvalidRequest(f"{name}: not UTF-8") from error
