"""What the engine may remember: small JSON values and our own errors, nothing else.

The engine keeps every input and every step's outcome. Media does not belong there, so a value over 256 kB
is refused with the advice to store an artefact; pickle does not belong anywhere.
"""

from __future__ import annotations

import datetime as dt
import json
from typing import Any, Final

from pydantic import BaseModel

from batuta.errors import BatutaError, from_dict

MAX_BYTES: Final = 256_000
_ERROR, _TIME = "$error", "$time"


def encode(value: object) -> str:
    """The value as JSON; `TypeError` for what JSON cannot hold, `ValueError` for what is too large."""
    text = json.dumps(value, default=_encode_special, separators=(",", ":"))
    if len(text) > MAX_BYTES:
        raise ValueError(
            f"{len(text)} bytes for the engine to remember, {MAX_BYTES} allowed: "
            "store an artefact and pass its reference"
        )
    return text


def decode(text: str) -> Any:  # noqa: ANN401  # whatever was encoded
    """The value back, errors as the classes they were."""
    return json.loads(text, object_hook=_decode_special)


def _encode_special(value: object) -> object:
    match value:
        case BatutaError():
            return {_ERROR: value.to_dict()}
        case BaseException():
            return {_ERROR: {"code": "internal_error", "message": f"{type(value).__name__}: {value}"}}
        case dt.datetime():
            return {_TIME: value.isoformat()}
        case BaseModel():
            return value.model_dump(mode="json")
        case _:
            raise TypeError(
                f"the engine cannot remember a {type(value).__name__}: use JSON values or an artefact"
            )


def _decode_special(found: dict[str, Any]) -> object:
    if found.keys() == {_ERROR}:
        return from_dict(found[_ERROR])
    if found.keys() == {_TIME}:
        return dt.datetime.fromisoformat(found[_TIME])
    return found
