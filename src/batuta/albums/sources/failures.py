"""What it means that a source did not answer as documented: every status, silence and strange body. Pure."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Final, TypeVar

import httpx2
from pydantic import BaseModel, ValidationError

from batuta.albums.sources.answers import Failed, Reason
from batuta.clients.answers import explanation, parsed
from batuta.errors import (
    BatutaError,
    BreakerOpen,
    DeadlineExceeded,
    ServiceBusy,
    ServiceRefused,
    ServiceUnavailable,
)

Shape = TypeVar("Shape", bound=BaseModel)
_QUOTED: Final = 200
"""Characters of a source's own words in a message."""
_REASONS: Final[dict[int, tuple[Reason, str]]] = {
    HTTPStatus.UNAUTHORIZED: (Reason.NEEDS_TOKEN, "it wants a token, or another one"),
    HTTPStatus.NOT_FOUND: (Reason.NOT_FOUND, "there is no search at this address; look at the source's URL"),
}


def failure_of_error(source: str, error: BatutaError | RecursionError) -> Failed:
    """The failure that an error of the client stands for."""
    if isinstance(error, RecursionError):
        return Failed(source, Reason.MALFORMED, f"{source} answered with JSON nested too deep to read")
    return Failed(source, _reason(error), error.message, error.retry_after)


def failure_of_status(source: str, response: httpx2.Response) -> Failed | None:
    """The failure a status other than success stands for; None for success."""
    if response.is_success:
        return None
    reason, what = _REASONS.get(response.status_code, (Reason.REFUSED, "it does not take the question"))
    own = explanation(parsed(response.content)) or ""
    words = f": {' '.join(own.split())[:_QUOTED]}" if own else ""
    return Failed(source, reason, f"{source} answered {response.status_code}, {what}{words}")


def read(source: str, response: httpx2.Response, shape: type[Shape]) -> Shape | Failed:
    """The body, if it is what the source's documentation promises."""
    body = response.content
    try:
        value: object = json.loads(body)
    except (ValueError, RecursionError):
        if body.lstrip()[:1] == b"<" or "html" in response.headers.get("content-type", ""):
            return Failed(source, Reason.NOT_JSON, f"{source} answered with a web page in the place of data")
        return Failed(
            source, Reason.MALFORMED, f"{source} answered with JSON that cannot be read: {_start(body)}"
        )
    try:
        return shape.model_validate(value)
    except ValidationError as error:
        where = ".".join(str(step) for step in error.errors(include_input=False)[0]["loc"]) or "the whole"
        return Failed(
            source,
            Reason.MALFORMED,
            f"{source} answered without what is documented ({where}): {_start(body)}",
        )


def entries(source: str, items: list[object], shape: type[Shape]) -> list[Shape] | Failed:
    """Those of a list that can be read; if there are some and none can, that is no negative answer."""
    found: list[Shape] = []
    for item in items:
        try:
            found.append(shape.model_validate(item))
        except ValidationError:
            continue
    if items and not found:
        return Failed(
            source, Reason.MALFORMED, f"none of the {len(items)} entries of {source} is as documented"
        )
    return found


def year_of(date: object) -> int | None:
    """The year a date begins with (`1991`, `1991-09-24`, `1991-09-24T07:00:00Z`, 1991), if it is one."""
    text = str(date)[:4] if isinstance(date, str | int) else ""
    return int(text) or None if text.isascii() and text.isdigit() and len(text) == len("1991") else None


def _reason(error: BatutaError) -> Reason:
    match error:
        case BreakerOpen():
            return Reason.RESTING
        case ServiceBusy():
            return Reason.BUSY
        case ServiceUnavailable():
            late = isinstance(error.__cause__, httpx2.TimeoutException | TimeoutError)
            return Reason.TIMEOUT if late else Reason.UNAVAILABLE
        case ServiceRefused():
            return Reason.REFUSED
        case DeadlineExceeded():
            return Reason.OUT_OF_TIME
        case _:
            # The client's own word for an answer above its limit has no cause; others have the transport's.
            return Reason.TOO_LARGE if error.__cause__ is None else Reason.UNAVAILABLE


def _start(body: bytes) -> str:
    return repr(" ".join(body[:_QUOTED].decode(errors="replace").split()))
