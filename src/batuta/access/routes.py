"""Keys over HTTP, for administrators, and the console's cookie."""

from __future__ import annotations

import datetime as dt
from typing import Final

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from batuta.access.answers import PROBLEMS
from batuta.access.caller import Caller, Scope
from batuta.access.door import requires
from batuta.access.gate import Gate
from batuta.access.keys import MAX_NAME, ApiKey, Keys
from batuta.access.visit import COOKIE, read_visit, to_cookie

COOKIE_LIFETIME: Final = dt.timedelta(days=30)
MAX_KEY: Final = 512


class KeyOrder(BaseModel):
    """A key somebody wants."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=MAX_NAME)
    scopes: list[Scope] = Field(default=["submit", "read"], min_length=1, max_length=3)
    requests_per_minute: int | None = Field(default=None, ge=0, lt=2**31)


class KeyView(BaseModel):
    """What is shown of a key."""

    id: str
    name: str
    scopes: tuple[Scope, ...]
    created_at: dt.datetime
    last_used_at: dt.datetime | None
    revoked_at: dt.datetime | None
    requests_per_minute: int | None

    @classmethod
    def of(cls, key: ApiKey) -> KeyView:
        """The view of a key."""
        return cls.model_validate(key, from_attributes=True)


class KeyList(BaseModel):
    """All keys, the newest first."""

    keys: list[KeyView]


class MadeKey(KeyView):
    """A new key, with what nobody can be shown again."""

    key: str


class Login(BaseModel):
    """The key that is to become the cookie."""

    model_config = ConfigDict(extra="forbid")

    key: str = Field(min_length=1, max_length=MAX_KEY)


class CallerView(BaseModel):
    """Who somebody is by his key."""

    name: str
    scopes: list[Scope]


def access_routes(gate: Gate, keys: Keys) -> APIRouter:
    """`/admin/keys`, `/login` and `/logout`, for the root of an app behind the gate."""
    router = APIRouter(tags=["access"], responses=PROBLEMS)
    admin = [Depends(requires("admin"))]

    @router.post("/admin/keys", status_code=201, dependencies=admin)
    async def create_key(order: KeyOrder, response: Response) -> MadeKey:  # pyright: ignore[reportUnusedFunction]  # a route
        """Make a key; this answer is the only one that shows it."""
        made = await keys.create(order.name, order.scopes, requests_per_minute=order.requests_per_minute)
        response.headers["Cache-Control"] = "no-store"
        return MadeKey(**KeyView.of(made.key).model_dump(), key=made.clear)

    @router.get("/admin/keys", dependencies=admin)
    async def list_keys() -> KeyList:  # pyright: ignore[reportUnusedFunction]  # a route
        """Every key, revoked ones too; never the keys themselves."""
        return KeyList(keys=[KeyView.of(key) for key in await keys.listed()])

    @router.delete("/admin/keys/{key_id}", dependencies=admin)
    async def revoke_key(key_id: str) -> KeyView:  # pyright: ignore[reportUnusedFunction]  # a route
        """End a key for good."""
        return KeyView.of(await keys.revoke(key_id))

    @router.post("/login")
    async def login(body: Login, request: Request, response: Response) -> CallerView:  # pyright: ignore[reportUnusedFunction]  # a route
        """Keep the key in a cookie that scripts cannot read and other sites cannot send."""
        visit = read_visit(request.scope)
        key = body.key.strip()
        caller: Caller = await gate.identify(key, visit.address)
        seconds = int(COOKIE_LIFETIME.total_seconds())
        response.set_cookie(
            COOKIE, to_cookie(key), seconds, httponly=True, samesite="strict", secure=visit.https
        )
        response.headers["Cache-Control"] = "no-store"
        return CallerView(name=caller.name, scopes=sorted(caller.scopes))

    @router.post("/logout", status_code=204)
    async def logout(request: Request, response: Response) -> None:  # pyright: ignore[reportUnusedFunction]  # a route
        """Forget the cookie."""
        https = read_visit(request.scope).https
        response.delete_cookie(COOKIE, httponly=True, samesite="strict", secure=https)

    return router
