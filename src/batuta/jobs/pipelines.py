"""Declaring a pipeline: a plain async function whose steps are stages.

    @pipeline("captions", request=CaptionRequest, stages=lambda _: {"download": 15, "transcription": 85})
    async def caption(run: Run, request: CaptionRequest) -> CaptionResult:
        media = await run.stage("download", Download(url=request.youtube_url))
        return await run.stage("transcription", Transcribe(file=media.file))

The function is executed again from its start after a crash, with every finished stage answered from the
record; so what it does between stages must depend on nothing but its arguments and the stages' results.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from pydantic import BaseModel

from batuta.jobs.orders import Order

Request = TypeVar("Request", bound=BaseModel)
Result = TypeVar("Result", bound=BaseModel)
R = TypeVar("R", bound=BaseModel)


class Run(Protocol):
    """One job's way through its pipeline."""

    @property
    def job_id(self) -> str:
        """The job."""
        ...

    @property
    def again(self) -> Mapping[str, str]:
        """For stages that are to be done again in any case: what makes their orders new ones."""
        ...

    async def stage(self, name: str, order: Order[R]) -> R:
        """The order's result: kept, waited for, or done now; raises the stage's real error."""
        ...


@dataclass(frozen=True)
class Pipeline(Generic[Request, Result]):
    """A named flow, the class of its request, and the stages of one with their share of the progress."""

    name: str
    request: type[Request]
    stages: Callable[[Request], Mapping[str, float]]
    function: Callable[[Run, Request], Awaitable[Result]]
    patience: float = 1.0
    """How many times the usual limit a job may take."""


def pipeline(
    name: str,
    *,
    request: type[Request],
    stages: Callable[[Request], Mapping[str, float]],
    patience: float = 1.0,
) -> Callable[[Callable[[Run, Request], Awaitable[Result]]], Pipeline[Request, Result]]:
    """Make a function a pipeline; `stages` says which ones a request needs, in order, with their weights."""

    def declare(function: Callable[[Run, Request], Awaitable[Result]]) -> Pipeline[Request, Result]:
        return Pipeline(name, request, stages, function, patience)

    return declare
