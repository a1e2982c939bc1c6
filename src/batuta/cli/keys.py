"""`batuta keys`: who may ask a server, decided in its own database."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import Annotated

from cyclopts import App, Parameter

from batuta.access.caller import Scope
from batuta.access.keys import CACHE_SECONDS, ApiKey, Keys
from batuta.cli.screen import print_document, say
from batuta.settings import Settings
from batuta.storage.database import Database

app = App(name="keys", help="API keys: create, list, revoke.")

AsJson = Annotated[bool, Parameter(name="--json", negative="")]
Scopes = Annotated[tuple[Scope, ...], Parameter(name="--scope", negative="")]


@app.command
async def create(
    name: str, *, scope: Scopes = ("submit", "read"), requests_per_minute: int | None = None
) -> int:
    """Make a key and print it, alone, on stdout: it is not kept and cannot be shown again.

    Parameters
    ----------
    name
        Who or what it is for.
    scope
        What it is good for: submit, read, admin (which is everything); may be given several times.
    requests_per_minute
        A limit of its own, 0 for none; without it the server's RATE_LIMIT_PER_MINUTE holds.
    """
    async with _keys() as keys:
        made = await keys.create(name, scope, requests_per_minute=requests_per_minute)
    print_document(made.clear)
    say(
        f"key {made.key.id} ({made.key.name}) may {', '.join(made.key.scopes)}; keep it, it is shown only now"
    )
    return 0


@app.command(name="list")
async def list_keys(*, as_json: AsJson = False) -> int:
    """Every key, the newest first; never the keys themselves."""
    async with _keys() as keys:
        found = await keys.listed()
    if as_json:
        print_document(json.dumps([asdict(key) for key in found], indent=2, default=str, ensure_ascii=False))
        return 0
    for key in found:
        print_document(_line(key))
    return 0


@app.command
async def revoke(key_id: str) -> int:
    """End a key for good.

    Parameters
    ----------
    key_id
        An id of `batuta keys list`.
    """
    async with _keys() as keys:
        key = await keys.revoke(key_id)
    say(f"key {key.id} ({key.name}) is revoked; running servers take it for {CACHE_SECONDS:.0f} s at most")
    return 0


def _line(key: ApiKey) -> str:
    used = (
        "never used" if key.last_used_at is None else f"used {key.last_used_at.astimezone():%Y-%m-%d %H:%M}"
    )
    state = "revoked" if key.revoked_at else used
    made = f"{key.created_at.astimezone():%Y-%m-%d}"
    return f"{key.id}  {','.join(key.scopes):<17}  {made}  {state:<21}  {key.name}"


@asynccontextmanager
async def _keys() -> AsyncGenerator[Keys]:
    settings = Settings()
    database = Database.opened(settings.batuta_data, settings.database_url)
    try:
        await database.create_tables()
        yield Keys(database)
    finally:
        await database.aclose()
