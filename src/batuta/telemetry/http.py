"""Every request: an id, a metric, and one line in the log that says all of it.

    GET /captions/jobs/{job_id} 200 ms=1.9 caller=key:studio request_id=…

A pure ASGI middleware, so that streams and WebSockets pass untouched. `observe(app)` puts it outside
everything else in a FastAPI app but inside the app's own trace span: it sees the answers of error handlers
too, and its line carries the trace's id.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import MutableMapping
from time import perf_counter
from typing import Any, Final

import structlog
from opentelemetry import trace
from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from batuta.telemetry.metrics import request_answered
from batuta.telemetry.sentences import HTTP_EVENT
from batuta.telemetry.traces import recording

REQUEST_ID: Final = "X-Request-ID"
UNMATCHED: Final = "unmatched"
"""The route of requests that no route matches: their paths are anybody's invention."""
LEFT: Final = 499
"""The status, of nginx's making, of a request whose caller left before the answer began."""
QUIET: Final = ("/health", "/metrics")
"""Asked every few seconds by machines: logged at DEBUG unless it fails; so are routes that are `quiet`."""

_SANE: Final = re.compile(rb"[A-Za-z0-9][A-Za-z0-9._:/+=-]{0,63}")
_CALLER: Final = "batuta.caller"
_SERVER_FAULT: Final = 500

log = structlog.get_logger(__name__)


def observe(app: Starlette) -> None:
    """Have every request of the app observed; to be called before its first."""
    build = app.build_middleware_stack
    app.build_middleware_stack = lambda: Observed(build())


def tell_caller(scope: MutableMapping[str, Any], caller: str) -> None:
    """Whose request it is, for its line in the log: a key's name, never the key."""
    scope[_CALLER] = caller


class Observed:
    """The middleware."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request through and watch."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = _request_id(scope)
        begun = perf_counter()
        status = LEFT

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(raw=message.setdefault("headers", [])).setdefault(REQUEST_ID, request_id)
            await send(message)

        if recording():
            trace.get_current_span().set_attribute("batuta.request_id", request_id)
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self.app(scope, receive, watched)
            except Exception:
                status = _SERVER_FAULT if status == LEFT else status
                raise
            finally:
                _tell(scope, status, perf_counter() - begun)


def route_of(scope: Scope) -> str:
    """The template of the route that was taken, with the prefixes of its router and mount.

    FastAPI keeps the whole template of an included router's route beside the route itself.
    """
    mounted = str(scope.get("root_path", "")).removeprefix(str(scope.get("app_root_path", "")))
    route = scope.get("route")
    if route is None:
        return _unnamed(scope, mounted)
    included = scope.get("fastapi", {}).get("effective_route_context")
    template = getattr(included, "path_format", None) or getattr(route, "path_format", None)
    return f"{mounted}{template}" if template else UNMATCHED


def _unnamed(scope: Scope, mounted: str) -> str:
    """A route of Starlette's own, which leaves less behind: an endpoint and no parameters is a fixed path."""
    if "endpoint" not in scope or scope.get("path_params"):
        return UNMATCHED
    if "app_root_path" in scope and mounted:
        return f"{mounted}/{{path}}"
    return str(scope["path"])


def _request_id(scope: Scope) -> str:
    """The caller's own, if it is fit to be written into headers and logs; otherwise a new one."""
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _SANE.fullmatch(value):
            return bytes(value).decode()
    return secrets.token_hex(8)


def _tell(scope: Scope, status: int, seconds: float) -> None:
    route = route_of(scope)
    request_answered(scope["method"], route, status, seconds)
    quiet = route.endswith(QUIET) or getattr(scope.get("route"), "quiet", False)
    write = log.warning if status >= _SERVER_FAULT else log.debug if quiet else log.info
    fields: dict[str, object] = {"ms": round(seconds * 1000, 1), "caller": _caller(scope)}
    if route != scope["path"]:
        fields["path"] = scope["path"][:256]
    write(HTTP_EVENT, method=scope["method"], route=route, status=status, **fields)


def _caller(scope: Scope) -> str:
    client = scope.get("client")
    return str(scope.get(_CALLER) or (client[0] if client else "unknown"))
