"""Dubbing as an application: the one thing HTTP, the broker, the command line and the console talk to."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final

from batuta.dubbing.models import DubRequest, DubResult, Segment
from batuta.dubbing.offers import NOBODY, DubLanguage, Offers, dub_languages
from batuta.dubbing.orders import Fetched
from batuta.dubbing.pipeline import dub
from batuta.dubbing.scripts import Scripts
from batuta.dubbing.store import DubRun, DubRuns, SegmentRows
from batuta.dubbing.views import DubView, dub_view, request_of, result_of
from batuta.errors import Cancelled, Conflict, Gone, InvalidRequest, NotFound, from_dict
from batuta.jobs import Event, JobRecord, Jobs, JobStatus, Terms
from batuta.jobs.store import Listing
from batuta.media import Subtitles, read
from batuta.services.gateway.containers import media_type_of
from batuta.services.gateway.gateway import Gateway
from batuta.services.gateway.models import Job, Options
from batuta.services.gateway.models import JobStatus as GatewayStatus
from batuta.services.transcriber.languages import AUTO
from batuta.services.translator.pairs import code_of, target_of
from batuta.storage.artefacts import Artefact, ArtefactStore

MAX_LINE: Final = 1000
"""Characters of one line: a minute of speech."""
_BEFORE_THE_SCRIPT: Final = frozenset({"fetch", "extraction", "transcription", "translation"})
_REGION: Final = 2
"""Letters of a country (ISO 3166-1), which are written large."""
_EVER: Final = dt.timedelta(days=36_500)
_NO_TERMS: Final = Terms()


class Dubbing:
    """Starts dubs and shows them; a dub is known by the gateway's number of its job."""

    def __init__(  # what it stands on
        self,
        jobs: Jobs,
        gateway: Gateway,
        runs: DubRuns,
        rows: SegmentRows,
        artefacts: ArtefactStore,
        offers: Offers = NOBODY,
    ) -> None:
        """`offers` is what our own services can do."""
        self._jobs = jobs
        self._gateway = gateway
        self._runs = runs
        self._rows = rows
        self._scripts = Scripts(artefacts)
        self.artefacts = artefacts
        self.offers = offers

    async def orchestrate(self, dub_id: int, terms: Terms = _NO_TERMS) -> JobRecord:
        """Set the dub going; one under way or done answers, one that failed or was stopped is taken up again.

        Raises `NotFound` for a job the gateway does not have, `InvalidRequest` for one nobody could do.
        """
        found = await self._runs.job_of(dub_id)
        if found is not None:
            with suppress(NotFound):  # forgotten since: it begins anew
                record = await self._jobs.get(found)
                return await self._taken_up(record)
        request = _request(await self._gateway.job(dub_id))
        record = await self._jobs.start(dub, request, terms=terms, reuse_within=_EVER, same=_same(dub_id))
        await self._runs.put(DubRun(dub_id, record.job_id))
        return record

    async def _taken_up(self, record: JobRecord) -> JobRecord:
        if record.status not in {JobStatus.FAILED, JobStatus.CANCELLED}:
            return record
        try:
            return await self._again(record, request_of(record))
        except Conflict:  # somebody else did at the same time
            return await self._jobs.get(record.job_id)

    async def record(self, dub_id: int) -> JobRecord:
        """The job that does the dub; raises `NotFound`."""
        job_id = await self._runs.job_of(dub_id)
        if job_id is None:
            raise NotFound(f"no dub {dub_id} was started: POST /orchestrate starts one")
        return await self._jobs.get(job_id)

    async def view(self, record: JobRecord) -> DubView:
        """The dub with its segments as far as they are."""
        return dub_view(record, await self._rows.of(record.job_id))

    async def segments(self, record: JobRecord) -> list[Segment]:
        """Its segments, as far as they are."""
        return await self._rows.of(record.job_id)

    async def newest(self, listing: Listing) -> list[JobRecord]:
        """The newest of the jobs that do dubs."""
        return await self._jobs.newest(dub, listing)

    async def languages(self) -> tuple[DubLanguage, ...]:
        """What a video can be dubbed into here."""
        pairs = self.offers.translation
        known = None if pairs is None else await asyncio.to_thread(pairs)
        return dub_languages(known, self.offers.speech)

    async def gateway_job(self, dub_id: int) -> Job:
        """The job as the gateway has it; raises `NotFound`."""
        return await self._gateway.job(dub_id)

    async def shown_job(self, record: JobRecord) -> Job:
        """The gateway's job, as far along as our own record says; it is told of that within a second."""
        job = await self._gateway.job(request_of(record).dub_id)
        if record.status.final or job.status is GatewayStatus.PROCESSING:
            return job
        return job.model_copy(update={"status": GatewayStatus.PROCESSING, "error": None})

    async def change_line(self, record: JobRecord, number: int, text: str) -> JobRecord:
        """Say one line otherwise: it is spoken anew and the video put together, nothing else is done again.

        Raises `Conflict` for a dub that is not finished, `NotFound` for a line there is none of, `Gone` once
        the script is no longer kept.
        """
        said = " ".join(text.split())
        if not 0 < len(said) <= MAX_LINE:
            raise InvalidRequest(f"text: 1 to {MAX_LINE} characters, not {len(said)}")
        try:
            known = request_of(record).script if record.result is None else None
            script = await self._scripts.read(known or _result(record).script)
        except NotFound as error:
            raise Gone("the script of this dub is no longer kept: dub the video again") from error
        if number not in range(len(script.segments)):
            raise NotFound(f"there is no line {number}: the dub has {len(script.segments)}, from 0")
        segments = list(script.segments)
        segments[number] = _changed(segments[number], said)
        kept = await self._scripts.keep(script.model_copy(update={"segments": tuple(segments)}))
        return await self._again(record, request_of(record).model_copy(update={"script": kept}))

    async def retry(self, record: JobRecord, stage: str | None = None) -> JobRecord:
        """Do a finished dub again, from a stage on where one is named; what is not stale is a lookup.

        Lines that could not be spoken are tried again, with `synthesis` all of them; with `transcription` or
        `translation` the script goes, and with it every line that was changed.
        """
        request, script = request_of(record), None
        if stage not in _BEFORE_THE_SCRIPT:
            script = await self._retried_script(record, everything=stage == "synthesis")
        return await self._again(record, request.model_copy(update={"script": script}), stage)

    async def _retried_script(self, record: JobRecord, *, everything: bool) -> Artefact | None:
        """The newest script, without the clips that are to be made anew; None where it is gone."""
        request = request_of(record)
        kept = request.script if record.result is None else result_of(record).script
        if kept is None:
            return None
        try:
            script = await self._scripts.read(kept)
        except NotFound:
            return None
        segments = tuple(
            _unspoken(each) if everything or each.state == "failed" else each for each in script.segments
        )
        return await self._scripts.keep(script.model_copy(update={"segments": segments}))

    async def forget(self, dub_id: int) -> None:
        """Stop the dub and forget it: the gateway has forgotten its job."""
        job_id = await self._runs.job_of(dub_id)
        if job_id is None:
            return
        with suppress(NotFound):
            await self._jobs.delete(job_id)
        await self._runs.forget(DubRun(dub_id, job_id))
        await self._rows.forget(job_id)

    async def cancel(self, record: JobRecord) -> JobRecord:
        """Stop the dub."""
        return await self._jobs.cancel(record.job_id)

    async def wait(self, record: JobRecord, seconds: float | None = None) -> JobRecord:
        """The job once it is over, or after so many seconds as it then is."""
        return await self._jobs.wait(record.job_id, seconds)

    async def end_of(self, record: JobRecord) -> JobRecord:
        """The completed job, waited for if need be; raises the error it failed with, or `Cancelled`."""
        ended = await self._jobs.wait(record.job_id)
        if ended.status is JobStatus.CANCELLED:
            raise Cancelled(f"dub {request_of(ended).dub_id} was cancelled")
        if ended.error is not None:
            raise from_dict(ended.error)
        return ended

    def follow(self, record: JobRecord, after: int = 0) -> AsyncIterator[Event]:
        """The job's events in order, up to its end."""
        return self._jobs.follow(record.job_id, after)

    def video(self, record: JobRecord) -> Artefact:
        """The dubbed video; raises `Conflict` before the end."""
        return _result(record).video

    async def source(self, record: JobRecord) -> Artefact:
        """The video as it came.

        Raises `Conflict` before it was fetched, `Gone` once it is no longer kept, which is soon.
        """
        key = record.stages["fetch"].key
        kept = None if key is None else await self._jobs.journal.kept(key)
        dub_id = request_of(record).dub_id
        if kept is None and not record.status.final:
            raise Conflict(f"dub {dub_id} is {record.status}: its video is not here yet")
        found = None if kept is None else Fetched.model_validate(kept.result).file
        if found is None or not await self.artefacts.has(found):
            raise Gone(f"the video that dub {dub_id} was made from is no longer kept here")
        kind = media_type_of(request_of(record).source_key)  # the artefact's is that of most videos
        return found.model_copy(update={"media_type": kind}) if kind.startswith("video/") else found

    def subtitles(self, record: JobRecord, which: str) -> Artefact:
        """SubRip in the language spoken (`source`) or in the new one (`target`)."""
        result = _result(record)
        found = {"source": result.subtitles_source, "target": result.subtitles_target}.get(which)
        if found is None:
            raise NotFound(f"no subtitles in {which!r}: ask for source or target")
        return found

    async def subtitles_text(self, record: JobRecord, which: str) -> Subtitles:
        """The same, read; raises `Gone` once they are no longer kept."""
        found, result = self.subtitles(record, which), result_of(record)
        language = result.source_language if which == "source" else result.target_language
        if not await self.artefacts.has(found):
            raise Gone(f"the subtitles of dub {request_of(record).dub_id} are no longer kept here")
        body = b"".join([chunk async for chunk in self.artefacts.read(found)])
        if not body.strip():  # nobody speaks
            return Subtitles(language, ())
        return await asyncio.to_thread(lambda: replace(read(body.decode(), "srt"), language=language))

    async def report(self, record: JobRecord) -> dict[str, Any]:
        """`dubbing_report.json` of a finished dub; raises `Conflict` before its end."""
        body = b"".join([chunk async for chunk in self.artefacts.read(_result(record).report)])
        report: dict[str, Any] = await asyncio.to_thread(json.loads, body)
        return report

    async def clip(self, record: JobRecord, number: int) -> Artefact:
        """What is spoken in one line; raises `NotFound` before it is."""
        found = await self._rows.one(record.job_id, number)
        if found is None or found.clip is None:
            raise NotFound(f"line {number} is not spoken yet, or there is none")
        return found.clip

    async def _again(self, record: JobRecord, request: DubRequest, stage: str | None = None) -> JobRecord:
        same, once_more = _same(request.dub_id), request.model_copy(update={"round": request.round + 1})
        again = await self._jobs.retry(record.job_id, once_more, stage=stage, same=same)
        await self._runs.put(DubRun(request.dub_id, record.job_id))
        return again


def _result(record: JobRecord) -> DubResult:
    """What a finished dub has; raises `Conflict` for any other."""
    if record.result is None:
        raise Conflict(f"dub {request_of(record).dub_id} is {record.status}: it is not finished")
    return result_of(record)


def _request(job: Job) -> DubRequest:
    options = Options.of_job(job)
    return DubRequest(
        dub_id=job.id,
        source_key=job.source_object_key,
        target_language=target_of(job.target_language),
        spoken_as=_spoken_as(job.target_language),
        source_language=code_of(options.source_language) or AUTO,
        voice=options.voice,
        keep_background=options.keep_background,
        subtitles=options.subtitles,
        loudness=options.loudness,
    )


def _spoken_as(wanted: str) -> str:
    """The code of a language with the region that was asked for, such as `pt-BR` for `pt_br`."""
    code, region = target_of(wanted), wanted.strip().replace("_", "-").partition("-")[2]
    if not region:
        return code
    return f"{code}-{region.upper() if len(region) == _REGION else region}"


def _same(dub_id: int) -> str:
    """What makes two requests equal: the number of the dub, whatever the gateway says of it."""
    return f"dub {dub_id}"


def _changed(segment: Segment, text: str) -> Segment:
    """The segment with another text, to be spoken anew; what was said of the old one does not hold."""
    return _unspoken(segment).model_copy(update={"text": text, "translated": True})


def _unspoken(segment: Segment) -> Segment:
    """The segment before anybody spoke it."""
    update = {"state": "translated", "clip": None, "clip_seconds": None, "engine": None, "warnings": ()}
    return segment.model_copy(update=update)
