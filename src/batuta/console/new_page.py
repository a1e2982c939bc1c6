"""A new job: the form, and what it does in a browser without scripts."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response

from batuta.access.bodies import streams_body
from batuta.access.caller import Caller
from batuta.captions.app import Captions, options_from
from batuta.captions.models import SubmissionFields
from batuta.captions.routes import App, Reader, Submitter, terms_of
from batuta.console.choices import Choices, Chosen, upload_limit, with_flags
from batuta.console.pages import PagesHere
from batuta.errors import BatutaError, InvalidRequest
from batuta.jobs import JobRecord
from batuta.services.forms import read_uploads
from batuta.services.problems import fields_of
from batuta.settings import Settings
from batuta.storage.artefacts import Artefact

new_router = APIRouter(include_in_schema=False)


@new_router.get("/console/new")
async def new_page(request: Request, caller: Reader, pages: PagesHere) -> Response:
    """The empty form."""
    settings: Settings = request.app.state.settings
    chosen = Chosen.by_default(settings)
    return pages.page(
        "new",
        request,
        caller,
        choices=Choices.of(settings),
        chosen=chosen,
        problem=None,
        limit=upload_limit(settings),
    )


@new_router.post("/console/new", dependencies=[Depends(streams_body)])
async def submit_form(request: Request, caller: Submitter, captions: App, pages: PagesHere) -> Response:
    """Start the job and show it; the form again, with what is wrong, where that cannot be done."""
    settings: Settings = request.app.state.settings
    fields: dict[str, str] = {}
    try:
        uploaded = await read_uploads(request, captions.artefacts, settings.max_upload_bytes, [])
        fields = {name: value for name, value in uploaded.items() if isinstance(value, str)}
        file = uploaded.get("file")
        record = await _started(captions, caller, fields, file if isinstance(file, Artefact) else None)
    except BatutaError as error:
        return pages.page(
            "new",
            request,
            caller,
            status_code=error.status,
            choices=Choices.of(settings),
            chosen=Chosen.by_form(fields),
            problem=error,
            limit=upload_limit(settings),
        )
    return RedirectResponse(f"/console/jobs/{record.job_id}", 303)


async def _started(
    captions: Captions, caller: Caller, fields: dict[str, str], file: Artefact | None
) -> JobRecord:
    wanted = with_flags(fields)
    url = wanted.pop("youtube_url", None)
    submission = fields_of(
        SubmissionFields,
        {name: wanted.pop(name) for name in SubmissionFields.model_fields if name in wanted},
    )
    upload = file if file is not None and file.size else None  # a browser sends an empty one for none
    if (url is None) is (upload is None):
        raise InvalidRequest("give either the address of a recording or a file")
    return await captions.start(
        options_from(wanted),
        url=url,
        upload=upload,
        terms=terms_of(submission, caller),
        force=submission.force,
    )
