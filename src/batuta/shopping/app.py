"""Shopping as an application: what HTTP, sockets, the command line, the console and Python all talk to."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

from pydantic import ValidationError

from batuta.clients import ServiceClient
from batuta.errors import BatutaError, Conflict, InvalidRequest
from batuta.services.problems import invalid
from batuta.sessions import Ask, Done, Session, Sessions, Turn, TurnStatus, Who
from batuta.shopping.media import Media
from batuta.shopping.models import (
    ChatRequest,
    ClarifyRequest,
    HistoryTurn,
    Medium,
    Need,
    Notice,
    SearchRequest,
    SessionView,
    State,
    TurnOutcome,
)
from batuta.shopping.orchestrator import Answer, Orchestrator, Said, Tell
from batuta.shopping.searching import spec_of
from batuta.shopping.uploads import Uploads

NEEDED: Final = frozenset({"sessions", "catalog"})
"""Without these nothing works; without the others it works less well."""
HISTORY: Final = 50
PING_SECONDS: Final = 2.0
READY_SECONDS: Final = 600.0
"""A hundred thousand products are indexed in two minutes."""
HEALTH_SECONDS: Final = 2.0
"""A health report is good for so long: whoever asks every moment does not become a load."""


def silent(state: State) -> None:
    """Nobody wants to know."""
    del state


class Shopping:
    """Conversations about products."""

    def __init__(
        self,
        sessions: Sessions,
        orchestrator: Orchestrator,
        media: Media,
        services: Mapping[str, ServiceClient],
    ) -> None:
        """`services` are asked for their health, by name."""
        self.uploads = Uploads(media)
        self._sessions = sessions
        self._orchestrator = orchestrator
        self._services = services
        self._reported: tuple[float, dict[str, str]] = (-HEALTH_SECONDS, {})

    async def chat(self, request: ChatRequest, owner: str = "", tell: Tell = silent) -> TurnOutcome:
        """One turn; the first message of a conversation opens it.

        Raises `InvalidRequest`, `NotFound` for another's session, `NotReady` while another turn takes too
        long, `Conflict` for a request id that was another message's, and whatever the catalogue fails with.
        """
        said = Said(request.message, request.media, request.page, request.size)
        return await self._turn("chat", request, request.session_id, owner, said, tell)

    async def clarify(
        self, session_id: str, request: ClarifyRequest, owner: str = "", tell: Tell = silent
    ) -> TurnOutcome:
        """Answer the open question; raises `Conflict` when it is no longer open, and as `chat` does."""
        await self._sessions.get(session_id, Who(request.user_id, owner))

        def check(need: Need) -> None:
            if need.question is None:
                raise Conflict("no question is open in this conversation: send a message instead")
            if request.question_id not in {None, need.question.id}:
                raise Conflict(
                    f"question {request.question_id} is no longer open; {need.question.id} is: "
                    f"{need.question.text}"
                )

        said = Said(request.answer)
        chat = ChatRequest(message=request.answer, user_id=request.user_id, request_id=request.request_id)
        return await self._turn("clarify", chat, session_id, owner, said, tell, check)

    async def search(self, request: SearchRequest, owner: str = "", tell: Tell = silent) -> TurnOutcome:
        """Results at once, without a question; the conversation they begin can be gone on with."""
        try:
            spec = spec_of(request.filters) if request.filters is not None else None
        except ValidationError as error:  # such as a range that ends before it begins
            raise invalid(error) from error
        if spec is None and not request.message.strip() and not request.media:
            raise InvalidRequest("say what to search for: a message, filters, or media")
        said = Said(request.message, request.media, request.page, request.size, may_ask=False)
        return await self._turn(
            "search", request, None, owner, said, tell, base=Need(spec=spec) if spec else None
        )

    async def session(self, session_id: str, user_id: str, owner: str = "") -> SessionView:
        """The conversation as it stands; raises `NotFound`, also for another's."""
        who = Who(user_id, owner)
        session = await self._sessions.get(session_id, who)
        return _view(session, await self._sessions.history(session_id, who, limit=HISTORY))

    async def forget(self, session_id: str, user_id: str, owner: str = "") -> None:
        """Delete the conversation; raises `NotFound`."""
        await self._sessions.delete(session_id, Who(user_id, owner))

    async def ready(self) -> None:
        """Return when the catalogue is open: one of an older version is indexed anew first.

        Raises what the catalogue fails with.
        """
        await self._services["catalog"].request("GET", "/health", timeout=READY_SECONDS)

    async def health(self) -> dict[str, str]:
        """`ok` or why not, by the name of each part; `sessions` and `catalog` must be there."""
        at, found = self._reported
        if time.monotonic() - at >= HEALTH_SECONDS:
            names = ("sessions", *self._services)
            checks = (self._sessions.ping(), *(_ping(client) for client in self._services.values()))
            found = dict(zip(names, await asyncio.gather(*map(_word, checks)), strict=True))
            self._reported = (time.monotonic(), found)
        return found

    async def _turn(
        self,
        kind: str,
        request: ChatRequest | SearchRequest,
        session_id: str | None,
        owner: str,
        said: Said,
        tell: Tell,
        check: Callable[[Need], None] = lambda _: None,
        *,
        base: Need | None = None,
    ) -> TurnOutcome:
        """One turn of a session: the need as it was kept, the answer, the need as it is to be kept."""
        if kind == "chat" and not said.text.strip() and not said.media:
            raise InvalidRequest("the message is empty: say something, or send a photo or a recording")

        async def work(session: Session) -> Done:
            need = Need.model_validate(session.state) if session.state else base or Need()
            check(need)
            answer = await self._orchestrator.turn(need, said, tell)
            new = session_id is not None and session.turns == 0
            return _done(session.session_id, answer, new_conversation=new)

        ask = Ask(
            who=Who(request.user_id, owner),
            request_type=kind,
            input=_kept_input(request),
            session_id=session_id,
            request_id=request.request_id,
        )
        turn = await self._sessions.converse(ask, work)
        outcome = TurnOutcome.model_validate(turn.outcome)
        return outcome.model_copy(update={"request_id": turn.request_id})


def _done(session_id: str, answer: Answer, *, new_conversation: bool) -> Done:
    need, notices = answer.need, list(answer.notices)
    if new_conversation:
        notices.append(
            Notice(code="new_conversation", message="this conversation was not known: it begins anew")
        )
    outcome = TurnOutcome(
        session_id=session_id,
        state=need.state,
        reply=answer.reply,
        question=need.question,
        products=list(answer.cards),
        total=answer.total,
        comparison=answer.comparison,
        requirement_spec=need.spec,
        notices=notices,
    )
    return Done(
        state=need.model_dump(mode="json", exclude_defaults=True),
        outcome=outcome.model_dump(mode="json", exclude_defaults=True),
        status=need.state,
    )


def _kept_input(request: ChatRequest | SearchRequest) -> dict[str, Any]:
    """What is remembered of a request: of media their hash, not their bytes."""
    kept = request.model_dump(
        mode="json", exclude={"media", "user_id", "session_id", "request_id"}, exclude_defaults=True
    )
    return {
        "message": request.message,
        **kept,
        **({"media": [_named(each) for each in request.media]} if request.media else {}),
    }


def _named(medium: Medium) -> dict[str, str]:
    if medium.upload_id is not None:
        return {"type": medium.type, "upload_id": medium.upload_id}
    return {"type": medium.type, "sha256": hashlib.sha256((medium.data or "").encode()).hexdigest()}


def _view(session: Session, turns: Sequence[Turn]) -> SessionView:
    need = Need.model_validate(session.state) if session.state else Need()
    outcomes = {
        turn.number: TurnOutcome.model_validate(turn.outcome) for turn in turns if turn.outcome is not None
    }
    shown = [product.id for product in need.shown]
    last = next(
        (
            found
            for found in reversed(outcomes.values())
            if shown and [card.id for card in found.products[: len(shown)]] == shown
        ),
        None,
    )
    failed = bool(turns) and turns[-1].status is TurnStatus.FAILED and turns[-1].may_succeed
    return SessionView(
        session_id=session.session_id,
        user_id=session.user_id,
        state=State.FAILED if failed else need.state,
        requirement_spec=need.spec,
        question=need.question,
        turns=session.turns,
        history=[_shown(turn, outcomes.get(turn.number)) for turn in turns],
        products=last.products if last is not None else [],
        total=need.total if last is not None else 0,
        page=need.page,
        created_at=session.created_at,
        updated_at=session.updated_at,
        expires_at=session.expires_at,
    )


def _shown(turn: Turn, outcome: TurnOutcome | None) -> HistoryTurn:
    return HistoryTurn(
        number=turn.number,
        status=turn.status,
        message=str(turn.input.get("message", "")),
        media=[str(each.get("type", "")) for each in turn.input.get("media", ())],
        reply=outcome.reply if outcome is not None else None,
        question=outcome.question if outcome is not None else None,
        comparison=outcome.comparison if outcome is not None else None,
        notices=outcome.notices if outcome is not None else [],
        error=turn.error,
        request_id=turn.request_id,
        created_at=turn.created_at,
        completed_at=turn.completed_at,
    )


async def _ping(client: ServiceClient) -> None:
    await client.request("GET", "/health", timeout=PING_SECONDS)


async def _word(check: Awaitable[None]) -> str:
    try:
        await check
    except BatutaError as error:
        return error.message
    return "ok"
