"""Reading the loopback's playlists, for the tests of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from loopback_playlists import (
    LoopbackPlaylists,
)

from batuta.transcripts.browser import Limits
from batuta.transcripts.causes import TranscriptUnavailable
from batuta.transcripts.models import Cause, PlaylistVideos
from batuta.transcripts.pacing import Pace
from batuta.transcripts.playlists import Playlists

LIST = "PLtPgu7CB4gbY9oDN3drwC3cMbJggS7dKl"
OTHER = "PLother7CB4gbY9oDN3drwC3cMbJggS7dK"
MIX = "RDmix-0000000"
AT_ONCE = Pace(per_second=1e6)


@asynccontextmanager
async def reader(pages: LoopbackPlaylists, **parts: object) -> AsyncIterator[Playlists]:
    """A reader with these parts in the place of the usual ones."""
    found = Playlists(**{"origin": pages.url, "pace": AT_ONCE, "limits": Limits(read=5, whole=10), **parts})
    try:
        yield found
    finally:
        pages.release()
        await found.aclose()


async def read(pages: LoopbackPlaylists, playlist_id: str = LIST, limit: int = 500) -> PlaylistVideos:
    async with reader(pages) as playlists:
        return await playlists.videos(playlist_id, limit)


async def failure(playlists: Playlists, playlist_id: str = LIST) -> TranscriptUnavailable:
    """The error that reading it comes to, which names it."""
    with pytest.raises(TranscriptUnavailable) as caught:
        await playlists.videos(playlist_id)
    assert playlist_id in caught.value.message
    return caught.value


async def cause(pages: LoopbackPlaylists, playlist_id: str = LIST) -> Cause:
    async with reader(pages) as playlists:
        return (await failure(playlists, playlist_id)).cause


async def hung(pages: LoopbackPlaylists) -> None:
    """Return when a request hangs."""
    assert await asyncio.to_thread(pages.hanging.wait, 5)
