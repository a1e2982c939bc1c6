"""The list of jobs: exactly what `GET /jobs` answers, as a page."""

from __future__ import annotations

from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from batuta.captions.models import CaptionStatus, JobList
from batuta.captions.routes import App, Reader, list_jobs
from batuta.console.pages import PagesHere
from batuta.services.jobs_over_http import owner_seen

PER_PAGE: Final = 25
_PATH: Final = "/console/jobs"
UNDER_WAY: Final[tuple[CaptionStatus, ...]] = (
    "waiting",
    "downloading",
    "normalizing",
    "transcribing",
    "translating",
)
ENDED: Final[tuple[CaptionStatus, ...]] = ("completed", "failed", "cancelled")

jobs_router = APIRouter(include_in_schema=False)


@jobs_router.get(_PATH)
async def jobs_page(
    request: Request,
    captions: App,
    caller: Reader,
    pages: PagesHere,
    status: Annotated[CaptionStatus | None, Query()] = None,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> HTMLResponse:
    """A page of the list, the newest first; it keeps itself up to date in the browser."""
    answer = await list_jobs(request, captions, caller, PER_PAGE, status, cursor)
    listed = JobList.model_validate_json(bytes(answer.body))
    counts = await captions.count(owner_seen(caller))
    return pages.page(
        "jobs",
        request,
        caller,
        listed=listed,
        counts={str(word): number for word, number in counts.items()},
        status=status,
        steps=UNDER_WAY,
        ended=ENDED,
        is_first=cursor is None,
        first=_address(status),
        following=None if listed.next_cursor is None else _address(status, listed.next_cursor),
    )


def _address(status: CaptionStatus | None, cursor: str | None = None) -> str:
    asked = {"status": status, "cursor": cursor}
    query = urlencode({name: value for name, value in asked.items() if value is not None})
    return f"{_PATH}?{query}" if query else _PATH
