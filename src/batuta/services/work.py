"""What a service is: orders in, files out. The job protocol around it is the same for all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from batuta.jobs.orders import OnProgress, Order
from batuta.storage.artefacts import Artefact


@dataclass(frozen=True)
class Made:
    """What a service made: a file in the workspace, or an artefact that was stored already."""

    file: Path | Artefact
    media_type: str
    filename: str
    """The name a person sees; never used to find anything."""
    details: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Facts about the file in JSON, shown with the job and read by the order's result."""


class Service(Protocol):
    """One kind of work, done for whoever asks."""

    @property
    def name(self) -> str:
        """The seed's name, for example `audio-transcriber`."""
        ...

    @property
    def order(self) -> type[Order[Any]]:
        """The class of its orders."""
        ...

    @property
    def version(self) -> str:
        """Changes whenever the same order would give another result."""
        ...

    @property
    def concurrency(self) -> int:
        """How many orders it does at once; more wait in line."""
        ...

    async def perform(
        self,
        order: Any,  # noqa: ANN401  # an order of the class `self.order`
        files: Mapping[str, Path],
        workspace: Path,
        on_progress: OnProgress,
    ) -> Made:
        """Do the order, with its files at hand and a folder to write in; raises the real error.

        Cancelling the call stops the work within two seconds, whatever it is doing.
        """
        ...

    async def aclose(self) -> None:
        """Stop every process of its own."""
        ...
