"""Errors at the edge: one shape for all of them, RFC 9457 problem details."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeVar

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ValidationError
from starlette.exceptions import HTTPException

from batuta.access.answers import PROBLEM_TYPE, problem
from batuta.errors import BatutaError, InvalidRequest

_BAD_REQUEST: Final = 400
_SHOWN: Final = 200
"""Characters of what somebody sent that a message repeats."""

Model = TypeVar("Model", bound=BaseModel)


def install_problems(app: FastAPI) -> None:
    """Answer every error of the app, its own and the framework's, as a problem."""
    app.add_exception_handler(BatutaError, _ours)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unexpected)


def invalid(error: ValidationError | RequestValidationError) -> InvalidRequest:
    """The first things that are wrong with the input: where, what, and the value."""
    faults = [
        f"{'.'.join(str(part) for part in fault['loc']) or 'request'}: {fault['msg']}"
        f" (got {str(fault.get('input'))[:80]!r})"
        for fault in error.errors()[:5]
    ]
    return InvalidRequest("; ".join(faults))


def fields_of(model: type[Model], fields: Mapping[str, object]) -> Model:
    """The model out of what somebody typed or sent; raises `InvalidRequest`."""
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        raise invalid(error) from error


async def _ours(_: Request, error: Exception) -> JSONResponse:
    return problem(error if isinstance(error, BatutaError) else BatutaError(str(error)))


async def _validation(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, RequestValidationError):
        return problem(BatutaError(str(error)))
    if isinstance(error.body, bytes):  # left as it was, since nobody said that it is JSON
        kind = request.headers.get("content-type", "none")[:_SHOWN]
        return problem(InvalidRequest(f"content type {kind!r}: send the body as application/json"))
    return problem(invalid(error))


async def _http(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, HTTPException):
        return problem(BatutaError(str(error)))
    if error.status_code == _BAD_REQUEST and error.__cause__ is not None:
        return problem(InvalidRequest(f"the body is no JSON that can be read: {_why(error.__cause__)}"))
    detail = f"{request.method} {request.url.path[:_SHOWN]}: {error.detail}"
    body = {
        "type": "about:blank",
        "title": str(error.detail),
        "status": error.status_code,
        "detail": detail,
        "message": detail,
        "error": detail,
        "code": "not_found" if error.status_code == 404 else "invalid_request",  # noqa: PLR2004
        "retryable": False,
    }
    return JSONResponse(body, error.status_code, dict(error.headers or {}), PROBLEM_TYPE)


def _why(error: BaseException) -> str:
    """Why FastAPI could not parse a body: bytes that are no text, a number without end, too many brackets."""
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    return str(error).partition(";")[0][:_SHOWN]  # after it Python says how to lift its limit


async def _unexpected(_: Request, error: Exception) -> JSONResponse:
    return problem(BatutaError(f"{type(error).__name__}: see the log"))
