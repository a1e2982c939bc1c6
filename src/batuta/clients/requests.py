"""What a request consists of, and building it anew for every attempt."""

from __future__ import annotations

from collections.abc import AsyncIterable, Callable, Container, Mapping
from typing import Final, TypedDict

import httpx2

from batuta.clients.answers import JSON
from batuta.clients.deadline import DEADLINE_HEADER, deadline_to_header, remaining
from batuta.clients.multipart import FileSource, Multipart, form_fields
from batuta.clients.retry import IDEMPOTENT_METHODS

IDEMPOTENCY_HEADER: Final = "Idempotency-Key"
_OPERATIONS: Final = ("connect", "read", "write", "pool")


class RequestParts(TypedDict, total=False):
    """What a request may consist of besides its method and path."""

    json: JSON
    data: Mapping[str, JSON]
    """Form fields; together with `files` a multipart form."""
    files: Mapping[str, FileSource]
    content: bytes | Callable[[], AsyncIterable[bytes]]
    """The raw body, or what makes a fresh one for every attempt."""
    params: Mapping[str, str | int | float | bool]
    headers: Mapping[str, str]
    timeout: float
    """Seconds, instead of the client's."""
    idempotency_key: str
    """What makes a POST safe to repeat, and therefore repeated."""
    expected: Container[int]
    """Statuses besides success that are answers to the caller, not errors."""


def build(
    method: str, url: str, parts: RequestParts, defaults: Mapping[str, str], seconds: float
) -> httpx2.Request:
    """The request of one attempt, which may be silent for so many `seconds`; `defaults` are headers."""
    headers = {**defaults, **parts.get("headers", {})}
    if (key := parts.get("idempotency_key")) is not None:
        headers[IDEMPOTENCY_HEADER] = key
    if (left := remaining()) is not None:
        headers[DEADLINE_HEADER] = deadline_to_header(left)
    content, data = parts.get("content"), parts.get("data")
    if (files := parts.get("files")) is not None:
        form = Multipart(form_fields(data or {}), files, seed=key)
        headers["Content-Type"] = form.content_type
        headers["Content-Length"] = str(form.content_length)
        content, data = form, None
    return httpx2.Request(
        method,
        url,
        params=parts.get("params"),
        headers=headers,
        content=content() if callable(content) else content,
        data=None if data is None else form_fields(data),
        json=parts.get("json"),
        extensions={"timeout": dict.fromkeys(_OPERATIONS, seconds)},
    )


def streams(parts: RequestParts) -> bool:
    """Whether the body is sent piece by piece, and may take longer than one answer should."""
    return "files" in parts or callable(parts.get("content"))


def repeatable(method: str, parts: RequestParts) -> bool:
    """Whether the service can tell a repetition from a second request, or does not care."""
    return method in IDEMPOTENT_METHODS or "idempotency_key" in parts
