"""Errors as OpenAI's SDKs read them: `{"error": {"message", "type", "param", "code"}}`.

The SDK chooses its class by the status (400 BadRequestError, 401 AuthenticationError, 403
PermissionDeniedError, 404 NotFoundError, 409 ConflictError, 429 RateLimitError, 5xx InternalServerError) and
asks again by itself on 408, 409, 429 and 5xx, unless `x-should-retry` says what we know better.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, Final

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from typing_extensions import TypedDict

from batuta.access.answers import PROBLEM_TYPE, PROBLEMS
from batuta.errors import BatutaError, MediaError, PayloadTooLarge, TooManyRequests, Unauthorized
from batuta.services.problems import invalid

_UNPROCESSABLE: Final = 422
_SERVER_ERROR: Final = 500
_BAD_REQUEST: Final = 400
_FORBIDDEN: Final = 403
_NOT_FOUND: Final = 404
_TOO_MANY: Final = 429


class ErrorBody(TypedDict):
    """OpenAI's error object."""

    message: str
    type: str
    param: str | None
    code: str | None


_DOCUMENTED: Final[dict[str, Any]] = {
    "schema": {
        "type": "object",
        "title": "OpenAIError",
        "required": ["error"],
        "properties": {
            "error": {
                "type": "object",
                "required": ["message", "type", "param", "code"],
                "properties": {
                    "message": {"type": "string"},
                    "type": {"type": "string"},
                    "param": {"type": ["string", "null"]},
                    "code": {"type": ["string", "null"]},
                },
            }
        },
    }
}
OPENAI_ERRORS: Final[dict[int | str, dict[str, Any]]] = {
    status: {
        "description": described["description"],
        "content": {"application/json": _DOCUMENTED, PROBLEM_TYPE: described["content"][PROBLEM_TYPE]},
    }
    for status, described in PROBLEMS.items()
}
"""The `responses` of the door; whoever does not come in at all is told so by the gate, as a problem."""


class Refused(Exception):
    """A request that cannot be served, in OpenAI's own terms; the message says what to do instead."""

    def __init__(self, message: str, param: str, code: str | None = None, status: int = _BAD_REQUEST) -> None:
        """`param` is the field at fault."""
        super().__init__(message)
        self.body: ErrorBody = {
            "message": message,
            "type": "invalid_request_error",
            "param": param,
            "code": code,
        }
        self.status = status


def error_body(error: BatutaError) -> ErrorBody:
    """The error as OpenAI's object; also what an event stream says when its job fails."""
    return {"message": error.message, "type": _type(_status(error)), "param": None, "code": _code(error)}


def openai_error(error: BatutaError) -> JSONResponse:
    """The answer that makes OpenAI's SDK raise its own class for this error."""
    headers = {"x-should-retry": "true" if error.retryable else "false"}
    if error.retry_after is not None:
        headers["Retry-After"] = str(max(1, round(error.retry_after)))
    if isinstance(error, Unauthorized):
        headers["WWW-Authenticate"] = "Bearer"  # RFC 9110, section 11.6.1
    return JSONResponse({"error": error_body(error)}, _status(error), headers)


class OpenAIRoute(APIRoute):
    """A route whose errors, and those of its dependencies, have OpenAI's shape."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The route's own handler, its errors translated; what nobody expects stays the server's to log."""
        handle = super().get_route_handler()

        async def translated(request: Request) -> Response:
            try:
                return await handle(request)
            except Refused as refused:
                return JSONResponse({"error": refused.body}, refused.status)
            except BatutaError as error:
                return openai_error(error)
            except RequestValidationError as error:
                return openai_error(invalid(error))
            except HTTPException as error:
                body = ErrorBody(
                    message=str(error.detail), type=_type(error.status_code), param=None, code=None
                )
                return JSONResponse({"error": body}, error.status_code, error.headers)

        return translated


def _status(error: BatutaError) -> int:
    """OpenAI says 400 where we say 422: there the SDK has BadRequestError, which is what callers expect."""
    return _BAD_REQUEST if error.status == _UNPROCESSABLE else error.status


def _type(status: int) -> str:
    if status >= _SERVER_ERROR:
        return "server_error"
    return {_TOO_MANY: "requests", _FORBIDDEN: "permission_error"}.get(status, "invalid_request_error")


def _code(error: BatutaError) -> str | None:
    """OpenAI's code where it has one for this, otherwise ours; null where OpenAI says no more than 400."""
    match error:
        case Unauthorized():
            return "invalid_api_key"
        case TooManyRequests():
            return "rate_limit_exceeded"
        case PayloadTooLarge() | MediaError():
            return error.code
        case _:
            return None if error.status == _UNPROCESSABLE else error.code
