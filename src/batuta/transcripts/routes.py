"""Transcripts over HTTP; routes, names and shapes are the contract's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import AliasChoices, BaseModel, ConfigDict, Field

from batuta.access.answers import PROBLEMS
from batuta.access.caller import Caller
from batuta.access.door import count_submit, requires
from batuta.jobs import JobRecord, Terms
from batuta.services.jobs_over_http import MAX_KEY_LENGTH, check_visible, plausible, seen_before, told
from batuta.telemetry.traces import current_traceparent
from batuta.transcripts.batch import MOST, BatchView
from batuta.transcripts.batches import Batches
from batuta.transcripts.formats import TranscriptFormat, media_type, render
from batuta.transcripts.health import report
from batuta.transcripts.models import Segment, Track, TranscriptType
from batuta.transcripts.orchestrator import Transcripts
from batuta.transcripts.outcomes import Outcome, Source
from batuta.transcripts.questions import video_of

LONGEST_LANGUAGE: Final = 80
Language = Annotated[str, Field(max_length=LONGEST_LANGUAGE)]
Languages = Annotated[list[Language] | None, Query(max_length=20)]
Address = Annotated[str, Field(max_length=2048)]
JSON: Final = "application/json"

router = APIRouter(tags=["transcripts"], responses=PROBLEMS)


class TranscriptBody(BaseModel):
    """The body of `POST /api/transcript`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: Address = Field(
        description="any YouTube address of a video, or its id",
        validation_alias=AliasChoices("url", "video_id"),
    )
    languages: list[Language] | None = Field(default=None, max_length=20, description="best first; null: any")
    generate: bool = Field(default=False, description="have it made from the sound where YouTube has none")


class TranscriptView(BaseModel):
    """The answer with a transcript; times are seconds, `duration` is the end of the last segment."""

    video_id: str
    transcript: str
    language: str
    transcript_type: TranscriptType
    duration: float
    segments: list[Segment]
    fetched_at: str
    source: Source
    stale: bool


class Prefetched(BaseModel):
    """The answer to a prefetch: what there now is."""

    video_id: str
    language: str
    transcript_type: TranscriptType
    duration: float
    source: Source
    stale: bool


class LanguagesView(BaseModel):
    """What there is to choose from, manual tracks first."""

    video_id: str
    languages: list[Track]


class Invalidated(BaseModel):
    """Whether every tier was told; one that was down is told before it is read again."""

    video_id: str
    invalidated: bool


class BatchBody(BaseModel):
    """The body of `POST /api/batch`: ids (or addresses) of videos, or a playlist."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    ids: list[Address] | None = Field(
        default=None, min_length=1, max_length=MOST, validation_alias=AliasChoices("ids", "video_ids", "urls")
    )
    playlist: Address | None = Field(
        default=None, validation_alias=AliasChoices("playlist", "playlist_url", "url")
    )
    languages: list[Language] | None = Field(default=None, max_length=20)


async def the_transcripts(request: Request) -> Transcripts:
    """The application behind the server that was asked."""
    transcripts: Transcripts = request.app.state.transcripts
    return transcripts


async def the_batches(request: Request) -> Batches:
    """Its jobs."""
    batches: Batches = request.app.state.batches
    return batches


App = Annotated[Transcripts, Depends(the_transcripts)]
Jobs = Annotated[Batches, Depends(the_batches)]
Reader = Annotated[Caller, Depends(requires("read"))]
Asker = Annotated[Caller, Depends(requires("submit", starts_work=False))]
Submitter = Annotated[Caller, Depends(requires("submit"))]
Admin = Annotated[Caller, Depends(requires("admin"))]
IdempotencyKey = Annotated[str | None, Header(max_length=MAX_KEY_LENGTH)]


@router.post("/api/transcript", response_model=TranscriptView)
async def ask(body: TranscriptBody, request: Request, transcripts: App, caller: Asker) -> Response:
    """The transcript of a video, from the nearest tier that has it; to have one made counts as a submit."""
    if body.generate:
        count_submit(request)
    return _answer(
        await transcripts.get(body.url, body.languages, generate=body.generate, owner=caller.owner)
    )


@router.get(
    "/api/transcript/{video_id}",
    response_model=TranscriptView,
    responses={200: {"content": {"text/plain": {}, "text/vtt": {}, "application/x-subrip": {}}}},
)
async def show(
    video_id: str,
    transcripts: App,
    caller: Reader,
    languages: Languages = None,
    format: TranscriptFormat = "json",  # noqa: A002  # the contract's name
) -> Response:
    """The same, in any of the formats."""
    del caller
    outcome = await transcripts.get(video_id, languages)
    if format == "json":
        return _answer(outcome)
    found = outcome.found()
    text = await asyncio.to_thread(lambda: render(found.result, format))
    name = f"{found.video_id}.{found.language}.{format}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Server-Timing": _timing(outcome)}
    return Response(text, media_type=media_type(format), headers=headers)


@router.get("/api/transcript/{video_id}/languages")
async def tracks(video_id: str, transcripts: App, caller: Reader) -> LanguagesView:
    """The tracks that YouTube offers."""
    del caller
    return LanguagesView(video_id=video_of(video_id), languages=list(await transcripts.languages(video_id)))


@router.post("/api/transcript/{video_id}/prefetch")
async def prefetch(video_id: str, transcripts: App, caller: Asker, languages: Languages = None) -> Prefetched:
    """Have the transcript in every tier before somebody asks for it."""
    del caller
    outcome = await transcripts.get(video_id, languages)
    found = outcome.found()
    return Prefetched(
        video_id=found.video_id,
        language=found.language,
        transcript_type=found.transcript_type,
        duration=found.duration,
        source=outcome.source,
        stale=outcome.stale,
    )


@router.delete("/api/transcript/{video_id}")
async def invalidate(video_id: str, transcripts: App, caller: Admin) -> Invalidated:
    """Have the next request fetch it anew, in every language."""
    del caller
    return Invalidated(video_id=video_of(video_id), invalidated=await transcripts.invalidate(video_id))


async def readable(job_id: str, batches: Jobs, caller: Reader) -> JobRecord:
    """The batch, if the caller may see it."""
    record = await batches.get(plausible(job_id))
    check_visible(caller, record.owner, job_id)
    return record


async def changeable(
    job_id: str, batches: Jobs, caller: Annotated[Caller, Depends(requires("submit", starts_work=False))]
) -> JobRecord:
    """The batch, if the caller may stop it."""
    return await readable(job_id, batches, caller)


Readable = Annotated[JobRecord, Depends(readable)]
Changeable = Annotated[JobRecord, Depends(changeable)]


@router.post("/api/batch", status_code=202)
async def start_batch(
    body: BatchBody,
    request: Request,
    response: Response,
    batches: Jobs,
    caller: Submitter,
    idempotency_key: IdempotencyKey = None,
) -> BatchView:
    """Fetch many transcripts as a job."""
    terms = Terms(owner=caller.owner, idempotency_key=idempotency_key, traceparent=current_traceparent())
    record = await batches.start(body.ids, body.playlist, body.languages, terms=terms)
    response.headers["Location"] = str(request.url_for("show_batch", job_id=record.job_id).path)
    return batches.view(record)


@router.get("/api/batch/{job_id}")
async def show_batch(job: Readable, batches: Jobs) -> BatchView:
    """How far it is, and at its end what became of each video."""
    return batches.view(job)


async def last_seen(job: Readable, last_event_id: Annotated[str | None, Header()] = None) -> int:
    """The number of the event after which to go on; raises `AllSeen` when there will be none."""
    return seen_before(job, last_event_id)


@router.get("/api/batch/{job_id}/events", response_class=EventSourceResponse)
async def batch_events(
    job: Readable, batches: Jobs, seen: Annotated[int, Depends(last_seen)]
) -> AsyncIterator[ServerSentEvent]:
    """What happens to it, up to its end; `Last-Event-ID` goes on after that event."""
    async for event in told(job.job_id, batches.follow(job.job_id, seen)):
        yield event


@router.post("/api/batch/{job_id}/cancel")
async def cancel_batch(job: Changeable, batches: Jobs) -> BatchView:
    """Stop it; what was fetched is kept."""
    return batches.view(await batches.cancel(job.job_id))


@router.get("/api/statistics")
async def statistics(transcripts: App, caller: Reader) -> dict[str, Any]:
    """How much there is in each tier, and how well it serves."""
    del caller
    found = await transcripts.statistics()
    memory = found.memory
    return {
        "cache_keys": memory.entries if found.cached is None else found.cached,
        "cache_memory": memory.bytes,
        "database_count": found.stored,
        "memory": {"entries": memory.entries, "bytes": memory.bytes, "evictions": memory.evictions},
        "redis": {"up": transcripts.surroundings.redis_up, "entries": found.cached},
        "tiers": memory.tiers,
        "loads": memory.loads,
        "load_errors": memory.load_errors,
        "joined": memory.joined,
        "under_way": memory.under_way,
    }


@router.get("/health", name="transcripts_health")
async def health(transcripts: App) -> dict[str, Any]:
    """Whether Redis answers and YouTube lets us ask, from what they last did: nobody is asked for this."""
    return report(transcripts.surroundings)


def _answer(outcome: Outcome) -> Response:
    body = outcome.found().answer(outcome.source, stale=outcome.stale)
    return Response(body, media_type=JSON, headers={"Server-Timing": _timing(outcome)})


def _timing(outcome: Outcome) -> str:
    """What was tried, as browsers show it (W3C Server Timing)."""
    return ", ".join(
        f'{attempt.tier};desc="{attempt.cause}";dur={attempt.milliseconds}' for attempt in outcome.attempts
    )
