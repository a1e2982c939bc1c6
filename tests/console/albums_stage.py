"""A record shop: the three sources of album years on loopback, and the server before them."""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from batuta.albums.app import Albums
from batuta.clients.pace import Rate
from batuta.server import batuta_app, orchestrator_app
from batuta.settings import Settings
from batuta.testing.servers import serving

sys.path.append(str(Path(__file__).parents[1] / "albums"))  # its sources are for everybody
from sources_loopback import CONTACT, TOKEN, Loopback, Says

__all__ = ["RecordShop", "Says", "record_shop"]


@dataclass(frozen=True)
class RecordShop:
    """A running server, its albums, and the sources it asks."""

    url: str
    albums: Albums
    sources: Loopback


@asynccontextmanager
async def record_shop(
    folder: Path, *, only: str | None = "albums", bound_to: str | None = None, **settings: object
) -> AsyncGenerator[RecordShop]:
    """A server of albums alone, or of another app, or of all; its sources may be asked without a pause."""
    sources = Loopback()
    async with serving(sources) as near:
        wanted = Settings(
            batuta_data=folder,
            musicbrainz_url=f"{near}/ws/2",
            itunes_url=near,
            discogs_url=near,
            discogs_token=TOKEN,
            albums_contact=CONTACT,
            rate_limit_per_minute=0,
            rate_limit_submits_per_minute=0,
            **settings,
        )
        app = (
            batuta_app(wanted, bound_to=bound_to)
            if only is None
            else orchestrator_app(only, wanted, bound_to=bound_to)
        )
        async with serving(app) as url:
            albums: Albums = app.state.albums
            for source in albums.years._sources:
                source._asker._pace.rate = Rate(interval=0.001)
            try:
                yield RecordShop(url, albums, sources)
            finally:
                sources.let_go()
