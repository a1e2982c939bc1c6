"""The caller's side of a service: an order goes out as a remote job, its file comes back as an artefact.

Works with any service that speaks the job protocol. Where the service keeps its files in our own store (the
embedded ones do), references go both ways and no byte is copied.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic import BaseModel, ValidationError

from batuta.cache import Remembered
from batuta.clients.answers import parsed
from batuta.clients.remote import RemoteJobs, RemoteStatus
from batuta.clients.service import ServiceClient
from batuta.errors import ServiceError, ServiceUnavailable
from batuta.jobs.orders import OnProgress, Order
from batuta.services.problems import invalid
from batuta.storage.artefacts import Artefact, ArtefactStore

WELL: Final = frozenset({"healthy", "ok", "up"})
PING_SECONDS: Final = 2.0
FETCHES: Final = 4
"""How often the fetching of a file is begun."""
FETCH_PAUSE: Final = 1.0
IDENTITY_SECONDS: Final = 60.0
"""How soon a service that was upgraded is noticed."""


@dataclass(frozen=True)
class StoredFile:
    """An artefact as a file to send, read from the store as often as it is sent."""

    artefact: Artefact
    store: ArtefactStore
    filename: str = "file"

    @property
    def media_type(self) -> str:
        """The stored type."""
        return self.artefact.media_type

    @property
    def size(self) -> int:
        """Bytes."""
        return self.artefact.size

    def open(self) -> AsyncIterator[bytes]:
        """The bytes from the beginning."""
        return self.store.read(self.artefact)


class ServiceWorker:
    """Does the orders of one service by asking it."""

    def __init__(
        self, client: ServiceClient, remote: RemoteJobs, artefacts: ArtefactStore, *, shares_store: bool
    ) -> None:
        self._client = client
        self._remote = remote
        self._artefacts = artefacts
        self._shares_store = shares_store
        self._identity = Remembered(self._asked_identity, seconds=IDENTITY_SECONDS)

    @property
    def is_near(self) -> bool:
        """Whether the service is embedded in this process."""
        return self._shares_store

    async def identity(self) -> str:
        """The engine the service says it runs; for a service that does not say, its address."""
        return await self._identity.get()

    async def ping(self) -> None:
        """Return when the service answers that it is well; raises when it does not."""
        found = parsed((await self._client.request("GET", "/health", timeout=PING_SECONDS)).content)
        word = found.get("status", "healthy") if isinstance(found, Mapping) else "healthy"
        if word not in WELL:
            raise ServiceUnavailable(f"{self._client.name} says it is {word}")

    async def reset(self) -> Mapping[str, Any]:
        """Have the service forget every job with its files; what it says it removed."""
        found = parsed(
            (await self._client.request("DELETE", "/admin/cache", params={"running": "true"})).content
        )
        return found if isinstance(found, Mapping) else {}

    async def submit(self, order: Order[Any], key: str) -> str:
        """Hand the order in; the key makes a second time harmless."""
        if self._shares_store:
            return await self._remote.submit(order.model_dump(mode="json"), idempotency_key=key)
        files = {name: StoredFile(file, self._artefacts) for name, file in order.files.items()}
        stated = order.model_dump(mode="json", exclude=set(files))
        fields = {name: value for name, value in stated.items() if value not in (None, [])}
        return await self._remote.submit(fields, files, idempotency_key=key)

    async def result(self, order: Order[Any], remote_id: str, on_progress: OnProgress) -> BaseModel:
        """Wait for the remote job, see that its file is in our store, and read the result."""
        status = await self._remote.wait(remote_id, on_progress)
        file = await self._shared_file(status) or await self._fetched_file(order, remote_id)
        try:
            return order.result({**status.raw, "file": file.model_dump()})
        except ValidationError as error:
            raise ServiceError(
                f"{self._client.name} job {remote_id} is completed, but not as expected: {invalid(error)}"
            ) from error

    async def cancel(self, remote_id: str) -> None:
        """Ask the service to stop."""
        await self._remote.cancel(remote_id)

    async def _asked_identity(self) -> str:
        found = parsed((await self._client.request("GET", "/health", timeout=PING_SECONDS)).content)
        engine = found.get("engine") if isinstance(found, Mapping) else None
        return str(engine or self._client.base_url)

    async def _shared_file(self, status: RemoteStatus) -> Artefact | None:
        """The file where it lies already, if the service's store is ours."""
        reference = status.raw.get("artefact")
        if not self._shares_store or not isinstance(reference, Mapping):
            return None
        artefact = Artefact.model_validate(reference)
        return artefact if await self._artefacts.has(artefact) else None

    async def _fetched_file(self, order: Order[Any], remote_id: str) -> Artefact:
        """The file brought over into our store, without ever being whole in memory."""
        for left in reversed(range(FETCHES)):
            try:
                async with self._remote.download(remote_id, order.download) as response:
                    media_type = response.headers.get("content-type", "")
                    return await self._artefacts.put(response.aiter_bytes(), media_type)
            except ServiceUnavailable:  # broken off in the middle, where no client tries again
                if not left:
                    raise
                await asyncio.sleep(FETCH_PAUSE)
        raise AssertionError("the loop returns or raises")
