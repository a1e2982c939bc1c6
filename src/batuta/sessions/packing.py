"""JSON as it is kept: compact text within a limit, deflated, and the same values again."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from typing import Any, Final, cast

from batuta.errors import InvalidRequest, PayloadTooLarge, StorageError

MAX_INPUT_BYTES: Final = 32 * 1024
"""The longest message, of 5000 characters, has 30 kB where each is an escape in JSON (`\\u0001`)."""
MAX_STATE_BYTES: Final = 64 * 1024
MAX_OUTCOME_BYTES: Final = 256 * 1024
LARGEST: Final = max(MAX_INPUT_BYTES, MAX_STATE_BYTES, MAX_OUTCOME_BYTES)


def input_text(value: Mapping[str, Any]) -> bytes:
    """The JSON text of a turn's input; raises `InvalidRequest`, `PayloadTooLarge`."""
    try:
        text = _text(value)
    except _NOT_JSON as error:
        raise InvalidRequest(f"input is no JSON object: {error}") from error
    if len(text) > MAX_INPUT_BYTES:
        raise PayloadTooLarge(f"input has {len(text)} bytes of JSON; at most {MAX_INPUT_BYTES}: say less")
    return text


def kept_text(value: Mapping[str, Any], what: str, limit: int) -> bytes:
    """The JSON text of a state or an outcome; raises `StorageError`."""
    try:
        text = _text(value)
    except _NOT_JSON as error:
        raise StorageError(f"the {what} of this turn cannot be kept as JSON: {error}") from error
    if len(text) > limit:
        raise StorageError(f"the {what} of this turn has {len(text)} bytes of JSON; at most {limit} are kept")
    return text


def parsed(text: bytes) -> dict[str, Any]:
    """The object of a text; what is given is what will be read again."""
    return cast("dict[str, Any]", json.loads(text.decode(errors="surrogatepass")))


def deflated(text: bytes) -> bytes:
    """The text, smaller."""
    return zlib.compress(text)


def inflated(data: bytes) -> dict[str, Any]:
    """The object whose text was deflated; raises `StorageError` for anything else."""
    inflater = zlib.decompressobj()
    try:
        text = inflater.decompress(data, LARGEST + 1)
        if not inflater.eof or len(text) > LARGEST:
            raise StorageError(f"a kept JSON object is larger than {LARGEST} bytes, or cut off")
        return parsed(text)
    except (zlib.error, *_NOT_JSON) as error:
        raise StorageError(f"a kept JSON object cannot be read: {error}") from error


_NOT_JSON: Final = (TypeError, ValueError, RecursionError)


def _text(value: Mapping[str, Any]) -> bytes:
    """Half of a surrogate pair is no character, but JSON knows it, and Python keeps it."""
    text = json.dumps(dict(value), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode(errors="surrogatepass")
