"""JSON schemas in words: the type of a value, and its limits (JSON Schema 2020-12, Validation). Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from batuta.console.sentences import counted

Json = Mapping[str, Any]
"""A JSON object; a schema, mostly."""
DEEPEST: Final = 5
"""Of lists in lists and objects in objects as many are told of; then `…`."""
LONGEST_VALUE: Final = 120
"""Characters of a default or of a value among others."""

_BOUNDS: Final = (
    ("minimum", "maximum", ""),
    ("minLength", "maxLength", "character"),
    ("minItems", "maxItems", "item"),
    ("minProperties", "maxProperties", "entry"),
)
_SINGLE: Final = (
    ("exclusiveMinimum", "more than"),
    ("exclusiveMaximum", "less than"),
    ("multipleOf", "a multiple of"),
    ("pattern", "fits"),
)
_JOINED: Final = (("anyOf", " or "), ("oneOf", " or "), ("allOf", " and "))
_INNER: Final = (("items", "each"), ("additionalProperties", "each"), ("propertyNames", "each name"))


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a type, and the name of the schema it is, if it is one's."""

    text: str
    schema: str = ""


def as_object(found: object) -> Json:
    """What should be an object and may be `true`, nothing or anything."""
    return cast("Json", found) if isinstance(found, Mapping) else {}


def as_list(found: object) -> Sequence[Any]:
    """What should be a list and may be anything."""
    return cast("Sequence[Any]", found) if isinstance(found, list | tuple) else ()


def referred(schema: Json) -> str:
    """The name of the schema that a `$ref` points to, "" where there is none."""
    pointer = schema.get("$ref")
    return _unescaped(pointer.rsplit("/", 1)[-1]) if isinstance(pointer, str) else ""


def followed(found: object, document: Json) -> Json:
    """What the `$ref` of an object leads to, `{}` where that is nothing or leads in a circle."""
    for _ in range(DEEPEST):
        known = as_object(found)
        pointer = known.get("$ref")
        if not isinstance(pointer, str):
            return known
        found = document
        for part in pointer.removeprefix("#/").split("/"):
            found = as_object(found).get(_unescaped(part))
    return {}


def words(schema: object, depth: int = 0) -> tuple[Word, ...]:
    """The type: `string or null`, `list of Product`, `object of number`; a `$ref` is its schema's name."""
    if depth > DEEPEST:
        return (Word("…"),)
    known = as_object(schema)
    if name := referred(known):
        return (Word(name, name),)
    for several, joint in _JOINED:
        if choices := as_list(known.get(several)):
            return _joined([words(each, depth + 1) for each in choices], joint)
    kinds = known.get("type") or ("object" if "properties" in known else "anything")
    return _joined([_of_type(str(kind), known, depth) for kind in as_list(kinds) or (kinds,)], " or ")


def limits(schema: object, depth: int = 0) -> tuple[str, ...]:
    """What the value must be besides its type: `1 to 200 characters`, `one of "new", "used"`."""
    return tuple(dict.fromkeys(_limits(as_object(schema), depth))) if depth <= DEEPEST else ()


def value(given: object) -> str:
    """A value as JSON has it, cut where it is long."""
    text = json.dumps(given, ensure_ascii=False, default=str)
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}…"


def _of_type(kind: str, schema: Json, depth: int) -> tuple[Word, ...]:
    inner = schema.get({"array": "items", "object": "additionalProperties"}.get(kind, ""))
    said = "list" if kind == "array" else kind
    if as_object(inner):
        of = words(inner, depth + 1)
        return (Word(f"{said} of "), *(of if len(of) == 1 else (Word("("), *of, Word(")"))))
    form = schema.get("format")
    if form == "binary" or "contentMediaType" in schema:
        return (Word("file"),)
    return (Word(f"{said} ({form})" if isinstance(form, str) else said),)


def _joined(choices: Sequence[tuple[Word, ...]], joint: str) -> tuple[Word, ...]:
    joined = [word for choice in dict.fromkeys(choices) for word in (Word(joint), *choice)]
    return tuple(joined[1:])


def _limits(schema: Json, depth: int) -> Iterator[str]:
    if choices := as_list(schema.get("enum")):
        yield "one of " + ", ".join(value(choice) for choice in choices)
    if "const" in schema:
        yield f"always {value(schema['const'])}"
    for low, high, unit in _BOUNDS:
        if found := _between(schema.get(low), schema.get(high), unit):
            yield found
    for name, said in _SINGLE:
        if name in schema:
            yield f"{said} {_number(schema[name])}"
    for several, _ in _JOINED:
        for each in as_list(schema.get(several)):
            yield from limits(each, depth + 1)
    for inner, said in _INNER:
        yield from (f"{said} {limit}" for limit in limits(schema.get(inner), depth + 1))


def _between(least: object, most: object, unit: str) -> str:
    if least is None and most is None:
        return ""
    if least is None:
        return f"at most {_number(most, unit)}"
    if most is None:
        return f"at least {_number(least, unit)}"
    return f"exactly {_number(most, unit)}" if least == most else f"{_number(least)} to {_number(most, unit)}"


def _number(found: object, unit: str = "") -> str:
    """Without the point that pydantic writes behind whole numbers."""
    whole = int(found) if isinstance(found, int | float) and int(found) == found else found
    return counted(whole, unit) if unit and isinstance(whole, int) else str(whole)


def _unescaped(part: str) -> str:
    """A part of a JSON pointer (RFC 6901, section 4)."""
    return part.replace("~1", "/").replace("~0", "~")
