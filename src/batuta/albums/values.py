"""Generic values as text and back: JSON, plus tracks, tuples and keys that are no strings.

A list is written one member a line, and read so: another thread, the event loop's, gets its turn in between.
"""

from __future__ import annotations

import json
from typing import Any, Final, cast

from batuta.albums.models import TrackDict

_MARK: Final = "$batuta"
"""An object with this key is one of ours: [kind, content]."""


def written(value: object) -> str:
    """The value as text; raises `TypeError` for what has no written form, `ValueError` for a circle."""
    try:
        if isinstance(value, list):
            return "\n".join(["L", *(json.dumps(_plain(part)) for part in cast("list[object]", value))])
        return "V\n" + json.dumps(_plain(value))
    except RecursionError as error:
        raise ValueError("it contains itself, or is nested too deep") from error


def read(text: str) -> Any:  # noqa: ANN401  # what was stored
    """The value again; raises `ValueError`, `TypeError` or `KeyError` for what `written` did not write."""
    kind, *lines = text.split("\n")
    if kind == "L":
        return [_restored(json.loads(line)) for line in lines]
    if kind == "V" and len(lines) == 1:
        return _restored(json.loads(lines[0]))
    raise ValueError("not a value that was written here")


def plain(value: object) -> object:
    """The value for a file of the older format: tracks become objects; raises `TypeError`."""
    if isinstance(value, TrackDict):
        return value.model_dump(mode="json")
    if isinstance(value, list | tuple):
        return [plain(part) for part in cast("list[object]", value)]
    if isinstance(value, dict):
        return {str(name): plain(part) for name, part in cast("dict[object, object]", value).items()}
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TypeError(f"a {type(value).__name__} has no JSON form")


def _plain(value: object) -> object:
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, list):
        return [_plain(part) for part in cast("list[object]", value)]
    if isinstance(value, TrackDict):
        return {_MARK: ["track", value.model_dump(mode="json")]}
    if isinstance(value, tuple):
        return {_MARK: ["tuple", [_plain(part) for part in cast("tuple[object, ...]", value)]]}
    if isinstance(value, dict):
        items = cast("dict[object, object]", value)
        if _MARK not in items and all(isinstance(name, str) for name in items):
            return {name: _plain(part) for name, part in items.items()}
        return {_MARK: ["items", [[_plain(name), _plain(part)] for name, part in items.items()]]}
    raise TypeError(f"a {type(value).__name__} has no JSON form")


def _restored(value: Any) -> Any:  # noqa: ANN401  # JSON
    if isinstance(value, list):
        return [_restored(part) for part in cast("list[Any]", value)]
    if not isinstance(value, dict):
        return value
    items = cast("dict[str, Any]", value)
    if _MARK not in items:
        return {name: _restored(part) for name, part in items.items()}
    kind, content = items[_MARK]
    if kind == "track":
        return TrackDict.model_validate(content)
    if kind == "tuple":
        return tuple(_restored(part) for part in content)
    if kind == "items":
        return {_restored(name): _restored(part) for name, part in content}
    raise ValueError(f"{kind!r} is nothing that was written here")
