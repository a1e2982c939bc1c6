"""Forms without files, as a browser without scripts sends them."""

from __future__ import annotations

from fastapi import Request

from batuta.services.forms import read_form


async def plain_form(request: Request) -> dict[str, str]:
    """The fields by name, blank ones left out; raises `InvalidRequest` for a form that is broken."""
    found = await read_form(request, _nothing_kept)
    return {name: value for name, value in found if isinstance(value, str) and value.strip() != ""}


async def _nothing_kept(_chunks: object, _media_type: str) -> None:
    """A file in such a form is nobody's wish."""
