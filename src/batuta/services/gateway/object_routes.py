"""Objects of our own folder over HTTP, for whoever has a signed link; buckets serve theirs themselves."""

from __future__ import annotations

import time
from typing import Annotated, Final

from fastapi import APIRouter, Query
from fastapi.responses import FileResponse, Response

from batuta.access.answers import PROBLEMS
from batuta.errors import NotFound
from batuta.services.files import disposition
from batuta.services.gateway.containers import media_type_of
from batuta.services.gateway.folder import FolderObjects
from batuta.services.gateway.links import OBJECTS_PATH
from batuta.services.gateway.routes import App

MAX_QUERY: Final = 600

objects_router = APIRouter(tags=["dubbing"], responses=PROBLEMS)

Signed = Annotated[str, Query(max_length=MAX_QUERY)]


@objects_router.get(f"{OBJECTS_PATH}/{{key:path}}", response_class=Response)
@objects_router.head(f"{OBJECTS_PATH}/{{key:path}}", response_class=Response, include_in_schema=False)
async def get_object(
    key: str, desk: App, expires: Signed, signature: Signed, filename: Signed = "video"
) -> Response:
    """The object a signed link leads to, or the part of it that is asked for."""
    if not isinstance(desk.objects, FolderObjects):
        raise NotFound("the objects are in a bucket: links to them lead there")
    desk.objects.links.check(key, expires, filename, signature, now=time.time())
    path = await desk.objects.local_path(key)
    headers = {
        "Cache-Control": "private, no-cache",
        "Content-Disposition": disposition(filename),
        "Content-Security-Policy": "sandbox",
        "X-Content-Type-Options": "nosniff",
    }
    return FileResponse(path, headers=headers, media_type=media_type_of(key))
