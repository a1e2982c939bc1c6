"""The contract of the gateway: a dubbing job as everybody sees it. Names are the seed's."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel
from pydantic_core import from_json

from batuta.errors import InvalidRequest
from batuta.services.problems import fields_of

MAX_LANGUAGE: Final = 16
"""Characters of a language: a tag with its region, or an English name."""
MAX_ACTIVITY: Final = 500
MAX_MESSAGE: Final = 2000
MAX_KEY: Final = 900
"""Characters of an object's key; S3 takes 1024 bytes."""


class JobStatus(StrEnum):
    """Where a job is."""

    QUEUED = "QUEUED"
    PROCESSING = "PROCESSING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"


class _Camel(BaseModel):
    """Names in JSON are the seed's, `sourceObjectKey`; in Python they are ours."""

    model_config = ConfigDict(frozen=True, alias_generator=to_camel, validate_by_name=True, extra="forbid")


class Options(BaseModel):
    """How to dub: the `options` of an upload."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source_language: str = Field(default="auto", min_length=2, max_length=MAX_LANGUAGE)
    voice: str | None = Field(default=None, min_length=1, max_length=64)
    keep_background: bool = True
    subtitles: Literal["soft", "none"] = "soft"
    loudness: Literal["web", "broadcast", "netflix"] = "web"

    @classmethod
    def of_text(cls, text: str) -> Options:
        """Out of what somebody sent; "" is all defaults. Raises `InvalidRequest`, for unknown keys too."""
        return fields_of(cls, _object(text))

    @classmethod
    def of_job(cls, job: Job) -> Options:
        """Of a job, which another gateway may have taken in: what we do not know is left out.

        Raises `InvalidRequest` for a value that is none of an option we do know.
        """
        known = {name: value for name, value in _object(job.options_json).items() if value is not None}
        return fields_of(cls, {name: known[name] for name in cls.model_fields if name in known})


class JobError(_Camel):
    """Why a job failed."""

    code: str = Field(max_length=100)
    message: str = Field(max_length=MAX_MESSAGE)
    stage: str | None = Field(default=None, max_length=100)

    @classmethod
    def told(cls, code: str, message: str, stage: str | None = None) -> JobError:
        """As much of it as there is room for: an error must not fail for its length."""
        return cls(
            code=code[:100], message=message[:MAX_MESSAGE], stage=None if stage is None else stage[:100]
        )


class Job(_Camel):
    """One video to dub."""

    id: int
    source_object_key: str
    output_object_key: str | None = None
    target_language: str
    options_json: str = "{}"
    status: JobStatus = JobStatus.QUEUED
    progress: int = Field(default=0, ge=0, le=100)
    estimated_time_remaining: int | None = Field(default=None, ge=0, description="seconds")
    activity: str | None = Field(default=None, description="what is being done, for people")
    created_at: dt.datetime
    updated_at: dt.datetime
    error: JobError | None = None
    owner: str = Field(default="", exclude=True)
    """Whose key it came with; never shown."""


class JobChange(_Camel):
    """What a `PATCH` may say; what is left out or null stays as it is."""

    status: JobStatus | None = None
    progress: float | None = Field(default=None, ge=0, le=100)
    output_object_key: str | None = Field(default=None, max_length=MAX_KEY)
    estimated_time_remaining: float | None = Field(default=None, ge=0, le=10**9, description="seconds")
    activity: str | None = Field(default=None, max_length=MAX_ACTIVITY)
    error: JobError | None = None

    def to_json(self) -> dict[str, Any]:
        """The body of the `PATCH`: whole numbers, as the seed's have to be, and only what is said."""
        body = self.model_dump(mode="json", by_alias=True, exclude_none=True)
        return {name: round(value) if isinstance(value, float) else value for name, value in body.items()}


class Uploaded(_Camel):
    """The answer to an upload."""

    status: JobStatus
    job_id: int
    message: str


class Link(_Camel):
    """Where a finished video can be had."""

    url: str


class JobPage(_Camel):
    """Some of the jobs, the newest first."""

    jobs: list[Job]
    total: int
    next_cursor: str | None


class Cleaned(_Camel):
    """What was deleted."""

    job_id: int
    record_deleted: bool
    message: str


def _object(text: str) -> dict[str, Any]:
    try:
        found = from_json(text or "{}", allow_inf_nan=False)
    except ValueError as error:
        raise InvalidRequest(f"options: not JSON ({error}): send an object such as {{}}") from error
    if not isinstance(found, dict):
        raise InvalidRequest(f"options: {text[:80]!r} is no JSON object: send one such as {{}}")
    return found  # pyright: ignore[reportUnknownVariableType]  # validated by the model
