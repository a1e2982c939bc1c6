"""A remote job: submit → wait → fetch, with any service that speaks the job protocol.

    POST   /jobs                → {"id": …}
    GET    /jobs/{id}?wait=25   → {"status": …, "progress": …, "error_message": …}
    GET    /jobs/{id}/download  → the result; other documents beside it
    DELETE /jobs/{id}

The id is all it takes to go on after a crash of ours. A service that no longer knows the id has lost the job:
`RemoteJobLost` asks the caller to submit it again, with the same idempotency key.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Final, Literal
from urllib.parse import quote

import httpx2
import structlog

from batuta.clients.answers import JSON, parsed, question
from batuta.clients.deadline import check, deadline, remaining
from batuta.clients.multipart import FileSource
from batuta.clients.polling import PollPolicy
from batuta.clients.progress import ProgressScale
from batuta.clients.remote_status import RemoteState, RemoteStatus, job_id, read_status
from batuta.clients.service import ServiceClient
from batuta.errors import BatutaError, DeadlineExceeded, RemoteJobLost, ServiceError, ServiceUnavailable

log = structlog.get_logger(__name__)

DEFAULT_POLL: Final = PollPolicy()
CANCEL_SECONDS: Final = 2.0
"""How long to try to cancel a job before leaving it to itself."""

_LOST: Final = frozenset({404, 410})
"""Not Found and Gone (RFC 9110, sections 15.5.5 and 15.5.11), of a job that had been accepted."""

OnProgress = Callable[[float], None]
"""Told how far the job is, 0 to 100, never less than before."""


class RemoteJobs:
    """The jobs of one service."""

    def __init__(
        self, client: ServiceClient, poll: PollPolicy = DEFAULT_POLL, *, path: str = "/jobs"
    ) -> None:
        self._client = client
        self._poll = poll
        self._path = path
        self._scale = ProgressScale.UNKNOWN

    async def submit(
        self,
        fields: Mapping[str, JSON],
        files: Mapping[str, FileSource] | None = None,
        *,
        encoding: Literal["json", "multipart"] = "json",
        idempotency_key: str,
    ) -> str:
        """Hand in a job and return the service's id for it; the same key again means the same job.

        Files travel as multipart, whatever the encoding.
        """
        if encoding == "multipart" or files:
            response = await self._client.request(
                "POST", self._path, data=fields, files=files or {}, idempotency_key=idempotency_key
            )
        else:
            response = await self._client.request(
                "POST", self._path, json=fields, idempotency_key=idempotency_key
            )
        found = job_id(self._object(response))
        if found is None:
            raise ServiceError(f"{self._asked(response)} but gave the job no id")
        return found

    async def wait(self, remote_id: str, on_progress: OnProgress | None = None) -> RemoteStatus:
        """The status of the completed job.

        Raises why it failed (`RemoteJobFailed`, or the error of ours that the service names),
        `RemoteJobLost`, `DeadlineExceeded`, and `ServiceUnavailable` when the service stays silent too long.
        """
        clock, poll = self._client.clock, self._poll
        answered, pause, shown = clock.now(), 0.0, 0.0
        attempts = 0
        while attempts < poll.max_attempts:
            await self._sleep(pause)
            check(f"{self._client.name} job {remote_id}")
            asked = clock.now()
            try:
                status = await self._status(remote_id)
            except ServiceUnavailable as error:
                if clock.now() - answered > poll.patience:
                    raise
                pause = error.retry_after or poll.interval
                attempts += 1
                continue
            answered = clock.now()
            pause = poll.pause(pause, answered - asked)
            attempts += pause > 0  # a service that waited with its answer was not polled
            if status.error is not None:
                raise status.error
            if on_progress is not None and (percent := self._percent(status)) > shown:
                shown = percent
                on_progress(percent)
            if status.state is RemoteState.COMPLETED:
                return status
        raise DeadlineExceeded(
            f"{self._client.name} job {remote_id} was not done after it had been asked about"
            f" {poll.max_attempts} times (MAX_POLL_ATTEMPTS)"
        )

    @asynccontextmanager
    async def download(self, remote_id: str, path: str = "download") -> AsyncGenerator[httpx2.Response]:
        """The job's result as a stream: `async for chunk in response.aiter_bytes()`."""
        where = f"{self._at(remote_id)}/{path}"
        async with self._client.stream("GET", where, expected=_LOST) as response:
            self._check_known(response, remote_id)
            yield response

    async def document(self, remote_id: str, path: str) -> Mapping[str, JSON]:
        """A JSON document of the job's, such as `transcription`."""
        response = await self._client.request("GET", f"{self._at(remote_id)}/{path}", expected=_LOST)
        self._check_known(response, remote_id)
        return self._object(response)

    async def cancel(self, remote_id: str) -> None:
        """Ask the service to stop the job: for at most 2 s, even past the deadline; never raises."""
        try:
            with deadline(CANCEL_SECONDS, inherit=False, now=self._client.clock.now):
                await self._client.request("DELETE", self._at(remote_id), expected=_LOST)
        except BatutaError as error:
            log.warning("remote_job_not_cancelled", service=self._client.name, id=remote_id, cause=str(error))

    async def _status(self, remote_id: str) -> RemoteStatus:
        wait = self._poll.wait(remaining())
        response = await self._client.request(
            "GET",
            self._at(remote_id),
            params={"wait": wait} if wait else {},
            timeout=self._client.timeout + wait,
            expected=_LOST,
        )
        self._check_known(response, remote_id)
        status = read_status(self._object(response))
        if status.error is not None:
            status.error.add_note(f"{self._client.name} job {remote_id}")
        return status

    def _percent(self, status: RemoteStatus) -> float:
        """How far the job is, by all that the service's values have shown so far."""
        if status.state is RemoteState.COMPLETED:
            return 100.0
        if status.progress is None:
            return 0.0
        self._scale = self._scale.learn(status.progress)
        return self._scale.percent(status.progress)

    async def _sleep(self, seconds: float) -> None:
        """Sleep, not beyond the deadline."""
        left = remaining()
        seconds = seconds if left is None else min(seconds, left)
        if seconds > 0:
            await self._client.clock.sleep(seconds)

    def _at(self, remote_id: str) -> str:
        return f"{self._path}/{quote(remote_id, safe='')}"

    def _check_known(self, response: httpx2.Response, remote_id: str) -> None:
        if response.status_code in _LOST:
            raise RemoteJobLost(f"{self._asked(response)} so it no longer knows job {remote_id}")

    def _object(self, response: httpx2.Response) -> Mapping[str, JSON]:
        answer = parsed(response.content)
        if not isinstance(answer, Mapping):
            raise ServiceError(f"{self._asked(response)} but not with a JSON object")
        return answer

    def _asked(self, response: httpx2.Response) -> str:
        return f"{question(self._client.name, response.request)} answered {response.status_code},"
