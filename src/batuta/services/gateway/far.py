"""A gateway on another machine, asked over HTTP; anything that speaks the seed's routes will do.

What it says is read with forbearance: names it adds, numbers written as text, moments without a zone.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final, cast

import httpx2
from pydantic import ValidationError

from batuta.clients import JSON, ServiceClient
from batuta.clients.answers import explanation, parsed
from batuta.errors import Conflict, InvalidRequest, ServiceError
from batuta.ids import content_key
from batuta.services.gateway.models import Job, JobChange, JobError
from batuta.services.gateway.refusals import JobNotFound
from batuta.services.problems import invalid

_REFUSED: Final = {
    HTTPStatus.NOT_FOUND: JobNotFound,
    HTTPStatus.CONFLICT: Conflict,
    HTTPStatus.BAD_REQUEST: InvalidRequest,
    HTTPStatus.UNPROCESSABLE_ENTITY: InvalidRequest,
}
_FIELDS: Final = {field.alias or name: name for name, field in Job.model_fields.items() if name != "owner"}
_MOMENT_PARTS: Final = 7
"""Java's arrays: year, month, day, hour, minute, second, nanosecond; the last ones may be missing."""


class FarGateway:
    """The gateway behind a URL."""

    def __init__(self, client: ServiceClient) -> None:
        """The client's base URL is the gateway's root; its key needs the scope admin there."""
        self._client = client

    async def job(self, job_id: int) -> Job:
        """See `Gateway.job`; raises what the client raises, too."""
        answer = await self._client.request("GET", f"/api/v1/job/{job_id}", expected=_REFUSED)
        return read_job(self._accepted(answer, job_id), self._client.name)

    async def patch(self, job_id: int, change: JobChange) -> Job:
        """See `Gateway.patch`; repeated like any call, since it says what is, not what to add."""
        body = change.to_json()
        answer = await self._client.request(
            "PATCH",
            f"/api/v1/job/{job_id}",
            json=body,
            idempotency_key=content_key("patch", str(job_id), body),
            expected=_REFUSED,
        )
        said = self._accepted(answer, job_id)
        whole = isinstance(said, Mapping) and "sourceObjectKey" in said
        return read_job(said, self._client.name) if whole else await self.job(job_id)

    def _accepted(self, answer: httpx2.Response, job_id: int) -> JSON:
        """What it says, unless it says no; raises the error of ours that this is."""
        said = parsed(answer.content)
        refusal = _REFUSED.get(HTTPStatus(answer.status_code)) if answer.is_client_error else None
        if refusal is not None:
            why = explanation(said) or HTTPStatus(answer.status_code).phrase
            raise refusal(f"{self._client.name}, job {job_id}: {why}")
        return said


def read_job(said: JSON, service: str) -> Job:
    """The job in an answer; raises `ServiceError` for what cannot be one."""
    if not isinstance(said, Mapping):
        raise ServiceError(f"{service} answered {str(said)[:80]!r} where a job was expected")
    now = dt.datetime.now(dt.UTC)
    found: dict[str, Any] = {
        name: said[alias] for alias, name in _FIELDS.items() if said.get(alias) is not None
    }
    found["created_at"] = _moment(found.get("created_at"), now)
    found["updated_at"] = _moment(found.get("updated_at"), now)
    found["status"] = str(found.get("status", "QUEUED")).upper()
    for name in ("progress", "estimated_time_remaining"):
        if name in found:
            found[name] = _whole(found[name])
    if not isinstance(found.get("options_json", ""), str):
        found["options_json"] = json.dumps(found["options_json"])
    if "error" in found:
        found["error"] = _error(found["error"])
    try:
        return Job.model_validate(found)
    except ValidationError as error:
        raise ServiceError(f"{service} answered a job that cannot be read: {invalid(error)}") from error


def _whole(value: object) -> object:
    try:
        return round(float(cast("str | float", value)))
    except (TypeError, ValueError, OverflowError):
        return value  # the model will say what is wrong with it


def _moment(value: JSON, now: dt.datetime) -> object:
    """In UTC where no zone is said; a moment that is not said at all is now."""
    if value is None:
        return now
    try:
        if isinstance(value, Sequence) and not isinstance(value, str):
            parts = [int(cast("int", part)) for part in value[:_MOMENT_PARTS]]
            return dt.datetime(*parts[:6], *(part // 1000 for part in parts[6:]), tzinfo=dt.UTC)
        moment = dt.datetime.fromisoformat(cast("str", value))
    except (TypeError, ValueError):
        return value  # as above
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)


def _error(value: object) -> JobError:
    """A sentence is an error, too."""
    given = cast("Mapping[str, object]", value) if isinstance(value, Mapping) else {"message": value}
    stage = given.get("stage")
    return JobError.told(
        str(given.get("code") or "failed"),
        str(given.get("message") or "no message"),
        None if stage is None else str(stage),
    )
