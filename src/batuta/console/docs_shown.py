"""An OpenAPI document as its page shows it: operations by tag, and the schemas they name. Pure.

A `$ref` becomes a link to its schema and is unfolded nowhere but at the top of a body, so schemas that hold
themselves end.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from batuta.console.docs_types import (
    DEEPEST,
    Json,
    Word,
    as_list,
    as_object,
    followed,
    limits,
    referred,
    value,
    words,
)

METHODS: Final = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
"""OpenAPI 3.1.0, section 4.8.9: the other members of a path are no operations."""
UNTAGGED: Final = "other"
_NOTHING_SAID: Final = "Successful Response"
"""What FastAPI says of an answer of which nothing is said."""
_NO_ANCHOR: Final = re.compile(r"[^A-Za-z0-9_.-]+")


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of text, or of code."""

    text: str
    is_code: bool = False


Text = tuple[tuple[Span, ...], ...]
"""Paragraphs."""


@dataclass(frozen=True, slots=True)
class Property:
    """A parameter, or a member of an object; members of members have dotted names."""

    name: str
    kind: tuple[Word, ...]
    limits: tuple[str, ...]
    text: Text
    is_required: bool
    default: str | None
    place: str = ""
    """Of a parameter: `path`, `query`, `header` or `cookie`."""


@dataclass(frozen=True, slots=True)
class Content:
    """A body in one media type; the properties are told where they have no name of their own."""

    media_type: str
    kind: tuple[Word, ...]
    properties: tuple[Property, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What may come back."""

    status: str
    text: Text
    contents: tuple[Content, ...]


@dataclass(frozen=True, slots=True)
class Operation:
    """A method of a path."""

    anchor: str
    method: str
    path: str
    summary: str
    text: Text
    parameters: tuple[Property, ...]
    is_body_required: bool
    bodies: tuple[Content, ...]
    answers: tuple[Answer, ...]
    is_deprecated: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """The operations of a tag."""

    anchor: str
    name: str
    operations: tuple[Operation, ...]


@dataclass(frozen=True, slots=True)
class NamedSchema:
    """A schema that others name."""

    anchor: str
    name: str
    kind: tuple[Word, ...]
    limits: tuple[str, ...]
    text: Text
    properties: tuple[Property, ...]


@dataclass(frozen=True, slots=True)
class Documentation:
    """All of it."""

    groups: tuple[Group, ...]
    schemas: tuple[NamedSchema, ...]
    anchors: Mapping[str, str]
    """Of the schemas, by name."""


def shown(document: Json) -> Documentation:
    """The documentation in an OpenAPI document of a version from 3.0 on."""
    reader = _Reader(document)
    groups: dict[str, list[Operation]] = {}
    for path, method, operation in _operations(document):
        for tag in as_list(operation.get("tags")) or (UNTAGGED,):
            groups.setdefault(str(tag), []).append(reader.operation(path, method, operation))
    return Documentation(
        tuple(
            Group(f"tag-{_anchor(name)}", name[:1].upper() + name[1:], tuple(found))
            for name, found in groups.items()
        ),
        tuple(reader.named(name) for name in sorted(reader.schemas, key=str.lower)),
        {name: _schema_anchor(name) for name in reader.schemas},
    )


def paragraphs(text: str) -> Text:
    """Text with `code` between back quotes, its paragraphs between empty lines."""
    found = (part.strip() for part in re.split(r"\n\s*\n", text))
    return tuple(tuple(_spans(part)) for part in found if part)


class _Reader:
    """Reads one document; `schemas` are those that have a name, be it only a title."""

    def __init__(self, document: Json) -> None:
        self._document = document
        self.schemas: dict[str, Json] = dict(as_object(as_object(document.get("components")).get("schemas")))
        for _, _, operation in _operations(document):
            for answer in as_object(operation.get("responses")).values():
                for content in as_object(as_object(answer).get("content")).values():
                    schema = as_object(as_object(content).get("schema"))
                    if title := _title(schema):
                        self.schemas.setdefault(title, schema)

    def operation(self, path: str, method: str, found: Json) -> Operation:
        """A method of a path."""
        summary = str(found.get("summary") or "")
        body = followed(found.get("requestBody"), self._document)
        return Operation(
            anchor=_anchor(str(found.get("operationId") or f"{method}{path}")),
            method=method.upper(),
            path=path,
            summary=summary,
            text=paragraphs(str(found.get("description") or summary)),
            parameters=tuple(self._parameter(each) for each in as_list(found.get("parameters"))),
            is_body_required=bool(body.get("required")),
            bodies=self._contents(body, is_asked=True),
            answers=tuple(
                self._answer(status, answer) for status, answer in as_object(found.get("responses")).items()
            ),
            is_deprecated=bool(found.get("deprecated")),
        )

    def named(self, name: str) -> NamedSchema:
        """A schema that has a name."""
        schema = self.schemas[name]
        return NamedSchema(
            _schema_anchor(name),
            name,
            words(schema),
            limits(schema),
            paragraphs(str(schema.get("description") or "")),
            tuple(self._properties(schema)),
        )

    def _parameter(self, found: Json) -> Property:
        parameter = followed(found, self._document)
        described = {"description": parameter.get("description"), **as_object(parameter.get("schema"))}
        name, is_required = str(parameter.get("name") or ""), bool(parameter.get("required"))
        return _property(name, described, str(parameter.get("in") or ""), is_required=is_required)

    def _answer(self, status: str, found: Json) -> Answer:
        answer = followed(found, self._document)
        said = str(answer.get("description") or "")
        if said in {"", _NOTHING_SAID} and status in _PHRASES:
            said = _PHRASES[status]
        return Answer(status, paragraphs(said), self._contents(answer, is_asked=False))

    def _contents(self, found: Json, *, is_asked: bool) -> tuple[Content, ...]:
        """Bodies by media type; of what is asked for, the properties are told although they have a name."""
        return tuple(
            self._content(media_type, as_object(content), is_asked=is_asked)
            for media_type, content in as_object(found.get("content")).items()
        )

    def _content(self, media_type: str, content: Json, *, is_asked: bool) -> Content:
        if item := as_object(content.get("itemSchema")):  # OpenAPI 3.2.0: of a stream
            return Content(media_type, (Word("stream of "), *words(item)), tuple(self._properties(item)))
        schema = as_object(content.get("schema"))
        if not schema:
            return Content(media_type, (), ())
        title = _title(schema)
        kind = (Word(title, title),) if self.schemas.get(title) == schema else words(schema)
        is_told = is_asked or not any(word.schema for word in kind)
        return Content(media_type, kind, tuple(self._properties(schema)) if is_told else ())

    def _properties(self, schema: Json, before: str = "", depth: int = 0) -> Iterator[Property]:
        if depth > DEEPEST:
            return
        known = schema if depth else followed(schema, self._document)
        for part in as_list(known.get("allOf")):
            yield from self._properties(followed(part, self._document), before, depth + 1)
        required = as_list(known.get("required"))
        for name, each in as_object(known.get("properties")).items():
            inner = as_object(each)
            yield _property(f"{before}{name}", inner, is_required=name in required)
            within, sign = (as_object(inner["items"]), "[].") if "items" in inner else (inner, ".")
            if not referred(within):
                yield from self._properties(within, f"{before}{name}{sign}", depth + 1)


def _property(name: str, schema: Json, place: str = "", *, is_required: bool) -> Property:
    return Property(
        name=name,
        kind=words(schema),
        limits=limits(schema),
        text=paragraphs(str(schema.get("description") or "")),
        is_required=is_required,
        default=value(schema["default"]) if "default" in schema else None,
        place=place,
    )


def _operations(document: Json) -> Iterator[tuple[str, str, Json]]:
    for path, found in as_object(document.get("paths")).items():
        methods = as_object(found)
        yield from ((path, method, as_object(methods[method])) for method in METHODS if method in methods)


def _title(schema: Json) -> str:
    """The title of an object that is written out where it is used."""
    return str(schema.get("title") or "") if "properties" in schema else ""


def _spans(text: str) -> Iterator[Span]:
    pieces = text.split("`")
    if len(pieces) % 2 == 0:
        pieces = [text]
    for at, piece in enumerate(pieces):
        if piece:
            yield Span(piece, is_code=at % 2 == 1)


def _anchor(name: str) -> str:
    return _NO_ANCHOR.sub("-", name)


def _schema_anchor(name: str) -> str:
    return f"schema-{_anchor(name)}"


_PHRASES: Final[Mapping[str, str]] = {str(status.value): status.phrase for status in HTTPStatus}
