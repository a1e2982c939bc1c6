"""What went wrong, in Batuta's terms: a service's error answers and silences as errors of our tree. No I/O.

Every message names the service, the method and path, the status and the service's own words, because the
error travels from here to whoever reads the job's record, and nobody in between knows more.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Final, TypeAlias, cast

import httpx2

from batuta.clients.retry import Outcome, outcome_of_error, outcome_of_status, retry_after
from batuta.errors import (
    BatutaError,
    ServiceBusy,
    ServiceError,
    ServiceRefused,
    ServiceUnavailable,
    from_dict,
)

JSON: TypeAlias = "Mapping[str, JSON] | Sequence[JSON] | str | int | float | bool | None"
"""What JSON can say."""

EXPLANATION_CHARACTERS: Final = 300
"""How much of a body that is not JSON is quoted."""

_ERROR: Final[dict[Outcome, type[ServiceError]]] = {
    Outcome.REFUSED: ServiceRefused,
    Outcome.BUSY: ServiceBusy,
    Outcome.FAILED: ServiceUnavailable,
}


def question(service: str, request: httpx2.Request) -> str:
    """The request in a word; without the query, which may hold secrets."""
    return f"{service} {request.method} {request.url.path}"


def refusal(service: str, response: httpx2.Response, body: bytes) -> BatutaError:
    """The error that an answer other than success stands for; `body` may be just the beginning of it.

    A refusal that names one of our own errors (RFC 9457, `code`) is that error, in the service's words.
    """
    outcome = outcome_of_status(response.status_code)
    answer = parsed(body)
    asked = f"{question(service, response.request)} answered {response.status_code}"
    if outcome is Outcome.REFUSED and isinstance(answer, Mapping) and _is_problem(response):
        named = named_error(answer.get("code"), explanation(answer) or asked)
        if named is not None and httpx2.codes.is_client_error(named.status):
            named.add_note(asked)
            return named
    why = explanation(answer) or _excerpt(body) or _reason(response)
    wait = retry_after(response.headers, time.time()) if outcome is not Outcome.REFUSED else None
    return _ERROR[outcome](f"{asked}: {why}", wait)


def silence(service: str, request: httpx2.Request, error: httpx2.RequestError) -> ServiceError:
    """The error that a request without a whole answer stands for."""
    transient = outcome_of_error(type(error)) is Outcome.FAILED
    cls = ServiceUnavailable if transient else ServiceError
    return cls(f"{question(service, request)} got no answer: {type(error).__name__} {error}".rstrip())


def parsed(body: bytes) -> JSON:
    """The body as JSON, or None when it is something else."""
    try:
        return cast("JSON", json.loads(body))
    except (ValueError, RecursionError):  # the latter for brackets without end
        return None


def explanation(answer: JSON, depth: int = 20) -> str | None:
    """The words for people in an error answer, wherever the service put them.

    Under `detail`, `message`, `error` or `error_message`, as text, as an object that has one of these again,
    or as FastAPI's list of `{loc, msg}`; not looked for below `depth` of them.
    """
    match answer:
        case _ if depth == 0:
            return None
        case str():
            return answer.strip() or None
        case {"loc": [*where], "msg": str(what)}:
            return f"{'.'.join(str(step) for step in where)}: {what}"
        case Mapping():
            texts = (
                explanation(answer.get(key), depth - 1)
                for key in ("detail", "message", "error", "error_message")
            )
            return next(filter(None, texts), None)
        case Sequence():
            return "; ".join(filter(None, (explanation(part, depth - 1) for part in answer))) or None
        case _:
            return None


def named_error(code: JSON, message: str) -> BatutaError | None:
    """The error of ours that goes by this code, if any does."""
    if not isinstance(code, str):
        return None
    error = from_dict({"code": code, "message": message})
    return None if type(error) is BatutaError else error


def _is_problem(response: httpx2.Response) -> bool:
    return response.headers.get("content-type", "").startswith("application/problem+json")


def _excerpt(body: bytes) -> str:
    text = " ".join(body.decode(errors="replace").split())
    return text[:EXPLANATION_CHARACTERS]


def _reason(response: httpx2.Response) -> str:
    if location := response.headers.get("location"):
        return f"it moved to {location}, and redirects are not followed; set the service's URL to that"
    try:
        return HTTPStatus(response.status_code).phrase
    except ValueError:
        return "no reason given"
