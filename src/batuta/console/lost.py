"""Pages that do not exist."""

from __future__ import annotations

from fastapi import APIRouter, Response

from batuta.errors import NotFound

lost_router = APIRouter(include_in_schema=False)


@lost_router.get("/console/{rest:path}")
async def lost(rest: str) -> Response:
    """Say so."""
    raise NotFound(f"the console has no page {f'/console/{rest}'[:200]!r}")
