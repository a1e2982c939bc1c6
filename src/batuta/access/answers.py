"""A refusal as an HTTP answer, for routes and for what stands before them (RFC 9457)."""

from __future__ import annotations

import math
from typing import Final

from starlette.responses import JSONResponse

from batuta.errors import BatutaError, Unauthorized

PROBLEM_TYPE: Final = "application/problem+json"


def problem(error: BatutaError) -> JSONResponse:
    """The answer that says what went wrong, when to come again, and that a key would help (RFC 6750)."""
    headers: dict[str, str] = {}
    if error.retry_after is not None:
        headers["Retry-After"] = str(max(1, math.ceil(error.retry_after)))  # sooner would be refused again
    if isinstance(error, Unauthorized):
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse(error.to_problem(), error.status, headers, PROBLEM_TYPE)
