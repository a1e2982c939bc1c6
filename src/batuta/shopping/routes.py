"""Shopping over HTTP (contract: shopping, "HTTP"); the socket is in `sockets.py`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from fastapi.routing import APIRoute
from fastapi.sse import format_sse_event

from batuta.access.answers import PROBLEMS
from batuta.access.bodies import streams_body
from batuta.access.caller import Caller
from batuta.access.door import MAX_BODY_BYTES, requires
from batuta.errors import PayloadTooLarge
from batuta.shopping.app import NEEDED, Shopping
from batuta.shopping.frames import Run, frames
from batuta.shopping.models import (
    ChatRequest,
    ClarifyRequest,
    SearchRequest,
    SessionId,
    SessionView,
    TurnOutcome,
    UserId,
)
from batuta.shopping.orchestrator import Tell
from batuta.shopping.uploads import Uploaded

EVENTS: Final = "text/event-stream"
_AS_EVENTS: Final[dict[int | str, dict[str, Any]]] = {200: {"content": {EVENTS: {}}}}

_LONGEST_LENGTH: Final = 30


class _MessageRoute(APIRoute):
    """A route that says of a body too large for a message where photos and recordings go instead."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, once the body is not declared to be too large."""
        handle = super().get_route_handler()

        async def checked(request: Request) -> Response:
            declared = request.headers.get("content-length", "")[:_LONGEST_LENGTH]
            if declared.isascii() and declared.isdigit() and int(declared) > MAX_BODY_BYTES:
                raise PayloadTooLarge(
                    f"a message may have {MAX_BODY_BYTES} bytes: send larger photos and recordings to"
                    " /api/v1/uploads first, and name them by their upload_id"
                )
            return await handle(request)

        return checked


router = APIRouter(tags=["shopping"], responses=PROBLEMS)
messages = APIRouter(route_class=_MessageRoute)


async def the_shopping(request: Request) -> Shopping:
    """The application behind the server that was asked."""
    shopping: Shopping = request.app.state.shopping
    return shopping


App = Annotated[Shopping, Depends(the_shopping)]
Reader = Annotated[Caller, Depends(requires("read"))]
Asker = Annotated[Caller, Depends(requires("submit"))]
Changer = Annotated[Caller, Depends(requires("submit", starts_work=False))]
Asked = Annotated[UserId, Query(description="who opened the conversation")]
Id = Annotated[SessionId, Path()]


@messages.post("/api/v1/search", response_model=TurnOutcome)
async def search(body: SearchRequest, shopping: App, caller: Asker) -> Response:
    """Results at once, without a question."""
    return _json(await shopping.search(body, caller.owner))


@messages.post("/api/v1/chat", response_model=TurnOutcome, responses=_AS_EVENTS)
async def chat(body: ChatRequest, request: Request, shopping: App, caller: Asker) -> Response:
    """One turn of a conversation; with `Accept: text/event-stream` as it happens."""

    async def run(tell: Tell) -> TurnOutcome:
        return await shopping.chat(body, caller.owner, tell)

    return await _answered(request, run, body.session_id)


@router.get("/api/v1/sessions/{session_id}")
async def show_session(session_id: Id, user_id: Asked, shopping: App, caller: Reader) -> SessionView:
    """State, requirement, history and last results; another's conversation is as unknown as none."""
    return await shopping.session(session_id, user_id, caller.owner)


@router.post("/api/v1/sessions/{session_id}/clarify", response_model=TurnOutcome, responses=_AS_EVENTS)
async def clarify(
    session_id: Id, body: ClarifyRequest, request: Request, shopping: App, caller: Asker
) -> Response:
    """Answer the open question."""

    async def run(tell: Tell) -> TurnOutcome:
        return await shopping.clarify(session_id, body, caller.owner, tell)

    return await _answered(request, run, session_id)


@router.delete("/api/v1/sessions/{session_id}", status_code=204)
async def forget(session_id: Id, user_id: Asked, shopping: App, caller: Changer) -> None:
    """Delete the conversation; a turn under way is stopped."""
    await shopping.forget(session_id, user_id, caller.owner)


@router.post("/api/v1/uploads", status_code=201, dependencies=[Depends(streams_body)])
async def take_in(request: Request, shopping: App, caller: Asker) -> Uploaded:
    """A photo or a recording, as it is or in a form as `file`; a message names it by its `upload_id`."""
    del caller
    return await shopping.uploads.hand_on(request)


@router.get("/health", name="shopping_health")
async def health(shopping: App) -> Response:
    """`ok`; `degraded` where media service or composer do not answer; 503 where nothing works."""
    parts = await shopping.health()
    ill = {name for name, word in parts.items() if word != "ok"}
    status = "unavailable" if ill & NEEDED else "degraded" if ill else "ok"
    body = {"status": status, "service": "shopping", "parts": parts}
    return JSONResponse(body, 503 if ill & NEEDED else 200)


router.include_router(messages)


async def _answered(request: Request, run: Run, session_id: str | None) -> Response:
    if EVENTS not in request.headers.get("accept", ""):
        return _json(await run(lambda _: None))

    async def told() -> AsyncIterator[bytes]:
        async for frame in frames(run, session_id):
            yield format_sse_event(event=frame.type, data_str=frame.model_dump_json())

    return StreamingResponse(told(), media_type=EVENTS, headers={"Cache-Control": "no-cache"})


def _json(outcome: TurnOutcome) -> Response:
    return Response(outcome.model_dump_json(), media_type="application/json")
