"""Batches as jobs: start one, watch it, stop it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Final

from batuta.errors import Conflict, InvalidRequest, NotFound
from batuta.jobs import Event, JobRecord, Jobs, JobStatus, Listing, Terms
from batuta.transcripts.batch import BatchRequest, BatchResult, BatchView, batch
from batuta.transcripts.languages import preferences
from batuta.transcripts.questions import video_of
from batuta.transcripts.video_ids import playlist_id

_SHOWN: Final = 80


class Batches:
    """The batches of one database."""

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs

    async def start(
        self,
        videos: Sequence[str] | None,
        playlist: str | None,
        languages: Sequence[str] | None,
        *,
        terms: Terms,
    ) -> JobRecord:
        """Set a batch going for videos (ids or addresses, each once) or for a playlist (id or address).

        Raises `InvalidRequest` for neither or both, for a language or playlist that is none, and
        `InvalidVideoId` for the first that is no video.
        """
        if (videos is None) == (playlist is None):
            raise InvalidRequest("send either `ids` of videos or the address of a `playlist`")
        found = None if playlist is None else playlist_id(playlist)
        if playlist is not None and found is None:
            raise InvalidRequest(f"{playlist[:_SHOWN]!r} leads to no playlist: send its id or its address")
        request = BatchRequest(
            video_ids=tuple(dict.fromkeys(map(video_of, videos or ()))),
            playlist=found,
            languages=preferences(languages),
        )
        return await self._jobs.start(batch, request, terms=terms)

    async def get(self, job_id: str) -> JobRecord:
        """The batch; raises `NotFound`."""
        record = await self._jobs.get(job_id)
        if record.pipeline != batch.name:
            raise NotFound(f"there is no job {job_id!r}")
        return record

    async def newest(self, limit: int, owner: str | None = None) -> list[JobRecord]:
        """The newest batches first, of one owner or of all."""
        return await self._jobs.newest(batch, Listing(limit, owner=owner))

    def follow(self, job_id: str, after: int = 0) -> AsyncIterator[Event]:
        """Its events, up to its end."""
        return self._jobs.follow(job_id, after)

    async def cancel(self, job_id: str) -> JobRecord:
        """Stop it; raises `Conflict` when it is over."""
        record = await self._jobs.cancel(job_id)
        if record.status is not JobStatus.CANCELLED:
            raise Conflict(f"job {job_id} is {record.status} already")
        return record

    def view(self, record: JobRecord) -> BatchView:
        """The batch as it is shown."""
        request = BatchRequest.model_validate(record.request)
        result = None if record.result is None else BatchResult.model_validate(record.result)
        videos = () if result is None else result.videos
        total = len(videos) if result is not None else len(request.video_ids) or None
        fetching = record.stages["transcripts"].progress
        return BatchView(
            job_id=record.job_id,
            status=record.status.value,
            progress=round(record.progress, 1),
            total=total,
            done=len(videos) if result is not None else round((total or 0) * fetching / 100),
            failed=sum(not line.ok for line in videos),
            title=None if result is None else result.title,
            truncated=result is not None and result.truncated,
            videos=videos,
            error=None if record.error is None else dict(record.error),
        )
