"""Shopping in conversation: what was said, understood and found; without scripts as well as with them."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from batuta.access.caller import Caller
from batuta.access.door import count_submit
from batuta.access.visit import read_visit
from batuta.console.pages import Pages, PagesHere
from batuta.console.plain_forms import plain_form
from batuta.console.shop_shown import (
    FEWEST_COMPARED,
    MORE,
    MOST_COMPARED,
    NO_PREFERENCE,
    PATH,
    Talk,
    Wrong,
    compared,
    talk,
    wrong,
)
from batuta.errors import BatutaError, InvalidRequest, NotFound
from batuta.ids import content_key
from batuta.services.problems import fields_of
from batuta.shopping.app import Shopping
from batuta.shopping.models import LONGEST_MESSAGE, MOST_MEDIA, ChatRequest, SessionId
from batuta.shopping.routes import App, Changer, Id, Reader

COOKIE: Final = "batuta_shopper"
COOKIE_SECONDS: Final = 180 * 86_400
_SHOPPER: Final = re.compile("[0-9a-f]{32}")

shop_router = APIRouter(include_in_schema=False)

Asked = Annotated[SessionId | Literal[""], Query()]


async def the_shopper(request: Request) -> str:
    """The person behind the browser, by a cookie that no script can read; a new one where there is none.

    Two tabs share it, two browsers do not. With API keys a conversation belongs to the key as well.
    """
    kept = request.cookies.get(COOKIE, "")
    return kept if _SHOPPER.fullmatch(kept) else secrets.token_hex(16)


Shopper = Annotated[str, Depends(the_shopper)]


@dataclass(frozen=True, slots=True)
class NotSaid:
    """A message that was not answered: what it was, why not, and under which id it can be sent again."""

    message: str
    why: Wrong
    again: str | None


@shop_router.get(PATH)
async def shop_page(
    request: Request, caller: Reader, shopper: Shopper, shopping: App, pages: PagesHere, session: Asked = ""
) -> HTMLResponse:
    """The conversation in the address, or the beginning of one."""
    found = await _found(shopping, session, shopper, caller)
    return _page(pages, request, caller, shopper, found)


@shop_router.post(PATH)
async def shop_form(
    request: Request, caller: Changer, shopper: Shopper, shopping: App, pages: PagesHere, session: Asked = ""
) -> Response:
    """Say something, and show the conversation; with what was wrong, where it could not be answered."""
    fields = await plain_form(request)
    message = fields.get("message", "").strip()
    request_id = None
    try:
        count_submit(request)
        message = _message(fields)
        request_id = fields.get("again") or _request_id(session, fields.get("turn", ""), message)
        said = {"message": message, "user_id": shopper, "request_id": request_id}
        chat = fields_of(ChatRequest, {**said, "session_id": session} if session else said)
        outcome = await shopping.chat(chat, caller.owner)
    except BatutaError as error:
        again = request_id if error.retryable else None
        failed = NotSaid(message[:LONGEST_MESSAGE], wrong(error.to_dict()), again)
        found = await _found(shopping, session, shopper, caller)
        return _page(pages, request, caller, shopper, found, failed, status_code=error.status)
    place = "" if "message" in fields else "#results"
    answer = RedirectResponse(f"{PATH}?session={outcome.session_id}{place}", 303)
    _remember(request, answer, shopper)
    return answer


@shop_router.post(f"{PATH}/{{session_id}}/delete")
async def delete_form(session_id: Id, caller: Changer, shopper: Shopper, shopping: App) -> Response:
    """Delete the conversation; then another may begin."""
    await shopping.forget(session_id, shopper, caller.owner)
    return RedirectResponse(PATH, 303)


@dataclass(frozen=True, slots=True)
class Found:
    """What the address names."""

    talk: Talk | None = None
    is_gone: bool = False
    """It names a conversation that is not there, or is another's."""


async def _found(shopping: Shopping, session_id: str, shopper: str, caller: Caller) -> Found:
    if not session_id:
        return Found()
    try:
        return Found(talk(await shopping.session(session_id, shopper, caller.owner)))
    except NotFound:
        return Found(is_gone=True)


def _page(  # what the page consists of
    pages: Pages,
    request: Request,
    caller: Caller,
    shopper: str,
    found: Found,
    failed: NotSaid | None = None,
    *,
    status_code: int = 200,
) -> HTMLResponse:
    known = found.talk
    last = known.said[-1] if known is not None and known.said else None
    if failed is not None and failed.again is not None and last is not None and last.again == failed.again:
        failed = None  # it is among what was said
    page = pages.page(
        "shop",
        request,
        caller,
        status_code=NotFound.status if found.is_gone else status_code,
        talk=known,
        is_gone=found.is_gone,
        failed=failed,
        shopper=shopper,
        turn=secrets.token_hex(8) if known is None else str(known.turns),
        address=PATH if known is None else f"{PATH}?session={known.session_id}",
        can_ask=caller.may("submit"),
        longest=LONGEST_MESSAGE,
        most_media=MOST_MEDIA,
        fewest_compared=FEWEST_COMPARED,
        most_compared=MOST_COMPARED,
        more=MORE,
        no_preference=NO_PREFERENCE,
    )
    _remember(request, page, shopper)
    return page


def _message(fields: Mapping[str, str]) -> str:
    """What a form says; raises `InvalidRequest` for too few or too many products to compare."""
    if "compare" not in fields:
        return fields.get("message", "").strip()
    picked = sorted(int(name[5:]) for name in fields if re.fullmatch(r"pick-\d{1,2}", name))
    if not FEWEST_COMPARED <= len(picked) <= MOST_COMPARED:
        raise InvalidRequest(
            f"{len(picked)} products are chosen: choose {FEWEST_COMPARED} to {MOST_COMPARED} to compare"
        )
    return compared(picked)


def _request_id(session_id: str, turn: str, message: str) -> str:
    """The same for the same form sent twice, another for another message out of the same page."""
    return content_key("console", session_id, turn, message)[:32] if turn else secrets.token_hex(16)


def _remember(request: Request, answer: Response, shopper: str) -> None:
    """Leave the cookie, for as long again."""
    https = read_visit(request.scope).https
    answer.set_cookie(COOKIE, shopper, COOKIE_SECONDS, path=PATH, httponly=True, samesite="lax", secure=https)
