"""Whether captions and the services it calls are well."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Mapping
from typing import Any, Final, Literal, Protocol

from batuta.cache import Remembered
from batuta.version import __version__

LIMIT_SECONDS: Final = 2.0
REMEMBERED_SECONDS: Final = 5.0

Word = Literal["healthy", "unhealthy"]


class Pinged(Protocol):
    """A service that can be asked how it is."""

    async def ping(self) -> None:
        """Return when the service is well, raise when it is not."""
        ...


class Health:
    """Asks the services side by side and remembers the answer for a few seconds."""

    def __init__(self, services: Mapping[str, Pinged]) -> None:
        self._services = services
        self._words = Remembered(self._ask_all, seconds=REMEMBERED_SECONDS)

    async def report(self) -> dict[str, Any]:
        """The seed's answer to `GET /health`."""
        words = await self._words.get()
        return {
            "status": "healthy" if set(words.values()) <= {"healthy"} else "degraded",
            "service": "ytcaption-orchestrator",
            "version": __version__,
            "timestamp": dt.datetime.now(dt.UTC).isoformat(),
            "microservices": words,
        }

    async def _ask_all(self) -> dict[str, Word]:
        words = await asyncio.gather(*(_word(service) for service in self._services.values()))
        return dict(zip(self._services, words, strict=True))


async def _word(service: Pinged) -> Word:
    try:
        async with asyncio.timeout(LIMIT_SECONDS):
            await service.ping()
    except Exception:  # noqa: BLE001  # whatever it is, the service is not well
        return "unhealthy"
    return "healthy"
