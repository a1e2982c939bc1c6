"""JSON as DynamoDB's maps, lists, strings and numbers, and exactly the same JSON again.

DynamoDB keeps the values of numbers, not their kind: `1.0` comes back as `1`, `-0.0` as `0`, and beyond 38
digits or 10^126 it keeps nothing (Developer Guide, "Supported data types"). Names within maps have at least
one character, text is valid Unicode, and nesting ends at 32 levels. What a map cannot hold exactly is
therefore its JSON text, under a name of its own: `{"$json": "1.0"}`. Everything else is as people expect it.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final, cast

ESCAPED: Final = "$json"
DEEPEST: Final = 24
"""Levels below the attribute; the item and the attribute are two more, an escape one."""
_LARGEST_INTEGER: Final = 2**63
_FRACTIONS: Final = (1e-15, 1e15)
"""Between these, 17 digits say a double exactly."""
_INTEGER: Final = re.compile(r"-?[0-9]+")


def to_attribute(value: Any, depth: int = 0) -> Any:  # noqa: ANN401  # any JSON value
    """What is given to DynamoDB for a JSON value."""
    match value:
        case dict() if depth < DEEPEST and all(map(_is_name, cast("dict[str, Any]", value))):
            return {
                name: to_attribute(part, depth + 1) for name, part in cast("dict[str, Any]", value).items()
            }
        case list() if depth < DEEPEST:
            return [to_attribute(part, depth + 1) for part in cast("list[Any]", value)]
        case _ if _is_exact(value):
            return value
        case _:
            return {ESCAPED: json.dumps(value, separators=(",", ":"))}


def from_attribute(value: Any) -> Any:  # noqa: ANN401  # likewise
    """The JSON value of what DynamoDB gives."""
    match value:
        case {"$json": str(text), **others} if not others:
            return json.loads(text)
        case dict():
            return {name: from_attribute(part) for name, part in cast("dict[str, Any]", value).items()}
        case list():
            return [from_attribute(part) for part in cast("list[Any]", value)]
        case _:
            return value


def number(text: str) -> int | float:
    """A number as DynamoDB writes it: whole ones are integers, since no other whole ones are kept as such."""
    return int(text) if _INTEGER.fullmatch(text) else float(text)


def _is_exact(value: object) -> bool:
    """Whether DynamoDB gives back what it is given, and of the same kind."""
    match value:
        case None | bool():
            return True
        case int():
            return abs(value) < _LARGEST_INTEGER
        case float():
            return not value.is_integer() and _FRACTIONS[0] <= abs(value) <= _FRACTIONS[1]
        case str():
            return _is_text(value)
        case _:
            return False


def _is_name(text: str) -> bool:
    return text not in {"", ESCAPED} and _is_text(text)


def _is_text(text: str) -> bool:
    """Whether it has no half of a surrogate pair."""
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)
