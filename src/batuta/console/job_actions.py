"""Cancel, retry and delete by plain forms, for browsers without scripts; others ask the API."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from batuta.captions.app import options_from
from batuta.captions.models import CaptionRequest, RetryBody
from batuta.captions.routes import App, Changeable, Submitter
from batuta.captions.views import request_of
from batuta.console.choices import FLAGS, with_flags
from batuta.console.plain_forms import plain_form
from batuta.services.problems import fields_of

actions_router = APIRouter(include_in_schema=False)


@actions_router.post("/console/jobs/{job_id}/cancel")  # noqa: FAST003  # the dependency takes it
async def cancel_form(job: Changeable, captions: App) -> Response:
    """Stop the job and show it, however it ended."""
    await captions.cancel(job.job_id)
    return RedirectResponse(f"/console/jobs/{job.job_id}", 303)


@actions_router.post("/console/jobs/{job_id}/delete")  # noqa: FAST003  # the dependency takes it
async def delete_form(job: Changeable, captions: App) -> Response:
    """Forget the job and show those that are left."""
    await captions.delete(job.job_id)
    return RedirectResponse("/console/jobs", 303)


@actions_router.post("/console/jobs/{job_id}/retry")  # noqa: FAST003  # the dependency takes it
async def retry_form(job: Changeable, caller: Submitter, captions: App, request: Request) -> Response:
    """Do the job again, with what the form changes."""
    del caller  # counted as a submission
    fields = await plain_form(request)
    body = fields_of(RetryBody, {"from": fields.pop("from", None)})
    overrides = options_from(changes(request_of(job), fields))
    await captions.retry(job.job_id, overrides, stage=body.stage)
    return RedirectResponse(f"/console/jobs/{job.job_id}", 303)


def changes(asked: CaptionRequest, fields: Mapping[str, str]) -> dict[str, str]:
    """What the form says otherwise than the job was asked."""
    before = asked.model_dump(mode="json")
    said = {name: str(before[name]).lower() if name in FLAGS else before[name] for name in before}
    return {name: value for name, value in with_flags(fields).items() if said.get(name) != value}
