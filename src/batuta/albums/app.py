"""Albums as an application: what HTTP, the command line, the console and Python all talk to."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from batuta.albums.config import AppConfig
from batuta.albums.orchestrator import CacheOrchestrator
from batuta.albums.resolver import AlbumYears
from batuta.albums.sources import Discogs, ITunes, MusicBrainz, Source, discogs, itunes, musicbrainz
from batuta.settings import Settings


@dataclass(frozen=True)
class Albums:
    """The caches, and what fills them."""

    caches: CacheOrchestrator
    years: AlbumYears


@asynccontextmanager
async def open_albums(
    settings: Settings, *, config: AppConfig | None = None, sources: Sequence[Source] | None = None
) -> AsyncGenerator[Albums]:
    """Albums as the settings ask for them, in this event loop until the block ends; then all is saved.

    Raises `CachesFailed` where a cache cannot be loaded.
    """
    config = config or AppConfig(logs_base_dir=settings.batuta_data / "albums")
    async with AsyncExitStack() as stack:
        if sources is None:
            sources = sources_from(settings)
            for source in sources:
                stack.push_async_callback(source.aclose)
        caches = await stack.enter_async_context(CacheOrchestrator(config))
        years = AlbumYears(caches, sources)
        stack.push_async_callback(years.aclose)
        yield Albums(caches, years)


def sources_from(settings: Settings) -> tuple[Source, ...]:
    """MusicBrainz, iTunes and Discogs; each keeps its own pace, so have one of each in a process."""
    contact, token = settings.albums_contact, settings.discogs_token
    return (
        MusicBrainz(contact, url=_address(settings.musicbrainz_url, musicbrainz.URL)),
        ITunes(
            url=_address(settings.itunes_url, itunes.URL), country=settings.itunes_country, contact=contact
        ),
        Discogs(
            None if token is None else token.get_secret_value(),
            url=_address(settings.discogs_url, discogs.URL),
            contact=contact,
        ),
    )


def _address(given: object, usual: str) -> str:
    return usual if given is None else str(given).rstrip("/")
