"""Many transcripts at once, as a job that survives the process; each video is a lookup."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import ClassVar, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from batuta.errors import BatutaError
from batuta.jobs import LocalWorker, OnProgress, Order, Run, Worker, pipeline
from batuta.transcripts.models import Cause, PlaylistVideos, TranscriptType
from batuta.transcripts.orchestrator import Transcripts
from batuta.transcripts.outcomes import Outcome, Source

MOST: Final = 500
"""Videos of one batch; of a longer playlist the first so many."""
LONGEST_PAUSE: Final = 900.0
"""Seconds that a batch waits for one video where YouTube asks for pauses."""
_PAUSES: Final = frozenset({Cause.RATE_LIMITED, Cause.BLOCKED})
VERSION: Final = "1"
"""Of the work below; nothing of it is kept for another job."""
AT_ONCE: Final = 4
"""Leaves threads of the fetcher to those who wait for one transcript."""


class BatchRequest(BaseModel):
    """Which videos, in which languages; either `video_ids` or `playlist` is there."""

    model_config = ConfigDict(frozen=True)

    video_ids: tuple[str, ...] = ()
    playlist: str | None = None
    """A playlist's id."""
    languages: tuple[str, ...] | None = None


class BatchLine(BaseModel):
    """What became of one video."""

    model_config = ConfigDict(frozen=True)

    video_id: str
    ok: bool
    source: Source | None = None
    language: str | None = None
    transcript_type: TranscriptType | None = None
    cause: Cause | None = None
    message: str | None = None


class BatchResult(BaseModel):
    """All of it, in the order of the request."""

    model_config = ConfigDict(frozen=True)

    title: str | None = None
    """The playlist's."""
    truncated: bool = False
    """Whether the playlist has more videos than were fetched."""
    videos: tuple[BatchLine, ...] = ()


class FindVideos(Order[PlaylistVideos]):
    """Find out which videos a playlist has."""

    work: ClassVar[str] = "playlist"
    Result: ClassVar[type[BaseModel]] = PlaylistVideos
    playlist: str


class FetchAll(Order[BatchResult]):
    """Have the transcript of each video, or the cause that there is none."""

    work: ClassVar[str] = "transcripts"
    Result: ClassVar[type[BaseModel]] = BatchResult
    video_ids: tuple[str, ...]
    languages: tuple[str, ...] | None


def stages_of(request: BatchRequest) -> Mapping[str, float]:
    """The stages this request needs, with their share of the time."""
    return {"playlist": 5, "transcripts": 95} if request.playlist else {"transcripts": 100}


@pipeline("transcripts", request=BatchRequest, stages=stages_of)
async def batch(run: Run, request: BatchRequest) -> BatchResult:
    """Playlist → transcripts; a video that has none is a line that says why, not a failure of the job."""
    listed = PlaylistVideos(playlist_id="", video_ids=request.video_ids)
    if request.playlist is not None:
        listed = await run.stage("playlist", FindVideos(playlist=request.playlist, again=run.job_id))
    order = FetchAll(video_ids=listed.video_ids, languages=request.languages, again=run.job_id)
    fetched = await run.stage("transcripts", order)
    return fetched.model_copy(update={"title": listed.title, "truncated": listed.truncated})


class BatchWork:
    """Does the orders of a batch."""

    def __init__(self, transcripts: Transcripts) -> None:
        self._transcripts = transcripts

    def workers(self) -> dict[str, Worker]:
        """Who does which work."""
        return {
            FindVideos.work: LocalWorker(self.playlist, VERSION),
            FetchAll.work: LocalWorker(self.transcripts, VERSION),
        }

    async def playlist(self, order: FindVideos, on_progress: OnProgress) -> PlaylistVideos:
        """What is in the playlist."""
        del on_progress
        return await self._transcripts.videos(order.playlist, MOST)

    async def transcripts(self, order: FetchAll, on_progress: OnProgress) -> BatchResult:
        """Every video, a few at a time."""
        places, done = asyncio.Semaphore(AT_ONCE), 0

        async def fetch(video_id: str) -> BatchLine:
            nonlocal done
            async with places:
                line = await self._line(video_id, order.languages)
            done += 1
            on_progress(100 * done / len(order.video_ids))
            return line

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(fetch(video_id)) for video_id in order.video_ids]
        return BatchResult(videos=tuple(task.result() for task in tasks))

    async def _patiently(self, video_id: str, languages: tuple[str, ...] | None) -> Outcome:
        """The transcript; where YouTube asks for a pause, that is made: nobody waits in front of a screen."""
        loop = asyncio.get_running_loop()
        give_up = loop.time() + LONGEST_PAUSE
        while True:
            outcome = await self._transcripts.get(video_id, languages)
            pause = None if outcome.error is None else outcome.error.retry_after
            if outcome.cause not in _PAUSES or pause is None or loop.time() + pause > give_up:
                return outcome
            await asyncio.sleep(pause)

    async def _line(self, video_id: str, languages: tuple[str, ...] | None) -> BatchLine:
        try:
            outcome = await self._patiently(video_id, languages)
        except BatutaError as error:  # a language that is none now: jobs outlive releases
            return BatchLine(video_id=video_id, ok=False, message=error.message)
        found = outcome.kept
        if found is None:
            message = None if outcome.error is None else outcome.error.message
            return BatchLine(
                video_id=video_id, ok=False, source=outcome.source, cause=outcome.cause, message=message
            )
        return BatchLine(
            video_id=video_id,
            ok=True,
            source=outcome.source,
            language=found.language,
            transcript_type=found.transcript_type,
        )


BatchWord = Literal["queued", "running", "completed", "failed", "cancelled"]


class BatchView(BaseModel):
    """A batch as `GET /api/batch/{job_id}` shows it."""

    job_id: str
    status: BatchWord
    progress: float = Field(description="0 to 100")
    total: int | None = Field(description="videos; null until the playlist is known")
    done: int
    failed: int
    title: str | None = None
    truncated: bool = False
    videos: tuple[BatchLine, ...] = ()
    error: dict[str, object] | None = None
