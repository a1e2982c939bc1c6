"""A refusal as an HTTP answer, for routes and for what stands before them (RFC 9457), and its schema."""

from __future__ import annotations

import math
from typing import Any, Final

from starlette.responses import JSONResponse

from batuta.errors import BatutaError, Unauthorized

PROBLEM_TYPE: Final = "application/problem+json"

_PROBLEM: Final[dict[str, Any]] = {
    "content": {
        PROBLEM_TYPE: {
            "schema": {
                "type": "object",
                "title": "Problem",
                "required": ["type", "title", "status", "detail", "code", "message", "retryable"],
                "properties": {
                    "type": {"type": "string"},
                    "title": {"type": "string"},
                    "status": {"type": "integer"},
                    "detail": {"type": "string", "description": "what, which value, what to do"},
                    "code": {"type": "string", "description": "what went wrong, for programs"},
                    "message": {"type": "string", "description": "as detail"},
                    "error": {"type": "string", "description": "likewise, for older clients"},
                    "retryable": {"type": "boolean", "description": "whether asking again may help"},
                    "retry_after": {"type": ["number", "null"], "description": "seconds"},
                },
            }
        }
    }
}
PROBLEMS: Final[dict[int | str, dict[str, Any]]] = {
    "4XX": {"description": "The request cannot be served", **_PROBLEM},
    "5XX": {"description": "We, or a service we asked, failed", **_PROBLEM},
}
"""The `responses` of every router whose errors are problems; without it FastAPI documents its own 422."""


def problem(error: BatutaError) -> JSONResponse:
    """The answer that says what went wrong, when to come again, and that a key would help (RFC 6750)."""
    headers: dict[str, str] = {}
    if error.retry_after is not None:
        headers["Retry-After"] = str(max(1, math.ceil(error.retry_after)))  # sooner would be refused again
    if isinstance(error, Unauthorized):
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse(error.to_problem(), error.status, headers, PROBLEM_TYPE)
