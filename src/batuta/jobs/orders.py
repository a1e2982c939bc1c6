"""Orders: a piece of work said in full, and the port through which somebody does it."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable, Coroutine
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict

from batuta.errors import RemoteJobLost
from batuta.ids import content_key
from batuta.storage.artefacts import Artefact

R = TypeVar("R", bound=BaseModel)

OnProgress = Callable[[float], None]
"""Told how far the work is, 0 to 100; it may be called often and must return at once."""


class Order(BaseModel, Generic[R]):
    """Everything that decides a result, by value: files as artefacts, options as fields.

    A subclass names the `work` (which worker does it) and the class of its `Result`. Two equal orders done by
    the same version of the same worker have one result.
    """

    model_config = ConfigDict(frozen=True)

    again: str | None = None
    """Anything new here has the work done again, although the result of an equal order is kept."""

    work: ClassVar[str]
    Result: ClassVar[type[BaseModel]]
    download: ClassVar[str] = "download"
    """Where the result's file is under `/jobs/{id}/` of the service that does the work."""
    lifetime: ClassVar[dt.timedelta | None] = None
    """How long a result may answer; None where it follows from the order alone and so never goes stale."""

    def key(self, identity: str) -> str:
        """The hash that names this order's result when `identity` does the work."""
        return content_key(self.work, identity, self.model_dump(mode="json"))

    def result(self, found: dict[str, Any]) -> R:
        """The result out of its JSON form."""
        return self.Result.model_validate(found)  # pyright: ignore[reportReturnType]  # Result is R's class

    @property
    def files(self) -> dict[str, Artefact]:
        """The fields that are files."""
        return {
            name: value
            for name in type(self).model_fields
            if isinstance(value := getattr(self, name), Artefact)
        }


class Worker(Protocol):
    """Whoever does the orders of one `work`: a service near or far, or a function of ours."""

    @property
    def is_near(self) -> bool:
        """Whether the work is done in this process, so that no other process can ask about it."""
        ...

    async def identity(self) -> str:
        """What decides the result besides the order: who does it, and which version of them."""
        ...

    async def submit(self, order: Order[Any], key: str) -> str:
        """Hand the order in and return the id it got; the same key again means the same work, not more."""
        ...

    async def result(self, order: Order[Any], remote_id: str, on_progress: OnProgress) -> BaseModel:
        """Wait for the work and return its result, every file of it stored; raises the real cause."""
        ...

    async def cancel(self, remote_id: str) -> None:
        """Stop the work; never raises."""
        ...


class LocalWorker:
    """A function of ours that does its orders beside the services; equal ones at a time are done once."""

    def __init__(
        self, function: Callable[[Any, OnProgress], Coroutine[Any, Any, BaseModel]], version: str
    ) -> None:
        """The function is given an order, and what to tell of its progress."""
        self._function = function
        self._version = version
        self._doing: dict[str, asyncio.Task[BaseModel]] = {}
        self._told: dict[str, list[OnProgress]] = {}

    is_near = True

    async def aclose(self) -> None:
        """Stop what is under way."""
        for task in (tasks := list(self._doing.values())):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def identity(self) -> str:
        """The function's version."""
        return self._version

    async def submit(self, order: Order[Any], key: str) -> str:
        """Nothing to hand in; the key is the id."""
        del order
        return key

    async def result(self, order: Order[Any], remote_id: str, on_progress: OnProgress) -> BaseModel:
        """What the function gives, or is about to give somebody else."""
        listeners = self._told.setdefault(remote_id, [])
        listeners.append(on_progress)
        task = self._doing.get(remote_id)
        if task is None:

            def tell(percent: float) -> None:
                for listener in listeners:
                    listener(percent)

            task = self._doing[remote_id] = asyncio.create_task(self._function(order, tell))
            task.add_done_callback(lambda _: self._forget(remote_id))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            if task.cancelled():
                raise RemoteJobLost("the work was stopped") from None
            raise

    async def cancel(self, remote_id: str) -> None:
        """Stop the function."""
        task = self._doing.get(remote_id)
        if task is not None:
            task.cancel()
            await asyncio.wait({task})

    def _forget(self, remote_id: str) -> None:
        self._doing.pop(remote_id, None)
        self._told.pop(remote_id, None)
