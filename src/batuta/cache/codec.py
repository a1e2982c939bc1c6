"""Entries as bytes for a shared tier: typed JSON behind a checked header, never pickle.

    magic 2 | format 1 | flags 1 | CRC-32 of the rest 4 | length of the header 4 | header | value

Header and value are JSON; the value is that of pydantic's adapter for the cache's type, deflated where it is
large. The header names the type and the schema's version. Whatever does not read back as this very type and
version is no entry: after a release, or damage, values are computed again rather than misread.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping
from typing import Any, Final, Generic, TypeVar, cast

import structlog
from pydantic import ConfigDict, PydanticUserError, TypeAdapter
from pydantic.dataclasses import dataclass
from pydantic_core import PydanticSerializationError

from batuta.cache.entries import Absence, Entry
from batuta.errors import PayloadTooLarge, StorageError

log = structlog.get_logger(__name__)
T = TypeVar("T")

MAX_BYTES: Final = 2 * 1024**2
"""Of one value, before it is deflated."""
DEFLATE_FROM: Final = 4 * 1024
EVERYTHING: Final = ""
"""The tag that every entry has; its token changes when the cache is cleared."""
_MAGIC: Final = b"\xbat"
_FORMAT: Final = 1
_DEFLATED: Final = 1
_FRONT: Final = struct.Struct(">2sBBII")
_LOSSLESS: Final = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64", ser_json_inf_nan="constants")


@dataclass(frozen=True, config=ConfigDict(extra="forbid", allow_inf_nan=False, strict=True))
class _Header:
    schema: str
    stored_at: float
    fresh_until: float
    stale_until: float
    tokens: dict[str, int]
    absence: Absence | None = None


_HEADERS: Final = TypeAdapter(_Header)


class Codec(Generic[T]):
    """Writes and reads entries of one type.

    `version` is the caller's to raise when the same type means something else than before.
    """

    def __init__(self, kind: type[T], *, version: int = 1, max_bytes: int = MAX_BYTES) -> None:
        self._values = _adapter(kind)
        self._schema = f"{_name(kind)}:{version}"
        self._max_bytes = max_bytes

    def weigh(self, entry: Entry[T]) -> int:
        """Bytes of the entry's value; raises `StorageError` for what is not of the type."""
        return 0 if entry.absence else len(self._dump(entry.value))

    def encode(self, entry: Entry[T], tokens: Mapping[str, int]) -> bytes:
        """The bytes of an entry and the tokens of its tags.

        Raises `StorageError` for a value that is not of the type, `PayloadTooLarge` above the limit.
        """
        value = b"" if entry.absence else self._dump(entry.value)
        if len(value) > self._max_bytes:
            raise PayloadTooLarge(f"a value of {len(value)} bytes is not cached; limit {self._max_bytes}")
        header = _HEADERS.dump_json(
            _Header(
                self._schema,
                entry.stored_at,
                entry.fresh_until,
                entry.stale_until,
                dict(tokens),
                entry.absence,
            )
        )
        flags = 0
        if len(value) >= DEFLATE_FROM:
            value, flags = zlib.compress(value, level=1), _DEFLATED
        check = zlib.crc32(value, zlib.crc32(header))
        return _FRONT.pack(_MAGIC, _FORMAT, flags, check, len(header)) + header + value

    def decode(self, data: bytes) -> tuple[Entry[T], dict[str, int]] | None:
        """The entry and its tokens; None for what `encode` of this type and version did not write."""
        try:
            return self._decode(data)
        except (ValueError, zlib.error, struct.error, RecursionError) as error:
            log.info("unreadable_cache_entry", schema=self._schema, error=type(error).__name__)
            return None
        except Exception as error:  # noqa: BLE001  # a validator of the value's own may raise what it likes
            log.warning("unreadable_cache_entry", schema=self._schema, error=repr(error))
            return None

    def _decode(self, data: bytes) -> tuple[Entry[T], dict[str, int]] | None:
        magic, form, flags, check, length = _FRONT.unpack_from(data)
        start = _FRONT.size + length
        if (magic, form) != (_MAGIC, _FORMAT) or flags not in (0, _DEFLATED) or len(data) < start:
            return None
        if zlib.crc32(memoryview(data)[_FRONT.size :]) != check:
            return None
        header = _HEADERS.validate_json(data[_FRONT.size : start])
        if header.schema != self._schema or not _ordered(header):
            return None
        value = None
        if header.absence is None:
            text = self._inflate(data[start:]) if flags else data[start:]
            if len(text) > self._max_bytes:
                return None
            value = self._values.validate_json(text)
        tags = tuple(tag for tag in header.tokens if tag != EVERYTHING)
        times = (header.stored_at, header.fresh_until, header.stale_until)
        return Entry(value, *times, tags, header.absence), header.tokens

    def _inflate(self, deflated: bytes) -> bytes:
        inflater = zlib.decompressobj()
        text = inflater.decompress(deflated, self._max_bytes)
        if not inflater.eof:
            raise ValueError("more than the limit, or less than the whole")
        return text

    def _dump(self, value: T | None) -> bytes:
        try:
            return self._values.dump_json(cast("T", value), warnings="error")
        except PydanticSerializationError as error:
            raise StorageError(f"not of the cache's type {self._schema}: {error}") from error


def _ordered(header: _Header) -> bool:
    return header.stored_at <= header.fresh_until <= header.stale_until


def _adapter(kind: type[T]) -> TypeAdapter[T]:
    """Bytes and infinities survive JSON; a model's own configuration says so itself."""
    try:
        return TypeAdapter(kind, config=_LOSSLESS)
    except PydanticUserError:
        return TypeAdapter(kind)


def _name(kind: Any) -> str:  # noqa: ANN401  # any type form: a class, list[int], a union
    if isinstance(kind, type) and not hasattr(kind, "__args__"):
        return f"{kind.__module__}.{kind.__qualname__}"
    return str(kind)
