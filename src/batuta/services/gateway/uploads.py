"""From a form to a job that somebody works on: stored, recorded, announced, in this order.

Whatever breaks off in between is found again: an object that never became a job by its upload's row, a job
that nobody was told of by its `announced_at`.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final, Protocol

import structlog
from starlette.requests import Request

from batuta.errors import BatutaError, InvalidRequest
from batuta.services.gateway.containers import MEDIA_TYPES, TAKEN, container_of
from batuta.services.gateway.form import read_upload
from batuta.services.gateway.models import MAX_LANGUAGE, Job, Options
from batuta.services.gateway.objects import Objects
from batuta.services.gateway.refusals import FileEmpty, InvalidFileType
from batuta.services.gateway.store import DubJobs
from batuta.storage.artefacts import file_chunks

log = structlog.get_logger(__name__)

PAUSE_SECONDS: Final = 30.0
_JUST_NOW: Final = dt.timedelta(seconds=10)
"""A job so young is being announced by whoever took it in."""
_FIRST_BYTES: Final = 4096
Fields = Callable[[Mapping[str, str]], Mapping[str, str]]

_FIELDS: Final = frozenset({"targetLang", "options"})


class Announce(Protocol):
    """Tells whoever does the work of a job; returns once that will not be forgotten."""

    async def __call__(self, job: Job, /) -> None:
        """May be called again for the same job; raises when nobody could be told."""
        ...


class Check(Protocol):
    """Judges whether a video can be dubbed into a language with these options."""

    def __call__(self, target: str, options: Options, /) -> None:
        """Return if so; raises `InvalidRequest`."""
        ...


class Uploads:
    """Takes videos in."""

    def __init__(
        self, jobs: DubJobs, objects: Objects, *, check: Check, announce: Announce, max_bytes: int
    ) -> None:
        self._jobs = jobs
        self._objects = objects
        self._check = check
        self._announce = announce
        self._max_bytes = max_bytes

    async def take(self, request: Request, owner: str, fields_of: Fields = dict) -> Job:
        """The job that the form asks for; when this raises, nothing is kept of it.

        `fields_of` makes the contract's fields of a form that has others, as a page's has.

        Raises `FileEmpty`, `InvalidFileType`, `FileTooLarge`, `InvalidRequest`, and as `Objects.put`.
        """
        reserved: list[str] = []

        async def keep(filename: str, chunks: AsyncGenerator[bytes], media_type: str) -> str:
            reserved.append(await self._jobs.reserve(filename))
            await self._objects.put(reserved[-1], chunks, media_type)
            return reserved[-1]

        try:
            form = await read_upload(request, keep, self._max_bytes)
            target, options = await asyncio.to_thread(self._wanted, fields_of(form.texts))
            job = await self._jobs.create(
                form.key, owner=owner, target_language=target, options_json=options.model_dump_json()
            )
        except BaseException:
            for key in reserved:
                with suppress(BatutaError):  # `keep_up` will find it
                    await self._discard(key)
            raise
        await self._tell(job)
        return job

    async def take_file(self, path: Path, target: str, options: Options, owner: str = "") -> Job:
        """The job for a file of this machine, started by whoever asks for it; raises as `take` does."""
        await asyncio.to_thread(self._check, target, options)
        key = await self._jobs.reserve(path.name)
        try:
            media_type = await asyncio.to_thread(_video_type, path)
            await self._objects.put(key, file_chunks(path), media_type)
            job = await self._jobs.create(
                key, owner=owner, target_language=target, options_json=options.model_dump_json()
            )
        except BaseException:
            with suppress(BatutaError):  # `keep_up` will find it
                await self._discard(key)
            raise
        await self._jobs.announced(job.id)
        return job

    async def announce_pending(self, *, older_than: dt.timedelta = dt.timedelta()) -> int:
        """Announce the jobs nobody was told of; at launch, all. How many there were."""
        pending = await self._jobs.unannounced(older_than=older_than)
        for job in pending:
            await self._tell(job)
        return len(pending)

    async def sweep(self) -> int:
        """Delete what uploads left that broke off; how many there were."""
        left = await self._jobs.abandoned()
        for key in left:
            await self._discard(key)
        return len(left)

    async def keep_up(self, pause_seconds: float = PAUSE_SECONDS) -> None:
        """Do both, again and again, until cancelled; the first time at once."""
        older_than = dt.timedelta()
        while True:
            try:
                await self.announce_pending(older_than=older_than)
                await self.sweep()
                older_than = _JUST_NOW
            except BatutaError as error:
                log.warning("uploads.not_kept_up", cause=str(error))
            await asyncio.sleep(pause_seconds)

    def _wanted(self, texts: Mapping[str, str]) -> tuple[str, Options]:
        unknown = sorted(set(texts) - _FIELDS)
        if unknown:
            known = ", ".join(["file", *sorted(_FIELDS)])
            raise InvalidRequest(f"the form has an unknown field {unknown[0][:80]!r}: it may have {known}")
        target = texts.get("targetLang", "").strip()
        if not 0 < len(target) <= MAX_LANGUAGE:
            raise InvalidRequest(f"targetLang: {target[:80]!r} is no language: send a code such as `es`")
        options = Options.of_text(texts.get("options", ""))
        self._check(target, options)
        return target, options

    async def _tell(self, job: Job) -> None:
        """Announce the job and note it; what fails is tried again by `keep_up`, also after a restart."""
        try:
            await self._announce(job)
            await self._jobs.announced(job.id)
        except Exception as error:  # noqa: BLE001  # whoever is told may be a broker, with errors of its own
            log.warning("dub_job.not_announced", job_id=job.id, cause=f"{type(error).__name__}: {error}")

    async def _discard(self, key: str) -> None:
        """Delete an upload's object, unless it has become a job meanwhile."""
        if await self._jobs.give_up(key):
            await self._objects.delete(key)
            await self._jobs.forget_upload(key)


def _video_type(path: Path) -> str:
    """The media type of a video file, by its first bytes; raises `FileEmpty`, `InvalidFileType`."""
    with path.open("rb") as file:
        first = file.read(_FIRST_BYTES)
    if not first:
        raise FileEmpty(f"{path} is empty: give a video")
    container = container_of(first)
    if container is None:
        raise InvalidFileType(f"{path} is none of {TAKEN}, whatever its name says")
    return MEDIA_TYPES[container]
