"""Captions as an application: the one thing HTTP, the command line, the console and Python all talk to."""

from __future__ import annotations

import asyncio
import datetime as dt
import mimetypes
import os
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, urlsplit

from batuta.captions.document import CaptionsDocument, Shaper
from batuta.captions.language import detect_language
from batuta.captions.models import (
    CaptionOptions,
    CaptionRequest,
    CaptionStatus,
    JobView,
    LanguageRequest,
    LanguageResult,
    StageName,
)
from batuta.captions.pipeline import caption
from batuta.captions.views import WORDS, job_view, request_of, result_of, status_of
from batuta.clients.addresses import AllowList, check_url
from batuta.errors import (
    BatutaError,
    Cancelled,
    Conflict,
    Gone,
    InvalidRequest,
    NotFound,
    UnreadableMedia,
    from_dict,
)
from batuta.ids import content_key, new_job_id
from batuta.jobs import Event, JobRecord, Jobs, JobStatus, Listing, Terms
from batuta.jobs.store import WAITING, Head
from batuta.media import profile_named
from batuta.services.downloader.orders import Media
from batuta.services.problems import fields_of
from batuta.settings import Settings
from batuta.storage.artefacts import Artefact, ArtefactStore, file_chunks

NO_TERMS: Final = Terms()
UNDETERMINED: Final = "und"
"""ISO 639-2."""


@dataclass(frozen=True)
class Checks:
    """What our own services cannot do, told before any work; a service elsewhere decides for itself."""

    transcription: Callable[[str | None, str, str | None], None] | None
    """Called with the model, the language spoken, and the language Whisper is to translate into."""
    translation: Callable[[str, str], None] | None
    """Called with the language spoken and the one to translate into."""


class Captions:
    """Starts captioning jobs and shows them."""

    def __init__(self, jobs: Jobs, artefacts: ArtefactStore, settings: Settings, checks: Checks) -> None:
        self._jobs = jobs
        self._settings = settings
        self._checks = checks
        self._shaper = Shaper(artefacts)
        self.artefacts = artefacts

    async def start(
        self,
        options: CaptionOptions,
        *,
        url: str | None = None,
        upload: Artefact | None = None,
        url_allow: tuple[str, ...] = (),
        prefer_existing: bool = False,
        terms: Terms = NO_TERMS,
        force: bool = False,
    ) -> JobRecord:
        """Start a job for a URL or an uploaded file; an equal one of the last 24 h answers unless `force`.

        With `prefer_existing` captions that YouTube has are taken in the place of our own.

        `url_allow` names hosts that may be connected to although they are not public.
        """
        if upload is not None and upload.size == 0:
            raise UnreadableMedia("the file is empty: 0 bytes")
        if url is not None:
            check_url(url, AllowList.of((*self._settings.allowed_hosts, *url_allow)), credentials=True)
        if terms.callback_url is not None:
            check_url(terms.callback_url, AllowList.of(self._settings.allowed_hosts))
        again = new_job_id() if force and url is not None else None
        request = self._request(
            options,
            youtube_url=url,
            upload=upload,
            again=again,
            url_allow=url_allow,
            prefer_existing=prefer_existing,
        )
        self._check(request)
        same = _same(request, terms.owner)
        lifetime = None if force else dt.timedelta(hours=self._settings.cache_ttl_hours)
        record = await self._jobs.start(caption, request, terms=terms, reuse_within=lifetime, same=same)
        if record.result is None or await self.artefacts.has(result_of(record).captions):
            return record
        return await self._jobs.start(caption, request, terms=terms, same=same)  # its captions are gone

    async def start_from(
        self,
        source: str | Path,
        options: CaptionOptions,
        *,
        prefer_existing: bool = False,
        force: bool = False,
    ) -> JobRecord:
        """Start a job for a file of this machine or an http(s) URL; raises `InvalidRequest` for neither.

        Whoever calls this names files of this machine, so the URL's host may be any, too.
        """
        address = _address(str(source))
        if address.scheme.lower() in {"http", "https"}:
            allow = (address.hostname,) if address.hostname else ()
            return await self.start(
                options, url=str(source), url_allow=allow, prefer_existing=prefer_existing, force=force
            )
        if address.scheme and address.netloc:
            raise InvalidRequest(f"{source}: only http:// and https:// addresses can be captioned")
        path = Path(source)
        await asyncio.to_thread(_check_is_file, path)
        media_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        stored = await self.artefacts.put(file_chunks(path), media_type)
        return await self.start(options, upload=stored, terms=Terms(reference=path.name[:256]), force=force)

    async def caption(self, source: str | Path, options: CaptionOptions | None = None) -> CaptionsDocument:
        """The captions of a file or URL, waited for; raises the real error."""
        record = await self.start_from(source, options or CaptionOptions())
        return await self.document(await self.end_of(record.job_id))

    async def detect_language(self, upload: Artefact, terms: Terms = NO_TERMS) -> tuple[str, float]:
        """The code of the language spoken, `und` where nobody speaks, and how sure that is: 0 to 1."""
        request = LanguageRequest(upload=upload, model=self._settings.whisper_model)
        lifetime = dt.timedelta(hours=self._settings.cache_ttl_hours)
        same = content_key("language", terms.owner, upload.sha256, request.model or "")
        record = await self._jobs.start(
            detect_language, request, terms=terms, reuse_within=lifetime, same=same
        )
        found = LanguageResult.model_validate((await self.end_of(record.job_id)).result)
        return found.language or UNDETERMINED, found.probability

    async def get(self, job_id: str) -> JobRecord:
        """The captioning job; raises `NotFound`."""
        record = await self._jobs.get(job_id)
        if record.pipeline != caption.name:
            raise NotFound(f"there is no job {job_id!r}")
        return record

    async def head(self, job_id: str) -> Head:
        """The number of the job's last event, and its owner; raises `NotFound`."""
        return await self._jobs.store.head(job_id)

    @property
    def changes(self) -> int:
        """Grows with every change this process makes to a job."""
        return self._jobs.store.changes

    async def newest(
        self,
        limit: int,
        status: CaptionStatus | None = None,
        *,
        owner: str | None = None,
        before: tuple[dt.datetime, str] | None = None,
    ) -> list[JobRecord]:
        """The newest jobs, or those with the status, after the place `before`; all owners' without one."""
        listing = Listing(limit, *_where(status), owner=owner, before=before)
        return await self._jobs.newest(caption, listing)

    async def count(self, owner: str | None = None) -> dict[JobStatus, int]:
        """How many jobs are in each status."""
        return await self._jobs.count(caption, owner)

    def follow(self, job_id: str, after: int = 0) -> AsyncIterator[Event]:
        """The job's events in order, up to its end."""
        return self._jobs.follow(job_id, after)

    async def wait(self, job_id: str, seconds: float | None = None) -> JobRecord:
        """The job once it is over."""
        return await self._jobs.wait(job_id, seconds)

    async def cancel(self, job_id: str) -> JobRecord:
        """Stop the job."""
        return await self._jobs.cancel(job_id)

    async def retry(
        self, job_id: str, overrides: CaptionOptions, *, stage: StageName | None = None
    ) -> JobRecord:
        """Do a finished job again with other options; what these leave as it was is not done again.

        An option given as None gets the operator's default.

        With `stage`, that one and all later ones are done again in any case. docs/http.md has the table.
        """
        record = await self.get(job_id)
        defaults = self._request(CaptionOptions()).model_dump()
        given = overrides.model_dump(exclude_unset=True)
        changed = {name: defaults[name] if value is None else value for name, value in given.items()}
        request = request_of(record).model_copy(update=changed)
        self._check(request)
        return await self._jobs.retry(job_id, request, stage=stage, same=_same(request, record.owner))

    async def delete(self, job_id: str) -> None:
        """Stop the job and forget it; files that only it mentioned go with the next sweep."""
        await self._jobs.delete(job_id)

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

    async def media(self, record: JobRecord) -> Artefact:
        """The media the captions belong to; raises `Gone` once it is no longer kept, which is soon."""
        found = request_of(record).upload or await self._downloaded(record)
        if found is None or not await self.artefacts.has(found):
            raise Gone(f"the media of job {record.job_id} is no longer kept: ask for its audio")
        return found

    async def view(self, record: JobRecord) -> JobView:
        """The job as the contract shows it, with its text once there is one."""
        if record.status.final:
            document = None if record.result is None else await self._kept_document(record)
            return await asyncio.to_thread(job_view, record, document)
        return job_view(record, None, await self._jobs.store.heartbeat(record.job_id))

    def check(self, options: CaptionOptions) -> None:
        """Raise `InvalidRequest` for options with which nothing could be captioned."""
        self._check(self._request(options))

    def _check(self, request: CaptionRequest) -> None:
        """Raise `InvalidRequest` for what our own services could not do, before any work."""
        profile_named(request.subtitle_profile)
        if self._checks.transcription is not None:
            english = request.language_out if request.to_english else None
            self._checks.transcription(request.model, request.language, english)
        if self._checks.translation is not None and request.to_another_language:
            self._checks.translation(request.language, request.language_out or "")

    async def _downloaded(self, record: JobRecord) -> Artefact | None:
        key = record.stages["download"].key
        kept = None if key is None else await self._jobs.journal.kept(key)
        return None if kept is None else Media.model_validate(kept.result).file

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


def options_from(fields: Mapping[str, object]) -> CaptionOptions:
    """The options out of what somebody typed or sent; raises `InvalidRequest`."""
    return fields_of(CaptionOptions, fields)


def _same(request: CaptionRequest, owner: str) -> str:
    """What makes two requests of one owner equal."""
    claimed = {"again": True, "upload": {"media_type"}}  # the bytes decide, not what their sender calls them
    return content_key("captions", owner, request.model_dump(mode="json", exclude=claimed))


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


def _where(status: CaptionStatus | None) -> tuple[tuple[JobStatus, ...], tuple[str | None, ...]]:
    """The states of the record, and its stages, in which a job shows this word."""
    if status is None:
        return (), ()
    if status in set(JobStatus):
        return (JobStatus(status),), ()
    stages = [stage for stage, word in WORDS.items() if word == status]
    return (JobStatus.RUNNING,), tuple(stages or [WAITING])
