"""What a pool and its worker process say to each other: one JSON object a line, never pickle.

    parent → child   {"task": {…}}
    child → parent   {"progress": 12.5}, as often as it likes, then {"result": {…}} or {"error": ErrorDict}

Tasks and results are small by design: media travels as file names.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final, TypedDict, cast

from batuta.errors import ErrorDict

MAX_LINE_BYTES: Final = 1024**2

Report = Callable[[float], None]
"""How an engine says how far it is, 0 to 100."""

Engine = Callable[[Any, Report], Mapping[str, object]]
"""A function from a task to a result, both TypedDicts of its own; it may raise any `BatutaError`."""


class Message(TypedDict, total=False):
    """One line; exactly one of the keys is there."""

    task: Mapping[str, object]
    progress: float
    result: Mapping[str, object]
    error: ErrorDict


def encode(message: Message) -> bytes:
    """The message as a line; `ValueError` when it is too long, `TypeError` when JSON cannot hold it."""
    line = json.dumps(message, separators=(",", ":")).encode() + b"\n"
    if len(line) > MAX_LINE_BYTES:
        raise ValueError(
            f"a message of {len(line)} bytes, {MAX_LINE_BYTES} allowed: write the data to a file and name it"
        )
    return line


def decode(line: bytes) -> Message:
    """The message in a line; `ValueError` when it is no JSON."""
    return cast("Message", json.loads(line))
