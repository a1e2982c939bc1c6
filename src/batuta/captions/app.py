"""Captions as an application: the one thing HTTP, the command line and Python all talk to."""

from __future__ import annotations

import asyncio
import datetime as dt
import mimetypes
import os
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from pydantic import ValidationError

from batuta.captions.document import CaptionsDocument, Shaper
from batuta.captions.models import (
    CaptionOptions,
    CaptionRequest,
    CaptionResult,
    CaptionStatus,
    JobLine,
    JobView,
    SegmentView,
    StageView,
)
from batuta.captions.pipeline import caption
from batuta.errors import BatutaError, Cancelled, Conflict, InvalidRequest, UnreadableMedia, from_dict
from batuta.ids import content_key, new_job_id
from batuta.jobs import Event, JobRecord, Jobs, JobStatus, StageStatus
from batuta.media import profile_named
from batuta.services.problems import invalid
from batuta.services.transcriber.service import check_transcription
from batuta.settings import Settings
from batuta.storage.artefacts import Artefact, ArtefactStore, file_chunks

SHOWN_STAGES = ("download", "normalization", "transcription")
"""The stages of the seed's answer; the cues are shaped in milliseconds after them."""
_WORDS: dict[str | None, CaptionStatus] = {
    "download": "downloading",
    "normalization": "normalizing",
    "transcription": "transcribing",
    "subtitles": "transcribing",
}


class Captions:
    """Starts captioning jobs and shows them."""

    def __init__(self, jobs: Jobs, artefacts: ArtefactStore, settings: Settings) -> None:
        self._jobs = jobs
        self._settings = settings
        self._shaper = Shaper(artefacts)
        self.artefacts = artefacts

    async def start(
        self,
        options: CaptionOptions,
        *,
        url: str | None = None,
        upload: Artefact | None = None,
        url_allow: tuple[str, ...] = (),
        force: bool = False,
    ) -> JobRecord:
        """Start a job for a URL or an uploaded file; an equal one of the last 24 h answers unless `force`.

        `url_allow` names hosts that may be connected to although they are not public.
        """
        if upload is not None and upload.size == 0:
            raise UnreadableMedia("the file is empty: 0 bytes")
        again = new_job_id() if force and url is not None else None
        request = self._request(options, youtube_url=url, upload=upload, again=again, url_allow=url_allow)
        self._check(request)
        same = content_key("captions", request.model_dump(mode="json", exclude={"again"}))
        lifetime = None if force else dt.timedelta(hours=self._settings.cache_ttl_hours)
        record = await self._jobs.start(caption, request, reuse_within=lifetime, same=same)
        if record.result is None or await self.artefacts.has(result_of(record).captions):
            return record
        return await self._jobs.start(caption, request, same=same)  # its captions are gone

    async def start_from(
        self, source: str | Path, options: CaptionOptions, *, force: bool = False
    ) -> JobRecord:
        """Start a job for a file of this machine or an http(s) URL; raises `InvalidRequest` for neither.

        Whoever calls this names files of this machine, so the URL's host may be any, too.
        """
        address = _address(str(source))
        if address.scheme.lower() in {"http", "https"}:
            allow = (address.hostname,) if address.hostname else ()
            return await self.start(options, url=str(source), url_allow=allow, force=force)
        if address.scheme and address.netloc:
            raise InvalidRequest(f"{source}: only http:// and https:// addresses can be captioned")
        path = Path(source)
        await asyncio.to_thread(_check_is_file, path)
        media_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        stored = await self.artefacts.put(file_chunks(path), media_type)
        return await self.start(options, upload=stored, force=force)

    async def caption(self, source: str | Path, options: CaptionOptions | None = None) -> CaptionsDocument:
        """The captions of a file or URL, waited for; raises the real error."""
        record = await self.start_from(source, options or CaptionOptions())
        return await self.document(await self.end_of(record.job_id))

    async def get(self, job_id: str) -> JobRecord:
        """The job; raises `NotFound`."""
        return await self._jobs.get(job_id)

    async def newest(self, limit: int, status: CaptionStatus | None = None) -> tuple[int, list[JobRecord]]:
        """How many jobs there are, and the newest of them, or of those with the status."""
        found = await self._jobs.newest(caption, limit=limit, statuses=_statuses(status))
        if status is not None:
            found = [record for record in found if status_of(record) == status]
        return await self._jobs.count(caption), found

    def follow(self, job_id: str, after: int = 0) -> AsyncIterator[Event]:
        """The job's events in order, up to its end."""
        return self._jobs.follow(job_id, after)

    async def wait(self, job_id: str, seconds: float | None = None) -> JobRecord:
        """The job once it is over."""
        return await self._jobs.wait(job_id, seconds)

    async def cancel(self, job_id: str) -> JobRecord:
        """Stop the job."""
        return await self._jobs.cancel(job_id)

    async def end_of(self, job_id: str) -> JobRecord:
        """The completed job, waited for if need be; raises the error it failed with, or `Cancelled`."""
        record = await self._jobs.wait(job_id)
        if record.status is JobStatus.CANCELLED:
            raise Cancelled(f"job {job_id} was cancelled")
        if record.error is not None:
            raise from_dict(record.error)
        return record

    async def document(self, record: JobRecord) -> CaptionsDocument:
        """The captions of a completed job; raises the error it failed with, or `Conflict` before its end."""
        if record.error is not None:
            raise from_dict(record.error)
        if record.result is None:
            raise Conflict(f"job {record.job_id} is {status_of(record)}: its captions are not ready")
        return await self._shaper.read(result_of(record).captions)

    async def view(self, record: JobRecord) -> JobView:
        """The job as the contract shows it, with its text once there is one."""
        document = None if record.result is None else await self._kept_document(record)
        return await asyncio.to_thread(job_view, record, document)

    def check(self, options: CaptionOptions) -> None:
        """Raise `InvalidRequest` for options with which nothing could be captioned."""
        self._check(self._request(options))

    def _check(self, request: CaptionRequest) -> None:
        """Raise `InvalidRequest` for what our own services could not do, before any work."""
        profile_named(request.subtitle_profile)
        if self._settings.audio_transcriber_url is None:
            check_transcription(request.model, request.language, request.language_out)
        if self._settings.audio_normalization_url is None and request.isolate_vocals:
            raise InvalidRequest("isolate_vocals is not available in this version: leave it out")

    async def _kept_document(self, record: JobRecord) -> CaptionsDocument | None:
        """The document, or None where it was cleaned away: the job itself is still worth showing."""
        try:
            return await self.document(record)
        except BatutaError:
            return None

    def _request(self, options: CaptionOptions, **source: object) -> CaptionRequest:
        """The options with the operator's defaults filled in."""
        settings = self._settings
        defaults = {
            "language": settings.default_language,
            "remove_noise": settings.default_remove_noise,
            "convert_to_mono": settings.default_convert_mono,
            "set_sample_rate_16k": settings.default_sample_rate_16k,
            "model": settings.whisper_model,
        }
        given = options.model_dump(exclude_none=True)
        return CaptionRequest.model_validate({**defaults, **given, **source})


def _address(source: str) -> SplitResult:
    try:
        return urlsplit(source)
    except ValueError as error:
        raise InvalidRequest(f"{source}: {error}") from error


def _check_is_file(path: Path) -> None:
    if not os.path.isfile(path):  # noqa: PTH113  # pathlib raises for names no file system can have
        kind = "is not a file" if os.path.exists(path) else "does not exist"  # noqa: PTH110
        raise InvalidRequest(f"{path} {kind}: give a media file or an http(s) URL")
    if not os.access(path, os.R_OK):
        raise InvalidRequest(f"{path} may not be read: give yourself the permission")


def _statuses(status: CaptionStatus | None) -> tuple[JobStatus, ...]:
    """The states of the record in which a job may show this word."""
    if status is None:
        return ()
    return (JobStatus(status),) if status in set(JobStatus) else (JobStatus.RUNNING,)


def options_from(fields: Mapping[str, object]) -> CaptionOptions:
    """The options out of what somebody typed or sent; raises `InvalidRequest`."""
    try:
        return CaptionOptions.model_validate(fields)
    except ValidationError as error:
        raise invalid(error) from error


def request_of(record: JobRecord) -> CaptionRequest:
    """What the job was asked."""
    return CaptionRequest.model_validate(record.request)


def result_of(record: JobRecord) -> CaptionResult:
    """What the finished job has."""
    return CaptionResult.model_validate(record.result)


def status_of(record: JobRecord) -> CaptionStatus:
    """The seed's word for where the job is."""
    match record.status:
        case JobStatus.QUEUED:
            return "queued"
        case JobStatus.RUNNING:
            return _WORDS.get(record.current_stage) or _between_stages(record)
        case JobStatus.COMPLETED:
            return "completed"
        case JobStatus.FAILED:
            return "failed"
        case JobStatus.CANCELLED:
            return "cancelled"


def job_line(record: JobRecord) -> JobLine:
    """The job as a list shows it."""
    return JobLine(
        job_id=record.job_id,
        youtube_url=request_of(record).youtube_url,
        status=status_of(record),
        progress=record.progress,
        created_at=record.created_at,
        updated_at=record.updated_at,
    )


def job_view(record: JobRecord, document: CaptionsDocument | None) -> JobView:
    """The job as `GET /jobs/{id}` shows it."""
    error = record.error
    transcription = None if document is None else document.transcription
    return JobView(
        job_id=record.job_id,
        youtube_url=request_of(record).youtube_url,
        status=status_of(record),
        overall_progress=record.progress,
        created_at=record.created_at,
        updated_at=record.updated_at,
        completed_at=record.completed_at,
        stages={name: _stage_view(record, name) for name in SHOWN_STAGES},
        transcription_text=None if transcription is None else transcription.text,
        transcription_segments=None
        if transcription is None
        else [
            SegmentView(
                text=segment.text,
                start=segment.start,
                end=segment.end,
                duration=round(segment.end - segment.start, 3),
            )
            for segment in transcription.segments
        ],
        transcription_file=None if document is None else "transcription.srt",
        audio_file=None if record.result is None else result_of(record).audio_file,
        error_message=None if error is None else error.get("message"),
        error=None if error is None else dict(error),
        language=None if transcription is None else transcription.language,
        conformity=None if document is None else dict(document.conformity.to_dict()),
    )


def _stage_view(record: JobRecord, name: str) -> StageView:
    stage = record.stages[name]
    return StageView(
        status="failed" if stage.status is StageStatus.CANCELLED else str(stage.status),
        job_id=stage.remote_id,
        progress=stage.progress,
        started_at=stage.started_at,
        completed_at=stage.completed_at,
        error=None if stage.error is None else stage.error.get("message"),
    )


def _between_stages(record: JobRecord) -> CaptionStatus:
    """The word of the last finished stage: the next one begins within milliseconds."""
    done = [name for name, stage in record.stages.items() if stage.completed_at is not None]
    return _WORDS.get(done[-1] if done else None) or "queued"
