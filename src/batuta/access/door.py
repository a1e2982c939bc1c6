"""The gate, put before an ASGI app: whatever route is forgotten inside, nobody comes in who may not.

`guard(app, gate)` does it. A route that wants to know who asks, or needs more than its method says, has
`caller: Annotated[Caller, Depends(requires("submit"))]`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

from fastapi import FastAPI
from starlette.requests import HTTPConnection
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from batuta.access.answers import problem
from batuta.access.bodies import BodyLimit
from batuta.access.caller import Caller
from batuta.access.caller import Scope as KeyScope
from batuta.access.gate import Gate, check_limit, check_scope
from batuta.access.headers import SecurityHeaders
from batuta.access.limits import Decision, limit_headers
from batuta.access.visit import Visit, read_visit
from batuta.errors import BatutaError, NotFound, Unauthorized
from batuta.telemetry.http import tell_caller

MAX_BODY_BYTES: Final = 1024 * 1024
POLICY_VIOLATION: Final = 1008
"""RFC 6455, section 7.4.1."""

_ADMISSION: Final = "batuta.admission"


@dataclass(slots=True)
class Admission:
    """What was decided about one request; its limits grow while it goes on."""

    gate: Gate
    caller: Caller
    limits: list[Decision] = field(default_factory=list[Decision])

    def count(self, decision: Decision | None) -> None:
        """Show the decision in the answer's headers; raises `TooManyRequests` if it is a no."""
        if decision is not None:
            self.limits.append(decision)
            check_limit(decision)


def guard(
    app: FastAPI, gate: Gate, *, max_body_bytes: int | None = MAX_BODY_BYTES, login_page: str | None = None
) -> None:
    """Put the gate, the security headers and the limits on bodies before the app, in the right order.

    Without `max_body_bytes` the app limits the size of its bodies itself. `login_page` is where browsers are
    sent that ask for a page without a key.
    """
    app.add_middleware(BodyLimit, max_bytes=max_body_bytes)
    app.add_middleware(Door, gate=gate, login_page=login_page)
    app.add_middleware(SecurityHeaders)


def requires(
    scope: KeyScope, *, starts_work: bool | None = None
) -> Callable[[HTTPConnection], Awaitable[Caller]]:
    """A dependency that gives the `Caller`, if he has the scope; for routes of any app behind a `Door`.

    The scope submit counts against the limit of submits, unless `starts_work=False` (to cancel, to delete).
    Raises `Unauthorized`, `Forbidden` or `TooManyRequests`.
    """
    counts = scope == "submit" if starts_work is None else starts_work

    async def caller(request: HTTPConnection) -> Caller:
        admission = request.scope.get(_ADMISSION)
        if not isinstance(admission, Admission):
            raise RuntimeError("the app has no gate: batuta.access.door.guard(app, gate) puts one before it")  # noqa: TRY004  # not the caller's fault
        check_scope(admission.caller, scope)
        if counts:
            admission.count(admission.gate.count_submit(admission.caller))
        return admission.caller

    return caller


def count_submit(request: HTTPConnection) -> None:
    """Count against the limit of submits, for a route that finds out late that it starts work, or a socket.

    Raises `TooManyRequests`.
    """
    admission = request.scope.get(_ADMISSION)
    if isinstance(admission, Admission):
        admission.count(admission.gate.count_submit(admission.caller))


class Door:
    """Lets in whom the gate admits; tells the others why not."""

    def __init__(self, app: ASGIApp, gate: Gate, login_page: str | None = None) -> None:
        self._app = app
        self._gate = gate
        self._login_page = login_page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, or the app's lifespan."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        visit = read_visit(scope)
        admission = Admission(self._gate, Caller(address=visit.address))
        try:
            await self._enter(visit, admission)
        except BatutaError as refusal:
            await self._refuse(visit, refusal, admission)(scope, receive, send)
            return
        scope[_ADMISSION] = admission
        caller = admission.caller
        tell_caller(scope, f"key:{caller.name}" if caller.owner else caller.address)

        async def with_limits(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {
                    **message,
                    "headers": [*message.get("headers", ()), *limit_headers(admission.limits)],
                }
            await send(message)

        await self._app(scope, receive, with_limits)

    async def _enter(self, visit: Visit, admission: Admission) -> None:
        """Admit and count; who is not admitted is counted too, under his address."""
        counted = self._gate.open_paths.is_counted(visit.path)
        try:
            if (
                "\0" in visit.path
            ):  # which Postgres takes in no query, not even to say that there is no such id
                raise NotFound("no path has a NUL character (%00) in it")
            admission.caller = await self._gate.admit(visit)
        finally:
            if counted:
                admission.count(self._gate.count_request(admission.caller))

    def _refuse(self, visit: Visit, refusal: BatutaError, admission: Admission) -> ASGIApp:
        if visit.method == "WEBSOCKET":
            return _close
        answer: Response = problem(refusal)
        if isinstance(refusal, Unauthorized) and self._login_page and visit.wants_page and not visit.unsafe:
            answer = RedirectResponse(self._login_page, 303)
        answer.raw_headers.extend(limit_headers(admission.limits))
        return answer


async def _close(_scope: Scope, _receive: Receive, send: Send) -> None:
    """Before it was accepted, a closed WebSocket is a 403 to the client."""
    await send({"type": "websocket.close", "code": POLICY_VIOLATION, "reason": "not allowed"})
