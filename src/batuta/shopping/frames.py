"""A turn as it happens, in frames: the same ones over a WebSocket and as server-sent events."""

from __future__ import annotations

import asyncio
import datetime as dt
import re
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any, Final, Literal

import structlog
from pydantic import BaseModel, Field

from batuta.errors import BatutaError
from batuta.shopping.models import State, TurnOutcome
from batuta.shopping.orchestrator import Tell

Kind = Literal[
    "connected", "thinking", "progress", "token", "clarification", "results", "done", "error", "ping"
]
SENTENCE: Final = re.compile(r"\S.*?(?:[.!?](?=\s)|$)\s*", re.DOTALL)
"""A reply is told in sentences."""

log = structlog.get_logger(__name__)

Run = Callable[[Tell], Awaitable[TurnOutcome]]
"""Takes the turn, and tells every state it comes to."""


class Frame(BaseModel):
    """One thing the server tells."""

    type: Kind
    data: dict[str, Any] = Field(default_factory=dict[str, Any])
    timestamp: dt.datetime = Field(default_factory=lambda: dt.datetime.now(dt.UTC))
    session_id: str | None = None


def error_frame(error: BatutaError, session_id: str | None) -> Frame:
    """What went wrong; `recoverable` says whether the conversation can go on."""
    details = {name: value for name, value in error.to_problem().items() if name not in {"type", "error"}}
    data = {"error": error.message, "details": details, "recoverable": error.status != 401}  # noqa: PLR2004
    return Frame(type="error", data=data, session_id=session_id)


async def frames(run: Run, session_id: str | None) -> AsyncGenerator[Frame]:
    """The turn: what it comes to, its reply, the question, the results, and at the end `done` or `error`.

    Whoever leaves in the middle does not stop the turn: its outcome is kept, and can be asked for again.
    """
    states: asyncio.Queue[State | None] = asyncio.Queue()
    turn = asyncio.ensure_future(run(states.put_nowait))
    turn.add_done_callback(lambda _: states.put_nowait(None))
    try:
        yield Frame(type="thinking", session_id=session_id)
        while (state := await states.get()) is not None:
            yield Frame(type="progress", data={"state": state}, session_id=session_id)
        for frame in _told(await turn):
            yield frame
    except BatutaError as error:
        yield error_frame(error, session_id)
    except Exception:  # whoever waits for `done` must not wait for ever
        log.exception("shopping.turn_not_told", session=session_id)
        yield error_frame(BatutaError("an error of ours, which the log describes"), session_id)
    finally:
        turn.cancel()


def _told(outcome: TurnOutcome) -> list[Frame]:
    """The outcome: results once, a question in its own frame."""
    shown = outcome.model_dump(mode="json")
    found: list[tuple[Kind, dict[str, Any]]] = [
        ("token", {"token": piece[0]}) for piece in SENTENCE.finditer(outcome.reply)
    ]
    if outcome.question is not None:
        question = shown["question"]
        found.append(
            (
                "clarification",
                {
                    "question": outcome.question.text,
                    "context": outcome.question.facet,
                    "suggestions": question["suggestions"],
                    "question_id": outcome.question.id,
                    "allows_no_preference": outcome.question.allows_no_preference,
                },
            )
        )
    found.append(
        (
            "results",
            {
                "products": shown["products"],
                "requirement_spec": shown["requirement_spec"],
                "final_response": outcome.reply,
                "total": outcome.total,
                "comparison": shown["comparison"],
                "notices": shown["notices"],
                "state": outcome.state,
            },
        )
    )
    found.append(("done", {"state": outcome.state, "request_id": outcome.request_id}))
    return [Frame(type=kind, data=data, session_id=outcome.session_id) for kind, data in found]
