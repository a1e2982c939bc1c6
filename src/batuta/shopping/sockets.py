"""Shopping over a WebSocket (contract: shopping, "WS /ws/chat").

A malformed frame is answered with `error` and the socket stays open; one turn at a time, in order of arrival.
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing, suppress
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Depends, WebSocket, WebSocketDisconnect
from pydantic import BaseModel, Field, ValidationError

from batuta.access.caller import Caller
from batuta.access.door import count_submit, requires
from batuta.errors import BatutaError, InvalidRequest, NotFound, PayloadTooLarge, TooManyRequests
from batuta.services.problems import fields_of, invalid
from batuta.shopping.app import Shopping
from batuta.shopping.frames import Frame, error_frame, frames
from batuta.shopping.models import LONGEST_MESSAGE, ChatRequest, Media, SessionId, TurnOutcome, UserId
from batuta.shopping.orchestrator import Tell
from batuta.tasks import ended

PING_SECONDS: Final = 30.0
MOST_WAITING: Final = 16
"""Messages that wait while a turn is under way; more are refused."""
MOST_BYTES: Final = 8 * 1024 * 1024
"""Of one frame: a photo; larger ones are uploaded first."""
NOT_ALLOWED: Final = 1008
"""RFC 6455, section 7.4.1."""

router = APIRouter()
Asker = Annotated[Caller, Depends(requires("submit", starts_work=False))]


class _Sent(BaseModel):
    """A frame of the client."""

    type: Literal["message", "answer", "pong", "disconnect"]
    message: Annotated[str, Field(max_length=LONGEST_MESSAGE)] = ""
    media: Media = ()
    session_id: SessionId | None = None
    request_id: Annotated[str, Field(min_length=1, max_length=128)] | None = None


class _Who(BaseModel):
    user_id: Annotated[UserId, Field(pattern=r"^[^\x00-\x1f\x7f]+$")]
    session_id: SessionId | None = None


@router.websocket("/ws/chat")
async def chat(socket: WebSocket, caller: Asker) -> None:
    """One connection, of one person; several may share a session."""
    await socket.accept()
    await _Connection(socket, caller).serve()


class _Connection:
    def __init__(self, socket: WebSocket, caller: Caller) -> None:
        self._socket = socket
        self._caller = caller
        self._shopping: Shopping = socket.app.state.shopping
        self._waiting: asyncio.Queue[_Sent] = asyncio.Queue(MOST_WAITING)
        self._sending = asyncio.Lock()
        self._user_id = ""
        self._session_id: str | None = None

    async def serve(self) -> None:
        """Until either side leaves."""
        if not await self._begun():
            return
        tasks = [asyncio.create_task(self._turns()), asyncio.create_task(self._pings())]
        try:
            await self._listen()
        except WebSocketDisconnect:
            return
        finally:
            for task in tasks:
                await ended(task)
        with suppress(RuntimeError, WebSocketDisconnect):
            await self._socket.close()

    async def _begun(self) -> bool:
        """Whether the person may come in: he says who he is, and the session, if there is one, is his."""
        try:
            who = fields_of(_Who, dict(self._socket.query_params))
            self._user_id, self._session_id = who.user_id, who.session_id
            state = "INITIAL"
            if who.session_id is not None:
                with suppress(NotFound):  # not there yet, or another's: the first message will tell
                    state = (
                        await self._shopping.session(who.session_id, who.user_id, self._caller.owner)
                    ).state
        except BatutaError as error:
            frame = error_frame(error, self._session_id)
            frame.data["recoverable"] = False
            await self._send(frame)
            await self._socket.close(NOT_ALLOWED, "say who you are: ?user_id=…")
            return False
        await self._send(Frame(type="connected", data={"state": state, "user_id": self._user_id}))
        return True

    async def _listen(self) -> None:
        """Take frames in until the client says `disconnect`."""
        while True:
            message = await self._socket.receive()
            if message["type"] == "websocket.disconnect":
                raise WebSocketDisconnect(message.get("code", 1000))
            try:
                sent = _read(message.get("text"), message.get("bytes"))
                if sent.type == "disconnect":
                    return
                if sent.type != "pong":
                    self._take(sent)
            except BatutaError as error:
                await self._send(error_frame(error, self._session_id))

    def _take(self, sent: _Sent) -> None:
        if not sent.message.strip() and not sent.media:
            raise InvalidRequest("message: say something, or send a photo or a recording")
        count_submit(self._socket)
        try:
            self._waiting.put_nowait(sent)
        except asyncio.QueueFull:
            raise TooManyRequests(f"{MOST_WAITING} messages wait already: wait for an answer", 1.0) from None

    async def _turns(self) -> None:
        """One after the other; whatever goes wrong is told, and the next one taken."""
        while True:
            sent = await self._waiting.get()
            try:
                await self._turn(sent)
            except (WebSocketDisconnect, RuntimeError):
                return  # nobody listens any more; the turn itself is kept

    async def _turn(self, sent: _Sent) -> None:
        session_id = sent.session_id or self._session_id
        request = ChatRequest(
            message=sent.message,
            user_id=self._user_id,
            session_id=session_id,
            media=sent.media,
            request_id=sent.request_id,
        )

        async def run(tell: Tell) -> TurnOutcome:
            return await self._shopping.chat(request, self._caller.owner, tell)

        async with aclosing(frames(run, session_id)) as told:
            async for frame in told:
                if frame.type == "done":  # only a session that answered is ours to go on with
                    self._session_id = frame.session_id
                await self._send(frame)

    async def _pings(self) -> None:
        while True:
            await asyncio.sleep(PING_SECONDS)
            try:
                await self._send(Frame(type="ping"))
            except (WebSocketDisconnect, RuntimeError):
                return

    async def _send(self, frame: Frame) -> None:
        if frame.session_id is None:
            frame.session_id = self._session_id
        async with self._sending:
            await self._socket.send_text(frame.model_dump_json())


def _read(text: str | None, content: bytes | None) -> _Sent:
    """The client's frame; raises `InvalidRequest`, `PayloadTooLarge`."""
    raw = text.encode() if text is not None else content or b""
    if len(raw) > MOST_BYTES:
        raise PayloadTooLarge(f"a frame may have {MOST_BYTES} bytes: upload larger media first")
    try:
        return _Sent.model_validate_json(raw)
    except ValidationError as error:
        raise invalid(error) from error
